"""MetaImage: the header of `.mha` and `.mhd`, after MetaIO's documentation."""

from pathlib import Path

import numpy as np

from vesalius.errors import FormatError, GeometryError
from vesalius.io.layout import (
    LONGEST_HEADER,
    Layout,
    detached,
    header_bytes,
    number_list,
)
from vesalius.io.place import Affine, edges_only, spans_space, three_axes

_KINDS = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",  # MetaIO's long has four bytes on every machine
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_MODALITIES = {"MET_MOD_CT": "CT", "MET_MOD_MR": "MR", "MET_MOD_US": "US"}


def meta_layout(path: Path) -> Layout:
    """Read the header of a `.mha` or `.mhd` file.

    Raises:
        FormatError: It is damaged, or describes something else than intensities.
        GeometryError: It is no single volume, or its lengths are no millimetres.
    """
    fields, start = _fields(header_bytes(path))
    _refuse_other_contents(fields)
    lengths = [int(word) for word in fields["dimsize"].split()]
    if len(lengths) != int(fields["ndims"]):
        raise FormatError("the MetaImage header's NDims and DimSize disagree")
    shape = three_axes(lengths)
    affine, sides_known, notes = _place(fields, len(lengths), shape)
    here = fields["elementdatafile"].upper() == "LOCAL"
    header_size = int(fields.get("headersize", 0))
    return Layout(
        shape=shape,
        kind=_stored_as(fields),
        encoding=_encoding(fields),
        voxel_path=path if here else detached(path, fields["elementdatafile"]),
        start=None if header_size == -1 else start * here + max(header_size, 0),
        skipped=0,
        affine=affine,
        sides_known=sides_known,
        modality=_MODALITIES.get(fields.get("modality", "").upper()),
        notes=notes,
    )


def _fields(content: bytes) -> tuple[dict[str, str], int]:
    """The fields by lower-case name, and where the header ends."""
    fields: dict[str, str] = {}
    start = 0
    while "elementdatafile" not in fields:
        end = content.find(b"\n", start)
        line = content[start : end if end >= 0 else len(content)]
        name, equals, value = line.decode("latin-1").partition("=")
        if not equals:
            raise FormatError("this is not a MetaImage file, or its header has no end")
        fields[name.strip().lower()] = value.strip()
        start = end + 1 if end >= 0 else LONGEST_HEADER
    if "dimsize" not in fields:
        raise FormatError("this MetaImage file holds no image")
    return fields, start


def _refuse_other_contents(fields: dict[str, str]) -> None:
    if int(fields.get("elementnumberofchannels", 1)) > 1:
        raise FormatError(
            "each voxel holds several values (channels); save one number a voxel"
        )
    scaling = [
        float(fields.get(f"elementtointensityfunction{part}", default))
        for part, default in (("slope", "1"), ("offset", "0"))
    ]
    if scaling != [1.0, 0.0]:
        raise FormatError(
            "the header has an ElementToIntensityFunction, which other readers leave "
            "out; save the intensities themselves"
        )
    if fields.get("distanceunits", "?").lower() not in ("?", "mm", "millimeters", ""):
        raise GeometryError(
            "the header's DistanceUnits are not mm, we read millimetres; convert the "
            "spacing and offset"
        )


def _stored_as(fields: dict[str, str]) -> np.dtype:
    kind = _KINDS.get(fields["elementtype"].upper())
    if kind is None:
        raise FormatError("the MetaImage header's ElementType is no number we read")
    big = fields.get("binarydatabyteordermsb", fields.get("elementbyteordermsb", ""))
    return np.dtype((">" if _is_true(big) else "<") + kind)


def _encoding(fields: dict[str, str]) -> str:
    if not _is_true(fields.get("binarydata", "True")):
        return "text"
    return "zlib" if _is_true(fields.get("compresseddata", "")) else "raw"


def _is_true(word: str) -> bool:
    return word[:1].lower() in ("t", "y", "1")


def _first(fields: dict[str, str], *names: str) -> str | None:
    return next((fields[name] for name in names if name in fields), None)


def _place(
    fields: dict[str, str], count: int, shape: tuple[int, int, int]
) -> tuple[Affine | None, bool, tuple[str, ...]]:
    """Affine or None, whether the sides are known, and what is worth telling."""
    said = _first(fields, "elementspacing", "elementsize")
    edges = number_list(said) if said else []
    turned = _first(fields, "transformmatrix", "rotation", "orientation")
    if len(edges) != count or turned is None or count < 3:
        affine, notes = edges_only(edges[:3], shape[2])
        return affine, False, notes
    # One row an axis, in LPS, as ITK has it; axes beyond the third have length 1.
    axes = np.array(number_list(turned)).reshape(count, count)[:3, :3].T
    corner = number_list(_first(fields, "offset", "position", "origin") or "0 0 0")
    affine = np.eye(4)
    affine[:3, :3] = axes * np.array(edges[:3])
    affine[:3, 3] = corner[:3]
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    if not spans_space(affine):
        raise GeometryError(
            "the header's TransformMatrix is singular: it places every voxel on one "
            "plane or point; repair the header"
        )
    return affine, True, ()
