"""Spots are small, soft, of the strength asked for, and the same again by seed."""

import numpy as np
import pytest

from vesalius.train.examples import Anatomy, Examples
from vesalius.train.spots import CONTRAST, MOST, spotted

FLAT = np.full((3, 64, 64), 0.5, np.float32)
SIGMA = 0.01


@pytest.mark.parametrize("seed", range(8))
def test_they_change_little_of_a_crop_and_no_more_than_they_may(seed):
    change = spotted(FLAT, SIGMA, np.random.default_rng(seed)) - FLAT
    assert np.abs(change).max() > 0
    assert np.abs(change).max() <= MOST * CONTRAST[1] * SIGMA
    assert (np.abs(change[1]) > 0.5 * SIGMA).mean() < 0.25


def test_there_are_brighter_and_darker_ones():
    changes = [
        spotted(FLAT, SIGMA, np.random.default_rng(seed)) - FLAT for seed in range(20)
    ]
    assert max(c.max() for c in changes) > 2 * SIGMA
    assert min(c.min() for c in changes) < -2 * SIGMA


def test_a_magnitude_stays_one():
    dark = np.zeros_like(FLAT)
    assert spotted(dark, 1.0, np.random.default_rng(1)).min() >= 0


def test_the_seed_decides():
    one, two = (spotted(FLAT, SIGMA, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, two)


def test_the_truth_has_the_spots_that_the_noisy_crop_has():
    anatomy = Anatomy(np.full((40, 40, 5), 0.5, np.float32), (2,), body=0.1)

    def no_noise(crop, sigma, _):
        return crop, np.full_like(crop, sigma)

    examples = Examples(
        [[anatomy]], (1.0,), (0.01, 0.02), no_noise, lambda crop, _: crop, 0.0, 1.0
    )
    batch = examples.draw(6, 32, np.random.default_rng(0))
    assert np.ptp(batch.clean) > 0.01
    assert np.array_equal(batch.noisy[:, 1:2], batch.clean)
