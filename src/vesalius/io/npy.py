"""NumPy arrays: numbers alone, so everything else must be given."""

from pathlib import Path

import numpy as np
from numpy.lib import format as npy_format

from vesalius.errors import FormatError, GeometryError
from vesalius.io.carried import Carried
from vesalius.io.damage import damage_named
from vesalius.io.streams import bytes_in, refuse_too_many, rounding_notes


def read_npy(path: Path) -> Carried:
    """Read a `.npy` file of two or three axes, as (i, j) or (i, j, k).

    Pickled objects are never loaded.

    Args:
        path: What `numpy.save` wrote.

    Returns:
        The array in its own axis order; no affine.

    Raises:
        FormatError: It is damaged, or holds something else than real numbers.
        GeometryError: It has other than two or three axes.
        ScanError: It is too large.
    """
    with damage_named("the .npy file"):
        shape, kind = _header(path)
        if kind.kind == "c":
            raise FormatError(
                "the .npy file holds complex numbers, a raw measurement; reconstruct "
                "it to intensities first"
            )
        if kind.kind not in "iuf":
            raise FormatError(
                "the .npy file holds no real numbers; save the array as float32"
            )
        if len(shape) not in (2, 3) or min(shape) < 1:
            raise GeometryError(
                f"the array has {len(shape)} axes, a scan has three, a picture two; "
                "save the one volume you mean"
            )
        refuse_too_many(shape, kind.itemsize, bytes_in(path))
        stored = np.load(path, mmap_mode="r", allow_pickle=False)
        with np.errstate(over="ignore", invalid="ignore"):  # counted as infinite later
            voxels = np.array(stored, np.float32).reshape(*shape[:2], -1)
    return Carried(
        voxels=voxels,
        affine=None,
        units=None,
        modality=None,
        contrast=None,
        sides_known=False,
        padding=None,
        notes=rounding_notes(voxels, kind),
    )


def _header(path: Path) -> tuple[tuple[int, ...], np.dtype]:
    with path.open("rb") as stream:
        version = npy_format.read_magic(stream)
        readers = {
            (1, 0): npy_format.read_array_header_1_0,
            (2, 0): npy_format.read_array_header_2_0,
        }
        shape, _, kind = readers[version](stream)
    return shape, kind
