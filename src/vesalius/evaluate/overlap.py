"""Overlap: how well an outline agrees with a reader's, in 3-D, patient by patient."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from vesalius.errors import GeometryError

Mask = Bool[np.ndarray, "i j k"]
Chance = Float[np.ndarray, "i j k"]

EVERY_SIDE = np.ones((3, 3, 3), bool)  # 26 neighbours
DILATED = 3  # voxels: pieces of one lesion lie no farther apart
LEAST_LESION_MM3 = 50.0  # smaller ones are not counted
BINS = 10  # of probability, for the calibration error
WORST_MM = 374.0  # where one outline is empty: the diagonal of BraTS' volume


@dataclass(frozen=True)
class Agreement:
    """One patient's outline against a reader's.

    Attributes:
        dice: 2 |A and B| / (|A| + |B|); 1 where both are empty.
        hausdorff_95_mm: 95th percentile of the distance between the surfaces.
        lesion_dice: Mean over lesions, false ones counting 0.
        lesion_f1: Of lesions found, missed and made up.
        volume_error: Outlined over true volume, less 1.
        sensitivity: Share of true voxels outlined.
        specificity: Share of other voxels left out, of the whole volume.
        calibration_error: Expected distance of probability from frequency where
            either outline or probability is above nothing.
    """

    dice: float
    hausdorff_95_mm: float
    lesion_dice: float
    lesion_f1: float
    volume_error: float
    sensitivity: float
    specificity: float
    calibration_error: float


def agreement(
    truth: Mask, chance: Chance, spacing_mm: tuple[float, float, float]
) -> Agreement:
    """Measure one patient.

    Args:
        truth: The reader's outline.
        chance: Probability of tumour; the outline is where it is above 0.5.
        spacing_mm: Voxel edges.

    Raises:
        GeometryError: The grids differ.
    """
    if truth.shape != chance.shape:
        raise GeometryError("the reader's outline and the answer must share one grid")
    answer = chance > 0.5
    both = float((truth & answer).sum())
    lesion_dice, lesion_f1 = lesion_wise(truth, answer, spacing_mm)
    true, made = float(truth.sum()), float(answer.sum())
    outside = float((~truth).sum())
    return Agreement(
        dice=dice(truth, answer),
        hausdorff_95_mm=hausdorff_95(truth, answer, spacing_mm),
        lesion_dice=lesion_dice,
        lesion_f1=lesion_f1,
        volume_error=made / true - 1 if true else float(made > 0),
        sensitivity=both / true if true else 1.0,
        specificity=float((~truth & ~answer).sum()) / outside if outside else 1.0,
        calibration_error=calibration_error(truth, chance),
    )


def dice(truth: Bool[np.ndarray, "..."], answer: Bool[np.ndarray, "..."]) -> float:
    r"""Return $2\,|A \cap B| / (|A| + |B|)$; 1 where both are empty."""
    size = float(truth.sum()) + float(answer.sum())
    return 2 * float((truth & answer).sum()) / size if size else 1.0


def hausdorff_95(
    truth: Mask, answer: Mask, spacing_mm: tuple[float, float, float]
) -> float:
    """Return the larger 95th percentile of the distance from surface to surface.

    Args:
        truth: The reader's outline.
        answer: Ours.
        spacing_mm: Voxel edges.

    Returns:
        Millimetres; 0 where both are empty, 374 where one is, as in BraTS.
    """
    if not truth.any() and not answer.any():
        return 0.0
    if not truth.any() or not answer.any():
        return WORST_MM
    rims = [mask & ~ndimage.binary_erosion(mask) for mask in (truth, answer)]
    away = [ndimage.distance_transform_edt(~rim, sampling=spacing_mm) for rim in rims]
    there = np.percentile(away[1][rims[0]], 95)
    back = np.percentile(away[0][rims[1]], 95)
    return float(max(there, back))


def lesion_wise(
    truth: Mask, answer: Mask, spacing_mm: tuple[float, float, float]
) -> tuple[float, float]:
    """Return lesion-wise Dice and F1: every missed and every made-up lesion counts.

    Args:
        truth: The reader's outline.
        answer: Ours.
        spacing_mm: Voxel edges.

    Returns:
        Mean Dice over true lesions and false pieces (which count 0), and F1; both 1
        where there is neither.

    Source:
        Rudie et al. 2023, BraTS 2023 metrics: dilated by 3 voxels, 26-connected,
        lesions below 50 mm3 left out.
    """
    voxel_mm3 = float(np.prod(spacing_mm))
    near = ndimage.binary_dilation(truth, EVERY_SIDE, iterations=DILATED)
    lesions, count = ndimage.label(near, EVERY_SIDE)
    pieces, made = ndimage.label(answer, EVERY_SIDE)
    scores, used = [], set()
    for number in range(1, count + 1):
        region = lesions == number
        own = truth & region
        met = set(np.unique(pieces[region])) - {0}
        used |= met
        if own.sum() * voxel_mm3 < LEAST_LESION_MM3:
            continue
        scores.append(dice(own, np.isin(pieces, list(met))) if met else 0.0)
    sizes = np.bincount(pieces.ravel(), minlength=made + 1)
    false = sum(
        1
        for piece in range(1, made + 1)
        if piece not in used and sizes[piece] * voxel_mm3 >= LEAST_LESION_MM3
    )
    if not scores and not false:
        return 1.0, 1.0
    hits = sum(score > 0 for score in scores)
    missed = len(scores) - hits
    f1 = 2 * hits / (2 * hits + false + missed)
    return sum(scores) / (len(scores) + false), f1


def calibration_error(truth: Mask, chance: Chance) -> float:
    """Return the expected calibration error over ten bins of probability.

    Args:
        truth: The reader's outline.
        chance: Probability of tumour.

    Returns:
        0 to 1, over voxels of a probability above 1 % or inside the outline: air
        that nobody takes for tumour says nothing.

    Source:
        Naeini et al. 2015, AAAI.
    """
    looked_at = truth | (chance > 0.01)
    if not looked_at.any():
        return 0.0
    said, true = chance[looked_at], truth[looked_at]
    which = np.minimum((said * BINS).astype(int), BINS - 1)
    counts = np.bincount(which, minlength=BINS)
    sums = np.bincount(which, weights=said, minlength=BINS)
    hits = np.bincount(which, weights=true, minlength=BINS)
    return float(np.abs(sums - hits).sum() / counts.sum())
