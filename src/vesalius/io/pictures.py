"""Pictures: PNG, TIFF and JPEG, one file or a folder of slices, without a place."""

import re
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Shaped
from PIL import Image

from vesalius.errors import FormatError, GeometryError
from vesalius.io.carried import Carried
from vesalius.io.damage import damage_named
from vesalius.io.grey import (
    COLOUR,
    grey_of,
    grey_of_palette,
    refuse_alpha,
    upright,
)
from vesalius.io.streams import MOST_VOXELS
from vesalius.io.tiff import read_tiff

FAMILIES = {
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
}
JPEG_NOTE = (
    "JPEG is lossy: its blocks and ringing are in the picture, and the noise is no "
    "longer the scanner's."
)
_ORIENTATION = 274  # EXIF and TIFF
_PNG_HEAD = 26  # bytes up to depth and colour type
_PNG_COLOURED = (2, 3, 6)


def read_pictures(path: Path) -> Carried:
    """Read one picture, or a folder of pictures of one kind as slices.

    Values are kept as stored, 8 or 16 bits. Such a file says neither modality nor
    spacing nor sides; a resolution in dots per inch is one of paper, and not used.

    Args:
        path: A picture, whose pages are slices; or a folder, whose files are, in the
            order of the one number in which their names differ.

    Returns:
        Columns, rows and slices as stored; no affine. Units are "a.u." for 8 bits:
        they hold greys, whatever was scanned.

    Raises:
        FormatError: It is damaged, or has colour, alpha or channels.
        GeometryError: The slices differ in size, or their order is unclear.
    """
    files = slices_in(path) if path.is_dir() else [path]
    pages, lossy = _pages(files[0])
    narrow = pages.dtype.itemsize == 1
    voxels = _room(pages, len(files))
    voxels[:, :, : len(pages)] = pages.transpose(2, 1, 0)
    for place, file in enumerate(files[1:], start=1):
        pages, was_jpeg = _pages(file)
        lossy, narrow = lossy or was_jpeg, narrow or pages.dtype.itemsize == 1
        if pages.shape != (1, *voxels.shape[1::-1]):
            raise GeometryError(
                f"slice {place + 1} of {len(files)} has another size than the first; "
                "leave out what does not belong to the stack"
            )
        voxels[:, :, place] = pages[0].T
    return Carried(
        voxels=voxels,
        affine=None,
        units="a.u." if narrow else None,
        modality=None,
        contrast=None,
        sides_known=False,
        padding=None,
        notes=(JPEG_NOTE,) if lossy else (),
    )


def slices_in(folder: Path) -> list[Path]:
    """Order the pictures of a folder by the number in which their names differ.

    Args:
        folder: Other files in it are passed over.

    Raises:
        FormatError: There is none, or several kinds of picture.
        GeometryError: Names do not tell the order, or a number is missing.
    """
    files = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in FAMILIES and not file.name.startswith(".")
    ]
    if len({FAMILIES[file.suffix.lower()] for file in files}) != 1:
        raise FormatError("a folder of slices holds pictures of one kind, and only one")
    if len(files) == 1:
        return files
    parts = {file: re.split(r"(\d+)", file.stem) for file in files}
    numbers = _varying_numbers(list(parts.values()))
    steps = np.diff(np.sort(numbers))
    if steps.min() == 0:
        raise GeometryError("two slices carry the same number in their names")
    if (steps != steps[0]).any():
        after = int(np.sort(numbers)[int(np.argmax(steps != steps[0]))])
        raise GeometryError(
            f"the numbers of the slices leave a gap near number {after}; add the "
            "missing slices, or number them without gaps"
        )
    return [files[place] for place in np.argsort(numbers)]


def _varying_numbers(names: Sequence[list[str]]) -> list[int]:
    """The one number a name in which the names differ."""
    unclear = GeometryError(
        "the names of the pictures must differ in one number only, the slice's; put "
        "each series into a folder of its own"
    )
    if len({len(name) for name in names}) != 1:
        raise unclear
    columns = list(zip(*names, strict=True))
    varying = [place for place, column in enumerate(columns) if len(set(column)) > 1]
    if len(varying) != 1 or varying[0] % 2 == 0:  # the odd parts are the numbers
        raise unclear
    return [int(name[varying[0]]) for name in names]


def _room(
    pages: Shaped[np.ndarray, "page row column"], files: int
) -> Float32[np.ndarray, "i j k"]:
    if files > 1 and len(pages) > 1:
        raise FormatError(
            "a picture with several pages lies beside others; a stack is one such "
            "file, or a folder of single slices"
        )
    slices = max(files, len(pages))
    rows, columns = pages.shape[1:]
    if rows * columns * slices > MOST_VOXELS:
        raise FormatError(f"the pictures hold more than {MOST_VOXELS} pixels")
    return np.empty((columns, rows, slices), np.float32, order="F")


def _pages(file: Path) -> tuple[Shaped[np.ndarray, "page row column"], bool]:
    """What is stored, upright, and whether it went through JPEG."""
    family = FAMILIES[file.suffix.lower()]
    with damage_named(f"a {family} picture"):
        with file.open("rb") as stream:
            start = stream.read(_PNG_HEAD)
        if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            pages, lossy = read_tiff(file)
        else:
            pages, lossy = _one_page(file, start)
        if pages.dtype.kind not in "iuf":
            raise FormatError("the picture's pixels are no plain numbers; save greys")
        return pages, lossy


def _one_page(
    file: Path, start: bytes
) -> tuple[Shaped[np.ndarray, "page row column"], bool]:
    if start.startswith(_PNG):
        _refuse_broken_chunks(file)
        if start[24] == 16 and start[25] in _PNG_COLOURED:
            raise FormatError(COLOUR)  # Pillow would cut it to 8 bits
    with Image.open(file, formats=("PNG", "JPEG")) as image:
        refuse_alpha("transparency" in image.info or image.mode in _WITH_ALPHA)
        if getattr(image, "n_frames", 1) > 1:
            raise FormatError("the picture is animated; save its frames as slices")
        if image.mode not in ("L", "I", "I;16", "P", "RGB"):
            raise FormatError(COLOUR if image.mode != "1" else _BILEVEL)
        pixels = np.asarray(image)
        if image.mode == "RGB":
            pixels = grey_of(pixels)
        elif image.mode == "P":
            palette = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
            pixels = grey_of_palette(pixels, palette)
        orientation = int(image.getexif().get(_ORIENTATION, 1))
        return upright(pixels, orientation)[None], image.format == "JPEG"


def _refuse_broken_chunks(file: Path) -> None:
    """Check what Pillow does not: every checksum, and that the file has its end."""
    with file.open("rb") as stream:
        stream.seek(len(_PNG))
        name = b""
        while name != b"IEND":
            length, name = struct.unpack(">I4s", stream.read(8))
            content = stream.read(length)
            if zlib.crc32(name + content) != struct.unpack(">I", stream.read(4))[0]:
                raise FormatError("the PNG picture is damaged; copy it again")


_PNG = b"\x89PNG\r\n\x1a\n"
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_BILEVEL = "the picture is black and white; a scan has greys in between"
