"""Derived DICOM: the picture as a new series beside the one it was made from.

The patient, the study and the frame of reference are the source's; everything that
tells one image from another is new, and says that AI made it, for research.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from vesalius.errors import ConfigError
from vesalius.io.dicom_derive_frames import SINGLE, complete, single_frame
from vesalius.io.dicom_derive_header import Maker, handed_on, mark, meta_of
from vesalius.io.dicom_derive_modality import cross, crosses
from vesalius.io.dicom_derive_source import Source, SourceSlice
from vesalius.io.dicom_derive_stored import (
    Stored,
    decimal,
    stored_hounsfield,
    stored_mirrored,
    stored_signal,
)
from vesalius.io.dicom_fields import whole
from vesalius.result import Result

LONGEST_SUMMARY = 400
_SAMPLE = 2**20  # voxels that are looked at for a window
_WINDOW_ENDS = (1, 99)  # per cent of the voxels: a few bright ones leave the rest dark


def derive(result: Result, source: Source, folder: Path) -> tuple[str, ...]:
    """Write the picture of a result as a derived series, one file a slice.

    Args:
        result: With a picture on the grid of `source`.
        source: The series it was made from.
        folder: Exists, and is empty.

    Returns:
        The names of the files, in the order of the slices.

    Raises:
        OutputError: The intensities do not fit 16 bits.
        OSError: The folder cannot be written.

    Limits:
        Intensities become whole numbers: CT in steps of 1/16 HU, or of 0.1 HU where
        the range needs it, coarser beyond 6,553 HU; MR in the scanner's own steps or
        finer. The spread stays NIfTI: no DICOM object has a place for it.
    """
    if result.picture is None:
        raise ConfigError("a withheld result has no picture to derive a series from")
    voxels, kind = result.picture.voxels, result.picture.modality
    same = kind == source.scan.modality
    if source.mirror is not None and same:
        voxels = np.float32(source.mirror) - voxels
    stored = _stored(voxels, source) if same else _stored_anew(voxels, kind)
    window = _window(voxels, result.picture.padding)
    maker = Maker(
        result.provenance, result.picture.sha256, _summary(result), modality=kind
    )
    names = []
    digits = max(4, len(str(len(source.slices))))
    with _in_silence():
        for k, one in enumerate(source.slices):
            derived = _slice(voxels[:, :, k], one, stored, window, maker, k + 1)
            names.append(f"{k + 1:0{digits}d}.dcm")
            derived.save_as(folder / names[-1], enforce_file_format=True)
    return tuple(names)


def _slice(
    intensities: Float32[np.ndarray, "i j"],
    source: SourceSlice,
    stored: Stored,
    window: tuple[float, float],
    maker: Maker,
    number: int,
) -> Dataset:
    flat, frame = source.header, None
    if source.frame is not None:
        flat, frame = single_frame(source.header, source.frame), source.frame + 1
    header = handed_on(flat)
    crossed = crosses(header, maker.modality)
    if crossed:
        cross(header, maker.modality, maker.provenance)
    complete(header)
    mark(header, source.header, maker, number, frame)
    _describe_pixels(header, stored)
    if not crossed:
        _describe_padding(header, source, stored)
    _set_window(header, window)
    header.Columns, header.Rows = intensities.shape
    header.PixelData = np.ascontiguousarray(stored.numbers(intensities).T).tobytes()
    header["PixelData"].VR = "OW"
    header.file_meta = meta_of(header)
    return header


def _describe_pixels(header: Dataset, stored: Stored) -> None:
    header.SamplesPerPixel = 1
    header.BitsAllocated = header.BitsStored = 16
    header.HighBit = 15
    header.PixelRepresentation = int(stored.signed)
    is_ct = header.SOPClassUID == SINGLE["CT"]
    if is_ct or not stored.is_plain:
        header.RescaleSlope = decimal(stored.slope)
        header.RescaleIntercept = decimal(stored.intercept)
        header.RescaleType = "HU" if is_ct else "US"


def _describe_padding(header: Dataset, source: SourceSlice, stored: Stored) -> None:
    kind = "SS" if stored.signed else "US"
    for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        intensity = _padding(source, keyword)
        number = None if intensity is None else stored.number(intensity)
        if number is None:
            return
        header.add_new(keyword, kind, number)


# What is stored


def _stored(voxels: Float32[np.ndarray, "i j k"], source: Source) -> Stored:
    low, high = float(voxels.min()), float(voxels.max())
    padding = _padded_with(voxels, source)
    rescaled = any((one.slope, one.intercept) != (1.0, 0.0) for one in source.slices)
    if source.mirror is not None:
        return stored_mirrored(low, high, source.mirror, rescaled=rescaled)
    if source.scan.units == "HU":
        grids = {(one.slope, one.intercept) for one in source.slices}
        grid = next(iter(grids)) if len(grids) == 1 else None
        return stored_hounsfield(low, high, padding, grid)
    return stored_signal(low, high, padding, rescaled=rescaled)


def _stored_anew(voxels: Float32[np.ndarray, "i j k"], modality: str) -> Stored:
    """Choose steps for a picture of another modality: the source's say nothing."""
    low, high = float(voxels.min()), float(voxels.max())
    if modality == "CT":
        return stored_hounsfield(low, high, None)
    return stored_signal(low, high, None, rescaled=False)


def _padded_with(voxels: Float32[np.ndarray, "i j k"], source: Source) -> float | None:
    """What stands outside the circle, else what the file says would stand there."""
    if source.scan.padding is None or not source.scan.padding.any():
        return _padding(source.slices[0], "PixelPaddingValue")
    values, counts = np.unique(voxels[source.scan.padding], return_counts=True)
    return float(values[np.argmax(counts)])


def _padding(source: SourceSlice, keyword: str) -> float | None:
    """The intensity of a padding value, which some files hold with the wrong sign."""
    value = whole(source.header, keyword)
    if value is None:
        return None
    turn = 2 ** (whole(source.header, "BitsAllocated") or 16)
    if whole(source.header, "PixelRepresentation") == 1:
        value -= turn if value >= turn // 2 else 0
    else:
        value += turn if value < 0 else 0
    return source.slope * value + source.intercept


# What is shown


def _set_window(header: Dataset, computed: tuple[float, float]) -> None:
    """Keep the source's windows if all have a width, else give one that shows all."""
    centres = _decimals(header, "WindowCenter")
    widths = _decimals(header, "WindowWidth")
    if centres and len(centres) == len(widths) and min(widths) >= 1:
        return
    for keyword in ("WindowCenterWidthExplanation", "VOILUTFunction"):
        if keyword in header:
            delattr(header, keyword)
    header.WindowCenter, header.WindowWidth = map(decimal, computed)


def _window(
    voxels: Float32[np.ndarray, "i j k"], padding: Bool[np.ndarray, "i j k"] | None
) -> tuple[float, float]:
    """Centre and width of what was measured."""
    measured = voxels if padding is None or padding.all() else voxels[~padding]
    step = max(measured.size // _SAMPLE, 1)
    sample = measured.ravel(order="K")[::step]
    low, high = (float(end) for end in np.percentile(sample, _WINDOW_ENDS))
    if high - low < 1:
        low, high = float(sample.min()), float(sample.max())
    return round((low + high) / 2, 1), round(max(high - low, 1.0), 1)


def _decimals(header: Dataset, keyword: str) -> list[float]:
    try:
        value = header.get(keyword)
        several = value if hasattr(value, "__len__") and value != "" else [value]
        found = [float(str(one)) for one in several]
    except (TypeError, ValueError):
        return []
    return found if np.isfinite(found).all() else []


def _summary(result: Result) -> str:
    said = "" if result.card is None else result.card.summary
    return said.encode("ascii", "replace").decode()[:LONGEST_SUMMARY]


@contextmanager
def _in_silence() -> Iterator[None]:
    """Take the source's values as they are; pydicom's warnings quote them."""
    with disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
