"""Doubt: thresholds hold for as many new patients as they promise."""

import numpy as np
import pytest

from vesalius.errors import ConfigError
from vesalius.evaluate.doubt import (
    LEAST_CHANCE,
    missing_none_above,
    mostly_true_above,
    set_doubt,
)

SHAPE = (20, 20, 10)


def patient(seed, shift=0.0):
    """A ball, and chances that fall across its rim; patients differ in boldness."""
    rng = np.random.default_rng(seed)
    i, j, k = np.indices(SHAPE)
    away = np.sqrt((i - 10) ** 2 + (j - 10) ** 2 + (2 * (k - 5)) ** 2)
    truth = away < 6
    bold = rng.normal(shift, 0.8)
    noise = rng.normal(0, 0.3, SHAPE)
    chance = 1 / (1 + np.exp(-(6 - away + bold + noise)))
    return truth, chance.astype(np.float32)


def test_a_threshold_misses_a_tenth_and_a_higher_one_more():
    truth, chance = patient(0)
    level = missing_none_above(truth, chance)
    missed = (truth & (chance <= level)).sum() / truth.sum()
    assert missed <= 0.10
    worse = (truth & (chance <= level + 0.05)).sum() / truth.sum()
    assert worse > 0.10


def test_above_the_certain_threshold_nine_tenths_are_true():
    truth, chance = patient(1, shift=2.0)
    level = mostly_true_above(truth, chance)
    above = chance > level
    assert (above & ~truth).sum() <= 0.1 * above.sum()
    assert mostly_true_above(np.zeros(SHAPE, bool), np.full(SHAPE, 1.0)) == 1.0


def test_the_thresholds_hold_for_nine_of_ten_new_patients():
    doubt = set_doubt([patient(seed) for seed in range(59)])
    new = [patient(seed) for seed in range(1000, 1200)]
    missed = [(t & (c <= doubt.possible_above)).sum() / t.sum() for t, c in new]
    false = [
        (~t & (c > doubt.certain_above)).sum() / max((c > doubt.certain_above).sum(), 1)
        for t, c in new
    ]
    ratios = [t.sum() / max((c > 0.5).sum(), 1) for t, c in new]
    held = [doubt.volume_low <= ratio <= doubt.volume_high for ratio in ratios]
    # 90 % less twice the SD of a share of 200, and of the choice of 59
    assert np.mean(np.array(missed) <= 0.1) >= 0.82
    assert np.mean(np.array(false) <= 0.1) >= 0.82
    assert np.mean(held) >= 0.80
    assert 0 < doubt.possible_above < 0.5 < doubt.certain_above < 1
    assert doubt.patients == 59


def test_a_missed_patient_opens_the_band_but_not_to_the_whole_head():
    missed = np.zeros(SHAPE, bool)
    missed[2:5, 2:5, 2:5] = True
    nothing = np.full(SHAPE, 1e-6, np.float32)
    doubt = set_doubt([(missed, nothing)])
    assert doubt.possible_above == LEAST_CHANCE


def test_nobody_calibrates_nothing():
    with pytest.raises(ConfigError):
        set_doubt([])
