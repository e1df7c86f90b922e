"""Structured reports of findings, read back by tools that are not ours."""

import shutil
import subprocess
from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest

from dicom_derive_cases import answer, series
from vesalius.errors import ConfigError
from vesalius.io import read
from vesalius.io.dicom_derive_source import source_of
from vesalius.io.dicom_sr import write_findings
from vesalius.result import Finding, Verdict

FOUND = (
    Finding((10.5, -3.25, 104.0), 8.0, 0.97, (0.9, 0.99)),
    Finding((8.0, -5.0, 107.0), 4.5, 0.61, (0.4, 0.8)),
)


def reported(tmp_path, modality, findings):
    source = series(tmp_path / "in", modality)
    result = answer(read(source), findings=findings)
    task = "detect" if modality == "CT" else "segment"
    result = replace(result, provenance=replace(result.provenance, task=task))
    file = tmp_path / "sr.dcm"
    write_findings(result, source_of(source, result), file)
    return source, file


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_places_sizes_and_certainties_come_back(tmp_path, modality):
    _, file = reported(tmp_path, modality, FOUND)
    report = highdicom.sr.srread(file)
    groups = report.content.get_planar_roi_measurement_groups()
    assert len(groups) == 2
    for group, finding in zip(groups, FOUND, strict=True):
        x, y, z = group.roi.value[0]
        np.testing.assert_allclose((-x, -y, z), finding.position_mm, atol=1e-4)
        told = {m.name.meaning: m.value for m in group.get_measurements()}
        assert told["Diameter"] == finding.size_mm
        assert told["Certainty of Finding"] == pytest.approx(100 * finding.probability)


def test_it_says_that_nobody_has_verified_it(tmp_path):
    source, file = reported(tmp_path, "CT", FOUND)
    report, one = pydicom.dcmread(file), pydicom.dcmread(next(iter(source.iterdir())))
    assert report.VerificationFlag == "UNVERIFIED"
    assert report.PatientID == one.PatientID
    assert report.StudyInstanceUID == one.StudyInstanceUID
    assert "not reviewed" in report.SeriesDescription


def test_no_finding_is_no_report(tmp_path):
    with pytest.raises(ConfigError, match="no finding"):
        reported(tmp_path, "CT", ())


def test_a_withheld_result_has_no_report(tmp_path):
    source = series(tmp_path / "in")
    result = answer(read(source))
    found = source_of(source, result)
    withheld = replace(
        result, picture=None, spread=None, verdict=Verdict("withhold", ("no",))
    )
    with pytest.raises(ConfigError):
        write_findings(withheld, found, tmp_path / "sr.dcm")


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dicom3tools")
@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_the_validator_finds_no_error(tmp_path, modality):
    _, file = reported(tmp_path, modality, FOUND)
    done = subprocess.run(["dciodvfy", file], capture_output=True, text=True)
    assert [x for x in done.stderr.splitlines() if x.startswith("Error")] == []
