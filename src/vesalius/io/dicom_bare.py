"""Bare DICOM: series as they came, but for every word about their patient."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from vesalius.errors import FormatError, ScanError
from vesalius.io.archives import StoredFile
from vesalius.io.damage import damage_named
from vesalius.io.dicom_fields import whole
from vesalius.io.dicom_files import (
    called,
    dicom_start,
    open_files,
    read_header,
    read_pixels,
)
from vesalius.io.dicom_identity import bare_meta, named, set_apart

MOST_FILES = 20_000
MOST_FRAMES = 20_000
MOST_PIXELS = 2**31  # bytes of one file, decoded
BITS = 8


@dataclass(frozen=True, repr=False)
class Bare:
    """One series, written without a word about its patient; never shown by `repr`.

    Attributes:
        folder: Its files, in order of those they were made of.
        uid: SeriesInstanceUID.
        identity: The patient's name, number and birth date.
        taken: What was taken out of its first file, for `joined`.
    """

    folder: Path
    uid: str
    identity: tuple[str, str, str]
    taken: str


def write_bare(path: Path, out: Path) -> tuple[Bare, ...]:
    """Write the image series at a place without their patient's identity.

    Args:
        path: A DICOM file, a folder or a zip.
        out: A folder; each series gets one in it.

    Returns:
        The series, in order of their first file.

    Raises:
        ScanError: There is no DICOM image, or files of several patients.
        FormatError: A file is damaged, or larger than any scan.

    Limits:
        Words in the pixels stay. Files that are no DICOM image (a list of contents,
        a report) are left out.
    """
    made: dict[str, Bare] = {}
    counts: dict[str, int] = {}
    with damage_named("a file of the scan"), open_files(path) as files:
        if len(files) > MOST_FILES:
            raise FormatError(
                f"{len(files)} files are more than any scan has: send the scan alone"
            )
        for header in _images(files):
            uid = str(header.get("SeriesInstanceUID") or "")
            bare, taken = set_apart(header)
            if uid not in made:
                folder = out / f"series-{len(made)}"
                folder.mkdir(parents=True)
                made[uid] = Bare(folder, uid, named(header), taken)
            _refuse_two_patients(made[uid].identity, named(header))
            counts[uid] = counts.get(uid, 0) + 1
            file = made[uid].folder / f"{counts[uid]:05d}.dcm"
            bare.save_as(file, enforce_file_format=True)
    if not made:
        raise ScanError("there is no DICOM image in what was sent; send a scan")
    first, *others = made.values()
    for other in others:
        _refuse_two_patients(first.identity, other.identity)
    return tuple(made.values())


def _images(files: tuple[StoredFile, ...]) -> Iterator[Dataset]:
    for number, file in enumerate(files, 1):
        if dicom_start(file) is None:
            continue
        header, pixels = read_header(file)
        if pixels is None or not whole(header, "Rows"):
            continue
        most = _decoded(header)
        if most > MOST_PIXELS:
            raise FormatError(
                f"{called(file, number, len(files))} would have {most} bytes of pixels,"
                " more than any scan: it is damaged, or made to fill the memory"
            )
        read = read_pixels(file, None, most)
        read.file_meta = bare_meta(read)
        yield read


def _decoded(header: Dataset) -> int:
    """Return how many bytes the pixels take, decoded."""
    frames = whole(header, "NumberOfFrames") or 1
    if frames > MOST_FRAMES:
        raise FormatError(f"{frames} frames are more than any scan has")
    depth = -(-(whole(header, "BitsAllocated") or 16) // BITS)
    sides = (whole(header, "Rows") or 0) * (whole(header, "Columns") or 0)
    return frames * depth * sides * (whole(header, "SamplesPerPixel") or 1)


def _refuse_two_patients(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    if one[1] != other[1] or one[0] != other[0]:
        raise ScanError("there are files of two patients: send each patient alone")
