"""DICOM phantom: a volume nobody was scanned for, as a scanner would store it."""

from hashlib import sha256
from pathlib import Path

import numpy as np
from jaxtyping import UInt16
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
)
from pydicom.valuerep import DSfloat

from vesalius.errors import OutputError
from vesalius.volume import Volume

_DAY, _TIME = "20250101", "120000"  # fixed: the same phantom, the same bytes
_LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_LOWEST_HU = -1024
_NAMES = {"MR": "PHANTOM^HEAD", "CT": "PHANTOM^THORAX"}
_CLASSES = {"MR": MRImageStorage, "CT": CTImageStorage}
# Repetition, echo and inversion time in ms, and the sequence, of usual protocols.
_PROTOCOLS: dict[str | None, tuple[float, float, float | None, str]] = {
    "T1w": (500.0, 12.0, None, "SE"),
    "T1ce": (500.0, 12.0, None, "SE"),
    "T2w": (4500.0, 95.0, None, "SE"),
    "FLAIR": (9000.0, 110.0, 2500.0, "IR"),
    None: (500.0, 12.0, None, "SE"),
}


def write_phantom_dicom(
    volume: Volume, folder: str | Path, *, seed: int
) -> tuple[str, ...]:
    """Write a phantom's slices as CT or MR Image Storage, one file each.

    The patient is called PHANTOM^HEAD or PHANTOM^THORAX and the comments say that
    nobody was scanned. UIDs are hashes of the volume and the seed, and the date is
    fixed, so the same phantom gives the same bytes.

    Args:
        volume: A CT in HU or an MR, its intensities rounded to whole numbers.
        folder: Exists already; files of the same names are replaced.
        seed: Of the phantom and its noise; goes into the UIDs.

    Returns:
        The names of the files, in the order of the slices.

    Raises:
        OutputError: The modality is neither CT nor MR, intensities do not fit 16
            bits, or the folder cannot be written.

    Limits:
        Intensities lose what lies behind the decimal point. The protocol's times
        are typical ones, not those of a scan.
    """
    if volume.modality not in _CLASSES:
        raise OutputError(
            f"phantoms are stored as CT or MR, not {volume.modality}; write NIfTI"
        )
    stored = _stored(volume)
    identity = f"{volume.sha256} {seed}"
    names = []
    for k in range(stored.shape[2]):
        dataset = _slice(volume, stored[:, :, k], k, identity)
        name = f"IM{k + 1:04d}.dcm"
        try:
            dataset.save_as(Path(folder) / name, enforce_file_format=True)
        except OSError as error:
            raise OutputError(f"{name} cannot be written: {error.strerror}") from error
        names.append(name)
    return tuple(names)


def _stored(volume: Volume) -> UInt16[np.ndarray, "i j k"]:
    offset = _LOWEST_HU if volume.modality == "CT" else 0
    whole = np.rint(volume.voxels) - offset
    if whole.min() < 0 or whole.max() > np.iinfo(np.uint16).max:
        raise OutputError(
            f"intensities from {volume.voxels.min():.0f} to {volume.voxels.max():.0f} "
            f"do not fit 16 bits above {offset}; rescale them first"
        )
    return whole.astype(np.uint16)


def _slice(
    volume: Volume, stored: UInt16[np.ndarray, "i j"], k: int, identity: str
) -> Dataset:
    dataset = Dataset()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = _CLASSES[volume.modality]
    meta.MediaStorageSOPInstanceUID = _uid(identity, f"slice {k}")
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    dataset.file_meta = meta
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _describe(dataset, volume, identity)
    _place(dataset, volume, k)
    if volume.modality == "CT":
        _as_ct(dataset)
    else:
        _as_mr(dataset, volume.contrast, volume.spacing_mm[2])
    _fill(dataset, stored)
    return dataset


def _describe(dataset: Dataset, volume: Volume, identity: str) -> None:
    """Write patient, study, series and equipment, the empty ones as empty."""
    dataset.PatientName = _NAMES[volume.modality]
    dataset.PatientID = "PHANTOM"
    dataset.PatientBirthDate = dataset.PatientSex = ""
    dataset.PatientComments = "Computed phantom: nobody was scanned"
    dataset.StudyInstanceUID = _uid(identity, "study")
    dataset.SeriesInstanceUID = _uid(identity, "series")
    dataset.FrameOfReferenceUID = _uid(identity, "frame of reference")
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = _DAY
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = _TIME
    dataset.AcquisitionDate, dataset.AcquisitionTime = _DAY, _TIME
    dataset.ReferringPhysicianName = dataset.AccessionNumber = ""
    dataset.StudyID, dataset.PositionReferenceIndicator = "1", ""
    dataset.StudyDescription = "Phantom"
    dataset.SeriesDescription = f"{volume.contrast or volume.modality} phantom"
    dataset.Modality = volume.modality
    dataset.SeriesNumber = dataset.AcquisitionNumber = 1
    dataset.PatientPosition = "HFS"
    dataset.Manufacturer = "Vesalius"
    dataset.ManufacturerModelName = "Phantom"
    dataset.SoftwareVersions = "1"
    dataset.BodyPartExamined = "HEAD" if volume.modality == "MR" else "CHEST"


def _place(dataset: Dataset, volume: Volume, k: int) -> None:
    affine = _LPS_FROM_RAS @ volume.affine
    i, j, thickness = volume.spacing_mm
    columns = [*(affine[:3, 0] / i), *(affine[:3, 1] / j)]
    position = affine[:3, 3] + k * affine[:3, 2]
    dataset.InstanceNumber = k + 1
    dataset.ImageOrientationPatient = [_decimal(c) for c in columns]
    dataset.ImagePositionPatient = [_decimal(p) for p in position]
    dataset.PixelSpacing = [_decimal(j), _decimal(i)]
    dataset.SliceThickness = _decimal(thickness)
    dataset.SliceLocation = _decimal(position[2])


def _as_ct(dataset: Dataset) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.RescaleIntercept, dataset.RescaleSlope = str(_LOWEST_HU), "1"
    dataset.RescaleType = "HU"
    dataset.KVP, dataset.ConvolutionKernel = "120", "STANDARD"
    dataset.WindowCenter, dataset.WindowWidth = "40", "400"


def _as_mr(dataset: Dataset, contrast: str | None, thickness_mm: float) -> None:
    repetition, echo, inversion, sequence = _PROTOCOLS[contrast]
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.ScanningSequence = sequence
    dataset.SequenceVariant, dataset.ScanOptions = "NONE", ""
    dataset.MRAcquisitionType, dataset.EchoTrainLength = "2D", 1
    dataset.RepetitionTime, dataset.EchoTime = _decimal(repetition), _decimal(echo)
    if inversion is not None:
        dataset.InversionTime = _decimal(inversion)
    if contrast == "T1ce":
        dataset.ContrastBolusAgent = "Phantom"
    dataset.MagneticFieldStrength = "1.5"
    dataset.SpacingBetweenSlices = _decimal(thickness_mm)
    dataset.WindowCenter, dataset.WindowWidth = "450", "900"


def _fill(dataset: Dataset, stored: UInt16[np.ndarray, "i j"]) -> None:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Columns, dataset.Rows = stored.shape
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = np.ascontiguousarray(stored.T).astype("<u2").tobytes()


def _uid(identity: str, what: str) -> UID:
    digest = sha256(f"{identity} {what}".encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def _decimal(number: float) -> DSfloat:
    """Return a decimal string of at most 16 characters, without a negative zero."""
    return DSfloat(float(number) + 0.0, auto_format=True)
