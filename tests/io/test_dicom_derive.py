"""A derived series: the source's patient and place, new in all else, and it says so."""

import json
import shutil
import subprocess
from itertools import permutations, product

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)

from vesalius.errors import ConfigError, ScanError
from vesalius.io import read, write
from vesalius.io.dicom_derive_stored import (
    Stored,
    decimal,
    stored_hounsfield,
    stored_mirrored,
    stored_signal,
)
from vesalius.result import Provenance, Result, Verdict

CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}
SHAPE = (7, 6, 5)  # columns, rows, slices
PADDING = -2000


# A source, as a scanner stores it


def stored_block(modality, shape=SHAPE):
    """Asymmetric, and with all that the modality holds: no flip looks like another."""
    i, j, k = np.indices(shape)
    if modality == "CT":
        return (24 + 40 * i + 9 * j * j + 500 * (k == 2) + 1000 * (i == 3)).astype(int)
    return (10 * i + 31 * j + 110 * k + 7 * i * j).astype(int)


def header(modality, k, affine, shape=SHAPE):
    lps = np.diag([-1.0, -1, 1, 1]) @ affine
    edges = np.linalg.norm(lps[:3, :3], axis=0)
    one = Dataset()
    one.SpecificCharacterSet = "ISO_IR 100"
    one.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if modality == "CT" else "M_SE"]
    one.SOPClassUID = CLASSES[modality]
    one.SOPInstanceUID = f"1.2.3.{k + 1}"
    one.StudyInstanceUID, one.SeriesInstanceUID = "1.2.4", "1.2.5"
    one.FrameOfReferenceUID, one.PositionReferenceIndicator = "1.2.6", ""
    one.StudyDate = one.SeriesDate = one.ContentDate = "20210304"
    one.StudyTime = one.SeriesTime = one.ContentTime = "101500"
    one.AccessionNumber, one.Modality, one.Manufacturer = "A-55", modality, "Works"
    one.PatientName, one.PatientID = "Müller^Zoë", "ZZ-1"
    one.PatientBirthDate, one.PatientSex = "19470213", "F"
    one.ReferringPhysicianName, one.StudyID = "", "1"
    one.SeriesDescription, one.SeriesNumber = "routine", 3
    one.AcquisitionNumber, one.InstanceNumber = 1, 40 - k  # numbers run the other way
    one.BodyPartExamined = "CHEST"
    one.PatientPosition, one.SliceThickness = "HFS", decimal(edges[2])
    one.ImagePositionPatient = [decimal(x) for x in (lps @ [0, 0, k, 1])[:3]]
    directions = [*(lps[:3, 0] / edges[0]), *(lps[:3, 1] / edges[1])]
    one.ImageOrientationPatient = [decimal(x) for x in directions]
    one.PixelSpacing = [decimal(edges[1]), decimal(edges[0])]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.Columns, one.Rows = shape[:2]
    one.BitsAllocated, one.BitsStored, one.HighBit = 16, 16, 15
    one.PixelRepresentation = 0
    if modality == "CT":
        one.KVP, one.RescaleIntercept, one.RescaleSlope = "120", "-1024", "1"
        one.RescaleType = "HU"
    else:
        one.ScanningSequence, one.SequenceVariant, one.ScanOptions = "SE", "SP", ""
        one.MRAcquisitionType, one.EchoTime, one.RepetitionTime = "2D", "12", "500"
        one.EchoTrainLength = 1
    one.WindowCenter, one.WindowWidth = "40", "400"
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return one


def upright(spacing=(0.7, 0.8, 2.5)):
    affine = np.diag([-spacing[0], -spacing[1], spacing[2], 1.0])
    affine[:3, 3] = 12.5, -7.25, 100
    return affine


def series(folder, modality="CT", affine=None, edit=None, block=None, **put):
    """Write a series; `edit` may spoil each header before it is saved."""
    folder.mkdir(parents=True, exist_ok=True)
    affine = upright() if affine is None else affine
    block = stored_block(modality) if block is None else block
    for k in range(block.shape[2]):
        one = header(modality, k, affine, block.shape)
        for keyword, value in put.items():
            setattr(one, keyword, value)
        if edit is not None:
            edit(one, k)
        kind = "<i2" if one.PixelRepresentation else "<u2"
        one.PixelData = np.ascontiguousarray(block[:, :, k].T).astype(kind).tobytes()
        one["PixelData"].VR = "OW"
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.save_as(folder / f"IM{k}.dcm", enforce_file_format=True)
    return folder


def answer(scan, picture=None, **said):
    """What a task returns: the scan half way to its mean, padding as it was."""
    if picture is None:
        picture = (scan.voxels + scan.voxels.mean()) / 2
        if scan.padding is not None:
            picture[scan.padding] = scan.voxels[scan.padding]
    provenance = Provenance(
        task="denoise",
        model="denoise-ct",
        weights_sha256="a" * 64,
        input_sha256=scan.sha256,
        seed=7,
        options=(("look", "faithful"),),
        version="1.2.3",
    )
    return Result(
        picture=scan.with_voxels(picture.astype(np.float32)),
        spread=scan.with_voxels(np.ones_like(scan.voxels)),
        verdict=Verdict("show"),
        provenance=provenance,
        **said,
    )


def derived(out):
    return [pydicom.dcmread(path) for path in sorted((out / "dicom").iterdir())]


def carried(source, tmp_path, **said):
    """Read, answer, write; return the answer, what was written, and what reads back."""
    result = answer(read(source), **said)
    out = tmp_path / "out"
    write(result, out, like=source)
    return result, derived(out), read(out / "dicom")


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


# Values


def test_ct_keeps_metal_and_padding(tmp_path):
    block = stored_block("CT") + 24
    block[2, 2, :] = 9000 + 1024
    block[:2, :2, :] = PADDING
    source = series(
        tmp_path / "in",
        block=block,
        PixelRepresentation=1,
        # a sign that got lost, as many write it
        edit=lambda one, k: one.add_new("PixelPaddingValue", "US", 2**16 + PADDING),
    )
    scan = read(source)
    picture = scan.voxels + 0.3
    picture[scan.padding] = scan.voxels[scan.padding]
    result, slices, back = carried(source, tmp_path, picture=picture)
    assert np.array_equal(back.voxels[scan.padding], scan.voxels[scan.padding])
    assert np.array_equal(back.padding, scan.padding)
    assert np.abs(back.voxels - result.picture.voxels).max() <= 0.125
    assert back.voxels.max() == pytest.approx(9000.3, abs=0.125)
    for one in slices:
        assert one["PixelPaddingValue"].VR == "SS"
        assert one.PixelRepresentation == 1
        assert one.RescaleType == "HU"


def test_a_padding_range_is_carried_over(tmp_path):
    block = stored_block("CT") + 24
    block[0, :, :] = -5000
    block[1, :, :] = -4000
    source = series(
        tmp_path / "in",
        block=block,
        PixelRepresentation=1,
        PixelPaddingValue=-5000,
        PixelPaddingRangeLimit=-4000,
    )
    scan = read(source)
    result, _, back = carried(source, tmp_path, picture=scan.voxels.copy())
    assert scan.padding[:2].all()
    assert np.array_equal(back.padding, scan.padding)
    assert np.array_equal(back.voxels[:2], result.picture.voxels[:2])


def test_padding_is_exact_where_the_source_has_an_odd_slope(tmp_path):
    block = stored_block("CT")
    block[:2, :2, :] = 0
    put = {"RescaleSlope": "2.0002442", "RescaleIntercept": "-3024.8752"}
    scan = read(series(tmp_path / "in", block=block + 800 * (block > 0), **put))
    assert scan.padding.any()
    _, _, back = carried(tmp_path / "in", tmp_path)
    # one step of float32 at 3024 is 0.00024
    np.testing.assert_allclose(
        back.voxels[scan.padding], scan.voxels[scan.padding], rtol=0, atol=3e-4
    )


def test_an_unused_padding_value_costs_no_precision(tmp_path):
    source = series(tmp_path / "in", PixelRepresentation=1, PixelPaddingValue=-32768)
    _, slices, _ = carried(source, tmp_path)
    assert float(slices[0].RescaleSlope) <= 0.1
    assert "PixelPaddingValue" not in slices[0]


def test_slopes_that_differ_become_one(tmp_path):
    def scaled(one, k):
        one.RescaleSlope, one.RescaleIntercept = decimal(0.3 + 0.4 * k), "5"

    source = series(tmp_path / "in", "MR", edit=scaled)
    result, slices, back = carried(source, tmp_path)
    assert len({one.RescaleSlope for one in slices}) == 1
    assert np.abs(back.voxels - result.picture.voxels).max() < 0.02


def test_mr_is_stored_as_scanners_do_where_that_is_fine_enough(tmp_path):
    result, slices, back = carried(series(tmp_path / "in", "MR"), tmp_path)
    assert "RescaleSlope" not in slices[0]
    assert np.abs(back.voxels - result.picture.voxels).max() <= 0.5
    faint = stored_block("MR") // 10
    source = series(tmp_path / "faint", "MR", block=faint)
    result = answer(read(source))
    write(result, tmp_path / "fainter", like=source)
    back = read(tmp_path / "fainter" / "dicom")
    assert np.abs(back.voxels - result.picture.voxels).max() < 0.01


@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("scale", [1, 3])
def test_white_at_the_low_end_stays_there(tmp_path, signed, scale):
    put = {"PhotometricInterpretation": "MONOCHROME1", "PixelRepresentation": signed}
    source = series(
        tmp_path / "in", "MR", block=stored_block("MR") * scale, BitsStored=16, **put
    )
    result, slices, back = carried(source, tmp_path)
    assert {one.PhotometricInterpretation for one in slices} == {"MONOCHROME1"}
    assert np.abs(back.voxels - result.picture.voxels).max() <= 0.5
    first = pydicom.dcmread(source / "IM0.dcm").pixel_array.astype(float)
    ours = slices[0].pixel_array * float(slices[0].get("RescaleSlope", 1))
    ours = ours + float(slices[0].get("RescaleIntercept", 0))
    assert np.corrcoef(first.ravel(), ours.ravel())[0, 1] > 0.99, "not turned about"


def test_hu_in_a_monochrome1_are_hu(tmp_path):
    source = series(tmp_path / "in", PhotometricInterpretation="MONOCHROME1")
    result, slices, back = carried(source, tmp_path)
    assert slices[0].PhotometricInterpretation == "MONOCHROME1"
    assert np.abs(back.voxels - result.picture.voxels).max() <= 0.05


@given(st.floats(-4e4, 4e4), st.floats(0, 6e4), st.sampled_from([None, -3024.0, 0.25]))
def test_no_hu_is_clipped_and_padding_is_exact(low, span, padding):
    high = low + span
    stored = stored_hounsfield(low, high, padding)
    values = np.linspace(low, high, 50, dtype=np.float32).reshape(1, 50)
    back = stored.numbers(values).astype(float) * stored.slope + stored.intercept
    assert np.abs(back - values).max() <= stored.slope / 2 + 1e-3
    assert stored.slope <= 0.1 or span > 6553
    assert stored.slope <= span / 2**14 or stored.slope <= 0.0625
    if padding is not None and low <= padding <= high:
        number = stored.number(padding)
        assert number * stored.slope + stored.intercept == pytest.approx(
            padding, abs=1e-6
        )


@given(
    st.floats(0, 1e5), st.floats(1e-6, 1e6), st.booleans(), st.sampled_from([0.0, -5.0])
)
def test_no_mr_signal_is_clipped(low, span, rescaled, shift):
    low, high = low + shift, low + shift + span
    stored = stored_signal(low, high, None, rescaled=rescaled)
    assert stored.holds(low, high)
    assert len(decimal(stored.slope)) <= 16
    assert len(decimal(stored.intercept)) <= 16
    assert stored.is_plain or rescaled or high < 250 or high > 65535 or low < -32768


@given(st.integers(0, 4000), st.integers(1, 4000), st.booleans())
def test_a_mirrored_volume_is_mirrored_at_its_sources_middle(low, span, rescaled):
    stored = stored_mirrored(float(low), float(low + span), 4095.0, rescaled=rescaled)
    assert stored.holds(float(low), float(low + span))
    assert -stored.slope + 2 * stored.intercept == pytest.approx(4095)
    number = stored.number(float(low))
    assert number * stored.slope + stored.intercept == pytest.approx(low, abs=1e-6)


@given(st.floats(-1e300, 1e300))
def test_a_decimal_string_has_16_characters(number):
    assert len(decimal(number)) <= 16
    assert float(decimal(number)) == pytest.approx(number, rel=1e-8)


def test_a_number_beyond_the_range_is_none():
    stored = Stored(1.0, 0.0, signed=False)
    assert stored.number(65535.0) == 65535
    assert stored.number(65536.0) is None
    assert stored.number(-1.0) is None


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


# Enhanced


def enhanced(path, modality, block, affine):
    """One multi-frame file, its frames from last to first."""
    first = header(modality, 0, affine, block.shape)
    one = Dataset()
    for element in first:
        if element.keyword not in (
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "PixelSpacing",
            "SliceThickness",
            "RescaleSlope",
            "RescaleIntercept",
            "RescaleType",
            "WindowCenter",
            "WindowWidth",
            "KVP",
            "EchoTime",
            "RepetitionTime",
            "EchoTrainLength",
            "ScanningSequence",
            "SequenceVariant",
            "ScanOptions",
        ):
            one.add(element)
    is_ct = modality == "CT"
    one.SOPClassUID = EnhancedCTImageStorage if is_ct else EnhancedMRImageStorage
    one.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    one.EchoPulseSequence = "GRADIENT"
    shared, groups = Dataset(), []
    measures, plane = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = (
        first.PixelSpacing,
        first.SliceThickness,
    )
    plane.ImageOrientationPatient = first.ImageOrientationPatient
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([plane])
    echo, timing = Dataset(), Dataset()
    echo.EffectiveEchoTime = 12.5
    timing.RepetitionTime, timing.EchoTrainLength = "500", 1
    shared.MREchoSequence = Sequence([echo])
    shared.MRTimingAndRelatedParametersSequence = Sequence([timing])
    order = range(block.shape[2] - 1, -1, -1)
    for k in order:
        frame, place, values = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = header(modality, k, affine).ImagePositionPatient
        values.RescaleSlope, values.RescaleType = "1", "HU" if is_ct else "US"
        values.RescaleIntercept = "-1024" if is_ct else "0"
        window = Dataset()
        window.WindowCenter, window.WindowWidth = "50", str(300 + k)
        frame.PlanePositionSequence = Sequence([place])
        frame.PixelValueTransformationSequence = Sequence([values])
        frame.FrameVOILUTSequence = Sequence([window])
        groups.append(frame)
    one.SharedFunctionalGroupsSequence = Sequence([shared])
    one.PerFrameFunctionalGroupsSequence = Sequence(groups)
    one.NumberOfFrames = block.shape[2]
    frames = [np.ascontiguousarray(block[:, :, k].T) for k in order]
    one.PixelData = np.stack(frames).astype("<u2").tobytes()
    one["PixelData"].VR = "OW"
    one.file_meta = first.file_meta
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    one.save_as(path, enforce_file_format=True)
    return path


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
