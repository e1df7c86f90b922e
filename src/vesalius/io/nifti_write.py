"""NIfTI out: a volume to one file, the same bytes for the same volume."""

import gzip
import io
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from vesalius.errors import FormatError
from vesalius.io.damage import damage_named
from vesalius.io.streams import open_plain
from vesalius.volume import Volume

Codes = tuple[int, int]  # of the sform and of the qform

SCANNER, UNKNOWN = 1, 0
DESCRIPTION = b"Vesalius AI output, research use"
LEAN_MM = 0.01  # a qform further off than this has lost a shear
FAST = 1  # level 6 takes a quarter longer and saves one byte in a hundred
_MOST_IN_NIFTI_1 = 2**15 - 1  # voxels along an axis
_MILLIMETRES = 2
_CODES_AT = {348: (252, 2), 540: (344, 4)}  # qform code, the sform's follows it


@dataclass(frozen=True)
class Scale:
    """How intensities are kept as whole numbers: `slope` times those, plus `offset`.

    Attributes:
        kind: NumPy's word for the whole numbers: "<u1", "<i2" or "<u2".
        slope: Above 0, as the header keeps it: a 32-bit number.
        offset: Likewise.
    """

    kind: str
    slope: float = 1.0
    offset: float = 0.0


def write_nifti(
    volume: Volume,
    path: Path,
    *,
    codes: Codes | None = None,
    description: bytes = b"",
    labels: bool = False,
) -> None:
    """Write a volume as float32 or labels, its affine in the sform and the qform.

    Nothing but numbers and `description` stands in the header, and the compressed
    file holds neither a name nor a time.

    Args:
        volume: Voxels and their place.
        path: Ends in `.nii` or `.nii.gz`.
        codes: Of sform and qform, those of the input; None where it had none: then
            "scanner", or "unknown" where nobody knows which side is left.
        description: At most 79 bytes, for people; no patient text.
        labels: Write 8-bit whole numbers: the voxels are 0 to 255, none between.

    Raises:
        FormatError: The name has another ending.
        OSError: It cannot be written.

    Limits:
        A qform has no room for axes that are not at right angles: there it is the
        nearest turn, coded "unknown" unless `codes` says otherwise.
    """
    kind = "<u1" if labels else "<f4"
    header = _header(volume, codes, description, Scale(kind))
    with path.open("wb") as file, _packed(file, path, FAST) as stream:
        stream.write(header)
        stream.write(bytes(4))  # no extensions
        for k in range(volume.voxels.shape[2]):
            stream.write(np.asarray(volume.voxels[:, :, k].T, kind).tobytes())


def write_scaled(
    volume: Volume, path: Path, scale: Scale, *, level: int = FAST
) -> None:
    """Write a volume as whole numbers and what turns those into intensities.

    Args:
        volume: Voxels and their place.
        path: Ends in `.nii` or `.nii.gz`.
        scale: What is out of its range becomes the nearest that is in it.
        level: Of compression, 1 to 9.

    Raises:
        FormatError: The name has another ending.
        OSError: It cannot be written.

    Limits:
        An intensity is off by half a slope at most, beside what is out of range.
    """
    most = np.iinfo(np.dtype(scale.kind))
    header = _header(volume, None, b"", scale)
    with path.open("wb") as file, _packed(file, path, level) as stream:
        stream.write(header)
        stream.write(bytes(4))  # no extensions
        for k in range(volume.voxels.shape[2]):
            whole = np.rint((volume.voxels[:, :, k].T - scale.offset) / scale.slope)
            stored = np.clip(whole, most.min, most.max).astype(scale.kind)
            stream.write(np.ascontiguousarray(stored).tobytes())


def codes_of(path: Path) -> Codes:
    """Return the codes of sform and qform of a NIfTI file, or of a pair.

    Args:
        path: A file that `read_nifti` reads.

    Raises:
        FormatError: It is damaged.
    """
    with damage_named("the NIfTI file"):
        with open_plain(_header_file(path)) as stream:
            content = stream.read(max(_CODES_AT))
        for order in ("little", "big"):
            length = int.from_bytes(content[:4], cast(Any, order))
            if length in _CODES_AT:
                at, size = _CODES_AT[length]
                qform, sform = (
                    int.from_bytes(content[i : i + size], cast(Any, order), signed=True)
                    for i in (at, at + size)
                )
                return max(sform, 0), max(qform, 0)
    raise FormatError("this is not a NIfTI file, whatever its name says")


def _header_file(path: Path) -> Path:
    """Where the codes stand: for the half of a pair that holds voxels, the other."""
    at = path.name.lower().rfind(".img")
    if at < 0:
        return path
    stem = path.name[:at]
    others = path.parent.glob("*")
    found = [other for other in others if other.name.lower().startswith(stem.lower())]
    return next(
        (other for other in found if ".hdr" in other.name[at:].lower()),
        path,
    )


def _header(
    volume: Volume, codes: Codes | None, description: bytes, scale: Scale
) -> bytes:
    large = max(volume.voxels.shape) > _MOST_IN_NIFTI_1
    header = (Nifti2Header if large else Nifti1Header)(endianness="<")
    header.set_data_shape(volume.voxels.shape)
    header.set_data_dtype(np.dtype(scale.kind))
    header.set_slope_inter(scale.slope, scale.offset)
    header["xyzt_units"] = _MILLIMETRES
    header["descrip"] = description
    sform, qform = codes or _usual_codes(volume)
    header.set_qform(volume.affine, code=qform)
    header.set_sform(volume.affine, code=sform)
    if codes is None and _leans(header, volume):
        header["qform_code"] = UNKNOWN
    header["vox_offset"] = header.single_vox_offset
    header["magic"] = header.single_magic
    return header.binaryblock


def _usual_codes(volume: Volume) -> Codes:
    return (SCANNER, SCANNER) if volume.sides_known else (UNKNOWN, UNKNOWN)


def _leans(header: Any, volume: Volume) -> bool:
    corner = np.array([*volume.voxels.shape, 1.0])
    apart = (header.get_qform() - volume.affine) @ corner
    return bool(np.abs(apart).max() > LEAN_MM)


def _packed(
    file: IO[bytes], path: Path, level: int
) -> AbstractContextManager[IO[bytes]]:
    if path.name.lower().endswith(".nii.gz"):
        packed = gzip.GzipFile("", "wb", level, cast(io.BufferedWriter, file), mtime=0)
        return cast(AbstractContextManager[IO[bytes]], packed)
    if path.suffix.lower() == ".nii":
        return nullcontext(file)
    raise FormatError(f"{path.suffix or 'no ending'} is no format we write: .nii.gz")
