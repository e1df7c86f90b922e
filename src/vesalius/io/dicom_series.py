"""DICOM series: which lie at a place, and which one is meant."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vesalius.errors import FormatError, ScanError, SeriesError, VesaliusError
from vesalius.io.dicom_files import open_files
from vesalius.io.dicom_geometry import Stack, stacked
from vesalius.io.dicom_kinds import counted
from vesalius.io.dicom_survey import Image, Survey, survey
from vesalius.io.formats import WE_READ

CAPTURE = "a secondary capture"
OTHER_SERIES = "an image of another series"


@dataclass(frozen=True)
class SeriesEntry:
    """One series at a place, as a list shows it; no patient text.

    Attributes:
        uid: SeriesInstanceUID, what `--series` takes; empty where it has none.
        modality: DICOM's term; empty where the file has none.
        description: SeriesDescription; empty if it might name somebody.
        slices: How many images, frames counted one by one.
        rows: Height of the first in pixels.
        columns: Its width.
        spacing_mm: Along column index, row index and slices; None where not known.
        readable: Whether it is one volume.
        reason: Why not; empty if it is.
    """

    uid: str
    modality: str
    description: str
    slices: int
    rows: int
    columns: int
    spacing_mm: tuple[float, float, float] | None
    readable: bool
    reason: str


@dataclass(frozen=True, eq=False)
class Chosen:
    """The images of one series in order.

    Attributes:
        images: The files they come from.
        stack: Their slices in order, and their place.
        notes: What was left out.
    """

    images: tuple[Image, ...]
    stack: Stack
    notes: tuple[str, ...]


def list_series(path: str | Path) -> tuple[SeriesEntry, ...]:
    """List the DICOM series at a place, readable or not; no pixels are read.

    Args:
        path: A folder, searched at any depth, a file or a zip.

    Returns:
        One entry a series, in the order of their first file's name.

    Raises:
        ScanError: The place cannot be opened, or there is no DICOM image.

    Example:
        >>> import tempfile
        >>> list_series(tempfile.mkdtemp())
        Traceback (most recent call last):
        vesalius.errors.ScanError: the folder is empty; give the one that holds the scan
    """
    with open_files(_existing(Path(path))) as files:
        found = survey(files)
    if not found.images:
        _refuse_nothing(found)
    return tuple(_entry(images) for images in _by_series(found.images).values())


def choose(found: Survey, series: str | None) -> Chosen:
    """Choose the series that is meant, and put its slices in order.

    Args:
        found: What lies at the place.
        series: Its SeriesInstanceUID; None where there is only one.

    Raises:
        SeriesError: There are several and none is named, or not the one named.
        FormatError: There is no image, or a file is damaged.
        GeometryError: The images are no volume.
    """
    if found.broken:
        more = len(found.broken) - 1
        also = f" ({more} more like it)" if more else ""
        raise FormatError(f"{found.broken[0]}{also}")
    if not found.images:
        _refuse_nothing(found)
    groups = _by_series(found.images)
    measured = {
        uid: images
        for uid, images in groups.items()
        if not all(image.is_capture for image in images)
    }
    uid = _meant(groups, measured or groups, series)
    images = _without_captures(groups[uid])
    others = Counter(found.others)
    captures = sum(image.is_capture for image in found.images) - sum(
        image.is_capture for image in images
    )
    others[CAPTURE] += captures
    others[OTHER_SERIES] += len(found.images) - len(images) - captures
    return Chosen(tuple(images), planned(images), _left_out(+others))


def planned(images: Sequence[Image]) -> Stack:
    """Put the slices of one series in order, or say why they are no volume.

    Raises:
        FormatError: An image is no grey picture of a modality we read.
        GeometryError: The slices are no block.
    """
    faulty = [image for image in images if image.fault]
    if faulty:
        if len(images) == 1:
            who = "this DICOM image"
        elif len(faulty) == len(images):
            who = "the series"
        else:
            who = f"{len(faulty)} of {len(images)} images of the series"
        raise FormatError(f"{who} cannot be used: {faulty[0].fault}")
    modalities = {image.modality for image in images}
    if len(modalities) > 1:
        raise FormatError(
            f"the series holds images of {len(modalities)} modalities; give those of "
            "one alone"
        )
    return stacked([frame for image in images for frame in image.frames])


# Groups


def _by_series(images: Sequence[Image]) -> dict[str, list[Image]]:
    groups: dict[str, list[Image]] = defaultdict(list)
    for image in images:
        groups[image.series_uid].append(image)
    return groups


def _without_captures(images: list[Image]) -> list[Image]:
    measured = [image for image in images if not image.is_capture]
    return measured or images


def _meant(
    groups: dict[str, list[Image]], measured: dict[str, list[Image]], series: str | None
) -> str:
    if series is not None and series.strip() in groups:
        return series.strip()
    if series is None and len(measured) == 1:
        return next(iter(measured))
    table = _table([_entry(images) for images in groups.values()])
    if series is not None:
        raise SeriesError(
            f"none of the {len(groups)} series here has the UID that was given; take "
            "one from the list (`vesalius series` prints it too)",
            table,
        )
    raise SeriesError(
        f"{len(measured)} series lie here and one scan is read at a time; name one "
        'with --series UID (series="UID" in Python)',
        table,
    )


def _entry(images: list[Image]) -> SeriesEntry:
    images = _without_captures(images)
    first = images[0]
    spacing, reason = None, ""
    try:
        affine = planned(images).affine
        if affine is not None:
            i, j, k = np.linalg.norm(affine[:3, :3], axis=0)
            spacing = (float(i), float(j), float(k))
    except VesaliusError as error:
        reason = str(error)
    return SeriesEntry(
        uid=first.series_uid,
        modality=first.modality,
        description=first.description,
        slices=sum(image.count for image in images),
        rows=first.rows,
        columns=first.columns,
        spacing_mm=spacing,
        readable=not reason,
        reason=reason,
    )


def _table(entries: list[SeriesEntry]) -> str:
    """One line a series: UID, modality, description, slices, size, spacing."""
    lines = [("UID", "modality", "description", "slices", "size", "spacing (mm)", "")]
    for entry in entries:
        spacing = " x ".join(f"{edge:.4g}" for edge in entry.spacing_mm or ())
        size = f"{entry.columns} x {entry.rows}"
        lines.append(
            (
                entry.uid or "(none)",
                entry.modality,
                entry.description,
                str(entry.slices),
                size,
                spacing,
                entry.reason,
            )
        )
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


# Words


def _left_out(others: Counter[str]) -> tuple[str, ...]:
    if not others:
        return ()
    return (f"Left out, as no image of this series: {counted(others)}.",)


def _refuse_nothing(found: Survey) -> None:
    if found.broken:
        raise FormatError(found.broken[0])
    if len(found.files) == 1:
        kind = next(iter(found.others))
        raise FormatError(f"this is no scan but {kind}; we read {WE_READ}")
    raise FormatError(
        f"no scan lies here, only {counted(found.others)}; we read {WE_READ}"
    )


def _existing(path: Path) -> Path:
    if not path.exists():
        raise ScanError(
            "there is no file or folder at this path; check its spelling and its "
            "permissions"
        )
    return path
