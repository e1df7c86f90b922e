"""Ways: all that differs between translating one way and another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.anatomy.head_slice import (
    MR_CHANNELS,
    Place,
    brightness,
    mr_channels,
    outline_slice,
)
from vesalius.anatomy.head_slice_ct import CT_CHANNELS, ct_channels, outline_ct_slice
from vesalius.card import Table
from vesalius.physics.electron_density import density_table

AIR_HU, BRIGHTEST_HU = -1024.0, 3071.0
OUTSIDE_HU = -1004.0  # the median around the heads of the training CTs
KILO_HU = 1000.0  # the network's unit, from air up
RANGE_AU = 1000.0  # from the 1st to the 99th percentile of a head's MR
BRIGHTEST_AU = 3.0 * RANGE_AU

Plane = Float32[np.ndarray, "y x"]
Outline = Bool[np.ndarray, "y x"]
Seen = Float32[np.ndarray, "c y x"]


def _mr_bright(planes: Sequence[Plane], outlines: Sequence[Outline]) -> float:
    """Return the brightness of a whole stack: the median of its slices'."""
    pairs = zip(planes, outlines, strict=True)
    told = [brightness(plane, outline) for plane, outline in pairs if outline.any()]
    return float(np.median(told)) if told else 1.0


def _ct_bright(planes: Sequence[Plane], outlines: Sequence[Outline]) -> float:
    """Return 1: HU are HU."""
    return 1.0


def _ct_seen(plane: Plane, outline: Outline, place: Place, bright: float) -> Seen:
    return ct_channels(plane, outline, place)


@dataclass(frozen=True)
class Way:
    """All that differs between translating one way and another.

    Attributes:
        to: What it is called, "ct".
        model: The shipped model's name.
        source: Modality of the scans that it starts from.
        channels: How many the network sees.
        outlined: From a slice to where the head is.
        bright: From the slices and outlines of a stack to its unit of brightness.
        seen: From a slice, its outline, how it lies and that unit to what the network
            sees.
        modality: Of the picture.
        contrast: Of the picture.
        units: Of the picture.
        unit: Of the network, in the picture's units.
        zero: The network's zero, in the picture's units; the least there is.
        most: The most there is.
        outside: What is shown around the head, where the network says nothing.
        tables: What goes with the picture into other programs.
    """

    to: str
    model: str
    source: str
    channels: int
    outlined: Callable[[Plane], Outline]
    bright: Callable[[Sequence[Plane], Sequence[Outline]], float]
    seen: Callable[[Plane, Outline, Place, float], Seen]
    modality: str
    contrast: str | None
    units: str
    unit: float
    zero: float
    most: float
    outside: float
    tables: tuple[Table, ...] = ()


MR_TO_CT = Way(
    to="ct",
    model="translate-mr-ct",
    source="MR",
    channels=MR_CHANNELS,
    outlined=outline_slice,
    bright=_mr_bright,
    seen=mr_channels,
    modality="CT",
    contrast=None,
    units="HU",
    unit=KILO_HU,
    zero=AIR_HU,
    most=BRIGHTEST_HU,
    outside=OUTSIDE_HU,
    tables=(density_table(),),
)
CT_TO_MR = Way(
    to="mr",
    model="translate-ct-mr",
    source="CT",
    channels=CT_CHANNELS,
    outlined=outline_ct_slice,
    bright=_ct_bright,
    seen=_ct_seen,
    modality="MR",
    contrast="T1w",
    units="a.u.",
    unit=RANGE_AU,
    zero=0.0,
    most=BRIGHTEST_AU,
    outside=0.0,
)
WAYS = {way.to: way for way in (MR_TO_CT, CT_TO_MR)}
MODEL = MR_TO_CT.model
