"""A restorer whose effect is known leaves of lesions what it must."""

from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from vesalius.evaluate.lesions import disc, lesion_survival, places, survival_table
from vesalius.evaluate.structures import count_structures, stands_out
from vesalius.physics.phantom import head

NOISE = 0.05


@cache
def truths():
    return tuple(
        (f"p{n}", head((128, 160, 7), (1.4, 1.4, 5.0), seed=n).truth) for n in range(2)
    )


def as_it_is(scan):
    return scan.voxels


def half(scan):
    return scan.voxels / 2


def blurred(scan):
    return gaussian_filter(scan.voxels, (2.5, 2.5, 0))


@pytest.fixture(scope="module")
def untouched():
    return lesion_survival(as_it_is, truths(), NOISE)


def test_doing_nothing_keeps_all_of_a_lesion(untouched):
    assert len(untouched) == 12
    for cell in untouched:
        # A magnitude shows slightly less than was added where tissue is dark.
        assert cell.share.value == pytest.approx(1, abs=0.1)
        assert cell.lesions >= 4


def test_halving_keeps_half(untouched):
    halved = lesion_survival(half, truths(), NOISE)
    for cell, whole in zip(halved, untouched, strict=True):
        assert cell.share.value == pytest.approx(whole.share.value / 2, rel=1e-5)


def test_blur_costs_small_lesions_more():
    cells = {
        (cell.diameter_mm, cell.contrast_sd): cell.share.value
        for cell in lesion_survival(blurred, truths(), NOISE)
    }
    assert cells[3, 4] < 0.5 < cells[12, 4]


def test_the_table_has_the_peer_beside_ours(untouched):
    table = survival_table("Survival", untouched, untouched, "BM3D")
    assert table.columns[-1] == "recovered by BM3D"
    assert len(table.rows) == 12
    assert table.rows[0][:2] == ("3 mm", "1 SD")
    assert len(survival_table("Survival", untouched).columns) == 5


def test_a_disc_has_its_area():
    drawn = disc((40, 40), (20.3, 19.6), 5.0, (0.8, 1.25))
    assert drawn.sum() * 0.8 * 1.25 == pytest.approx(np.pi * 25, rel=0.02)


def test_places_lie_apart_and_where_they_may():
    allowed = np.zeros((100, 100), bool)
    allowed[20:80, 30:90] = True
    chosen = places(allowed, (1.0, 1.0), np.random.default_rng(0))
    assert len(chosen) >= 3
    assert all(allowed[round(x), round(y)] for x, y in chosen)
    apart = [
        np.hypot(a[0] - b[0], a[1] - b[1])
        for n, a in enumerate(chosen)
        for b in chosen[:n]
    ]
    assert min(apart) >= 30


# False and lost structures use the same slices.


def test_the_truth_invents_nothing_and_planted_discs_are_found():
    known = {truth.voxels.shape: truth for _, truth in truths()}
    assert len(known) == 1
    found = count_structures(perfect(), truths(), NOISE)
    assert (found.invented, found.lost) == (0, 0)
    assert found.found.value > 0.9
    assert found.slices == 10  # the inner 60 % of both


def perfect():
    """A restorer that knows the truths: it finds the one that fits best."""
    slices = [
        (truth.voxels[:, :, k - 1 : k + 2])
        for _, truth in truths()
        for k in range(1, truth.voxels.shape[2] - 1)
    ]

    def restore(scan):
        return min(slices, key=lambda clean: float(np.abs(clean - scan.voxels).mean()))

    return restore


def test_specks_are_counted_as_invented_and_blur_as_loss():
    def speckled(scan):
        answer = perfect()(scan).copy()
        top = answer.max()
        for i in range(34, 100, 16):
            spot = disc(answer.shape[:2], (float(i), 80.0), 2.5, (1.4, 1.4))
            answer += (0.3 * top * spot)[..., None].astype(np.float32)
        return answer

    assert count_structures(speckled, truths(), NOISE).invented > 100
    flat = count_structures(lambda scan: blurred(scan) * 0 + 1, truths(), NOISE)
    assert flat.invented == 0
    assert flat.lost > 100


def test_a_disc_stands_out_and_a_slope_does_not():
    drawn = 10 * disc((41, 41), (20.0, 20.0), 2.5, (1.0, 1.0))
    found = stands_out(drawn, (1.0, 1.0))
    assert found.shape == drawn.shape
    assert found[20, 20] == pytest.approx(found.max())
    assert found[20, 20] > 7
    slope = np.add.outer(np.arange(41.0), 2 * np.arange(41.0))
    assert np.abs(stands_out(slope, (1.0, 1.0))[10:-10, 10:-10]).max() < 1e-6
