"""Files as they lie in public data sets; nibabel is the reference."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from vesalius.errors import ScanError
from vesalius.io import read

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not here")

NIFTI = ("lgg/*/flair.nii.bz2", "acdc/*/e?.nii.gz", "brain_t1_labels/*_t1.nii.gz")


def first(pattern, count):
    return sorted(DATA.glob(pattern))[:count]


@pytest.mark.parametrize("pattern", [*NIFTI, "ct_volumes/*.nii.gz"])
def test_values_and_place_are_those_nibabel_reads(pattern):
    paths = first(pattern, 2)
    assert paths
    for path in paths:
        volume = read(path, modality="CT" if "ct_volumes" in pattern else "MR")
        reference = nib.load(path)
        np.testing.assert_array_equal(
            volume.voxels, reference.get_fdata(dtype=np.float32)
        )
        np.testing.assert_allclose(volume.affine, reference.affine, atol=1e-4)


def test_a_study_lies_on_one_grid():
    folder = first("lgg/*/t1c.nii.bz2", 1)[0].parent
    paths = [folder / f"{name}.nii.bz2" for name in ("flair", "t1", "t1c")]
    study = read(paths, modality="MR", contrast=["FLAIR", "T1w", "T1ce"])
    assert len(study.volumes) == 3


@pytest.mark.parametrize("pattern", ["chest_xray_nih/**/*.png", "mr_ct_pairs/*/*.png"])
def test_eight_bit_pictures_are_read(pattern):
    for path in first(pattern, 5):
        volume = read(path, modality="MR", spacing_mm=(1.0, 1.0))
        assert 0 <= volume.voxels.min() < volume.voxels.max() <= 255


def test_slices_of_many_patients_in_one_folder_are_no_stack():
    with pytest.raises(ScanError, match="one number only"):
        read(DATA / "lung_ct_slices", modality="CT", spacing_mm=(1.0, 1.0, 1.0))


def test_pet_in_colour_is_refused():
    colour = 0
    for path in first("brain_pet_mri_slices/**/*.png", 20):
        try:
            read(path, modality="PT", spacing_mm=(1.0, 1.0))
        except ScanError as error:
            colour += "colour" in str(error)
    assert colour
