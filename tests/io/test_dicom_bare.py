"""A place full of DICOM becomes bare series: all that can be read, nobody's name."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest

from vesalius.errors import FormatError, ScanError, VesaliusError
from vesalius.io import dicom_bare, read
from vesalius.io.dicom_bare import write_bare
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head

TOKEN = "Quetzalcoatl"
NUMBER = "Tonatiuh-4711"  # no run of digits that a new UID may hold by chance
REAL = Path(__file__).parents[3] / "shared" / "data" / "dicom_interop"


@pytest.fixture
def study(tmp_path):
    """Two series of one patient, and files that are no image."""
    folder = tmp_path / "study"
    for seed in (1, 2):
        scan = head(shape=(24, 32, 3), spacing_mm=(8.0, 8.0, 8.0), seed=seed).truth
        place = folder / f"{TOKEN}-{seed}"
        place.mkdir(parents=True)
        write_phantom_dicom(scan, place, seed=seed)
        for file in place.iterdir():
            header = pydicom.dcmread(file)
            header.PatientName, header.PatientID = TOKEN, NUMBER
            header.PatientBirthDate = "19370501"
            header.save_as(file)
    (folder / "README.txt").write_text(TOKEN)
    return folder


def zipped(folder, file):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for found in sorted(folder.rglob("*")):
            archive.write(found, found.relative_to(folder))
    return file


@pytest.mark.parametrize("packed", [False, True])
def test_each_series_is_written_bare_and_reads_as_before(study, tmp_path, packed):
    place = zipped(study, tmp_path / "study.zip") if packed else study
    found = write_bare(place, tmp_path / "out")
    assert [bare.identity for bare in found] == [(TOKEN, NUMBER, "19370501")] * 2
    assert TOKEN not in repr(found)
    for seed, bare in enumerate(found, 1):
        np.testing.assert_array_equal(
            read(bare.folder).voxels, read(study / f"{TOKEN}-{seed}").voxels
        )
        assert TOKEN in bare.taken
    written = [file for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert len(written) == 6
    for file in written:
        assert TOKEN.encode() not in file.read_bytes()
        assert NUMBER.encode() not in file.read_bytes()
        assert TOKEN not in file.name


def test_files_of_two_patients_are_refused(study, tmp_path):
    file = next((study / f"{TOKEN}-2").iterdir())
    header = pydicom.dcmread(file)
    header.PatientID = "other"
    header.save_as(file)
    with pytest.raises(ScanError, match="two patients") as refused:
        write_bare(study, tmp_path / "out")
    assert TOKEN not in str(refused.value)


def test_a_place_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("no scan")
    with pytest.raises(ScanError, match="no DICOM image"):
        write_bare(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("field", "value"), [("NumberOfFrames", 1_000_000), ("Rows", 60_000)]
)
def test_a_file_that_says_it_is_huge_is_refused_unread(study, tmp_path, field, value):
    file = next((study / f"{TOKEN}-1").iterdir())
    header = pydicom.dcmread(file)
    setattr(header, field, value)
    if field == "Rows":
        header.Columns = 60_000
    header.save_as(file)
    with pytest.raises(FormatError, match="more than any scan"):
        write_bare(study, tmp_path / "out")


def test_more_files_than_a_scan_has_are_refused(study, tmp_path, monkeypatch):
    monkeypatch.setattr(dicom_bare, "MOST_FILES", 3)
    with pytest.raises(FormatError, match="more than any scan"):
        write_bare(study, tmp_path / "out")


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data is not here")
def test_files_of_many_makers_are_bare_or_refused_and_read_the_same(tmp_path):
    read_alike = 0
    for number, file in enumerate(sorted(REAL.rglob("*.dcm"))):
        alone = tmp_path / f"{number}"
        alone.mkdir()
        shutil.copy(file, alone / "scan.dcm")
        try:
            (bare,) = write_bare(alone, alone / "out")
            before = read(alone / "scan.dcm")
        except VesaliusError:  # damaged, or no scan that we read
            continue
        after = read(bare.folder)
        np.testing.assert_array_equal(before.voxels, after.voxels)
        np.testing.assert_array_equal(before.affine, after.affine)
        read_alike += 1
    assert read_alike >= 10
