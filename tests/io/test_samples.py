"""The scans in the box: real, small, and nobody's name in them."""

import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000Lossless

from vesalius.errors import ConfigError, OutputError
from vesalius.io import read
from vesalius.io.samples import BOX, NAMES, SOURCES, sample, unpack_sample

MOST_BYTES = 6_000_000
INVENTED = {"PatientName", "PatientID"}
# Elements that may name a person or a place, or say when (PS3.15 E.1 has them all; of
# the others nothing was copied).
EMPTY_OR_ABSENT = (
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "PatientComments",
    "AccessionNumber",
    "InstitutionName",
    "InstitutionAddress",
    "ReferringPhysicianName",
    "PhysiciansOfRecord",
    "PerformingPhysicianName",
    "OperatorsName",
    "RequestingPhysician",
    "StationName",
    "DeviceSerialNumber",
    "StudyID",
    "StudyTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "RequestAttributesSequence",
    "ReferencedImageSequence",
    "ImageComments",
)


@pytest.fixture(params=NAMES)
def slices(request):
    return [pydicom.dcmread(path) for path in sorted((BOX / request.param).iterdir())]


def test_the_box_is_small():
    sizes = [path.stat().st_size for path in BOX.rglob("*") if path.is_file()]
    assert sum(sizes) <= MOST_BYTES


@pytest.mark.parametrize(
    ("name", "shape", "modality", "brightest"),
    [("head-mr", (256, 256, 24), "MR", 625), ("chest-ct", (512, 512, 24), "CT", 3071)],
)
def test_a_sample_reads_as_one_volume(tmp_path, name, shape, modality, brightest):
    files = sample(name, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(files)
    scan = read(tmp_path / "out")
    assert (scan.voxels.shape, scan.modality) == (shape, modality)
    assert scan.sides_known
    assert scan.voxels.max() <= brightest
    if modality == "CT":
        corner = scan.padding[0, 0]
        assert corner.all()
        assert np.percentile(scan.voxels[~scan.padding], 1) < -900, "air in a lung"


def test_slices_are_lossless_and_numbered_along_the_stack(slices):
    assert len(slices) == 24
    for number, one in enumerate(slices, start=1):
        assert one.file_meta.TransferSyntaxUID == JPEG2000Lossless
        assert one.InstanceNumber == number
    assert len({one.SOPInstanceUID for one in slices}) == 24


def test_nobody_can_be_named_by_it(slices):
    for one in slices:
        assert str(one.PatientName).startswith("SAMPLE^")
        for element in one.iterall():
            assert not element.tag.is_private
            assert not (element.VR == "PN" and element.keyword not in INVENTED) or (
                element.is_empty
            )
            assert element.VR != "DA" or element.value in ("", "20000101")
            if element.VR == "UI" and element.keyword.endswith("InstanceUID"):
                assert element.value.startswith("2.25.")
        for keyword in EMPTY_OR_ABSENT:
            assert not one.get(keyword), keyword


def test_sources_and_licences_lie_beside(tmp_path):
    unpack_sample("chest-ct", tmp_path)
    text = (tmp_path / SOURCES).read_text(encoding="utf-8")
    for word in ("licenses/by/3.0", "LIDC-IDRI", "Armato", "MIT", "Permission"):
        assert word in text
    assert "trained on" in text


def test_what_does_not_exist_or_cannot_be_written(tmp_path):
    with pytest.raises(ConfigError, match="head-mr, chest-ct"):
        sample("knee", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        sample("head-mr", tmp_path / "file")
    with pytest.raises(OutputError, match="cannot be written"):
        unpack_sample("head-mr", tmp_path / "file")
    with pytest.raises(OutputError, match="not empty"):
        sample("head-mr", tmp_path)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dicom3tools")
@pytest.mark.parametrize("name", NAMES)
def test_the_validator_finds_no_error(name):
    for path in sorted((BOX / name).iterdir())[::12]:
        said = subprocess.run(
            ["dciodvfy", str(path)], capture_output=True, text=True, check=False
        )
        lines = (said.stdout + said.stderr).splitlines()
        assert not [line for line in lines if line.startswith("Error")]
