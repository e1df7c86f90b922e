"""Refusals: are foreign inputs withheld, and are patients' scans let through?"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from vesalius.evaluate.data import find_cases, open_case
from vesalius.evaluate.denoise import middle
from vesalius.evaluate.intervals import Interval, proportion_interval
from vesalius.evaluate.pictures import foreign_pictures, paired_slices
from vesalius.evaluate.split import Part
from vesalius.evaluate.variations import as_ct, jumbles, negatives
from vesalius.physics.noise import rician
from vesalius.quality.windows import slice_axis
from vesalius.volume import Volume

UNITS = {"MR": "a.u.", "CT": "HU"}
NOISE = 0.10  # SD over the maximum, of the noisy copy of every MR scan
NOISE_HU = 60.0  # of that of every CT scan
PICTURE_MM = 1.0  # pixel edge given to pictures that carry none
ORDERED = 5  # slices from which an order can be told

Withheld = Callable[[Volume], bool]


class Trial(NamedTuple):
    """One input, and whether it should be withheld."""

    foreign: bool
    kind: str
    scan: Volume


def count_refusals(
    trials: Iterator[Trial], withheld: Withheld
) -> dict[str, dict[str, Interval]]:
    """Count how many inputs of each kind are withheld.

    Args:
        trials: `refusal_trials`, or any.
        withheld: Whether one input is: `check_input` with a card, or a score.

    Returns:
        Under "valid" and "foreign" the share withheld by kind, and of "all", each
        with Wilson's interval.
    """
    counts: dict[bool, dict[str, list[bool]]] = {False: {}, True: {}}
    for trial in trials:
        answer = withheld(trial.scan)
        for kind in (trial.kind, "all"):
            counts[trial.foreign].setdefault(kind, []).append(answer)
    return {
        name: {
            kind: proportion_interval(sum(found), len(found))
            for kind, found in sorted(counts[foreign].items())
        }
        for name, foreign in (("valid", False), ("foreign", True))
    }


def refusal_trials(
    data: Path, modality: str, *, part: Part = "test", seed: int = 0
) -> Iterator[Trial]:
    """Yield patients' scans, and what is none, given as one modality.

    Valid: each scan whole, its middle slice alone, and noisy; heads of three more
    centres. Foreign: radiographs, ultrasound, photographs; the negative of each
    scan, its voxels, its pieces and its slices in random order.

    Args:
        data: The data folder.
        modality: What everything is given as, "MR" or "CT".
        part: Whose patients.
        seed: Of noise and of random orders.
    """
    rng = np.random.default_rng(seed)
    for case in find_cases(data, part=part, modality=modality):
        scan = open_case(case)
        yield Trial(False, case.collection, scan)
        yield Trial(False, f"{case.collection}, one slice", middle(scan, 1))
        yield Trial(False, f"{case.collection}, noisy", _noisy(scan, rng))
        yield from _spoilt(scan, rng)
    for found in paired_slices(data, part, modality):
        yield Trial(False, found.kind, _plain(found.pixels, modality))
    for found in foreign_pictures(data, part):
        yield Trial(True, found.kind, _plain(found.pixels, modality))
        if modality == "CT":
            yield Trial(True, found.kind, _plain(as_ct(found.pixels, rng), modality))


def _spoilt(scan: Volume, rng: np.random.Generator) -> Iterator[Trial]:
    voxels = scan.voxels
    for turned in negatives(voxels.astype(np.float64), rng, scan.modality):
        yield Trial(True, "negative", scan.with_voxels(turned.astype(np.float32)))
    mixed = rng.permutation(voxels.ravel()).reshape(voxels.shape)
    yield Trial(True, "voxels shuffled", scan.with_voxels(mixed))
    alone = middle(scan, 1).voxels.take(0, slice_axis(scan))
    picture = alone.astype(np.float64)
    for jumble in jumbles(picture, rng):
        yield Trial(True, "pieces shuffled", _plain(jumble, scan.modality))
    count = voxels.shape[slice_axis(scan)]
    if count > ORDERED:
        order = rng.permutation(count)
        mixed = np.ascontiguousarray(voxels.take(order, slice_axis(scan)))
        yield Trial(True, "slices shuffled", scan.with_voxels(mixed))


def _plain(pixels: Float[np.ndarray, "x y"], modality: str) -> Volume:
    voxels = np.ascontiguousarray(pixels, np.float32)[:, :, None]
    affine = np.diag([PICTURE_MM] * 3 + [1.0])
    return Volume(voxels, affine, UNITS[modality], modality, sides_known=False)


def _noisy(scan: Volume, rng: np.random.Generator) -> Volume:
    if scan.modality == "CT":
        noise = NOISE_HU * rng.standard_normal(scan.voxels.shape)
        return scan.with_voxels((scan.voxels + noise).astype(np.float32))
    clean = np.maximum(scan.voxels, 0)
    return scan.with_voxels(rician(clean, NOISE * float(clean.max()), rng))
