"""DICOM survey: every file of a place looked at once, images told from the rest."""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from vesalius.errors import FormatError, VesaliusError
from vesalius.io.archives import StoredFile
from vesalius.io.damage import damage_named
from vesalius.io.dicom_fields import items, modality_named, term, terms, value_of, whole
from vesalius.io.dicom_files import called, dicom_start, read_header
from vesalius.io.dicom_header import (
    IDENTIFYING,
    Frame,
    contrast_of,
    frames_of,
    is_mosaic,
)
from vesalius.io.dicom_kinds import (
    foreign_file,
    is_secondary_capture,
    no_image,
    other_file,
)
from vesalius.io.streams import refuse_too_many
from vesalius.volume import MODALITIES

UNCOMPRESSED = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
COMPUTED_RADIOGRAPHY = "CR"  # read as DX: both are projections, and noted
SAYS_NOTHING = ("", "OT", "SC")  # modalities that leave the question open
_LOSSY = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81))
_NOT_HOUNSFIELD = {"OD", "MGML", "Z_EFF", "ED", "EDW", "PCT"}  # PS3.3 C.11.1.1.2
_MAPS = (
    "ADC",
    "FA",
    "CBF",
    "CBV",
    "RCBF",
    "RCBV",
    "MTT",
    "TTP",
    "TMAX",
    "FRACTIONAL_ANISOTROPY",
)
_LONGEST_DESCRIPTION = 64


@dataclass(frozen=True, eq=False)
class Image:
    """What one file says of the image in it, without its pixels.

    Attributes:
        file: Where it lies.
        series_uid: SeriesInstanceUID; empty where it has none.
        modality: As the file says it, in capitals.
        description: SeriesDescription; empty if it might name somebody.
        fault: Why this is no picture we can read; empty if it is one.
        is_capture: Whether it is a screenshot, not what a scanner measured.
        is_inverted: Whether low values are shown white (MONOCHROME1).
        is_lossy: Whether it was compressed with loss.
        is_suv: Whether a PET's unit is the SUV by body weight.
        contrast: One of `vesalius.volume.CONTRASTS`, where there is no doubt.
        count: Number of frames it says it has.
        rows: Their height in pixels.
        columns: Their width in pixels.
        frames: Its slices; for a multi-frame image without places only two.
    """

    file: StoredFile
    series_uid: str
    modality: str
    description: str
    fault: str
    is_capture: bool
    is_inverted: bool
    is_lossy: bool
    is_suv: bool
    contrast: str | None
    count: int
    rows: int
    columns: int
    frames: tuple[Frame, ...]


@dataclass(frozen=True, eq=False)
class Survey:
    """What lies at a place.

    Attributes:
        files: All of them.
        images: What may be part of a scan.
        others: How many there are of each kind of anything else.
        broken: Files that start as DICOM and cannot be read, with the reason.
    """

    files: tuple[StoredFile, ...]
    images: tuple[Image, ...]
    others: Counter[str] = field(default_factory=Counter)
    broken: tuple[str, ...] = ()


def survey(files: tuple[StoredFile, ...]) -> Survey:
    """Look at every file's header.

    Args:
        files: Lent by `vesalius.io.dicom_files.open_files`.
    """
    images: list[Image] = []
    others: Counter[str] = Counter()
    broken: list[str] = []
    described: dict[str, str] = {}
    for number, file in enumerate(files, start=1):
        if len(files) > 1 and (kind := other_file(file)):
            others[kind] += 1
            continue
        start: str | None = "DICM"
        try:
            with damage_named("it"):
                start = dicom_start(file)
                found = _looked_at(file, described) if start else foreign_file(file)
        except FormatError as error:
            found = foreign_file(file)
            if start == "DICM":
                name = called(file, number, len(files))
                broken.append(f"{name} cannot be read: {error}")
                continue
        if isinstance(found, Image):
            images.append(found)
        else:
            others[found] += 1
    return Survey(files, tuple(images), others, tuple(broken))


def _looked_at(file: StoredFile, described: dict[str, str]) -> Image | str:
    """One image, or the kind of what is none; a series is described once."""
    header, pixel_bytes = read_header(file)
    kind = no_image(header)
    if kind is not None:
        return kind
    try:
        frames = frames_of(header, file)
        fault = _fault(header, frames) or _shortage(header, file, pixel_bytes)
    except VesaliusError as error:
        frames, fault = (), str(error)
    uid = _uid(header)
    if uid not in described:
        described[uid] = _harmless(header)
    return Image(
        file=file,
        series_uid=uid,
        modality=term(header, "Modality"),
        description=described[uid],
        fault=fault,
        is_capture=is_secondary_capture(header),
        is_inverted=term(header, "PhotometricInterpretation") == "MONOCHROME1",
        is_lossy=_is_lossy(header),
        is_suv=term(header, "Units") == "GML" and term(header, "SUVType") in ("", "BW"),
        contrast=contrast_of(header),
        count=whole(header, "NumberOfFrames") or 1,
        rows=whole(header, "Rows") or 0,
        columns=whole(header, "Columns") or 0,
        frames=frames,
    )


# What is no picture of ours


def _fault(header: Dataset, frames: tuple[Frame, ...]) -> str:
    """Why this is no stack of grey pictures; empty if it is one."""
    modality, count = term(header, "Modality"), whole(header, "NumberOfFrames") or 1
    known = (*MODALITIES, COMPUTED_RADIOGRAPHY, *SAYS_NOTHING)
    if modality not in known:
        return (
            f"its modality, {modality_named(modality)}, is not one we read "
            f"({', '.join(MODALITIES)})"
        )
    if whole(header, "SamplesPerPixel") not in (None, 1) or term(
        header, "PhotometricInterpretation"
    ) not in ("MONOCHROME1", "MONOCHROME2"):
        return "it is a picture in colour; we read scans with one intensity a pixel"
    if whole(header, "BitsAllocated") not in (8, 16, 32):
        return "its pixels are not 8, 16 or 32 bits wide; we read no bit maps"
    if is_mosaic(header):
        return (
            "it is a mosaic (many slices side by side in one picture); convert it to "
            "NIfTI or enhanced DICOM first"
        )
    if any(_is_map(word) for word in terms(header, "ImageType")) or (
        modality == "CT" and {f.rescale_type for f in frames} & _NOT_HOUNSFIELD
    ):
        return "it is a parametric map, not an image: its values are no intensities"
    if count > 1 and (len(frames) < count or any(f.place is None for f in frames)):
        return (
            f"it is a multi-frame image ({count} frames) without a position for each "
            "(ImagePositionPatient): a film or a loop, not a volume; give one frame "
            "or export it as single slices"
        )
    if items(header, "ModalityLUTSequence"):
        return "its values stand behind a Modality LUT, which we do not apply"
    return ""


def _is_map(word: str) -> bool:
    return word in _MAPS or word.endswith((" MAP", "_MAP"))


def _shortage(header: Dataset, file: StoredFile, pixel_bytes: int | None) -> str:
    """Say that pixels are missing, before memory is taken for them."""
    if pixel_bytes is None:
        return "it has no pixel data: it is cut short, or holds a header only"
    shape = tuple(
        max(whole(header, keyword) or 0, 0) for keyword in ("Columns", "Rows")
    )
    shape = (*shape, whole(header, "NumberOfFrames") or 1)
    bits = whole(header, "BitsAllocated") or 8
    refuse_too_many(shape, bits // 8, file.size)
    needed = int(np.prod(shape)) * bits // 8
    syntax = header.file_meta.get("TransferSyntaxUID")
    if needed == 0:
        return "it has no pixels: Rows or Columns is 0"
    if (syntax is None or syntax in UNCOMPRESSED) and pixel_bytes < needed:
        return (
            f"it is cut short: {pixel_bytes} of {needed} bytes of pixel data are "
            "there; copy it again"
        )
    return ""


# What may be shown


def _uid(header: Dataset) -> str:
    """A UID that is digits and dots, as the standard has it; else empty."""
    uid = term(header, "SeriesInstanceUID")
    return uid if re.fullmatch(r"[0-9.]{1,64}", uid) else ""


def _harmless(header: Dataset) -> str:
    """SeriesDescription, unless it holds a word of a field that may name somebody."""
    said = value_of(header, "SeriesDescription")
    text = " ".join("".join(c if c.isprintable() else " " for c in str(said)).split())
    if said is None or len(text) > _LONGEST_DESCRIPTION:
        return ""
    secret: set[str] = set()
    for keyword in IDENTIFYING:
        value = value_of(header, keyword)
        secret |= set(
            re.findall(r"\w{2,}", "" if value is None else str(value).lower())
        )
    return "" if any(word in text.lower() for word in secret) else text


def _is_lossy(header: Dataset) -> bool:
    syntax = header.file_meta.get("TransferSyntaxUID")
    return term(header, "LossyImageCompression") == "01" or syntax in _LOSSY
