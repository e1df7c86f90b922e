"""A scan on another's grid: where it lies, what it holds, what it never saw."""

from dataclasses import replace

import numpy as np
import pytest

from vesalius.errors import GeometryError
from vesalius.physics.resample import resample
from vesalius.volume import Volume


def ramp(shape, affine):
    """Return a volume whose intensity is a linear function of the place."""
    index = np.indices(shape).reshape(3, -1)
    place = affine[:3, :3] @ index + affine[:3, 3:]
    values = (2 * place[0] - place[1] + 0.5 * place[2]).reshape(shape)
    return Volume(values.astype(np.float32), affine, "a.u.", "MR", contrast="T1w")


FINE = ramp((24, 20, 16), np.diag([1.0, 1.0, 1.0, 1.0]))


def test_its_own_grid_changes_nothing():
    same = resample(FINE, onto=FINE)
    np.testing.assert_allclose(same.voxels, FINE.voxels, atol=1e-5)
    assert same.padding is None


@pytest.mark.parametrize("edges", [(0.5, 0.7, 0.9), (2.0, 1.0, 3.0)])
def test_a_linear_picture_stays_itself_inside(edges):
    affine = np.diag([*edges, 1.0])
    affine[:3, 3] = [6.0, 5.0, 5.0]
    other = ramp((4, 4, 2), affine)
    moved = resample(FINE, onto=other)
    # Linear interpolation and a symmetric blur keep a plane where its rim is far off.
    np.testing.assert_allclose(moved.voxels, other.voxels, atol=0.05)
    assert moved.shares_grid_with(other)


def test_turned_axes_are_followed():
    affine = np.array([[0, 0, 1, 2], [1, 0, 0, 3], [0, -1, 0, 12], [0, 0, 0, 1.0]])
    other = ramp((5, 6, 7), affine)
    moved = resample(FINE, onto=other)
    np.testing.assert_allclose(moved.voxels, other.voxels, atol=1e-4)


def test_what_was_not_measured_is_padding():
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[0, 3] = 20.0
    moved = resample(FINE, onto=ramp((10, 20, 16), affine))
    assert not moved.padding[:4].any()
    assert moved.padding[5:].all()
    assert np.all(moved.voxels[moved.padding] == FINE.voxels.min())


def test_padding_of_the_scan_stays_padding():
    padding = np.zeros(FINE.voxels.shape, bool)
    padding[:3] = True
    moved = resample(replace(FINE, padding=padding), onto=FINE)
    np.testing.assert_array_equal(moved.padding, padding)


def test_intensities_keep_their_kind():
    moved = resample(FINE, onto=ramp((8, 8, 8), np.diag([2.0, 2.0, 2.0, 1.0])))
    assert (moved.units, moved.modality, moved.contrast) == ("a.u.", "MR", "T1w")


def test_a_finer_pattern_does_not_fold():
    shape = (48, 8, 8)
    stripes = np.zeros(shape, np.float32)
    stripes[::2] = 1.0
    scan = Volume(stripes, np.eye(4), "a.u.", "MR")
    coarse = ramp((12, 8, 8), np.diag([4.0, 1.0, 1.0, 1.0]))
    moved = resample(scan, onto=coarse)
    # Without the blur every fourth sample would be 1: all stripes gone.
    assert abs(float(moved.voxels[2:-2].mean()) - 0.5) < 0.05


def test_scans_that_do_not_meet_are_refused():
    affine = np.eye(4)
    affine[:3, 3] = 500.0
    with pytest.raises(GeometryError, match="do not overlap"):
        resample(FINE, onto=ramp((4, 4, 4), affine))
