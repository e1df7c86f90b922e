"""Screen: a volume in as few bytes as a picture on a screen needs.

Two files of one volume: all of it, and a preview that a slow line carries within a
second. Both lie in the same place in the body.
"""

from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from vesalius.io.nifti_write import Scale, write_scaled
from vesalius.volume import Volume

MOST_PREVIEW = 700_000  # bytes: 0.56 s at 10 Mbit/s, which leaves the rest of a second
LOWEST_HU, HIGHEST_HU = -1024.0, 3071.0  # of 12 bits: air to dense metal
BYTE, WORD = 2**8 - 1, 2**16 - 1
MOST_SHRINKING = 8  # noise hardly shrinks more: what is larger is not even tried
SMALL = 6  # level of compression: a preview is packed once and sent often
HOPE = 1.1  # a try may be so much larger than the last one's rate of packing foresees
SLICES_WORTH = 2  # an edge along the slices may be so much shorter than in them

Factors = tuple[int, int, int]


def write_full(volume: Volume, path: Path) -> None:
    """Write every voxel of a volume, in 16 bits or 8.

    Args:
        volume: Voxels and their place.
        path: Ends in `.nii.gz`.

    Raises:
        OSError: It cannot be written.

    Limits:
        Whole numbers are kept as they are. Others are off by 1/131,000 of the
        volume's range at most: enough to look at, not to compute with.
    """
    write_scaled(volume, path, _whole(volume) or _spread_out(volume, "<u2", WORD))


def write_preview(volume: Volume, path: Path, *, most: int = MOST_PREVIEW) -> bool:
    """Write a volume small enough to be seen at once.

    Voxels are averaged in blocks, first in the plane of the slices, as far as it
    takes; the intensities have 256 steps.

    Args:
        volume: Voxels and their place.
        path: Ends in `.nii.gz`.
        most: Bytes.

    Returns:
        Whether it holds less than the volume: False where all of it was small enough.

    Raises:
        OSError: It cannot be written.

    Limits:
        To find one's way, not to decide by: small things are blurred, and of CT what
        is above 3071 HU, or not measured, has the nearest value that is.
    """
    try_below = MOST_SHRINKING * most
    if volume.voxels.size <= try_below:
        write_full(volume, path)
        if path.stat().st_size <= most:
            return False
    shown = replace(volume, voxels=_measured(volume), padding=None)
    factors: Factors = (1, 1, 1)
    while True:
        count = prod(_shape(volume, factors))
        if count <= try_below or count == 1:
            small = averaged(shown, factors)
            write_scaled(small, path, _spread_out(small, "<u1", BYTE), level=SMALL)
            size = path.stat().st_size
            if size <= most or count == 1:
                return True
            try_below = int(HOPE * count * most / size)
        factors = _coarser(volume, factors)


def averaged(volume: Volume, factors: Factors) -> Volume:
    """Average blocks of voxels, the last of a row over as many as are left for it.

    Args:
        volume: Voxels and their place.
        factors: Voxels of a block along i, j and k.

    Returns:
        Fewer, larger voxels; the middle of each lies in the middle of its block.

    Limits:
        For looking: what is smaller than a block is blurred.
    """
    shape = _shape(volume, factors)
    made, count = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for di, dj, dk in product(*map(range, factors)):
        part = volume.voxels[di :: factors[0], dj :: factors[1], dk :: factors[2]]
        i, j, k = part.shape
        made[:i, :j, :k] += part
        count[:i, :j, :k] += 1
    made /= count
    # The first block's middle, in voxels from the first one's middle.
    grow = np.diag([*map(float, factors), 1.0])
    grow[:3, 3] = [(f - 1) / 2 for f in factors]
    return replace(volume, voxels=made, affine=volume.affine @ grow, padding=None)


def _shape(volume: Volume, factors: Factors) -> Factors:
    i, j, k = (-(-n // f) for n, f in zip(volume.voxels.shape, factors, strict=True))
    return i, j, k


def _coarser(volume: Volume, factors: Factors) -> Factors:
    """Return the next factors: the shortest edges grow, those across slices last."""
    spacing = volume.spacing_mm
    across = max(range(3), key=lambda axis: (spacing[axis], axis))
    worth = [
        spacing[a] * factors[a] * (SLICES_WORTH if a == across else 1) for a in range(3)
    ]
    open_ = [a for a in range(3) if factors[a] < volume.voxels.shape[a]]
    least = min(worth[a] for a in open_)
    i, j, k = (factors[a] + (a in open_ and worth[a] <= least * 1.01) for a in range(3))
    return i, j, k


def _measured(volume: Volume) -> Float32[np.ndarray, "i j k"]:
    """Return the voxels, none outside what was measured and what a screen shows."""
    low, high = np.inf, -np.inf
    for k in range(volume.voxels.shape[2]):  # at once it takes twenty times as long
        plane = volume.voxels[:, :, k]
        if volume.padding is not None:
            plane = plane[~volume.padding[:, :, k]]
        if plane.size:
            low, high = min(low, plane.min()), max(high, plane.max())
    if low > high:
        return volume.voxels
    if volume.units == "HU":
        low, high = max(low, LOWEST_HU), min(high, HIGHEST_HU)
    return np.clip(volume.voxels, np.float32(low), np.float32(max(low, high)))


def _whole(volume: Volume) -> Scale | None:
    """Say how whole numbers are kept as they are; None where these are none."""
    low, high = float(volume.voxels.min()), float(volume.voxels.max())
    for kind in ("<u1", "<i2", "<u2"):
        fits = np.iinfo(np.dtype(kind))
        if fits.min <= low and high <= fits.max:
            slices = range(volume.voxels.shape[2])
            planes = (volume.voxels[:, :, k] for k in slices)
            is_whole = all((plane == np.rint(plane)).all() for plane in planes)
            return Scale(kind) if is_whole else None
    return None


def _spread_out(volume: Volume, kind: str, steps: int) -> Scale:
    """Let the lowest be 0 and the highest the last step."""
    low, high = float(volume.voxels.min()), float(volume.voxels.max())
    slope = float(np.float32((high - low) / steps))
    return Scale(kind, slope or 1.0, float(np.float32(low)))
