"""Laws of phantoms: replayable, known truth, and sides that cannot be mistaken."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from vesalius.errors import ConfigError, GeometryError
from vesalius.physics.phantom import Phantom, head, scan, thorax
from vesalius.volume import Volume

HEAD = ((64, 77, 12), (3.0, 3.0, 10.0))
CHEST = ((96, 72, 8), (4.0, 4.0, 15.0))


@cache
def some_head(seed: int = 0, contrast: str = "T1w", lesions: int = 2) -> Phantom:
    return head(*HEAD, seed=seed, contrast=contrast, lesions=lesions)


@cache
def some_chest(seed: int = 0, contrast: str = "native") -> Phantom:
    return thorax(*CHEST, seed=seed, contrast=contrast)


PHANTOMS = pytest.mark.parametrize("draw", [some_head, some_chest])


def where(phantom: Phantom, name: str) -> np.ndarray:
    return phantom.labels == phantom.names.index(name)


def centre_mm(phantom: Phantom, name: str) -> np.ndarray:
    """RAS+ centre of a tissue's voxels."""
    voxels = np.argwhere(where(phantom, name)).mean(axis=0)
    return phantom.truth.affine[:3, :3] @ voxels + phantom.truth.affine[:3, 3]


def test_a_seed_draws_one_head_and_another_seed_another():
    again = head(*HEAD, seed=0, lesions=2)
    assert again.truth.sha256 == some_head(0).truth.sha256
    assert again.lesions == some_head(0).lesions
    assert again.truth.sha256 != some_head(1).truth.sha256
    differ = (some_head(0).labels != some_head(1).labels).mean()
    assert differ > 0.05


def test_a_seed_draws_one_chest_and_another_seed_another():
    again = thorax(*CHEST, seed=0)
    assert again.truth.sha256 == some_chest(0).truth.sha256
    assert (again.labels != some_chest(1).labels).mean() > 0.05


@PHANTOMS
def test_a_phantom_lies_as_a_scanner_lays_it(draw):
    phantom = draw()
    directions = phantom.truth.affine[:3, :3] / phantom.truth.spacing_mm
    np.testing.assert_allclose(directions, np.diag([-1.0, -1.0, 1.0]), atol=1e-12)
    middle = (np.array(phantom.labels.shape) - 1) / 2
    centre = phantom.truth.affine[:3, :3] @ middle + phantom.truth.affine[:3, 3]
    np.testing.assert_allclose(centre, 0, atol=1e-9)


@PHANTOMS
def test_labels_and_names_agree(draw):
    phantom = draw()
    assert phantom.labels.shape == phantom.truth.voxels.shape
    assert phantom.labels.min() == 0
    assert phantom.labels.max() < len(phantom.names)
    assert phantom.names[0] == "air"
    assert len(set(phantom.names)) == len(phantom.names)


@pytest.mark.parametrize("contrast", ["T1w", "T1ce", "T2w", "FLAIR"])
def test_contrasts_show_one_anatomy_in_their_own_greys(contrast):
    phantom = some_head(0, contrast)
    np.testing.assert_array_equal(phantom.labels, some_head(0).labels)
    assert phantom.truth.contrast == contrast
    white, grey, fluid = (
        np.median(phantom.truth.voxels[where(phantom, name)])
        for name in ("white matter", "grey matter", "fluid")
    )
    order = {
        "T1w": fluid < grey < white,
        "T1ce": fluid < grey < white,
        "T2w": white < grey < fluid,
        "FLAIR": fluid < white < grey,
    }
    assert order[contrast]


@pytest.mark.parametrize("seed", range(4))
def test_every_head_has_a_brain_in_its_skull(seed):
    phantom = some_head(seed)
    assert np.median(phantom.truth.voxels[where(phantom, "air")]) == 0
    for name in ("skin", "fat", "bone", "fluid", "grey matter", "white matter", "eye"):
        assert where(phantom, name).sum() > 20, name
    millilitres = where(phantom, "grey matter") | where(phantom, "white matter")
    assert 500 < millilitres.sum() * 0.09 < 1500
    assert centre_mm(phantom, "eye")[1] > 40  # eyes look to the front
    edges = [np.take(phantom.labels, end, axis) for axis in (0, 1) for end in (0, -1)]
    assert all(np.isin(e, [0, phantom.names.index("marker")]).all() for e in edges)


def test_the_marker_tells_right_from_left():
    assert centre_mm(some_head(), "marker")[0] > 70
    assert not where(head(*HEAD, marker=False), "marker").any()
    assert not np.array_equal(some_head().labels, some_head().labels[::-1])


@pytest.mark.parametrize("seed", range(4))
def test_every_chest_has_its_heart_on_the_left_and_its_liver_right(seed):
    phantom = some_chest(seed)
    assert centre_mm(phantom, "heart muscle")[0] < -8
    assert centre_mm(phantom, "liver")[0] > 25
    assert centre_mm(phantom, "cord")[1] < -40
    litres = where(phantom, "lung").sum() * 0.24e-3
    assert 1.5 < litres < 6
    right = where(phantom, "lung")[: CHEST[0][0] // 2].sum() * 0.24e-3
    assert 0.35 < right / litres < 0.65  # two lungs, neither collapsed


def test_a_chest_is_in_hounsfield_units():
    phantom = some_chest()
    assert (phantom.truth.units, phantom.truth.modality) == ("HU", "CT")
    expected = {"air": -1000, "lung": -850, "fat": -100, "muscle": 55, "bone": 500}
    for name, hu in expected.items():
        median = np.median(phantom.truth.voxels[where(phantom, name)])
        assert median == pytest.approx(hu, abs=160), name
    assert phantom.truth.voxels.min() >= -1024


def test_agent_brightens_blood_and_nothing_else():
    native, bright = some_chest(0), some_chest(0, "contrast")
    np.testing.assert_array_equal(native.labels, bright.labels)
    rise = bright.truth.voxels - native.truth.voxels
    assert np.median(rise[where(native, "blood")]) > 100
    assert abs(np.median(rise[where(native, "bone")])) < 1


@pytest.mark.parametrize("draw", [head, thorax])
def test_lesions_are_where_they_are_said_to_be(draw):
    shape, spacing = (64, 72, 20), (3.0, 3.0, 3.0)
    phantom = draw(shape, spacing, seed=3, lesions=4)
    plain = draw(shape, spacing, seed=3, lesions=0)
    assert len(phantom.lesions) == 4
    assert plain.lesions == ()
    inverse = np.linalg.inv(phantom.truth.affine)
    for lesion in phantom.lesions:
        voxel = np.rint(inverse[:3, :3] @ lesion.position_mm + inverse[:3, 3]).astype(
            int
        )
        name = phantom.names[phantom.labels[tuple(voxel)]]
        assert name in ("lesion", "nodule", "ground glass")
        step = (phantom.truth.voxels - plain.truth.voxels)[tuple(voxel)]
        assert np.sign(step) == np.sign(lesion.contrast)
        assert 4 <= lesion.size_mm <= 22
    marked = np.isin(
        phantom.labels,
        [
            phantom.names.index(n)
            for n in phantom.names
            if n in ("lesion", "nodule", "ground glass")
        ],
    )
    volume = marked.sum() * 27
    told = sum(np.pi / 6 * lesion.size_mm**3 for lesion in phantom.lesions)
    assert volume == pytest.approx(told, rel=0.5)  # lumps, and voxels of 3 mm


def test_mr_is_scanned_with_rician_noise_of_the_level_asked_for():
    phantom = some_head()
    noisy = scan(phantom, noise=0.04, seed=5)
    assert noisy.shares_grid_with(phantom.truth)
    assert noisy.sha256 == scan(phantom, noise=0.04, seed=5).sha256
    assert noisy.sha256 != scan(phantom, noise=0.04, seed=6).sha256
    sigma = 0.04 * phantom.truth.voxels.max()
    bright = phantom.truth.voxels > 10 * sigma
    error = (noisy.voxels - phantom.truth.voxels)[bright]
    assert error.std() == pytest.approx(sigma, rel=0.05)
    air = phantom.truth.voxels == 0
    assert noisy.voxels[air].mean() == pytest.approx(
        sigma * np.sqrt(np.pi / 2), rel=0.05
    )


def test_parallel_imaging_moves_the_noise_and_keeps_its_mean():
    flat = np.full((64, 64, 8), 100, np.float32)
    phantom = replace(some_head(), truth=Volume(flat, np.eye(4), "a.u.", "MR"))
    for gfactor, least, most in ((0.0, 1.0, 1.4), (1.0, 1.8, 4.0)):
        noise = scan(phantom, noise=0.02, gfactor=gfactor).voxels - flat
        blocks = noise.reshape(4, 16, 4, 16, 8).std(axis=(1, 3))  # 256 voxels each
        assert least <= blocks.max() / blocks.min() < most
        assert noise.std() == pytest.approx(2, rel=0.15)


def test_no_noise_shows_the_truth():
    noisy = scan(some_head(), noise=0.0)
    np.testing.assert_array_equal(noisy.voxels, some_head().truth.voxels)


def test_ct_noise_grows_as_the_dose_falls():
    phantom = some_chest()
    body = where(phantom, "muscle")
    errors = [
        (scan(phantom, noise=dose).voxels - phantom.truth.voxels)[body].std()
        for dose in (1.0, 0.25)
    ]
    assert 2 < errors[0] < 20
    assert errors[1] == pytest.approx(2 * errors[0], rel=0.2)  # dose 1 : 1/4


@pytest.mark.parametrize(
    ("draw", "options"),
    [
        (some_head, {"noise": -0.1}),
        (some_chest, {"noise": 0.0}),
        (some_chest, {"noise": 2.0}),
        (some_chest, {"gfactor": 0.5}),
        (some_head, {"gfactor": 1.5}),
    ],
)
def test_noise_out_of_range_is_refused(draw, options):
    with pytest.raises(ConfigError):
        scan(draw(), **options)


@pytest.mark.parametrize("draw", [head, thorax])
def test_an_unknown_contrast_or_an_empty_grid_is_refused(draw):
    with pytest.raises(ConfigError, match="'PD'"):
        draw((8, 8, 2), contrast="PD")
    with pytest.raises(GeometryError, match="at least one voxel"):
        draw((8, 8, 0))


@pytest.mark.parametrize("draw", [head, thorax])
@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 3, 2)])
def test_the_smallest_grids_are_drawn(draw, shape):
    assert draw(shape, seed=2, lesions=1).truth.voxels.shape == shape
