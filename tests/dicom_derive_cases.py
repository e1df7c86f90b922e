"""Sources for derived series, as scanners store them, and what is made of them."""

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
)

from vesalius.io import read, write
from vesalius.io.dicom_derive_stored import decimal
from vesalius.result import Provenance, Result, Verdict

CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}
SHAPE = (7, 6, 5)  # columns, rows, slices
PADDING = -2000


# A source, as a scanner stores it


def stored_block(modality, shape=SHAPE):
    """Asymmetric, and with all that the modality holds: no flip looks like another."""
    i, j, k = np.indices(shape)
    if modality == "CT":
        return (24 + 40 * i + 9 * j * j + 500 * (k == 2) + 1000 * (i == 3)).astype(int)
    return (10 * i + 31 * j + 110 * k + 7 * i * j).astype(int)


def header(modality, k, affine, shape=SHAPE):
    lps = np.diag([-1.0, -1, 1, 1]) @ affine
    edges = np.linalg.norm(lps[:3, :3], axis=0)
    one = Dataset()
    one.SpecificCharacterSet = "ISO_IR 100"
    one.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if modality == "CT" else "M_SE"]
    one.SOPClassUID = CLASSES[modality]
    one.SOPInstanceUID = f"1.2.3.{k + 1}"
    one.StudyInstanceUID, one.SeriesInstanceUID = "1.2.4", "1.2.5"
    one.FrameOfReferenceUID, one.PositionReferenceIndicator = "1.2.6", ""
    one.StudyDate = one.SeriesDate = one.ContentDate = "20210304"
    one.StudyTime = one.SeriesTime = one.ContentTime = "101500"
    one.AccessionNumber, one.Modality, one.Manufacturer = "A-55", modality, "Works"
    one.PatientName, one.PatientID = "Müller^Zoë", "ZZ-1"
    one.PatientBirthDate, one.PatientSex = "19470213", "F"
    one.ReferringPhysicianName, one.StudyID = "", "1"
    one.SeriesDescription, one.SeriesNumber = "routine", 3
    one.AcquisitionNumber, one.InstanceNumber = 1, 40 - k  # numbers run the other way
    one.BodyPartExamined = "CHEST"
    one.PatientPosition, one.SliceThickness = "HFS", decimal(edges[2])
    one.ImagePositionPatient = [decimal(x) for x in (lps @ [0, 0, k, 1])[:3]]
    directions = [*(lps[:3, 0] / edges[0]), *(lps[:3, 1] / edges[1])]
    one.ImageOrientationPatient = [decimal(x) for x in directions]
    one.PixelSpacing = [decimal(edges[1]), decimal(edges[0])]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.Columns, one.Rows = shape[:2]
    one.BitsAllocated, one.BitsStored, one.HighBit = 16, 16, 15
    one.PixelRepresentation = 0
    if modality == "CT":
        one.KVP, one.RescaleIntercept, one.RescaleSlope = "120", "-1024", "1"
        one.RescaleType = "HU"
    else:
        one.ScanningSequence, one.SequenceVariant, one.ScanOptions = "SE", "SP", ""
        one.MRAcquisitionType, one.EchoTime, one.RepetitionTime = "2D", "12", "500"
        one.EchoTrainLength = 1
    one.WindowCenter, one.WindowWidth = "40", "400"
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return one


def upright(spacing=(0.7, 0.8, 2.5)):
    affine = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
    affine[:3, 3] = 12.5, -7.25, 100
    return affine


def series(folder, modality="CT", affine=None, edit=None, block=None, **put):
    """Write a series; `edit` may spoil each header before it is saved."""
    folder.mkdir(parents=True, exist_ok=True)
    affine = upright() if affine is None else affine
    block = stored_block(modality) if block is None else block
    for k in range(block.shape[2]):
        one = header(modality, k, affine, block.shape)
        for keyword, value in put.items():
            setattr(one, keyword, value)
        if edit is not None:
            edit(one, k)
        kind = "<i2" if one.PixelRepresentation else "<u2"
        one.PixelData = np.ascontiguousarray(block[:, :, k].T).astype(kind).tobytes()
        one["PixelData"].VR = "OW"
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.save_as(folder / f"IM{k}.dcm", enforce_file_format=True)
    return folder


def answer(scan, picture=None, **said):
    """What a task returns: the scan half way to its mean, padding as it was."""
    if picture is None:
        picture = (scan.voxels + scan.voxels.mean()) / 2
        if scan.padding is not None:
            picture[scan.padding] = scan.voxels[scan.padding]
    provenance = Provenance(
        task="denoise",
        model="denoise-ct",
        weights_sha256="a" * 64,
        input_sha256=scan.sha256,
        seed=7,
        options=(("look", "faithful"),),
        version="1.2.3",
    )
    return Result(
        picture=scan.with_voxels(picture.astype(np.float32)),
        spread=scan.with_voxels(np.ones_like(scan.voxels)),
        verdict=Verdict("show"),
        provenance=provenance,
        **said,
    )


def derived(out):
    return [pydicom.dcmread(path) for path in sorted((out / "dicom").iterdir())]


def carried(source, tmp_path, **said):
    """Read, answer, write; return the answer, what was written, and what reads back."""
    result = answer(read(source), **said)
    out = tmp_path / "out"
    write(result, out, like=source)
    return result, derived(out), read(out / "dicom")


def enhanced(path, modality, block, affine):
    """One multi-frame file, its frames from last to first."""
    first = header(modality, 0, affine, block.shape)
    one = Dataset()
    for element in first:
        if element.keyword not in (
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "PixelSpacing",
            "SliceThickness",
            "RescaleSlope",
            "RescaleIntercept",
            "RescaleType",
            "WindowCenter",
            "WindowWidth",
            "KVP",
            "EchoTime",
            "RepetitionTime",
            "EchoTrainLength",
            "ScanningSequence",
            "SequenceVariant",
            "ScanOptions",
        ):
            one.add(element)
    is_ct = modality == "CT"
    one.SOPClassUID = EnhancedCTImageStorage if is_ct else EnhancedMRImageStorage
    one.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    one.EchoPulseSequence = "GRADIENT"
    shared, groups = Dataset(), []
    measures, plane = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = (
        first.PixelSpacing,
        first.SliceThickness,
    )
    plane.ImageOrientationPatient = first.ImageOrientationPatient
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([plane])
    echo, timing = Dataset(), Dataset()
    echo.EffectiveEchoTime = 12.5
    timing.RepetitionTime, timing.EchoTrainLength = "500", 1
    shared.MREchoSequence = Sequence([echo])
    shared.MRTimingAndRelatedParametersSequence = Sequence([timing])
    order = range(block.shape[2] - 1, -1, -1)
    for k in order:
        frame, place, values = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = header(modality, k, affine).ImagePositionPatient
        values.RescaleSlope, values.RescaleType = "1", "HU" if is_ct else "US"
        values.RescaleIntercept = "-1024" if is_ct else "0"
        window = Dataset()
        window.WindowCenter, window.WindowWidth = "50", str(300 + k)
        frame.PlanePositionSequence = Sequence([place])
        frame.PixelValueTransformationSequence = Sequence([values])
        frame.FrameVOILUTSequence = Sequence([window])
        groups.append(frame)
    one.SharedFunctionalGroupsSequence = Sequence([shared])
    one.PerFrameFunctionalGroupsSequence = Sequence(groups)
    one.NumberOfFrames = block.shape[2]
    frames = [np.ascontiguousarray(block[:, :, k].T) for k in order]
    one.PixelData = np.stack(frames).astype("<u2").tobytes()
    one["PixelData"].VR = "OW"
    one.file_meta = first.file_meta
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    one.save_as(path, enforce_file_format=True)
    return path
