"""Windows: small squares of a scan's slices, and what each says of noise."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from vesalius.volume import Volume

MAX_SLICES = 48  # looked at, evenly spread: bounds time and memory
FINE_SIDE = 96  # pictures with shorter sides are cut into windows of half the size
# Pixel edges of CT whose windows are halved too: 16 such pixels always hold anatomy,
# and 8 hold enough noise. Coarser ones need all 16 to tell anything.
HALVED_MM = (1.25, 2.0)
SOFT_TISSUE_HU = (-160.0, 160.0)
FLATTEST = 0.15  # share of the body's windows that slope least

# Koay and Basser 2006, eq. 13 and 14: magnitude's mean and variance by true SNR.
_SNR = np.linspace(0.0, 12.0, 600)
_HALF = _SNR**2 / 4
_MEAN = np.sqrt(np.pi / 2) * (
    (1 + 2 * _HALF) * special.ive(0, _HALF) + 2 * _HALF * special.ive(1, _HALF)
)
_VARIANCE = 2 + _SNR**2 - _MEAN**2
_RATIO = _MEAN / np.sqrt(_VARIANCE)
RAYLEIGH_RATIO = float(_RATIO[0])  # 1.913, mean over SD where there is no signal
RAYLEIGH_VARIANCE = float(_VARIANCE[0])  # 0.429, over that of either channel

Grid = Float[np.ndarray, "s a b"]
Choice = Bool[np.ndarray, "s a b"]


@dataclass(frozen=True, eq=False)
class Windows:
    """Statistics of square windows, each an array of (slice, row, column).

    Attributes:
        side: Of a window, in pixels.
        mean: Of the intensities.
        fine: Variance of the finest diagonal detail.
        wide: Variance about a fitted parabola.
        slope: Mean square of that parabola's terms but the constant. Orthogonal to
            the residual: to choose by it favours no quiet window.
        usable: True where all was measured and nothing cut off.
        blank: True where a quarter of the pixels have one lowest value: masked out,
            or cut off at a floor.
    """

    side: int
    mean: Grid
    fine: Grid
    wide: Grid
    slope: Grid
    usable: Choice
    blank: Choice

    @property
    def ratio(self) -> Grid:
        """Mean over SD."""
        return self.mean / np.sqrt(np.maximum(self.wide, 1e-12))


def slice_axis(scan: Volume) -> int:
    """Say along which axis a scan was cut into slices.

    The axis of length one, else the one with the longest voxel edge, else the last.
    """
    if 1 in scan.voxels.shape:
        return 2 - scan.voxels.shape[::-1].index(1)
    edges = np.round(scan.spacing_mm, 3)
    return 2 - int(np.argmax(edges[::-1]))


def pixel_mm(scan: Volume, axis: int) -> float:
    """Return the longer edge of a pixel in slices across an axis, in mm."""
    return max(edge for a, edge in enumerate(scan.spacing_mm) if a != axis)


def cut(scan: Volume, axis: int) -> Windows | None:
    """Cut slices across one axis into windows.

    Args:
        scan: Any; windows with padding are not usable.
        axis: Across which the slices lie.

    Returns:
        None where a slice holds fewer than two windows along a side.
    """
    count = scan.voxels.shape[axis]
    slices = np.unique(np.linspace(0, count - 1, MAX_SLICES).round().astype(int))
    shorter = min(n for a, n in enumerate(scan.voxels.shape) if a != axis)
    wide = scan.modality == "CT" and HALVED_MM[0] <= pixel_mm(scan, axis) < HALVED_MM[1]
    side = 16 if shorter >= FINE_SIDE and not wide else 8
    if shorter < 2 * side:
        return None
    parabola = _parabola(side)
    rows = []
    for k in slices:
        picture = np.moveaxis(scan.voxels, axis, 0)[k].astype(np.float64)
        padded = (
            np.zeros_like(picture, bool)
            if scan.padding is None
            else np.moveaxis(scan.padding, axis, 0)[k]
        )
        rows.append(_statistics(picture, padded, side, parabola))
    return Windows(side, *(np.stack(column) for column in zip(*rows, strict=True)))


def tissue(windows: Windows, magnitude: bool, clear: float) -> Choice:
    """Choose the windows in the body: bright in MR, soft tissue in CT.

    Args:
        windows: Of one scan.
        magnitude: True for MR.
        clear: Least mean over SD in MR.

    Returns:
        All usable windows where too few are in the body.
    """
    usable = windows.usable
    if not usable.any():
        return usable
    if magnitude:
        bright = windows.mean > 0.12 * np.quantile(windows.mean[usable], 0.99)
        body = usable & bright & (windows.ratio > clear)
    else:
        low, high = SOFT_TISSUE_HU
        body = usable & (windows.mean > low) & (windows.mean < high)
    return body if body.sum() >= max(12, 0.03 * usable.sum()) else usable


def without_magnitude(windows: Windows) -> tuple[Grid, Grid, Grid]:
    """Return `fine`, `wide` and `slope` as before the magnitude was taken.

    Source:
        Koay and Basser 2006, J Magn Reson 179:317-322.
        doi:10.1016/j.jmr.2006.01.016
    """
    share = np.interp(windows.ratio, _RATIO, _VARIANCE)
    return windows.fine / share, windows.wide / share, windows.slope / share


def flattest(slope: Grid, among: Choice) -> Choice:
    """Choose the windows that slope least, at least ten where there are."""
    if not among.any():
        return among
    count = min(int(among.sum()), max(10, int(FLATTEST * among.sum())))
    limit = np.partition(slope[among], count - 1)[count - 1]
    return among & (slope <= limit)


def _parabola(side: int) -> Float[np.ndarray, "pixels terms"]:
    """Orthonormal basis of the second-order polynomials on a square window."""
    line = np.linspace(-1, 1, side)
    x, y = np.meshgrid(line, line, indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y]).reshape(6, -1)
    return np.linalg.qr(terms.T)[0]


def _statistics(
    picture: Float[np.ndarray, "x y"],
    padded: Bool[np.ndarray, "x y"],
    side: int,
    parabola: Float[np.ndarray, "pixels terms"],
) -> tuple[np.ndarray, ...]:
    blocks = _blocks(picture, side)
    flat = blocks.reshape(*blocks.shape[:2], -1)
    coefficients = flat @ parabola
    residual = flat - coefficients @ parabola.T
    wide = (residual**2).sum(-1) / (side * side - parabola.shape[1])
    slope = (coefficients[..., 1:] ** 2).mean(-1)
    detail = (
        blocks[..., ::2, ::2]
        - blocks[..., 1::2, ::2]
        - blocks[..., ::2, 1::2]
        + blocks[..., 1::2, 1::2]
    ) / 2
    fine = (detail**2).mean((-2, -1))
    blank = (flat == flat.min(-1, keepdims=True)).mean(-1) > 0.25
    usable = ~blank & (wide > 0) & ~_blocks(padded, side).any((-2, -1))
    return flat.mean(-1), fine, wide, slope, usable, blank


def _blocks(picture: np.ndarray, side: int) -> np.ndarray:
    a, b = picture.shape[0] // side, picture.shape[1] // side
    whole = picture[: a * side, : b * side].reshape(a, side, b, side)
    return whole.swapaxes(1, 2)
