"""Intervals: how far a mean over patients may be from that of other patients."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Float

from vesalius.errors import ConfigError

RESAMPLES = 10_000
Z_95 = 1.959964


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval.

    Attributes:
        value: The mean, or the share.
        low: Lower end.
        high: Upper end.
        count: Patients, or trials.
    """

    value: float
    low: float
    high: float
    count: int


def mean_interval(values: Float[np.ndarray, " patients"], *, seed: int = 0) -> Interval:
    """Bootstrap the mean over patients.

    Args:
        values: One a patient: average a patient's scans first.
        seed: Of the resampling.

    Returns:
        The mean with the 2.5th and 97.5th percentile over resampled patients. One
        patient has no interval: its ends are its value.

    Raises:
        ConfigError: There is no patient.

    Source:
        Efron 1979, Ann Statist 7(1):1-26. doi:10.1214/aos/1176344552
    """
    if values.size == 0:
        raise ConfigError("there is no patient to average over")
    mean = float(values.mean())
    if values.size == 1:
        return Interval(mean, mean, mean, 1)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(values.size, size=(RESAMPLES, values.size))
    low, high = np.quantile(values[drawn].mean(1), [0.025, 0.975])
    # Equal values summed in another order differ in the last bit.
    return Interval(mean, min(float(low), mean), max(float(high), mean), values.size)


def paired_difference(
    ours: Float[np.ndarray, " patients"],
    theirs: Float[np.ndarray, " others"],
    *,
    seed: int = 0,
) -> Interval:
    """Bootstrap the mean of ours minus theirs, patient by patient.

    Args:
        ours: One value a patient.
        theirs: Of the same patients in the same order.
        seed: Of the resampling.

    Raises:
        ConfigError: The two are not of the same patients.
    """
    if ours.shape != theirs.shape:
        raise ConfigError("a paired difference needs the same patients on both sides")
    return mean_interval(ours - theirs, seed=seed)


def proportion_interval(hits: int, trials: int) -> Interval:
    """Return a share with Wilson's interval.

    Args:
        hits: Between 0 and `trials`.
        trials: At least 1.

    Raises:
        ConfigError: There is no trial, or more hits than trials.

    Source:
        Wilson 1927, J Am Stat Assoc 22:209-212.
        doi:10.1080/01621459.1927.10502953
    """
    if trials < 1 or not 0 <= hits <= trials:
        raise ConfigError(f"{hits} hits of {trials} trials is no share")
    share = hits / trials
    z2 = Z_95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 * sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    half /= 1 + z2 / trials
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Interval(share, min(low, share), max(high, share), trials)


def per_patient(
    patients: list[str], values: list[float]
) -> Float[np.ndarray, " patients"]:
    """Average each patient's values, so that every patient weighs the same.

    Args:
        patients: Whose each value is.
        values: As many.

    Returns:
        One mean a patient, patients in order of their ids.
    """
    mine: dict[str, list[float]] = {}
    for patient, value in zip(patients, values, strict=True):
        mine.setdefault(patient, []).append(value)
    return np.array([float(np.mean(mine[patient])) for patient in sorted(mine)])
