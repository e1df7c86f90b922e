"""Segmentation objects: two outlines over their series, read back by another reader."""

import shutil
import subprocess
from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest

from dicom_derive_cases import answer, enhanced, series, stored_block, upright
from vesalius.errors import ConfigError
from vesalius.io import read
from vesalius.io.dicom_derive_source import source_of
from vesalius.io.dicom_seg import write_segmentation


def outlined(scan):
    """Probabilities with a box that is likely and a larger one that is possible."""
    chance = np.zeros_like(scan.voxels)
    chance[2:5, 1:4, 1:4] = 0.2
    chance[3:5, 2:4, 2:4] = 0.9
    doubt = ((chance > 0.1) & (chance < 0.5)).astype(np.float32)
    result = answer(scan, picture=chance)
    place = replace(result.picture, units="probability", padding=None)
    return replace(
        result,
        picture=place.with_voxels(chance),
        spread=place.with_voxels(doubt),
        provenance=replace(result.provenance, task="segment", model="segment-tumour"),
    )


@pytest.fixture
def made(tmp_path):
    source = series(tmp_path / "in", "MR")
    result = outlined(read(source))
    file = tmp_path / "seg.dcm"
    write_segmentation(result, source_of(source, result), file)
    return source, result, file


def test_the_outlines_come_back_where_they_were(made):
    source, result, file = made
    seg = highdicom.seg.segread(file)
    assert [seg.get_segment_description(n).segment_label for n in (1, 2)] == [
        "Tumour, likely",
        "Tumour, possible",
    ]
    uids = [pydicom.dcmread(f).SOPInstanceUID for f in sorted(source.iterdir())]
    by_place = {
        float(h.ImagePositionPatient[2]): h.SOPInstanceUID
        for h in (pydicom.dcmread(f) for f in sorted(source.iterdir()))
    }
    ordered = [by_place[z] for z in sorted(by_place)]
    assert set(ordered) == set(uids)
    frames = seg.get_pixels_by_source_instance(ordered, combine_segments=False)
    likely = result.picture.voxels > 0.5
    possible = likely | (result.spread.voxels > 0)
    for n, mask in enumerate((likely, possible)):
        assert np.array_equal(frames[..., n].transpose(2, 1, 0) > 0, mask)


def test_it_names_its_patient_its_frame_and_its_maker(made):
    source, _, file = made
    seg, one = pydicom.dcmread(file), pydicom.dcmread(next(iter(source.iterdir())))
    for keyword in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert seg[keyword].value == one[keyword].value
    assert seg.SeriesInstanceUID != one.SeriesInstanceUID
    assert seg.Manufacturer == "Vesalius"
    assert "AI output" in seg.SeriesDescription


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dicom3tools")
def test_the_validator_finds_no_error(made):
    done = subprocess.run(["dciodvfy", made[2]], capture_output=True, text=True)
    errors = [x for x in done.stderr.splitlines() if x.startswith("Error")]
    assert errors == []


def test_an_enhanced_series_is_refused_by_name(tmp_path):
    source = enhanced(tmp_path / "all.dcm", "MR", stored_block("MR"), upright())
    result = outlined(read(source))
    with pytest.raises(ConfigError):
        write_segmentation(result, source_of(source, result), tmp_path / "seg.dcm")
