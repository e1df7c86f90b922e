"""Pairs: slices of two modalities of training patients, changed at random together."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.anatomy.head_slice import PLACES, ROW, Place, place_channels
from vesalius.errors import ConfigError

FLIPPED = {"axial": True, "coronal": True, "sagittal": False}  # rows: left to right
IN_AIR = 0.1  # what counts outside the head's outline
OUTLINE = -PLACES  # its channel of what a network sees

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]
Stack = Float32[np.ndarray, "c y x"]
Beside = Float32[np.ndarray, "b y x"]
One = Float32[np.ndarray, "1 y x"]


@dataclass(frozen=True)
class Views:
    """What a network sees of one modality's slices, but for the place.

    Attributes:
        outline: Of the head, from a slice in its scan's units.
        based: A slice in the network's units, 0 where air is; from the slice and
            its outline.
        altered: The same as another scanner would have shown it.
        windows: From that to the channels before those of the place.
    """

    outline: Callable[[Plane], Mask]
    based: Callable[[Plane, Mask], Plane]
    altered: Callable[[Plane, np.random.Generator], Plane]
    windows: Callable[[Plane], list[Plane]]


@dataclass(frozen=True, eq=False)
class SlicePair:
    """One slice of one patient in two modalities.

    Attributes:
        patient: The id.
        centre: Where the patient was scanned.
        plane: "axial", "coronal" or "sagittal".
        source: In its scan's units.
        target: In the units of the picture that is to be made.
        mask: Where the target counts.
    """

    patient: str
    centre: str
    plane: str
    source: Plane
    target: Plane
    mask: Mask


@dataclass(frozen=True, eq=False)
class PairBatch:
    """Crops for one step.

    Attributes:
        seen: What the network sees of each.
        wanted: The other modality, in the network's units.
        weight: How much each pixel counts.
    """

    seen: Float32[np.ndarray, "n c y x"]
    wanted: Float32[np.ndarray, "n 1 y x"]
    weight: Float32[np.ndarray, "n 1 y x"]


@dataclass(frozen=True, eq=False)
class Ready:
    """One slice with all that does not change from draw to draw.

    Attributes:
        patient: The id.
        plane: How it lies.
        stack: The slice in the network's units, its outline, depth, row and column;
            and what else must be cropped and bent with it.
    """

    patient: str
    plane: str
    stack: Stack


BASE, LAID = 1, 4  # channels of a stack: the slice; outline, depth, row, column
STACK_OUTLINE, STACK_ROW = BASE, BASE + PLACES + ROW


def made_ready(
    plane: str, source: Plane, views: Views, *beside: Plane, patient: str = ""
) -> Ready:
    """Work out all that does not change from draw to draw.

    Args:
        plane: How the slice lies.
        source: The slice, in its scan's units.
        views: Of its modality.
        beside: What else must be cropped and bent with it.
        patient: The id.
    """
    outline = views.outline(source)
    place = place_channels(outline, Place(plane))[:LAID]
    parts = [views.based(source, outline), *place, *beside]
    return Ready(patient, plane, np.stack(parts).astype(np.float32))


class PairSource:
    """An endless, replayable source of crops of pairs.

    Args:
        pairs: Of training patients.
        views: Of the modality to start from.
        scaled: From a target in its units to the network's.

    Raises:
        ConfigError: There is no slice.
    """

    def __init__(
        self, pairs: Iterable[SlicePair], views: Views, scaled: Callable[[Plane], Plane]
    ) -> None:
        self._slices = [
            made_ready(
                pair.plane,
                pair.source,
                views,
                scaled(pair.target),
                pair.mask.astype(np.float32),
                patient=pair.patient,
            )
            for pair in pairs
        ]
        if not self._slices:
            raise ConfigError("a training needs at least one pair of slices")
        self._views, self._shapes = views, bend()

    @property
    def patients(self) -> frozenset[str]:
        """Return whose slices are drawn."""
        return frozenset(ready.patient for ready in self._slices)

    def draw(self, count: int, side: int, rng: np.random.Generator) -> PairBatch:
        """Draw one batch.

        Args:
            count: Crops.
            side: Pixels along either side.
            rng: Everything random comes from it.
        """
        drawn = [self._one(side, rng) for _ in range(count)]
        return PairBatch(*(np.stack(part) for part in zip(*drawn, strict=True)))

    def _one(self, side: int, rng: np.random.Generator) -> tuple[Stack, One, One]:
        ready = self._slices[int(rng.integers(len(self._slices)))]
        seen, beside = drawn_view(ready, self._views, self._shapes, side, rng)
        wanted, mask = beside[:1], beside[1:]
        return seen, wanted, np.maximum(mask, np.float32(IN_AIR))


def drawn_view(
    ready: Ready, views: Views, shapes: Any, side: int, rng: np.random.Generator
) -> tuple[Stack, Beside]:
    """Crop a slice, bend it, alter it, and show it as a network sees it.

    Args:
        ready: The slice.
        views: Of its modality.
        shapes: As `bend` returns it.
        side: Pixels along either side of the crop.
        rng: Everything random comes from it.

    Returns:
        What the network sees; and what lay beside the slice, cropped and bent too.
    """
    stack = _cropped(ready.stack, side, rng)
    if FLIPPED[ready.plane] and rng.random() < 0.5:
        stack = stack[:, ::-1].copy()
        stack[STACK_ROW] *= -1
    stack = changed(shapes, stack, rng)
    base = views.altered(stack[0], rng)
    which = [np.full_like(base, float(ready.plane == name)) for name in FLIPPED]
    laid = stack[BASE : BASE + LAID]
    seen = np.stack([*views.windows(base), *laid, *which]).astype(np.float32)
    return seen, stack[BASE + LAID :]


def changed(change: Any, stack: Stack, rng: np.random.Generator) -> Stack:
    """Apply MONAI's transforms, seeded by ours."""
    change.set_random_state(int(rng.integers(2**31)))
    return np.asarray(change(stack), np.float32)


def bend() -> Any:
    """Return the transform that turns, shears, scales and bends slices at random."""
    from monai.transforms.compose import Compose
    from monai.transforms.spatial.array import Rand2DElastic

    return Compose(
        [
            Rand2DElastic(
                spacing=(32, 32),
                magnitude_range=(0.0, 3.0),
                prob=0.9,
                rotate_range=(0.25,),
                shear_range=(0.1, 0.1),
                translate_range=(6, 6),
                scale_range=(0.2, 0.2),
                padding_mode="zeros",
                mode="bilinear",
            )
        ]
    )


def _cropped(
    stack: Stack, side: int, rng: np.random.Generator
) -> Float32[np.ndarray, "c side side"]:
    """Cut a square that holds much of the head, air beyond the slice's edge."""
    held = stack[STACK_OUTLINE] > 0.5
    rows, columns = (np.flatnonzero(held.any(axis=axis)) for axis in (1, 0))
    starts = []
    for ends in (rows, columns):
        first, last = (ends[0], ends[-1]) if ends.size else (0, side)
        low, high = sorted((int(first) - 8, int(last) + 9 - side))
        starts.append(int(rng.integers(low, high + 1)))
    padded = np.pad(stack, ((0, 0), (side, side), (side, side)))
    y, x = (start + side for start in starts)
    return padded[:, y : y + side, x : x + side].copy()
