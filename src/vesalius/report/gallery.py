"""The gallery: which cuts of which volumes a page shows, within a bounded size.

Only single cuts are ever computed, so a large scan needs no second copy in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float32

from vesalius.errors import GeometryError
from vesalius.report import paint
from vesalius.report.planes import Plane, cut, place_of, planes_of, positions_of
from vesalius.report.windows import Sample, Window, sample_of, scale_limit, windows_of
from vesalius.result import Result
from vesalius.volume import Volume

MAIN_CUTS, OTHER_CUTS = 24, 8  # at most
FEWEST_CUTS = 3
MAIN_SHARE = 0.6  # of the bytes; the other planes share the rest
PICTURE_BYTES = 6_400_000  # as text in the page, all pictures together
QUALITIES = (None, 90, 80, 65)  # tried in this order; None keeps every pixel
ENOUGH_CUTS = 16  # of the main plane; with fewer the next quality is tried
FEW_CUTS, LONGEST_OF_FEW, LONGEST_OF_MANY = 4, 1536, 768  # pixels of a side
RESTORING = ("denoise", "reconstruct", "upsample")  # what they remove is a picture too

Values = Callable[[Plane, int], Float32[np.ndarray, "rows columns"]]


@dataclass(frozen=True)
class Layer:
    """One thing to see at every cut.

    Attributes:
        key: "before-0" and "after-0" (one a window), "removed", "spread", "imagined".
        values: Computes a cut.
        painter: Turns it into colours.
    """

    key: str
    values: Values
    painter: paint.Painter


@dataclass(frozen=True)
class Scale:
    """A legend: where a colour scale begins and ends, in the picture's units."""

    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class Stack:
    """The pictures of one plane.

    Attributes:
        plane: How they lie in the body.
        places: Where each cut lies, for the reader.
        pictures: By layer, one data URI a cut.
        start: Which cut is shown first.
    """

    plane: Plane
    places: tuple[str, ...]
    pictures: dict[str, tuple[str, ...]]
    start: int


@dataclass(frozen=True)
class Gallery:
    """Everything a page needs to show a picture.

    Attributes:
        stacks: One a plane.
        windows: Through which the scan is seen, and the picture with it.
        after_windows: The picture's own, where its units are others; else the same.
        scales: Legends, by layer.
        quality: WebP's; None where every pixel is kept.
        shrunk: Whether some pictures have fewer pixels than the scan.
    """

    stacks: tuple[Stack, ...]
    windows: tuple[Window, ...]
    after_windows: tuple[Window, ...]
    scales: dict[str, Scale]
    quality: int | None
    shrunk: bool


def gallery_of(result: Result, scan: Volume) -> Gallery:
    """Paint a result beside the scan it was made from.

    Args:
        result: With a picture on the scan's grid.
        scan: What the task was given.

    Raises:
        GeometryError: Scan and picture do not share a grid.

    Limits:
        Pictures have 256 greys and may be compressed: measure on the volumes.
    """
    picture = picture_of(result, scan)
    sample = sample_of(scan)
    windows = windows_of(scan, sample)
    after = windows
    if (picture.units, picture.modality) != (scan.units, scan.modality):
        windows, after = windows[:1], windows_of(picture, sample_of(picture))[:1]
    scales = scales_of(result, scan, sample)
    layers = _layers(result, scan, windows, after, scales)
    planes = planes_of(scan)
    quality, wishes = _fit(layers, planes)
    stacks = _paint(scan, layers, sample, quality, wishes)
    total = sum(
        len(uri) for s in stacks for some in s.pictures.values() for uri in some
    )
    if total > PICTURE_BYTES:  # the middle cut was cheaper than the others
        fewer = [(p, max(1, int(n * PICTURE_BYTES / total))) for p, n in wishes]
        stacks = _paint(scan, layers, sample, quality, fewer)
    shrunk = any(max(p.rows, p.columns) > _longest(p) for p in planes)
    return Gallery(stacks, windows, after, scales, quality, shrunk)


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


def scales_of(result: Result, scan: Volume, sample: Sample) -> dict[str, Scale]:
    """Choose the colour scales from the body; air and padding have no say.

    Args:
        result: With a picture on the scan's grid.
        scan: What the task was given.
        sample: Of the scan.

    Returns:
        A scale for "removed", where a restoring task changed the scan in its own
        units, for "spread" and for "imagined", where there is one.
    """
    picture = picture_of(result, scan)
    alike = (picture.units, picture.modality) == (scan.units, scan.modality)
    scales: dict[str, Scale] = {}
    if alike and result.provenance.task in RESTORING:
        removed = sample.voxels - sample.of(picture.voxels)
        limit = scale_limit(removed[sample.body])
        scales["removed"] = Scale(-limit, limit, picture.units)
    if result.spread is not None:
        limit = scale_limit(sample.of(result.spread.voxels)[sample.body], 99.5)
        scales["spread"] = Scale(0.0, limit, picture.units)
    if result.imagined is not None:
        limit = scale_limit(sample.of(result.imagined.voxels)[sample.body])
        scales["imagined"] = Scale(-limit, limit, picture.units)
    return scales


def _layers(
    result: Result,
    scan: Volume,
    windows: tuple[Window, ...],
    after: tuple[Window, ...],
    scales: dict[str, Scale],
) -> list[Layer]:
    picture = picture_of(result, scan)

    def removed(plane: Plane, position: int) -> Float32[np.ndarray, "rows columns"]:
        return _cuts(scan)(plane, position) - _cuts(picture)(plane, position)

    layers = [
        Layer(f"{key}-{n}", _cuts(volume), paint.grey(window))
        for key, volume, some in (("before", scan, windows), ("after", picture, after))
        for n, window in enumerate(some)
    ]
    if "removed" in scales:
        painter = paint.differences(scales["removed"].high)
        layers.append(Layer("removed", removed, painter))
    if result.spread is not None:
        painter = paint.amounts(scales["spread"].high)
        layers.append(Layer("spread", _cuts(result.spread), painter))
    if result.imagined is not None:
        painter = paint.differences(scales["imagined"].high)
        layers.append(Layer("imagined", _cuts(result.imagined), painter))
    return layers


def _cuts(volume: Volume) -> Values:
    return partial(cut, volume.voxels)


def _fit(
    layers: list[Layer], planes: tuple[Plane, ...]
) -> tuple[int | None, list[tuple[Plane, int]]]:
    """Choose how many cuts at what quality fit the page, by the middle cut's bytes."""
    wishes: list[tuple[Plane, int]] = []
    for quality in QUALITIES:
        wishes, whole = [], True
        for plane in planes:
            share = MAIN_SHARE if plane.main else (1 - MAIN_SHARE) / len(planes[1:])
            middle = (_uri(one, plane, plane.count // 2, quality) for one in layers)
            room = int(PICTURE_BYTES * share / sum(len(uri) for uri in middle))
            wish = min(plane.count, MAIN_CUTS if plane.main else OTHER_CUTS)
            wishes.append((plane, min(wish, max(room, FEWEST_CUTS))))
            enough = wish if quality is None else min(wish, ENOUGH_CUTS)
            whole = whole and (room >= enough or not (plane.main or quality is None))
        if whole:
            return quality, wishes
    return QUALITIES[-1], wishes


def _paint(
    scan: Volume,
    layers: list[Layer],
    sample: Sample,
    quality: int | None,
    wishes: list[tuple[Plane, int]],
) -> tuple[Stack, ...]:
    stacks = []
    for plane, wish in wishes:
        positions = positions_of(plane, sample.indices, wish)
        pictures = {
            one.key: tuple(_uri(one, plane, p, quality) for p in positions)
            for one in layers
        }
        places = tuple(place_of(scan, plane, p) for p in positions)
        stacks.append(Stack(plane, places, pictures, len(positions) // 2))
    return tuple(stacks)


def _uri(layer: Layer, plane: Plane, position: int, quality: int | None) -> str:
    picture = paint.shrunk(layer.values(plane, position), _longest(plane))
    return paint.data_uri(layer.painter(picture), quality)


def _longest(plane: Plane) -> int:
    return LONGEST_OF_MANY if plane.count > FEW_CUTS else LONGEST_OF_FEW
