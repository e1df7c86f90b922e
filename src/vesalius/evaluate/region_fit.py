"""Region, fitted: make the numbers of quality/region.json again.

Run as `python -m vesalius.evaluate.region_fit DATA`; some ten minutes on one core.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage

from vesalius.evaluate.cases import Case
from vesalius.evaluate.data import find_cases, open_case
from vesalius.evaluate.familiarity_fit import SURE as AS_FITTED
from vesalius.evaluate.familiarity_fit import Example, fitted
from vesalius.evaluate.pairs import open_pair, pair_cases
from vesalius.evaluate.split import Part
from vesalius.evaluate.variations import (
    as_ct,
    brain_of,
    cropped,
    drawn_limb,
    torso_as_mr,
    varied_ct,
    varied_mr,
)
from vesalius.io import read
from vesalius.physics import phantom
from vesalius.physics.noise import rician
from vesalius.quality.region import NETWORKS, Told, describe_for
from vesalius.quality.region_signs import thinned
from vesalius.quality.windows import slice_axis
from vesalius.volume import Study, Volume

AnyPlane = Float[np.ndarray, "_ _"]  # each of its own size
AnyMask = Bool[np.ndarray, "_ _"]
Generator = np.random.Generator
Found = Iterator[tuple[str, AnyPlane]]

# How sure a network must be to call a slice foreign, set on calibration patients.
SURE: dict[Told, float] = {"MR head": 0.7, "MR skull": 0.93, "CT head": 0.7}
MEMBERS = 5  # networks that are averaged
SLICES = 8  # of a scan
VARIATIONS = 3  # of each training slice, one of them of a smaller view
LIMBS = 200
KNEES = "mr_kspace/hanyoseob_imdb_fig7_knee_320x256.npz"  # one patient: it trains
COPIES = 8  # of each of its two pictures
PHANTOMS, FIRST_SEED = 8, 100  # tests draw others
HEARTS, GLIOMA, LABELLED = "acdc", "lgg", "brain_t1_labels"
CUT_ANY_WAY = (LABELLED, "ct_volumes", "lidc_0001")
SMALLER = 0.55  # least share of a side that a small field of view keeps
BRAIN_SHARES = (0.08, 0.6)  # of a picture: less or more is no brain, but a mistake
LEFT_ON = 3  # pixels that a careless stripping leaves around the brain, at most


def fit_region(data: Path, *, seed: int = 0) -> dict[str, dict[str, object]]:
    """Fit the networks that tell a head from other bodies, and a skull from none.

    Args:
        data: The data folder; training patients only are looked at.
        seed: Of variations and of the fit.

    Returns:
        For each of `NETWORKS` the numbers that `region.json` holds.

    Limits:
        Bodies other than heads are hearts in MR, chests in CT, chests given the
        contrast of MR, and drawn limbs: the abdomen is known from the lowest slices
        of chests only.
    """
    made: dict[str, dict[str, object]] = {}
    for name in NETWORKS:
        found = list(region_examples(data, "train", name, seed=seed))
        members = [fitted(found, seed + n) for n in range(MEMBERS)]
        made[name] = _joined(members, SURE[name])
    return made


def region_examples(
    data: Path, part: Part, name: Told, *, seed: int = 0
) -> Iterator[Example]:
    """Yield described slices of what one network tells apart.

    Args:
        data: The data folder.
        part: Only training slices are varied.
        name: One of `NETWORKS`.
        seed: Of everything random.
    """
    rng = np.random.default_rng([seed, len(part), NETWORKS.index(name)])
    vary = varied_ct if name.startswith("CT") else varied_mr
    valid = ct_heads if name.startswith("CT") else mr_heads
    others = {"MR head": no_mr_heads, "MR skull": bared_heads, "CT head": no_ct_heads}
    for foreign, found in (
        (False, valid(data, part)),
        (True, others[name](data, part, rng)),
    ):
        for kind, picture in found:
            shown = [picture]
            if part == "train":
                whole = not foreign or name == "MR skull"
                varied = vary(picture, rng, whole=whole)
                shown += [
                    varied,
                    cropped(vary(picture, rng, whole=whole), rng, SMALLER),
                ]
            yield from _described(foreign, kind, shown, name)


def mr_heads(data: Path, part: Part) -> Found:
    """Yield slices of MR heads with their skulls: patients', and drawn ones."""
    for case in find_cases(data, part=part, modality="MR"):
        if case.collection != HEARTS:
            scan = open_case(case)
            for axis, k in _places(case, scan):
                yield case.collection, _plane(scan, axis, k)
    yield from (("mr_ct_pairs", mr) for mr, _ in _pairs(data, part))
    if part == "train":
        for n in range(PHANTOMS):
            drawn = phantom.head((128, 144, 7), (1.4, 1.4, 8.0), seed=FIRST_SEED + n)
            for k in (2, 3, 4):
                yield "phantom", _plane(drawn.truth, 2, k)


def no_mr_heads(data: Path, part: Part, rng: Generator) -> Found:
    """Yield what is no MR of a head: hearts, torsos, limbs, and CT taken for MR."""
    yield from _hearts(data, part)
    for kind, picture in _chests(data, part):
        yield f"{kind} as if in MR", torso_as_mr(picture, rng)
        if rng.random() < 0.3:
            yield f"{kind} taken for MR", _from_zero(picture, rng)
    for _, hu in _pairs(data, part):
        if rng.random() < 0.5:
            yield "CT head taken for MR", _from_zero(hu, rng)
    for _ in range(LIMBS):
        yield "limb", torso_as_mr(drawn_limb(rng), rng)
    if part == "train":
        yield from (("knee", picture) for picture in knees(data) * COPIES)


def bared_heads(data: Path, part: Part, rng: Generator) -> Found:
    """Yield slices of MR heads in which all but the brain is zero.

    Where the brain lies is told by label maps, by the skull of the registered CT, or
    roughly by the dark ring around it; a little is left around it at random.
    """
    for case in find_cases(data, part=part, modality="MR"):
        if case.collection not in (GLIOMA, LABELLED):
            continue
        scan = open_case(case)
        labels = labels_of(case)
        for axis, k in _places(case, scan):
            picture = _plane(scan, axis, k)
            brain = (
                brain_of(picture)
                if labels is None
                else thinned(labels.take(k, axis).astype(np.float64)) > 0.5
            )
            yield from _bared(case.collection, picture, brain, rng)
    for picture, hu in _pairs(data, part):
        yield from _bared("mr_ct_pairs", picture, brain_of(picture, hu), rng)


def ct_heads(data: Path, part: Part) -> Found:
    """Yield slices of CT heads, in approximate HU."""
    yield from (("mr_ct_pairs", hu) for _, hu in _pairs(data, part))


def no_ct_heads(data: Path, part: Part, rng: Generator) -> Found:
    """Yield what is no CT of a head in HU: chests, limbs, brains without a skull."""
    for kind, picture in _chests(data, part):
        yield kind, picture
    for _ in range(LIMBS):
        yield "limb", drawn_limb(rng)
    for picture, hu in _pairs(data, part):
        if rng.random() < 0.4:
            yield "no skull", np.where(brain_of(hu, hu), hu, -1000.0)
        if rng.random() < 0.4:
            yield "MR taken for CT", as_ct(picture, rng)
        if rng.random() < 0.3:
            yield "HU off by 1024", hu + 1024.0


def knees(data: Path) -> list[AnyPlane]:
    """Read the two pictures of a knee that lie among the k-space files."""
    if not (data / KNEES).is_file():
        return []
    with np.load(data / KNEES) as found:
        return [thinned(np.abs(p)) for p in found["data"][:, :, 0].transpose(2, 0, 1)]


def labels_of(case: Case) -> Bool[np.ndarray, "i j k"] | None:
    """Read where the brain lies, for the data set that has label maps beside it."""
    file = case.path.parent / f"{case.patient}_labels.nii.gz"
    if not file.is_file():
        return None
    found = read(file, modality="MR")
    return None if isinstance(found, Study) else found.voxels > 0


def _pairs(data: Path, part: Part) -> Iterator[tuple[AnyPlane, AnyPlane]]:
    """Yield MR and CT of the same slice."""
    for case in pair_cases(data, part=part):
        pair = open_pair(case)
        yield thinned(pair.mr), thinned(pair.ct)


def _joined(members: list[dict[str, Any]], sure: float) -> dict[str, object]:
    """Join networks on the same numbers into one whose answer is their mean.

    Args:
        members: As `fitted` returns them.
        sure: How sure the joined one must be.
    """
    odds = np.log(sure / (1 - sure)) - np.log(AS_FITTED / (1 - AS_FITTED))
    threshold = np.mean([member["threshold"] for member in members]) + odds
    last = np.concatenate([member["second"] for member in members]) / len(members)
    return {
        **members[0],  # centre and scale are the data's, the same in all
        "first": [row for member in members for row in member["first"]],
        "offset": [number for member in members for number in member["offset"]],
        "second": [float(f"{number:.4g}") for number in last],
        "threshold": round(float(threshold), 4),
    }


def _hearts(data: Path, part: Part) -> Found:
    for case in find_cases(data, part=part, modality="MR"):
        if case.collection == HEARTS:
            scan = open_case(case)
            for axis, k in _places(case, scan):
                yield case.collection, _plane(scan, axis, k)


def _chests(data: Path, part: Part) -> Found:
    for case in find_cases(data, part=part, modality="CT"):
        scan = open_case(case)
        for axis, k in _places(case, scan):
            yield case.collection, _plane(scan, axis, k)


def _places(case: Case, scan: Volume) -> Iterator[tuple[int, int]]:
    """Choose slices: the axis they lie across, and their number."""
    for axis in range(3) if case.collection in CUT_ANY_WAY else (slice_axis(scan),):
        count = scan.voxels.shape[axis]
        inner = np.linspace(0.1 * (count - 1), 0.9 * (count - 1), SLICES)
        for k in np.unique(inner.round().astype(int)):
            yield axis, int(k)


def _plane(scan: Volume, axis: int, k: int) -> AnyPlane:
    """Return a slice as the networks see it."""
    return thinned(scan.voxels.take(k, axis))


def _from_zero(hu: AnyPlane, rng: Generator) -> AnyPlane:
    """Return a CT slice with air at 0, some of its upper end cut off."""
    return (
        (hu + 1024.0).clip(0, rng.choice([1300.0, 2000.0, 4095.0])).astype(np.float64)
    )


def _bared(kind: str, picture: AnyPlane, brain: AnyMask, rng: Generator) -> Found:
    low, high = BRAIN_SHARES
    if not low < brain.mean() < high:
        return
    grown = int(rng.integers(0, LEFT_ON + 1))
    if grown:
        brain = ndimage.binary_dilation(brain, iterations=grown)
    if rng.random() < 0.3:
        sigma = rng.uniform(0.01, 0.06) * float(picture.max())
        picture = rician(np.maximum(picture, 0), sigma, rng).astype(np.float64)
    yield kind, np.where(brain, picture, 0.0)


def _described(
    foreign: bool, kind: str, pictures: list[AnyPlane], name: Told
) -> Iterator[Example]:
    for picture in pictures:
        numbers = describe_for(name, np.ascontiguousarray(picture))
        if numbers is not None:
            yield Example(foreign, kind, numbers)


if __name__ == "__main__":
    torch.set_num_threads(1)
    target = Path(__file__).parents[1] / "quality" / "region.json"
    made = fit_region(Path(sys.argv[1]))
    target.write_text(json.dumps(made, separators=(",", ":")) + "\n", encoding="utf-8")
