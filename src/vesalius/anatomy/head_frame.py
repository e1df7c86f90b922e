"""Head frame: a head's scan in the one place and size a network knows, and back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy import ndimage

from vesalius.errors import ScanError
from vesalius.volume import Volume

SHAPE = (192, 160)  # rows from front to back, columns from the right to the left
FILLED = 0.94  # share of the shape that the head takes along its longer side
SHARE_OF_BRIGHT = 0.15  # of the 99th percentile: below it lies air
LEAST_SIGNAL = 0.04  # of the maximum; in 8 grey bits, 10
LPS = np.diag([-1.0, -1.0, 1.0])  # rows and columns run as a radiologist sees them

Planes = Float32[np.ndarray, "z y x"]


@dataclass(frozen=True, eq=False)
class HeadFrame:
    """Where a head lies in a scan: the way into the frame and the way out.

    Attributes:
        grid: Voxels along the file's axes.
        axes: The file's axes that run up, back and to the left, in this order.
        flips: True for those of them that run the other way.
        scale: Pixels of the scan in one of the frame, along rows and columns.
        offset: Where the frame's first row and column lie, in pixels of the scan.
    """

    grid: tuple[int, int, int]
    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    scale: tuple[float, float]
    offset: tuple[float, float]

    def enter(self, voxels: Float[np.ndarray, "i j k"]) -> Planes:
        """Bring what lies on the scan's grid into the frame.

        Args:
            voxels: On the file's own axes.

        Returns:
            Slices from the feet up, rows from front to back, columns from right to
            left, 0 beyond the scan.
        """
        planes = _turned(voxels, self.axes, self.flips)
        entered = np.empty((planes.shape[0], *SHAPE), np.float32)
        for plane, into in zip(planes, entered, strict=True):
            ndimage.affine_transform(
                plane, self.scale, self.offset, SHAPE, into, order=1
            )
        return entered

    def leave(self, planes: Planes) -> Float32[np.ndarray, "i j k"]:
        """Bring what lies in the frame back onto the scan's grid, 0 beyond it.

        Args:
            planes: As `enter` returns them.
        """
        depth, *sides = (self.grid[axis] for axis in self.axes)
        shape = (sides[0], sides[1])
        left = np.empty((depth, *shape), np.float32)
        scale = [1 / step for step in self.scale]
        offset = [-a / step for a, step in zip(self.offset, self.scale, strict=True)]
        for plane, out in zip(planes, left, strict=True):
            ndimage.affine_transform(plane, scale, offset, shape, out, order=1)
        flipped = left[tuple(slice(None, None, -1 if f else 1) for f in self.flips)]
        return np.ascontiguousarray(flipped.transpose(np.argsort(self.axes)))


def frame_head(scan: Volume) -> HeadFrame:
    """Find the head, and the frame it fills to 94 %.

    Args:
        scan: MR of a head, its whole width and length in view.

    Returns:
        One frame for all slices; a pixel of it is square in millimetres.

    Raises:
        ScanError: There is nothing to see in the scan.

    Limits:
        A head cut off at the side, or with an arm beside it, comes out too large or
        too small.
    """
    axes, flips = upright_axes(scan)
    head = head_of(scan)
    planes = _turned(head, axes, flips)
    spacing = [scan.spacing_mm[axis] for axis in axes[1:]]
    rows, columns = (np.flatnonzero(planes.any(axis=(0, n))) for n in (2, 1))
    ends = [(float(a[0]), float(a[-1])) for a in (rows, columns)]
    wanted = [
        (last - first + 1) * edge / (FILLED * side)
        for (first, last), edge, side in zip(ends, spacing, SHAPE, strict=True)
    ]
    pixel_mm = max(wanted)
    scale = [pixel_mm / edge for edge in spacing]
    offset = [
        (first + last) / 2 - step * (side - 1) / 2
        for (first, last), step, side in zip(ends, scale, SHAPE, strict=True)
    ]
    i, j, k = scan.voxels.shape
    return HeadFrame(
        (i, j, k), axes, flips, (scale[0], scale[1]), (offset[0], offset[1])
    )


def upright_axes(scan: Volume) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Match the file's axes with up, back and left, each with the nearest.

    Args:
        scan: In any orientation.

    Returns:
        The file's axis for each of the three, and True where it runs the other way.
    """
    directions = LPS @ scan.affine[:3, :3] / np.asarray(scan.spacing_mm)
    left, back, up = _assigned(np.abs(directions))
    axes = (up, back, left)
    signs = (directions[2, up], directions[1, back], directions[0, left])
    return axes, (bool(signs[0] < 0), bool(signs[1] < 0), bool(signs[2] < 0))


def head_of(scan: Volume) -> Bool[np.ndarray, "i j k"]:
    """Outline the head roughly: what is bright, opened, its largest piece.

    Args:
        scan: MR of a head.

    Raises:
        ScanError: There is nothing to see in the scan.
    """
    bright = float(np.percentile(scan.voxels, 99))
    least = max(LEAST_SIGNAL * float(scan.voxels.max()), SHARE_OF_BRIGHT * bright)
    opened = ndimage.binary_opening(scan.voxels > least)
    pieces, count = ndimage.label(opened)
    if count == 0:
        raise ScanError("there is no head to be seen in this scan")
    sizes = np.bincount(pieces.ravel())[1:]
    return np.asarray(pieces == 1 + int(sizes.argmax()))


def _assigned(closeness: Float[np.ndarray, "3 3"]) -> Sequence[int]:
    """Give each direction (row) its own axis (column), the closest pairs first."""
    left_over = closeness.copy()
    chosen = [0, 0, 0]
    for _ in range(3):
        row, column = np.unravel_index(left_over.argmax(), (3, 3))
        chosen[int(row)] = int(column)
        left_over[row], left_over[:, column] = -1, -1
    return chosen


def _turned(
    voxels: np.ndarray, axes: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> np.ndarray:
    turned = voxels.transpose(axes)
    return turned[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
