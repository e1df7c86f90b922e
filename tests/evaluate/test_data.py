"""Data sets and manifests become cases with a patient, a part and a path."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vesalius.errors import ConfigError
from vesalius.evaluate.cases import collected
from vesalius.evaluate.data import find_cases, open_case
from vesalius.evaluate.manifest import COLUMNS, read_manifest, write_template
from vesalius.evaluate.split import split
from vesalius.io import write_volume
from vesalius.physics.phantom import noisy_disc

HEAD = ",".join((*COLUMNS, "spacing_mm"))


@pytest.fixture
def sets(tmp_path):
    for name in (
        "lgg/A/flair.nii.gz",
        "lgg/A/t1c.nii.gz",
        "lgg/A/tumour.nii.gz",
        "lgg/B/flair.nii.gz",
        "acdc/p1/ed.nii.gz",
        "acdc/p1/es_label.nii.gz",
        "brain_t1_labels/S1_t1.nii.gz",
        "brain_t1_labels/S1_labels.nii.gz",
        "ct_volumes/chest.nii.gz",
        "mr_t1_dicom/1.dcm",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "lung_ct_slices").mkdir()
    grey = np.linspace(0, 255, 32 * 32).reshape(32, 32).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "lung_ct_slices/1.2.3.mhd_44.png")
    return tmp_path


def manifest(folder: Path, *rows: str) -> Path:
    (folder / "one.nii.gz").touch()
    file = folder / "manifest.csv"
    file.write_text("\n".join((HEAD, *rows)) + "\n", encoding="utf-8")
    return file


def test_known_sets_are_listed_without_labels_and_masks(sets):
    assert [case.label for case in collected(sets)] == [
        "acdc/p1/ed",
        "brain_t1_labels/S1/t1",
        "ct_volumes/chest/ct",
        "lgg/A/flair",
        "lgg/A/t1c",
        "lgg/B/flair",
        "lung_ct_slices/1.2.3/44",
        "mr_t1_dicom/mr_t1_dicom/t1",
    ]


def test_contrast_and_modality_are_those_of_the_set(sets):
    known = {case.label: (case.modality, case.contrast) for case in collected(sets)}
    assert known["lgg/A/t1c"] == ("MR", "T1ce")
    assert known["acdc/p1/ed"] == ("MR", None)
    assert known["ct_volumes/chest/ct"] == ("CT", None)


def test_each_set_is_split_by_its_own_patients(sets):
    cases = find_cases(sets)
    parts = split(["A", "B"])
    for case in cases:
        if case.collection == "lgg":
            assert case.part == parts.part_of(case.patient)
    assert {c.part for c in cases if c.collection == "mr_t1_dicom"} == {"train"}
    chosen = find_cases(sets, part="train", modality="CT")
    assert {c.collection for c in chosen} == {"ct_volumes", "lung_ct_slices"}


def test_grey_levels_that_stand_for_hu_become_hu(sets):
    (case,) = [c for c in collected(sets) if c.grey_is_hu]
    scan = open_case(case)
    assert (scan.units, scan.modality) == ("HU", "CT")
    assert (scan.voxels.min(), scan.voxels.max()) == (-1000, 400)


def test_an_empty_folder_is_refused_with_what_was_expected(tmp_path):
    with pytest.raises(ConfigError, match=r"manifest\.csv.*patient.*lgg"):
        find_cases(tmp_path)


def test_a_manifest_is_found_in_its_folder_and_read(tmp_path):
    manifest(tmp_path, "p1,one.nii.gz,MR,T1w,test,")
    write_volume(noisy_disc(seed=0, side=16), tmp_path / "one.nii.gz")
    (case,) = find_cases(tmp_path)
    assert (case.patient, case.part, case.contrast) == ("p1", "test", "T1w")
    assert open_case(case).voxels.shape == (16, 16, 8)


def test_without_a_split_the_patients_are_ranked(tmp_path):
    rows = [f"p{n},one.nii.gz,mr,flair,,0.7 0.7 2.5" for n in range(10)]
    cases = read_manifest(manifest(tmp_path, *rows))
    parts = split(f"p{n}" for n in range(10))
    assert all(case.part == parts.part_of(case.patient) for case in cases)
    assert cases[0].spacing_mm == (0.7, 0.7, 2.5)
    assert (cases[0].modality, cases[0].contrast) == ("MR", "FLAIR")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "no line"),
        ([",one.nii.gz,MR,,test,"], "line 2 .* no patient"),
        (["a,one.nii.gz,XR,,test,"], "line 2 .* modality is none of MR, CT"),
        (["a,one.nii.gz,MR,T3,test,"], "contrast is none of nothing, T1w"),
        (["a,one.nii.gz,MR,,tests,"], "split is none of"),
        (["a,gone.nii.gz,MR,,test,"], "the file is not there"),
        (["a,one.nii.gz,MR,,test,1 1"], "three numbers"),
        (["a,one.nii.gz,MR,,test,", "b,one.nii.gz,MR,,,"], "some lines only"),
        (["a,one.nii.gz,MR,,test,", "a,one.nii.gz,MR,,train,"], "two parts"),
    ],
)
def test_an_unusable_manifest_says_which_line_and_why(tmp_path, rows, sentence):
    with pytest.raises(ConfigError, match=sentence):
        read_manifest(manifest(tmp_path, *rows))


def test_a_missing_column_is_named(tmp_path):
    file = tmp_path / "manifest.csv"
    file.write_text("patient,file\n")
    with pytest.raises(ConfigError, match="modality, contrast, split"):
        read_manifest(file)


def test_the_template_is_a_manifest_and_is_never_overwritten(tmp_path):
    file = tmp_path / "manifest.csv"
    write_template(file)
    for line in file.read_text().splitlines()[1:]:
        named = tmp_path / line.split(",")[1]
        named.parent.mkdir(exist_ok=True)
        named.touch()
    assert {case.part for case in read_manifest(file)} == {"train", "calibrate", "test"}
    with pytest.raises(ConfigError, match="exists"):
        write_template(file)
