"""ITK's formats, NRRD and MetaImage: their headers and voxels, read by their own text.

SimpleITK reads them too, but hands over a compressed file whose checksum fails without
a word, drops the unit of length, and prints on the terminal what it stumbles over.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from vesalius.errors import FormatError
from vesalius.io.carried import Carried
from vesalius.io.damage import damage_named
from vesalius.io.layout import Layout, text_voxels
from vesalius.io.metaimage import meta_layout
from vesalius.io.nrrd import nrrd_layout
from vesalius.io.streams import (
    bytes_in,
    inflating,
    read_voxels,
    refuse_too_many,
    rounding_notes,
    skip,
)


def read_itk(path: Path) -> Carried:
    """Read an NRRD or a MetaImage file, its voxels inside or in a file beside it.

    The place is what the header says, its LPS or LAS turned to RAS+; without one the
    spacing is kept and the sides are unknown. Only MetaImage can carry a modality.

    Args:
        path: `.nrrd`, `.nhdr`, `.mha` or `.mhd`.

    Returns:
        What the file carries; its affine in RAS+ millimetres.

    Raises:
        FormatError: It is damaged, or holds something else than intensities.
        GeometryError: It holds several volumes, or its lengths are no millimetres.
        ScanError: It is too large.
    """
    nrrd = path.suffix.lower() in (".nrrd", ".nhdr")
    with damage_named("the NRRD file" if nrrd else "the MetaImage file"):
        layout = nrrd_layout(path) if nrrd else meta_layout(path)
        voxels = _voxels(layout)
    return Carried(
        voxels=voxels,
        affine=layout.affine,
        units="HU" if layout.modality == "CT" else None,
        modality=layout.modality,
        contrast=None,
        sides_known=layout.sides_known,
        padding=None,
        notes=(*layout.notes, *rounding_notes(voxels, layout.kind)),
    )


def _voxels(layout: Layout) -> Float32[np.ndarray, "i j k"]:
    stored = bytes_in(layout.voxel_path)
    refuse_too_many(layout.shape, layout.kind.itemsize, stored)
    with layout.voxel_path.open("rb") as stream:
        start = layout.start
        if start is None:
            start = stored - int(np.prod(layout.shape)) * layout.kind.itemsize
        if not 0 <= start <= stored:
            raise FormatError("the file ends before its voxels do; copy it again")
        stream.seek(start)
        if layout.encoding in ("text", "hex"):
            plain = text_voxels(stream.read(), layout.kind, layout.encoding)
            return read_voxels(plain, layout.shape, layout.kind)
        plain_stream = inflating(stream, layout.encoding)
        skip(plain_stream, layout.skipped)
        return read_voxels(plain_stream, layout.shape, layout.kind)
