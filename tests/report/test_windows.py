"""Windows follow the content, and say why."""

import numpy as np
import pytest

from vesalius.report.windows import SAMPLE_VOXELS, sample_of, scale_limit, windows_of
from vesalius.volume import Volume


def ct(tissue_hu, inner_hu, inner_share=0.4, noise_hu=40.0):
    voxels = np.full((40, 40, 12), -1000.0)
    voxels[4:36, 4:36] = tissue_hu
    inner = round(32 * inner_share)
    voxels[4 : 4 + inner, 4:36] = inner_hu
    voxels += np.random.default_rng(0).normal(0, noise_hu, voxels.shape)
    return Volume(voxels.astype(np.float32), np.eye(4), "HU", "CT")


@pytest.mark.parametrize(
    ("scan", "names"),
    [
        (ct(40, -820), ["Lung", "Soft tissue"]),
        (ct(40, 60), ["Soft tissue"]),
        (ct(40, 60, noise_hu=90), ["Soft tissue"]),
        (ct(40, 700, 0.15), ["Soft tissue", "Bone"]),
        (ct(40, 700, 0.7), ["Bone", "Soft tissue"]),
    ],
)
def test_a_ct_is_seen_through_the_windows_its_content_asks_for(scan, names):
    windows = windows_of(scan, sample_of(scan))
    assert [window.name for window in windows] == names
    assert "chosen because" in windows[0].told
    assert "HU" in windows[0].told


def test_padding_has_no_say():
    scan = ct(40, 60)
    voxels, padding = scan.voxels.copy(), np.zeros(scan.voxels.shape, bool)
    padding[:20] = True
    voxels[padding] = -3024
    padded = Volume(voxels, scan.affine, "a.u.", "MR", padding=padding)
    (window,) = windows_of(padded, sample_of(padded))
    assert window.low > -1200
    assert not sample_of(padded).body[:20].any()


def test_a_constant_scan_has_a_window_too():
    flat = Volume(np.full((3, 3, 3), 7, np.float32), np.eye(4), "a.u.", "MR")
    (window,) = windows_of(flat, sample_of(flat))
    assert window.low < window.high


def test_a_large_scan_is_looked_at_by_a_sample_of_it():
    scan = Volume(np.ones((300, 300, 60), np.float32), np.eye(4), "a.u.", "MR")
    sample = sample_of(scan)
    assert sample.voxels.size <= SAMPLE_VOXELS
    assert sample.indices.max(axis=1).tolist() == [
        (n - 1) // step * step
        for n, step in zip(scan.voxels.shape, sample.steps, strict=True)
    ]
    assert sample.of(scan.voxels).shape == sample.voxels.shape


@pytest.mark.parametrize(
    ("reach", "limit"), [(37, 40), (0.011, 0.015), (10, 10), (0, 1e-6)]
)
def test_a_scale_ends_at_a_round_number(reach, limit):
    values = np.array([0.0, -float(reach)])
    assert scale_limit(values, percentile=100.0) == pytest.approx(limit)
