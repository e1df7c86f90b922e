"""Lungs: the air in a body, not the air around it, and what lies at its rim."""

import numpy as np
import pytest

from vesalius.anatomy.lungs import lung_mask
from vesalius.errors import ScanError
from vesalius.volume import Volume

SHAPE, EDGES = (110, 90, 40), (3.0, 3.0, 5.0)


def chest(*, filled=False):
    """A body with two lungs, a vessel in one and a nodule at the wall of the other."""
    i, j, k = (n * e for n, e in zip(np.indices(SHAPE), EDGES, strict=True))
    hu = np.full(SHAPE, -1000.0, np.float32)
    hu[np.hypot((i - 165) / 150, (j - 135) / 110) < 1] = 40
    lungs = np.zeros(SHAPE, bool)
    for middle in (100, 230):
        away = ((i - middle) / 45) ** 2 + ((j - 135) / 70) ** 2 + ((k - 100) / 85) ** 2
        lungs |= away < 1
    if not filled:
        hu[lungs] = -850
    vessel = lungs & (np.hypot(i - 100, j - 135) < 5)
    nodule = ((i - 61) ** 2 + (j - 135) ** 2 + (k - 100) ** 2 < 8**2) & lungs
    hu[vessel | nodule] = 30
    hu[:, 86:, :] = 60  # the table, which closes off air below the body
    return Volume(hu, np.diag([*EDGES, 1.0]), "HU", "CT"), lungs, vessel, nodule


def test_lungs_are_found_with_their_vessels_and_nodules():
    scan, lungs, vessel, nodule = chest()
    mask = lung_mask(scan)
    assert (mask & lungs).sum() / lungs.sum() > 0.98
    assert (mask & ~lungs).sum() / lungs.sum() < 0.10
    assert mask[vessel].mean() > 0.9
    assert mask[nodule].mean() > 0.7  # its outermost rim lies in the wall


@pytest.mark.parametrize("turn", [(1, 0, 2), (2, 1, 0)])
def test_the_order_of_the_axes_does_not_matter(turn):
    scan, lungs, _, _ = chest()
    other = Volume(
        np.ascontiguousarray(scan.voxels.transpose(turn)),
        np.diag([*(EDGES[n] for n in turn), 1.0]),
        "HU",
        "CT",
    )
    mask, expected = lung_mask(other), lungs.transpose(turn)
    assert 2 * (mask & expected).sum() / (mask.sum() + expected.sum()) > 0.93


def test_a_scan_without_lungs_says_so():
    scan, *_ = chest(filled=True)
    with pytest.raises(ScanError, match="no lungs"):
        lung_mask(scan)


def test_a_single_slice_through_the_lungs_is_enough():
    scan, lungs, *_ = chest()
    alone = scan.with_voxels(np.ascontiguousarray(scan.voxels[:, :, 20:21]))
    mask = lung_mask(alone)
    assert (mask & lungs[:, :, 20:21]).sum() / lungs[:, :, 20].sum() > 0.98
    empty = chest(filled=True)[0]
    with pytest.raises(ScanError, match="no lungs"):
        lung_mask(empty.with_voxels(np.ascontiguousarray(empty.voxels[:, :, 20:21])))
