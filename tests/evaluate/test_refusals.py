"""What is tried against the input check is what it says it is."""

import numpy as np
import pytest
from PIL import Image

from vesalius.evaluate.familiarity_fit import Example, examples, fitted
from vesalius.evaluate.pictures import PHOTOGRAPHS, foreign_pictures, paired_slices
from vesalius.evaluate.refusals import (
    Trial,
    count_refusals,
    refusal_trials,
    verb_trials,
)
from vesalius.evaluate.region_fit import region_examples
from vesalius.evaluate.variations import (
    as_ct,
    as_mr,
    brain_of,
    cropped,
    drawn_limb,
    jumbles,
    negatives,
    torso_as_mr,
    varied_ct,
    varied_mr,
)
from vesalius.io import write_volume
from vesalius.physics.phantom import head, noisy_disc, thorax
from vesalius.quality.region import NETWORKS
from vesalius.train.recipe import open_recipe

SIDE = 48


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Five patients, five centres' heads, five ultrasound pictures, all invented."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    (folder / "breast_ultrasound" / "benign").mkdir(parents=True)
    for n in range(5):
        scan = head((64, 72, 7), (2.8, 2.8, 8.0), seed=n).truth
        (folder / "lgg" / f"P{n}").mkdir(parents=True)
        write_volume(scan, folder / "lgg" / f"P{n}" / "flair.nii.gz")
        pair = folder / "mr_ct_pairs" / f"Q{n}"
        pair.mkdir(parents=True)
        for kind in ("mri", "ct", "mask"):
            for plane in ("axial", "coronal", "sagittal"):
                grey = np.full((SIDE, SIDE), 90, np.uint8)
                grey[:8] = 0
                Image.fromarray(grey).save(pair / f"{kind}_{plane}.png")
        speckle = rng.integers(0, 255, (40, 40)).astype(np.uint8)
        name = folder / "breast_ultrasound" / "benign" / f"benign ({n})"
        Image.fromarray(speckle).save(f"{name}.png")
        Image.fromarray(speckle).save(f"{name}_mask.png")
    return folder


def test_photographs_of_training_are_not_tested():
    assert not set(PHOTOGRAPHS["train"]) & set(PHOTOGRAPHS["test"])


def test_foreign_pictures_are_split_and_masks_left_out(data):
    names = {
        part: {p.name for p in foreign_pictures(data, part) if p.kind == "ultrasound"}
        for part in ("train", "calibrate", "test")
    }
    assert [len(names[part]) for part in ("train", "calibrate", "test")] == [3, 1, 1]
    assert not any("mask" in name for part in names.values() for name in part)


def test_pairs_get_their_hu_back(data):
    (ct, *others) = paired_slices(data, "test", "CT")
    assert len(others) == 2
    assert (ct.pixels.min(), ct.pixels.max()) == (-1024, 35)
    assert next(paired_slices(data, "test", "MR")).pixels.max() == 90


def test_every_kind_is_tried_and_counted(data):
    trials = list(refusal_trials(data, "MR"))
    kinds = {(trial.foreign, trial.kind) for trial in trials}
    assert kinds == {
        (False, "lgg"),
        (False, "lgg, one slice"),
        (False, "lgg, noisy"),
        (False, "mr_ct_pairs"),
        (True, "negative"),
        (True, "voxels shuffled"),
        (True, "pieces shuffled"),
        (True, "slices shuffled"),
        (True, "ultrasound"),
        (True, "photograph"),
    }
    found = count_refusals(iter(trials), lambda scan: scan.voxels.shape[2] == 1)
    assert found["valid"]["lgg"].value == 0
    assert found["valid"]["lgg, one slice"].value == 1
    assert found["foreign"]["ultrasound"].value == 1
    foreign = sum(trial.foreign for trial in trials)
    assert found["foreign"]["all"].count == foreign
    assert found["valid"]["all"].count == len(trials) - foreign


@pytest.mark.parametrize(
    ("name", "valid", "foreign"),
    [
        ("segment-tumour", "lgg flair", "stripped, lgg flair"),
        ("translate-mr-ct", "mr_ct_pairs, one slice", "head CT as MR"),
        ("detect-nodule", "drawn chest", "head CT, one slice"),
    ],
)
def test_a_verb_is_tried_with_what_it_is_made_for_and_with_what_not(
    data, name, valid, foreign
):
    card = open_recipe(name).card_of()
    trials = list(verb_trials(data, card))
    kinds = {(trial.foreign, trial.kind) for trial in trials}
    assert kinds >= {(False, valid), (True, foreign), (True, "mask, mr_ct_pairs")}
    for trial in trials:
        assert trial.scan.modality in card.modalities
        assert trial.scan.units == card.units
        assert not card.contrasts or trial.scan.contrast in card.contrasts
    by_kind = {trial.kind: trial.scan for trial in trials}
    if name == "segment-tumour":
        whole, bare = by_kind[valid].voxels, by_kind[foreign].voxels
        assert 0.2 < (bare > 0).sum() / (whole > 0).sum() < 0.9


def test_a_refusal_is_counted_once():
    scan = noisy_disc(seed=0, side=16)
    trials = iter([Trial(True, "a", scan), Trial(True, "b", scan)])
    found = count_refusals(trials, lambda _: True)
    assert (found["foreign"]["all"].value, found["foreign"]["all"].count) == (1, 2)
    assert found["valid"] == {}


@pytest.mark.parametrize("seed", range(6))
def test_variations_stay_what_they_are(seed):
    rng = np.random.default_rng(seed)
    brain = head((80, 96, 3), (2.2, 2.2, 8.0), seed=1).truth.voxels[..., 1]
    varied = varied_mr(brain.astype(np.float64), rng, whole=seed % 2 == 0)
    assert np.isfinite(varied).all()
    assert varied.min() >= 0
    assert min(varied.shape) >= 24
    chest = thorax((80, 80, 1), (4.4, 4.4, 8.0), seed=1).truth.voxels[..., 0]
    varied = varied_ct(chest.astype(np.float64), rng)
    assert np.isfinite(varied).all()
    # Still air and body on the scale of HU, through noise of up to 150.
    assert varied.min() < -500
    assert 800 > np.median(varied) > -1100
    assert min(varied.shape) >= 24


def test_the_brain_lies_within_the_skull():
    drawn = head((128, 144, 3), (1.4, 1.4, 8.0), seed=1).truth.voxels[..., 1]
    brain = brain_of(drawn.astype(np.float64))
    assert 0.4 < brain.sum() / (drawn > 0.1 * drawn.max()).sum() < 0.9
    i, j = np.indices((96, 96)) - 47.5
    away = np.hypot(i, j)
    hu = np.select([away < 30, away < 35, away < 38], [35.0, 900.0, 30.0], -1000.0)
    inside = brain_of(hu, hu)
    assert not inside[away > 31].any()
    assert inside[away < 28].all()
    assert not brain_of(np.zeros((40, 40))).any()


def test_tissues_get_the_contrast_of_mr_and_limbs_have_a_rim_of_fat():
    rng = np.random.default_rng(0)
    tissues = np.repeat([[-1000.0, -100.0, 50.0, 1000.0]], 16, axis=0).repeat(8, axis=1)
    air, fat, muscle, bone = torso_as_mr(tissues, rng)[8, 4::8]
    assert air < bone < muscle < fat
    limb = drawn_limb(rng)
    assert limb.min() < -900
    assert ((limb > -140) & (limb < -60)).mean() > 0.02


def test_negatives_and_jumbles_keep_their_values():
    rng = np.random.default_rng(0)
    picture = rng.normal(100, 20, (40, 44))
    for turned in negatives(picture, rng, "MR"):
        assert np.corrcoef(turned.ravel(), picture.ravel())[0, 1] == pytest.approx(-1)
    assert len(list(negatives(picture, rng, "CT"))) == 2
    for mixed in jumbles(picture, rng):
        assert np.isin(mixed, picture).all()
    assert cropped(picture, rng, 0.5).size <= picture.size
    assert np.isfinite(as_mr(picture, rng)).all()
    assert np.isfinite(as_ct(picture, rng)).all()


# The fit: its recipe runs on whatever is there, and learns what can be learned.


def test_examples_are_of_one_part_and_both_classes(data):
    found = list(examples(data, "calibrate", "MR"))
    assert {example.foreign for example in found} == {False, True}
    assert len({len(example.numbers) for example in found}) == 1
    assert all(np.isfinite(example.numbers).all() for example in found)


@pytest.mark.parametrize("name", NETWORKS)
def test_examples_of_a_region_are_as_long_as_its_network(data, name):
    from vesalius.quality.familiarity import network

    found = list(region_examples(data, "calibrate", name))
    net = network(name, "region.json")
    assert {len(example.numbers) for example in found} == {len(net.centre)}
    assert net.first.shape == (len(net.second), len(net.centre))
    assert not all(example.foreign for example in found)


def test_the_fit_separates_what_is_apart():
    rng = np.random.default_rng(0)
    found = [
        Example(bool(n % 2), "kind", rng.normal(2.0 * (n % 2), 1.0, 10))
        for n in range(400)
    ]
    net = fitted(found, 0)
    numbers = np.stack([example.numbers for example in found])
    z = (numbers - net["centre"]) / net["scale"]
    hidden = np.tanh(z.clip(-4, 4) @ np.array(net["first"]).T + net["offset"])
    foreign = hidden @ np.array(net["second"]) > net["threshold"]
    assert (foreign == [example.foreign for example in found]).mean() > 0.97
