"""Sources of a derived series: enhanced ones, zips, and which series of several."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from pydicom.uid import SecondaryCaptureImageStorage

from dicom_derive_cases import (
    CLASSES,
    SHAPE,
    answer,
    carried,
    derived,
    enhanced,
    series,
    stored_block,
    upright,
)
from vesalius.errors import ConfigError, ScanError
from vesalius.io import read, write


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_frames_become_single_slices(tmp_path, modality):
    block = stored_block(modality)
    source = enhanced(tmp_path / "all.dcm", modality, block, upright())
    result, slices, back = carried(source, tmp_path)
    assert back.shares_grid_with(result.picture)
    assert np.abs(back.voxels - result.picture.voxels).max() <= 0.5
    assert len(slices) == block.shape[2]
    for k, one in enumerate(slices):
        assert one.SOPClassUID == CLASSES[modality]
        assert "NumberOfFrames" not in one
        assert "PerFrameFunctionalGroupsSequence" not in one
        frame = one.SourceImageSequence[0].ReferencedFrameNumber
        assert frame == block.shape[2] - k
        assert one.WindowWidth == 300 + k
        assert str(one.PatientName) == "Müller^Zoë"
    if modality == "MR":
        assert slices[0].EchoTime == 12.5
        assert slices[0].ScanningSequence == "GR"


# Which series


def test_the_series_that_was_read_is_found_among_several(tmp_path):
    series(tmp_path / "in" / "a")
    other = stored_block("CT") + 3
    series(tmp_path / "in" / "b", block=other, SeriesInstanceUID="1.2.99")
    for uid in ("1.2.5", "1.2.99"):
        result = answer(read(tmp_path / "in", series=uid))
        write(result, tmp_path / uid, like=tmp_path / "in")
        said = derived(tmp_path / uid)[0].ReferencedSeriesSequence[0]
        assert said.SeriesInstanceUID == uid


def test_a_series_the_result_was_not_made_from_is_refused(tmp_path):
    source = series(tmp_path / "in")
    other = series(tmp_path / "other", block=stored_block("CT") + 3)
    result = answer(read(source))
    for format in ("auto", "dicom"):
        with pytest.raises(ScanError, match="the scan the result was made from"):
            write(result, tmp_path / "out", like=other, format=format)
    assert not (tmp_path / "out").exists()


def test_what_is_no_ct_or_mr_image_is_written_as_nifti_and_said(tmp_path):
    source = series(
        tmp_path / "in",
        "MR",
        edit=lambda one, k: setattr(one, "SOPClassUID", SecondaryCaptureImageStorage),
    )
    result = answer(read(source))
    write(result, tmp_path / "out", like=source)
    assert (tmp_path / "out" / "picture.nii.gz").exists()
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    assert "another kind of object" in record["notes"][0]
    with pytest.raises(ConfigError, match="another kind of object"):
        write(result, tmp_path / "forced", like=source, format="dicom")
    assert not (tmp_path / "forced").exists()


def test_a_zip_is_a_source_too(tmp_path):
    series(tmp_path / "in")
    shutil.make_archive(tmp_path / "scan", "zip", tmp_path / "in")
    _, slices, _ = carried(tmp_path / "scan.zip", tmp_path)
    assert len(slices) == SHAPE[2]


# A validator that is not ours


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dicom3tools")
@pytest.mark.parametrize("kind", ["CT", "MR", "enhanced CT", "enhanced MR"])
def test_the_validator_finds_no_error(tmp_path, kind):
    modality = kind.split()[-1]
    if kind == modality:
        source = series(tmp_path / "in", modality)
    else:
        block = stored_block(modality)
        source = enhanced(tmp_path / "all.dcm", modality, block, upright())
    carried(source, tmp_path)
    for path in sorted((tmp_path / "out" / "dicom").iterdir()):
        said = subprocess.run(
            ["dciodvfy", str(path)], capture_output=True, text=True, check=False
        )
        lines = (said.stdout + said.stderr).splitlines()
        assert not [line for line in lines if line.startswith("Error")]
