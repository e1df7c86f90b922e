"""Blobs: round, bright things in a volume, with their place and size."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage

SQUARE_ROOT_3 = 1.7320508
NEIGHBOURS = np.ones((3, 3, 3), bool)


class Blob(NamedTuple):
    """One of them.

    Attributes:
        place: Voxel index along i, j and k.
        diameter_mm: Of the ball that fits best among the sizes asked for.
        strength: How much it stands out, in the volume's units.
    """

    place: tuple[int, int, int]
    diameter_mm: float
    strength: float


def find_blobs(
    voxels: Float32[np.ndarray, "i j k"],
    spacing_mm: tuple[float, float, float],
    where: Bool[np.ndarray, "i j k"],
    *,
    diameters_mm: Sequence[float],
    least: float,
) -> list[Blob]:
    """Find bright balls of several sizes, the strongest first.

    At each size the volume is smoothed with a Gaussian whose Laplacian answers most
    to a ball of that diameter; what is a maximum among its neighbours in space and
    size is a blob.

    Args:
        voxels: Bright things on a dark ground.
        spacing_mm: Voxel edges.
        where: Only centres in here.
        diameters_mm: The sizes looked for.
        least: Weaker blobs are left out, in the volume's units.

    Returns:
        At most one blob at a voxel.

    Limits:
        A vessel that runs through slices looks like a ball where it bends.

    Source:
        Lindeberg 1998, Int J Comput Vis 30(2):79-116. doi:10.1023/A:1008045108935
    """
    best = np.full(voxels.shape, -np.inf, np.float32)
    size = np.zeros(voxels.shape, np.float32)
    for diameter in diameters_mm:
        answer = _answer(voxels, spacing_mm, diameter)
        better = answer > best
        best[better] = answer[better]
        size[better] = diameter
    peak = best >= ndimage.maximum_filter(best, footprint=NEIGHBOURS)
    chosen = np.argwhere(peak & where & (best > least))
    found = [
        Blob((int(i), int(j), int(k)), float(size[i, j, k]), float(best[i, j, k]))
        for i, j, k in chosen
    ]
    return sorted(found, key=lambda blob: -blob.strength)


def thinned(
    blobs: Sequence[Blob], spacing_mm: tuple[float, float, float]
) -> list[Blob]:
    """Leave out blobs whose centre lies in a stronger one.

    Args:
        blobs: The strongest first.
        spacing_mm: Voxel edges.
    """
    kept: list[Blob] = []
    places = np.zeros((0, 3))
    radii = np.zeros(0)
    for blob in blobs:
        here = np.multiply(blob.place, spacing_mm)
        away = np.linalg.norm(places - here, axis=1)
        if (away > np.maximum(radii, blob.diameter_mm / 2)).all():
            kept.append(blob)
            places = np.vstack([places, here])
            radii = np.append(radii, blob.diameter_mm / 2)
    return kept


def _answer(
    voxels: Float32[np.ndarray, "i j k"],
    spacing_mm: tuple[float, float, float],
    diameter_mm: float,
) -> Float32[np.ndarray, "i j k"]:
    """Return the scale-normalised negative Laplacian: 1 for a ball of height 1, about.

    $$-\\sigma^2 \\nabla^2 (G_\\sigma * f), \\quad \\sigma = d / (2 \\sqrt{3})$$
    """
    sigma_mm = diameter_mm / (2 * SQUARE_ROOT_3)
    smooth = ndimage.gaussian_filter(voxels, [sigma_mm / edge for edge in spacing_mm])
    total = np.zeros_like(smooth)
    for axis, edge in enumerate(spacing_mm):
        total -= ndimage.correlate1d(smooth, [1.0, -2.0, 1.0], axis=axis) / edge**2
    return (sigma_mm**2 * total).astype(np.float32)
