"""Detect: how well candidates are told apart, by blocks of scans."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from vesalius.errors import ConfigError
from vesalius.evaluate.intervals import Interval

DRAWS = 2000
ENDS = (2.5, 97.5)


@dataclass(frozen=True)
class Telling:
    """How well nodules are told from the rest, with intervals over blocks.

    Attributes:
        sensitivity: Share of nodules called.
        specificity: Share of the rest left alone.
        area: Under the receiver operating characteristic.
    """

    sensitivity: Interval
    specificity: Interval
    area: Interval


def told_apart(
    nodule: Bool[np.ndarray, " n"],
    score: Float[np.ndarray, " n"],
    block: Int[np.ndarray, " n"],
    threshold: float,
    *,
    seed: int = 0,
) -> Telling:
    """Measure a classifier of candidates; whole blocks are drawn for the intervals.

    Args:
        nodule: What readers saw.
        score: Higher for a nodule.
        block: Of which block each candidate is.
        threshold: At and above it a candidate is called.
        seed: Of the resampling.

    Raises:
        ConfigError: There is no nodule, or nothing else.
    """
    if nodule.all() or not nodule.any():
        raise ConfigError("candidates with and without a nodule are needed")
    called = score >= threshold
    rng = np.random.default_rng(seed)
    names = np.unique(block)
    rows = {name: np.flatnonzero(block == name) for name in names}
    draws = []
    for _ in range(DRAWS):
        chosen = np.concatenate([rows[n] for n in rng.choice(names, names.size)])
        if 0 < nodule[chosen].sum() < chosen.size:
            draws.append(_three(nodule[chosen], score[chosen], called[chosen]))
    spread = np.percentile(np.array(draws), ENDS, axis=0)
    values = _three(nodule, score, called)
    return Telling(
        *(
            Interval(v, min(low, v), max(high, v), names.size)
            for v, low, high in zip(values, *spread.tolist(), strict=True)
        )
    )


def area_under(nodule: Bool[np.ndarray, " n"], score: Float[np.ndarray, " n"]) -> float:
    """Return the chance that a nodule scores above something else.

    Args:
        nodule: What readers saw; both kinds are there.
        score: Higher for a nodule.

    Source:
        Mann and Whitney 1947, Ann Math Stat 18(1):50-60. doi:10.1214/aoms/1177730491
    """
    from scipy.stats import rankdata

    ranks = rankdata(score)
    count = int(nodule.sum())
    above = float(ranks[nodule].sum()) - count * (count + 1) / 2
    return above / (count * (nodule.size - count))


def balanced_threshold(
    nodule: Bool[np.ndarray, " n"],
    score: Float[np.ndarray, " n"],
    *,
    sensitivity: float = 0.95,
    specificity: float = 0.92,
) -> float:
    """Return the threshold whose worse margin over two wishes is the largest.

    Args:
        nodule: What readers saw, on calibration blocks.
        score: Higher for a nodule.
        sensitivity: What is wished for.
        specificity: What is wished for.
    """
    scores = np.unique(score)
    # Halfway between two scores: a gap between both kinds is shared between them.
    steps = np.concatenate([scores[:1], 0.5 * (scores[1:] + scores[:-1])])
    found = np.array([(score[nodule] >= step).mean() for step in steps])
    spared = np.array([(score[~nodule] < step).mean() for step in steps])
    margin = np.minimum(found - sensitivity, spared - specificity)
    best = np.flatnonzero(margin >= margin.max() - 1e-9)
    return float(steps[best[len(best) // 2]])


def _three(
    nodule: Bool[np.ndarray, " n"],
    score: Float[np.ndarray, " n"],
    called: Bool[np.ndarray, " n"],
) -> tuple[float, float, float]:
    return (
        float(called[nodule].mean()),
        float((~called[~nodule]).mean()),
        area_under(nodule, score),
    )
