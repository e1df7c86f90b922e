"""DICOM fields: numbers and defined terms out of a header, however it was written.

Only numbers and terms of the standard leave a header this way: free text may name a
patient.
"""

import math
from collections.abc import Iterable, Sequence
from functools import cache

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from vesalius.errors import FormatError

# Defined terms of Modality (0008,0060) that are worth a name in a message.
MODALITY_NAMES = {
    "CR": "computed radiography",
    "CT": "computed tomography",
    "DX": "digital radiography",
    "ECG": "electrocardiography",
    "ES": "endoscopy",
    "GM": "microscopy",
    "IO": "intra-oral radiography",
    "IVOCT": "intravascular optical coherence tomography",
    "IVUS": "intravascular ultrasound",
    "MG": "mammography",
    "MR": "magnetic resonance",
    "NM": "nuclear medicine",
    "OCT": "optical coherence tomography",
    "OP": "ophthalmic photography",
    "OPT": "ophthalmic tomography",
    "OT": "other",
    "PT": "positron emission tomography",
    "PX": "panoramic X-ray",
    "RF": "fluoroscopy",
    "RG": "radiography",
    "RTIMAGE": "radiotherapy image",
    "SC": "secondary capture",
    "SM": "slide microscopy",
    "US": "ultrasound",
    "XA": "angiography",
    "XC": "photography",
}

# Value representations that are text with backslashes between values, PS3.5 6.2.
_TEXT = ("AS", "CS", "DA", "DS", "DT", "IS", "LO", "SH", "TM", "UI")


def value_of(header: Dataset, keyword: str) -> object:
    """Return a field as pydicom reads it; None where it is absent, empty or broken."""
    tag, present = _tag(keyword), header.keys()
    if tag not in present:  # most are absent, and pydicom is slow to say so
        return None
    try:
        value: object = header[tag].value
    except Exception:  # noqa: BLE001 - pydicom raises what its converters happen to
        return None
    return None if value in ("", [], b"") else value


def words(header: Dataset, keyword: str) -> tuple[str, ...]:
    """Return the values of a field as text, blanks around them taken off.

    What was just read is split here: pydicom's converters take half of the time that
    a header needs, and ten thousand of them must not take long.

    Args:
        header: A data set, or an item of a sequence.
        keyword: The field's name in the standard.

    Returns:
        None, one or several; the letters beyond ASCII may be wrong.
    """
    tag, present = _tag(keyword), header.keys()
    if tag not in present:
        return ()
    element = header.get_item(tag)
    raw = element.value if isinstance(element, RawDataElement) else None
    if isinstance(raw, bytes) and (element.VR or dictionary_VR(tag)) in _TEXT:
        said = [word.strip(" \0") for word in raw.decode("latin-1").split("\\")]
    else:
        said = [str(one).strip() for one in _each(value_of(header, keyword))]
    return tuple(said) if any(said) else ()


def term(header: Dataset, keyword: str) -> str:
    """Return a code string in capitals; empty where it is absent."""
    return "/".join(words(header, keyword)).upper()


def terms(header: Dataset, keyword: str) -> tuple[str, ...]:
    """Return all values of a field in capitals."""
    return tuple(word.upper() for word in words(header, keyword))


def whole(header: Dataset, keyword: str) -> int | None:
    """Return one whole number; None where there is none that can be read."""
    try:
        return int("/".join(words(header, keyword)))
    except ValueError:
        return None


def numbers(header: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """Return decimal numbers.

    Args:
        header: A data set, or an item of a sequence.
        keyword: The field's name in the standard.
        count: How many numbers it must hold.

    Returns:
        The numbers; None where the field is absent or empty.

    Raises:
        FormatError: It holds something else, a decimal comma for instance.
    """
    said = words(header, keyword)
    if not said:
        return None
    try:
        found = tuple(map(float, said))
    except ValueError:
        found = ()
    if len(found) != count or not all(map(math.isfinite, found)):
        comma = any("," in word for word in said)
        likely = " (it has decimal commas)" if comma else ""
        wanted = "one number" if count == 1 else f"{count} numbers"
        raise FormatError(
            f"{keyword} is not {wanted} with a decimal point{likely}; have it "
            "repaired where the scan was exported"
        )
    return found


def number(header: Dataset, keyword: str) -> float | None:
    """Return one decimal number; None where the field is absent or empty.

    Raises:
        FormatError: It holds something else.
    """
    found = numbers(header, keyword, 1)
    return None if found is None else found[0]


def items(header: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """Return the items of a sequence; none where it is absent."""
    value = value_of(header, keyword)
    return tuple(value) if isinstance(value, Sequence) else ()


def modality_named(modality: str) -> str:
    """Name a modality for a message, and nothing that is no defined term."""
    if modality in MODALITY_NAMES:
        return f"{modality} ({MODALITY_NAMES[modality]})"
    return "not named" if not modality else "not a defined term"


def _each(value: object) -> Iterable[object]:
    if value is None:
        return ()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return value
    return (value,)


@cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)
