"""Warps move all channels alike, by no more than they may, and are replayable."""

import numpy as np
import pytest

from vesalius.train.warps import Warp, warped

NONE = Warp(turn=0.0, lean=0.0, grow=0.0, shift=0.0, bend=0.0, often=1.0)
SOME = Warp(turn=0.3, lean=0.1, grow=0.15, shift=6.0, bend=3.0, often=1.0)


def disc(shape=(96, 80), centre=(48, 40), radius=9):
    rows, columns = np.indices(shape)
    inside = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
    return inside.astype(np.float32)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_no_warp_is_the_identity():
    stack = rng().random((3, 96, 80), np.float32)
    np.testing.assert_allclose(warped(stack, NONE, rng()), stack, atol=1e-5)


def test_channels_move_together():
    one = disc(centre=(40, 30))
    both = warped(np.stack([one, 3 * one]), SOME, rng(4))
    np.testing.assert_allclose(both[1], 3 * both[0], atol=1e-5)


def test_the_same_seed_is_the_same_warp():
    stack = np.stack([disc()])
    np.testing.assert_array_equal(
        warped(stack, SOME, rng(5)), warped(stack, SOME, rng(5))
    )
    assert np.abs(warped(stack, SOME, rng(5)) - warped(stack, SOME, rng(6))).max() > 0.5


@pytest.mark.parametrize("seed", range(8))
def test_a_turn_keeps_size_and_distance_from_the_middle(seed):
    turn = Warp(turn=0.8, lean=0.0, grow=0.0, shift=0.0, bend=0.0, often=1.0)
    before = np.stack([disc(centre=(70, 40))])
    after = warped(before, turn, rng(seed))
    assert after.sum() == pytest.approx(before.sum(), rel=0.03)
    rows, columns = (
        float((after[0] * axis).sum() / after.sum()) for axis in np.indices((96, 80))
    )
    # The picture's middle is (47.5, 39.5): the disc stays 22.5 pixels from it.
    assert np.hypot(rows - 47.5, columns - 39.5) == pytest.approx(22.5, abs=0.3)


@pytest.mark.parametrize("seed", range(8))
def test_a_shift_stays_within_its_pixels(seed):
    shift = Warp(turn=0.0, lean=0.0, grow=0.0, shift=6.0, bend=0.0, often=1.0)
    after = warped(np.stack([disc()]), shift, rng(seed))[0]
    for axis, middle in zip(np.indices((96, 80)), (48, 40), strict=True):
        assert abs(float((after * axis).sum() / after.sum()) - middle) <= 6.01


def test_a_bend_moves_places_differently():
    bend = Warp(turn=0.0, lean=0.0, grow=0.0, shift=0.0, bend=5.0, often=1.0)
    ramp = np.stack([axis.astype(np.float32) for axis in np.indices((96, 80))])
    moved = (warped(ramp, bend, rng(3)) - ramp)[:, 24:-24, 24:-24]
    assert moved.std(axis=(1, 2)).max() > 0.3
    # Smooth: neighbours move nearly alike.
    assert np.abs(np.diff(moved, axis=2)).max() < 1.0


def test_some_slices_stay():
    rare = Warp(turn=0.3, lean=0.0, grow=0.0, shift=0.0, bend=0.0, often=0.5)
    stack = np.stack([disc(centre=(70, 40))])
    stayed = [
        np.array_equal(warped(stack, rare, rng(seed)), stack) for seed in range(40)
    ]
    assert 8 < sum(stayed) < 32
