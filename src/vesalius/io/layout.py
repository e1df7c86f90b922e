"""Layout: what the text header of NRRD or MetaImage says about the bytes after it."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vesalius.errors import FormatError
from vesalius.io.place import Affine

LONGEST_HEADER = 2**20


@dataclass(frozen=True, eq=False)
class Layout:
    """How the voxels are stored, and where in the body they lie.

    Attributes:
        shape: Length of the three axes; the first runs fastest.
        kind: How one voxel is stored.
        encoding: "raw", "gzip", "bzip2", "zlib", "text" or "hex".
        voxel_path: The file that holds them, perhaps the header's own.
        start: Bytes before them there; None where they end with the file.
        skipped: Bytes to drop after inflating.
        affine: To RAS+ millimetres; None where the header has no spacing.
        sides_known: Whether the header says which side is left.
        modality: DICOM's term; None where the header has none.
        notes: What is worth telling.
    """

    shape: tuple[int, int, int]
    kind: np.dtype
    encoding: str
    voxel_path: Path
    start: int | None
    skipped: int
    affine: Affine | None
    sides_known: bool
    modality: str | None = None
    notes: tuple[str, ...] = ()


def header_bytes(path: Path) -> bytes:
    """Read what can be a header; the rest of the file stays on disk."""
    with path.open("rb") as stream:
        return stream.read(LONGEST_HEADER)


def detached(header_path: Path, named: str) -> Path:
    """Find the voxels that a header points at.

    Raises:
        FormatError: They are several files, in another folder, or not there.
    """
    if "%" in named or named.split()[0].upper() == "LIST":
        raise FormatError(
            "the header points at one file a slice; save the volume as one file"
        )
    plain = Path(named.removeprefix("./"))
    if plain.name != str(plain) or "\\" in named:
        raise FormatError(
            "the header points at voxels in another folder; put the two files side by "
            "side and name the other without its folder"
        )
    if not (header_path.parent / plain).is_file():
        raise FormatError(
            f"the file with the voxels is missing ({plain.suffix or 'no ending'}); "
            "put it beside the header"
        )
    return header_path.parent / plain


def number_list(text: str) -> list[float]:
    """Read numbers with a decimal point, whatever the locale of this machine."""
    return [float(word) for word in text.split()]


def text_voxels(content: bytes, kind: np.dtype, encoding: str) -> io.BytesIO:
    """Turn voxels written as text into the bytes they stand for."""
    if encoding == "hex":
        return io.BytesIO(bytes.fromhex(content.decode("ascii")))
    return io.BytesIO(np.array(content.split(), np.float64).astype(kind).tobytes())
