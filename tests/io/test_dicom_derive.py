"""A derived series: the source's patient and place, new in all else, and it says so."""

from itertools import permutations, product

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_derive_cases import answer, carried, derived, series, upright
from vesalius.io import read, write

# The same place, the same values

TURNS = [
    np.array([np.eye(3)[axis] * sign for axis, sign in zip(axes, signs, strict=True)]).T
    for axes in permutations(range(3))
    for signs in product((-1.0, 1.0), repeat=3)
]
RIGHT_HANDED = [turn for turn in TURNS if np.linalg.det(turn) > 0]


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("turn", RIGHT_HANDED)
def test_every_orientation_comes_back(tmp_path, modality, turn):
    affine = upright()
    affine[:3, :3] = np.diag([-1.0, -1, 1]) @ turn * (0.7, 0.8, 2.5)
    result, _, back = carried(series(tmp_path / "in", modality, affine), tmp_path)
    assert back.shares_grid_with(result.picture)
    assert np.allclose(back.affine, affine, atol=1e-6)
    step = 0.05 if modality == "CT" else 0.5
    assert np.abs(back.voxels - result.picture.voxels).max() <= step


@settings(max_examples=8)
@given(st.floats(-0.7, 0.7), st.floats(-0.7, 0.7), st.floats(0.3, 4), st.floats(0.3, 9))
def test_oblique_series_come_back(tmp_path_factory, a, b, edge, step):
    tmp_path = tmp_path_factory.mktemp("oblique")
    about_x, about_y = np.eye(3), np.eye(3)
    about_x[1:, 1:] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    about_y[::2, ::2] = [[np.cos(b), np.sin(b)], [-np.sin(b), np.cos(b)]]
    affine = upright()
    affine[:3, :3] = np.diag([-1.0, -1, 1]) @ about_x @ about_y * (edge, edge, step)
    result, slices, back = carried(series(tmp_path / "in", "CT", affine), tmp_path)
    assert back.shares_grid_with(result.picture)
    sources = [pydicom.dcmread(path) for path in (tmp_path / "in").iterdir()]
    places = {str(one.ImagePositionPatient) for one in sources}
    assert {str(one.ImagePositionPatient) for one in slices} == places


def test_each_slice_is_derived_from_the_one_at_its_place(tmp_path):
    _, slices, _ = carried(series(tmp_path / "in"), tmp_path)
    for k, one in enumerate(slices):
        source = one.SourceImageSequence[0]
        assert source.ReferencedSOPInstanceUID == f"1.2.3.{k + 1}"
        original = pydicom.dcmread(tmp_path / "in" / f"IM{k}.dcm")
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient"):
            assert one[keyword].value == original[keyword].value
        assert one.PixelSpacing == original.PixelSpacing
        assert one.InstanceNumber == k + 1


# New, and it says so


def test_what_is_kept_and_what_is_new(tmp_path):
    _, slices, _ = carried(series(tmp_path / "in"), tmp_path)
    source = pydicom.dcmread(tmp_path / "in" / "IM0.dcm")
    for keyword in (
        "PatientName",
        "PatientID",
        "StudyInstanceUID",
        "FrameOfReferenceUID",
        "AccessionNumber",
        "StudyDate",
        "ContentDate",
        "KVP",
    ):
        assert {str(one[keyword].value) for one in slices} == {
            str(source[keyword].value)
        }
    assert len({one.SOPInstanceUID for one in slices}) == len(slices)
    assert len({one.SeriesInstanceUID for one in slices}) == 1
    assert slices[0].SeriesInstanceUID != source.SeriesInstanceUID
    for one in slices:
        assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
        assert one.SOPInstanceUID.startswith("2.25.")
        assert one.SOPInstanceUID.is_valid


def test_it_says_that_it_is_ai_output_for_research(tmp_path):
    _, slices, _ = carried(series(tmp_path / "in"), tmp_path)
    for one in slices:
        assert list(one.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
        assert one.ContentQualification == "RESEARCH"
        assert one.SeriesDescription == "AI output, denoised: routine"
        assert "AI output" in one.DerivationDescription
        assert "seed 7; look faithful" in one.DerivationDescription
        assert one.DerivationCodeSequence[0].CodeValue == "113087"
        maker = one.ContributingEquipmentSequence[-1]
        assert maker.Manufacturer == "Vesalius"
        assert maker.SoftwareVersions == "1.2.3"
        assert maker.PurposeOfReferenceCodeSequence[0].CodeValue == "109102"
        series_said = one.ReferencedSeriesSequence[0]
        assert series_said.SeriesInstanceUID == "1.2.5"


def test_a_long_description_is_cut_to_what_the_standard_allows(tmp_path):
    source = series(tmp_path / "in", SeriesDescription="x" * 64)
    _, slices, _ = carried(source, tmp_path)
    assert len(slices[0].SeriesDescription) == 64
    assert slices[0].SeriesDescription.startswith("AI output")


def test_the_spread_lies_beside_and_no_time_in_any_file(tmp_path):
    source = series(tmp_path / "in")
    result = answer(read(source))
    for name in ("one", "two"):
        names = write(result, tmp_path / name, like=source)
        assert names[-2:] == ("result.json", "spread.nii.gz")
    for name in names:
        one = (tmp_path / "one" / name).read_bytes()
        assert one == (tmp_path / "two" / name).read_bytes(), name


def test_another_picture_gets_another_uid(tmp_path):
    source = series(tmp_path / "in")
    scan = read(source)
    for name, picture in (("one", scan.voxels * 0.9), ("two", scan.voxels * 0.8)):
        write(answer(scan, picture), tmp_path / name, like=source)
    one, two = derived(tmp_path / "one"), derived(tmp_path / "two")
    assert not {x.SOPInstanceUID for x in one} & {x.SOPInstanceUID for x in two}


# What must not come along


def test_private_elements_overlays_and_signatures_stay_behind(tmp_path):
    def spoil(one, k):
        block = one.private_block(0x0029, "WORKS", create=True)
        block.add_new(0x10, "LO", "Müller^Zoë")
        item = Dataset()
        item.private_block(0x0031, "WORKS", create=True).add_new(1, "LO", "Müller")
        item.CodeMeaning = "kept"
        one.ProcedureCodeSequence = Sequence([item])
        one.add_new(0x60003000, "OW", b"\1\1")
        one.add_new(0x60000010, "US", 8)
        one.add_new(0x50003000, "OW", b"\1\1")
        one.SmallestImagePixelValue, one.LargestImagePixelValue = 0, 9
        one.IconImageSequence = Sequence([Dataset()])
        one.DigitalSignaturesSequence = Sequence([Dataset()])
        one.InstanceCreationTime = "101500"
        one.file_meta.SourceApplicationEntityTitle = "MUELLER"
        one.preamble = b"Mueller".ljust(128, b"\0")

    _, slices, _ = carried(series(tmp_path / "in", edit=spoil), tmp_path)
    for one in slices:
        assert not [element for element in one.iterall() if element.tag.is_private]
        groups = {element.tag.group for element in one}
        assert not groups & {0x5000, 0x6000}
        for keyword in (
            "SmallestImagePixelValue",
            "IconImageSequence",
            "DigitalSignaturesSequence",
            "InstanceCreationTime",
        ):
            assert keyword not in one
        assert one.ProcedureCodeSequence[0].CodeMeaning == "kept"
        assert "SourceApplicationEntityTitle" not in one.file_meta
        assert one.preamble == bytes(128)


def test_decimal_strings_are_at_most_16_characters(tmp_path):
    def spoil(one, k):
        one.add_new("SliceLocation", "DS", "-12.345678901234567")
        one.add_new("ImagePositionPatient", "DS", ["0.123456789012345", "1", str(k)])
        one.add_new("KVP", "DS", "120.00")

    with pydicom.config.disable_value_validation():
        source = series(tmp_path / "in", edit=spoil)
        _, slices, _ = carried(source, tmp_path)
    for one in slices:
        for element in one.iterall():
            if element.VR == "DS" and not element.is_empty:
                several = element.value if element.VM > 1 else [element.value]
                assert all(len(str(value)) <= 16 for value in several), element
        assert float(one.SliceLocation) == pytest.approx(-12.345678901234567)
        assert str(one.KVP) == "120.00", "what fits stays as it was written"


# Windows


@pytest.mark.parametrize(
    "window",
    [("40", "0"), ("", ""), (None, None), (["40", "50"], "400"), ("nan", "400")],
)
def test_a_window_without_width_is_computed(tmp_path, window):
    def spoil(one, k):
        one.add_new("WindowCenter", "DS", window[0])
        one.add_new("WindowWidth", "DS", window[1])
        one.WindowCenterWidthExplanation = "ALGO1"

    with pydicom.config.disable_value_validation():
        result, slices, _ = carried(series(tmp_path / "in", edit=spoil), tmp_path)
    low, high = np.percentile(result.picture.voxels, (5, 95))
    for one in slices:
        centre, width = float(one.WindowCenter), float(one.WindowWidth)
        assert width >= 1
        assert centre - width / 2 <= low
        assert centre + width / 2 >= high
        assert "WindowCenterWidthExplanation" not in one


def test_windows_of_the_source_are_kept(tmp_path):
    put = {"WindowCenter": ["40", "-600"], "WindowWidth": ["400", "1500"]}
    _, slices, _ = carried(series(tmp_path / "in", **put), tmp_path)
    assert list(slices[0].WindowWidth) == [400, 1500]


# What the source lacks


def test_a_frame_of_reference_is_made_where_there_is_none(tmp_path):
    def spoil(one, k):
        del one.FrameOfReferenceUID, one.PositionReferenceIndicator

    _, slices, _ = carried(series(tmp_path / "in", edit=spoil), tmp_path)
    frames = {one.FrameOfReferenceUID for one in slices}
    assert len(frames) == 1
    assert frames.pop().startswith("2.25.")
    assert all("PositionReferenceIndicator" in one for one in slices)


def test_an_acquisition_number_is_added_empty(tmp_path):
    def spoil(one, k):
        del one.AcquisitionNumber

    _, slices, _ = carried(series(tmp_path / "in", edit=spoil), tmp_path)
    assert slices[0]["AcquisitionNumber"].is_empty


@pytest.mark.parametrize("number", ["", "twelve"])
def test_a_series_number_that_is_none(tmp_path, number):
    def spoil(one, k):
        one.add_new("SeriesNumber", "IS", None if not number else 1)
        if number:
            one["SeriesNumber"]._value = number

    with pydicom.config.disable_value_validation():
        _, slices, _ = carried(series(tmp_path / "in", edit=spoil), tmp_path)
    assert slices[0]["SeriesNumber"].is_empty
