"""Nodules lie where they may, are as large as they say, and change nothing else."""

from itertools import combinations

import numpy as np
import pytest

from evaluate.chest_cases import chest
from vesalius.anatomy.lungs import lung_mask
from vesalius.evaluate.drawn_nodules import (
    APART_MM,
    DIAMETERS_MM,
    NODULE_HU,
    Nodule,
    aerated,
    place_nodules,
    with_nodules,
)


@pytest.fixture(scope="module")
def scan():
    return chest((150, 120, 30), (2.0, 2.0, 4.0))


@pytest.fixture(scope="module")
def draws(scan):
    return [place_nodules(scan, np.random.default_rng(seed)) for seed in range(4)]


def test_nodules_lie_in_the_lungs_far_apart_in_all_sizes(scan, draws):
    lungs = lung_mask(scan)
    for nodules in draws:
        assert len(nodules) == 8
        assert sorted(n.diameter_mm for n in nodules) == sorted(DIAMETERS_MM)
        for nodule in nodules:
            assert lungs[nodule.voxel]
            there = (scan.affine @ [*nodule.voxel, 1])[:3]
            assert np.allclose(nodule.position_mm, there)
        for one, two in combinations(nodules, 2):
            apart = np.subtract(one.position_mm, two.position_mm)
            assert np.linalg.norm(apart) >= APART_MM
    walled = [n.at_wall for nodules in draws for n in nodules]
    assert 0.1 < np.mean(walled) < 0.6
    assert place_nodules(scan, np.random.default_rng(0)) == draws[0]


def test_free_nodules_touch_nothing_and_walled_ones_do(scan, draws):
    air = aerated(scan)
    for nodule in (n for nodules in draws for n in nodules):
        away = [
            (np.arange(n) - middle) * edge
            for n, middle, edge in zip(
                air.shape, nodule.voxel, scan.spacing_mm, strict=True
            )
        ]
        apart = np.sqrt(sum(a**2 for a in np.meshgrid(*away, indexing="ij")))
        inside = air[apart < nodule.diameter_mm / 2]
        if nodule.at_wall and nodule.diameter_mm >= 8:
            assert 0.5 < inside.mean() < 1
        elif not nodule.at_wall:
            assert inside.all()


def test_a_drawn_nodule_has_its_volume_and_its_hu():
    scan = chest((160, 120, 40), (1.0, 1.0, 1.0), noise=20.0)
    lung = chest((160, 120, 40), (1.0, 1.0, 1.0), noise=0.0).voxels < -800
    nodule = Nodule((100, 60, 20), (100.0, 60.0, 20.0), 15.0, False)
    assert lung[92:109, 52:69, 12:29].all()
    volumes = []
    for seed in range(6):
        drawn = with_nodules(scan, (nodule,), np.random.default_rng(seed))
        change = drawn.voxels - scan.voxels
        volumes.append(change.sum() / (NODULE_HU + 850))
        middle = drawn.voxels[98:103, 58:63, 18:23]
        assert middle.mean() == pytest.approx(NODULE_HU, abs=10)
        # its noise is the scan's, less what is coarser than 1.5 mm
        assert 5 < middle.std() < 25
        far = np.ones(scan.voxels.shape, bool)
        far[88:113, 48:73, 8:33] = False
        assert (change[far] == 0).all()
    # lumps of 8 % and a centre on a voxel: the mean of a few is near the ball's
    assert np.mean(volumes) == pytest.approx(np.pi * 15**3 / 6, rel=0.1)


def test_bone_is_not_covered(scan):
    bony = scan.with_voxels(np.where(np.arange(120)[:, None] < 60, 700, scan.voxels))
    nodule = Nodule((45, 59, 15), (0.0, 0.0, 0.0), 15.0, True)
    drawn = with_nodules(bony, (nodule,), np.random.default_rng(0)).voxels
    assert (drawn[:, :60] == 700).all()
    assert (drawn[:, 60:] != bony.voxels[:, 60:]).any()


def test_a_slice_takes_nodules_too():
    one = chest((200, 170, 1), (1.5, 1.5, 30.0))
    nodules = place_nodules(one, np.random.default_rng(0), most=5)
    assert len(nodules) == 5
    drawn = with_nodules(one, nodules, np.random.default_rng(0))
    for nodule in nodules:
        assert drawn.voxels[nodule.voxel] > -300
