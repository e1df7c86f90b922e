"""What we write as DICOM says the same to toolkits that share no code with ours.

GDCM, within SimpleITK, reads the pixels; dcmtk the report.
"""

import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813, its own custom

from dicom_derive_cases import answer, series, upright
from vesalius.io import read, write
from vesalius.result import Finding

FOUND = (
    Finding((10.5, -3.25, 104.0), 8.04, 0.971, (0.9, 0.99)),
    Finding((-4.0, 6.5, 98.5), 3.2, 0.404, (0.2, 0.6)),
)
TO_RAS = np.diag([-1.0, -1.0, 1.0])  # ITK is LPS+, as DICOM is


def by(task, result):
    return replace(result, provenance=replace(result.provenance, task=task))


def test_gdcm_reads_the_synthetic_ct_as_it_was_made(tmp_path):
    scan = read(series(tmp_path / "in", "MR", upright()))
    ramp = np.linspace(-1000, 1800, scan.voxels.size, dtype=np.float32)
    found = by("translate", answer(scan))
    place = replace(found.picture, units="HU", modality="CT", padding=None)
    picture = place.with_voxels(ramp.reshape(scan.voxels.shape))
    write(
        replace(found, picture=picture, spread=picture, imagined=picture),
        tmp_path / "out",
        like=tmp_path / "in",
    )
    reader = sitk.ImageSeriesReader()
    folder = str(tmp_path / "out" / "dicom")
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    image = reader.Execute()
    # Where each of its voxels lies by its header, and which of ours that is.
    got = sitk.GetArrayFromImage(image)
    steps = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    k, j, i = np.indices(got.shape)
    at = TO_RAS @ (
        steps @ np.stack([i, j, k]).reshape(3, -1)
        + np.array(image.GetOrigin())[:, None]
    )
    back = np.linalg.inv(picture.affine)
    ours = back[:3, :3] @ at + back[:3, 3:]
    np.testing.assert_allclose(ours, np.rint(ours), atol=0.01)
    expected = picture.voxels[tuple(np.rint(ours).astype(int))]
    np.testing.assert_allclose(got.ravel(), expected, atol=0.51)


def test_gdcm_counts_the_voxels_of_the_outline(tmp_path):
    scan = read(series(tmp_path / "in", "MR"))
    chance = np.zeros_like(scan.voxels)
    chance[2:5, 1:4, 1:4] = 0.2
    chance[3:5, 2:4, 2:4] = 0.9
    found = by("segment", answer(scan, picture=chance, findings=FOUND[:1]))
    place = replace(found.picture, units="probability", padding=None)
    doubt = ((chance > 0.1) & (chance < 0.5)).astype(np.float32)
    result = replace(
        found, picture=place.with_voxels(chance), spread=place.with_voxels(doubt)
    )
    write(result, tmp_path / "out", like=tmp_path / "in")
    frames = sitk.GetArrayFromImage(
        sitk.ReadImage(str(tmp_path / "out" / "segmentation.dcm"))
    )
    # It leaves the bits of a last byte that is not full as they happen to be.
    seen = frames.ravel()[: frames.size - frames.size % 8]
    assert set(np.unique(seen)) == {0, 255}
    # Likely, then possible: the band of doubt belongs to the second alone.
    assert int((seen > 0).sum()) == int((chance > 0.5).sum() + (chance > 0.1).sum())


@pytest.mark.skipif(not shutil.which("dsrdump"), reason="needs dcmtk")
def test_dcmtk_reads_the_findings_as_they_were_found(tmp_path):
    scan = read(series(tmp_path / "in", "CT"))
    result = by("detect", replace(answer(scan), spread=None, findings=FOUND))
    write(result, tmp_path / "out", like=tmp_path / "in")
    said = subprocess.run(
        ["dsrdump", str(tmp_path / "out" / "findings.dcm")],
        capture_output=True,
        encoding="latin-1",  # as the source has it
        check=True,
    ).stdout
    number = r'="(-?[\d.]+)"'
    sizes = [float(n) for n in re.findall(r'"Diameter"\)' + number, said)]
    sure = [float(n) for n in re.findall(r'"Certainty of Finding"\)' + number, said)]
    places = re.findall(r"\(POINT,,([-\d.]+)/([-\d.]+)/([-\d.]+)\)", said)
    assert sizes == pytest.approx([one.size_mm for one in FOUND], abs=0.06)
    assert sure == pytest.approx([100 * one.probability for one in FOUND], abs=0.06)
    for place, one in zip(np.array(places, float), FOUND, strict=True):
        assert TO_RAS @ place == pytest.approx(one.position_mm, abs=1e-3)
