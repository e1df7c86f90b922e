"""NIfTI: one file or a pair, compressed or not, to voxels with a place."""

from pathlib import Path
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError

from vesalius.errors import FormatError, GeometryError
from vesalius.io.carried import Carried
from vesalius.io.damage import damage_named
from vesalius.io.place import (
    LONE_SLICE_MM,
    Affine,
    edges_only,
    spans_space,
    thickened,
    three_axes,
)
from vesalius.io.streams import (
    bytes_in,
    open_plain,
    read_voxels,
    refuse_too_many,
    rounding_notes,
    skip,
)

_HEADERS: dict[int, tuple[type[Nifti1Header], int]] = {
    348: (Nifti1Header, 352),  # bytes of the header, and where voxels may start
    540: (Nifti2Header, 544),
}
_LENGTH_UNITS = {1: "metres", 3: "microns"}  # 2 is millimetres, 0 unknown
_NOT_INTENSITIES = {
    1: "one bit a voxel",
    32: "complex numbers",
    128: "RGB colour",
    1792: "complex numbers",
    2048: "complex numbers",
    2304: "RGBA colour",
}
_CIFTI_INTENTS = range(3000, 3100)
_SURFACE_INTENTS = (1008, 1009, *range(2001, 2006))
DISAGREEMENT_MM = 1.0  # between sform and qform at a corner: less is rounding


def read_nifti(path: Path) -> Carried:
    """Read a NIfTI-1 or NIfTI-2 file, or a pair of `.hdr` and `.img`.

    The place comes from the sform if that is coded and not singular, else from the
    qform. Where neither is coded the spacing is kept and the sides are unknown.
    Slope and offset of the header are applied. Modality and contrast are never in
    such a file, and no free text of its header is read.

    Args:
        path: The file; for a pair, either of the two.

    Returns:
        What the file carries; its affine in RAS+ millimetres.

    Raises:
        FormatError: It is damaged, or holds something else than intensities.
        GeometryError: It holds several volumes, or its place is unusable.
        ScanError: It is too large.
    """
    with damage_named("the NIfTI file"):
        header_path = _header_of(path)
        header, first_voxel = _header(header_path)
        _refuse_other_contents(header)
        shape, kind = _shape(header), _kind(header)
        slope, intercept = _scaling(header)
        affine, sides_known, notes = _place(header, shape)
        if header["magic"].item()[1:2] == b"+":
            voxel_path, start = header_path, _offset(header, least=first_voxel)
        else:
            voxel_path, start = _partner(header_path, ".img"), _offset(header, least=0)
        refuse_too_many(shape, kind.itemsize, bytes_in(voxel_path))
        with open_plain(voxel_path) as stream:
            skip(stream, start)
            voxels = read_voxels(stream, shape, kind, slope=slope, intercept=intercept)
    return Carried(
        voxels=voxels,
        affine=affine,
        units=None,
        modality=None,
        contrast=None,
        sides_known=sides_known,
        padding=None,
        notes=(*notes, *rounding_notes(voxels, kind)),
    )


# Which file, and is it one


def _header_of(path: Path) -> Path:
    if ".img" not in [suffix.lower() for suffix in path.suffixes[-2:]]:
        return path
    return _partner(path, ".hdr")


def _partner(path: Path, wanted: str) -> Path:
    """Find the other file of a pair, by its name without endings."""
    have = ".img" if wanted == ".hdr" else ".hdr"
    at = path.name.lower().rfind(have)
    stem = path.name[:at].lower() if at > 0 else path.stem.lower()
    names = {f"{stem}{wanted}{ending}" for ending in ("", ".gz", ".bz2", ".zst")}
    found = sorted(
        other for other in path.parent.iterdir() if other.name.lower() in names
    )
    if not found:
        raise FormatError(
            f"the {wanted} file that belongs to this {have} is missing; put the two "
            "side by side under one name"
        )
    return found[0]


def _header(path: Path) -> tuple[Any, int]:
    """Read the header and say where voxels may start in a file of its kind."""
    with open_plain(path) as stream:
        content = stream.read(max(_HEADERS))
    for order in ("little", "big"):
        length = int.from_bytes(content[:4], order)
        if length in _HEADERS:
            break
    else:
        raise FormatError("this is not a NIfTI file, whatever its name says")
    maker, first_voxel = _HEADERS[length]
    header = maker(content[:length], "<" if order == "little" else ">", check=False)
    if header["magic"].item()[:3] not in (b"n+1", b"ni1", b"n+2", b"ni2"):
        raise FormatError(
            "an Analyze 7.5 header does not say which side is left; convert it to "
            "NIfTI with the tool that wrote it"
        )
    return header, first_voxel


def _refuse_other_contents(header: Any) -> None:
    intent, code = int(header["intent_code"]), int(header["datatype"])
    if intent in _CIFTI_INTENTS:
        raise FormatError("a CIFTI file holds grayordinates, not a volume of voxels")
    if intent in _SURFACE_INTENTS:
        raise FormatError("this NIfTI file holds a surface, not a volume of voxels")
    if code in _NOT_INTENSITIES:
        raise FormatError(
            f"the voxels are {_NOT_INTENSITIES[code]}, not intensities; save one "
            "real number a voxel"
        )
    unit = int(header["xyzt_units"]) & 7
    if unit not in (0, 2):
        raise GeometryError(
            f"the header gives lengths in {_LENGTH_UNITS.get(unit, 'an unknown unit')},"
            " we read millimetres; convert the affine and set the unit to mm"
        )


# What the header says


def _shape(header: Any) -> tuple[int, int, int]:
    axes = int(header["dim"][0])
    lengths = [int(length) for length in header["dim"][1 : axes + 1]]
    if not 1 <= axes <= 7:
        raise FormatError("the header's dimensions make no sense; the file is damaged")
    return three_axes(lengths)


def _kind(header: Any) -> np.dtype:
    kind = header.get_data_dtype()
    if kind.kind not in "iuf":
        raise FormatError(f"voxels of type {kind} are not intensities")
    return kind


def _scaling(header: Any) -> tuple[float, float]:
    """Slope and offset; a slope of 0 or NaN means that there is none (the standard)."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not np.isfinite(slope):
        return 1.0, 0.0
    if not np.isfinite(intercept):
        raise FormatError(
            "the header has a slope (scl_slope) but no usable offset (scl_inter); "
            "rewrite it with 0, or what it should be"
        )
    return slope, intercept


def _offset(header: Any, *, least: int) -> int:
    offset = float(header["vox_offset"])
    if offset == 0:
        return least
    if not offset >= least or offset != int(offset):
        raise FormatError("the header's vox_offset makes no sense; the file is damaged")
    return int(offset)


# Where it lies


def _place(
    header: Any, shape: tuple[int, int, int]
) -> tuple[Affine | None, bool, tuple[str, ...]]:
    """Affine or None, whether the sides are known, and what is worth telling."""
    coded = int(header["sform_code"]) > 0, int(header["qform_code"]) > 0
    edges = [abs(float(edge)) for edge in header["pixdim"][1:4]]
    if not any(coded):
        affine, notes = edges_only(edges, shape[2])
        return affine, False, notes
    flat = shape[2] == 1
    sform = _usable(_sform(header), edges, flat=flat) if coded[0] else None
    qform = _usable(_qform(header), edges, flat=flat) if coded[1] else None
    if sform is None and qform is None:
        raise GeometryError(
            "the header's affine is singular: sform and qform place every voxel on "
            "one plane or point; repair the header, or set both codes to 0"
        )
    if sform is None or qform is None:
        return (qform if sform is None else sform), True, ()
    corners = np.array([[0, 0, 0, 1], [*(np.array(shape) - 1), 1]]).T
    apart = float(np.abs((sform - qform) @ corners).max())
    if apart <= DISAGREEMENT_MM:
        return sform, True, ()
    note = f"The header's sform and qform differ by {apart:.0f} mm; the sform was used."
    return sform, True, (note,)


def _sform(header: Any) -> Affine:
    return np.asarray(header.get_sform(), np.float64)


def _qform(header: Any) -> Affine | None:
    if header["pixdim"][0] not in (-1, 1):
        header["pixdim"][0] = 1  # the standard's reading of 0
    try:
        return np.asarray(header.get_qform(), np.float64)
    except (ValueError, ArithmeticError, HeaderDataError):  # no unit quaternion
        return None


def _usable(affine: Affine | None, edges: list[float], *, flat: bool) -> Affine | None:
    """Return the affine if it spans space; a lone slice may lack its third axis."""
    if affine is not None and flat:
        affine = thickened(affine, edges[2] if edges[2] > 0 else LONE_SLICE_MM)
    return affine if affine is not None and spans_space(affine) else None
