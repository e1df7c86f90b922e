"""Derived across modalities: the header of a CT made from MR, or of an MR from CT.

What the source's scanner did says nothing about a picture no scanner took. So the
patient, the study and the place stay, and the acquisition goes.
"""

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage

from vesalius.io.dicom_derive_frames import SINGLE
from vesalius.result import Provenance

_ACQUISITION = 0x0018  # the group that tells how a scanner was set
_STILL_TRUE = {  # of that group: what the picture shows, and how it lies
    "BodyPartExamined",
    "PatientPosition",
    "SliceThickness",
    "SpacingBetweenSlices",
}
_SCANNERS_OWN = (
    "ManufacturerModelName",
    "StationName",
    "TemporalPositionIdentifier",
    "NumberOfTemporalPositions",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
)
LONGEST_LO = 64


def crosses(header: Dataset, modality: str) -> bool:
    """Whether a picture is of another modality than the header it starts from.

    Args:
        header: Of CT Image or MR Image Storage.
        modality: Of the picture.
    """
    return modality in SINGLE and header.SOPClassUID != SINGLE[modality]


def cross(header: Dataset, modality: str, made_by: Provenance) -> None:
    """Turn a copied header into one of another modality.

    Args:
        header: From `handed_on`; changed in place.
        modality: "CT" or "MR", the picture's.
        made_by: What made the picture.
    """
    for element in list(header):
        if element.tag.group == _ACQUISITION and element.keyword not in _STILL_TRUE:
            del header[element.tag]
    for keyword in _SCANNERS_OWN:
        if keyword in header:
            delattr(header, keyword)
    header.SOPClassUID, header.Modality = SINGLE[modality], modality
    header.Manufacturer = "Vesalius"
    header.ManufacturerModelName = (made_by.model or made_by.task)[:LONGEST_LO]
    header.SoftwareVersions = made_by.version[:LONGEST_LO]
    header.AcquisitionNumber = None
    header.PhotometricInterpretation = "MONOCHROME2"
    plane = "AXIAL" if header.SOPClassUID == CTImageStorage else "OTHER"
    header.ImageType = ["DERIVED", "SECONDARY", plane]
    if header.SOPClassUID == MRImageStorage:
        # A sequence nobody has run: "research mode" (PS3.3 C.8.3.1.1).
        header.ScanningSequence, header.SequenceVariant = "RM", "NONE"
