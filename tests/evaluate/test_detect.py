"""Telling candidates apart: known scores, the library's area, intervals by blocks."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from vesalius.errors import ConfigError
from vesalius.evaluate.detect import area_under, balanced_threshold, told_apart


@pytest.fixture
def scored():
    rng = np.random.default_rng(1)
    nodule = rng.random(800) < 0.2
    score = rng.normal(np.where(nodule, 3.0, 0.0), 1.0).round(2)
    return nodule, score, np.arange(800) // 20


def test_the_area_is_the_librarys(scored):
    nodule, score, _ = scored
    theirs = mannwhitneyu(score[nodule], score[~nodule]).statistic
    expected = theirs / (nodule.sum() * (~nodule).sum())
    assert area_under(nodule, score) == pytest.approx(expected)
    assert area_under(nodule, nodule.astype(float)) == 1.0


def test_sensitivity_and_specificity_at_a_threshold(scored):
    nodule, score, block = scored
    found = told_apart(nodule, score, block, 1.5)
    assert found.sensitivity.value == (score[nodule] >= 1.5).mean()
    assert found.specificity.value == (score[~nodule] < 1.5).mean()
    for part in (found.sensitivity, found.specificity, found.area):
        assert part.low < part.value < part.high
        assert part.count == 40


def test_copies_in_a_block_tell_nothing_new(scored):
    nodule, score, block = scored
    alone = told_apart(nodule, score, block, 1.5).sensitivity
    tenfold = told_apart(
        np.tile(nodule, 10), np.tile(score, 10), np.tile(block, 10), 1.5
    ).sensitivity
    width = alone.high - alone.low
    assert tenfold.high - tenfold.low == pytest.approx(width, rel=0.05)


def test_the_threshold_balances_both_wishes(scored):
    nodule, score, _ = scored
    level = balanced_threshold(nodule, score, sensitivity=0.9, specificity=0.9)
    found, spared = (score[nodule] >= level).mean(), (score[~nodule] < level).mean()
    assert found == pytest.approx(spared, abs=0.03)
    apart = balanced_threshold(np.arange(6) > 2, np.array([0.1, 0.1, 0.2, 0.8, 0.9, 1]))
    assert apart == pytest.approx(0.5)
    eager = balanced_threshold(nodule, score, sensitivity=0.99, specificity=0.5)
    assert eager < level


def test_one_kind_alone_tells_nothing(scored):
    _, score, block = scored
    with pytest.raises(ConfigError):
        told_apart(np.zeros(800, bool), score, block, 0.5)
