"""Make the real scans in the box: `python tools/box_samples.py ../shared/data`.

Run once; what it writes is committed (src/vesalius/io/boxed/). It takes 24 slices each
of `mr_t1_dicom` and `lidc_0001`, copies the elements listed here and no other (so
nothing private, no date, no name, no number of a person or a machine comes along),
gives new UIDs, and compresses without loss.
"""

import sys
from hashlib import sha256
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import JPEG2000Lossless

BOX = Path(__file__).parents[1] / "src" / "vesalius" / "io" / "boxed"
SLICES = 24
# The head's middle; the chest around the nodule of 33 mm (z = -125 to -105 mm).
FIRST = {"head-mr": 10, "chest-ct": 78}
SOURCES = {"head-mr": "mr_t1_dicom", "chest-ct": "lidc_0001"}
PATIENTS = {"head-mr": "SAMPLE^HEAD", "chest-ct": "SAMPLE^CHEST"}
SERIES = {"head-mr": "T1w MPRAGE, 24 slices", "chest-ct": "CHEST CT, 24 slices"}
DAY = "20000101"

KEPT = [
    "ImageType",
    "SOPClassUID",
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "BodyPartExamined",
    "ScanningSequence",
    "SequenceVariant",
    "ScanOptions",
    "MRAcquisitionType",
    "SequenceName",
    "RepetitionTime",
    "EchoTime",
    "InversionTime",
    "NumberOfAverages",
    "ImagingFrequency",
    "ImagedNucleus",
    "EchoNumbers",
    "MagneticFieldStrength",
    "EchoTrainLength",
    "PercentSampling",
    "FlipAngle",
    "PercentPhaseFieldOfView",
    "PixelBandwidth",
    "AcquisitionMatrix",
    "InPlanePhaseEncodingDirection",
    "VariableFlipAngleFlag",
    "ContrastBolusAgent",
    "SliceThickness",
    "KVP",
    "DataCollectionDiameter",
    "ReconstructionDiameter",
    "DistanceSourceToDetector",
    "DistanceSourceToPatient",
    "GantryDetectorTilt",
    "TableHeight",
    "RotationDirection",
    "ExposureTime",
    "XRayTubeCurrent",
    "Exposure",
    "FilterType",
    "GeneratorPower",
    "FocalSpots",
    "ConvolutionKernel",
    "PatientPosition",
    "AcquisitionNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SliceLocation",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "PixelSpacing",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "WindowCenter",
    "WindowWidth",
    "RescaleIntercept",
    "RescaleSlope",
    "PixelData",
]
EMPTY = [
    "PatientBirthDate",
    "PatientSex",
    "StudyTime",
    "SeriesTime",
    "ContentTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyID",
    "PositionReferenceIndicator",
]


def main(data: Path) -> None:
    """Write both samples.

    Args:
        data: Holds `mr_t1_dicom` and `lidc_0001`.
    """
    for name, source in SOURCES.items():
        slices = [pydicom.dcmread(file) for file in (data / source).glob("*.dcm")]
        slices.sort(key=lambda one: _along(one))
        folder = BOX / name
        folder.mkdir(parents=True, exist_ok=True)
        first = FIRST[name]
        for number, one in enumerate(slices[first : first + SLICES], start=1):
            boxed = _boxed(one, name, number)
            boxed.save_as(folder / f"{number:02d}.dcm", enforce_file_format=True)


def _along(one: Dataset) -> float:
    a = [float(number) for number in one.ImageOrientationPatient]
    normal = (
        a[1] * a[5] - a[2] * a[4],
        a[2] * a[3] - a[0] * a[5],
        a[0] * a[4] - a[1] * a[3],
    )
    position = [float(number) for number in one.ImagePositionPatient]
    return sum(n * p for n, p in zip(normal, position, strict=True))


def _boxed(source: Dataset, name: str, number: int) -> Dataset:
    boxed = Dataset()
    for keyword in KEPT:
        if keyword in source:
            boxed[keyword] = source[keyword]
    for keyword in EMPTY:
        setattr(boxed, keyword, None)
    boxed.AcquisitionNumber = source.get("AcquisitionNumber")
    boxed.PatientName, boxed.PatientID = PATIENTS[name], f"SAMPLE-{name}".upper()
    boxed.PatientIdentityRemoved = "YES"
    boxed.DeidentificationMethod = "Only listed elements kept, new UIDs, no dates"
    boxed.StudyDate = boxed.SeriesDate = boxed.ContentDate = DAY
    boxed.StudyDescription, boxed.SeriesDescription = "Vesalius sample", SERIES[name]
    boxed.SeriesNumber, boxed.InstanceNumber = 1, number
    boxed.StudyInstanceUID, boxed.SeriesInstanceUID = _uid(name), _uid(name, "series")
    boxed.FrameOfReferenceUID = _uid(name, "frame of reference")
    boxed.SOPInstanceUID = _uid(name, "slice", number)
    if "PixelPaddingValue" in source:  # the source holds -2000 as 63536
        boxed.add_new("PixelPaddingValue", "SS", source.PixelPaddingValue - 2**16)
    boxed.file_meta = FileMetaDataset()
    boxed.file_meta.TransferSyntaxUID = source.file_meta.TransferSyntaxUID
    boxed.file_meta.ImplementationVersionName = "VESALIUS"
    boxed.compress(JPEG2000Lossless, generate_instance_uid=False)
    return boxed


def _uid(*parts: object) -> str:
    digest = sha256("|".join(map(str, ("Vesalius sample", *parts))).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
