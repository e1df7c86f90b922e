"""The input check and the noise estimate on real patients, none trained on."""

from pathlib import Path

import numpy as np
import pytest
from skimage.measure import block_reduce

from vesalius.evaluate.data import find_cases, open_case
from vesalius.evaluate.denoise import middle
from vesalius.evaluate.pairs import open_pair, pair_cases
from vesalius.evaluate.pictures import foreign_pictures
from vesalius.evaluate.variations import brain_of
from vesalius.physics.ct import low_dose
from vesalius.physics.noise import rician
from vesalius.quality import estimate_noise, unfamiliarity
from vesalius.quality.familiarity import LIMIT
from vesalius.quality.region import check_region
from vesalius.volume import Volume

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not (DATA / "lgg").is_dir(), reason="the data folder is not beside the repository"
)
PER_SET = 4  # of a collection: all of them are counted by evaluate/refusals.py


def some(modality):
    kept = {}
    for case in find_cases(DATA, part="calibrate", modality=modality):
        kept.setdefault(case.collection, []).append(case)
    return [case for cases in kept.values() for case in cases[:PER_SET]]


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_patients_pass_and_their_negatives_do_not(modality):
    cases = some(modality)
    assert len(cases) >= 5
    for case in cases:
        scan = open_case(case)
        assert unfamiliarity(scan) <= LIMIT, case.label
        low = min(0.0, float(scan.voxels.min()))
        turned = scan.voxels.max() + np.float32(low) - scan.voxels
        assert unfamiliarity(scan.with_voxels(turned)) > LIMIT, case.label


@pytest.mark.parametrize(("modality", "units"), [("MR", "a.u."), ("CT", "HU")])
def test_other_pictures_do_not_pass(modality, units):
    pictures = list(foreign_pictures(DATA, "calibrate"))[::6]
    assert len(pictures) >= 25
    passed = [
        picture.name
        for picture in pictures
        if unfamiliarity(
            Volume(
                np.ascontiguousarray(picture.pixels, np.float32)[..., None],
                np.eye(4),
                units,
                modality,
            )
        )
        <= LIMIT
    ]
    assert len(passed) <= 0.05 * len(pictures), passed


def passes(scan, region):
    return all(check.outcome == "show" for check in check_region(scan, region))


def test_heads_pass_as_heads_and_hearts_do_not():
    for case in some("MR"):
        assert passes(open_case(case), "head") == (case.collection != "acdc"), (
            case.label
        )


def test_stripped_heads_are_told_by_their_rim():
    heads = [c for c in some("MR") if c.collection == "lgg"]
    for case in heads:
        scan = open_case(case)
        planes = scan.voxels.transpose(2, 0, 1).astype(np.float64)
        brain = np.stack([brain_of(plane) for plane in planes], axis=2)
        bare = scan.with_voxels(np.where(brain, scan.voxels, 0).astype(np.float32))
        assert not passes(bare, "head"), case.label


def test_ct_heads_pass_as_heads_and_chests_as_chests():
    for pair in pair_cases(DATA, part="calibrate")[::8]:
        hu = np.ascontiguousarray(open_pair(pair).ct[:, :, None])
        head = Volume(hu, np.eye(4), "HU", "CT")
        assert passes(head, "head"), pair.patient
        assert not passes(head, "chest"), pair.patient
    cases = find_cases(DATA, modality="CT")
    chest = open_case(next(c for c in cases if c.collection == "lidc_0001"))
    assert passes(chest, "chest")
    assert not passes(chest, "head")


@pytest.mark.parametrize("level", [0.03, 0.12])
def test_the_noise_added_to_a_patient_is_found(level):
    off = []
    for number, case in enumerate(some("MR")):
        scan = open_case(case)
        sigma = level * float(scan.voxels.max())
        rng = np.random.default_rng(number)
        own = estimate_noise(scan).level
        noisy = scan.with_voxels(rician(np.maximum(scan.voxels, 0), sigma, rng))
        off.append(estimate_noise(noisy).level / np.hypot(sigma, own) - 1)
    # 8 % for the typical patient; cropped hearts without air are harder.
    assert np.median(np.abs(off)) < 0.08
    assert np.max(np.abs(off)) < 0.25


def test_a_scan_without_added_noise_has_little():
    for case in some("MR"):
        scan = open_case(case)
        assert estimate_noise(scan).level < 0.025 * float(scan.voxels.max())


def test_anatomy_is_no_noise_in_coarse_ct():
    found = [c for c in find_cases(DATA, modality="CT") if c.collection == "lidc_0001"]
    chest = open_case(found[0])
    sparse = chest.voxels[:, :, ::16]
    blocks = block_reduce(sparse, (4, 4, 1), np.mean).astype(np.float32)
    affine = chest.affine @ np.diag([4, 4, 16, 1])
    scan = Volume(blocks, affine, "HU", "CT")
    rng = np.random.default_rng(0)
    noisy = low_dose(blocks, scan.spacing_mm, dose=0.1, rng=rng)
    tissue = np.abs(blocks) < 160
    added = (noisy - blocks)[tissue].std()
    expected = np.hypot(added, estimate_noise(scan).level)
    level = estimate_noise(scan.with_voxels(noisy)).level
    assert level == pytest.approx(expected, rel=0.15)


def test_a_few_slices_of_a_chest_have_the_noise_of_all():
    found = find_cases(DATA, part="calibrate", modality="CT")
    aorta = open_case(next(c for c in found if c.collection == "ct_volumes"))
    whole = estimate_noise(aorta).level
    for count in (12, 40):
        assert estimate_noise(middle(aorta, count)).level == pytest.approx(
            whole, rel=0.2
        )
