"""Each verb's answer becomes the DICOM objects made for it; none is sent as another."""

import json
import shutil
import subprocess
from dataclasses import replace

import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.uid import CTImageStorage, MRImageStorage

from dicom_derive_cases import answer, enhanced, series, stored_block, upright
from vesalius.card import Table
from vesalius.errors import ConfigError
from vesalius.io import read, write
from vesalius.io.dicom_bare import write_bare
from vesalius.result import Finding

SEG = "1.2.840.10008.5.1.4.1.1.66.4"
SR = "1.2.840.10008.5.1.4.1.1.88.34"
FOUND = Finding((10.5, -3.25, 104.0), 8.0, 0.97, (0.9, 0.99))


def by(task, result):
    return replace(result, provenance=replace(result.provenance, task=task))


def outlined(scan, level=0.9):
    chance = np.zeros_like(scan.voxels)
    chance[2:5, 1:4, 1:4] = level / 4
    chance[3:5, 2:4, 2:4] = level
    found = by("segment", answer(scan, picture=chance, findings=(FOUND,)))
    place = replace(found.picture, units="probability", padding=None)
    doubt = ((chance > 0.1) & (chance < 0.5)).astype(np.float32)
    return replace(
        found, picture=place.with_voxels(chance), spread=place.with_voxels(doubt)
    )


def crossed(scan, modality):
    """A picture of the other modality, as translate makes it."""
    units = {"CT": "HU", "MR": "a.u."}[modality]
    ramp = np.linspace(-1000, 1800, scan.voxels.size, dtype=np.float32)
    voxels = ramp if modality == "CT" else ramp + 1000
    found = by("translate", answer(scan))
    place = replace(found.picture, units=units, modality=modality, padding=None)
    picture = place.with_voxels(voxels.reshape(scan.voxels.shape))
    return replace(found, picture=picture, spread=picture, imagined=picture)


def objects(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*.dcm")}


def test_an_outline_is_a_segmentation_a_report_and_labels(tmp_path):
    source = series(tmp_path / "in", "MR")
    result = outlined(read(source))
    write(result, tmp_path / "out", like=source)
    assert objects(tmp_path / "out") == {"segmentation.dcm", "findings.dcm"}
    seg = pydicom.dcmread(tmp_path / "out" / "segmentation.dcm")
    report = pydicom.dcmread(tmp_path / "out" / "findings.dcm")
    assert (seg.SOPClassUID, report.SOPClassUID) == (SEG, SR)
    labels = nib.load(tmp_path / "out" / "labels.nii.gz")
    assert labels.get_data_dtype() == np.uint8
    mask = np.asarray(labels.dataobj)
    np.testing.assert_array_equal(mask, result.picture.voxels > 0.5)
    chance = nib.load(tmp_path / "out" / "picture.nii.gz").get_fdata()
    np.testing.assert_allclose(chance, result.picture.voxels, atol=1e-6)


def test_an_outline_of_a_nifti_scan_has_labels_too(tmp_path):
    result = outlined(read(series(tmp_path / "in", "MR")))
    names = write(result, tmp_path / "out")
    assert set(names) == {
        "labels.nii.gz",
        "picture.nii.gz",
        "spread.nii.gz",
        "result.json",
    }


def test_a_series_without_its_patient_becomes_objects_too(tmp_path):
    (bare,) = write_bare(series(tmp_path / "in", "MR"), tmp_path / "bare")
    write(outlined(read(bare.folder)), tmp_path / "out", like=bare.folder)
    assert objects(tmp_path / "out") == {"segmentation.dcm", "findings.dcm"}
    report = pydicom.dcmread(tmp_path / "out" / "findings.dcm")
    assert (str(report.PatientName), report.PatientID) == ("", "")


def test_nothing_outlined_is_no_segmentation_and_is_told(tmp_path):
    source = series(tmp_path / "in", "MR")
    empty = replace(outlined(read(source), level=0.01), findings=())
    write(empty, tmp_path / "out", like=source)
    assert objects(tmp_path / "out") == set()
    told = json.loads((tmp_path / "out" / "result.json").read_text())["notes"]
    assert any("no segmentation" in note for note in told)
    assert any("no finding" in note for note in told)


def test_nodules_are_a_report_and_the_scan_is_not_copied(tmp_path):
    source = series(tmp_path / "in", "CT")
    result = by("detect", replace(answer(read(source)), spread=None, findings=(FOUND,)))
    names = write(result, tmp_path / "out", like=source)
    assert set(names) == {"findings.dcm", "result.json"}
    assert set(write(result, tmp_path / "nifti", format="nifti")) == {"result.json"}


@pytest.mark.parametrize(
    ("source", "made", "storage"),
    [("MR", "CT", CTImageStorage), ("CT", "MR", MRImageStorage)],
)
def test_a_translated_picture_is_a_series_of_its_own_modality(
    tmp_path, source, made, storage
):
    folder = series(tmp_path / "in", source)
    result = crossed(read(folder), made)
    write(result, tmp_path / "out", like=folder)
    one = pydicom.dcmread(tmp_path / "out" / "dicom" / "0001.dcm")
    assert (one.SOPClassUID, one.Modality) == (storage, made)
    assert one.ImageType[:2] == ["DERIVED", "SECONDARY"]
    assert one.ContentQualification == "RESEARCH"
    assert "synthetic" in one.SeriesDescription
    assert one.Manufacturer == "Vesalius"
    assert one.FrameOfReferenceUID == "1.2.6"
    gone = {"EchoTime", "ScanOptions"} if source == "MR" else {"KVP"}
    assert all(not one.get(keyword) for keyword in gone)
    again = read(tmp_path / "out" / "dicom")
    assert (again.modality, again.units) == (made, result.picture.units)
    np.testing.assert_allclose(again.affine, result.picture.affine, atol=1e-6)
    step = 0.5 if made == "MR" else 0.06
    np.testing.assert_allclose(again.voxels, result.picture.voxels, atol=step)


def test_a_translated_picture_is_not_written_twice_as_imagined(tmp_path):
    result = crossed(read(series(tmp_path / "in", "MR")), "CT")
    assert set(write(result, tmp_path / "out")) == {
        "picture.nii.gz",
        "spread.nii.gz",
        "result.json",
    }


def test_tables_are_files_that_other_programs_read(tmp_path):
    table = Table("HU and density", ("HU", "density"), (("-1000", "0"), ("0", "1")))
    result = replace(
        crossed(read(series(tmp_path / "in", "MR")), "CT"), tables=(table,)
    )
    assert "hu-and-density.csv" in write(result, tmp_path / "out")
    text = (tmp_path / "out" / "hu-and-density.csv").read_text()
    assert text == "HU,density\n-1000,0\n0,1\n"
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert record["tables"][0]["columns"] == ["HU", "density"]


def test_an_enhanced_series_gets_nifti_and_says_so(tmp_path):
    source = enhanced(tmp_path / "in", "MR", stored_block("MR"), upright())
    result = by("detect", replace(answer(read(source)), findings=(FOUND,)))
    with pytest.raises(ConfigError, match="enhanced"):
        write(result, tmp_path / "forced", like=source, format="dicom")
    assert not (tmp_path / "forced").exists()
    write(result, tmp_path / "out", like=source)
    told = json.loads((tmp_path / "out" / "result.json").read_text())["notes"]
    assert any("Written as NIfTI" in note for note in told)


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="needs dicom3tools")
@pytest.mark.parametrize(("source", "made"), [("MR", "CT"), ("CT", "MR")])
def test_the_validator_finds_no_error_in_a_translated_slice(tmp_path, source, made):
    folder = series(tmp_path / "in", source)
    write(crossed(read(folder), made), tmp_path / "out", like=folder)
    file = tmp_path / "out" / "dicom" / "0003.dcm"
    done = subprocess.run(["dciodvfy", file], capture_output=True, text=True)
    errors = [x for x in done.stderr.splitlines() if x.startswith("Error")]
    assert errors == []
