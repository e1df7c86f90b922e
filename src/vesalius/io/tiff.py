"""TIFF: every page a slice, in the file's order."""

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from jaxtyping import Shaped
from PIL import Image, ImageSequence
from tifffile import COMPRESSION, PHOTOMETRIC

from vesalius.errors import FormatError
from vesalius.io.damage import stderr_closed_to_c
from vesalius.io.grey import (
    COLOUR,
    grey_of,
    grey_of_palette,
    refuse_alpha,
    upright,
)
from vesalius.io.streams import bytes_in, refuse_too_many

# Without further packages tifffile inflates these; what else is named in the standard
# is left to libtiff by way of Pillow.
_TIFFFILE_INFLATES = (
    COMPRESSION.NONE,
    COMPRESSION.DEFLATE,
    COMPRESSION.ADOBE_DEFLATE,
    COMPRESSION.PACKBITS,
)
_LOSSY = (COMPRESSION.JPEG, COMPRESSION.OJPEG)
_ORIENTATION = 274
_SLICE_AXES = set("ZIQ")  # depth, "a sequence" and "unknown": all that ImageJ writes


def read_tiff(path: Path) -> tuple[Shaped[np.ndarray, "page row column"], bool]:
    """Read all pages.

    Args:
        path: A TIFF, BigTIFF, ImageJ or OME-TIFF file with one series of pages.

    Returns:
        What is stored, upright and black at its lowest, and whether JPEG
        compression has altered it.

    Raises:
        FormatError: It has colour, alpha, channels, times, or pages that differ.
    """
    with tifffile.TiffFile(path, _multifile=False) as file:
        page: Any = file.pages.first
        series = _only_series(file)
        refuse_alpha(bool(page.extrasamples))
        refuse_too_many(series.shape, series.dtype.itemsize, bytes_in(path))
        turned = int(page.tags.valueof(_ORIENTATION, 1))
        if page.compression in _TIFFFILE_INFLATES:
            pixels = _pages_first(series.asarray(), series.axes)
            pixels = upright(_greys(pixels, page), turned)
        elif page.photometric == PHOTOMETRIC.MINISWHITE:
            raise FormatError(
                "the TIFF file's lowest value is white and its compression leaves "
                "open who inverts it; save it uncompressed"
            )
        else:
            pixels = _greys(_by_libtiff(path), page)
        return pixels, page.compression in _LOSSY


def _greys(
    pixels: Shaped[np.ndarray, "..."], page: Any
) -> Shaped[np.ndarray, "page row column"]:
    if pixels.ndim == 4:
        return grey_of(pixels)
    if page.photometric == PHOTOMETRIC.PALETTE:
        return grey_of_palette(pixels, np.asarray(page.colormap).T)
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        return _inverted(pixels)
    if page.photometric != PHOTOMETRIC.MINISBLACK:
        raise FormatError(COLOUR)
    return pixels


def _only_series(file: Any) -> Any:
    series = [one for one in file.series if one.kind != "thumbnail"]
    if len(series) != 1:
        raise FormatError(
            f"the TIFF file's pages form {len(series)} stacks of different size or "
            "type; save the one you mean to a file of its own"
        )
    axes, shape = series[0].axes, series[0].shape
    long = {
        axis: length for axis, length in zip(axes, shape, strict=True) if length > 1
    }
    if "C" in long or "T" in long:
        what = "channels" if "C" in long else "times"
        raise FormatError(
            f"the TIFF file has {long.get('C') or long.get('T')} {what}; save one of "
            "them as a stack of slices"
        )
    beyond = set(long) - set("YXS") - _SLICE_AXES
    if beyond or len(set(long) & _SLICE_AXES) > 1:
        raise FormatError("the TIFF file has more axes than a stack of slices")
    return series[0]


def _pages_first(pixels: Any, axes: str) -> Shaped[np.ndarray, "..."]:
    """Order as page, row, column, and samples where there are several."""
    for place in reversed(range(len(axes))):
        if pixels.shape[place] == 1 and axes[place] not in "YX":
            pixels = np.squeeze(pixels, place)
            axes = axes[:place] + axes[place + 1 :]
    if "S" in axes:
        pixels = np.moveaxis(pixels, axes.index("S"), -1)
    return pixels if len(axes.replace("S", "")) == 3 else pixels[None]


def _by_libtiff(path: Path) -> Shaped[np.ndarray, "..."]:
    with stderr_closed_to_c(), Image.open(path) as image:
        pages = [np.asarray(frame) for frame in ImageSequence.Iterator(image)]
    return np.stack(pages)


def _inverted(pixels: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    if pixels.dtype.kind != "u":
        raise FormatError(
            "the TIFF file's lowest value is white, but it is no unsigned integer; "
            "save it with black as zero"
        )
    return np.iinfo(pixels.dtype).max - pixels
