"""View: what a page shows of a result, and in which words.

One or two faces, the large pictures; overlays that lie on the first face and can be
taken away; maps, the small pictures; and places to jump to.
"""

from dataclasses import dataclass
from typing import Literal

from vesalius.report.layers import Layer, Scale
from vesalius.report.windows import Window

Mode = Literal["wipe", "beside", "single"]


@dataclass(frozen=True)
class Face:
    """A large picture: its layer, what it is called, and the tag in its corner."""

    layer: str
    title: str
    tag: str


@dataclass(frozen=True)
class Overlay:
    """What lies on the first face: its layer, its name, its sign and its legend."""

    layer: str
    name: str
    sign: Literal["outline", "doubt", "ring"]
    words: str


@dataclass(frozen=True)
class Map:
    """A small picture with a colour scale.

    Attributes:
        key: Of its layer.
        title: On the page.
        brief: Where there is room for one word.
        scale: Its ends.
        colours: Which scale.
        words: What it shows.
    """

    key: str
    title: str
    brief: str
    scale: Scale
    colours: Literal["amount", "difference"]
    words: str


@dataclass(frozen=True)
class Jump:
    """A place worth going to.

    Attributes:
        point_mm: RAS+.
        number: As drawn; empty where nothing is.
        title: What is there.
        words: What else is known of it.
        place: In letters and millimetres; empty where sides are unknown.
    """

    point_mm: tuple[float, float, float]
    number: str
    title: str
    words: str
    place: str


@dataclass(frozen=True, kw_only=True)
class View:
    """What a page shows of one result.

    Attributes:
        layers: Everything that is painted.
        mode: How two faces are compared: one wiped over the other, beside each other;
            or one alone, with overlays.
        label: What the faces show together, for who cannot see them.
        faces: One or two.
        windows: To choose from; those of the scan, or of the picture if it has more.
        told: What is said after the chosen window's own sentence.
        overlays: On the first face.
        maps: Beside the faces.
        list_name: Over the places to jump to.
        jumps: Each place is on a painted cut; the first is where a reader begins.
        left_out: Findings that have no place in the list.
        limits: When not to trust the picture, where that belongs beside it.
    """

    layers: tuple[Layer, ...]
    mode: Mode
    label: str
    faces: tuple[Face, ...]
    windows: tuple[Window, ...]
    told: str
    overlays: tuple[Overlay, ...] = ()
    maps: tuple[Map, ...] = ()
    list_name: str = ""
    jumps: tuple[Jump, ...] = ()
    left_out: int = 0
    limits: tuple[str, ...] = ()
