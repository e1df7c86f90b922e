"""Coverage: how often the truth lies inside the spread, patient by patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vesalius.errors import ConfigError, GeometryError

PROMISED = 0.90
FAIR = (0.85, 0.95)  # a patient outside of it was promised too much, or too little

Voxels = Float[np.ndarray, "i j k"]
Mask = Bool[np.ndarray, "i j k"]


@dataclass(frozen=True)
class Coverage:
    """Average coverage over patients; no promise for one voxel or one patient.

    Attributes:
        mean: Over patients, each with the same weight.
        sd: Over patients; 0 for one.
        low: 2.5th percentile over patients.
        tenth: 10th percentile.
        high: 97.5th percentile.
        fair: Share of patients between 85 and 95 %.
        patients: How many.
    """

    mean: float
    sd: float
    low: float
    tenth: float
    high: float
    fair: float
    patients: int


def covered(truth: Voxels, picture: Voxels, spread: Voxels, mask: Mask) -> float:
    """Return the share of one patient's voxels whose truth is inside the spread.

    Args:
        truth: The clean volume.
        picture: The middle of the interval.
        spread: Its half-width.
        mask: The body.

    Returns:
        0 to 1.
    """
    return float((error_in_spreads(truth, picture, spread, mask) <= 1).mean())


def error_in_spreads(
    truth: Voxels, picture: Voxels, spread: Voxels, mask: Mask
) -> Float[np.ndarray, " n"]:
    """Return the error at each voxel of the body, in units of its spread.

    Args:
        truth: The clean volume.
        picture: The middle of the interval.
        spread: Its half-width; 0 promises no error at all.
        mask: The body.

    Returns:
        0 and more; infinite where there is an error and no spread.

    Raises:
        GeometryError: The grids differ.
        ConfigError: The mask is empty, or a spread below 0.
    """
    if len({a.shape for a in (truth, picture, spread, mask)}) > 1:
        raise GeometryError("truth, picture, spread and mask must share one grid")
    if not mask.any():
        raise ConfigError("the mask is empty, so there is no coverage")
    error = np.abs(np.subtract(truth, picture, dtype=np.float64)[mask])
    half = spread[mask].astype(np.float64)
    if half.min() < 0:
        raise ConfigError("a spread is 0 or more")
    missing = np.where(error > 0, np.inf, 0.0)
    return np.divide(error, half, out=missing, where=half > 0)


def multiplier(
    patients: Sequence[Float[np.ndarray, " _"]], *, promised: float = PROMISED
) -> float:
    """Return the factor on the spread that makes the average coverage as promised.

    Args:
        patients: For each calibration patient, errors in units of the spread. Every
            patient weighs the same, however many voxels there are.
        promised: Share of voxels, above 0 and below 1.

    Returns:
        The smallest factor at which the mean over patients of their coverage
        reaches what is promised.

    Raises:
        ConfigError: There is no patient, or too many errors have no spread.

    Limits:
        Average coverage: over patients exchangeable with these, without the margin
        that would make it a bound for few calibration patients.

    Example:
        >>> even = np.linspace(0, 2, 201)
        >>> round(multiplier([even, even]), 2)
        1.8

    Source:
        Angelopoulos and Bates 2023, Found Trends Mach Learn 16(4):494-591, split
        conformal prediction. doi:10.1561/2200000101
    """
    if not patients or not 0 < promised < 1:
        raise ConfigError("calibration needs patients, and a share between 0 and 1")
    values = np.concatenate(patients)
    weights = np.concatenate([np.full(p.size, 1 / p.size) for p in patients])
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / len(patients)
    # The sum of many small weights ends a rounding below what it should be.
    place = int(np.searchsorted(reached, promised - 1e-9))
    factor = float(values[order[min(place, values.size - 1)]])
    if not np.isfinite(factor):
        raise ConfigError("too many voxels have an error and no spread to scale")
    return factor


def over_patients(shares: Float[np.ndarray, " patients"]) -> Coverage:
    """Summarise the coverage of many patients.

    Args:
        shares: One a patient.

    Raises:
        ConfigError: There is no patient.
    """
    if shares.size == 0:
        raise ConfigError("there is no patient to average over")
    low, tenth, high = np.quantile(shares, [0.025, 0.1, 0.975])
    fair = (shares >= FAIR[0]) & (shares <= FAIR[1])
    return Coverage(
        mean=float(shares.mean()),
        sd=float(shares.std(ddof=1)) if shares.size > 1 else 0.0,
        low=float(low),
        tenth=float(tenth),
        high=float(high),
        fair=float(fair.mean()),
        patients=shares.size,
    )
