"""What the translator sees of a CT slice: the head without what holds it."""

import numpy as np
import pytest

from vesalius.anatomy.head_slice import PLACES, ROW, Place
from vesalius.anatomy.head_slice_ct import (
    CT_CHANNELS,
    ct_channels,
    ct_windows,
    outline_ct_slice,
)

SHAPE = (160, 150)


@pytest.fixture
def away():
    """How far each pixel lies from the head's middle; 1 at the skin."""
    y, x = np.indices(SHAPE)
    return np.hypot((y - 80) / 60, (x - 70) / 50)


@pytest.fixture
def slice_(away):
    """A head with a hollow, on a holder's shell that does not touch it."""
    hu = np.where(away < 1, 35.0, -1000.0)
    hu[(away > 0.85) & (away < 0.95)] = 900
    hu[away < 0.2] = -1000
    hu[:, 138:142] = 100
    return hu.astype(np.float32)


def test_the_holder_falls_off_and_hollows_are_filled(slice_, away):
    outline = outline_ct_slice(slice_)
    assert outline[away < 1].all()
    assert not outline[:, 138:].any()
    assert outline.sum() < 1.4 * (away < 1).sum()


def test_a_jaw_below_the_airway_belongs_to_the_head(slice_, away):
    cut = slice_.copy()
    cut[118:124] = -1000
    assert outline_ct_slice(cut)[away < 0.98].all()


def test_windows_tell_soft_tissue_and_bone_apart():
    full, soft, bone = ct_windows(np.float32([0, 1.024, 1.059, 1.174, 2.674, 9]))
    assert full.tolist() == pytest.approx([0, 1.024, 1.059, 1.174, 2.674, 4])
    assert soft.tolist() == pytest.approx([-1, -0.35, 0, 1, 1, 1], abs=1e-5)
    assert bone.tolist() == pytest.approx([0, 0, 0, 0, 1, 1], abs=1e-5)


def test_the_place_comes_last_as_for_mr(slice_):
    outline = outline_ct_slice(slice_)
    seen = ct_channels(slice_, outline, Place("coronal"))
    assert seen.shape == (CT_CHANNELS, *SHAPE)
    assert np.array_equal(seen[-PLACES] > 0, outline)
    assert seen[-3:].mean(axis=(1, 2)).tolist() == [0, 1, 0]
    rows = np.flatnonzero(outline.any(axis=1))
    assert seen[ROW][rows[0], 0] == pytest.approx(-1)


def test_a_blank_slice_has_no_outline_and_no_nan():
    blank = np.full((64, 64), -1024, np.float32)
    outline = outline_ct_slice(blank)
    assert not outline.any()
    assert np.isfinite(ct_channels(blank, outline, Place("axial"))).all()
