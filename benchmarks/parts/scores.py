"""Scores: how close each method comes to the truth, by patient, with intervals."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
from jaxtyping import Float

from parts.cells import Pair
from vesalius.evaluate.intervals import mean_interval, paired_difference
from vesalius.quality.fidelity import psnr, rmse, ssim

Slices = Float[np.ndarray, "i j n"]
Scores = dict[str, float]
Interval = dict[str, float]

COLUMNS = ("psnr", "ssim", "psnr_full", "ssim_full", "rmse")
DIGITS = 4


def scored(pair: Pair, slices: Slices) -> Scores:
    """Compare the measured slices of one patient with the truth.

    Args:
        pair: The scan, and what is true of it.
        slices: Denoised, in the scan's unit.

    Returns:
        PSNR in dB and SSIM inside the body and full-frame, range the volume's
        maximum (above -1024 HU in CT), the squared error averaged over all measured
        slices of the patient; RMSE inside the body in the scan's unit.
    """
    truth, mask, peak = (
        pair.at_chosen(pair.truth.voxels),
        pair.at_chosen(pair.mask),
        pair.peak,
    )
    return {
        "psnr": psnr(truth, slices, peak, mask),
        "ssim": ssim(truth, slices, peak, mask),
        "psnr_full": psnr(truth, slices, peak),
        "ssim_full": ssim(truth, slices, peak),
        "rmse": rmse(truth, slices, mask),
    }


def summary(scores: list[Scores]) -> dict[str, Interval]:
    """Average over patients, with 95 % bootstrap intervals."""
    return {
        column: rounded(asdict(mean_interval(_column(scores, column))))
        for column in COLUMNS
    }


def differences(ours: list[Scores], theirs: list[Scores]) -> dict[str, Interval]:
    """Average ours minus theirs over the same patients, with 95 % intervals."""
    return {
        column: rounded(
            asdict(paired_difference(_column(ours, column), _column(theirs, column)))
        )
        for column in COLUMNS
    }


def best_of(names: tuple[str, ...], scores: Mapping[str, list[Scores]]) -> str:
    """Name the method with the highest mean PSNR inside the body on these patients."""
    return max(names, key=lambda name: float(_column(scores[name], "psnr").mean()))


def rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    """Keep the digits that mean something."""
    return {name: round(number, DIGITS) for name, number in numbers.items()}


def _column(scores: list[Scores], column: str) -> Float[np.ndarray, " patients"]:
    return np.array([score[column] for score in scores])
