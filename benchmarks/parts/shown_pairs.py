"""Shown pairs: what a translation peer learns from, whichever way it translates."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.evaluate.pairs import LOWEST_HU, Pair

BRIGHT = 95  # percentile of the MR inside the outline: its unit
KILO_HU = 1000.0
DENSEST = 2.0  # of a CT's unit: teeth and metal beyond it would lead a registration

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]


class Shown(NamedTuple):
    """A training slice in two modalities, and the data set's outline of the head."""

    source: Plane
    target: Plane
    mask: Mask


class Sense(NamedTuple):
    """All that differs between translating one way and the other.

    `unit` brings a slice of the source to a scale on which patients agree, `outside`
    is the target's value around the head, `levelled` whether two slices' grey values
    must be brought together before they can be compared.
    """

    unit: Callable[[Plane, Mask], Plane]
    outside: float
    levelled: bool


def _over_bright(mr: Plane, mask: Mask) -> Plane:
    bright = float(np.percentile(mr[mask], BRIGHT)) if mask.any() else 1.0
    return (mr / max(bright, 1e-6)).astype(np.float32)


def _above_air(hu: Plane, mask: Mask) -> Plane:
    return np.clip((hu - LOWEST_HU) / KILO_HU, 0, DENSEST).astype(np.float32)


FROM_MR = Sense(_over_bright, LOWEST_HU, levelled=True)
FROM_CT = Sense(_above_air, 0.0, levelled=False)


def mr_to_ct(pair: Pair) -> Shown:
    """Return a pair as what a peer from MR to CT learns from."""
    return Shown(pair.mr, pair.ct, pair.mask)
