"""Pieces of a mask: where they lie, how large they are, and what is no piece."""

from dataclasses import replace

import numpy as np
import pytest

from vesalius.anatomy.pieces import LEAST_ML, longest_mm, pieces_of
from vesalius.volume import Volume


def grid(shape=(12, 10, 8), spacing=(2.0, 3.0, 4.0)):
    affine = np.diag([-spacing[0], spacing[1], spacing[2], 1.0])
    affine[:3, 3] = 5, -6, 7
    chance = np.linspace(0, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    return Volume(chance, affine, "probability", "MR")


def test_pieces_come_with_place_size_and_probability_the_largest_first():
    chance = grid()
    mask = np.zeros(chance.voxels.shape, bool)
    mask[1:3, 1:3, 1] = True
    mask[6:11, 5, 5] = True
    first, second = pieces_of(mask, chance)
    assert (first.voxels, second.voxels) == (5, 4)
    middle = chance.affine @ [8, 5, 5, 1]
    assert first.finding.position_mm == pytest.approx(middle[:3])
    assert first.finding.size_mm == pytest.approx(4 * 2.0 + 2.0)
    assert first.finding.probability == pytest.approx(chance.voxels[6:11, 5, 5].mean())
    low, high = first.finding.interval
    assert chance.voxels[6, 5, 5] <= low < high <= chance.voxels[10, 5, 5]


def test_a_piece_on_the_grids_edge_is_as_long_as_within():
    mask = np.zeros((12, 10, 8), bool)
    mask[:, 0, 0] = True
    assert longest_mm(mask, grid()) == pytest.approx(11 * 2.0 + 2.0)


def test_dust_is_no_piece_and_corners_join_nothing():
    fine = replace(grid(), affine=np.diag([1.0, 1.0, 1.0, 1.0]))
    mask = np.zeros((12, 10, 8), bool)
    mask[:7, :7, 0] = True  # 49 voxels of 0.001 ml
    assert pieces_of(mask, fine) == ()
    mask[7, 7, 0] = True  # touches at an edge alone
    assert pieces_of(mask, fine) == ()
    mask[7, 6, 0] = True
    (piece,) = pieces_of(mask, fine)
    assert piece.voxels * 0.001 >= LEAST_ML


def test_of_many_pieces_the_largest_are_told():
    mask = np.zeros((12, 10, 8), bool)
    mask[::2, ::2, ::2] = True
    mask[0, 0, :3] = True
    coarse = replace(grid(), affine=np.diag([8.0, 8.0, 8.0, 1.0]))
    told = pieces_of(mask, coarse, most=5)
    assert [piece.voxels for piece in told] == [3, 1, 1, 1, 1]
