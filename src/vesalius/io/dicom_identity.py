"""DICOM identity: what a file says of its patient, set apart from what it shows.

What stays is what is listed or cannot be text: numbers, codes, times, UIDs, pixels.
Everything else is taken out, whatever it is called: names and numbers of people stand
in free text of any field, and in private ones.
"""

import json
from copy import deepcopy

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from vesalius.errors import FormatError
from vesalius.io.damage import damage_named

# Value representations that hold no words of a person (PS3.5, table 6.2-1).
WORDLESS = frozenset((
    "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "OB", "OB or OW", "OD", "OF",
    "OL", "OV", "OW", "SL", "SS", "SV", "TM", "UI", "UL", "US", "US or OW",
    "US or SS", "US or SS or OW", "UV",
))  # fmt: skip
# Words of the scanner's maker and of the method; a technician types none of them.
SPOKEN_BY_MACHINES = frozenset(
    (
        "CodeMeaning",
        "CodeValue",
        "CodingSchemeDesignator",
        "CodingSchemeVersion",
        "ConvolutionKernel",
        "Manufacturer",
        "ManufacturerModelName",
        "ModalityLUTType",
        "PulseSequenceName",
        "RescaleType",
        "SequenceName",
        "SoftwareVersions",
        "SpecificCharacterSet",
    )
)
# Whether it was given tells contrasts apart; what was typed of it does not.
SAID_TO_BE = {"ContrastBolusAgent": "given"}
# Of the patient's group: true of many people.
SHARED_BY_MANY = frozenset(("PatientAge", "PatientSex", "PatientSize", "PatientWeight"))
PATIENT = 0x0010  # group
IMAGES_IN_MOSAIC = 0x0019100A  # a Siemens mosaic cannot be cut without it
LONGEST_LO = 64
UTF_8 = "ISO_IR 192"
OF_STUDY_AND_PLACE = frozenset(
    (
        "AccessionNumber",
        "InstitutionAddress",
        "InstitutionName",
        "InstitutionalDepartmentName",
        "ReferringPhysicianName",
        "StudyDescription",
        "StudyID",
    )
)
NAMED = ("PatientName", "PatientID", "PatientBirthDate")


def set_apart(header: Dataset) -> tuple[Dataset, str]:
    """Take out of a data set what may say who the patient is.

    Args:
        header: With pixels or without; it is not changed.

    Returns:
        The data set without it, and what was taken out of its top level, as DICOM JSON
        for `joined`. What was private, or stood in a sequence, is in neither.

    Raises:
        FormatError: What was to be taken out cannot be read.

    Limits:
        Words burned into the pixels, and in overlays' pixels, stay where they are.
        Dates other than the birth date stay.
    """
    bare = deepcopy(header)
    taken = Dataset()
    for tag in list(header.keys()):
        element = _readable(header, tag)
        if element is None or not _stays(element):
            del bare[tag]
            if element is not None and not tag.is_private:
                taken.add(element)
                if element.keyword in SAID_TO_BE and element.value:
                    setattr(bare, element.keyword, SAID_TO_BE[element.keyword])
        elif element.VR == "SQ":
            _empty(bare[tag])
    taken.pop("PixelData", None)
    try:
        told = taken.to_json_dict(suppress_invalid_tags=True)
    except (ValueError, TypeError, AttributeError) as error:
        raise FormatError(
            "this file's own words about its patient are damaged"
        ) from error
    return bare, json.dumps(told, sort_keys=True)


def joined(bare: Dataset, taken: str) -> Dataset:
    """Put back what `set_apart` took out.

    Args:
        bare: A data set of the same series; it is not changed.
        taken: As it was returned; what it holds is put in place of what is there.

    Raises:
        FormatError: `taken` is not what `set_apart` returns.
    """
    try:
        apart = Dataset.from_json(taken)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise FormatError("what was set apart of this file cannot be read") from error
    whole = deepcopy(bare)
    for element in apart:
        whole.add(element)
    return whole


def given_back(header: Dataset, taken: str, standing: str) -> Dataset:
    """Put the patient back into an object that was made of a series without one.

    Patient, study and hospital come back; what describes the source's pixels does not.

    Args:
        header: A derived image, a segmentation or a report; it is not changed.
        taken: As `set_apart` returned it for the source.
        standing: How far the object has been reviewed, for its series' description.

    Returns:
        The object, its series described by what it is, how far it has been reviewed,
        and what the source was called.

    Raises:
        FormatError: `taken` is not what `set_apart` returns.
    """
    try:
        apart = Dataset.from_json(taken)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise FormatError("what was set apart of this file cannot be read") from error
    called = str(apart.get("SeriesDescription") or "").strip()
    own = str(header.get("SeriesDescription") or "").split(":")[0].split(", ")[:2]
    for tag in list(apart.keys()):
        if tag.group != PATIENT and apart[tag].keyword not in OF_STUDY_AND_PLACE:
            del apart[tag]
    whole = joined(header, apart.to_json(suppress_invalid_tags=True))
    words = ", ".join([*own, standing])
    words = f"{words}: {called}" if called else words
    whole.SeriesDescription = words[:LONGEST_LO].strip()
    if "SpecificCharacterSet" not in whole:
        whole.SpecificCharacterSet = UTF_8
    return whole


def named(header: Dataset) -> tuple[str, str, str]:
    """Return the patient's name, number and birth date as a file says them.

    Args:
        header: As read.

    Returns:
        Empty where it says nothing.
    """
    name, number, born = (str(header.get(word) or "").strip() for word in NAMED)
    return name, number, born


def bare_meta(read: Dataset) -> FileMetaDataset:
    """Return of a file's own header what is needed to read it, and no word more.

    Args:
        read: As read, its `file_meta` with it.
    """
    told, meta = read.file_meta, FileMetaDataset()
    implicit = read.original_encoding[0]
    guessed = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    meta.TransferSyntaxUID = told.get("TransferSyntaxUID") or guessed
    meta.MediaStorageSOPClassUID = read.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = read.get("SOPInstanceUID", "")
    return meta


def _readable(header: Dataset, tag: BaseTag) -> DataElement | None:
    """Parse an element; None where it is private, but for one, or breaks the standard.

    A field that nobody can read goes: there is no telling what it says.
    """
    if tag.is_private and int(tag) != IMAGES_IN_MOSAIC:
        return None
    try:
        with damage_named("a field"):
            return header[tag]
    except FormatError:
        return None


def _stays(element: DataElement) -> bool:
    tag = element.tag
    if tag.is_private:  # the one of them that is parsed
        return True
    if tag.group == PATIENT:
        return element.keyword in SHARED_BY_MANY
    if element.VR == "SQ":
        return True
    return element.VR in WORDLESS or element.keyword in SPOKEN_BY_MACHINES


def _empty(sequence: DataElement) -> None:
    for item in sequence.value:
        for tag in list(item.keys()):
            element = _readable(item, tag)
            if element is None or not _stays(element):
                del item[tag]
            elif element.VR == "SQ":
                _empty(element)
