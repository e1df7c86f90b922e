"""Laws of low-dose CT: the right variance at each dose, anatomy unmoved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vesalius.errors import ConfigError
from vesalius.physics.ct import (
    Scanner,
    low_dose,
    noise_field,
    to_attenuation,
    to_hounsfield,
)
from vesalius.physics.projection import sharp, soft, standard

QUICK = Scanner(views=120)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def abdomen(pixel_mm: float, half_width_mm: float = 175.0) -> np.ndarray:
    """Water, 350 x 260 mm, in air."""
    side = int(370 / pixel_mm)
    along = (np.arange(side) - (side - 1) / 2) * pixel_mm
    inside = (along[:, None] / half_width_mm) ** 2 + (along[None] / 130) ** 2 < 1
    return np.where(inside, 0.0, -1000.0).astype(np.float32)


def middle(field: np.ndarray, pixel_mm: float) -> np.ndarray:
    along = (np.arange(field.shape[0]) - (field.shape[0] - 1) / 2) * pixel_mm
    return field[np.hypot(along[:, None], along[None]) < 40]


@given(hu=st.floats(-1000, 4000))
def test_hounsfield_units_survive_the_round_trip(hu):
    there = to_attenuation(np.array([hu]))
    assert there[0] >= 0
    assert to_hounsfield(there)[0] == pytest.approx(hu, abs=1e-6)


def test_full_dose_leaves_a_12_hu_abdomen_and_the_scan_as_it_is():
    scan = abdomen(2.0)
    # Half the dose adds exactly the variance the full dose has.
    field = noise_field(scan, (2.0, 2.0), 0.5, generator())
    assert middle(field, 2.0).std() == pytest.approx(12, rel=0.12)
    np.testing.assert_array_equal(
        low_dose(scan, (2.0, 2.0), dose=1.0, rng=generator(), scanner=QUICK), scan
    )


def test_variance_follows_the_dose():
    scan = abdomen(2.5)
    half, tenth = (
        middle(noise_field(scan, (2.5, 2.5), dose, generator(), scanner=QUICK), 2.5)
        for dose in (0.5, 0.1)
    )
    # 1 / d - 1: 1 and 9; the read-out noise adds a little to the lower dose.
    assert tenth.var() / half.var() == pytest.approx(9, rel=0.3)
    assert abs(tenth.mean()) < 3


def test_noise_does_not_depend_on_pixels_or_views():
    levels = [
        middle(
            noise_field(abdomen(edge), (edge, edge), 0.25, generator(), scanner=s), edge
        ).std()
        for edge, s in (
            (2.0, Scanner(views=300)),
            (4.0, Scanner(views=300)),
            (2.0, QUICK),
        )
    ]
    np.testing.assert_allclose(levels, levels[0], rtol=0.15)


def test_thicker_bodies_and_sharper_kernels_are_noisier():
    def level(kernel, half_width_mm=175.0):
        field = noise_field(
            abdomen(3.0, half_width_mm), (3.0, 3.0), 0.25, generator(), kernel, QUICK
        )
        return middle(field, 3.0).std()

    assert level(soft) < 0.8 * level(standard) < 0.64 * level(sharp)
    assert level(standard, 100.0) < 0.6 * level(standard)


def test_anatomy_stays_where_it_is():
    scan = np.repeat(abdomen(4.0)[..., None], 3, axis=2)
    scan[40:50, 40:50] = 900
    noisy = low_dose(scan, (4.0, 4.0, 5.0), dose=0.25, rng=generator(), scanner=QUICK)
    assert noisy.shape == scan.shape
    assert noisy.dtype == np.float32
    assert noisy[42:48, 42:48].mean() == pytest.approx(900, abs=15)
    slices = [(noisy - scan)[30:60, 30:60, k].ravel() for k in (0, 1)]
    assert abs(np.corrcoef(slices)[0, 1]) < 0.2


def test_padding_and_metal_are_kept_and_nothing_falls_below_storage():
    scan = abdomen(5.0)
    scan[:5] = -2000
    scan[37, 37] = 8000
    noisy = low_dose(scan, (5.0, 5.0), dose=0.1, rng=generator(), scanner=QUICK)
    assert (noisy[:5] == -2000).all()
    assert noisy[5:].min() >= -1024
    assert noisy[37, 37] > 7000


@given(seed=st.integers(0, 2**31))
@settings(max_examples=5)
def test_a_low_dose_can_be_replayed(seed):
    scan = abdomen(12.0)
    first, second = (
        low_dose(scan, (12.0, 12.0), dose=0.2, rng=generator(seed), scanner=QUICK)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("dose", [0.0, -0.5, 1.5, float("nan")])
def test_a_dose_out_of_range_is_refused(dose):
    with pytest.raises(ConfigError, match="dose"):
        low_dose(abdomen(20.0), (20.0, 20.0), dose=dose, rng=generator())


def test_a_scanner_without_photons_is_refused():
    with pytest.raises(ConfigError, match="photons"):
        Scanner(photons=0.0)
