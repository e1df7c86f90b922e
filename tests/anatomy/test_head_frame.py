"""The head's frame: the same head in it however the file lies, and a way back."""

from itertools import permutations, product

import numpy as np
import pytest

from vesalius.anatomy.head_frame import FILLED, SHAPE, frame_head, head_of
from vesalius.errors import ScanError
from vesalius.physics.phantom import head
from vesalius.volume import Volume


@pytest.fixture(scope="module")
def scan():
    return head(shape=(120, 144, 5), spacing_mm=(1.6, 1.6, 6.0), seed=3).truth


def turned(scan, axes, flips):
    """The same head in a file whose axes run another way."""
    voxels = scan.voxels.transpose(axes)
    affine = scan.affine[:, [*axes, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            voxels = np.flip(voxels, axis)
            affine[:, 3] += affine[:, axis] * (voxels.shape[axis] - 1)
            affine[:, axis] *= -1
    return Volume(np.ascontiguousarray(voxels), affine, scan.units, scan.modality)


CASES = list(product(permutations(range(3)), [(0, 0, 0), (1, 0, 1), (0, 1, 0)]))


@pytest.mark.parametrize(("axes", "flips"), CASES)
def test_a_head_looks_the_same_however_its_file_lies(scan, axes, flips):
    other = turned(scan, axes, flips)
    expected = frame_head(scan).enter(scan.voxels)
    found = frame_head(other).enter(other.voxels)
    # float32 and the order in which an offset is rounded
    assert np.allclose(found, expected, atol=1e-3 * expected.max())


@pytest.mark.parametrize(("axes", "flips"), CASES[::4])
def test_what_enters_comes_back_to_its_place(scan, axes, flips):
    other = turned(scan, axes, flips)
    blob = np.zeros(other.voxels.shape, np.float32)
    middle = tuple(n // 2 for n in blob.shape)
    blob[tuple(slice(max(m - 9, 0), m + 9) for m in middle)] = 1
    frame = frame_head(other)
    back = frame.leave(frame.enter(blob))
    assert back.shape == blob.shape
    agree = 2 * ((back > 0.5) & (blob > 0.5)).sum() / ((back > 0.5).sum() + blob.sum())
    assert agree > 0.93  # a box of 18 pixels loses at most its rim


def test_the_head_fills_its_frame(scan):
    inside = frame_head(scan).enter(head_of(scan).astype(np.float32)) > 0.5
    rows, columns = inside.any(axis=(0, 2)).sum(), inside.any(axis=(0, 1)).sum()
    assert max(rows / SHAPE[0], columns / SHAPE[1]) == pytest.approx(FILLED, abs=0.02)
    assert abs(np.flatnonzero(inside.any(axis=(0, 2))).mean() - (SHAPE[0] - 1) / 2) < 1


def test_pixels_become_square(scan):
    narrow = turned(scan, (0, 1, 2), (0, 0, 0))
    affine = narrow.affine.copy()
    affine[:, 0] *= 0.5
    voxels = np.repeat(narrow.voxels, 2, axis=0)
    half = Volume(voxels, affine, narrow.units, narrow.modality)
    expected = frame_head(narrow).enter(narrow.voxels)
    found = frame_head(half).enter(half.voxels)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.99


def test_a_blank_scan_has_no_head(scan):
    with pytest.raises(ScanError, match="no head"):
        frame_head(scan.with_voxels(np.zeros_like(scan.voxels)))
