"""The traditional peers of the case studies find what they can find."""

import numpy as np
import pytest
import torch
from parts import atlas_peers
from parts.nodule_peers import JUDGES, features_of
from parts.pix2pix import L1_WEIGHT, Patches70, Unet256, losses
from parts.shown_pairs import Shown
from parts.translation_peers import BACK, TRANSLATORS
from parts.tumour_peers import OUTLINERS, Taught

from vesalius.anatomy.head_planes import head_planes
from vesalius.evaluate.overlap import dice
from vesalius.physics.phantom import head

SPACING = (2.0, 2.0, 6.0)


def ill(seed):
    """A head with a bright ball in the brain, in the network's frame."""
    scan = head(shape=(96, 120, 5), spacing_mm=SPACING, seed=seed).truth
    rng = np.random.default_rng(seed)
    i, j, k = np.indices(scan.voxels.shape)
    x, y = rng.integers(36, 60), rng.integers(45, 75)
    ball = (i - x) ** 2 + (j - y) ** 2 + (4 * (k - 2)) ** 2 < 90
    bright = np.where(ball, 1.1 * scan.voxels.max(), 0.7 * scan.voxels)
    noisy = bright + rng.normal(0, 0.02 * scan.voxels.max(), bright.shape)
    planes, frame = head_planes(scan.with_voxels(noisy.astype(np.float32)))
    return Taught(planes, frame.enter(ball.astype(np.float32)) > 0.5)


@pytest.fixture(scope="module")
def heads():
    return [ill(seed) for seed in range(4)]


@pytest.mark.parametrize("name", OUTLINERS)
def test_a_bright_ball_is_outlined_in_a_new_head(name, heads):
    outline = OUTLINERS[name](heads)
    new = ill(9)
    # a map of four tumours' places weighs against a fifth elsewhere
    assert dice(new.truth, outline(new.planes)) > 0.5


def pair(seed):
    """A disc of tissue in a ring of bone, bright and dark in MR."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((72, 64))
    away = np.hypot(y - 36, (x - 32) * rng.uniform(1.05, 1.2))
    mr, ct = np.zeros((72, 64)), np.full((72, 64), -1024.0)
    for radius, grey, hu in ((31, 220, -90), (28, 12, 900), (23, 120, 35)):
        mr[away < radius], ct[away < radius] = grey, hu
    mr = np.clip(mr + rng.normal(0, 4, mr.shape), 0, 255)
    return Shown(mr.astype(np.float32), ct.astype(np.float32), away < 33)


@pytest.fixture(scope="module")
def pairs():
    return [pair(seed) for seed in range(4)]


@pytest.mark.parametrize("name", TRANSLATORS)
def test_tissue_and_bone_are_told_apart(name, pairs):
    translate = TRANSLATORS[name](pairs)
    new = pair(9)
    made = translate(new.source, new.mask)
    assert (made[~new.mask] == -1024).all()
    error = np.abs(made - new.target)[new.mask].mean()
    water = np.abs(0 - new.target)[new.mask].mean()
    assert error < 0.6 * water


@pytest.mark.parametrize("name", BACK)
def test_grey_values_are_told_from_hu(name, pairs):
    translate = BACK[name]([Shown(p.target, p.source, p.mask) for p in pairs])
    new = pair(9)
    made = translate(new.target, new.mask)
    assert (made[~new.mask] == 0).all()
    error = np.abs(made - new.source)[new.mask].mean()
    grey = np.abs(np.median(new.source[new.mask]) - new.source)[new.mask].mean()
    assert error < 0.6 * grey


def test_an_atlas_that_cannot_be_turned_lies_where_its_centre_puts_it(
    pairs, monkeypatch
):
    def lost(self, fixed, moving):
        raise RuntimeError("all samples map outside the moving image")

    method = atlas_peers.SimpleITK.ImageRegistrationMethod
    monkeypatch.setattr(method, "Execute", lost)
    new = pair(9)
    made = TRANSLATORS["registered atlas"](pairs)(new.source, new.mask)
    assert np.isfinite(made).all()
    error = np.abs(made - new.target)[new.mask].mean()
    assert error < np.abs(new.target)[new.mask].mean()


def patches(count, seed):
    rng = np.random.default_rng(seed)
    y, x = np.indices((50, 50)) - 24.5
    nodule = np.arange(count) % 2 == 0
    pictures = 0.12 + 0.03 * rng.random((count, 50, 50))
    radius = rng.uniform(4, 9, count)[:, None, None]
    pictures += np.where(nodule[:, None, None], 0.6 * (np.hypot(y, x) < radius), 0)
    line = 0.6 * (np.abs(y) < 2)  # a vessel
    pictures += np.where(nodule[:, None, None], 0, line)
    return pictures.astype(np.float32), nodule


@pytest.mark.parametrize("name", JUDGES)
def test_balls_are_told_from_vessels(name):
    pictures, nodule = patches(48, 0)
    few = {"trees": 20} if "forest" in name else {}
    score = JUDGES[name](features_of(pictures), nodule, np.arange(48) // 6, **few)
    new, truth = patches(12, 1)
    found = score(new)
    assert found[truth].min() > found[~truth].max()


def test_pix2pix_has_the_papers_shapes_and_losses():
    torch.manual_seed(0)
    made, judge = Unet256(3, width=4), Patches70(3, width=4)
    seen = torch.rand(2, 3, 256, 256)
    picture = made(seen)
    assert picture.shape == (2, 1, 256, 256)
    assert judge(seen, picture).shape == (2, 1, 30, 30)
    wanted = picture.detach()
    own, caught = losses(seen, wanted, picture, judge)
    assert own.item() < 2  # no distance left: only the discriminator's say
    further, _ = losses(seen, wanted + 1, picture, judge)
    assert (further - own).item() == pytest.approx(L1_WEIGHT, rel=1e-3)
    (own + caught).backward()
    assert made.out[1].weight.grad.abs().sum() > 0
