"""Stored values become intensities: rescale, sign, overlays, polarity and padding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dicom_cases as cases
from vesalius.errors import FormatError, ScanError
from vesalius.io.dicom import read_dicom

SOFT = cases.soft()
HU = cases.thorax()


def read(slices, tmp_path):
    return read_dicom(cases.write(slices, tmp_path / "series"))


def test_each_slice_has_its_own_rescale(tmp_path):
    slices = cases.series(SOFT)
    slopes, intercepts = 0.25 * np.arange(1, 7), 8.0 * np.arange(6)
    for d, slope, intercept in zip(slices, slopes, intercepts, strict=True):
        d.RescaleSlope, d.RescaleIntercept = str(slope), str(intercept)
    scan = read(slices, tmp_path)
    np.testing.assert_array_equal(scan.voxels, SOFT * slopes + intercepts)
    assert scan.units == "a.u."


@given(bits=st.integers(2, 15), signed=st.booleans(), seed=st.integers(0, 2**16))
@settings(max_examples=10)
def test_only_the_stored_bits_count_whatever_stands_above(
    tmp_path_factory, bits, signed, seed
):
    rng = np.random.default_rng(seed)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
    values = rng.integers(low, high, (8, 7, 2))
    overlay = rng.integers(0, 2 ** (16 - bits), values.shape) << bits
    stored = (values & (2**bits - 1)) | overlay
    slices = cases.series(stored.astype(np.uint16))
    for d in slices:
        d.BitsStored, d.HighBit, d.PixelRepresentation = bits, bits - 1, int(signed)
    scan = read(slices, tmp_path_factory.mktemp("bits"))
    np.testing.assert_array_equal(scan.voxels, values)


def test_values_stored_at_the_top_of_the_word_are_moved_down(tmp_path):
    slices = cases.series((SOFT << 4).astype(np.uint16) | 5)
    for d in slices:
        d.BitsStored, d.HighBit = 12, 15
    np.testing.assert_array_equal(read(slices, tmp_path).voxels, SOFT)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint32])
def test_every_width_of_pixel_is_read(tmp_path, kind):
    stored = cases.soft(low=3, high=120, kind=kind)
    np.testing.assert_array_equal(read(cases.series(stored), tmp_path).voxels, stored)


def test_numbers_too_long_for_a_float_are_told(tmp_path):
    stored = cases.soft(low=2**24, high=2**31, kind=np.uint32)
    notes = read(cases.series(stored), tmp_path).notes
    assert any("rounded" in note for note in notes)


# Polarity


@pytest.mark.parametrize(("bits", "kind"), [(16, np.uint16), (12, np.uint16)])
def test_monochrome1_is_inverted_on_reading(tmp_path, bits, kind):
    slices = cases.series((2**bits - 1 - SOFT.astype(int)).astype(kind))
    for d in slices:
        d.PhotometricInterpretation = "MONOCHROME1"
        d.BitsStored, d.HighBit = bits, bits - 1
    scan = read(slices, tmp_path)
    np.testing.assert_array_equal(scan.voxels, SOFT)
    assert any("inverted on reading" in note for note in scan.notes)


def test_signed_monochrome1_is_mirrored_within_its_range_and_then_rescaled(tmp_path):
    slices = cases.series(-1 - SOFT.astype(np.int16))
    for d in slices:
        d.PhotometricInterpretation = "MONOCHROME1"
        d.RescaleSlope, d.RescaleIntercept = "2", "5"
    np.testing.assert_array_equal(read(slices, tmp_path).voxels, 2.0 * SOFT + 5)


def test_hounsfield_units_stay_hounsfield_units_however_they_are_shown(tmp_path):
    slices = cases.series(HU, modality="CT")
    for d in slices:
        d.PhotometricInterpretation = "MONOCHROME1"
    scan = read(slices, tmp_path)
    np.testing.assert_array_equal(scan.voxels, HU)
    assert not any("inverted on reading" in note for note in scan.notes)


def test_a_ct_stored_upside_down_is_turned(tmp_path):
    stored = (4095 - (HU.astype(int) + 1024)).astype(np.uint16)
    slices = cases.series(stored, modality="CT")
    for d in slices:
        d.PhotometricInterpretation, d.BitsStored, d.HighBit = "MONOCHROME1", 12, 11
    np.testing.assert_array_equal(read(slices, tmp_path).voxels, HU)


# Padding


@pytest.mark.parametrize("written_as", [-2000, 63536])
def test_the_padding_value_is_marked_and_kept(tmp_path, written_as):
    stored = HU.copy()
    stored[:3, :3] = -2000
    slices = cases.series(stored, modality="CT")
    for d in slices:
        d.RescaleIntercept = "-24"
        d.add_new("PixelPaddingValue", "SS" if written_as < 0 else "US", written_as)
    scan = read(slices, tmp_path)
    np.testing.assert_array_equal(scan.padding, stored == -2000)
    assert (scan.voxels[scan.padding] == -2024).all()


def test_a_range_of_padding_is_marked(tmp_path):
    slices = cases.series(SOFT)
    for d in slices:
        d.add_new("PixelPaddingValue", "US", 200)
        d.add_new("PixelPaddingRangeLimit", "US", 100)
    scan = read(slices, tmp_path)
    np.testing.assert_array_equal(scan.padding, (SOFT >= 100) & (SOFT <= 200))


def test_padding_that_needs_more_than_the_stored_bits_is_no_tissue(tmp_path):
    stored = (HU + 1024).astype(np.uint16)
    stored[:3, :3] = 63536
    slices = cases.series(stored, modality="CT")
    for d in slices:
        d.BitsStored, d.HighBit = 12, 11
        d.add_new("PixelPaddingValue", "US", 63536)
    scan = read(slices, tmp_path)
    np.testing.assert_array_equal(scan.padding, stored == 63536)


def test_below_the_darkest_hu_is_padding_outside_the_circle_only(tmp_path):
    stored = cases.thorax((40, 40, 2))
    stored[:8, :8] = -3024  # a corner
    stored[20:24, 20:24] = -1500  # a streak beside metal, inside
    stored[39, 20] = -1030  # a lone pixel of noise at the rim
    scan = read(cases.series(stored, modality="CT"), tmp_path)
    np.testing.assert_array_equal(scan.padding[:, :, 0].nonzero()[0].max(), 7)
    assert int(scan.padding.sum()) == 2 * 64
    assert scan.voxels[22, 22, 0] == -1500


def test_nothing_is_padding_where_everything_was_measured(tmp_path):
    assert read(cases.series(HU, modality="CT"), tmp_path).padding is None
    assert read(cases.series(SOFT - 60000), tmp_path / "mr").padding is None


def test_metal_is_not_cut(tmp_path):
    stored = HU.copy()
    stored[10:14, 10:14] = 9000
    scan = read(cases.series(stored, modality="CT"), tmp_path)
    assert (scan.voxels[10:14, 10:14] == 9000).all()


# Is it HU?


def without_rescale(stored):
    slices = cases.series(stored, modality="CT")
    for d in slices:
        del d.RescaleSlope, d.RescaleIntercept, d.RescaleType
    return slices


def test_a_ct_without_rescale_is_taken_as_hu_where_it_looks_so(tmp_path):
    padded = HU.copy()
    padded[:3, :3] = -2000
    scan = read(without_rescale(padded), tmp_path)
    np.testing.assert_array_equal(scan.voxels, padded)
    assert scan.units == "HU"
    assert any("look like" in note for note in scan.notes)


@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_a_ct_without_rescale_is_refused_where_it_does_not(tmp_path, kind):
    raw = (HU + 1024).astype(kind)
    if kind is np.int16:
        raw[:3, :3] = -2000  # padding alone makes no HU
    with pytest.raises(ScanError, match="RescaleSlope"):
        read(without_rescale(raw), tmp_path)


@pytest.mark.parametrize(
    ("said", "fine"), [("HU", True), ("HU_MOD", True), ("ED", False)]
)
def test_a_ct_of_something_else_than_hu_is_no_ct_image(tmp_path, said, fine):
    slices = cases.series(HU, modality="CT")
    for d in slices:
        d.RescaleType = said
    if fine:
        assert read(slices, tmp_path).units == "HU"
    else:
        with pytest.raises(FormatError, match="parametric map"):
            read(slices, tmp_path)


def test_a_modality_table_is_refused_by_name(tmp_path):
    d = cases.image(SOFT[:, :, 0])
    d.ModalityLUTSequence = [cases.Dataset()]
    with pytest.raises(FormatError, match="Modality LUT"):
        read([d], tmp_path)
