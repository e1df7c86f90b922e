"""The noise that was added is the noise that is found."""

from functools import cache, partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from vesalius.physics.noise import coloured, gauss, rician
from vesalius.physics.phantom import head
from vesalius.quality.noise import estimate_noise
from vesalius.volume import Volume

# The phantom's own texture adds to weak noise; windows of a head sample 8 % anyway.
TOLERANCE = 0.08


@cache
def anatomy():
    return head((160, 192, 10), (1.2, 1.2, 5.0), seed=0).truth


def noisy(level, seed=0, voxels=None):
    truth = anatomy() if voxels is None else anatomy().with_voxels(voxels)
    sigma = level * float(anatomy().voxels.max())
    rng = np.random.default_rng(seed)
    return truth.with_voxels(rician(truth.voxels, sigma, rng)), sigma


@pytest.mark.parametrize("level", [0.02, 0.05, 0.12])
def test_the_noise_of_a_head_is_found(level):
    scan, sigma = noisy(level)
    found = estimate_noise(scan)
    assert found.level == pytest.approx(sigma, rel=TOLERANCE)
    assert not found.varies
    assert found.map is None


@pytest.mark.parametrize("level", [0.05, 0.10])
def test_it_is_found_without_air_as_well(level):
    inside = np.s_[36:124, 40:152]
    scan, sigma = noisy(level, voxels=np.ascontiguousarray(anatomy().voxels[inside]))
    assert estimate_noise(scan).level == pytest.approx(sigma, rel=0.12)


def test_a_clean_scan_has_hardly_any():
    truth = anatomy()
    assert estimate_noise(truth).level < 0.012 * float(truth.voxels.max())


@settings(max_examples=10)
@given(st.floats(1e-3, 1e3))
def test_it_scales_with_the_scan(factor):
    scan, _ = noisy(0.05)
    scaled = scan.with_voxels(scan.voxels * np.float32(factor))
    expected = factor * estimate_noise(scan).level
    assert estimate_noise(scaled).level == pytest.approx(expected, rel=1e-3)


def test_noise_of_another_kernel_is_measured_by_its_sd_not_its_finest_detail():
    rng = np.random.default_rng(0)
    noise = gaussian_filter(rng.standard_normal((160, 160, 4)), (0.8, 0.8, 0))
    voxels = (40 + 25 * noise / noise.std()).astype(np.float32)
    found = estimate_noise(Volume(voxels, np.eye(4), "HU", "CT"))
    assert found.level == pytest.approx(25, rel=0.1)


def test_where_it_varies_a_map_says_where():
    truth = anatomy()
    rng = np.random.default_rng(0)
    slope = np.linspace(0.5, 1.5, truth.voxels.shape[1], dtype=np.float32)
    sigma = 0.1 * float(truth.voxels.max()) * slope[None, :, None]
    scan = truth.with_voxels(rician(truth.voxels, sigma, rng))
    found = estimate_noise(scan)
    assert found.varies
    body = truth.voxels > 0.2 * truth.voxels.max()
    off = np.abs(found.map / np.broadcast_to(sigma, body.shape) - 1)[body]
    assert np.median(off) < 0.15
    assert np.array_equal(found.slab(2, 4), found.map[:, :, 2:4])
    assert np.array_equal(found.slab(5, 9, axis=0), found.map[5:9])


def test_padding_is_not_looked_at():
    rng = np.random.default_rng(0)
    voxels = rng.normal(30, 20, (96, 96, 4)).astype(np.float32)
    padding = np.zeros(voxels.shape, bool)
    padding[:40] = True
    voxels[padding] = rng.normal(0, 500, padding.sum())
    scan = Volume(voxels, np.eye(4), "HU", "CT", padding=padding)
    assert estimate_noise(scan).level == pytest.approx(20, rel=TOLERANCE)


@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 5, 1), (20, 9, 3), (64, 64, 1)])
def test_small_and_constant_scans_have_a_number_too(shape):
    flat = Volume(np.full(shape, 7, np.float32), np.eye(4), "a.u.", "MR")
    assert estimate_noise(flat).level == 0
    speckled = np.random.default_rng(0).normal(100, 5, shape).astype(np.float32)
    assert np.isfinite(estimate_noise(flat.with_voxels(speckled)).level)


def test_coloured_magnitude_noise_with_air_is_found():
    truth = anatomy()
    sigma = 0.06 * float(truth.voxels.max())
    draw = partial(coloured, cut=0.7, window=gauss, axes=(0, 1))
    rng = np.random.default_rng(0)
    scan = truth.with_voxels(rician(truth.voxels, sigma, rng, draw))
    assert estimate_noise(scan).level == pytest.approx(sigma, rel=0.15)
