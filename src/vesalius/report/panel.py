"""The panel: before, after, what was removed and the spread, as one image."""

from io import BytesIO

import numpy as np
from jaxtyping import Bool, Float32
from PIL import Image, ImageDraw, ImageFont

from vesalius.errors import GeometryError
from vesalius.report import paint
from vesalius.report.gallery import Scale, picture_of, scales_of
from vesalius.report.planes import Plane, cut, place_of, planes_of, positions_of
from vesalius.report.windows import body_from, sample_of, windows_of
from vesalius.report.words import FIXED_SPACE, amount, number
from vesalius.result import Result
from vesalius.volume import Volume

HEIGHT, GAP, HEAD, FOOT = 360, 14, 40, 62  # pixels
NARROWEST, WIDEST = 220, 480  # of one picture: legible, and five fit a README
GROUND, INK, QUIET, SIDE = "#0b0d0f", "#eef1f3", "#aeb8c0", "#ffe9a8"

Picture = Float32[np.ndarray, "rows columns"]
Where = Bool[np.ndarray, "rows columns"]


def before_after(scan: Volume, result: Result, truth: Volume | None = None) -> bytes:
    """Draw one slice before and after, beside what was removed and the spread.

    Args:
        scan: What the task was given.
        result: With a picture on the scan's grid.
        truth: What a perfect answer would be, where the scan is a phantom's; shown
            too, and the error before and after is written under the pictures.

    Returns:
        A PNG file.

    Raises:
        GeometryError: Scan, picture and truth do not share a grid, or there is no
            picture.

    Limits:
        One slice, the middle one of the body, in 256 greys.
    """
    picture = picture_of(result, scan)
    if truth is not None and not truth.shares_grid_with(scan):
        raise GeometryError("the truth must lie on the scan's grid, and does not")
    sample = sample_of(scan)
    plane = next(p for p in planes_of(scan) if p.main)
    position = positions_of(plane, sample.indices, 1)[0]
    scales = scales_of(result, scan, sample)
    grey = paint.grey(windows_of(scan, sample)[0])
    before, after = (cut(v.voxels, plane, position) for v in (scan, picture))
    place = place_of(scan, plane, position)
    if not scan.sides_known:
        place += ", sides unknown"
    tiles = [
        _tile(plane, "Before", grey(before), place),
        _tile(plane, "After", grey(after)),
    ]
    if truth is not None:
        right = cut(truth.voxels, plane, position)
        known = right > body_from(right[np.isfinite(right)], truth.units)
        errors = [
            amount(_error(one, right, known), scan.units) for one in (before, after)
        ]
        told = f"error in the body {errors[0]} before, {errors[1]} after"
        tiles.append(_tile(plane, "Truth", grey(right), told))
    if "removed" in scales:
        image = paint.differences(scales["removed"].high)(before - after)
        tiles.append(_tile(plane, "Removed", image, scale=scales["removed"]))
    if result.spread is not None:
        values = cut(result.spread.voxels, plane, position)
        image = paint.amounts(scales["spread"].high)(values)
        tiles.append(_tile(plane, "Spread", image, scale=scales["spread"]))
    return _png(_beside(tiles))


def _error(picture: Picture, truth: Picture, where: Where) -> float:
    """Root of the mean squared error, in the body: air has noise of its own kind."""
    return (
        float(np.sqrt(np.mean((picture - truth)[where] ** 2))) if where.any() else 0.0
    )


def _tile(
    plane: Plane,
    title: str,
    image: Image.Image,
    told: str = "",
    scale: Scale | None = None,
) -> Image.Image:
    """Draw one picture with its title, its side letters and what lies under it."""
    width_mm, height_mm = plane.size_mm
    width = max(NARROWEST, min(WIDEST, round(HEIGHT * width_mm / height_mm)))
    height = round(width * height_mm / width_mm)
    tile = Image.new("RGB", (width, HEAD + height + FOOT), GROUND)
    resized = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    tile.paste(resized, (0, HEAD))
    draw = ImageDraw.Draw(tile)
    draw.text((0, HEAD / 2), title, INK, _font(20), anchor="lm")
    left, right, top, bottom = plane.edges
    for letters, at, anchor in (
        (left, (8, HEAD + height / 2), "lm"),
        (right, (width - 8, HEAD + height / 2), "rm"),
        (top, (width / 2, HEAD + 8), "mt"),
        (bottom, (width / 2, HEAD + height - 8), "mb"),
    ):
        draw.text(at, letters, SIDE, _font(16), anchor, stroke_width=2, stroke_fill=0)
    foot = HEAD + height + 12
    if scale is None:
        draw.text((0, foot), _plain(told), QUIET, _font(14))
    else:
        _draw_legend(tile, scale, foot)
    return tile


def _draw_legend(tile: Image.Image, scale: Scale, top: int) -> None:
    """Draw a colour bar with its ends and, where it has two signs, its middle."""
    ramp = np.linspace(scale.low, scale.high, tile.width, dtype=np.float32)
    signed = scale.low < 0
    painter = (paint.differences if signed else paint.amounts)(scale.high)
    bar = painter(np.repeat(ramp[None], 10, axis=0)).convert("RGB")
    tile.paste(bar, (0, top))
    draw, below = ImageDraw.Draw(tile), top + 16
    low = f"-{number(scale.high)}" if signed else "0"
    high = f"{'+' if signed else ''}{amount(scale.high, scale.unit)}"
    draw.text((0, below), low, QUIET, _font(14))
    draw.text((tile.width, below), _plain(high), QUIET, _font(14), "ra")
    if signed:
        draw.text((tile.width / 2, below), "0", QUIET, _font(14), "ma")


def _plain(words: str) -> str:
    """Replace what Pillow's own font does not have."""
    return words.replace(FIXED_SPACE, " ").replace(" ·", ",")


def _beside(tiles: list[Image.Image]) -> Image.Image:
    width = sum(tile.width for tile in tiles) + GAP * (len(tiles) + 1)
    panel = Image.new("RGB", (width, max(tile.height for tile in tiles)), GROUND)
    x = GAP
    for tile in tiles:
        panel.paste(tile, (x, 0))
        x += tile.width + GAP
    return panel


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _png(image: Image.Image) -> bytes:
    stream = BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
