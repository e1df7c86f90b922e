"""The panel: one slice of all that a verb's page shows, as one image."""

from io import BytesIO

import numpy as np
from jaxtyping import Bool, Float32
from PIL import Image, ImageDraw, ImageFont

from vesalius.errors import ConfigError, GeometryError
from vesalius.report import paint
from vesalius.report.layers import Scale, picture_of
from vesalius.report.overlay import over
from vesalius.report.planes import (
    Plane,
    cut,
    pixel_of,
    place_of,
    planes_of,
    positions_of,
)
from vesalius.report.verbs import view_of
from vesalius.report.view import View
from vesalius.report.windows import Sample, body_from, sample_of
from vesalius.report.words import FIXED_SPACE, amount, number
from vesalius.result import Result
from vesalius.volume import Volume

FINEST = 4096  # pixels of a cut: practically all of it
HEIGHT, GAP, HEAD, FOOT = 360, 14, 40, 62  # pixels
NARROWEST, WIDEST = 220, 480  # of one picture: legible, and five fit a README
GROUND, INK, QUIET, SIDE = "#0b0d0f", "#eef1f3", "#aeb8c0", "#ffe9a8"

Picture = Float32[np.ndarray, "rows columns"]
Where = Bool[np.ndarray, "rows columns"]


def before_after(scan: Volume, result: Result, truth: Volume | None = None) -> bytes:
    """Draw one slice of all that a verb's page shows.

    Args:
        scan: What the task was given.
        result: With a picture on the scan's grid.
        truth: What a perfect answer would be, where the scan is a phantom's and was
            restored; shown too, and the error before and after is written under the
            pictures.

    Returns:
        A PNG file: before, after, what was removed and the spread; for `segment` the
        scan, the outline, the doubt and the probability; for `detect` the scan and
        its marks; for `translate` the source, what was imagined and the spread.

    Raises:
        GeometryError: Scan, picture and truth do not share a grid, or there is no
            picture.
        ConfigError: There is a truth for a verb that restores nothing.

    Limits:
        One slice, that of the first finding or the middle one of the body, in 256
        greys.
    """
    picture_of(result, scan)
    if truth is not None and not truth.shares_grid_with(scan):
        raise GeometryError("the truth must lie on the scan's grid, and does not")
    sample = sample_of(scan)
    view = view_of(result, scan, sample)
    if truth is not None and view.mode != "wipe":
        raise ConfigError(
            f"a truth is drawn beside a restored scan; {result.provenance.task} "
            "restores none: leave the truth out"
        )
    plane = next(p for p in planes_of(scan) if p.main)
    position = _position(scan, plane, view, sample)
    place = place_of(scan, plane, position)
    if not scan.sides_known:
        place += ", sides unknown"
    tiles = _tiles(view, plane, position, place)
    if truth is not None:
        grey = paint.grey(view.windows[0])
        tile = _truth_tile(scan, result, truth, plane, position, grey)
        tiles.insert(len(view.faces), tile)
    return _png(_beside(tiles))


def _position(scan: Volume, plane: Plane, view: View, sample: Sample) -> int:
    if not view.jumps:
        return positions_of(plane, sample.indices, 1)[0]
    depth = round(pixel_of(scan, plane, view.jumps[0].point_mm)[2])
    return min(max(depth, 0), plane.count - 1)


def _tiles(view: View, plane: Plane, position: int, place: str) -> list[Image.Image]:
    """Draw the faces, the first one again under each overlay, and the maps."""
    drawn = {one.key: one.draw(plane, position, FINEST) for one in view.layers}
    first, *_ = view.faces
    tiles = [
        _tile(plane, face.tag, drawn[face.layer], place if face is first else "")
        for face in view.faces
    ]
    tiles += [
        _tile(plane, one.name, drawn[first.layer], overlay=drawn[one.layer])
        for one in view.overlays
    ]
    return tiles + [
        _tile(plane, one.brief, drawn[one.key], scale=one.scale) for one in view.maps
    ]


def _truth_tile(
    scan: Volume,
    result: Result,
    truth: Volume,
    plane: Plane,
    position: int,
    grey: paint.Painter,
) -> Image.Image:
    """Draw the truth, and write how far scan and picture are from it."""
    before, after, right = (
        cut(one.voxels, plane, position)
        for one in (scan, picture_of(result, scan), truth)
    )
    known = right > body_from(right[np.isfinite(right)], truth.units)
    errors = [amount(_error(one, right, known), scan.units) for one in (before, after)]
    told = f"error in the body {errors[0]} before, {errors[1]} after"
    return _tile(plane, "Truth", grey(right), told)


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
    overlay: Image.Image | None = None,
) -> Image.Image:
    """Draw one picture with its title, its side letters and what lies under it."""
    width_mm, height_mm = plane.size_mm
    width = max(NARROWEST, min(WIDEST, round(HEIGHT * width_mm / height_mm)))
    height = round(width * height_mm / width_mm)
    tile = Image.new("RGB", (width, HEAD + height + FOOT), GROUND)
    resized = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    if overlay is not None:
        resized = over(resized, overlay).convert("RGB")
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
