"""Tumour study: outlines of test patients' tumours, ours and the peers', in 3-D."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from parts.kept_answers import Arrays, Kept, answer_of, packed_mask, unpacked_mask
from parts.takes import PLAIN, TAKES, mr_take
from vesalius.evaluate.overlap import agreement, calibration_error, dice
from vesalius.evaluate.tumours import TumourCase, open_tumour, tumour_cases
from vesalius.volume import Volume

NAME = "tumour"
HALF = 0.5
LEVELS = 255  # of a probability that is kept
CHANCE = "chance"  # ours keeps its probabilities too, for the calibration error

Chance = Float[np.ndarray, "i j k"]
Told = Callable[[str], None]


def cases_of(data: Path, most: int | None = None) -> tuple[TumourCase, ...]:
    """List the test patients."""
    return tumour_cases(data, part="test")[:most]


def answers(
    outline: Callable[[Volume], Chance],
    cases: Sequence[TumourCase],
    told: Told,
    *,
    chances: bool = False,
    takes: Sequence[str] = TAKES,
) -> Arrays:
    """Outline every test patient, as scanned and with two draws of noise.

    Args:
        outline: From FLAIR to probabilities, or to 0 and 1.
        cases: The patients.
        told: Hears which patient it is.
        chances: Keep the probabilities of the scan as it is, in 256 steps.
        takes: Which of those to outline; the scan as it is among them.
    """
    kept: Arrays = {}
    for number, case in enumerate(cases):
        told(f"patient {number + 1} of {len(cases)}")
        flair = open_tumour(case)[0]
        for take in takes:
            seen = flair.with_voxels(mr_take(flair.voxels, case.patient, take))
            chance = outline(seen)
            kept[f"{case.patient}.{take}"] = packed_mask(chance > HALF)
            if chances and take == PLAIN:
                steps = np.rint(LEVELS * chance).astype(np.uint8)
                kept[f"{case.patient}.{CHANCE}"] = steps
    return kept


def measured(
    cases: Sequence[TumourCase], methods: dict[str, Kept], told: Told
) -> dict[str, list[dict[str, Any]]]:
    """Measure every method's outlines against the readers'.

    Args:
        cases: The patients.
        methods: Answers by method.
        told: Hears which patient it is.

    Returns:
        One row a patient for each method: 3-D agreement, and `repeated`, the Dice of
        the outlines of two draws of noise on the same scan.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in methods}
    for number, case in enumerate(cases):
        told(f"measuring patient {number + 1} of {len(cases)}")
        flair, _, truth = open_tumour(case)
        for name, kept in methods.items():
            rows[name].append(_row(case.patient, truth, flair.spacing_mm, kept.arrays))
    return rows


def _row(
    patient: str, truth: np.ndarray, spacing_mm: tuple[float, ...], kept: Arrays
) -> dict[str, Any]:
    plain, *noisy = (f"{patient}.{take}" for take in TAKES)
    mask = unpacked_mask(answer_of(kept, plain), truth.shape)
    row = asdict(agreement(truth, mask.astype(np.float32), spacing_mm))
    row["calibration_error"] = None  # a mask says nothing of how sure it is
    chance = kept.get(f"{patient}.{CHANCE}")
    if chance is not None:
        sure = chance.astype(np.float32) / LEVELS
        row["calibration_error"] = calibration_error(truth, sure)
    row["repeated"] = None  # an ablation is not asked twice
    if any(name in kept for name in noisy):
        one, other = (
            unpacked_mask(answer_of(kept, name), truth.shape) for name in noisy
        )
        row["repeated"] = dice(one, other)
    return {"patient": patient, **row}
