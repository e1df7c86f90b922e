"""Derived from what: the series a picture was made from, found again and proven."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from vesalius.errors import ConfigError, ScanError
from vesalius.io.archives import StoredFile
from vesalius.io.damage import damage_named
from vesalius.io.dicom import read_dicom
from vesalius.io.dicom_derive_frames import FROM_FRAMES, SINGLE
from vesalius.io.dicom_fields import term, whole
from vesalius.io.dicom_files import open_files, read_header
from vesalius.io.dicom_header import Frame
from vesalius.io.dicom_series import SeriesEntry, choose, list_series
from vesalius.io.dicom_survey import survey
from vesalius.result import Result
from vesalius.volume import Volume

_TURNED = "inverted on reading"  # what reading notes when it turns a MONOCHROME1


@dataclass(frozen=True, eq=False)
class SourceSlice:
    """One slice of the series a picture was made from.

    Attributes:
        header: Everything but the pixels.
        frame: Which frame of a multi-frame image, from 0; None of a single one.
        slope: Intensity of one stored step.
        intercept: Intensity stored as 0.
    """

    header: Dataset
    frame: int | None
    slope: float
    intercept: float


@dataclass(frozen=True, eq=False)
class Source:
    """The series a picture was made from, in the order of its slices.

    Attributes:
        slices: As many as the picture has along k.
        scan: What reading it gives.
        mirror: Where white is low and reading turned it: what the file's intensity
            and the scan's add up to. None where it was not turned.
    """

    slices: tuple[SourceSlice, ...]
    scan: Volume
    mirror: float | None = None


def source_of(like: Path, result: Result) -> Source:
    """Find the series that a result was made from, by the fingerprint of its voxels.

    A volume holds no UID: so the series are read again, until one is the input.

    Args:
        like: Where the input was read from.
        result: With a picture.

    Returns:
        The series' headers in the order of the picture's slices.

    Raises:
        ConfigError: The series is of a kind we cannot derive one from.
        ScanError: No series there is the one the result was made from.
    """
    if result.picture is None:
        raise ConfigError("a withheld result has no picture to derive a series from")
    for entry in _candidates(list_series(like), result.picture):
        scan = _scan(like, entry.uid, result.picture)
        if scan.sha256 == result.provenance.input_sha256:
            slices = _slices(like, entry.uid or None)
            _refuse_underivable(slices)
            return Source(slices, scan, _mirror(slices, scan))
    raise ScanError(
        "no DICOM series at this place is the scan the result was made from (its "
        "voxels or their place differ), so none can be derived from it; give the very "
        "input, or write NIfTI (--format nifti)"
    )


def slices_at(like: Path) -> tuple[SourceSlice, ...]:
    """Return the slices of the one series at a place, on trust, in their order.

    Where a scan is kept under its digest, nothing needs to be proven again.

    Args:
        like: A place with one series.

    Raises:
        ConfigError: The series is of a kind we cannot derive one from.
        ScanError: There is no series, or there are several.
    """
    slices = _slices(like, None)
    _refuse_underivable(slices)
    return slices


def _candidates(
    entries: Sequence[SeriesEntry], picture: Volume
) -> tuple[SeriesEntry, ...]:
    return tuple(
        entry
        for entry in entries
        if entry.readable
        and (entry.columns, entry.rows, entry.slices) == picture.voxels.shape
    )


def _scan(like: Path, uid: str, picture: Volume) -> Volume:
    """Read a series; what its files do not say is as it was for the picture."""
    carried = read_dicom(like, uid or None)
    return Volume(
        voxels=carried.voxels,
        affine=picture.affine if carried.affine is None else carried.affine,
        units=carried.units or picture.units,
        modality=carried.modality or picture.modality,
        sides_known=carried.sides_known,
        padding=carried.padding,
        notes=carried.notes,
    )


def _slices(like: Path, uid: str | None) -> tuple[SourceSlice, ...]:
    with open_files(like) as files:
        frames = choose(survey(files), uid).stack.frames
        headers: dict[StoredFile, Dataset] = {}
        for frame in frames:
            if frame.file not in headers:
                with damage_named("a file of the series"):
                    headers[frame.file] = read_header(frame.file)[0]
    return tuple(_slice(headers[frame.file], frame) for frame in frames)


def _slice(header: Dataset, frame: Frame) -> SourceSlice:
    several = term(header, "SOPClassUID") in FROM_FRAMES
    return SourceSlice(
        header, frame.index if several else None, frame.slope, frame.intercept
    )


def _refuse_underivable(slices: Sequence[SourceSlice]) -> None:
    known = {*SINGLE.values(), *FROM_FRAMES}
    if any(term(one.header, "SOPClassUID") not in known for one in slices):
        raise ConfigError(
            "a derived DICOM series is made of CT and MR images, single or enhanced, "
            "and this source is another kind of object; write NIfTI (--format nifti)"
        )


def _mirror(slices: Sequence[SourceSlice], scan: Volume) -> float | None:
    if not any(_TURNED in note for note in scan.notes):
        return None
    first = slices[0]
    signed = whole(first.header, "PixelRepresentation") == 1
    ends = -1 if signed else 2 ** (whole(first.header, "BitsStored") or 16) - 1
    return first.slope * ends + 2 * first.intercept
