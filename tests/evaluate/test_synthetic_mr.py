"""Measures of synthetic MR whose values are known beforehand."""

import numpy as np
import pytest

from vesalius.errors import GeometryError
from vesalius.evaluate.synthetic_mr import in_range, mr_closeness


@pytest.fixture
def slice_():
    """A ramp from 0 to 200 in a mask, and a bright spot outside it."""
    true = np.tile(np.linspace(0, 200, 101, dtype=np.float32), (40, 1))
    mask = np.ones(true.shape, bool)
    mask[:5] = False
    true[0, 0] = 5000
    return true, mask


def test_the_range_is_that_of_the_mask(slice_):
    true, mask = slice_
    scaled = in_range(true, mask)
    assert np.percentile(scaled[mask], [1, 99]) == pytest.approx([0, 1], abs=1e-5)
    np.testing.assert_allclose(in_range(7 * true + 3, mask), scaled, atol=1e-4)


def test_a_perfect_answer_and_one_that_is_a_twentieth_off(slice_):
    true, mask = slice_
    scaled = in_range(true, mask)
    assert mr_closeness(scaled, scaled, mask).mae_percent == 0
    assert mr_closeness(scaled, scaled, mask).ssim == pytest.approx(1)
    off = mr_closeness(scaled, scaled + np.float32(0.05), mask)
    assert off.mae_percent == pytest.approx(5, abs=1e-4)
    assert off.psnr_db == pytest.approx(26.02, abs=0.01)  # 20 log10 of 20
    assert off.ssim < 1


def test_what_lies_outside_the_mask_does_not_count_in_the_error(slice_):
    true, mask = slice_
    scaled = in_range(true, mask)
    made = np.where(mask, scaled, 0).astype(np.float32)
    assert mr_closeness(scaled, made, mask).mae_percent == 0


def test_an_empty_mask_is_refused(slice_):
    true, mask = slice_
    nothing = np.zeros_like(mask)
    with pytest.raises(GeometryError, match="mask"):
        in_range(true, nothing)
    with pytest.raises(GeometryError, match="mask"):
        mr_closeness(true, true, nothing)
