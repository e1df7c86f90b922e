"""DICOM kinds: which objects are images, and what to call those that are not."""

from pydicom.dataset import Dataset
from pydicom.uid import UID

from vesalius.errors import FormatError
from vesalius.io.archives import StoredFile
from vesalius.io.dicom_fields import term

_STORAGE = "1.2.840.10008.5.1.4.1.1."
SECONDARY_CAPTURE = (f"{_STORAGE}7",)

# SOP classes by the start of their UID (PS3.4 B.5), the longest start first.
_NO_IMAGE = {
    "1.2.840.10008.1.3.10": "a media directory (DICOMDIR)",
    f"{_STORAGE}66.4": "a segmentation (SEG)",
    f"{_STORAGE}66.7": "a segmentation (SEG)",
    f"{_STORAGE}66.5": "a surface",
    f"{_STORAGE}66.6": "a tractogram",
    f"{_STORAGE}66": "raw or registration data",
    f"{_STORAGE}67": "a table of real-world values",
    f"{_STORAGE}68": "a surface",
    f"{_STORAGE}30": "a parametric map",
    f"{_STORAGE}481.2": "a dose (RTDOSE)",
    f"{_STORAGE}481.3": "contours (RTSTRUCT)",
    f"{_STORAGE}481.1": "",  # an RT image is one
    f"{_STORAGE}481": "a radiotherapy plan or record",
    f"{_STORAGE}77.1.6": "a microscope slide",
    f"{_STORAGE}88": "a report (SR)",
    f"{_STORAGE}11": "a presentation state",
    f"{_STORAGE}9": "a waveform",
    f"{_STORAGE}104": "a document",
    f"{_STORAGE}91": "annotations",
    f"{_STORAGE}4.2": "spectra",
}
_NO_IMAGE_BY_MODALITY = {
    "SEG": "a segmentation (SEG)",
    "RTDOSE": "a dose (RTDOSE)",
    "RTSTRUCT": "contours (RTSTRUCT)",
    "RTPLAN": "a radiotherapy plan or record",
    "SR": "a report (SR)",
    "PR": "a presentation state",
    "KO": "a selection of images (KO)",
    "DOC": "a document",
    "REG": "raw or registration data",
    "ECG": "a waveform",
    "ANN": "annotations",
    "SM": "a microscope slide",
}
NO_PIXELS = "a DICOM object without an image"

_SHADOWS = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
_OTHER_NAMES = {".xml": "an XML file", ".txt": "a text file", ".json": "a JSON file"}


def other_file(file: StoredFile) -> str | None:
    """Name a file that its name alone tells is no image; None where it may be one."""
    if any(part in _SHADOWS for part in file.parts):
        return "a shadow file of the system's"
    if file.name.startswith("."):
        return "a hidden file"
    if file.name.upper() == "DICOMDIR":
        return "a media directory (DICOMDIR)"
    return None


def foreign_file(file: StoredFile) -> str:
    """Name a file that does not start as DICOM does."""
    suffix = file.name[file.name.rfind(".") :].lower()
    return _OTHER_NAMES.get(suffix, "a file that is not DICOM")


def no_image(header: Dataset) -> str | None:
    """Name an object that is no image; None for an image.

    Args:
        header: With SOPClassUID, Modality, Rows and Columns, where it has them.

    Raises:
        FormatError: It should be one, and has neither rows nor columns.
    """
    sop_class = _sop_class(header)
    starts = [
        start
        for start in _NO_IMAGE
        if sop_class == start or sop_class.startswith(start + ".")
    ]
    name = _NO_IMAGE[max(starts, key=len)] if starts else ""
    name = name or _NO_IMAGE_BY_MODALITY.get(term(header, "Modality"), "")
    if name:
        return name
    if "Rows" in header and "Columns" in header:
        return None
    if UID(sop_class).name.endswith("Image Storage"):
        raise FormatError(
            "it ends before its image starts: it is cut short; copy it again"
        )
    return NO_PIXELS


def is_secondary_capture(header: Dataset) -> bool:
    """Whether this is a screenshot or a scanned page, not what a scanner measured."""
    sop_class = _sop_class(header)
    return any(
        sop_class == start or sop_class.startswith(start + ".")
        for start in SECONDARY_CAPTURE
    )


def counted(counts: dict[str, int]) -> str:
    """Say how many there are of each kind, "2 x a report (SR), 1 x an XML file"."""
    return ", ".join(f"{number} x {kind}" for kind, number in sorted(counts.items()))


def _sop_class(header: Dataset) -> str:
    """A directory says what it is in the file meta alone."""
    return term(header, "SOPClassUID") or term(
        header.file_meta, "MediaStorageSOPClassUID"
    )
