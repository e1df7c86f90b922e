"""DICOM values: what is stored becomes intensities, slice by slice.

Intensity = slope * stored + intercept, PS3.3 C.11.1, with each slice's own numbers.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Shaped
from pydicom.dataset import Dataset

from vesalius.errors import FormatError, ScanError
from vesalius.io.archives import StoredFile
from vesalius.io.damage import damage_named
from vesalius.io.dicom_fields import whole
from vesalius.io.dicom_files import read_pixels
from vesalius.io.dicom_header import Frame
from vesalius.io.dicom_pixels import PIXEL_KEEP, decoded_frames
from vesalius.io.streams import EXACT_BELOW, MOST_VOXELS

LOWEST_HU = -1024  # of what a 12-bit CT can measure; below it, outside the circle: pad
SMALLEST_PADDING = 1e-3  # of a slice: a lone dark pixel at the rim is noise in air
_AIR_HU = (-1100.0, -100.0)  # the darkest percent of a CT, if it holds any air or lung
_MAY_BE_HU = ("HU", "HU_MOD", "US", "")  # RescaleType: HU, or it does not say
_SAMPLE = 2**20  # voxels that are looked at to tell HU from raw numbers


@dataclass(frozen=True, eq=False)
class Filled:
    """The intensities of a stack.

    Attributes:
        voxels: Indexed (column, row, slice).
        padding: True where nothing was measured; None where all was.
        notes: What is worth telling.
    """

    voxels: Float32[np.ndarray, "i j k"]
    padding: Bool[np.ndarray, "i j k"] | None
    notes: tuple[str, ...]


def filled(
    frames: Sequence[Frame], *, is_ct: bool, inverted: frozenset[StoredFile]
) -> Filled:
    """Read and scale the pixels of a stack, never more than one file at a time.

    Args:
        frames: In order, all of one size.
        is_ct: Whether the intensities must come out as HU.
        inverted: The files that are stored as MONOCHROME1, low values white.

    Raises:
        FormatError: Pixels cannot be decoded.
        ScanError: A CT has no rescale and its values do not look like HU.

    Limits:
        A CT stored as MONOCHROME1 is inverted only if its values are not HU as they
        stand: the standard's rescale knows no inversion, some exporters do.
    """
    block = np.empty((len(frames), frames[0].rows, frames[0].columns), np.float32)
    _refuse_too_large(block.shape)
    padding = _Padding(block.shape)
    mirrors = np.zeros(len(frames))  # slope * (lowest + highest stored) + 2 * intercept
    for slices in _by_file(frames).values():
        _fill_file(slices, block, padding, mirrors)
    notes = _turned(frames, block, mirrors, inverted, is_ct=is_ct, pad=padding.mask)
    if is_ct:
        notes += _refuse_raw(frames, block, padding.mask)
        for k, picture in enumerate(block):
            padding.add(k, _outside_circle(picture))
    if max(block.max(), -block.min()) > EXACT_BELOW:
        notes += (f"Whole numbers above {EXACT_BELOW} were rounded to 32-bit floats.",)
    mask = None if padding.mask is None else padding.mask.transpose(2, 1, 0)
    return Filled(block.transpose(2, 1, 0), mask, notes)


def looks_like_hu(
    block: Float32[np.ndarray, "k rows columns"],
    padding: Bool[np.ndarray, "k rows columns"] | None,
) -> bool:
    """Whether the darkest percent of what was measured is air or lung, in HU."""
    stride = max(block.size // _SAMPLE, 1)
    sample = block.ravel()[::stride]
    if padding is not None:
        sample = sample[~padding.ravel()[::stride]]
    sample = sample[sample > _AIR_HU[0]]
    return bool(sample.size) and float(np.percentile(sample, 1)) <= _AIR_HU[1]


class _Padding:
    """A mask that takes no memory before anything is padded."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self.mask: Bool[np.ndarray, "k rows columns"] | None = None

    def add(self, k: int, where: Bool[np.ndarray, "rows columns"] | None) -> None:
        if where is None or not where.any():
            return
        if self.mask is None:
            self.mask = np.zeros(self._shape, bool)
        self.mask[k] |= where


# One file


def _by_file(frames: Sequence[Frame]) -> dict[StoredFile, dict[int, tuple[int, Frame]]]:
    """For each file: frame number to place in the stack."""
    files: dict[StoredFile, dict[int, tuple[int, Frame]]] = defaultdict(dict)
    for k, frame in enumerate(frames):
        files[frame.file][frame.index] = (k, frame)
    return files


def _fill_file(
    slices: dict[int, tuple[int, Frame]],
    block: Float32[np.ndarray, "k rows columns"],
    padding: _Padding,
    mirrors: Shaped[np.ndarray, " k"],
) -> None:
    first = next(iter(slices.values()))[1]
    name = "the image" if first.number is None else f"image number {first.number}"
    left = dict(slices)
    try:
        with damage_named("its file"):
            most = 8 * first.rows * first.columns * (max(slices) + 1)
            dataset = read_pixels(first.file, PIXEL_KEEP, most)
            for index, stored in enumerate(decoded_frames(dataset)):
                if index not in left:
                    continue
                k, frame = left.pop(index)
                block[k] = stored * frame.slope + frame.intercept
                padding.add(k, _padded(stored, dataset))
                mirrors[k] = frame.slope * _extremes(dataset) + 2 * frame.intercept
            if left:
                raise FormatError("it has fewer frames than it says")
    except FormatError as error:
        raise FormatError(f"{name} cannot be read: {error}") from error


def _padded(
    stored: Shaped[np.ndarray, "rows columns"], dataset: Dataset
) -> Bool[np.ndarray, "rows columns"] | None:
    """Where the scanner filled in, PixelPaddingValue up to its range limit."""
    value = _in_range(whole(dataset, "PixelPaddingValue"), dataset)
    limit = _in_range(whole(dataset, "PixelPaddingRangeLimit"), dataset)
    if value is None:
        return None
    if limit is None:
        return stored == value
    return (stored >= min(value, limit)) & (stored <= max(value, limit))


def _in_range(value: int | None, dataset: Dataset) -> int | None:
    """Read a padding value as the pixels are: many write -2000 as 63536."""
    whole_turn = 2 ** int(dataset.BitsAllocated)
    if value is None:
        return None
    if whole(dataset, "PixelRepresentation") == 1:
        return value - whole_turn if value >= whole_turn // 2 else value
    return value + whole_turn if value < 0 else value


def _extremes(dataset: Dataset) -> float:
    """Lowest plus highest number that can be stored: where an inversion is mirrored."""
    if whole(dataset, "PixelRepresentation") == 1:
        return -1.0
    return float(2 ** int(dataset.BitsStored) - 1)


# The whole stack


def _turned(
    frames: Sequence[Frame],
    block: Float32[np.ndarray, "k rows columns"],
    mirrors: Shaped[np.ndarray, " k"],
    inverted: frozenset[StoredFile],
    *,
    is_ct: bool,
    pad: Bool[np.ndarray, "k rows columns"] | None,
) -> tuple[str, ...]:
    """Invert in place what is stored with low values white."""
    turned = [k for k, frame in enumerate(frames) if frame.file in inverted]
    if not turned:
        return ()
    if is_ct and looks_like_hu(block, pad):
        return ("The values of this MONOCHROME1 image are HU and were kept.",)
    for k in turned:
        np.subtract(np.float32(mirrors[k]), block[k], out=block[k])
    return ("Stored as MONOCHROME1 (low values white): inverted on reading.",)


def _refuse_raw(
    frames: Sequence[Frame],
    block: Float32[np.ndarray, "k rows columns"],
    padding: Bool[np.ndarray, "k rows columns"] | None,
) -> tuple[str, ...]:
    if all(f.is_rescaled and f.rescale_type in _MAY_BE_HU for f in frames):
        return ()
    if not looks_like_hu(block, padding):
        raise ScanError(
            "this CT does not say that its values are HU (RescaleSlope, "
            "RescaleIntercept and RescaleType), and they do not look like it "
            f"({block.min():.0f} to {block.max():.0f}); export it with its rescale"
        )
    return ("The CT does not say that its values are HU; they look like it.",)


def _outside_circle(
    picture: Float32[np.ndarray, "rows columns"],
) -> Bool[np.ndarray, "rows columns"] | None:
    """Values that no CT measures, in patches that reach the rim of the picture."""
    low = picture < LOWEST_HU
    if not low.any():
        return None
    from scipy.ndimage import label  # late: most scans need none

    patches, _ = label(low)
    rim = np.concatenate([patches[0], patches[-1], patches[:, 0], patches[:, -1]])
    areas = np.bincount(patches.ravel())
    wide = areas >= SMALLEST_PADDING * picture.size
    wide[0] = False
    reaching = np.zeros(len(areas), bool)
    reaching[rim] = True
    return (wide & reaching)[patches]


def _refuse_too_large(shape: tuple[int, ...]) -> None:
    if int(np.prod(shape, dtype=object)) > MOST_VOXELS:
        size = " x ".join(str(length) for length in reversed(shape))
        raise ScanError(
            f"{size} voxels are more than the {MOST_VOXELS} we can work on; crop it"
        )
