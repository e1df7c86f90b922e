"""NRRD: its header, after the format's definition (Kindlmann, Teem, 2010)."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vesalius.errors import FormatError, GeometryError
from vesalius.io.layout import Layout, detached, header_bytes, number_list
from vesalius.io.place import (
    LONE_SLICE_MM,
    LONE_SLICE_NOTE,
    Affine,
    edges_only,
    spans_space,
    thickened,
    three_axes,
)

_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": (
        "short",
        "short int",
        "signed short",
        "signed short int",
        "int16",
        "int16_t",
    ),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
# "short int" and the like are shortened before they are looked up.
_KINDS = {name: kind for kind, names in _TYPES.items() for name in names}
_ENCODINGS = {
    "raw": "raw",
    "gzip": "gzip",
    "gz": "gzip",
    "bzip2": "bzip2",
    "bz2": "bzip2",
    "text": "text",
    "txt": "text",
    "ascii": "text",
    "hex": "hex",
}
# What turns the first two axes of each space into right and anterior.
_TO_RAS = {
    "right-anterior-superior": (1, 1),
    "ras": (1, 1),
    "left-anterior-superior": (-1, 1),
    "las": (-1, 1),
    "left-posterior-superior": (-1, -1),
    "lps": (-1, -1),
}
_MILLIMETRES = ("mm", "millimeter", "millimeters", "millimetre", "millimetres")
_NO_UNIT = ("", "?", "???", "none", "unknown")
_PLACES = ("domain", "space", "", "?", "???", "none")  # kinds of an axis of voxels


@dataclass(frozen=True)
class _Axis:
    length: int
    direction: tuple[float, ...] | None
    edge: float
    kind: str


def nrrd_layout(path: Path) -> Layout:
    """Read the header of a `.nrrd` or `.nhdr` file.

    Raises:
        FormatError: It is damaged, or describes something else than intensities.
        GeometryError: It is no single volume, or its lengths are no millimetres.
    """
    content = header_bytes(path)
    fields, start = _fields(content)
    _refuse_other_units(fields)
    axes = _axes(fields)
    shape = three_axes([axis.length for axis in axes])
    affine, sides_known, notes = _place(fields, axes[:3], shape)
    voxel_path, first = path, start
    if "data file" in fields:
        voxel_path, first = detached(path, fields["data file"]), 0
    encoding = _ENCODINGS.get(fields["encoding"].lower())
    if encoding is None:
        raise FormatError("the NRRD header names an unknown encoding; save it as gzip")
    first += _lines_skipped(voxel_path, first, int(fields.get("line skip", 0)))
    skipped = int(fields.get("byte skip", 0))
    return Layout(
        shape=shape,
        kind=_stored_as(fields),
        encoding=encoding,
        voxel_path=voxel_path,
        start=None if skipped == -1 else first,
        skipped=max(skipped, 0),
        affine=affine,
        sides_known=sides_known,
        notes=notes,
    )


def _fields(content: bytes) -> tuple[dict[str, str], int]:
    """The fields by lower-case name, and where the header ends."""
    if not re.match(rb"NRRD000\d\r?\n", content):
        raise FormatError("this is not an NRRD file, whatever its name says")
    end = re.search(rb"\n\r?\n", content)
    lines = content[: end.start() if end else len(content)].decode("latin-1")
    fields = {}
    for line in lines.splitlines()[1:]:
        name, colon, value = line.partition(":")
        if line.startswith("#") or not colon or value.startswith("="):
            continue  # a comment, or free text of the writer's
        name = {"datafile": "data file", "lineskip": "line skip"}.get(
            name.strip().lower(), name.strip().lower()
        )
        fields["byte skip" if name == "byteskip" else name] = value.strip()
    if end is None and "data file" not in fields:
        raise FormatError("the NRRD header has no end; the file is cut short")
    return fields, end.end() if end else len(content)


def _stored_as(fields: dict[str, str]) -> np.dtype:
    kind = _KINDS.get(re.sub(r"(short|long) int$", r"\1", fields["type"].lower()))
    if kind is None:
        raise FormatError("the NRRD header's type is no number that we read")
    order = {"big": ">", "little": "<"}.get(fields.get("endian", "").lower())
    written = _ENCODINGS.get(fields["encoding"].lower()) == "text"
    if order is None and kind[1] != "1" and not written:
        raise FormatError("the NRRD header does not say its byte order (endian)")
    return np.dtype(f"{order or '<'}{kind}")


def _lines_skipped(path: Path, first: int, count: int) -> int:
    if count <= 0:
        return 0
    with path.open("rb") as stream:
        stream.seek(first)
        return sum(len(stream.readline(2**16)) for _ in range(min(count, 10_000)))


# Axes and place


def _refuse_other_units(fields: dict[str, str]) -> None:
    """Refuse lengths that are no millimetres: readers drop this line in silence."""
    for name in ("space units", "units"):
        text = fields.get(name, "")
        units = re.findall(r'"([^"]*)"', text) or text.split()
        for unit in units:
            word = unit.strip().lower()
            if word not in (*_MILLIMETRES, *_NO_UNIT):
                said = (
                    "microns" if word in ("um", "µm", "micron", "microns") else "not mm"
                )
                raise GeometryError(
                    f"the header's {name} are {said}, we read millimetres; convert the "
                    'directions, origin and spacing and write "mm"'
                )


def _named(unit: str) -> str:
    return "microns" if unit in ("um", "µm", "micron", "microns") else "not mm"


def _axes(fields: dict[str, str]) -> list[_Axis]:
    lengths = [int(word) for word in fields["sizes"].split()]
    count = int(fields["dimension"])
    directions = _directions(fields.get("space directions"), count)
    edges = number_list(fields.get("spacings", "nan " * count))
    kinds = fields.get("kinds", "domain " * count).lower().split()
    if {len(lengths), len(directions), len(edges), len(kinds)} != {count}:
        raise FormatError("the NRRD header's lists have different lengths; repair it")
    axes = [
        _Axis(*parts) for parts in zip(lengths, directions, edges, kinds, strict=True)
    ]
    spaced = "space directions" in fields
    inner = [
        axis
        for axis in axes
        if axis.kind not in _PLACES or (spaced and axis.direction is None)
    ]
    several = [axis for axis in inner if axis.length > 1]
    if several:
        raise FormatError(
            f"each voxel holds {several[0].length} values (an axis of kind "
            "vector, colour or time); save one number a voxel, one volume a file"
        )
    return [axis for axis in axes if axis not in inner]


def _directions(text: str | None, count: int) -> list[tuple[float, ...] | None]:
    if text is None:
        return [None] * count
    found = re.findall(r"\(([^)]*)\)|(none)", text, re.IGNORECASE)
    return [None if none else _vector(inside) for inside, none in found]


def _vector(inside: str) -> tuple[float, ...]:
    return tuple(float(part) for part in inside.split(","))


def _place(
    fields: dict[str, str], axes: list[_Axis], shape: tuple[int, int, int]
) -> tuple[Affine | None, bool, tuple[str, ...]]:
    """Affine or None, whether the sides are known, and what is worth telling."""
    directions = [axis.direction for axis in axes if axis.direction is not None]
    if len(directions) < len(axes):
        return _unplaced([axis.edge for axis in axes], shape)
    signs = _TO_RAS.get(fields.get("space", "").lower().removesuffix("-time"))
    if signs is None or any(len(direction) != 3 for direction in directions):
        return _unplaced([float(np.linalg.norm(d)) for d in directions], shape)
    affine = np.eye(4)
    affine[:3, :3] = 0
    affine[:3, : len(directions)] = np.array(directions).T
    if "space origin" in fields:
        affine[:3, 3] = _vector(fields["space origin"].strip(" ()"))
    notes: tuple[str, ...] = ()
    if len(directions) == 2:
        affine, notes = thickened(affine, LONE_SLICE_MM), (LONE_SLICE_NOTE,)
    affine = np.diag([*signs, 1.0, 1.0]) @ affine
    if not spans_space(affine):
        raise GeometryError(
            "the header's space directions are singular: they place every voxel on "
            "one plane or point; repair the header"
        )
    return affine, True, notes


def _unplaced(
    edges: list[float], shape: tuple[int, int, int]
) -> tuple[Affine | None, bool, tuple[str, ...]]:
    affine, notes = edges_only(edges, shape[2])
    return affine, False, notes
