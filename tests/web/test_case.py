"""A case in the browser: read, corrected, decided, signed; its sides on the screen."""

import io
import json
import shutil
import subprocess
import zipfile
from hashlib import sha256

import numpy as np
import pydicom
import pytest
from PIL import Image
from scipy.ndimage import minimum_filter

from server.desks import entered, keep_nifti, opened, quicken, worked
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned
from web.browsing import serving
from web.planting import (
    MARKED,
    SHAPE_MM,
    TUMOUR,
    noisy_head,
    planted,
    planted_marks,
    withheld,
)

# What stands at the left, right, top and bottom of each plane; radiological.
LETTERS = {"axial": "RLAP", "coronal": "RLSI", "sagittal": "APSI"}
ACROSS = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}  # body axes
ROOM = 0.98  # of the screen that a picture takes, `sight.ts`
BRIGHT, THICK = 225, 9  # of 255; pixels that no letter is thick
OFF_PX = 8.0  # a voxel of the block, as large as it is shown


@pytest.fixture
def desk(tmp_path, monkeypatch):
    quicken(monkeypatch)
    return opened(tmp_path / "desk")


def served(desk):
    """Let go of a desk that was filled here, and serve it."""
    desk.engine.dispose()
    return serving(desk.settings.data)


def test_a_marker_stands_on_its_side_of_the_screen(desk, travel, tmp_path):
    results = planted_marks(desk, tmp_path)
    pictures = tmp_path / "pictures"
    with served(desk) as address:
        travel("sides", address, results=results, pictures=str(pictures))
    for lie in results:
        letters = json.loads((pictures / f"{lie}.json").read_text())
        for plane in LETTERS:
            for pane in ("before", "after"):
                name = f"{lie}, {plane}, {pane}"
                with Image.open(pictures / f"{lie}-{plane}-{pane}.png") as picture:
                    pixels = np.asarray(picture.convert("L"))
                _check_marker(pixels, plane, name)
                _check_letters(letters[f"{plane}-{pane}"], pixels, plane, name)


def _check_marker(pixels, plane, name):
    """The bright ball lies towards R, A and S: left and up on every cut."""
    height, width = pixels.shape
    rows, columns = np.nonzero(minimum_filter(pixels, THICK) > BRIGHT)
    assert rows.size, f"{name}: no marker is seen"
    size_mm = [SHAPE_MM[body] for body in ACROSS[plane]]
    scale = ROOM * min(width / size_mm[0], height / size_mm[1])
    far = [(MARKED[body] - 0.5) * SHAPE_MM[body] * scale for body in ACROSS[plane]]
    found = width / 2 - columns.mean(), height / 2 - rows.mean()
    assert np.abs(np.subtract(found, far)).max() < OFF_PX, f"{name}: {found}, {far}"


def centre_mm(scan):
    """Return where the middle of a volume lies, RAS+."""
    return (scan.affine @ [*(np.array(scan.voxels.shape) / 2), 1.0])[:3]


def _check_letters(letters, pixels, plane, name):
    height, width = pixels.shape
    left, right, top, bottom = LETTERS[plane]
    assert letters[left][0] < 0.1 * width, name
    assert letters[right][0] > 0.9 * width, name
    assert letters[top][1] < 0.3 * height, name
    assert letters[bottom][1] > 0.9 * height, name
    assert set(letters) == {*LETTERS[plane], "pane"}, name


def test_a_tumours_contour_is_mended_and_nothing_drawn_is_lost(desk, travel, tmp_path):
    found = planted(desk, tmp_path, ["segment"])
    with served(desk) as address:
        travel("corrector", address, result=found["segment"])


def test_the_answer_waits_for_a_first_read(desk, travel, tmp_path):
    reading = {"first_read": True, "signers": 1}
    with entered(desk, "boss") as boss:
        assert boss.put("/api/policies/segment", json=reading).status_code == 204
    found = planted(desk, tmp_path, ["segment"])
    with served(desk) as address:
        travel("first_read", address, result=found["segment"])


def test_the_way_to_a_signature_by_keyboard_alone(desk, travel, tmp_path):
    planted(desk, tmp_path, ["denoise"])
    with served(desk) as address:
        travel("keyboard", address)


def test_three_dimensions_and_a_browser_without(desk, travel, tmp_path):
    found = planted(desk, tmp_path, ["segment"])
    picture = tmp_path / "solid.png"
    with served(desk) as address:
        travel("solid", address, result=found["segment"], picture=str(picture))
    with Image.open(picture) as seen:
        red, _, blue = np.moveaxis(np.asarray(seen.convert("RGB")).astype(int), 2, 0)
    outline = np.argwhere(blue - red > 30)[:, 1].mean()
    # The cube and the words stand apart from the head.
    head_at = np.argwhere(red[120:400, 300:950] > 60)[:, 1].mean() + 300
    scan = noisy_head()
    ball = np.array([*(np.array(scan.voxels.shape) * TUMOUR), 1.0])
    to_the_right_mm = (scan.affine @ ball)[0] - centre_mm(scan)[0]
    assert abs(to_the_right_mm) > 10
    # From the front: the patient's right is at the screen's left.
    assert np.sign(outline - head_at) == -np.sign(to_the_right_mm)
    assert abs(outline - head_at) > 30


def test_every_view_holds_in_both_themes_and_on_a_phone(desk, travel, tmp_path):
    found = planted(desk, tmp_path, ["denoise", "segment", "detect", "translate"])
    room = tmp_path / "other"
    room.mkdir()
    keep_nifti(desk, noisy_head((40, 48, 4)), room)
    found |= {"withheld": worked(desk, "denoise", withheld).id}
    with served(desk) as address:
        pictures = str(tmp_path / "pictures")
        travel("looks", address, results=found, pictures=pictures)


def test_a_clinician_goes_from_a_series_to_a_signed_report(desk, travel, tmp_path):
    truth = head(shape=(40, 48, 4), spacing_mm=(5.0, 5.0, 8.0), contrast="T1w")
    series = tmp_path / "series"
    series.mkdir()
    write_phantom_dicom(scanned(truth, noise=0.05), series, seed=1)
    packed = tmp_path / "series.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in series.iterdir():
            archive.write(file, file.name)
    saved = tmp_path / "saved.zip"
    with served(desk) as address:
        travel("clinician", address, zip=str(packed), saved=str(saved))
    _check_export(saved, tmp_path)


def _check_export(saved, folder):
    """The report names the digest of the output that was signed, beside its series."""
    with zipfile.ZipFile(saved) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sets = [
        (name, pydicom.dcmread(io.BytesIO(content)))
        for name, content in files.items()
        if name.endswith(".dcm")
    ]
    (report,) = [one for one in sets if one[1].Modality == "SR"]
    assert report[1].VerificationFlag == "VERIFIED"
    assert [one for one in sets if one[1].Modality == "MR"]
    assert sha256(files["output.json"]).hexdigest().encode() in files[report[0]]
    if shutil.which("dciodvfy"):
        file = folder / "report.dcm"
        file.write_bytes(files[report[0]])
        told = subprocess.run(["dciodvfy", file], capture_output=True, text=True)
        assert "Error" not in told.stdout + told.stderr
