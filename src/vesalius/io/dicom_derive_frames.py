"""Derived from frames: one frame of an enhanced image as a single-frame image.

Single slices are what every archive and viewer takes, and what a reader of the derived
series expects beside them. Elements keep their names where the two kinds of object
share them (PS3.3 A.3 and A.38, A.4 and A.36).
"""

from copy import copy

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    MRImageStorage,
)

from vesalius.io.dicom_derive_stored import decimal

SINGLE = {"CT": CTImageStorage, "MR": MRImageStorage}
FROM_FRAMES = {
    EnhancedCTImageStorage: CTImageStorage,
    EnhancedMRImageStorage: MRImageStorage,
    LegacyConvertedEnhancedCTImageStorage: CTImageStorage,
    LegacyConvertedEnhancedMRImageStorage: MRImageStorage,
}
# Held by functional groups there, by the image itself here.
_SHARED_NAMES = (
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "RepetitionTime",
    "FlipAngle",
    "EchoTrainLength",
    "NumberOfAverages",
    "KVP",
    "ConvolutionKernel",
    "ReconstructionDiameter",
    "EffectiveEchoTime",
    "InversionTimes",
    "AnatomicRegionSequence",
)
_OTHER_NAMES = {
    "EffectiveEchoTime": "EchoTime",
    "InversionTimes": "InversionTime",
}
_FRAMES_ONLY = {
    tag_for_keyword(keyword)
    for keyword in (
        "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence",
        "NumberOfFrames",
        "DimensionOrganizationSequence",
        "DimensionOrganizationType",
        "DimensionIndexSequence",
        "ConcatenationUID",
        "ConcatenationFrameOffsetNumber",
        "InConcatenationNumber",
        "InConcatenationTotalNumber",
        "SOPInstanceUIDOfConcatenationSource",
        "PresentationLUTShape",
    )
}
_SEQUENCES = {"SPIN": ["SE"], "GRADIENT": ["GR"], "BOTH": ["SE", "GR"]}
# Type 2 in the single-frame object: there, if need be empty (PS3.3 C.8.2.1, C.8.3.1).
_MAY_BE_EMPTY = {
    CTImageStorage: ("KVP", "AcquisitionNumber"),
    MRImageStorage: (
        "ScanOptions",
        "MRAcquisitionType",
        "RepetitionTime",
        "EchoTime",
        "EchoTrainLength",
    ),
}


def single_frame(header: Dataset, index: int) -> Dataset:
    """Lay the functional groups of one frame flat.

    Args:
        header: Of an enhanced CT or MR image; it is not changed.
        index: Which frame, from 0.

    Returns:
        The header of that frame as CT Image or MR Image Storage.
    """
    flat = Dataset()
    for tag in header.keys():  # noqa: SIM118 - iterating would convert every element
        if tag not in _FRAMES_ONLY:
            flat[tag] = copy(header.get_item(tag))  # what is set here stays here
    implicit, little = header.original_encoding
    flat.set_original_encoding(implicit, little, header.original_character_set)
    for group in _groups_of(header, index):
        for keyword in _SHARED_NAMES:
            if keyword in group and not group[keyword].is_empty:
                _add(flat, keyword, group[keyword])
    flat.SOPClassUID = FROM_FRAMES[header.SOPClassUID]
    flat.ImageType = ["ORIGINAL", "PRIMARY"]  # the other words mean something else here
    if flat.SOPClassUID == MRImageStorage:
        _as_mr(flat)
    return flat


def complete(header: Dataset) -> None:
    """Add, empty, what the object must have and the source lacks.

    Args:
        header: Of CT Image or MR Image Storage; changed in place.
    """
    for keyword in _MAY_BE_EMPTY[header.SOPClassUID]:
        if keyword not in header:
            setattr(header, keyword, None)


def _groups_of(header: Dataset, index: int) -> list[Dataset]:
    """The groups all frames share, then this frame's own, which overrule them."""
    shared = list(header.get("SharedFunctionalGroupsSequence") or [])[:1]
    own = list(header.get("PerFrameFunctionalGroupsSequence") or [])
    return [
        element.value[0]
        for holder in (*shared, *own[index : index + 1])
        for element in holder
        if element.VR == "SQ" and element.value
    ]


def _add(flat: Dataset, keyword: str, element: DataElement) -> None:
    name = _OTHER_NAMES.get(keyword, keyword)
    kind, value = dictionary_VR(name), element.value
    if element.VR == "FD" and kind == "DS":
        several = list(value) if element.VM > 1 else [value]
        value = decimal(float(several[0]))
    flat.add_new(name, kind, value)


def _as_mr(flat: Dataset) -> None:
    if "ScanningSequence" not in flat:
        pulse = str(flat.get("EchoPulseSequence") or "")
        flat.ScanningSequence = _SEQUENCES.get(pulse, ["RM"])  # "research mode"
    if "SequenceVariant" not in flat:
        flat.SequenceVariant = "NONE"
    if not isinstance(flat.get("ScanOptions", ""), str):
        flat.ScanOptions = None
    if str(flat.get("MRAcquisitionType") or "") not in ("2D", "3D"):
        flat.MRAcquisitionType = None
