"""Intervals over patients: known values, and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesalius.errors import ConfigError
from vesalius.evaluate.intervals import (
    mean_interval,
    paired_difference,
    per_patient,
    proportion_interval,
)


def test_the_bootstrap_agrees_with_the_normal_for_many_patients():
    values = np.random.default_rng(0).normal(10, 2, 400)
    found = mean_interval(values)
    half = 1.96 * values.std() / 20
    assert (found.value, found.count) == (values.mean(), 400)
    assert found.high - found.value == pytest.approx(half, rel=0.05)
    assert found == mean_interval(values)


def test_one_patient_has_no_interval_and_none_no_mean():
    found = mean_interval(np.array([3.0]))
    assert found.low == found.value == found.high == 3
    with pytest.raises(ConfigError, match="no patient"):
        mean_interval(np.array([]))


def test_pairs_remove_what_patients_have_in_common():
    rng = np.random.default_rng(0)
    theirs = rng.normal(30, 5, 30)
    found = paired_difference(theirs + 1 + rng.normal(0, 0.1, 30), theirs)
    assert 0.9 < found.low < found.value < found.high < 1.1
    with pytest.raises(ConfigError, match="same patients"):
        paired_difference(theirs, theirs[1:])


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_in_its_interval_and_that_in_0_to_1(counts):
    found = proportion_interval(*counts)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_wilson_by_the_book():
    found = proportion_interval(95, 100)
    assert (found.low, found.high) == pytest.approx((0.8882, 0.9785), abs=1e-4)
    with pytest.raises(ConfigError, match="no share"):
        proportion_interval(2, 1)


def test_every_patient_weighs_the_same():
    found = per_patient(["b", "a", "b", "b"], [1.0, 10.0, 2.0, 3.0])
    assert found.tolist() == [10.0, 2.0]
