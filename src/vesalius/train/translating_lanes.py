"""Lanes: all that differs between training one translation and another."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor

from vesalius.anatomy.head_slice import MR_CHANNELS
from vesalius.errors import ConfigError
from vesalius.evaluate.directions import DIRECTIONS, Measured
from vesalius.evaluate.pairs import open_pair, pair_cases, slice_volume
from vesalius.evaluate.split import Part
from vesalius.evaluate.synthetic_mr import in_range
from vesalius.tasks.ways import CT_TO_MR, MR_TO_CT, RANGE_AU, Way
from vesalius.train.pairs import SlicePair, Views
from vesalius.train.pairs_pet import PET, pet_pairs
from vesalius.train.pairs_views import CT_VIEWS, MR_VIEWS
from vesalius.train.recipe import Recipe
from vesalius.volume import Volume

PAIRS = "mr_ct_pairs"
SOFT, SOFT_WIDTH = 1.059, 0.1  # 35 HU above air and 100 HU, in 1000 HU
CONTRAST = 3.0  # MR's range in the unit of a critic: as many SD as a head has about
CT_NAMES = {
    "mae_hu": ("MAE in the mask", "HU"),
    "psnr_db": ("PSNR in the mask, range 4024 HU", "dB"),
    "ssim": ("SSIM in the mask, window 7, range 4024 HU", "1"),
    "ssim_frame": ("SSIM full-frame", "1"),
    "ssim_air": ("SSIM full-frame, both outsides air", "1"),
    "mae_air_hu": ("MAE in air", "HU"),
    "mae_soft_hu": ("MAE in soft tissue", "HU"),
    "mae_bone_hu": ("MAE in bone", "HU"),
    "bone_dice": ("Dice of bone above 250 HU", "1"),
    "bone_sensitivity": ("sensitivity for bone, pixels", "1"),
    "bone_specificity": ("specificity for bone, pixels", "1"),
    "water_mm": ("error of the water-equivalent path", "mm"),
}
RANGED = "the true MR's 1st to 99th percentile in the mask"
MR_NAMES = {
    "mae_percent": (f"MAE in the mask, share of {RANGED}", "%"),
    "psnr_db": (f"PSNR in the mask, range {RANGED}", "dB"),
    "ssim": (f"SSIM in the mask, window 7, range {RANGED}", "1"),
}
PET_NAMES = {
    "mae_percent": ("MAE in the head, share of the colour bar", "%"),
    "psnr_db": ("PSNR in the head, range the colour bar", "dB"),
    "ssim": ("SSIM in the head, window 7, range the colour bar", "1"),
}

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]
Pairs = Callable[[Path, Part, str | None], Iterator[SlicePair]]


@dataclass(frozen=True)
class Lane:
    """One translation on one data set.

    Attributes:
        set: The data set's name.
        way: How the verb translates so.
        views: Of the modality it starts from.
        pairs: Reads the slices of one part's patients, a centre left out of the
            training.
        measure: From truth, picture and mask to measures by name.
        names: How a card says each measure, and its unit.
        judged: A picture as a critic sees it, so that fine contrast counts.
    """

    set: str
    way: Way
    views: Views
    pairs: Pairs
    measure: Callable[[Plane, Plane, Mask], Measured]
    names: Mapping[str, tuple[str, str]]
    judged: Callable[[Tensor], Tensor]

    def scaled(self, target: Plane) -> Plane:
        """Return a target in the network's units."""
        return ((target - self.way.zero) / self.way.unit).astype(np.float32)

    def volume(self, source: Plane, plane: str) -> Volume:
        """Place a slice in the body, as a user's file would be."""
        placed = slice_volume(source, plane)
        if self.way.source == placed.modality:
            return placed
        units = "HU" if self.way.source == "CT" else "a.u."
        return replace(placed, modality=self.way.source, units=units, contrast=None)


def lane_of(plan: Recipe) -> Lane:
    """Find what a recipe translates: from its modality, on its data set.

    Raises:
        ConfigError: There is no such translation.
    """
    name = next(iter(plan.sets), PAIRS)
    if (name, plan.modality) not in LANES:
        known = ", ".join(f"{modality} of {name}" for name, modality in LANES)
        raise ConfigError(
            f"{plan.name}: no translation from {plan.modality} of {name}, but {known}"
        )
    return LANES[name, plan.modality]


def judged_ct(picture: Tensor) -> Tensor:
    """Spread the 100 HU to either side of soft tissue, where texture is fine."""
    return picture - 1 + torch.tanh((picture - SOFT) / SOFT_WIDTH)


def judged_mr(picture: Tensor) -> Tensor:
    """Spread the range of an MR slice."""
    return CONTRAST * picture


def _to_ct(data: Path, part: Part, left_out: str | None) -> Iterator[SlicePair]:
    """Read pairs from MR to CT; a centre left out is tested on, and only that."""
    for case in pair_cases(data, part=part):
        if left_out is None or (part == "test") == (case.centre == left_out):
            pair = open_pair(case)
            who = (case.patient, case.centre, case.plane)
            yield SlicePair(*who, source=pair.mr, target=pair.ct, mask=pair.mask)


def _to_mr(data: Path, part: Part, left_out: str | None) -> Iterator[SlicePair]:
    for pair in _to_ct(data, part, left_out):
        ranged = RANGE_AU * in_range(pair.source, pair.mask)
        yield replace(pair, source=pair.target, target=ranged.astype(np.float32))


def _to_pet(data: Path, part: Part, left_out: str | None) -> Iterator[SlicePair]:
    yield from pet_pairs(data, part)


def _from_pet(data: Path, part: Part, left_out: str | None) -> Iterator[SlicePair]:
    for pair in pet_pairs(data, part):
        ranged = RANGE_AU * in_range(pair.source, pair.mask)
        yield replace(pair, source=pair.target, target=ranged.astype(np.float32))


_CT = Lane(
    set=PAIRS,
    way=MR_TO_CT,
    views=MR_VIEWS,
    pairs=_to_ct,
    measure=DIRECTIONS["ct"].measure,
    names=CT_NAMES,
    judged=judged_ct,
)
_MR = Lane(
    set=PAIRS,
    way=CT_TO_MR,
    views=CT_VIEWS,
    pairs=_to_mr,
    measure=DIRECTIONS["mr"].measure,
    names=MR_NAMES,
    judged=judged_mr,
)
_UPTAKE = replace(
    _MR,
    set=PET,
    way=replace(
        MR_TO_CT,
        to="pet",
        model="translate-mr-pet",
        modality="PT",
        units="a.u.",
        unit=RANGE_AU,
        zero=0.0,
        most=RANGE_AU,
    ),
    views=MR_VIEWS,
    pairs=_to_pet,
    names=PET_NAMES,
)
_FROM_UPTAKE = replace(
    _MR,
    set=PET,
    way=replace(
        CT_TO_MR,
        model="translate-pet-mr",
        source="PT",
        channels=MR_CHANNELS,
        seen=MR_TO_CT.seen,
    ),
    views=MR_VIEWS,
    pairs=_from_pet,
)
LANES = {
    (lane.set, lane.way.source): lane for lane in (_CT, _MR, _UPTAKE, _FROM_UPTAKE)
}
