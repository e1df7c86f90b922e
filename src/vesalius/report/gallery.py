"""The gallery: which cuts of which volumes a page shows, within a bounded size.

Only single cuts are ever computed, so a large scan needs no second copy in memory.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from vesalius.report import paint
from vesalius.report.layers import Layer, Scale
from vesalius.report.planes import Plane, pixel_of, place_of, planes_of, positions_of
from vesalius.report.verbs import view_of
from vesalius.report.view import Jump, View
from vesalius.report.windows import Sample, Window, sample_of
from vesalius.result import Result
from vesalius.volume import Volume

MAIN_CUTS, OTHER_CUTS = 24, 8  # at most, beside those that are jumped to
FEWEST_CUTS = 3
MAIN_SHARE = 0.6  # of the bytes; the other planes share the rest
PICTURE_BYTES = 6_400_000  # as text in the page, all pictures together
SLACK = 1.15  # of the bytes: beyond it pictures lose pixels
QUALITIES = (None, 90, 80, 65)  # tried in this order; None keeps every pixel
ENOUGH_CUTS = 16  # of the main plane; with fewer the next quality is tried
FEW_CUTS, LONGEST_OF_FEW, LONGEST_OF_MANY = 4, 1536, 768  # pixels of a side
SMALLEST = 96  # pixels of a side; a page of smaller pictures shows nothing


@dataclass(frozen=True)
class Stack:
    """The pictures of one plane.

    Attributes:
        plane: How they lie in the body.
        places: Where each cut lies, for the reader.
        pictures: By layer, one data URI a cut.
        jumps: Which cut holds each place to jump to.
        start: Which cut is shown first.
    """

    plane: Plane
    places: tuple[str, ...]
    pictures: dict[str, tuple[str, ...]]
    jumps: tuple[int, ...]
    start: int


@dataclass(frozen=True)
class Gallery:
    """Everything a page needs to show a picture.

    Attributes:
        view: What is shown, and in which words.
        stacks: One a plane.
        quality: WebP's; None where every pixel is kept.
        shrunk: Whether some pictures have fewer pixels than the scan.
    """

    view: View
    stacks: tuple[Stack, ...]
    quality: int | None
    shrunk: bool

    @property
    def windows(self) -> tuple[Window, ...]:
        """Through which the scan, or a picture with more of them, is seen."""
        return self.view.windows

    @property
    def scales(self) -> dict[str, Scale]:
        """Legends, by map."""
        return {one.key: one.scale for one in self.view.maps}


@dataclass(frozen=True)
class _Wish:
    """How many cuts of a plane are painted, and which of them in any case."""

    plane: Plane
    cuts: int
    places: tuple[int, ...]  # of each jump

    @property
    def certain(self) -> int:
        return len(set(self.places))

    def evenly(self, cuts: int) -> "_Wish":
        """Ask for another number of cuts; those to jump to stay."""
        return _Wish(self.plane, max(cuts, self.certain + 1), self.places)


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
    sample = sample_of(scan)
    view = view_of(result, scan, sample)
    planes = planes_of(scan)
    wishes = [_wish(scan, plane, view.jumps) for plane in planes]
    quality, wishes = _fit(view.layers, wishes)
    longest = LONGEST_OF_MANY, LONGEST_OF_FEW
    stacks = _paint(scan, view.layers, sample, wishes, quality, longest)
    total = _bytes(stacks)
    if total > PICTURE_BYTES:  # the middle cut was cheaper than the others
        wishes = [w.evenly(int(w.cuts * PICTURE_BYTES / total)) for w in wishes]
        stacks = _paint(scan, view.layers, sample, wishes, quality, longest)
    # What is jumped to is painted in any case, if need be with fewer pixels.
    while _bytes(stacks) > SLACK * PICTURE_BYTES and min(longest) > SMALLEST:
        longest = longest[0] // 2, longest[1] // 2
        stacks = _paint(scan, view.layers, sample, wishes, quality, longest)
    shrunk = any(max(p.rows, p.columns) > _longest(p, longest) for p in planes)
    return Gallery(view, stacks, quality, shrunk)


def _wish(scan: Volume, plane: Plane, jumps: tuple[Jump, ...]) -> _Wish:
    depths = [pixel_of(scan, plane, one.point_mm)[2] for one in jumps]
    places = tuple(min(max(round(at), 0), plane.count - 1) for at in depths)
    most = MAIN_CUTS if plane.main else OTHER_CUTS
    return _Wish(plane, min(plane.count, most + len(set(places))), places)


def _fit(
    layers: tuple[Layer, ...], wishes: list[_Wish]
) -> tuple[int | None, list[_Wish]]:
    """Choose how many cuts at what quality fit the page, by the middle cut's bytes."""
    granted: list[_Wish] = []
    longest = LONGEST_OF_MANY, LONGEST_OF_FEW
    for quality in QUALITIES:
        granted, whole = [], True
        for wish in wishes:
            plane = wish.plane
            share = MAIN_SHARE if plane.main else (1 - MAIN_SHARE) / (len(wishes) - 1)
            middle = (
                _uri(one, plane, plane.count // 2, quality, longest) for one in layers
            )
            room = int(PICTURE_BYTES * share / sum(len(uri) for uri in middle))
            fewest = FEWEST_CUTS + wish.certain
            granted.append(wish.evenly(min(wish.cuts, max(room, fewest))))
            enough = wish.cuts
            if quality is not None:
                enough = min(enough, ENOUGH_CUTS + wish.certain)
            whole = whole and (room >= enough or not (plane.main or quality is None))
        if whole:
            return quality, granted
    return QUALITIES[-1], granted


def _paint(
    scan: Volume,
    layers: tuple[Layer, ...],
    sample: Sample,
    wishes: list[_Wish],
    quality: int | None,
    longest: tuple[int, int],
) -> tuple[Stack, ...]:
    stacks = []
    for wish in wishes:
        plane, cuts = wish.plane, wish.cuts
        if cuts < plane.count:
            cuts -= wish.certain
        evenly = positions_of(plane, sample.indices, cuts)
        positions = sorted({*evenly, *wish.places})
        with ThreadPoolExecutor(_threads()) as pool:
            pictures = {
                one.key: tuple(
                    pool.map(
                        partial(_uri, one, plane, quality=quality, longest=longest),
                        positions,
                    )
                )
                for one in layers
            }
        places = tuple(place_of(scan, plane, p) for p in positions)
        jumps = tuple(positions.index(p) for p in wish.places)
        start = jumps[0] if jumps else len(positions) // 2
        stacks.append(Stack(plane, places, pictures, jumps, start))
    return tuple(stacks)


def _threads() -> int:
    """Return how many pictures are packed at once: the packing holds no lock."""
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    told = int(asked) if asked.isdecimal() else len(os.sched_getaffinity(0))
    return max(told, 1)


def _bytes(stacks: tuple[Stack, ...]) -> int:
    every = (some for stack in stacks for some in stack.pictures.values())
    return sum(len(uri) for some in every for uri in some)


def _uri(
    layer: Layer,
    plane: Plane,
    position: int,
    quality: int | None,
    longest: tuple[int, int],
) -> str:
    image = layer.draw(plane, position, _longest(plane, longest))
    return paint.drawn_uri(image) if layer.exact else paint.data_uri(image, quality)


def _longest(plane: Plane, longest: tuple[int, int]) -> int:
    of_many, of_few = longest
    return of_many if plane.count > FEW_CUTS else of_few
