"""Compressed pixels: lossless syntaxes, and fragments whose offset table lies."""

import struct
import zlib

import numpy as np
import pytest
from openjpeg.utils import encode_array
from pydicom.encaps import generate_fragments
from pydicom.uid import MPEG2MPML, JPEG2000Lossless, JPEGLSLossless, RLELossless

import dicom_cases as cases
from vesalius.errors import FormatError
from vesalius.io.dicom import read_dicom
from vesalius.io.dicom_fragments import joined, stated_size
from vesalius.io.dicom_pixels import DEFLATED_FRAMES, decode_pixels

SOFT = cases.soft((48, 36, 6))  # openjpeg writes none below 32


def item(content: bytes) -> bytes:
    content += b"\0" * (len(content) % 2)
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(content)) + content


def encapsulated(d, fragments, *, table=b"", syntax=JPEG2000Lossless):
    d.PixelData = item(table) + b"".join(map(item, fragments))
    d["PixelData"].VR, d["PixelData"].is_undefined_length = "OB", True
    d.file_meta.TransferSyntaxUID = syntax
    return d


def code_of(stored) -> bytes:
    """One JPEG 2000 code stream of a slice indexed (column, row)."""
    return bytes(
        encode_array(
            np.ascontiguousarray(stored.T),
            bits_stored=16,
            photometric_interpretation=2,
            use_mct=False,
        )
    )


def thirds(code: bytes) -> list[bytes]:
    cut = len(code) // 3 & ~1
    return [code[:cut], code[cut : 2 * cut], code[2 * cut :]]


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
@pytest.mark.parametrize("kind", [np.uint16, np.int16])
def test_lossless_compression_changes_nothing(tmp_path, syntax, kind):
    stored = cases.soft((48, 36, 2), low=0, high=2000).astype(kind)
    if kind is np.int16:
        stored -= 1000
    slices = cases.series(stored)
    for d in slices:
        if syntax == JPEGLSLossless and kind is np.int16:
            d.BitsStored, d.HighBit = 12, 11  # the sign must be found again
        d.compress(syntax, generate_instance_uid=False)
    scan = read_dicom(cases.write(slices, tmp_path))
    np.testing.assert_array_equal(scan.voxels, stored)


@pytest.mark.parametrize("table", [b"", struct.pack("<L", 0), struct.pack("<L", 99996)])
def test_a_slice_in_three_fragments_is_put_together_whatever_its_table_says(
    tmp_path, table
):
    slices = cases.series(SOFT)
    for k, d in enumerate(slices):
        encapsulated(d, thirds(code_of(SOFT[:, :, k])), table=table)
    scan = read_dicom(cases.write(slices, tmp_path))
    np.testing.assert_array_equal(scan.voxels, SOFT)


def lying(fragments):
    starts = np.cumsum([0, *(len(item(part)) for part in fragments)])
    return struct.pack("<6L", *starts[[0, 2, 4, 7, 9, 12]])


@pytest.mark.parametrize("table", [b"", b"\0" * 24, lying])
def test_frames_in_fragments_are_sorted_by_their_code_streams(tmp_path, table):
    fragments = [part for k in range(6) for part in thirds(code_of(SOFT[:, :, k]))]
    d = cases.enhanced(cases.series(SOFT))
    encapsulated(d, fragments, table=table(fragments) if callable(table) else table)
    scan = read_dicom(cases.save(d, tmp_path / "one.dcm"))
    np.testing.assert_array_equal(scan.voxels, SOFT)


def test_a_true_table_is_used_where_code_streams_have_no_start():
    parts = [bytes([n]) * 2 for n in range(5)]
    whole = item(struct.pack("<2L", 0, 30)) + b"".join(map(item, parts))
    assert joined(whole, 2) == [b"".join(parts[:3]), b"".join(parts[3:])]


@pytest.mark.parametrize("offsets", [(0, 28), (0, 0), (30, 0), (0,)])
def test_fragments_that_nothing_sorts_are_refused(offsets):
    parts = [bytes([n]) * 2 for n in range(5)]
    table = struct.pack(f"<{len(offsets)}L", *offsets)
    with pytest.raises(FormatError, match=r"5 fragments .* 2 frames.*offset table"):
        joined(item(table) + b"".join(map(item, parts)), 2)


def test_a_missing_frame_is_refused(tmp_path):
    d = cases.enhanced(cases.series(SOFT))
    encapsulated(d, [code_of(SOFT[:, :, k]) for k in range(5)])
    with pytest.raises(FormatError, match=r"5 fragments .* 6 frames"):
        read_dicom(cases.save(d, tmp_path / "one.dcm"))


def test_a_picture_of_another_size_than_its_header_is_refused(tmp_path):
    d = encapsulated(cases.image(SOFT[:, :, 0]), [code_of(SOFT[:-8, :, 0])])
    with pytest.raises(FormatError, match=r"36 rows x 40 columns.*36 x 48"):
        read_dicom(cases.save(d, tmp_path / "one.dcm"))


def test_a_code_stream_that_is_cut_short_is_no_picture(tmp_path):
    code = code_of(SOFT[:, :, 0])
    d = encapsulated(cases.image(SOFT[:, :, 0]), [code[: len(code) // 4]])
    with pytest.raises(FormatError, match="cannot be decoded"):
        read_dicom(cases.save(d, tmp_path / "one.dcm"))


def test_the_size_is_read_from_the_code_stream():
    assert stated_size(code_of(SOFT[:, :, 0])) == (36, 48)
    d = cases.image(SOFT[:, :, 0])
    d.compress(JPEGLSLossless)
    assert stated_size(list(generate_fragments(d.PixelData))[1]) == (36, 48)
    assert stated_size(b"\0" * 100) is None
    assert stated_size(b"\xff\xd8\xff\xe0\x00\x02") is None


@pytest.mark.parametrize(
    ("syntax", "said"), [(MPEG2MPML, "MPEG2"), ("1.2.3", "unknown transfer syntax")]
)
def test_a_syntax_without_decoder_is_refused_and_named_if_it_has_a_name(syntax, said):
    d = encapsulated(cases.image(SOFT[:, :, 0]), [bytes(400)], syntax=syntax)
    with pytest.raises(FormatError, match=said):
        decode_pixels(d)


def test_deflated_frames_are_inflated_one_by_one():
    def packed(content):
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(content) + packer.flush()

    d = cases.enhanced(cases.series(SOFT))
    frames = [packed(SOFT[:, :, k].T.tobytes()) for k in range(6)]
    encapsulated(d, frames, syntax=DEFLATED_FRAMES)
    np.testing.assert_array_equal(decode_pixels(d), SOFT.T)
    encapsulated(d, [*frames[:5], packed(b"short")], syntax=DEFLATED_FRAMES)
    with pytest.raises(FormatError, match="shorter"):
        decode_pixels(d)


def test_colour_is_decoded_before_it_is_refused():
    d = cases.image(SOFT[:, :, 0].astype(np.uint8))
    d.SamplesPerPixel, d.PhotometricInterpretation = 3, "RGB"
    d.PlanarConfiguration = 0
    colours = cases.soft((36, 48, 3), kind=np.uint8, high=255)
    d.PixelData = colours.tobytes()
    np.testing.assert_array_equal(decode_pixels(d), colours)
