"""What the translator sees of a slice: the same in any unit, the head outlined."""

import numpy as np
import pytest

from vesalius.anatomy.head_slice import MR_CHANNELS, Place, mr_channels, outline_slice
from vesalius.physics.phantom import head


@pytest.fixture(scope="module")
def slice_():
    scan = head(shape=(160, 190, 1), spacing_mm=(1.2, 1.2, 5.0), seed=2).truth
    return np.ascontiguousarray(scan.voxels[:, :, 0])


def test_the_outline_holds_the_head_and_little_more(slice_):
    outline = outline_slice(slice_)
    head_pixels = slice_ > 0.1 * slice_.max()
    assert (outline & head_pixels).sum() / head_pixels.sum() > 0.999
    assert outline.sum() < 1.6 * head_pixels.sum()


@pytest.mark.parametrize("scale", [0.01, 40.0])
def test_the_unit_of_the_scan_does_not_matter(slice_, scale):
    outline = outline_slice(slice_)
    assert np.array_equal(outline_slice(np.float32(scale) * slice_), outline)
    one = mr_channels(slice_, outline, Place("axial"))
    two = mr_channels(np.float32(scale) * slice_, outline, Place("axial"))
    np.testing.assert_allclose(one, two, atol=1e-4)
    assert one.shape[0] == MR_CHANNELS


def test_the_plane_and_the_place_are_told(slice_):
    outline = outline_slice(slice_)
    seen = mr_channels(slice_, outline, Place("coronal", 2.0))
    assert seen[6:].mean(axis=(1, 2)).tolist() == [0, 1, 0]
    rows = np.flatnonzero(outline.any(axis=1))
    assert seen[4][rows[0], 0] == pytest.approx(-1)
    assert seen[4][rows[-1], 0] == pytest.approx(1)
    deeper = mr_channels(slice_, outline, Place("coronal", 1.0))[3].max()
    assert seen[3].max() == pytest.approx(2 * deeper)


def test_a_blank_slice_has_no_outline_and_no_nan():
    blank = np.zeros((64, 64), np.float32)
    outline = outline_slice(blank)
    assert not outline.any()
    assert np.isfinite(mr_channels(blank, outline, Place("axial"))).all()
