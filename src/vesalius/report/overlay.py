"""Overlays: outlines, bands of doubt and rings, drawn over a cut and not into it.

An overlay is a picture of its own with nothing where it says nothing, finer than the
cut below it: a line stays a line where voxels are long, and can be taken away.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import maximum_filter

from vesalius.report.planes import Plane, apart_mm, pixel_of
from vesalius.result import Finding
from vesalius.volume import Volume

# Blue and orange are told apart by every kind of colour vision; one is a line, the
# other an area, so that a grey printer tells them apart too.
OUTLINE, DOUBT, CASING = (86, 204, 255), (255, 150, 36), (6, 10, 14)
TINT, TINT_EDGE = 95, 215  # of 255: the scan is seen through the tint
LONGEST = 960  # pixels of a side: about what a screen gives a picture
LINE, CASED = 4, 8  # pixels across, even: an edge lies between two pixels
LEAST_RADIUS = 15.0  # of a ring: a small finding must not hide in it
NUMBER_SIZE = 37
EMPTY = Image.new("RGBA", (1, 1))

Where = Bool[np.ndarray, "rows columns"]
Colours = UInt8[np.ndarray, "rows columns 4"]


@dataclass(frozen=True)
class Mark:
    """A finding, seen on one cut.

    Attributes:
        number: Its place in the list, from 1.
        column: Of its centre; the middle of the first pixel is 0.
        row: Likewise.
        size_mm: Its diameter.
    """

    number: int
    column: float
    row: float
    size_mm: float


def size_of(plane: Plane) -> tuple[int, int]:
    """Give an overlay's width and height: square pixels, whatever the voxels are."""
    width_mm, height_mm = plane.size_mm
    fine = LONGEST / max(width_mm, height_mm)
    return max(1, round(width_mm * fine)), max(1, round(height_mm * fine))


def outlined(inside: Where, plane: Plane) -> Image.Image:
    """Draw the edge of a mask as a blue line with a dark one around it.

    Args:
        inside: The mask on one cut.
        plane: Of the cut.

    Returns:
        A transparent picture; the line runs along the edges of voxels.
    """
    if not inside.any():
        return EMPTY
    area, pixels = _finer(inside, plane), _nothing(plane)
    near = _around(area, CASED)
    edge = _edge(area[near])
    pixels[near][_thick(edge, CASED)] = (*CASING, 150)
    pixels[near][_thick(edge, LINE)] = (*OUTLINE, 255)
    return Image.fromarray(pixels)


def tinted(inside: Where, plane: Plane) -> Image.Image:
    """Tint an area orange so that the scan is seen through it, with a thin rim.

    Args:
        inside: The area on one cut.
        plane: Of the cut.
    """
    if not inside.any():
        return EMPTY
    area, pixels = _finer(inside, plane), _nothing(plane)
    near = _around(area, 1)
    pixels[near][area[near]] = (*DOUBT, TINT)
    pixels[near][_edge(area[near]) & area[near]] = (*DOUBT, TINT_EDGE)
    return Image.fromarray(pixels)


def marks_on(
    plane: Plane, position: int, volume: Volume, findings: tuple[Finding, ...]
) -> tuple[Mark, ...]:
    """Say which findings a cut passes through, and where.

    Args:
        plane: One of the volume's.
        position: Which cut of the stack.
        volume: The one the plane was chosen for.
        findings: The first has number 1.

    Returns:
        Those whose extent the cut meets; the cut nearest to a centre always does.
    """
    step_mm = apart_mm(volume, plane)
    marks = []
    for number, one in enumerate(findings, start=1):
        column, row, depth = pixel_of(volume, plane, one.position_mm)
        depth = min(max(depth, 0.0), plane.count - 1.0)
        if abs(depth - position) * step_mm <= max(one.size_mm, step_mm) / 2 + 1e-6:
            marks.append(Mark(number, column, row, one.size_mm))
    return tuple(marks)


def ringed(marks: tuple[Mark, ...], plane: Plane, *, rings: bool = True) -> Image.Image:
    """Draw a ring of its diameter around each finding, and its number.

    Args:
        marks: On one cut.
        plane: Of the cut.
        rings: Without them there are numbers only: where an outline is drawn.
    """
    if not marks:
        return EMPTY
    width, height = size_of(plane)
    image = Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(image)
    for mark in marks:
        x = (mark.column + 0.5) * width / plane.columns
        y = (mark.row + 0.5) * height / plane.rows
        radius = max(LEAST_RADIUS, mark.size_mm / 2 * width / plane.size_mm[0])
        if rings:
            _ring(pen, x, y, radius)
        _number(pen, str(mark.number), (x, y), radius, width)
    return image


def over(below: Image.Image, overlay: Image.Image) -> Image.Image:
    """Lay an overlay over a cut, at the cut's size."""
    ground = below.convert("RGBA")
    if overlay.size != ground.size:
        overlay = overlay.resize(ground.size, Image.Resampling.BOX)
    return Image.alpha_composite(ground, overlay)


def _finer(inside: Where, plane: Plane) -> Bool[np.ndarray, "height width"]:
    image = Image.fromarray(inside.astype(np.uint8))
    return np.asarray(image.resize(size_of(plane), Image.Resampling.NEAREST)) > 0


def _nothing(plane: Plane) -> Colours:
    width, height = size_of(plane)
    return np.zeros((height, width, 4), np.uint8)


def _around(area: Where, margin: int) -> tuple[slice, slice]:
    """Find the part of a picture that holds an area: the rest need not be drawn."""
    rows, columns = (
        (int(found[0]), int(found[-1]))
        for found in (np.flatnonzero(area.any(axis=axis)) for axis in (1, 0))
    )
    down, across = (
        slice(max(first - margin, 0), last + 1 + margin)
        for first, last in (rows, columns)
    )
    return down, across


def _edge(inside: Where) -> Where:
    """Find the pixels to either side of an edge; the picture's rim is one too."""
    framed = np.pad(inside, 1)
    edge = np.zeros_like(framed)
    for axis in (0, 1):
        differs = np.diff(framed, axis=axis)
        first, second = [slice(None)] * 2, [slice(None)] * 2
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        edge[tuple(first)] |= differs
        edge[tuple(second)] |= differs
    return edge[1:-1, 1:-1]


def _thick(edge: Where, pixels: int) -> Where:
    return maximum_filter(edge, size=pixels - 1)  # an edge is two pixels already


def _ring(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    for colour, more, line in (((*CASING, 150), 2, CASED), ((*OUTLINE, 255), 0, LINE)):
        reach = radius + LINE + more  # outside the finding, not on it
        box = (x - reach, y - reach, x + reach, y + reach)
        pen.ellipse(box, outline=colour, width=line)


def _number(
    pen: ImageDraw.ImageDraw,
    words: str,
    centre: tuple[float, float],
    radius: float,
    width: int,
) -> None:
    """Write a number up and to the right of a finding, or where there is room."""
    font = ImageFont.load_default(NUMBER_SIZE)
    away = 0.72 * radius + 2 * LINE
    wide, high = NUMBER_SIZE * len(words) * 0.7, NUMBER_SIZE
    x, y = centre
    right, above = x + away + wide < width, y - away - high > 0
    at = (x + away if right else x - away, y - away if above else y + away)
    anchor = ("l" if right else "r") + ("s" if above else "t")
    pen.text(
        at,
        words,
        (*OUTLINE, 255),
        font,
        anchor,
        stroke_width=3,
        stroke_fill=(*CASING, 255),
    )
