"""Derived series of real scans: an outside validator, and the source beside it."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from vesalius.io import read, write
from vesalius.io.samples import NAMES, unpack_sample
from vesalius.result import Provenance, Result, Verdict

DATA = Path(__file__).parents[3] / "shared" / "data"
here = pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not here")
EVERY = 32  # slices to the next one that is validated: it takes a tenth of a second
SAME = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "FrameOfReferenceUID",
    "StudyInstanceUID",
    "PatientID",
)
SINGLE = (
    "pydicom__CT_small.dcm",
    "pydicom__MR_small_RLE.dcm",
    "pydicom__J2K_pixelrep_mismatch.dcm",
    "fo-dicom__mr.dcm",
    "pydicom-data__MR2_J2KI.dcm",
    "dicom-test-files__data__WG04__JLSN__MR1_JLSN",
    "cornerstone3D__CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm",
)


def answer(scan):
    """A stand-in for a task: all that matters here is that the voxels differ."""
    picture = 0.75 * scan.voxels + 0.25 * np.roll(scan.voxels, 1, axis=0)
    if scan.padding is not None:
        picture[scan.padding] = scan.voxels[scan.padding]
    provenance = Provenance(
        task="denoise",
        weights_sha256=None,
        input_sha256=scan.sha256,
        seed=0,
        options=(),
        version="0",
    )
    return Result(
        picture=scan.with_voxels(picture.astype(np.float32)),
        verdict=Verdict("show"),
        provenance=provenance,
    )


def errors(files):
    if shutil.which("dciodvfy") is None:
        pytest.skip("needs dicom3tools")
    lines = set()
    for file in files:
        said = subprocess.run(
            ["dciodvfy", str(file)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        lines |= set((said.stdout + said.stderr).splitlines())
    return {line for line in lines if line.startswith("Error")}


def carried(source, out):
    scan = read(source)
    result = answer(scan)
    write(result, out, like=source, format="dicom")
    back = read(out / "dicom")
    assert back.shares_grid_with(scan)
    assert np.abs(back.affine - scan.affine).max() < 1e-9
    if scan.padding is not None:
        inside = scan.padding
        assert np.array_equal(back.voxels[inside], scan.voxels[inside])
    return result, back, sorted((out / "dicom").iterdir())


@here
@pytest.mark.parametrize(
    ("name", "count", "step"), [("lidc_0001", 133, 0.05), ("mr_t1_dicom", 64, 0.5)]
)
def test_a_whole_series(tmp_path, name, count, step):
    result, back, slices = carried(DATA / name, tmp_path / "out")
    assert len(slices) == count
    assert np.abs(back.voxels - result.picture.voxels).max() <= step + 1e-3
    sources = [pydicom.dcmread(f, defer_size=1024) for f in (DATA / name).glob("*.dcm")]
    by_uid = {one.SOPInstanceUID: one for one in sources}
    for number, file in enumerate(slices):
        one = pydicom.dcmread(file, defer_size=1024)
        source = by_uid.pop(one.SourceImageSequence[0].ReferencedSOPInstanceUID)
        for keyword in SAME:
            assert one[keyword].value == source[keyword].value
        if number % EVERY == 0:
            pixels = [each.pixel_array[::4, ::4].ravel() for each in (source, one)]
            assert np.corrcoef(pixels)[0, 1] > 0.9
    assert not by_uid
    assert not errors(slices[::EVERY])


@pytest.mark.parametrize("name", NAMES)
def test_the_scans_in_the_box(tmp_path, name):
    unpack_sample(name, tmp_path / "in")
    _, _, slices = carried(tmp_path / "in", tmp_path / "out")
    assert len(slices) == 24
    assert not errors(slices[::EVERY])


@here
@pytest.mark.parametrize("name", SINGLE)
def test_no_error_that_the_source_does_not_have(tmp_path, name):
    source = DATA / "dicom_interop" / name
    _, _, slices = carried(source, tmp_path / "out")
    assert not errors(slices) - errors([source])
