"""Layers: what can be seen at every cut, and how it is drawn there.

Only single cuts are ever computed, so a large scan needs no second copy in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float32
from PIL import Image

from vesalius.errors import GeometryError
from vesalius.report import paint
from vesalius.report.planes import Plane, cut
from vesalius.report.windows import Window
from vesalius.result import Result
from vesalius.volume import Volume

Values = Callable[[Plane, int], Float32[np.ndarray, "rows columns"]]
Draw = Callable[[Plane, int, int], Image.Image]


@dataclass(frozen=True)
class Layer:
    """One thing to see at every cut.

    Attributes:
        key: Its name in the page; with a number at its end one window of several.
        draw: Draws a cut: of which plane, at which position, with at most how many
            pixels a side.
        exact: Whether it is lines and areas, which compression would smear.
    """

    key: str
    draw: Draw
    exact: bool = False


@dataclass(frozen=True)
class Scale:
    """A legend: where a colour scale begins and ends, in the picture's units."""

    low: float
    high: float
    unit: str


def cuts_of(volume: Volume) -> Values:
    """Bind a volume: the values of any cut through it."""
    return partial(cut, volume.voxels)


def painted(key: str, values: Values, painter: paint.Painter) -> Layer:
    """Make a layer of numbers that a scale turns into colours."""

    def draw(plane: Plane, position: int, longest: int) -> Image.Image:
        return painter(paint.shrunk(values(plane, position), longest))

    return Layer(key, draw)


def through_windows(
    key: str, volume: Volume, windows: tuple[Window, ...]
) -> tuple[Layer, ...]:
    """Make one grey layer a window: "before-0", "before-1"."""
    return tuple(
        painted(f"{key}-{n}", cuts_of(volume), paint.grey(window))
        for n, window in enumerate(windows)
    )


def picture_of(result: Result, scan: Volume) -> Volume:
    """Give the picture that belongs beside a scan.

    Raises:
        GeometryError: There is none, or it lies on another grid.
    """
    if result.picture is None:
        raise GeometryError("a withheld result has no picture to show; say so instead")
    if not result.picture.shares_grid_with(scan):
        raise GeometryError(
            "the report shows a picture beside its scan, and these two do not share a "
            "grid; give the scan that the task was given"
        )
    return result.picture
