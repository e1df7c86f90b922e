"""Fidelity: how close a picture is to the truth, where the truth is known.

Every number names its mask and its range. Arrays are (i, j, k) of one volume; a mask
is True where voxels count; without one all count (full frame).
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from vesalius.errors import GeometryError, ScanError
from vesalius.quality.windows import slice_axis
from vesalius.volume import Volume

Voxels = Float[np.ndarray, "i j k"]
Mask = Bool[np.ndarray, "i j k"]

HEAD_SHARE = 0.06  # of the volume's maximum, above which a voxel is no air
BODY_HU = -300.0  # between fat and lung: the lungs are filled in afterwards

# Wang et al. 2004: Gaussian window of 11 x 11 pixels, and the two constants.
SSIM_SD, SSIM_REACH = 1.5, 5
SSIM_K1, SSIM_K2 = 0.01, 0.03

EDGES = 0.05  # share of the mask's voxels with the steepest slope that are edges


def head_mask(scan: Volume) -> Mask:
    """Outline the body in an MR scan.

    Args:
        scan: A clean one: noise above 6 % of the maximum fills the air.

    Returns:
        Voxels above 6 % of the volume's maximum, the largest connected piece, holes
        filled slice by slice. In a picture without air nearly everything.

    Raises:
        ScanError: Nothing is above the threshold.
    """
    return _outline(scan, scan.voxels > HEAD_SHARE * float(scan.voxels.max()))


def body_mask(scan: Volume) -> Mask:
    """Outline the body in a CT scan, its lungs and bowel included.

    Args:
        scan: CT in HU.

    Returns:
        Voxels above -300 HU, the largest connected piece, holes filled slice by
        slice. What the scanner did not measure is no body.

    Raises:
        ScanError: Nothing is above the threshold.
    """
    dense = scan.voxels > BODY_HU
    if scan.padding is not None:
        dense &= ~scan.padding
    return _outline(scan, dense)


def outline(scan: Volume) -> Mask:
    """Outline the body in a CT or an MR scan, as its modality asks for.

    Raises:
        ScanError: There is no body.
    """
    return body_mask(scan) if scan.modality == "CT" else head_mask(scan)


def rmse(truth: Voxels, picture: Voxels, mask: Mask | None = None) -> float:
    """Return the root of the mean squared error, in the unit of both (HU in CT)."""
    _same_grid(truth, picture, mask)
    return float(np.sqrt(_mean_square(truth, picture, mask)))


def nmse(truth: Voxels, picture: Voxels, mask: Mask | None = None) -> float:
    """Return the squared error over the truth's energy; 0 is perfect.

    Not for HU, whose zero is water.
    """
    _same_grid(truth, picture, mask)
    energy = _mean_square(truth, np.zeros_like(truth), mask)
    return float(_mean_square(truth, picture, mask) / energy)


def psnr(
    truth: Voxels, picture: Voxels, peak: float, mask: Mask | None = None
) -> float:
    """Return the peak signal-to-noise ratio.

    Args:
        truth: The clean volume.
        picture: What is measured.
        peak: The range, in the same unit: for MR the volume's maximum.
        mask: Where the mean squared error is taken, over the whole volume.

    Returns:
        Decibels; infinite where both are equal.
    """
    _same_grid(truth, picture, mask)
    error = _mean_square(truth, picture, mask)
    return float("inf") if error == 0 else float(10 * np.log10(peak**2 / error))


def ssim(
    truth: Voxels,
    picture: Voxels,
    peak: float,
    mask: Mask | None = None,
    axis: int = 2,
) -> float:
    """Return the structural similarity, in two dimensions.

    Args:
        truth: The clean volume.
        picture: What is measured.
        peak: The range, in the same unit: for MR the volume's maximum.
        mask: Over which the map of similarities is averaged, over the whole volume.
        axis: Across which the slices lie.

    Returns:
        -1 to 1. Gaussian window of SD 1.5 pixels, 11 x 11, mirrored at the rim;
        K1 = 0.01, K2 = 0.03.

    Source:
        Wang et al. 2004, IEEE TIP 13(4):600-612. doi:10.1109/TIP.2003.819861
    """
    _same_grid(truth, picture, mask)
    total, count = 0.0, 0
    for k in range(truth.shape[axis]):
        chosen = None if mask is None else mask.take(k, axis)
        if chosen is not None and not chosen.any():
            continue
        similar = _ssim_map(truth.take(k, axis), picture.take(k, axis), peak)
        values = similar if chosen is None else similar[chosen]
        total, count = total + float(values.sum()), count + values.size
    return total / count


def edge_sharpness(
    truth: Voxels, picture: Voxels, mask: Mask | None = None, axis: int = 2
) -> float:
    """Return how steep the truth's edges are in the picture.

    Args:
        truth: The clean volume.
        picture: What is measured.
        mask: Where edges are looked for.
        axis: Across which the slices lie; edges are looked for within slices.

    Returns:
        At the 5 % of voxels where the truth is steepest, the picture's slope in the
        direction of the truth's, over the truth's: 1 is as sharp, 0.5 half as steep.
    """
    _same_grid(truth, picture, mask)
    across = [a for a in range(3) if a != axis]
    slopes = [np.gradient(truth.astype(np.float64), axis=a) for a in across]
    steep = np.hypot(*slopes)
    inside = np.ones(truth.shape, bool) if mask is None else mask
    edge = inside & (steep >= np.quantile(steep[inside], 1 - EDGES)) & (steep > 0)
    if not edge.any():
        raise ScanError("there is no edge to measure sharpness at")
    found = sum(
        np.gradient(picture.astype(np.float64), axis=a)[edge]
        * slope[edge]
        / steep[edge]
        for a, slope in zip(across, slopes, strict=True)
    )
    return float(np.sum(found) / steep[edge].sum())


def noise_power_spectrum(
    regions: Float[np.ndarray, "n a a"], spacing_mm: tuple[float, float]
) -> tuple[Float[np.ndarray, " f"], Float[np.ndarray, " f"]]:
    """Return the power of noise by spatial frequency, all directions together.

    Args:
        regions: Square pieces with noise alone, or of a uniform object; the mean of
            each is taken out.
        spacing_mm: Pixel edges along both axes.

    Returns:
        Frequencies in 1/mm, and power in squared units times mm^2. Summed over the
        plane of frequencies it is the variance.

    Source:
        ICRU Report 87, 2012, the noise power spectrum of CT.
    """
    side = regions.shape[-1]
    residual = regions - regions.mean((1, 2), keepdims=True)
    power = (np.abs(np.fft.fft2(residual)) ** 2).mean(0)
    power *= spacing_mm[0] * spacing_mm[1] / side**2
    axes = [np.fft.fftfreq(side, edge) for edge in spacing_mm]
    radius = np.hypot(*np.meshgrid(*axes, indexing="ij"))
    step = 1 / (side * min(spacing_mm))
    ring = np.round(radius / step).astype(int).ravel()
    counts = np.maximum(np.bincount(ring), 1)
    rings = np.bincount(ring, radius.ravel()) / counts
    return rings, np.bincount(ring, power.ravel()) / counts


def contrast_to_noise(picture: Voxels, inside: Mask, outside: Mask) -> float:
    """Return the difference of two regions' means over the SD of the outer one."""
    away = picture[outside].astype(np.float64)
    return float(abs(picture[inside].mean(dtype=np.float64) - away.mean()) / away.std())


def _outline(scan: Volume, dense: Mask) -> Mask:
    labels, count = ndimage.label(dense)
    if count == 0:
        raise ScanError("no body is found in this scan: nothing is above the threshold")
    largest = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    axis = slice_axis(scan)
    filled = [
        ndimage.binary_fill_holes(largest.take(k, axis))
        for k in range(largest.shape[axis])
    ]
    return np.stack(filled, axis)


def _mean_square(truth: Voxels, picture: Voxels, mask: Mask | None) -> float:
    error = np.subtract(truth, picture, dtype=np.float64)
    return float(np.mean(np.square(error if mask is None else error[mask])))


def _ssim_map(
    truth: Float[np.ndarray, "x y"], picture: Float[np.ndarray, "x y"], peak: float
) -> Float[np.ndarray, "x y"]:
    def mean(plane: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(plane, SSIM_SD, radius=SSIM_REACH)

    x, y = truth.astype(np.float64), picture.astype(np.float64)
    mx, my = mean(x), mean(y)
    vx, vy = mean(x * x) - mx * mx, mean(y * y) - my * my
    vxy = mean(x * y) - mx * my
    c1, c2 = (SSIM_K1 * peak) ** 2, (SSIM_K2 * peak) ** 2
    alike = (2 * mx * my + c1) * (2 * vxy + c2)
    return alike / ((mx * mx + my * my + c1) * (vx + vy + c2))


def _same_grid(truth: Voxels, picture: Voxels, mask: Mask | None) -> None:
    shapes = {truth.shape, picture.shape, truth.shape if mask is None else mask.shape}
    if len(shapes) > 1:
        raise GeometryError("truth, picture and mask must share one grid")
    if mask is not None and not mask.any():
        raise ScanError("the mask is empty, so there is nothing to measure")
