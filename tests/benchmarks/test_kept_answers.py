"""Answers that were kept are the answers that were given."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from parts.kept_answers import (
    STEP_HU,
    Kept,
    answer_of,
    is_kept,
    load,
    packed_hu,
    packed_mask,
    save,
    slug,
    unpacked_hu,
    unpacked_mask,
)
from parts.takes import NOISY, PLAIN, ct_take, mr_take

SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 19))


@given(SHAPES.flatmap(lambda shape: arrays(bool, (2, *shape))))
def test_a_mask_comes_back_bit_for_bit(mask):
    np.testing.assert_array_equal(unpacked_mask(packed_mask(mask), mask.shape), mask)


@given(
    SHAPES.flatmap(
        lambda s: arrays(np.float32, s, elements=st.floats(-2e3, 4e3, width=32))
    )
)
def test_hu_come_back_within_half_a_step(hu):
    back = unpacked_hu(packed_hu(hu))
    assert np.abs(back - np.clip(hu, -1024, 3071)).max() <= STEP_HU / 2 + 1e-3


def test_bone_stays_what_it_was():
    hu = np.array([[249.0, 249.9, 250.1, 251.0, 246.0, 254.0]], np.float32)
    np.testing.assert_array_equal(unpacked_hu(packed_hu(hu)) > 250, hu > 250)


def test_what_is_saved_is_loaded_and_what_was_altered_is_refused(tmp_path):
    kept = Kept(
        {"a.plain": np.arange(5)}, {"name": "A way, old", "kind": "traditional"}
    )
    assert not is_kept(tmp_path, "tumour", "A way, old")
    file = save(tmp_path, "tumour", kept)
    assert file.stem == slug("tumour", "A way, old") == "tumour-a-way-old"
    assert is_kept(tmp_path, "tumour", "A way, old")
    again = load(tmp_path, "tumour", "A way, old")
    np.testing.assert_array_equal(again.arrays["a.plain"], np.arange(5))
    assert again.told["kind"] == "traditional"
    assert json.loads(file.with_suffix(".json").read_text())["study"] == "tumour"
    np.savez(file, other=np.zeros(2))
    with pytest.raises(SystemExit, match="not what its JSON"):
        load(tmp_path, "tumour", "A way, old")


def test_an_answer_that_is_not_there_is_named():
    with pytest.raises(SystemExit, match=r"no answer to p\.a"):
        answer_of({}, "p.a")


def test_what_is_too_large_is_not_written(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, 9_000_000, np.uint8)
    with pytest.raises(SystemExit, match="8 are allowed"):
        save(tmp_path, "tumour", Kept({"x": noise}, {"name": "large"}))
    assert not list(tmp_path.iterdir())


def test_noise_is_the_same_each_time_and_differs_between_takes():
    clean = np.full((80, 80), 100.0, np.float32)
    assert mr_take(clean, "p", PLAIN) is clean
    one, other = (mr_take(clean, "p", take) for take in NOISY)
    np.testing.assert_array_equal(one, mr_take(clean, "p", "a"))
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, mr_take(clean, "q", "a"))
    assert one.std() == pytest.approx(3, rel=0.1)  # 3 % of the maximum


def test_noise_on_patches_is_15_hu_of_1400():
    patches = np.full((2, 50, 50), 0.5, np.float32)
    noisy = ct_take(patches, "a")
    assert (noisy - patches).std() == pytest.approx(15 / 1400, rel=0.1)
    assert ct_take(patches, PLAIN) is patches
