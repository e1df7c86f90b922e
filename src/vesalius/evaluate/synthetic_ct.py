"""Synthetic CT against the true one, slice by slice, as the field reports it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage
from skimage.metrics import structural_similarity

from vesalius.errors import GeometryError
from vesalius.evaluate.overlap import dice
from vesalius.evaluate.pairs import HIGHEST_HU, LOWEST_HU
from vesalius.physics.electron_density import water_equivalent_mm

RANGE_HU = HIGHEST_HU - LOWEST_HU  # 4024, fixed: not a slice's own
WINDOW = 7
AIR_BELOW_HU, BONE_ABOVE_HU = -200.0, 250.0

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]


@dataclass(frozen=True)
class Closeness:
    """One slice of synthetic CT against the true one.

    Attributes:
        mae_hu: Mean absolute error in the mask.
        psnr_db: In the mask, data range 4024 HU.
        ssim: Mean of the map in the mask; window 7, range 4024, on HU + 1024.
        ssim_frame: Mean of the map over the whole picture.
        ssim_air: The same with both pictures set to air outside the mask, as papers
            do.
        mae_air_hu: Where the true CT is below -200 HU; None where it nowhere is.
        mae_soft_hu: Between.
        mae_bone_hu: Above 250 HU.
        bone_dice: Of the masks above 250 HU.
        bone_sensitivity: Share of true bone found.
        bone_specificity: Share of the rest left out.
        water_mm: Mean absolute error of water-equivalent path length over rays
            along rows and columns that cross the mask.
    """

    mae_hu: float
    psnr_db: float
    ssim: float
    ssim_frame: float
    ssim_air: float
    mae_air_hu: float | None
    mae_soft_hu: float | None
    mae_bone_hu: float | None
    bone_dice: float
    bone_sensitivity: float
    bone_specificity: float
    water_mm: float


def closeness(true: Plane, made: Plane, mask: Mask, edge_mm: float = 1.0) -> Closeness:
    """Measure one slice; both pictures are clipped to -1024 to 3000 HU first.

    Args:
        true: CT in HU.
        made: Synthetic CT in HU, on the same grid.
        mask: The head.
        edge_mm: Pixel edge.

    Raises:
        GeometryError: The grids differ, or the mask is empty.

    Source:
        Thummerer et al. 2023, Med Phys 50(7):4664-4674 (SynthRAD2023's measures).
        doi:10.1002/mp.16529
    """
    if not true.shape == made.shape == mask.shape or not mask.any():
        raise GeometryError("true and synthetic CT must share a grid with a mask")
    true, made = (np.clip(x, LOWEST_HU, HIGHEST_HU) for x in (true, made))
    away = np.abs(true - made)
    square = float(np.mean((true - made)[mask].astype(np.float64) ** 2))
    alike = similarity(true, made)
    air = [np.where(mask, x, np.float32(LOWEST_HU)) for x in (true, made)]
    bone, found = (mask & (x > BONE_ABOVE_HU) for x in (true, made))
    soft = mask & (true >= AIR_BELOW_HU) & (true <= BONE_ABOVE_HU)
    rest = mask & ~bone
    return Closeness(
        mae_hu=float(away[mask].mean()),
        psnr_db=float(10 * np.log10(RANGE_HU**2 / max(square, 1e-9))),
        ssim=float(alike[mask].mean()),
        ssim_frame=float(alike.mean()),
        ssim_air=float(similarity(*air).mean()),
        mae_air_hu=_mean(away, mask & (true < AIR_BELOW_HU)),
        mae_soft_hu=_mean(away, soft),
        mae_bone_hu=_mean(away, bone),
        bone_dice=dice(bone, found),
        bone_sensitivity=_share(bone & found, bone),
        bone_specificity=_share(rest & ~found, rest),
        water_mm=_water(air[0], air[1], mask, edge_mm),
    )


def similarity(true: Plane, made: Plane) -> Plane:
    """Return the map of structural similarity, on HU + 1024 so that none is negative.

    Args:
        true: CT in HU.
        made: Synthetic CT in HU.

    Source:
        Wang et al. 2004, IEEE TIP 13(4):600-612. doi:10.1109/TIP.2003.819861
    """
    shifted = [x.astype(np.float64) - LOWEST_HU for x in (true, made)]
    _, alike = structural_similarity(
        *shifted, win_size=WINDOW, data_range=RANGE_HU, full=True
    )
    return np.asarray(alike, np.float32)


def ceiling(true: Plane, mask: Mask) -> tuple[float, float]:
    """Return full-frame SSIM of a perfect inside, and what a pixel's shift costs.

    What lies outside the head (cushion, shell, holder) is in the CT and not in the
    MR: nothing that sees the MR alone can know it.

    Args:
        true: CT in HU.
        mask: The head.

    Returns:
        SSIM over the whole picture with the inside perfect and the outside plain
        air; and how much less it is in the mask after a shift by one pixel.
    """
    true = np.clip(true, LOWEST_HU, HIGHEST_HU)
    outside_air = np.where(mask, true, np.float32(LOWEST_HU))
    shifted = ndimage.shift(true, (1, 0), order=0, mode="nearest")
    lost = 1 - float(similarity(true, shifted)[mask].mean())
    return float(similarity(true, outside_air).mean()), lost


def _mean(values: Plane, where: Mask) -> float | None:
    return float(values[where].mean()) if where.any() else None


def _share(part: Mask, whole: Mask) -> float:
    return float(part.sum() / whole.sum()) if whole.any() else 1.0


def _water(true: Plane, made: Plane, mask: Mask, edge_mm: float) -> float:
    errors = []
    for axis in (0, 1):
        crossing = mask.any(axis=axis)
        paths = [water_equivalent_mm(x, edge_mm, axis)[crossing] for x in (true, made)]
        errors.append(np.abs(paths[0] - paths[1]))
    return float(np.concatenate(errors).mean())
