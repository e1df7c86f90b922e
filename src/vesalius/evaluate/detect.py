"""Detect, measured: how well candidates are told apart, by blocks of scans."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from vesalius.errors import ConfigError
from vesalius.evaluate.candidates import Candidates, open_candidates
from vesalius.evaluate.intervals import Interval, proportion_interval
from vesalius.evaluate.predictions import refuse_existing, write_rows
from vesalius.evaluate.split import Asked, part_asked

if TYPE_CHECKING:
    from torch import nn

    from vesalius.weights.models import Model

DRAWS = 2000
ENDS = (2.5, 97.5)
AT_ONCE = 64  # patches through the network together: bounds memory
TURNS = 8  # a patch and its mirror images
COLUMNS = ("item", "score", "call")

Progress = Callable[[int, int], None]


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


def evaluate_detect(
    data: Path,
    *,
    predictions: Path | None = None,
    model: "Model | None" = None,
    part: Asked = "test",
    progress: Progress | None = None,
) -> dict[str, object]:
    """Measure the detector's judge on candidates that it was not trained on.

    Each patch is judged as `vesalius.tasks.detect` judges a candidate that it found
    itself: the mean probability over eight mirror images, called at the card's
    threshold.

    Args:
        data: `patches.npz`, its folder, or one that holds `lung_nodule_patches`.
        predictions: Where to write a CSV with one row a candidate: `item`, its
            index in the file, `score`, the probability, and `call`, 0 or 1.
        model: What to measure; None: the shipped detector.
        part: Which blocks of scans; "all" where none of them was trained on.
        progress: Told how many candidates are done, and of how many.

    Returns:
        For JSON: `cells`, one, with sensitivity and specificity at the threshold
        and the area under the curve, 95 % intervals by bootstrap over blocks, and
        beside them Wilson's, as if candidates did not depend on each other; `rows`,
        as in the CSV.

    Raises:
        ConfigError: There is no candidate of that part.
        OutputError: The CSV exists already, or cannot be written.

    Limits:
        Of the judge alone: what never became a candidate is not in the file. How a
        whole scan fares, `vesalius.evaluate.froc` says.
    """
    refuse_existing(predictions)
    candidates = open_candidates(data, part=part_asked(part))
    if not candidates.item.size:
        raise ConfigError(f"no candidate of the part {part} is here to measure on")
    judge = _shipped() if model is None else model
    level = dict(judge.card.calibration).get("threshold", 0.5)
    scores = score_patches(judge.net, candidates.pictures, progress)
    rows = [
        {"item": int(item), "score": float(score), "call": int(score >= level)}
        for item, score in zip(candidates.item, scores, strict=True)
    ]
    write_rows(rows, COLUMNS, predictions)
    cell = _cell(candidates, scores, level)
    return {"part": part, "cells": [cell], "rows": rows}


def score_patches(
    net: "nn.Module",
    pictures: Float32[np.ndarray, "n y x"],
    progress: Progress | None = None,
) -> Float32[np.ndarray, " n"]:
    """Return the probability of a nodule, the mean over eight mirror images.

    Args:
        net: A coder, or several.
        pictures: From 0, at -1000 HU, to 1, at 400 HU.
        progress: Told how many patches are done, and of how many.
    """
    import torch  # late: what does not judge need not load it

    from vesalius.nets.nodule_coder import centred

    count = len(pictures)
    scores = np.zeros(count, np.float32)
    with torch.inference_mode():
        for start in range(0, count, AT_ONCE):
            stop = min(start + AT_ONCE, count)
            patches = centred(torch.from_numpy(pictures[start:stop])[:, None])
            for turn in range(TURNS):
                seen = patches.rot90(turn % 4, (2, 3))
                said = net(seen.flip(3) if turn > 3 else seen)
                scores[start:stop] += said.log_odds.sigmoid().numpy() / TURNS
            if progress is not None:
                progress(stop, count)
    return scores


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


def _cell(
    candidates: Candidates, scores: Float[np.ndarray, " n"], level: float
) -> dict[str, object]:
    nodule, called = candidates.nodule, scores >= level
    cell: dict[str, object] = {
        "candidates": nodule.size,
        "nodules": int(nodule.sum()),
        "blocks": int(np.unique(candidates.block).size),
        "threshold": level,
    }
    kinds: Sequence[tuple[str, Bool[np.ndarray, " _"]]] = (
        ("sensitivity", called[nodule]),
        ("specificity", ~called[~nodule]),
    )
    if all(right.size for _, right in kinds):
        cell |= asdict(told_apart(nodule, scores, candidates.block, level))
    for name, right in kinds:
        if right.size:
            found = proportion_interval(int(right.sum()), right.size)
            cell[f"{name}_wilson"] = asdict(found)
    return cell


def _shipped() -> "Model":
    from vesalius.tasks.detect import MODEL  # late: it brings torch
    from vesalius.weights.models import open_model

    return open_model(MODEL)


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
