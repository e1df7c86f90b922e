"""Synthetic DICOM series, one person invented: what tests spoil before they read."""

from hashlib import sha256
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
)
from pydicom.valuerep import format_number_as_ds

NAME, PATIENT_ID, BORN, DOCTOR = (
    "Thistlewood^Barnaby",
    "QX-88213",
    "19310704",
    "Ravenscar^Odile",
)
SECRETS = ("thistlewood", "barnaby", "qx-88213", "19310704", "ravenscar", "odile")
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
_PER_FRAME = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "EchoTime",
    "PixelData",
)
CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}


def uid(*parts: object) -> str:
    words = "|".join(map(str, parts))
    return f"2.25.{int.from_bytes(sha256(words.encode()).digest()[:15], 'big')}"


def decimals(*values: float) -> list[str]:
    return [format_number_as_ds(float(value)) for value in values]


def image(
    stored,
    *,
    position=(0.0, 0.0, 0.0),
    directions=AXIAL,
    edges_mm=(0.8, 1.1),
    modality="MR",
    series="A",
    number=1,
) -> Dataset:
    """One slice.

    Args:
        stored: Whole numbers indexed (column, row), of the type they are stored in.
        position: Of the first pixel, LPS mm.
        directions: In which column and row index grow.
        edges_mm: Pixel length along a row, along a column.
        modality: CT gets a rescale of (1, -1024) where it is unsigned, else (1, 0).
        series: Names the series.
        number: InstanceNumber, and what makes the instance's UID.
    """
    stored = np.asarray(stored)
    d = Dataset()
    d.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    d.SOPClassUID = CLASSES.get(modality, "1.2.840.10008.5.1.4.1.1.1.1")
    d.SOPInstanceUID = uid(series, modality, number)
    d.StudyDate = d.SeriesDate = d.ContentDate = "20200229"
    d.Modality, d.SeriesDescription = modality, f"{modality} of {series}"
    d.PatientName, d.PatientID, d.PatientBirthDate = NAME, PATIENT_ID, BORN
    d.ReferringPhysicianName, d.PatientSex = DOCTOR, "O"
    d.StudyInstanceUID, d.SeriesInstanceUID = uid("study"), uid(series)
    d.FrameOfReferenceUID, d.StudyID = uid("frame"), "1"
    d.InstanceNumber, d.SeriesNumber = number, 1
    d.ImagePositionPatient = decimals(*position)
    d.ImageOrientationPatient = decimals(*directions)
    d.PixelSpacing = decimals(edges_mm[1], edges_mm[0])
    d.SliceThickness = "2.5"
    set_pixels(d, stored)
    if modality == "CT":
        signed = stored.dtype.kind == "i"
        d.RescaleSlope, d.RescaleIntercept = "1", "0" if signed else "-1024"
        d.RescaleType = "HU"
    if modality == "MR":
        d.EchoTime, d.RepetitionTime = "12", "500"
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return d


def set_pixels(d: Dataset, stored) -> None:
    """Store whole numbers indexed (column, row) as they are."""
    stored = np.asarray(stored)
    bits = 8 * stored.dtype.itemsize
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.Columns, d.Rows = stored.shape
    d.BitsAllocated = d.BitsStored = bits
    d.HighBit, d.PixelRepresentation = bits - 1, int(stored.dtype.kind == "i")
    d.PixelData = np.ascontiguousarray(stored.T).tobytes()
    if len(d.PixelData) % 2:
        d.PixelData += b"\0"
    d["PixelData"].VR = "OW"


def save(d: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID
    d.save_as(path, enforce_file_format=True)
    return path


def series(
    stored,
    *,
    step_mm=2.5,
    directions=AXIAL,
    origin=(-20.0, -30.0, 5.0),
    step=None,
    name="A",
    **options,
) -> list[Dataset]:
    """A series of slices along the cross product of its directions.

    Args:
        stored: Indexed (column, row, slice).
        step_mm: Between slices.
        directions: Of columns and rows.
        origin: Of the first slice, LPS mm.
        step: From slice to slice in LPS mm, where it is not along the normal.
        name: Of the series.
        options: As `image` takes them.
    """
    normal = np.cross(directions[:3], directions[3:])
    step = step_mm * normal if step is None else np.asarray(step)
    return [
        image(
            stored[:, :, k],
            position=np.asarray(origin) + k * step,
            directions=directions,
            series=name,
            number=k + 1,
            **options,
        )
        for k in range(stored.shape[2])
    ]


def enhanced(slices: list[Dataset], *, number=1) -> Dataset:
    """One enhanced multi-frame MR out of single slices, each frame with its place.

    Args:
        slices: Of one size; their rescale and echo time go into the frames.
        number: InstanceNumber.
    """
    first = slices[0]
    d = Dataset()
    for element in first:
        if element.keyword not in _PER_FRAME:
            d[element.tag] = element
    d.SOPClassUID = EnhancedMRImageStorage
    d.SOPInstanceUID = uid("enhanced", first.SeriesInstanceUID, number)
    d.InstanceNumber, d.NumberOfFrames = number, len(slices)
    measures = Dataset()
    measures.PixelSpacing, measures.SliceThickness = first.PixelSpacing, "2.5"
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    d.SharedFunctionalGroupsSequence = [shared]
    d.PerFrameFunctionalGroupsSequence = [_frame_of(one) for one in slices]
    d.PixelData = b"".join(one.PixelData for one in slices)
    d["PixelData"].VR = "OW"
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return d


def _frame_of(one: Dataset) -> Dataset:
    frame, place, plane, values, echo = (Dataset() for _ in range(5))
    place.ImagePositionPatient = one.ImagePositionPatient
    plane.ImageOrientationPatient = one.ImageOrientationPatient
    values.RescaleSlope = one.get("RescaleSlope", "1")
    values.RescaleIntercept = one.get("RescaleIntercept", "0")
    values.RescaleType = "US"
    echo.EffectiveEchoTime = float(one.EchoTime)
    frame.PlanePositionSequence = [place]
    frame.PlaneOrientationSequence = [plane]
    frame.PixelValueTransformationSequence = [values]
    frame.MREchoSequence = [echo]
    return frame


def write(slices: list[Dataset], folder: Path, *, prefix="IM") -> Path:
    for k, d in enumerate(slices):
        save(d, folder / f"{prefix}{k + 1:04d}.dcm")
    return folder


def soft(shape=(12, 10, 6), *, seed=0, low=50, high=900, kind=np.uint16):
    """Whole numbers without any symmetry."""
    return np.random.default_rng(seed).integers(low, high, shape).astype(kind)


def thorax(shape=(24, 20, 6), *, seed=0):
    """HU with air, lung and bone in it, signed."""
    hu = soft(shape, seed=seed, low=-60, high=300, kind=np.int16)
    hu[:6] = -1000
    hu[6:9, 4:8] = -850
    return hu
