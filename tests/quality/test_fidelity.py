"""Distances to the truth, against what is known by hand or by another package."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from vesalius.errors import ScanError
from vesalius.quality.fidelity import (
    body_mask,
    contrast_to_noise,
    edge_sharpness,
    head_mask,
    nmse,
    noise_power_spectrum,
    outline,
    psnr,
    rmse,
    ssim,
)
from vesalius.volume import Volume

SHAPE = (40, 36, 3)


@pytest.fixture
def truth():
    rng = np.random.default_rng(0)
    smooth = gaussian_filter(rng.standard_normal(SHAPE), (2, 2, 0))
    return (100 + 40 * smooth / smooth.std()).astype(np.float32)


def noisy(truth, sd=5.0):
    rng = np.random.default_rng(1)
    return (truth + rng.normal(0, sd, truth.shape)).astype(np.float32)


def test_errors_by_hand():
    truth = np.full((2, 2, 2), 4.0, np.float32)
    off = truth + 2
    assert rmse(truth, off) == 2
    assert nmse(truth, off) == pytest.approx(0.25)
    assert psnr(truth, off, peak=20.0) == pytest.approx(20.0)
    assert psnr(truth, truth, peak=20.0) == np.inf


def test_only_what_is_in_the_mask_counts(truth):
    spoilt = truth.copy()
    spoilt[:10] += 1000
    mask = np.ones(truth.shape, bool)
    mask[:10] = False
    assert rmse(truth, spoilt, mask) == 0
    assert rmse(truth, spoilt) > 100
    # The window of the similarity reaches five pixels into what is not counted.
    mask[:15] = False
    assert ssim(truth, spoilt, 200.0, mask) == pytest.approx(1, abs=1e-6)


@given(st.floats(0.01, 100), st.floats(0.5, 20))
def test_psnr_does_not_depend_on_the_unit(factor, sd):
    truth = np.linspace(1, 100, 60, dtype=np.float32).reshape(5, 4, 3)
    picture = truth + np.float32(sd)
    scaled = psnr(
        truth * np.float32(factor), picture * np.float32(factor), 100 * factor
    )
    assert scaled == pytest.approx(psnr(truth, picture, 100.0), abs=1e-3)


def test_similarity_is_that_of_the_field(truth):
    picture = noisy(truth, 20.0)
    ours = [ssim(truth[..., [k]], picture[..., [k]], 255.0) for k in range(3)]
    theirs = [
        structural_similarity(
            truth[..., k],
            picture[..., k],
            data_range=255.0,
            gaussian_weights=True,
            use_sample_covariance=False,
            full=True,
        )[1].mean()
        for k in range(3)
    ]
    assert ours == pytest.approx(theirs, abs=2e-4)  # its rim is padded otherwise
    assert ssim(truth, picture, 255.0) == pytest.approx(np.mean(ours))
    turned = np.moveaxis(truth, 2, 0), np.moveaxis(picture, 2, 0)
    assert ssim(*turned, 255.0, axis=0) == pytest.approx(np.mean(ours))


def test_blur_rounds_edges_and_noise_does_not(truth):
    blurred = gaussian_filter(truth, (1.5, 1.5, 0))
    assert edge_sharpness(truth, truth) == pytest.approx(1)
    assert edge_sharpness(truth, blurred) < 0.75
    assert edge_sharpness(truth, noisy(truth)) == pytest.approx(1, abs=0.1)
    with pytest.raises(ScanError, match="no edge"):
        edge_sharpness(np.ones_like(truth), truth)


def test_the_spectrum_of_noise_sums_to_its_variance_and_shows_its_colour():
    rng = np.random.default_rng(0)
    white = rng.normal(0, 10, (200, 32, 32))
    frequencies, power = noise_power_spectrum(white, (0.5, 0.5))
    assert (np.diff(frequencies) > 0).all()
    # White noise of SD 10 and pixels of 0.25 mm^2: 25 at every frequency but zero.
    assert power[1:16] == pytest.approx(np.full(15, 25.0), rel=0.1)
    smooth = gaussian_filter(white, (0, 1, 1))
    assert noise_power_spectrum(smooth, (0.5, 0.5))[1][15] < 0.1 * power[15]


def test_contrast_to_noise_by_hand():
    picture = np.zeros((2, 2, 2), np.float32)
    inside = np.zeros(picture.shape, bool)
    inside[0] = True
    picture[0], picture[1, 0], picture[1, 1] = 9.0, 1.0, -1.0
    assert contrast_to_noise(picture, inside, ~inside) == pytest.approx(9.0)


def ball(hollow, inside, outside, units, modality):
    x, y, z = np.ogrid[-16:16, -16:16, -2:3]
    radius = np.sqrt(x**2 + y**2 + z**2)
    voxels = np.full(radius.shape, outside, np.float32)
    voxels[radius < 12], voxels[radius < 6] = inside, hollow
    voxels[0, 0, 0] = inside  # a speck that is no body
    return Volume(voxels, np.eye(4), units, modality), radius < 12


def test_the_outline_is_filled_and_specks_are_left_out():
    head, body = ball(0, 100, 0, "a.u.", "MR")
    assert np.array_equal(head_mask(head), body)
    assert np.array_equal(outline(head), body)
    chest, body = ball(-900, 40, -1000, "HU", "CT")
    assert np.array_equal(body_mask(chest), body)
    assert np.array_equal(outline(chest), body)


def test_nothing_to_measure_is_said(truth):
    with pytest.raises(ScanError, match="mask is empty"):
        psnr(truth, truth, 1.0, np.zeros(truth.shape, bool))
    air = Volume(np.full(SHAPE, -1000, np.float32), np.eye(4), "HU", "CT")
    with pytest.raises(ScanError, match="no body"):
        body_mask(air)
