"""Pieces: the connected parts of a mask, with their place and size."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int
from scipy import ndimage

from vesalius.result import Finding
from vesalius.volume import Volume

LEAST_ML = 0.05  # fewer voxels are no finding
MOST = 100  # a reader looks at no more; a mask may be made of dust
SHARE = (0.05, 0.95)  # of a piece's voxels: ends of the interval of its probability


class Piece(NamedTuple):
    """One of them.

    Attributes:
        voxels: How many.
        finding: Its place, size and mean probability.
    """

    voxels: int
    finding: Finding


def pieces_of(
    mask: Bool[np.ndarray, "i j k"], chance: Volume, *, most: int = MOST
) -> tuple[Piece, ...]:
    """Return each connected piece of a mask, the largest first.

    Args:
        mask: On the grid of `chance`.
        chance: Probability per voxel.
        most: How many at most.

    Returns:
        Pieces of at least 0.05 ml. Two voxels that share a face belong together.

    Limits:
        The probability is the mean of `chance` over the piece: of an outline that a
        person drew it says what the machine thought of that place.
    """
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes_ml = sizes * float(np.prod(chance.spacing_mm)) / 1000
    order = np.argsort(-sizes, kind="stable")
    large = [n for n in order if n and sizes_ml[n] >= LEAST_ML]
    boxes = ndimage.find_objects(labels)
    return tuple(
        Piece(int(sizes[n]), _finding(labels, int(n), boxes[n - 1], chance))
        for n in large[:most]
    )


def _finding(
    labels: Int[np.ndarray, "i j k"],
    number: int,
    box: tuple[slice, slice, slice],
    chance: Volume,
) -> Finding:
    inside = labels[box] == number
    odds = chance.voxels[box][inside]
    low, high = np.quantile(odds, SHARE)
    first = [part.start for part in box]
    middle = (np.argwhere(inside) + first).mean(axis=0)
    x, y, z = (chance.affine @ [*middle, 1.0])[:3]
    return Finding(
        position_mm=(float(x), float(y), float(z)),
        size_mm=longest_mm(inside, chance),
        probability=float(odds.mean()),
        interval=(float(low), float(high)),
    )


def longest_mm(inside: Bool[np.ndarray, "i j k"], grid: Volume) -> float:
    """Measure the longest diameter of a piece, between its outermost voxels.

    Args:
        inside: The piece, on a grid of the same voxels as `grid`, or a part of one.
        grid: Whose affine says how voxels lie.

    Limits:
        The ends are sought along 200 directions: at most half a per cent short.
    """
    rim = inside & ~ndimage.binary_erosion(inside)
    points = np.argwhere(rim) @ (grid.affine[:3, :3]).T
    # The longest diameter ends on the hull; its ends show up along some direction.
    along = points @ _directions().T
    ends = np.unique(np.concatenate([along.argmax(axis=0), along.argmin(axis=0)]))
    hull = points[ends]
    apart = np.linalg.norm(hull[:, None] - hull[None], axis=-1)
    return float(apart.max() + min(grid.spacing_mm))


def _directions() -> Float32[np.ndarray, "n 3"]:
    """Spread 200 directions evenly over the sphere (Fibonacci's spiral)."""
    n = np.arange(200)
    z = 1 - (2 * n + 1) / n.size
    angle = np.pi * (1 + 5**0.5) * n
    flat = np.sqrt(1 - z**2)
    points = np.stack([flat * np.cos(angle), flat * np.sin(angle), z], axis=1)
    return points.astype(np.float32)
