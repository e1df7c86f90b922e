"""Paint: numbers to colours, and pictures to text that a page can hold.

Two scales that survive colour blindness and a grey printer: one from black to yellow
for amounts, one with black in the middle for differences of either sign.
"""

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from vesalius.report.windows import Window

Picture = Float32[np.ndarray, "rows columns"]
Pixels = UInt8[np.ndarray, "rows columns"]
Painter = Callable[[Picture], Image.Image]

# Anchors, evenly spaced. Lightness rises from the dark end (or middle) outwards.
AMOUNT = (
    *("#06070a", "#2a1256", "#6d1d6e", "#b03357"),
    *("#e45f2b", "#f9a31b", "#fbf7a4"),
)
DIFFERENCE = (
    *("#a5e6ff", "#3fa3ea", "#155a9c", "#0b0c0e"),
    *("#94480c", "#e88a1e", "#ffe0a0"),
)
SIGN_STEPS = 32  # of either sign; more cannot be told apart and cost space
WEBP_EFFORT = 1  # of 0 to 6: 2 to 6 gain under 5 % and take up to twice as long
LOSSLESS_EFFORT = 20  # of 100: more takes four times as long


def grey(window: Window) -> Painter:
    """Bind a window: the painter shows its low end black and its high end white."""

    def paint(picture: Picture) -> Image.Image:
        share = (picture - window.low) / (window.high - window.low)
        return Image.fromarray(_to_bytes(share))

    return paint


def amounts(limit: float) -> Painter:
    """Bind a scale from 0 to `limit`, black to yellow."""

    def paint(picture: Picture) -> Image.Image:
        return _coloured(_to_bytes(picture / limit), AMOUNT)

    return paint


def differences(limit: float) -> Painter:
    """Bind a scale from -`limit`, blue, over 0, black, to `limit`, orange."""

    def paint(picture: Picture) -> Image.Image:
        whole = np.nan_to_num(picture)
        steps = np.rint(np.clip(whole / limit, -1, 1) * SIGN_STEPS)
        return _coloured(_to_bytes((steps / SIGN_STEPS + 1) / 2), DIFFERENCE)

    return paint


def gradient(anchors: tuple[str, ...]) -> str:
    """Write a scale's legend as a style sheet's gradient, left to right."""
    return f"linear-gradient(to right, {', '.join(anchors)})"


def shrunk(
    picture: Picture, longest: int
) -> Float32[np.ndarray, "fewer_rows fewer_columns"]:
    """Bring a picture to at most `longest` pixels a side, by the mean of blocks.

    Args:
        picture: Of any size.
        longest: Pixels of the longer side, at least 1.

    Limits:
        The mean of a block has less noise than its pixels: say so beside it.
    """
    factor = -(-max(picture.shape) // longest)
    if factor == 1:
        return picture
    return np.asarray(Image.fromarray(picture).reduce(factor), np.float32)


def data_uri(image: Image.Image, quality: int | None) -> str:
    """Write a picture as text that a page can show without asking for a file.

    Args:
        image: Grey, or with a palette.
        quality: WebP's, 1 to 100; None keeps every pixel as it is.
    """
    stream = BytesIO()
    if quality is None:
        image.save(stream, "WEBP", lossless=True, quality=LOSSLESS_EFFORT, method=0)
    else:
        image.save(stream, "WEBP", quality=quality, method=WEBP_EFFORT)
    return _as_text(stream)


def drawn_uri(image: Image.Image) -> str:
    """Write lines and areas as text, every pixel kept; mostly nothing, so small."""
    stream = BytesIO()
    image.save(stream, "WEBP", lossless=True, method=WEBP_EFFORT)
    return _as_text(stream)


def _as_text(stream: BytesIO) -> str:
    return f"data:image/webp;base64,{b64encode(stream.getvalue()).decode()}"


def _to_bytes(share: Picture) -> Pixels:
    return np.rint(np.clip(np.nan_to_num(share), 0, 1) * 255).astype(np.uint8)


def _coloured(pixels: Pixels, anchors: tuple[str, ...]) -> Image.Image:
    image = Image.fromarray(pixels)
    image.putpalette(_table(anchors).tobytes())
    return image


def _table(anchors: tuple[str, ...]) -> UInt8[np.ndarray, "256 3"]:
    colours = np.array([[int(a[n : n + 2], 16) for n in (1, 3, 5)] for a in anchors])
    at = np.linspace(0, 255, len(anchors))
    channels = [np.interp(np.arange(256), at, colours[:, c]) for c in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
