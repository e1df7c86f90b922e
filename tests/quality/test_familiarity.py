"""Bodies pass, whatever the scanner; photographs, negatives and jumbles do not."""

from functools import cache
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vesalius.physics.phantom import head, noisy_disc, scan, thorax
from vesalius.quality.familiarity import LIMIT, network, unfamiliarity
from vesalius.volume import Volume

PHOTOGRAPHS = ("chelsea.png", "coffee.png", "rocket.jpg")  # not seen in training


@cache
def phantom(kind, noise):
    if kind == "MR":
        return scan(head((128, 144, 9), (1.4, 1.4, 5.0), seed=3), noise=noise)
    return scan(thorax((160, 160, 9), (2.2, 2.2, 5.0), seed=3), noise=noise)


def foreign(found):
    return unfamiliarity(found) > LIMIT


@pytest.mark.parametrize(
    ("kind", "noise"),
    [("MR", 0.0), ("MR", 0.05), ("MR", 0.1), ("CT", 1.0), ("CT", 0.1)],
)
def test_a_body_passes_at_any_noise_whole_and_slice_by_slice(kind, noise):
    whole = phantom(kind, noise)
    assert not foreign(whole)
    for k in (2, 4, 6):
        single = np.ascontiguousarray(whole.voxels[:, :, k : k + 1])
        assert not foreign(whole.with_voxels(single))


@pytest.mark.parametrize("kind", ["MR", "CT"])
def test_a_negative_is_foreign(kind):
    whole = phantom(kind, 0.05 if kind == "MR" else 0.25)
    turned = whole.voxels.max() + min(0, whole.voxels.min()) - whole.voxels
    assert foreign(whole.with_voxels(turned))


@pytest.mark.parametrize("kind", ["MR", "CT"])
def test_slices_out_of_order_are_foreign(kind):
    whole = phantom(kind, 0.05 if kind == "MR" else 0.25)
    mixed = whole.voxels[:, :, [4, 0, 7, 2, 8, 1, 5, 3, 6]]
    assert foreign(whole.with_voxels(np.ascontiguousarray(mixed)))
    reverse = np.ascontiguousarray(whole.voxels[:, :, ::-1])
    assert not foreign(whole.with_voxels(reverse))


@pytest.mark.parametrize("count", [5, 6, 7])
def test_a_few_noisy_slices_in_order_are_no_strangers(count):
    whole = head((128, 144, count), (1.4, 1.4, 5.0), seed=3)
    assert not foreign(scan(whole, noise=0.10))


@pytest.mark.parametrize("kind", ["MR", "CT"])
@pytest.mark.parametrize("side", [1, 8, 16])
def test_a_jumble_is_foreign(kind, side):
    picture = phantom(kind, 0.05 if kind == "MR" else 0.25).voxels[:128, :128, 4]
    count = 128 // side
    pieces = picture.reshape(count, side, count, side).swapaxes(1, 2)
    pieces = pieces.reshape(-1, side, side)
    mixed = pieces[np.random.default_rng(0).permutation(len(pieces))]
    jumble = mixed.reshape(count, count, side, side).swapaxes(1, 2).reshape(128, 128, 1)
    units = "HU" if kind == "CT" else "a.u."
    assert foreign(Volume(np.ascontiguousarray(jumble), np.eye(4), units, kind))


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize(("units", "kind"), [("a.u.", "MR"), ("HU", "CT")])
def test_a_photograph_turned_grey_is_foreign(name, units, kind):
    with files("skimage.data").joinpath(name).open("rb") as file:
        grey = np.asarray(Image.open(file).convert("L"), np.float32)
    assert foreign(Volume(np.array(grey[..., None]), np.eye(4), units, kind))


def test_slices_that_are_all_alike_have_no_order():
    assert unfamiliarity(noisy_disc(seed=0)) <= LIMIT


def test_a_scan_too_small_or_blank_to_tell_is_foreign():
    tiny = Volume(np.ones((8, 8, 1), np.float32), np.eye(4), "a.u.", "MR")
    blank = Volume(np.ones((64, 64, 2), np.float32), np.eye(4), "a.u.", "MR")
    assert unfamiliarity(tiny) == unfamiliarity(blank) == 1


@settings(max_examples=6)
@given(st.floats(1e-3, 1e4))
def test_the_scale_of_an_mr_scan_does_not_matter(factor):
    whole = phantom("MR", 0.05)
    scaled = whole.with_voxels(whole.voxels * np.float32(factor))
    assert unfamiliarity(scaled) == pytest.approx(unfamiliarity(whole), abs=1e-3)


@pytest.mark.parametrize("kind", ["MR", "CT"])
def test_the_network_fits_what_describes_a_slice(kind):
    from vesalius.quality.appearance import describe

    picture = phantom(kind, 0.05 if kind == "MR" else 0.25).voxels[:, :, 4]
    numbers = describe(picture.astype(np.float64), None, kind)
    net = network(kind)
    assert numbers.shape == net.centre.shape == net.scale.shape
    assert net.first.shape == (len(net.second), len(numbers))
