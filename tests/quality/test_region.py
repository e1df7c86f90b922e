"""Heads with a skull and chests pass; other parts, stripped heads and masks do not."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from vesalius.evaluate.variations import brain_of, drawn_limb, torso_as_mr
from vesalius.physics.phantom import head, scan, thorax
from vesalius.quality import check_input, verdict_of
from vesalius.quality.levels import check_levels
from vesalius.quality.region import (
    LIMIT,
    NETWORKS,
    check_region,
    describe_for,
    unlikeness,
)
from vesalius.quality.region_signs import (
    CT_SIGNS,
    LARGEST,
    MR_SIGNS,
    lung_height_mm,
    signs_of,
    thinned,
)
from vesalius.train.recipe import open_recipe
from vesalius.volume import Volume

SIDE = 128
AIR, SCALP, BONE, BRAIN = -1000.0, 30.0, 900.0, 35.0
SEGMENT, TRANSLATE, DETECT = (
    open_recipe(name).card_of()
    for name in ("segment-tumour", "translate-mr-ct", "detect-nodule")
)


@cache
def mr_head(noise=0.03):
    return scan(head((128, 144, 9), (1.4, 1.4, 5.0), seed=3), noise=noise)


@cache
def chest():
    return scan(thorax((160, 160, 9), (2.2, 2.2, 5.0), seed=3), noise=0.5)


def stripped(whole):
    planes = whole.voxels.transpose(2, 0, 1).astype(np.float64)
    brain = np.stack([brain_of(plane) for plane in planes], axis=2)
    return whole.with_voxels(np.where(brain, whole.voxels, 0).astype(np.float32))


def ct_head(bone=BONE, spacing=(1.4, 1.4, 5.0)):
    """An oval of brain in a skull of 7 mm in a scalp, noisy."""
    i, j = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
    away = np.hypot(i / 50, j / 60)
    hu = np.full((SIDE, SIDE), AIR)
    hu[away < 1], hu[away < 0.9], hu[away < 0.8] = SCALP, bone, BRAIN
    noise = np.random.default_rng(0).normal(0, 20, (SIDE, SIDE, 4))
    affine = np.diag([*spacing, 1.0])
    return Volume((hu[:, :, None] + noise).astype(np.float32), affine, "HU", "CT")


def outcomes(found, region):
    return {check.name: check.outcome for check in check_region(found, region)}


def withheld(found, card):
    return verdict_of(check_input(found, card))


# Heads in MR.


@pytest.mark.parametrize("noise", [0.0, 0.03, 0.08])
def test_a_head_passes_whole_slice_by_slice_and_turned(noise):
    whole = mr_head(noise)
    passed = {"grey values": "show", "body part": "show", "skull": "show"}
    assert outcomes(whole, "head") == passed
    for k in (3, 5):
        single = np.ascontiguousarray(whole.voxels[:, :, k : k + 1])
        assert outcomes(whole.with_voxels(single), "head") == passed
    turned = np.ascontiguousarray(whole.voxels[::-1].transpose(1, 0, 2))
    assert outcomes(whole.with_voxels(turned), "head") == passed


@pytest.mark.parametrize("card", [SEGMENT, TRANSLATE], ids=lambda card: card.name)
def test_a_head_fits_the_cards_of_heads(card):
    flair = replace(mr_head(), contrast="FLAIR")
    assert withheld(flair, card).outcome == "show"


def test_a_stripped_head_is_withheld_and_told_why():
    bare = replace(stripped(mr_head()), contrast="FLAIR")
    verdict = withheld(bare, SEGMENT)
    assert verdict.outcome == "withhold"
    assert "skull" in verdict.reasons[-1]
    assert unlikeness(bare, "MR skull") > LIMIT


def test_a_view_within_the_head_says_nothing_of_its_skull():
    inner = np.ascontiguousarray(mr_head(0.0).voxels[40:90, 45:95, 3:6])
    assert unlikeness(mr_head().with_voxels(inner), "MR skull") == 0


def test_limbs_and_chests_are_no_heads_in_mr():
    rng = np.random.default_rng(7)
    found = [torso_as_mr(drawn_limb(rng), rng) for _ in range(6)]
    found += [torso_as_mr(chest().voxels[:, :, k].astype(float), rng) for k in (2, 6)]
    for picture in found:
        voxels = np.ascontiguousarray(picture[:, :, None], np.float32)
        body = Volume(voxels, np.eye(4), "a.u.", "MR")
        assert outcomes(body, "head")["body part"] == "withhold"


# Heads and chests in CT.


def test_a_ct_head_is_known_by_the_bone_around_it():
    whole = ct_head()
    assert outcomes(whole, "head") == {"grey values": "show", "body part": "show"}
    assert signs_of(whole.voxels[:, :, 0].astype(float), "CT")[0] == 2  # every ray
    bare = ct_head(bone=SCALP)
    assert signs_of(bare.voxels[:, :, 0].astype(float), "CT")[0] == 0
    assert outcomes(bare, "head")["body part"] == "withhold"


def test_a_chest_is_no_head_and_a_head_no_chest():
    assert outcomes(chest(), "chest") == {"grey values": "show", "body part": "show"}
    assert outcomes(chest(), "head")["body part"] == "withhold"
    assert outcomes(ct_head(), "chest")["body part"] == "withhold"
    assert "chest" in check_region(ct_head(), "chest")[-1].reason


def test_lungs_are_measured_in_millimetres():
    shape, edges = (80, 60, 20), (4.0, 4.0, 10.0)
    i, j = np.indices(shape[:2])
    hu = np.full(shape, AIR, np.float32)
    hu[np.hypot((i - 40) / 35, (j - 30) / 25) < 1] = 40
    for middle in (25, 55):
        hu[np.hypot((i - middle) / 10, (j - 30) / 15) < 1, :6] = -850
    hu += np.random.default_rng(0).normal(0, 10, shape).astype(np.float32)
    body = Volume(hu, np.diag([*edges, 1.0]), "HU", "CT")
    assert lung_height_mm(body) == pytest.approx((60, 200))
    assert outcomes(body, "chest")["body part"] == "withhold"  # the bases only
    turned = np.ascontiguousarray(hu.transpose(2, 0, 1))
    affine = np.zeros((4, 4))
    affine[2, 0], affine[0, 1], affine[1, 2], affine[3, 3] = 10, 4, 4, 1
    assert lung_height_mm(Volume(turned, affine, "HU", "CT")) == (60, 200)
    upper = np.ascontiguousarray(hu[:, :, :10])
    assert outcomes(body.with_voxels(upper), "chest")["body part"] == "show"


def test_gas_in_the_bowel_is_no_lung():
    hu = np.full((80, 60, 20), AIR, np.float32)
    i, j = np.indices((80, 60))
    hu[np.hypot((i - 40) / 35, (j - 30) / 25) < 1] = 40
    hu[np.hypot((i - 40) / 20, (j - 30) / 15) < 1] = -1000
    belly = Volume(hu, np.diag([4.0, 4.0, 10.0, 1.0]), "HU", "CT")
    assert lung_height_mm(belly)[0] == 0


# Grey values.


def test_a_mask_a_label_map_and_a_window_are_no_scan():
    whole = mr_head()
    mask = whole.with_voxels((whole.voxels > 200).astype(np.float32))
    assert "2 different values" in check_levels(mask).reason
    rough = np.random.default_rng(0).integers(1, 150, (8, 9, 3)).astype(np.float32)
    labels = rough.repeat(16, axis=0).repeat(16, axis=1).repeat(3, axis=2)
    assert "label map" in check_levels(whole.with_voxels(labels)).reason
    grey = np.clip((ct_head().voxels + 20) / 100, 0, 1) * 255
    window = ct_head().with_voxels(grey.round().astype(np.float32))
    assert "grey levels of a window" in check_levels(window).reason
    for found in (whole, ct_head(), chest()):
        assert check_levels(found).outcome == "show"


def test_a_mask_is_asked_nothing_further():
    mask = chest().with_voxels((chest().voxels > 0).astype(np.float32))
    assert outcomes(mask, "chest") == {"grey values": "withhold"}


def test_eight_bits_of_noisy_mr_are_a_scan():
    voxels = mr_head().voxels
    grey = np.round(voxels / voxels.max() * 255)
    assert check_levels(mr_head().with_voxels(grey)).outcome == "show"


# What the networks are asked.


@pytest.mark.parametrize("name", NETWORKS)
def test_a_blank_slice_is_not_described(name):
    assert describe_for(name, np.zeros((64, 64))) is None
    assert describe_for(name, np.ones((8, 8))) is None


def test_a_scan_without_anything_to_see_is_unlike_a_head():
    blank = Volume(np.ones((64, 64, 2), np.float32), np.eye(4), "a.u.", "MR")
    assert unlikeness(blank, "MR head") == 1
    assert unlikeness(replace(blank, units="HU", modality="CT"), "CT head") == 1


def test_signs_are_as_many_for_every_slice():
    picture = mr_head().voxels[:, :, 4].astype(np.float64)
    assert signs_of(picture, "MR").shape == (MR_SIGNS,)
    assert signs_of(np.zeros((40, 50)), "MR").shape == (MR_SIGNS,)
    assert signs_of(np.full((40, 50), AIR), "CT").shape == (CT_SIGNS,)
    assert max(thinned(np.zeros((700, 90))).shape) <= LARGEST


def test_a_card_without_a_region_is_not_asked_for_one():
    names = [c.name for c in check_input(mr_head(), replace(TRANSLATE, region=None))]
    assert not {"grey values", "body part", "skull"} & set(names)
