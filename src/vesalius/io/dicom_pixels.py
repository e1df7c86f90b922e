"""DICOM pixels: stored values out of every transfer syntax we have a decoder for."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Integer, Shaped
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import unpack_bits
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, RLELossless

from vesalius.errors import FormatError, VesaliusError
from vesalius.io.archives import inflated
from vesalius.io.damage import stderr_closed_to_c
from vesalius.io.dicom_fields import whole
from vesalius.io.dicom_fragments import joined, stated_size

_DESCRIBING = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)
PIXEL_KEEP: list[BaseTag | int] = [
    Tag(keyword)
    for keyword in (
        *_DESCRIBING,
        "NumberOfFrames",
        "PixelPaddingValue",
        "PixelPaddingRangeLimit",
        "PixelData",
        "FloatPixelData",
        "DoubleFloatPixelData",
    )
]
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
# 12 bits wide these have no plugin in pydicom; gdcm decodes them right (difference to
# dcmtk 0), which pydicom's own gdcm plugin refuses.
_JPEG_EXTENDED = ("1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53")


def decode_pixels(dataset: Dataset) -> Shaped[np.ndarray, "..."]:
    """Decode all pixels of one object, whatever it is.

    Args:
        dataset: With its pixel data and `file_meta`.

    Returns:
        Stored values, unused bits taken off, not rescaled: (rows, columns), with the
        frames before them where there are several and the samples of a colour after.

    Raises:
        FormatError: No decoder reads them, or they are damaged.
    """
    frames = list(decoded_frames(dataset))
    return frames[0] if len(frames) == 1 else np.stack(frames)


def decoded_frames(dataset: Dataset) -> Iterator[Shaped[np.ndarray, "..."]]:
    """Decode frame by frame, so that never more than one is held.

    Args:
        dataset: With its pixel data and `file_meta`.

    Raises:
        FormatError: No decoder reads them, or they are damaged.
    """
    syntax = UID(dataset.file_meta.get("TransferSyntaxUID") or ExplicitVRLittleEndian)
    frames = _raw_frames(dataset, syntax)
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                frame = next(frames, None)
        except VesaliusError as error:
            raise FormatError(f"its pixel data cannot be decoded: {error}") from error
        except Exception as error:
            raise FormatError(
                f"its pixel data cannot be decoded ({_syntax_name(syntax)}): it is "
                "damaged, or compressed in a way we have no decoder for; export it "
                "uncompressed"
            ) from error
        if frame is None:
            return
        yield frame


def _raw_frames(dataset: Dataset, syntax: UID) -> Iterator[Shaped[np.ndarray, "..."]]:
    count = whole(dataset, "NumberOfFrames") or 1
    if syntax == DEFLATED_FRAMES:
        for packed in joined(dataset.PixelData, count):
            yield _inflated_frame(packed, dataset)
        return
    if not syntax.is_encapsulated and count == 1 and _is_plain(dataset, syntax):
        yield _used_bits(_plain(dataset), dataset, whole(dataset, "HighBit"))
        return
    if not syntax.is_encapsulated:
        decoder: Any = get_decoder(syntax)
        for index in range(count):
            values = decoder.as_array(
                dataset, index=index, raw=True, correct_unused_bits=False
            )[0]
            yield _used_bits(values, dataset, whole(dataset, "HighBit"))
        return
    for packed in joined(dataset.PixelData, count):
        _refuse_other_size(packed, dataset)
        with stderr_closed_to_c():
            values = _decompressed(packed, dataset, syntax)
        high = whole(dataset, "HighBit") if syntax == RLELossless else None
        yield _used_bits(values, dataset, high)


def _is_plain(dataset: Dataset, syntax: UID) -> bool:
    """Whether the pixels stand there as numpy wants them: the fast way."""
    return (
        bool(syntax.is_little_endian)
        and whole(dataset, "SamplesPerPixel") == 1
        and whole(dataset, "BitsAllocated") in (8, 16, 32)
        and "PixelData" in dataset
    )


def _plain(dataset: Dataset) -> Shaped[np.ndarray, "rows columns"]:
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    signed = "i" if whole(dataset, "PixelRepresentation") == 1 else "u"
    kind = np.dtype(f"<{signed}{int(dataset.BitsAllocated) // 8}")
    values = np.frombuffer(dataset.PixelData, kind, rows * columns)
    return values.reshape(rows, columns)


def _decompressed(
    packed: bytes, dataset: Dataset, syntax: UID
) -> Shaped[np.ndarray, "..."]:
    if syntax in _JPEG_EXTENDED and dataset.BitsAllocated > 8:
        return _with_gdcm(packed, dataset, syntax)
    single = Dataset()
    for keyword in _DESCRIBING:
        if keyword in dataset:
            single[keyword] = dataset[keyword]
    single.PixelData = encapsulate([packed])
    single["PixelData"].VR = "OB"
    single["PixelData"].is_undefined_length = True
    single.file_meta = dataset.file_meta
    decoder: Any = get_decoder(syntax)
    return decoder.as_array(single, index=0, raw=True, correct_unused_bits=False)[0]


def _with_gdcm(
    packed: bytes, dataset: Dataset, syntax: UID
) -> Shaped[np.ndarray, "rows columns"]:
    import gdcm  # late: few scans need it

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(packed)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image: Any = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((dataset.Columns, dataset.Rows, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.MONOCHROME2
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    kind = gdcm.TransferSyntax.GetTSType(str(syntax))
    image.SetTransferSyntax(gdcm.TransferSyntax(kind))
    image.SetPixelFormat(
        gdcm.PixelFormat(
            1,
            dataset.BitsAllocated,
            dataset.BitsStored,
            dataset.BitsStored - 1,
            dataset.PixelRepresentation,
        )
    )
    # gdcm hands the bytes over as text
    content = image.GetBuffer().encode("utf-8", "surrogateescape")
    values = np.frombuffer(content, "<i2" if dataset.PixelRepresentation else "<u2")
    return values.reshape(dataset.Rows, dataset.Columns)


def _inflated_frame(packed: bytes, dataset: Dataset) -> Shaped[np.ndarray, "..."]:
    """One frame of Deflated Image Frame Compression, PS3.5 A.4.13."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    samples = whole(dataset, "SamplesPerPixel") or 1
    bits = int(dataset.BitsAllocated)
    needed = (rows * columns * samples * bits + 7) // 8
    content, _ = inflated(packed, needed)
    if len(content) < needed:
        raise FormatError("a frame is shorter than its rows and columns")
    if bits == 1:
        values = unpack_bits(content)
    else:
        signed = "i" if whole(dataset, "PixelRepresentation") else "u"
        values = np.frombuffer(content, f"<{signed}{bits // 8}")
    shape = (rows, columns) if samples == 1 else (rows, columns, samples)
    return np.asarray(values)[: rows * columns * samples].reshape(shape)


def _refuse_other_size(packed: bytes, dataset: Dataset) -> None:
    """Refuse a picture that would not fill its place, or would fill the memory."""
    stated = stated_size(packed)
    expected = (int(dataset.Rows), int(dataset.Columns))
    if stated is not None and stated != expected:
        raise FormatError(
            f"the compressed picture has {stated[0]} rows x {stated[1]} columns, the "
            f"header says {expected[0]} x {expected[1]}"
        )


def _used_bits(
    values: Shaped[np.ndarray, "..."], dataset: Dataset, high: int | None
) -> Shaped[np.ndarray, "..."]:
    """Take off what stands above and below the stored bits: overlays, sign or noise."""
    stored = whole(dataset, "BitsStored")
    if values.dtype.kind not in "iu" or not stored:
        return values
    width = 8 * values.dtype.itemsize
    if high is None or not stored - 1 <= high < width:
        high = stored - 1
    if stored >= width or _pads_beyond(dataset, stored):
        return values
    return _shifted(values, width - 1 - high, width - stored)


def _pads_beyond(dataset: Dataset, stored: int) -> bool:
    """Whether the padding value needs bits above the stored ones, as old GE CT does."""
    padding = whole(dataset, "PixelPaddingValue")
    half = 2 ** (stored - 1)
    if padding is None:
        return False
    signed = bool(whole(dataset, "PixelRepresentation"))
    low, high = (-half, half) if signed else (0, 2 * half)
    return not low <= padding < high


def _shifted(
    values: Integer[np.ndarray, "..."], left: int, right: int
) -> Integer[np.ndarray, "..."]:
    """Shifting right repeats the sign where the type is signed."""
    shifted = np.left_shift(values, left)
    return np.right_shift(shifted, right, out=shifted)


def _syntax_name(syntax: UID) -> str:
    name = syntax.name
    return "unknown transfer syntax" if name == str(syntax) else name
