"""Synthetic MR against the true one: MR has no units, so each slice has its own."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32
from skimage.metrics import structural_similarity

from vesalius.errors import GeometryError

WINDOW = 7
PERCENTILES = (1, 99)

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]


@dataclass(frozen=True)
class MrCloseness:
    """One slice of synthetic MR against the true one.

    Attributes:
        mae_percent: Mean absolute error in the mask, in % of the true MR's range
            there from the 1st to the 99th percentile.
        psnr_db: In the mask, over the same range.
        ssim: Mean of the map in the mask; window 7, the same range.
    """

    mae_percent: float
    psnr_db: float
    ssim: float


def in_range(true: Plane, mask: Mask) -> Plane:
    """Bring an MR slice to 0 at its 1st percentile in the mask, and 1 at its 99th.

    Args:
        true: Intensities of any scale.
        mask: The head.

    Raises:
        GeometryError: The mask is empty, or on another grid.
    """
    if true.shape != mask.shape or not mask.any():
        raise GeometryError("an MR slice needs a mask on its grid to be scaled in")
    low, high = np.percentile(true[mask], PERCENTILES)
    return np.asarray((true - low) / max(high - low, 1e-6), np.float32)


def mr_closeness(true: Plane, made: Plane, mask: Mask) -> MrCloseness:
    """Measure one slice.

    Args:
        true: MR as `in_range` returns it.
        made: Synthetic MR in the same units.
        mask: The head.

    Raises:
        GeometryError: The grids differ, or the mask is empty.

    Limits:
        Contrasts differ from scanner to scanner: an MR that is right for another
        scanner counts as wrong.
    """
    if not true.shape == made.shape == mask.shape or not mask.any():
        raise GeometryError("true and synthetic MR must share a grid with a mask")
    true, made = true.astype(np.float64), made.astype(np.float64)
    error = (made - true)[mask]
    _, alike = structural_similarity(
        true, made, win_size=WINDOW, data_range=1.0, full=True
    )
    return MrCloseness(
        mae_percent=float(100 * np.abs(error).mean()),
        psnr_db=float(-10 * np.log10(max(float(np.square(error).mean()), 1e-9))),
        ssim=float(alike[mask].mean()),
    )
