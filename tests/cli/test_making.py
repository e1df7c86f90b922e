"""Scans to try things on: what is written can be read, and is the same again."""

import numpy as np
import pytest

from vesalius import read
from vesalius.cli import main


@pytest.fixture
def small(monkeypatch):
    """Draw small bodies: the size of a phantom is tested where it is drawn."""
    from vesalius.physics import phantom

    sizes = {
        "head": ((32, 40, 3), (6.0, 6.0, 20.0)),
        "thorax": ((48, 48, 3), (8.0, 8.0, 9.0)),
    }
    for name, (shape, spacing_mm) in sizes.items():
        draw = getattr(phantom, name)

        def smaller(*, seed, draw=draw, shape=shape, spacing_mm=spacing_mm):
            return draw(shape, spacing_mm, seed=seed)

        monkeypatch.setattr(phantom, name, smaller)
    return phantom


def phantom(folder, body, name, *more):
    return main(["phantom", body, "-o", str(folder / name), *more])


def contents(folder):
    return {
        path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(
    ("body", "modality", "units"), [("head", "MR", "a.u."), ("thorax", "CT", "HU")]
)
def test_a_phantom_is_a_series_that_says_everything(
    small, tmp_path, capfd, body, modality, units
):
    assert phantom(tmp_path, body, "out") == 0
    assert str(tmp_path / "out") in capfd.readouterr().out
    scan = read(tmp_path / "out")
    assert (scan.modality, scan.units) == (modality, units)
    assert scan.shares_grid_with(getattr(small, body)(seed=0).truth)


def test_without_noise_a_phantom_is_the_truth_of_its_seed(small, tmp_path):
    words = ("--format", "nifti", "--noise", "none", "--seed", "3")
    assert phantom(tmp_path, "head", "out", *words) == 0
    scan = read(tmp_path / "out", modality="MR")
    np.testing.assert_allclose(scan.voxels, small.head(seed=3).truth.voxels, rtol=1e-5)


def test_more_noise_is_more_noise(small, tmp_path):
    truth = small.head(seed=0).truth
    errors = []
    for level in ("0.02", "0.1"):
        words = ("--format", "nifti", "--noise", level)
        assert phantom(tmp_path, "head", level, *words) == 0
        scan = read(tmp_path / level, modality="MR")
        errors.append(float(np.std(scan.voxels - truth.voxels)))
    assert 3 < errors[1] / errors[0] < 6  # five times, less what the floor of air takes


@pytest.mark.parametrize("form", ["dicom", "nifti"])
def test_the_same_seed_makes_the_same_files(small, tmp_path, form):
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        phantom(tmp_path, "head", name, "--format", form, "--seed", seed)
    first, again, other = (contents(tmp_path / name) for name in "abc")
    assert first == again
    assert first != other


@pytest.mark.parametrize("noise", ["loud", "-1", "nan"])
def test_noise_that_cannot_be_is_2_and_nothing_is_written(small, tmp_path, noise):
    assert phantom(tmp_path, "head", "out", "--noise", noise) == 2
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_refused(small, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    assert phantom(tmp_path, "head", "out") == 2
    assert set(contents(tmp_path / "out")) == {"thesis.txt"}


@pytest.mark.parametrize(("name", "modality"), [("head-mr", "MR"), ("chest-ct", "CT")])
def test_a_sample_is_a_real_series_with_its_licence(tmp_path, capfd, name, modality):
    assert main(["sample", name, "-o", str(tmp_path / "out")]) == 0
    assert "was in training" in capfd.readouterr().out
    scan = read(tmp_path / "out")
    assert scan.modality == modality
    assert scan.voxels.shape[2] == 24
    others = [name for name in contents(tmp_path / "out") if not name.endswith(".dcm")]
    assert others, "licence and source lie beside the slices"
