"""Gaps: voxels that are NaN or infinite, refused or mended, never passed on."""

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.errors import ScanError

LARGEST_SHARE = 0.001  # of all voxels: a few isolated ones, not a hole


def mended(
    voxels: Float32[np.ndarray, "i j k"], *, fill_nan: bool
) -> tuple[Float32[np.ndarray, "i j k"], tuple[str, ...]]:
    """Replace isolated voxels without a value by the median of those around them.

    Args:
        voxels: As stored; not changed.
        fill_nan: Whether the caller has asked for it.

    Returns:
        Finite voxels, and what is worth telling.

    Raises:
        ScanError: There are such voxels and nobody asked, or there are too many.

    Limits:
        What is filled in was not measured. A gap wider than a voxel is filled from
        its rim inwards, flat.
    """
    missing = ~np.isfinite(voxels)
    count = int(np.count_nonzero(missing))
    if count == 0:
        return voxels, ()
    share = f"{count} of {voxels.size} voxels are NaN or infinite"
    if count > LARGEST_SHARE * voxels.size:
        raise ScanError(
            f"{share}, more than {LARGEST_SHARE:.1%}: a hole, not isolated voxels; "
            "repair the file where it was made"
        )
    if not fill_nan:
        raise ScanError(
            f"{share}; have them replaced by the median of their neighbours with "
            "--fill-nan (fill_nan=True), or repair the file"
        )
    note = f"{share[0].upper()}{share[1:]}; the median of their neighbours stands in."
    return _filled(voxels, missing), (note,)


def _filled(
    voxels: Float32[np.ndarray, "i j k"], missing: Bool[np.ndarray, "i j k"]
) -> Float32[np.ndarray, "i j k"]:
    filled = voxels.copy()
    for place in np.argwhere(missing):
        reach = 1
        while True:  # ends: most voxels are finite
            around = voxels[
                tuple(slice(max(at - reach, 0), at + reach + 1) for at in place)
            ]
            measured = around[np.isfinite(around)]
            if measured.size:
                break
            reach += 1
        filled[tuple(place)] = np.median(measured)
    return filled
