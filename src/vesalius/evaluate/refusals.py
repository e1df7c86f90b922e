"""Refusals: are foreign inputs withheld, and are patients' scans let through?"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from vesalius.card import Card
from vesalius.errors import ScanError
from vesalius.evaluate.cases import PICTURE_HU, Case
from vesalius.evaluate.data import find_cases, open_case
from vesalius.evaluate.denoise import middle
from vesalius.evaluate.intervals import Interval, proportion_interval
from vesalius.evaluate.pairs import Pair, open_pair, pair_cases
from vesalius.evaluate.pictures import foreign_pictures, paired_slices
from vesalius.evaluate.region_fit import labels_of
from vesalius.evaluate.split import Part
from vesalius.evaluate.variations import (
    as_ct,
    brain_of,
    jumbles,
    negatives,
    torso_as_mr,
)
from vesalius.io import read
from vesalius.physics import phantom
from vesalius.physics.noise import rician
from vesalius.quality.fidelity import body_mask
from vesalius.quality.windows import slice_axis
from vesalius.volume import Volume

UNITS = {"MR": "a.u.", "CT": "HU"}
NOISE = 0.10  # SD over the maximum, of the noisy copy of every MR scan
NOISE_HU = 60.0  # of that of every CT scan
PICTURE_MM = 1.0  # pixel edge given to pictures that carry none
ORDERED = 5  # slices from which an order can be told
VIEW = 0.75  # share of a head's sides that a small field of view shows
GREY_LEVELS = 255.0
# Of the body: a slice through the lungs, and one without; between lie their bases.
LEAST_LUNG, NO_LUNG = 0.15, 0.02
LUNG_HU = (-950.0, -600.0)
PHANTOMS, FIRST_SEED = 4, 300  # chests drawn; the fits draw others
# Single files of other scanners: no fit has seen any of them.
OTHER_MR = {
    "shoulder": "dicom_interop/dicom-test-files__data__WG04__J2KI__MR2_J2KI",
    "knee": "dicom_interop/dicom-test-files__data__WG04__JPLL__MR3_JPLL",
    "pelvis": "dicom_pseudo_phi/*.dcm",
}
OTHER_CT = {
    "head": "dicom_interop/pydicom__J2K_pixelrep_mismatch.dcm",
    "head, 10 mm slice": "dicom_interop/*CT2_JLSL",
    "spine": "dicom_interop/pydicom__CT_small.dcm",
}

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


def verb_trials(
    data: Path, card: Card, *, part: Part = "test", seed: int = 0
) -> Iterator[Trial]:
    """Yield what a verb is made for, and what it must not answer.

    All is given as the card wants it, in its units, modality and contrast: the worst
    that a mistaken file or option can do.

    Args:
        data: The data folder.
        card: Of a model with a region: MR or CT of the head, CT of the chest.
        part: Whose patients. Files that no fit has seen are tried in the test part.
        seed: Of noise.
    """
    rng = np.random.default_rng([seed, len(part)])
    if card.region == "chest":
        found = _chest_trials(data, part, rng)
    elif "MR" in card.modalities:
        found = _mr_head_trials(data, card, part, rng)
    else:
        found = _ct_head_trials(data, part, rng)
    for trial in found:
        yield trial._replace(scan=_given_as(trial.scan, card))
    for trial in _no_scans(data, part):
        yield trial._replace(scan=_given_as(trial.scan, card))


def _given_as(scan: Volume, card: Card) -> Volume:
    """Say of a scan that it is what the card wants."""
    return replace(
        scan,
        modality=card.modalities[0],
        units=card.units,
        contrast=card.contrasts[0] if card.contrasts else scan.contrast,
    )


def _mr_head_trials(
    data: Path, card: Card, part: Part, rng: np.random.Generator
) -> Iterator[Trial]:
    for case in find_cases(data, part=part, modality="MR"):
        scan = open_case(case)
        if case.collection == "acdc":
            yield Trial(True, "heart", scan)
            yield Trial(True, "heart, one slice", middle(scan, 1))
        elif not card.contrasts or case.contrast in card.contrasts:
            yield from _whole_and_bare(case, scan, rng)
    for pair in _pairs(data, part):
        if not card.contrasts:
            yield Trial(False, "mr_ct_pairs, one slice", _plain(pair.mr, "MR"))
        brain = brain_of(pair.mr.astype(np.float64), pair.ct.astype(np.float64))
        yield Trial(True, "stripped, mr_ct_pairs", _plain(pair.mr * brain, "MR"))
        yield Trial(True, "head CT as MR", _plain(pair.ct + 1024.0, "MR"))
    for scan in _chest_slices(data, part):
        picture = scan.voxels[:, :, 0].astype(np.float64)
        yield Trial(True, "chest CT as MR", _plain(picture + 1024.0, "MR"))
        yield Trial(
            True, "chest in MR's contrast", _plain(torso_as_mr(picture, rng), "MR")
        )
    if part == "test":
        yield from _other_files(data, OTHER_MR, True)


def _whole_and_bare(
    case: Case, scan: Volume, rng: np.random.Generator
) -> Iterator[Trial]:
    name = f"{case.collection} {case.name}"
    yield Trial(False, name, scan)
    yield Trial(False, f"{name}, one slice", middle(scan, 1))
    yield Trial(False, f"{name}, noisy", _noisy(scan, rng))
    yield Trial(False, f"{name}, small view", _cropped(scan))
    axis = slice_axis(scan)
    labels = labels_of(case)
    if labels is None:
        planes = np.moveaxis(scan.voxels, axis, 0).astype(np.float64)
        labels = np.moveaxis(np.stack([brain_of(plane) for plane in planes]), 0, axis)
    bare = scan.with_voxels(np.where(labels, scan.voxels, 0).astype(np.float32))
    yield Trial(True, f"stripped, {name}", bare)
    yield Trial(True, f"stripped, {name}, one slice", middle(bare, 1))


def _ct_head_trials(
    data: Path, part: Part, rng: np.random.Generator
) -> Iterator[Trial]:
    for pair in _pairs(data, part):
        scan = _plain(pair.ct, "CT")
        yield Trial(False, "mr_ct_pairs, one slice", scan)
        yield Trial(False, "mr_ct_pairs, noisy", _noisy(scan, rng))
        yield Trial(False, "mr_ct_pairs, small view", _cropped(scan))
        yield Trial(True, "head MR as CT", _plain(pair.mr, "CT"))
        brain = brain_of(pair.mr.astype(np.float64), pair.ct.astype(np.float64))
        bare = np.where(brain, pair.ct, -1024.0)
        yield Trial(True, "no skull", _plain(bare, "CT"))
        grey = np.clip(pair.ct / 80.0, 0, 1) * GREY_LEVELS  # a brain window
        yield Trial(True, "8-bit window", _plain(grey.round(), "CT"))
        yield Trial(True, "HU off by 1024", _plain(pair.ct + 1024.0, "CT"))
    for scan in _chest_slices(data, part):
        yield Trial(True, "chest, one slice", scan)
    yield from _ct_volumes(data, part)
    if part == "test":
        yield from _other_files(data, {"head": OTHER_CT["head"]}, False)
        yield from _other_files(data, {"spine": OTHER_CT["spine"]}, True)


def _chest_trials(data: Path, part: Part, rng: np.random.Generator) -> Iterator[Trial]:
    for scan in _chest_slices(data, part):
        yield from _with_and_without_lungs(scan, rng)
    for n in range(PHANTOMS):
        drawn = phantom.thorax((160, 160, 9), (2.2, 2.2, 5.0), seed=FIRST_SEED + n)
        yield Trial(False, "drawn chest", phantom.scan(drawn, seed=n))
    for case in find_cases(data, part=part, modality="CT"):
        if case.collection == "lidc_0001":
            yield Trial(False, case.collection, open_case(case))
    yield from (t for t in _ct_volumes(data, part) if "abdomen" in t.kind)
    for pair in _pairs(data, part):
        yield Trial(True, "head CT, one slice", _plain(pair.ct, "CT"))
        yield Trial(True, "head MR as CT", _plain(pair.mr, "CT"))
    if part == "test":
        yield from _other_files(data, OTHER_CT, True)


def _with_and_without_lungs(scan: Volume, rng: np.random.Generator) -> Iterator[Trial]:
    share = _lung_share(scan)
    if share < NO_LUNG:
        yield Trial(True, "slice above or below the lungs", scan)
    if share > LEAST_LUNG:
        yield Trial(False, "lung_ct_slices, lungs in view", scan)
        yield Trial(False, "lung_ct_slices, noisy", _noisy(scan, rng))
        low, high = PICTURE_HU
        grey = (scan.voxels - low) * (GREY_LEVELS / (high - low))
        yield Trial(True, "8-bit window", scan.with_voxels(grey.astype(np.float32)))
        off = scan.voxels + np.float32(1024)
        yield Trial(True, "HU off by 1024", scan.with_voxels(off))


def _no_scans(data: Path, part: Part) -> Iterator[Trial]:
    """Yield masks and label maps given as if they were the scan."""
    maps = {"lgg": "tumour.nii.gz", "brain_t1_labels": "{0}_labels.nii.gz"}
    for case in find_cases(data, part=part, modality="MR"):
        name = maps.get(case.collection, f"{case.name}_label.nii.gz")
        file = case.path.parent / name.format(case.patient)
        if file.is_file():
            found = read(file, modality="MR")
            if isinstance(found, Volume):
                yield Trial(True, f"mask, {case.collection}", found)
    for pair in _pairs(data, part):
        yield Trial(True, "mask, mr_ct_pairs", _plain(pair.mask * 1.0, "MR"))


def _pairs(data: Path, part: Part) -> Iterator[Pair]:
    for case in pair_cases(data, part=part):
        yield open_pair(case)


def _chest_slices(data: Path, part: Part) -> Iterator[Volume]:
    for case in find_cases(data, part=part, modality="CT"):
        if case.collection == "lung_ct_slices":
            yield open_case(case)


def _ct_volumes(data: Path, part: Part) -> Iterator[Trial]:
    for case in find_cases(data, part=part, modality="CT"):
        if case.collection == "ct_volumes":
            yield Trial(True, case.patient.split("_")[0], open_case(case))


def _other_files(data: Path, files: dict[str, str], foreign: bool) -> Iterator[Trial]:
    for kind, place in files.items():
        for file in sorted(data.glob(place)):
            try:
                found = read(file)
            except ScanError:
                continue
            if isinstance(found, Volume):
                yield Trial(foreign, f"{kind}, another scanner", found)


def _lung_share(scan: Volume) -> float:
    """Return the share of the body that has the HU of lung."""
    low, high = LUNG_HU
    inside = scan.voxels[body_mask(scan)]
    return float(((inside > low) & (inside < high)).mean()) if inside.size else 0.0


def _cropped(scan: Volume) -> Volume:
    """Show the middle of each slice only."""
    cut = []
    for axis, count in enumerate(scan.voxels.shape):
        side = count if axis == slice_axis(scan) else round(VIEW * count)
        cut.append(slice((count - side) // 2, (count - side) // 2 + side))
    return scan.with_voxels(np.ascontiguousarray(scan.voxels[tuple(cut)]))


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
