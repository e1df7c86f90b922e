"""DICOM header: what one file says of its image, and of each frame in it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from pydicom.dataset import Dataset

from vesalius.errors import FormatError
from vesalius.io.archives import StoredFile
from vesalius.io.dicom_fields import items, number, numbers, term, terms, whole
from vesalius.io.dicom_files import read_header

# What may tell two images at one place apart, the most telling first.
TRAITS = (
    "EchoTime",
    "EffectiveEchoTime",
    "EchoNumbers",
    "InversionTime",
    "DiffusionBValue",
    "DiffusionGradientOrientation",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "TriggerTime",
    "NominalCardiacTriggerDelayTime",
    "FrameReferenceTime",
    "FlipAngle",
    "RepetitionTime",
    "ImageType",
    "FrameType",
    "ComplexImageComponent",
    "KVP",
    "ConvolutionKernel",
    "ReconstructionDiameter",
    "AcquisitionNumber",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "FrameAcquisitionDateTime",
    "ContentTime",
)
# Fields that may name a person or a file number: a description that holds a word of
# theirs is not shown.
IDENTIFYING = (
    "PatientName",
    "PatientID",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientMotherBirthName",
    "PatientBirthDate",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy",
    "RequestingPhysician",
    "OperatorsName",
)
_IMAGES_IN_MOSAIC = 0x0019100A  # Siemens, private

UNIT_TOLERANCE = 0.01  # of a direction's length, which should be 1


Vector = Float[np.ndarray, "3"]


@dataclass(frozen=True, eq=False)
class Place:
    """Where a slice lies, in LPS millimetres.

    Attributes:
        position: Centre of its first pixel.
        across: Direction in which the column index grows, a unit vector.
        down: Direction in which the row index grows.
    """

    position: Vector
    across: Vector
    down: Vector

    @property
    def normal(self) -> Vector:
        """The direction in which slices follow each other, a unit vector."""
        cross = np.cross(self.across, self.down)
        return cross / np.linalg.norm(cross)


@dataclass(frozen=True, eq=False)
class Frame:
    """One slice: where it lies, and how its stored values become intensities.

    Attributes:
        file: The file that holds its pixels.
        index: Which frame of that file, from 0.
        rows: Its height in pixels.
        columns: Its width in pixels.
        place: None if position or orientation are not given.
        edges_mm: Pixel length along a row and along a column; None if not given.
        edges_at_detector: Whether those were measured at an X-ray detector.
        thickness_mm: Of the slice, or the stated step; None if neither is given.
        slope: Multiplied with what is stored.
        intercept: Added after that.
        is_rescaled: Whether the file gave slope or intercept.
        rescale_type: What the result is said to be, in capitals.
        number: InstanceNumber or frame number; None if not given.
    """

    file: StoredFile
    index: int
    rows: int
    columns: int
    place: Place | None
    edges_mm: tuple[float, float] | None
    edges_at_detector: bool
    thickness_mm: float | None
    slope: float
    intercept: float
    is_rescaled: bool
    rescale_type: str
    number: int | None


def frames_of(header: Dataset, file: StoredFile) -> tuple[Frame, ...]:
    """Read where each frame of an image lies and how it is scaled.

    Args:
        header: Up to the pixel data.
        file: Where it came from.

    Raises:
        FormatError: A number is none, or the frames are not described one by one.
    """
    count = whole(header, "NumberOfFrames") or 1
    per_frame = items(header, "PerFrameFunctionalGroupsSequence")
    if per_frame and len(per_frame) != count:
        raise FormatError(
            f"the image says it has {count} frames, but describes {len(per_frame)}; "
            "export it again"
        )
    described = len(per_frame) or min(count, 2)
    return tuple(
        _frame(layers, header, file, index)
        for index, layers in enumerate(_layers(header, described))
    )


def traits_of(frame: Frame) -> dict[str, str]:
    """Read again what may tell a frame from another image at the same place.

    Args:
        frame: Of a file that is still lent.
    """
    header, _ = read_header(frame.file)
    layers = _layers(header, frame.index + 1)[frame.index]
    return {
        keyword: "/".join(said)
        for keyword in TRAITS
        if (said := next(filter(None, (terms(x, keyword) for x in layers)), ()))
    }


def is_mosaic(header: Dataset) -> bool:
    """Whether one picture shows many slices side by side, as Siemens stores fMRI."""
    return "MOSAIC" in terms(header, "ImageType") or _IMAGES_IN_MOSAIC in header


def contrast_of(header: Dataset) -> str | None:
    """Name the contrast where the header leaves no doubt."""
    said = term(header, "AcquisitionContrast")
    agent = items(header, "ContrastBolusAgentSequence") or term(
        header, "ContrastBolusAgent"
    )
    if said == "T2" and not agent:
        return "T2w"
    return "T1ce" if said == "T1" and agent else None


def _frame(
    layers: tuple[Dataset, ...], header: Dataset, file: StoredFile, index: int
) -> Frame:
    edges, at_detector = _edges(layers)
    slope = _first(layers, "RescaleSlope", 1)
    if slope == (0.0,):
        raise FormatError("RescaleSlope is 0: every value would be the same; repair it")
    intercept = _first(layers, "RescaleIntercept", 1)
    return Frame(
        file=file,
        index=index,
        rows=whole(header, "Rows") or 0,
        columns=whole(header, "Columns") or 0,
        place=_place(layers),
        edges_mm=edges,
        edges_at_detector=at_detector,
        thickness_mm=_thickness(layers),
        slope=1.0 if slope is None else slope[0],
        intercept=0.0 if intercept is None else intercept[0],
        is_rescaled=slope is not None or intercept is not None,
        rescale_type=next(filter(None, (term(x, "RescaleType") for x in layers)), ""),
        number=whole(header, "InstanceNumber") if len(layers) == 1 else index + 1,
    )


def _layers(header: Dataset, count: int) -> list[tuple[Dataset, ...]]:
    """For each frame where a field may stand: its groups, the shared ones, the rest."""
    per_frame = items(header, "PerFrameFunctionalGroupsSequence")
    shared = items(header, "SharedFunctionalGroupsSequence")[:1]
    if not per_frame:
        return [(header,)] * count
    common = tuple(group for item in shared for group in _groups(item))
    return [(*_groups(item), *common, header) for item in per_frame[:count]]


def _groups(item: Dataset) -> tuple[Dataset, ...]:
    """The functional groups of one frame, each the first item of a sequence."""
    return tuple(
        element.value[0]
        for element in item
        if element.VR == "SQ" and len(element.value) > 0
    )


def _first(
    layers: tuple[Dataset, ...], keyword: str, count: int
) -> tuple[float, ...] | None:
    for layer in layers:
        found = numbers(layer, keyword, count)
        if found is not None:
            return found
    return None


def _edges(layers: tuple[Dataset, ...]) -> tuple[tuple[float, float] | None, bool]:
    """PixelSpacing is (between rows, between columns): ours the other way round."""
    at_detector = False
    found = _first(layers, "PixelSpacing", 2)
    if found is None:
        found, at_detector = _first(layers, "ImagerPixelSpacing", 2), True
    if found is None:
        return None, False
    if min(found) <= 0:
        raise FormatError(
            "PixelSpacing is not above zero; have it repaired where the scan was "
            "exported"
        )
    return (found[1], found[0]), at_detector


def _thickness(layers: tuple[Dataset, ...]) -> float | None:
    for keyword in ("SliceThickness", "SpacingBetweenSlices"):
        for layer in layers:
            found = number(layer, keyword)
            if found is not None and found > 0:
                return found
    return None


def _place(layers: tuple[Dataset, ...]) -> Place | None:
    position = _first(layers, "ImagePositionPatient", 3)
    directions = _first(layers, "ImageOrientationPatient", 6)
    if position is None or directions is None or not any(directions):
        return None
    across, down = np.array(directions[:3]), np.array(directions[3:])
    lengths = np.linalg.norm(across), np.linalg.norm(down)
    if max(abs(length - 1) for length in lengths) > UNIT_TOLERANCE:
        raise FormatError(
            "ImageOrientationPatient is not two directions of length 1; have it "
            "repaired where the scan was exported"
        )
    return Place(np.array(position), across / lengths[0], down / lengths[1])
