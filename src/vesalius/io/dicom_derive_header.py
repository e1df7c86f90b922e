"""Derived header: what a source slice hands on, and what says that AI made this one."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from vesalius.io.dicom_derive_stored import decimal
from vesalius.result import Provenance

# CID 7203 has no word for a network that takes noise away. "Smoothing" is its nearest:
# the values of a neighbourhood are combined so that noise falls. The description
# beside it says the rest.
_DERIVATIONS: dict[str, Code] = {"denoise": codes.DCM.Smoothing}
_VERBS = {"denoise": "denoised", "translate": "synthetic"}

LONGEST_LO = 64
LONGEST_DS = 16
_SERIES_STEP = 1000  # added to the source's number: sorts after all of the scanner's
# What describes the source's pixels, or refers to what a copy cannot vouch for.
_LEFT_BEHIND = {
    tag_for_keyword(keyword)
    for keyword in (
        "NumberOfFrames",
        "SmallestImagePixelValue",
        "LargestImagePixelValue",
        "SmallestPixelValueInSeries",
        "LargestPixelValueInSeries",
        "SmallestImagePixelValueInPlane",
        "LargestImagePixelValueInPlane",
        "PixelPaddingValue",
        "PixelPaddingRangeLimit",
        "ModalityLUTSequence",
        "VOILUTSequence",
        "RealWorldValueMappingSequence",
        "RescaleSlope",
        "RescaleIntercept",
        "RescaleType",
        "PixelDataProviderURL",
        "IconImageSequence",
        "InstanceCreationDate",
        "InstanceCreationTime",
        "InstanceCreatorUID",
        "SourceImageSequence",
        "ReferencedSeriesSequence",
        "StudiesContainingOtherReferencedInstancesSequence",
        "AlternateRepresentationSequence",
        "ConversionSourceAttributesSequence",
        "DigitalSignaturesSequence",
        "MACParametersSequence",
        "EncryptedAttributesSequence",
        "OriginalAttributesSequence",
    )
}
_OF_PATIENT_AND_STUDY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)
_OVERLAYS = range(0x6000, 0x6100)
_CURVES = range(0x5000, 0x5100)
_PIXELS = 0x7FE0


@dataclass(frozen=True)
class Maker:
    """Who made the picture, as every slice of it says.

    Attributes:
        provenance: How it was made.
        picture_sha256: Fingerprint of its intensities: the same UID, the same pixels.
        summary: What the model does; empty without one.
        modality: Of the picture, "CT" or "MR"; empty where the source's stays.
    """

    provenance: Provenance
    picture_sha256: str
    summary: str = ""
    modality: str = ""

    def uid(self, *parts: object) -> UID:
        """Return a UID made of what it names: the same on every run.

        The root 2.25 is for numbers nobody needs to register (PS3.5 B.2).
        """
        made_by = self.provenance
        words = (
            made_by.task,
            made_by.model,
            made_by.weights_sha256,
            made_by.input_sha256,
            made_by.seed,
            made_by.options,
            made_by.version,
            self.picture_sha256,
            *parts,
        )
        return hashed_uid("|".join(map(str, words)))


def hashed_uid(text: str) -> UID:
    """Return the UID of a text."""
    digest = sha256(text.encode("utf-8", "surrogateescape")).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def handed_on(source: Dataset) -> Dataset:
    """Copy what stays true of a derived image: patient, study, how it was scanned.

    Left behind are private elements, overlays, curves, what describes the source's
    pixels, signatures, and fields that pydicom cannot make sense of. A decimal string
    longer than 16 characters is shortened.

    Args:
        source: The header of one slice; it is not changed.
    """
    return _copied(source, lambda tag: tag not in _LEFT_BEHIND)


def mark(
    header: Dataset, source: Dataset, maker: Maker, number: int, frame: int | None
) -> None:
    """Say in a copied header that this is another image, made by AI, for research.

    Args:
        header: From `handed_on`; changed in place.
        source: What it was copied from.
        maker: Who made the picture.
        number: Of the slice, from 1.
        frame: Which frame of the source, from 1; None for a single-frame source.
    """
    _identify(header, source, maker, number)
    made_by = maker.provenance
    kind = [str(word) for word in _values(header.get("ImageType"))]
    plane = "AXIAL" if header.SOPClassUID == CTImageStorage else "OTHER"
    header.ImageType = ["DERIVED", "SECONDARY", *(kind[2:] or [plane])]
    header.DerivationDescription = _description(maker)
    if made_by.task in _DERIVATIONS:
        header.DerivationCodeSequence = _coded(_DERIVATIONS[made_by.task])
    header.SourceImageSequence = Items([_reference(source, frame, purpose=True)])
    header.ReferencedSeriesSequence = Items([_series_of(source, frame)])
    before = list(header.get("ContributingEquipmentSequence") or [])
    header.ContributingEquipmentSequence = Items([*before, _equipment(maker)])
    header.ContentQualification = "RESEARCH"
    # SyntheticData (0008,001C) is younger than the validators in use, which call it an
    # error; and what is denoised was measured.
    said = str(source.get("SeriesDescription") or "").strip()
    verb = _VERBS.get(made_by.task, made_by.task)
    text = f"AI output, {verb}: {said}" if said else f"AI output, {verb}"
    header.SeriesDescription = text[:LONGEST_LO].strip()


def sound(header: Dataset) -> Dataset:
    """Copy a source header with, empty, what reports on it must name and it lacks.

    A scanner leaves some of it out, and a scan without its patient's identity the rest.

    Args:
        header: Of one image; it is not changed.
    """
    copy = Dataset()
    copy.update(header)
    for keyword in _OF_PATIENT_AND_STUDY:
        if keyword not in copy:
            setattr(copy, keyword, "")
    return copy


def series_number(header: Dataset, step: int) -> int:
    """Return a number for a series that sorts after the source's.

    Args:
        header: Of the source.
        step: Added to its number; alone where it has none.
    """
    words = str(header.get("SeriesNumber") or "")
    return int(words) + step if words.isdigit() else step


def meta_of(header: Dataset) -> FileMetaDataset:
    """Return fresh file meta: the source's may hold anything.

    Args:
        header: Marked, with its UIDs.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = header.SOPClassUID
    meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = hashed_uid("Vesalius")
    meta.ImplementationVersionName = "VESALIUS"
    return meta


def _identify(header: Dataset, source: Dataset, maker: Maker, number: int) -> None:
    series = str(source.get("SeriesInstanceUID") or "")
    header.SOPInstanceUID = maker.uid(source.get("SOPInstanceUID"), number)
    header.SeriesInstanceUID = maker.uid(series, "series")
    header.InstanceNumber = number
    words = str(source.get("SeriesNumber") or "")
    header.SeriesNumber = int(words) + _SERIES_STEP if words.isdigit() else None
    if not header.get("FrameOfReferenceUID"):
        header.FrameOfReferenceUID = maker.uid(series, "frame of reference")
    if "PositionReferenceIndicator" not in header:
        header.PositionReferenceIndicator = None


def _description(maker: Maker) -> str:
    """Say how, in at most the 1024 characters of a short text."""
    made_by = maker.provenance
    options = ", ".join(f"{name} {value}" for name, value in made_by.options)
    parts = [
        f"Vesalius {made_by.version}: {made_by.task}, AI output for research, not for "
        "diagnosis.",
        maker.summary,
        f"Model {made_by.model or 'none'}, weights SHA-256 "
        f"{made_by.weights_sha256 or 'none'}; seed {made_by.seed}; {options}.",
        "Intensities were changed by a neural network; detail may be lost or invented.",
    ]
    return " ".join(part for part in parts if part)[:1024]


def _equipment(maker: Maker) -> Dataset:
    made_by, item = maker.provenance, Dataset()
    item.PurposeOfReferenceCodeSequence = _coded(codes.DCM.ProcessingEquipment)
    item.Manufacturer = "Vesalius"
    item.ManufacturerModelName = (made_by.model or made_by.task)[:LONGEST_LO]
    item.SoftwareVersions = made_by.version[:LONGEST_LO]
    item.ContributionDescription = f"{made_by.task}: AI output, for research only"
    return item


def _reference(source: Dataset, frame: int | None, *, purpose: bool) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = source.SOPClassUID
    item.ReferencedSOPInstanceUID = source.SOPInstanceUID
    if frame is not None:
        item.ReferencedFrameNumber = frame
    if purpose:
        item.PurposeOfReferenceCodeSequence = _coded(
            codes.DCM.SourceImageForImageProcessingOperation
        )
    return item


def _series_of(source: Dataset, frame: int | None) -> Dataset:
    item = Dataset()
    item.SeriesInstanceUID = source.SeriesInstanceUID
    item.ReferencedInstanceSequence = Items([_reference(source, frame, purpose=False)])
    return item


def _coded(code: Code) -> Items:
    item = Dataset()
    item.CodeValue = code.value
    item.CodingSchemeDesignator = code.scheme_designator
    item.CodeMeaning = code.meaning
    return Items([item])


# Copying


def _copied(source: Dataset, wanted: Callable[[int], bool]) -> Dataset:
    copy = Dataset()
    for tag in sorted(source.keys()):
        group, element = tag.group, tag.elem
        foreign = tag.is_private or element == 0 or group == _PIXELS
        if foreign or group in _OVERLAYS or group in _CURVES or not wanted(tag):
            continue
        try:
            found = source[tag]
            copy.add(_element(found))
        except Exception:  # noqa: BLE001 - converters raise what they happen to
            continue
    return copy


def _element(found: DataElement) -> DataElement:
    if found.VR == "SQ":
        items = [_copied(item, lambda _: True) for item in found.value]
        return DataElement(found.tag, "SQ", Items(items))
    if found.VR == "DS" and not found.is_empty:
        words = [_short(value) for value in _values(found.value)]
        return DataElement(found.tag, "DS", words if len(words) > 1 else words[0])
    return DataElement(found.tag, found.VR, found.value)


def _short(value: Any) -> str:
    """A decimal string as it stood, or shortened where it is too long."""
    if value is None or value == "":
        return ""
    word = str(getattr(value, "original_string", value)).strip()
    return word if len(word) <= LONGEST_DS else decimal(float(value))


def _values(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return (
        [value]
        if isinstance(value, str) or not hasattr(value, "__len__")
        else list(value)
    )
