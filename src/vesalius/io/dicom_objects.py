"""DICOM objects: which of them each verb's answer becomes."""

from collections.abc import Callable
from pathlib import Path

from vesalius.io.dicom_derive import derive
from vesalius.io.dicom_derive_source import Source
from vesalius.io.dicom_seg import write_segmentation
from vesalius.io.dicom_sr import write_findings
from vesalius.result import Result

SERIES = "dicom"
OUTLINE, FINDINGS = "segmentation.dcm", "findings.dcm"
HALF = 0.5
NO_OUTLINE = "No voxel is likely or possible tumour: there is no segmentation to write."
NO_FINDING = "There is no finding to write a structured report of."

Notes = tuple[str, ...]
Writer = Callable[[Result, Source, Path], Notes]


def write_objects(result: Result, source: Source, place: Path) -> Notes:
    """Write what a verb found as the DICOM objects made for it.

    Args:
        result: With a picture.
        source: The series it was made from.
        place: A folder.

    Returns:
        What is worth telling, one sentence each.

    Raises:
        ConfigError: The series is enhanced, and the object is not written for such.
        OutputError: The intensities do not fit 16 bits.
        OSError: The folder cannot be written.
    """
    return WRITERS.get(result.provenance.task, _series)(result, source, place)


def _series(result: Result, source: Source, place: Path) -> Notes:
    """The picture, as a derived series of images."""
    (place / SERIES).mkdir()
    derive(result, source, place / SERIES)
    return ()


def _outlined(result: Result, source: Source, place: Path) -> Notes:
    """The outline as SEG, its pieces as SR."""
    notes: Notes = ()
    picture, spread = result.picture, result.spread
    likely = picture is not None and bool((picture.voxels > HALF).any())
    possible = spread is not None and bool((spread.voxels > 0).any())
    if likely or possible:
        write_segmentation(result, source, place / OUTLINE)
    else:
        notes = (NO_OUTLINE,)
    return (*notes, *_listed(result, source, place))


def _listed(result: Result, source: Source, place: Path) -> Notes:
    """The findings as SR."""
    if not result.findings:
        return (NO_FINDING,)
    write_findings(result, source, place / FINDINGS)
    return ()


WRITERS: dict[str, Writer] = {"segment": _outlined, "detect": _listed}
