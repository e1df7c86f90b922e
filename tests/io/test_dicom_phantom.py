"""A phantom's DICOM says the same as its volume, to a reader and to a validator."""

import shutil
import subprocess

import numpy as np
import pydicom
import pytest

from vesalius.errors import OutputError
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import Phantom, head, thorax
from vesalius.volume import Volume

CONTRASTS = ["T1w", "T1ce", "T2w", "FLAIR"]


def small_head(contrast: str = "T1w") -> Phantom:
    return head((40, 48, 3), (4.5, 5.1, 20.3), seed=1, contrast=contrast)


def small_chest() -> Phantom:
    return thorax((48, 36, 3), (8.0, 8.0, 20.0), seed=1)


def read_back(folder) -> tuple[np.ndarray, np.ndarray]:
    """Voxels (i, j, k) and the RAS+ affine, from the tags alone."""
    slices = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]
    first, second = slices[:2]
    voxels = np.stack(
        [
            s.pixel_array.T.astype(float) * float(s.get("RescaleSlope", 1))
            + float(s.get("RescaleIntercept", 0))
            for s in slices
        ],
        axis=2,
    )
    along, down = np.reshape(first.ImageOrientationPatient, (2, 3)).astype(float)
    place = np.array(first.ImagePositionPatient, float)
    affine = np.eye(4)
    affine[:3, 0] = along * float(first.PixelSpacing[1])
    affine[:3, 1] = down * float(first.PixelSpacing[0])
    affine[:3, 2] = np.array(second.ImagePositionPatient, float) - place
    affine[:3, 3] = place
    return voxels, np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


@pytest.mark.parametrize("draw", [small_head, small_chest])
def test_voxels_and_their_places_survive(draw, tmp_path):
    truth = draw().truth
    names = write_phantom_dicom(truth, tmp_path, seed=0)
    assert names == ("IM0001.dcm", "IM0002.dcm", "IM0003.dcm")
    voxels, affine = read_back(tmp_path)
    np.testing.assert_allclose(voxels, truth.voxels, atol=0.5)  # whole numbers
    np.testing.assert_allclose(affine, truth.affine, atol=1e-6)


def test_an_oblique_plane_survives(tmp_path):
    turn = 0.3
    affine = np.diag([-2.0, -2.5, 4.0, 1.0])
    affine[:3, 3] = (10.0, -20.0, 1 / 3)
    spin = np.eye(4)
    spin[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    rng = np.random.default_rng(0)
    voxels = rng.integers(0, 900, (5, 6, 3)).astype(np.float32)
    volume = Volume(voxels, spin @ affine, "a.u.", "MR", "T2w")
    write_phantom_dicom(volume, tmp_path, seed=0)
    found, place = read_back(tmp_path)
    np.testing.assert_array_equal(found, voxels)
    np.testing.assert_allclose(place, volume.affine, atol=1e-6)


def test_the_same_phantom_gives_the_same_bytes(tmp_path):
    places = [tmp_path / name for name in ("a", "b", "c")]
    for place, seed in zip(places, (0, 0, 1), strict=True):
        place.mkdir()
        write_phantom_dicom(small_head().truth, place, seed=seed)
    first, again, other = ((p / "IM0002.dcm").read_bytes() for p in places)
    assert first == again
    assert first != other


def test_one_series_many_instances_and_nobody_in_it(tmp_path):
    write_phantom_dicom(small_chest().truth, tmp_path, seed=0)
    slices = [pydicom.dcmread(path) for path in sorted(tmp_path.iterdir())]
    assert len({s.SeriesInstanceUID for s in slices}) == 1
    assert len({s.FrameOfReferenceUID for s in slices}) == 1
    assert len({s.SOPInstanceUID for s in slices}) == 3
    assert all(
        s.SOPInstanceUID == s.file_meta.MediaStorageSOPInstanceUID for s in slices
    )
    assert str(slices[0].PatientName) == "PHANTOM^THORAX"
    assert "nobody" in slices[0].PatientComments
    assert max(len(str(d)) for s in slices for d in s.ImagePositionPatient) <= 16


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is absent")
@pytest.mark.parametrize("contrast", [*CONTRASTS, "CT", None])
def test_a_validator_finds_no_error(contrast, tmp_path):
    if contrast == "CT":
        volume = small_chest().truth
    elif contrast is None:
        truth = small_head().truth
        volume = Volume(truth.voxels, truth.affine, "a.u.", "MR")
    else:
        volume = small_head(contrast).truth
    write_phantom_dicom(volume, tmp_path, seed=0)
    for path in sorted(tmp_path.iterdir()):
        answer = subprocess.run(
            ["dciodvfy", str(path)], capture_output=True, text=True, check=False
        )
        complaints = (answer.stdout + answer.stderr).splitlines()
        assert not [line for line in complaints if line.startswith("Error")]


def test_what_is_no_scanners_picture_is_refused(tmp_path):
    shadow = Volume(np.ones((2, 2, 2), np.float32), np.eye(4), "a.u.", "DX")
    with pytest.raises(OutputError, match="CT or MR, not DX"):
        write_phantom_dicom(shadow, tmp_path, seed=0)
    dark = Volume(np.full((2, 2, 2), -3000, np.float32), np.eye(4), "HU", "CT")
    with pytest.raises(OutputError, match="do not fit 16 bits"):
        write_phantom_dicom(dark, tmp_path, seed=0)
    volume = small_head().truth
    with pytest.raises(OutputError, match=r"IM0001\.dcm cannot be written"):
        write_phantom_dicom(volume, tmp_path / "absent", seed=0)
    assert not list(tmp_path.iterdir())
