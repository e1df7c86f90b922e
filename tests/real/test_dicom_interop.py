"""Real DICOM: files of many scanners and syntaxes, and whole series."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from vesalius.errors import ScanError
from vesalius.io.dicom import read_dicom
from vesalius.io.dicom_files import open_files, read_pixels
from vesalius.io.dicom_pixels import PIXEL_KEEP, decode_pixels
from vesalius.io.dicom_series import list_series

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not here")
FILES = sorted((DATA / "dicom_interop").glob("*"))
DECODED_AT_LEAST = 65  # of 71: the others are malformed or have no decoder anywhere


def name_of(path):
    return path.name


def with_pixels(path):
    with open_files(path) as (file,):
        d = read_pixels(file, PIXEL_KEEP, path.stat().st_size * 1000)
    return d if "PixelData" in d else None


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_file_is_read_or_refused_by_a_named_error(path, capfd):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said = str(read_dicom(path).notes)
        except ScanError as error:
            said = str(error)
    assert len(said) <= 500
    assert not caught
    assert capfd.readouterr() == ("", "")


def test_nearly_every_file_with_pixels_decodes():
    found = [d for d in map(with_pixels, FILES) if d is not None]
    assert len(found) == 71
    failed = 0
    for d in found:
        try:
            values = decode_pixels(d)
        except ScanError:
            failed += 1
            continue
        assert (d.Rows, d.Columns) in (values.shape[:2], values.shape[1:3])
    assert len(found) - failed >= DECODED_AT_LEAST


def test_what_pydicom_decodes_we_decode_alike():
    compared = 0
    for path in FILES:
        ours = with_pixels(path)
        if ours is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                theirs = pixel_array(pydicom.dcmread(path, force=True), raw=True)
            except (RuntimeError, ValueError, NotImplementedError):
                continue
        np.testing.assert_array_equal(decode_pixels(ours), theirs)
        compared += 1
    assert compared >= 60


@pytest.mark.parametrize("syntax", ["51", "53"])
def test_twelve_bit_jpeg_comes_close_to_its_original(syntax):
    (lossy,) = (
        p for p in FILES if p.name.endswith(f"1.2.840.10008.1.2.4.{syntax}.dcm")
    )
    (exact,) = (p for p in FILES if "LittleEndianImplicit" in p.name)
    difference = read_dicom(lossy).voxels - read_dicom(exact).voxels
    assert np.abs(difference).mean() < 10  # HU, over the whole slice with its padding


def test_a_whole_chest_is_read_in_place():
    scan = read_dicom(DATA / "lidc_0001")
    assert scan.voxels.shape == (512, 512, 133)
    np.testing.assert_allclose(
        np.linalg.norm(scan.affine[:3, :3], axis=0), [0.703125, 0.703125, 2.5]
    )
    assert (scan.units, scan.modality) == ("HU", "CT")
    assert 0.21 < scan.padding.mean() < 0.215  # outside the circle
    assert "1 x an XML file" in scan.notes[0]


def test_a_head_is_read_in_place():
    scan = read_dicom(DATA / "mr_t1_dicom")
    assert scan.voxels.shape == (256, 256, 64)
    # sagittal: slices run from right to left or back, columns backwards, rows down
    assert np.abs(scan.affine[:3, :3]).argmax(axis=0).tolist() == [1, 2, 0]
    assert np.linalg.norm(scan.affine[:3, 2]) == pytest.approx(0.9, abs=0.001)
    assert (scan.units, scan.modality, scan.padding) == ("a.u.", "MR", None)


def test_invented_patients_are_not_named():
    for path in sorted((DATA / "dicom_pseudo_phi").glob("*.dcm")):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        words = {word.lower() for word in str(header.PatientName).split("^") if word}
        (entry,) = list_series(path)
        scan = read_dicom(path)
        shown = f"{entry} {scan.notes}".lower()
        assert words
        assert not any(word in shown for word in words if len(word) > 2)
