"""Nodule study: candidates of test blocks called or left, by ours and the peers."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32

from parts.kept_answers import Arrays, Kept
from parts.takes import NOISY, PLAIN, TAKES, ct_take
from vesalius.evaluate.candidates import Candidates, open_candidates
from vesalius.evaluate.detect import area_under, told_apart
from vesalius.evaluate.intervals import Interval
from vesalius.evaluate.overlap import dice

NAME = "nodules"
DRAWS = 2000
ENDS = (2.5, 97.5)
MEASURES = ("sensitivity", "specificity", "area", "repeated")

Score = Float[np.ndarray, " n"]
Scorer = Callable[[Float32[np.ndarray, "n y x"]], Score]
Told = Callable[[str], None]


def cases_of(data: Path, blocks: int | None = None) -> Candidates:
    """Read the candidates of the test blocks, or of the first few of them."""
    tested = open_candidates(data, part="test")
    return some_blocks(tested, blocks)


def some_blocks(candidates: Candidates, blocks: int | None) -> Candidates:
    """Keep the candidates of the first blocks alone."""
    if blocks is None:
        return candidates
    kept = np.isin(candidates.block, np.unique(candidates.block)[:blocks])
    return Candidates(
        candidates.item[kept],
        candidates.pictures[kept],
        candidates.nodule[kept],
        candidates.block[kept],
    )


def answers(score: Scorer, threshold: float, tested: Candidates, told: Told) -> Arrays:
    """Score every test candidate, as scanned and with two draws of noise.

    Args:
        score: Higher for a nodule.
        threshold: At and above it a candidate is called; fixed on calibration blocks.
        tested: The candidates.
        told: Hears which take it is.
    """
    kept: Arrays = {"item": tested.item, "threshold": np.array(threshold)}
    for take in TAKES:
        told(f"{len(tested.item)} candidates, take {take}")
        scores = score(ct_take(tested.pictures, take))
        kept[take] = np.asarray(scores, np.float64)
    return kept


def measured(tested: Candidates, methods: dict[str, Kept]) -> dict[str, dict[str, Any]]:
    """Measure every method on the same candidates, whole blocks drawn for intervals.

    Args:
        tested: The candidates.
        methods: Answers by method.

    Returns:
        For each method sensitivity, specificity, area under the curve, and
        `repeated`, the Dice of the sets of candidates called under two draws of
        noise, all with 95 % intervals over blocks.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, kept in methods.items():
        takes = {take: _scores(tested, kept.arrays, take) for take in TAKES}
        level = float(kept.arrays["threshold"])
        telling = told_apart(tested.nodule, takes[PLAIN], tested.block, level)
        one, other = (takes[take] >= level for take in NOISY)
        found[name] = {
            **asdict(telling),
            "repeated": asdict(_repeated(one, other, tested.block)),
            "threshold": level,
        }
    return found


def differences(
    tested: Candidates, ours: Kept, theirs: Kept, *, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Return ours minus theirs, the same blocks drawn for both.

    Args:
        tested: The candidates.
        ours: Our answers.
        theirs: A peer's.
        seed: Of the drawing.
    """
    both = [
        (_scores(tested, kept.arrays, PLAIN), float(kept.arrays["threshold"]))
        for kept in (ours, theirs)
    ]

    def less(chosen: np.ndarray) -> np.ndarray:
        nodule = tested.nodule[chosen]
        mine, other = (_three(nodule, s[chosen], level) for s, level in both)
        return mine - other

    whole = less(np.arange(tested.nodule.size))
    drawn = [
        less(chosen)
        for chosen in _drawn_blocks(tested.block, seed)
        if 0 < tested.nodule[chosen].sum() < chosen.size
    ]
    low, high = np.percentile(np.array(drawn), ENDS, axis=0)
    count = int(np.unique(tested.block).size)
    return {
        name: asdict(_interval(*ends, count))
        for name, *ends in zip(MEASURES[:3], whole, low, high, strict=True)
    }


def _scores(tested: Candidates, kept: Arrays, take: str) -> Score:
    place = {int(item): n for n, item in enumerate(kept["item"])}
    try:
        rows = [place[int(item)] for item in tested.item]
    except KeyError as error:
        raise SystemExit("answers are not of these candidates: make them again") from (
            error
        )
    return kept[take][rows]


def _three(nodule: Bool[np.ndarray, " n"], score: Score, level: float) -> np.ndarray:
    called = score >= level
    shares = (called[nodule].mean(), (~called[~nodule]).mean())
    return np.array([*shares, area_under(nodule, score)])


def _repeated(
    one: Bool[np.ndarray, " n"], other: Bool[np.ndarray, " n"], block: np.ndarray
) -> Interval:
    drawn = [dice(one[chosen], other[chosen]) for chosen in _drawn_blocks(block, 0)]
    low, high = np.percentile(drawn, ENDS)
    return _interval(dice(one, other), low, high, int(np.unique(block).size))


def _drawn_blocks(block: np.ndarray, seed: int):
    rng = np.random.default_rng(seed)
    names = np.unique(block)
    rows = {name: np.flatnonzero(block == name) for name in names}
    for _ in range(DRAWS):
        yield np.concatenate([rows[name] for name in rng.choice(names, names.size)])


def _interval(value: float, low: float, high: float, count: int) -> Interval:
    return Interval(
        float(value), float(min(low, value)), float(max(high, value)), count
    )
