"""Stored values of a derived series: wide enough that nothing is clipped."""

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_derive_cases import PADDING, answer, carried, series, stored_block
from vesalius.io import read, write
from vesalius.io.dicom_derive_stored import (
    Stored,
    decimal,
    stored_hounsfield,
    stored_mirrored,
    stored_signal,
)


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
