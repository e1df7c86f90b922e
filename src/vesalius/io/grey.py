"""Grey: pictures that are intensities, told from those that only look like it."""

import numpy as np
from jaxtyping import Shaped

from vesalius.errors import FormatError

COLOUR = (
    "the picture is in colour; a scan has one intensity a pixel: save it as grey values"
)


def grey_of(pixels: Shaped[np.ndarray, "... samples"]) -> Shaped[np.ndarray, "..."]:
    """Take one of three equal channels.

    Raises:
        FormatError: They differ somewhere, so there is colour.
    """
    if pixels.shape[-1] != 3 or (pixels != pixels[..., :1]).any():
        raise FormatError(COLOUR)
    return pixels[..., 0]


def grey_of_palette(
    pixels: Shaped[np.ndarray, "..."], palette: Shaped[np.ndarray, "entries 3"]
) -> Shaped[np.ndarray, "..."]:
    """Look the greys up that the numbers stand for.

    Raises:
        FormatError: An entry that is used is no grey.
    """
    if int(pixels.max()) >= len(palette):
        raise FormatError("the picture uses a colour its palette lacks; it is damaged")
    used = np.unique(pixels)
    if (palette[used] != palette[used, :1]).any():
        raise FormatError(COLOUR)
    return palette[pixels, 0]


def refuse_alpha(found: bool) -> None:
    """Refuse transparency: what lies under it is anybody's guess.

    Raises:
        FormatError: The picture has some.
    """
    if found:
        raise FormatError(
            "the picture has an alpha channel (transparency); save it without"
        )


def upright(
    pixels: Shaped[np.ndarray, "... rows columns"], orientation: int
) -> Shaped[np.ndarray, "... rows_upright columns_upright"]:
    """Turn a picture as its orientation tag asks, EXIF and TIFF 6.0 tag 274.

    Args:
        pixels: The last two axes are turned.
        orientation: 1 (as it is) to 8.

    Raises:
        FormatError: The tag has no meaning.
    """
    if not 1 <= orientation <= 8:
        raise FormatError("the picture's orientation tag is damaged; save it upright")
    if orientation >= 5:
        pixels = np.swapaxes(pixels, -1, -2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[..., :, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[..., ::-1, :]
    return pixels
