"""A volume for a screen: the same place, few bytes, and nothing invented."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vesalius.io.nifti import read_nifti
from vesalius.io.screen import averaged, write_full, write_preview
from vesalius.volume import Volume

OBLIQUE = np.array(
    [
        [-0.6, 0.1, 0.0, 40.0],
        [0.1, 0.6, -0.3, -20.0],
        [0.0, 0.2, 2.4, 7.0],
        [0, 0, 0, 1],
    ]
)


def volume(voxels, *, units="HU", modality="CT", padding=None):
    voxels = np.asarray(voxels, np.float32)
    return Volume(voxels, OBLIQUE, units, modality, padding=padding)


def noise(shape, seed=0):
    return np.random.default_rng(seed).normal(0, 200, shape)


def stored_kind(path):
    code = int.from_bytes(gzip.decompress(path.read_bytes())[70:72], "little")
    return {2: "u1", 4: "i2", 512: "u2"}[code]


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(0, 1, "u1"), (-2048, 3071, "i2"), (0, 60000, "u2")],
)
def test_whole_numbers_come_back_as_they_were(tmp_path, low, high, kind):
    voxels = np.random.default_rng(0).integers(low, high + 1, (9, 8, 7))
    voxels[0, 0, :2] = low, high
    full = tmp_path / "full.nii.gz"
    write_full(volume(voxels), full)
    back = read_nifti(full)
    assert np.array_equal(back.voxels, voxels)
    assert np.allclose(back.affine, OBLIQUE, atol=1e-4)
    assert stored_kind(full) == kind


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e5])
def test_other_numbers_are_off_by_half_a_step_of_the_range(tmp_path, scale):
    voxels = (noise((9, 8, 7)) * scale).astype(np.float32)
    full = tmp_path / "full.nii.gz"
    write_full(volume(voxels, units="a.u.", modality="MR"), full)
    back = read_nifti(full)
    step = (voxels.max() - voxels.min()) / 65535
    # half a step, and the rounding of a 32-bit slope times 65535
    assert np.abs(back.voxels - voxels).max() <= 0.51 * step


def test_a_volume_of_one_intensity_is_shown(tmp_path):
    for value in (0.0, 0.25, -1e6):
        full = tmp_path / "full.nii.gz"
        write_full(volume(np.full((3, 3, 2), value)), full)
        assert np.allclose(read_nifti(full).voxels, value)


@settings(max_examples=40)
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3),
    factors=st.tuples(*[st.integers(1, 4)] * 3),
)
def test_averaging_keeps_the_place_of_whole_blocks(shape, factors):
    """A ramp in millimetres, averaged, is the ramp at the averaged voxels' places."""
    shape = tuple(n * f for n, f in zip(shape, factors, strict=True))
    places = np.indices(shape).reshape(3, -1)
    ramp = (OBLIQUE[:3, :3] @ places + OBLIQUE[:3, 3:]).sum(axis=0).reshape(shape)
    small = averaged(volume(ramp), factors)
    where = np.indices(small.voxels.shape).reshape(3, -1)
    expected = (small.affine[:3, :3] @ where + small.affine[:3, 3:]).sum(axis=0)
    assert np.allclose(small.voxels.ravel(), expected, atol=1e-3)


def test_the_last_block_averages_what_is_left_for_it():
    voxels = np.zeros((5, 1, 1))
    voxels[4] = 6.0
    assert averaged(volume(voxels), (2, 1, 1)).voxels.ravel().tolist() == [0, 0, 6]


def test_a_preview_is_small_and_lies_where_the_scan_does(tmp_path):
    voxels = noise((96, 96, 12))
    voxels[10:20, 60:80, 3:5] += 2000  # something to find again
    scan, file = volume(voxels), tmp_path / "preview.nii.gz"
    assert write_preview(scan, file, most=12_000)
    assert file.stat().st_size <= 12_000
    small = read_nifti(file)
    assert small.voxels.shape[2] == 12  # slices are kept where the planes suffice

    def middle(one):
        bright = np.argwhere(one.voxels > 1000).mean(axis=0)
        return one.affine[:3, :3] @ bright + one.affine[:3, 3]

    assert (
        np.abs(middle(small) - middle(scan)).max()
        < np.linalg.norm(small.affine[:3, :3], axis=0).max()
    )


def test_what_is_small_enough_is_not_made_smaller(tmp_path):
    mask = np.zeros((64, 64, 20))
    mask[20:30, 20:40, 5:9] = 1
    scan, file = volume(mask, units="probability", modality="MR"), tmp_path / "p.nii.gz"
    assert not write_preview(scan, file, most=20_000)
    assert np.array_equal(read_nifti(file).voxels, mask)


def test_a_preview_of_ct_does_not_waste_its_steps_on_padding_and_metal(tmp_path):
    voxels = noise((64, 64, 8))
    voxels[:4] = -32000.0
    voxels[40, 40, 4] = 30000.0
    padding = np.zeros(voxels.shape, bool)
    padding[:4] = True
    file = tmp_path / "preview.nii.gz"
    write_preview(volume(voxels, padding=padding), file, most=8_000)
    small = read_nifti(file).voxels
    assert small.min() >= voxels[4:].min() - 1
    assert small.max() <= 3071
    body = np.unique(small[10:40])
    assert np.diff(body).min() < 16  # HU: 256 steps over what is measured


def test_noise_that_never_packs_still_ends(tmp_path):
    file = tmp_path / "preview.nii.gz"
    assert write_preview(volume(noise((40, 30, 3))), file, most=10)
    assert read_nifti(file).voxels.shape == (1, 1, 1)


def test_the_same_volume_has_the_same_bytes(tmp_path):
    scan = volume(noise((32, 32, 4)))
    for name in ("a.nii.gz", "b.nii.gz"):
        write_preview(scan, tmp_path / name, most=2_000)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
