"""Laws of noise: its mean, its variance, its colour, and that it can be replayed."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vesalius.errors import ConfigError
from vesalius.physics.noise import (
    box,
    coloured,
    fermi,
    gauss,
    gfactor_map,
    hann,
    rician,
    rician_mean,
    unbias,
    unbias_mean,
    white,
)

WINDOWS = [box, hann, fermi, gauss]
seeds = st.integers(min_value=0, max_value=2**31 - 1)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def flat(value: float, *shape: int) -> np.ndarray:
    return np.full(shape, value, np.float32)


@given(seed=seeds, cut=st.floats(0.3, 1.0), strength=st.floats(0, 1))
@settings(max_examples=20)
def test_every_draw_can_be_replayed(seed, cut, strength):
    for draw in (
        partial(white, (9, 8, 3)),
        partial(coloured, (9, 8, 3), cut=cut, axes=(0, 1)),
        partial(gfactor_map, (9, 8, 3), strength=strength),
        lambda rng: rician(flat(5, 9, 8), 2.0, rng),
    ):
        np.testing.assert_array_equal(
            draw(rng=generator(seed)), draw(rng=generator(seed))
        )


@pytest.mark.parametrize("signal", [0.0, 15.0, 100.0])
def test_rician_has_the_mean_and_the_second_moment_of_the_formula(signal):
    noisy = rician(flat(signal, 400, 400), 10.0, generator()).astype(float)
    # 160,000 draws: the mean's own error is at most 10 / 400.
    assert noisy.mean() == pytest.approx(
        float(rician_mean(flat(signal, 1), 10.0)[0]), abs=0.1
    )
    assert (noisy**2).mean() == pytest.approx(signal**2 + 200, rel=0.01)
    assert noisy.min() >= 0


def test_rician_takes_a_map_and_no_noise_changes_nothing():
    clean = np.abs(generator(1).normal(50, 9, (64, 64))).astype(np.float32)
    quiet_left = np.where(np.arange(64)[:, None] < 32, 0.0, 7.0)
    noisy = rician(clean, quiet_left, generator())
    np.testing.assert_array_equal(noisy[:32], clean[:32])
    assert (noisy - clean)[32:].std() == pytest.approx(7.0, rel=0.1)


def test_rician_draws_what_it_is_told_to():
    grainy = partial(coloured, cut=0.4)
    noise = rician(flat(1000, 128, 128), 10.0, generator(), grainy) - 1000
    assert noise.std() == pytest.approx(10.0, rel=0.05)
    neighbours = np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]
    assert neighbours > 0.5


@pytest.mark.parametrize("shape", [(40,), (40, 50), (40, 30, 6)])
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_a_gfactor_map_runs_smoothly_from_1_to_its_worst(shape, strength):
    factors = gfactor_map(shape, generator(), strength)
    assert factors.shape == shape
    assert factors.min() == pytest.approx(1)
    assert factors.max() == pytest.approx(1 + 2 * strength)
    steps = np.abs(np.diff(factors, axis=0)).max(initial=0)
    assert steps <= 0.35 * strength  # of the 2 it may rise, over 40 pixels: no cliff


@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_a_gfactor_map_refuses_a_strength_out_of_range(strength):
    with pytest.raises(ConfigError, match="0 to 1"):
        gfactor_map((4, 4), generator(), strength)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("cut", [1.0, 0.5, (0.9, 0.3)])
def test_coloured_noise_has_variance_1_whatever_its_colour(window, cut):
    noise = coloured((40, 64, 65), generator(), cut=cut, window=window)
    # At least 64 * 65 * 40 * 0.1 independent values: their SD is known to 1 %.
    assert noise.std() == pytest.approx(1.0, rel=0.03)
    assert noise.mean() == pytest.approx(0.0, abs=0.1)


@given(
    seed=seeds,
    rows=st.integers(1, 20),
    columns=st.integers(1, 20),
    axes=st.sampled_from([(0, 1), (-2, -1)]),
)
@settings(max_examples=30)
def test_coloured_noise_holds_only_measured_frequencies(seed, rows, columns, axes):
    shape = (rows, columns, 2) if axes == (0, 1) else (2, rows, columns)
    noise = coloured(shape, generator(seed), cut=(0.7, 0.4), axes=axes)
    assert noise.shape == shape
    spectrum = np.abs(np.fft.fft2(np.moveaxis(noise, axes, (-2, -1))))
    beyond = np.abs(np.fft.fftfreq(rows) * 2) > 0.7
    aside = np.abs(np.fft.fftfreq(columns) * 2) > 0.4
    ceiling = 1e-4 * (1 + spectrum.max())  # float32 over at most 400 pixels
    assert spectrum[:, beyond].max(initial=0) < ceiling
    assert spectrum[:, :, aside].max(initial=0) < ceiling


def test_slices_are_drawn_apart():
    noise = coloured((64, 64, 2), generator(), cut=0.6, axes=(0, 1))
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.1


@pytest.mark.parametrize("cut", [0.0, 1.2, (0.5, -1.0)])
def test_coloured_noise_refuses_an_impossible_share(cut):
    with pytest.raises(ConfigError, match="measured share"):
        coloured((4, 4), generator(), cut=cut)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_passes_the_centre_and_never_grows(window):
    passed = window(np.linspace(0, 1, 50))
    assert passed[0] == pytest.approx(1, abs=1e-4)
    assert (np.diff(passed) <= 1e-12).all()


@given(signal=st.floats(0, 5000), sigma=st.floats(1, 50))
def test_unbias_mean_inverts_the_mean(signal, sigma):
    seen = rician_mean(np.array([signal]), sigma)
    # A table of steps of 0.01 SD; flat at 0, where the inverse is a square root.
    assert unbias_mean(seen, sigma)[0] == pytest.approx(signal, abs=0.02 * sigma)


def test_unbias_takes_the_floor_off():
    noisy = rician(flat(30, 300, 300), 10.0, generator())
    mean_square = np.sqrt(np.mean(noisy.astype(float) ** 2, keepdims=True))
    assert unbias(mean_square, 10.0).item() == pytest.approx(30, abs=0.3)
    assert unbias(flat(5, 3), 10.0).max() == 0
