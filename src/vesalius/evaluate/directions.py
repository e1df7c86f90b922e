"""Directions: all that differs between measuring MR to CT and CT to MR."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.evaluate.pairs import Pair, slice_volume
from vesalius.evaluate.synthetic_ct import Closeness, closeness
from vesalius.evaluate.synthetic_mr import MrCloseness, in_range, mr_closeness
from vesalius.volume import Volume

To = Literal["ct", "mr"]
Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]
Measured = Mapping[str, float | None]


@dataclass(frozen=True)
class Direction:
    """One translation, measured.

    Attributes:
        names: Of the measures.
        source: A pair's slice as a user's file would be, from the pair and how its
            slices lie.
        truth: What the verb should have made, in its units.
        measure: From truth, picture and mask to measures by name.
    """

    names: tuple[str, ...]
    source: Callable[[Pair, str], Volume]
    truth: Callable[[Pair], Plane]
    measure: Callable[[Plane, Plane, Mask], Measured]


def _mr_slice(pair: Pair, plane: str) -> Volume:
    return slice_volume(pair.mr, plane)


def _ct_slice(pair: Pair, plane: str) -> Volume:
    placed = slice_volume(pair.ct, plane)
    return replace(placed, modality="CT", units="HU", contrast=None)


def _true_ct(pair: Pair) -> Plane:
    return pair.ct


def _true_mr(pair: Pair) -> Plane:
    return np.asarray(_range_au() * in_range(pair.mr, pair.mask), np.float32)


def _measured_ct(true: Plane, made: Plane, mask: Mask) -> Measured:
    return asdict(closeness(true, made, mask))


def _measured_mr(true: Plane, made: Plane, mask: Mask) -> Measured:
    unit = np.float32(_range_au())
    return asdict(mr_closeness(true / unit, made / unit, mask))


def _range_au() -> float:
    from vesalius.tasks.ways import RANGE_AU  # late: it brings torch

    return RANGE_AU


DIRECTIONS: dict[To, Direction] = {
    "ct": Direction(
        tuple(field.name for field in fields(Closeness)),
        _mr_slice,
        _true_ct,
        _measured_ct,
    ),
    "mr": Direction(
        tuple(field.name for field in fields(MrCloseness)),
        _ct_slice,
        _true_mr,
        _measured_mr,
    ),
}
