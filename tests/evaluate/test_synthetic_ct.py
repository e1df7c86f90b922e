"""Synthetic CT's measures, by pictures whose error is known."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from vesalius.errors import GeometryError
from vesalius.evaluate.pairs import hounsfield
from vesalius.evaluate.synthetic_ct import ceiling, closeness, similarity
from vesalius.physics.electron_density import water_equivalent_mm


@pytest.fixture
def slice_():
    """A head of water with a ring of bone and a hole of air, a table below it."""
    y, x = np.indices((96, 80))
    away = np.hypot(y - 44, (x - 40) * 1.2)
    hu = np.full((96, 80), -1000.0, np.float32)
    hu[away < 36] = 30
    hu[(away > 28) & (away < 33)] = 900
    hu[away < 5] = -950
    hu[90:93] = 100
    noise = np.random.default_rng(0).normal(0, 8, hu.shape)
    return (hu + noise).astype(np.float32), away < 38


def test_the_truth_is_perfectly_close_to_itself(slice_):
    ct, mask = slice_
    found = closeness(ct, ct, mask)
    assert found.mae_hu == found.water_mm == 0
    assert found.ssim == found.ssim_frame == found.bone_dice == 1
    assert found.bone_sensitivity == found.bone_specificity == 1


def test_an_offset_is_the_error_wherever_it_is_counted(slice_):
    ct, mask = slice_
    found = closeness(ct, ct + np.float32(40), mask)
    # air clipped at -1024 is 24 HU from -1000, all else keeps its 40
    assert found.mae_hu == pytest.approx(40, abs=1)
    assert found.mae_soft_hu == pytest.approx(40)
    assert found.mae_bone_hu == pytest.approx(40)
    assert found.psnr_db == pytest.approx(20 * np.log10(4024 / 40), abs=0.3)
    # a ray of 76 mm, 40 HU more: at most 3 mm of water
    assert 1 < found.water_mm < 3.1


def test_what_lies_outside_the_head_is_in_the_frame_and_not_in_the_mask(slice_):
    ct, mask = slice_
    made = np.where(mask, ct, np.float32(-1024))
    found = closeness(ct, made, mask)
    assert found.mae_hu == 0
    assert found.ssim_frame < found.ssim_air == 1
    best, lost = ceiling(ct, mask)
    assert best == pytest.approx(found.ssim_frame)
    assert 0 < lost < 1


def test_similarity_is_the_librarys_on_shifted_values(slice_):
    ct, _ = slice_
    other = ct[::-1].copy()
    _, theirs = structural_similarity(
        ct.astype(float) + 1024,
        other.astype(float) + 1024,
        win_size=7,
        data_range=4024,
        full=True,
    )
    np.testing.assert_allclose(similarity(ct, other), theirs, atol=1e-6)


def test_missing_bone_costs_sensitivity(slice_):
    ct, mask = slice_
    found = closeness(ct, np.minimum(ct, 200), mask)
    assert found.bone_sensitivity == 0
    assert found.bone_specificity == 1
    assert found.bone_dice == 0


def test_grids_that_differ_and_empty_masks_are_refused(slice_):
    ct, mask = slice_
    with pytest.raises(GeometryError):
        closeness(ct, ct, np.zeros_like(mask))


def test_grey_values_become_hu_by_air_and_soft_tissue():
    grey = np.full((40, 40), 100, np.uint8)
    grey[:10], grey[10:14] = 0, 255
    hu = hounsfield(grey, np.ones_like(grey, bool))
    assert hu[0, 0] == -1024
    assert hu[20, 20] == pytest.approx(35, abs=0.1)
    assert hu[12, 0] == pytest.approx(-1024 + 255 * 10.59, abs=1)


def test_ten_centimetres_of_water_are_worth_themselves():
    water = np.zeros((100, 4), np.float32)
    assert water_equivalent_mm(water, 1.0, 0) == pytest.approx(100)
    assert water_equivalent_mm(water - 1000, 1.0, 0) == pytest.approx(0)
