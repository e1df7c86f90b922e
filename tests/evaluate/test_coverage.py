"""Coverage by hand, and the multiplier that makes it what was promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vesalius.errors import ConfigError
from vesalius.evaluate.coverage import (
    covered,
    error_in_spreads,
    multiplier,
    over_patients,
)

ONES = np.ones((2, 2, 2), np.float32)
EVERYWHERE = np.ones(ONES.shape, bool)


def test_coverage_by_hand():
    picture = ONES.copy()
    picture[0] += 3
    assert covered(ONES, picture, 2 * ONES, EVERYWHERE) == 0.5
    assert covered(ONES, picture, 3 * ONES, EVERYWHERE) == 1
    only = EVERYWHERE.copy()
    only[1] = False
    assert covered(ONES, picture, 2 * ONES, only) == 0


def test_no_spread_covers_no_error_and_exactly_none():
    picture = ONES.copy()
    picture[0] += 1
    ratios = error_in_spreads(ONES, picture, 0 * ONES, EVERYWHERE)
    assert sorted(set(ratios)) == [0, np.inf]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_the_multiplier_gives_the_promised_mean_over_patients(seed, count):
    rng = np.random.default_rng(seed)
    patients = [
        rng.exponential(rng.uniform(0.5, 2), rng.integers(400, 2000))
        for _ in range(count)
    ]
    factor = multiplier(patients)
    mean = np.mean([(p <= factor).mean() for p in patients])
    assert 0.9 - 1e-9 <= mean <= 0.9 + 1 / 400


def test_a_large_patient_weighs_no_more_than_a_small_one():
    small, large = np.full(10, 1.0), np.full(10_000, 2.0)
    assert multiplier([small, large], promised=0.5) == 1
    assert multiplier([small, large], promised=0.51) == 2


def test_what_cannot_be_calibrated_is_refused():
    with pytest.raises(ConfigError, match="needs patients"):
        multiplier([])
    with pytest.raises(ConfigError, match="no spread"):
        multiplier([np.full(10, np.inf)])
    with pytest.raises(ConfigError, match="mask is empty"):
        covered(ONES, ONES, ONES, ~EVERYWHERE)
    with pytest.raises(ConfigError, match="0 or more"):
        covered(ONES, ONES, -ONES, EVERYWHERE)


def test_the_summary_is_over_patients():
    shares = np.array([0.80, 0.90, 0.92, 0.94])
    found = over_patients(shares)
    assert found.mean == pytest.approx(0.89)
    assert found.fair == 0.75
    assert found.sd == pytest.approx(shares.std(ddof=1))
    assert found.low < found.tenth < found.mean < found.high
    assert over_patients(shares[:1]).sd == 0
    with pytest.raises(ConfigError, match="no patient"):
        over_patients(shares[:0])
