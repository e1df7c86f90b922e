"""Doubt: thresholds that bound an outline, set so that nine of ten patients hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from vesalius.errors import ConfigError

PROMISED = 0.90  # of patients
MISSED = 0.10  # of a patient's tumour, at most, outside the possible mask
FALSE = 0.10  # of the certain mask, at most, outside the tumour
ANY_RATIO = (0.0, 1000.0)  # where no calibration patient tells of volumes
LEAST_CHANCE = 0.002  # below it every voxel of a head would be in doubt

Chance = Float[np.ndarray, "i j k"]
Mask = Bool[np.ndarray, "i j k"]


@dataclass(frozen=True)
class Doubt:
    """Thresholds of probability, and of the true volume over the outlined one.

    Attributes:
        possible_above: The possible mask.
        certain_above: The certain mask.
        volume_low: Lower end of the 90 % interval of true over outlined volume.
        volume_high: Upper end.
        patients: They were set on so many.
    """

    possible_above: float
    certain_above: float
    volume_low: float
    volume_high: float
    patients: int


def missing_none_above(truth: Mask, chance: Chance) -> float:
    """Return the highest threshold that misses at most a tenth of the tumour.

    Args:
        truth: A reader's outline.
        chance: Probability of tumour.

    Returns:
        0 to 1; 1 for a patient without tumour.
    """
    inside = np.sort(chance[truth])
    if inside.size == 0:
        return 1.0
    allowed = int(np.floor(MISSED * inside.size))
    # Voxels at the threshold itself are outside: it must lie just below the first.
    return float(np.nextafter(np.float32(inside[allowed]), np.float32(0)))


def mostly_true_above(truth: Mask, chance: Chance) -> float:
    """Return the lowest threshold above which at most a tenth is no tumour.

    Args:
        truth: A reader's outline.
        chance: Probability of tumour.

    Returns:
        0 to 1; 1 where no threshold does.
    """
    steps = np.linspace(0.5, 0.995, 100)
    for step in steps:
        above = chance > step
        if not above.any() or float((above & ~truth).sum()) <= FALSE * above.sum():
            return float(step)
    return 1.0


def set_doubt(pairs: Sequence[tuple[Mask, Chance]]) -> Doubt:
    """Set the thresholds on calibration patients.

    Args:
        pairs: A reader's outline and our probabilities, one pair a patient.

    Returns:
        Thresholds that hold for at least nine of ten new patients like these, over
        the choice of the calibration patients (split conformal, one score each).

    Raises:
        ConfigError: There is no patient.

    Source:
        Angelopoulos et al. 2024, ICLR (conformal risk control); Vovk et al. 2005.
    """
    if not pairs:
        raise ConfigError("there is no calibration patient with an outline")
    possible = [missing_none_above(*pair) for pair in pairs]
    certain = [mostly_true_above(*pair) for pair in pairs]
    ratios = [
        truth.sum() / (chance > 0.5).sum()
        for truth, chance in pairs
        if truth.any() and (chance > 0.5).any()
    ]
    low, high = _middle(np.array(ratios)) if ratios else ANY_RATIO
    return Doubt(
        possible_above=max(LEAST_CHANCE, min(0.5, _lowest(np.array(possible)))),
        certain_above=max(0.5, 1 - _lowest(1 - np.array(certain))),
        volume_low=min(1.0, float(low)),
        volume_high=max(1.0, float(high)),
        patients=len(pairs),
    )


def _lowest(scores: Float[np.ndarray, " n"]) -> float:
    """Return the score that nine of ten new ones exceed (finite-sample rank)."""
    rank = int(np.floor((1 - PROMISED) * (scores.size + 1)))
    return float(np.sort(scores)[max(rank, 1) - 1])


def _middle(ratios: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """Return ends that leave a twentieth of new ratios on either side."""
    rank = max(int(np.floor((1 - PROMISED) / 2 * (ratios.size + 1))), 1)
    ranked = np.sort(ratios)
    return float(ranked[rank - 1]), float(ranked[-rank])
