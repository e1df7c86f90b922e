"""Blobs: balls are found where they are, as large as they are, once each."""

import numpy as np
import pytest

from vesalius.anatomy.blobs import find_blobs, thinned

SHAPE, EDGES = (80, 70, 50), (1.0, 1.0, 1.5)
SIZES = (4.0, 6.0, 9.0, 13.0, 19.0)


def balls(*told):
    volume = np.zeros(SHAPE, np.float32)
    grid = np.indices(SHAPE)
    for place, diameter in told:
        away = [(n - p) * e for n, p, e in zip(grid, place, EDGES, strict=True)]
        volume[np.sqrt(sum(a**2 for a in away)) <= diameter / 2] = 1
    return volume


@pytest.mark.parametrize("diameter", [6.0, 9.0, 13.0])
def test_a_ball_is_found_where_it_is_and_as_large(diameter):
    place = (40, 30, 24)
    every = np.ones(SHAPE, bool)
    found = find_blobs(
        balls((place, diameter)), EDGES, every, diameters_mm=SIZES, least=0.2
    )
    strongest = thinned(found, EDGES)[0]
    assert np.abs(np.subtract(strongest.place, place)).max() <= 1
    assert strongest.diameter_mm == pytest.approx(diameter, rel=0.5)  # the next size


def test_two_balls_are_two_and_only_where_one_looks():
    volume = balls(((20, 30, 24), 9.0), ((60, 30, 24), 9.0))
    half = np.zeros(SHAPE, bool)
    half[:40] = True
    both, one = (
        thinned(find_blobs(volume, EDGES, where, diameters_mm=SIZES, least=0.3), EDGES)
        for where in (np.ones(SHAPE, bool), half)
    )
    assert sorted(blob.place[0] for blob in both) == [20, 60]
    assert [blob.place[0] for blob in one] == [20]


def test_a_flat_volume_has_none():
    flat = np.full(SHAPE, 3.0, np.float32)
    every = np.ones(SHAPE, bool)
    assert find_blobs(flat, EDGES, every, diameters_mm=SIZES, least=0.1) == []
