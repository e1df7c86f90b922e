"""Pictures: greys as stored, slices in order, and no colour taken for grey."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vesalius.errors import FormatError, GeometryError, ScanError
from vesalius.io.grey import upright
from vesalius.io.pictures import read_pictures, slices_in

ROWS, COLUMNS = 5, 7
DRAW = np.random.default_rng(0)
GREY8 = DRAW.integers(0, 256, (ROWS, COLUMNS)).astype(np.uint8)
GREY16 = DRAW.integers(0, 65536, (ROWS, COLUMNS)).astype(np.uint16)
STACK = DRAW.integers(0, 65536, (3, ROWS, COLUMNS)).astype(np.uint16)
COLOUR8 = DRAW.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8)
ORIENTATION = 274


def save(path, array, mode=None, **options):
    picture = Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(path, **options)
    return path


def refusal(path, error=ScanError):
    with pytest.raises(error) as caught:
        read_pictures(path)
    text = str(caught.value)
    assert len(text.encode()) <= 500
    assert str(path.parent) not in text
    return text


@pytest.mark.parametrize("array", [GREY8, GREY16])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("slice.png", {}),
        ("slice.tif", {}),
        ("slice.TIFF", {"compression": "tiff_lzw"}),
        ("slice.tiff", {"compression": "tiff_deflate"}),
        ("slice.tif", {"compression": "packbits"}),
    ],
)
def test_greys_are_kept_as_stored(tmp_path, array, name, options):
    carried = read_pictures(save(tmp_path / name, array, **options))
    np.testing.assert_array_equal(carried.voxels[:, :, 0], array.T)
    assert carried.affine is None
    assert carried.modality is None
    assert not carried.sides_known
    assert carried.notes == ()
    assert carried.units == ("a.u." if array is GREY8 else None)


@pytest.mark.parametrize("kind", ["i1", "u2", "i2", "u4", "i4", "f4", "f8", ">u2"])
def test_every_tiff_number_is_read(tmp_path, kind):
    array = (GREY8 // 2).astype(kind)
    tifffile.imwrite(tmp_path / "slice.tif", array, photometric="minisblack")
    carried = read_pictures(tmp_path / "slice.tif")
    np.testing.assert_array_equal(carried.voxels[:, :, 0], array.T)


@pytest.mark.parametrize(
    "options",
    [{}, {"imagej": True, "metadata": {"axes": "ZYX"}}, {"bigtiff": True}],
)
def test_pages_are_slices_in_the_files_order(tmp_path, options):
    tifffile.imwrite(tmp_path / "s.tif", STACK, photometric="minisblack", **options)
    np.testing.assert_array_equal(read_pictures(tmp_path / "s.tif").voxels, STACK.T)


def test_pages_compressed_by_libtiff_are_slices_too(tmp_path):
    first, *others = (Image.fromarray(page) for page in STACK)
    first.save(
        tmp_path / "s.tif", save_all=True, append_images=others, compression="tiff_lzw"
    )
    np.testing.assert_array_equal(read_pictures(tmp_path / "s.tif").voxels, STACK.T)


def test_jpeg_is_read_with_its_warning(tmp_path):
    carried = read_pictures(save(tmp_path / "slice.jpg", GREY8, quality=95))
    assert carried.voxels.shape == (COLUMNS, ROWS, 1)
    assert "lossy" in carried.notes[0]


# Grey, or not


def test_colour_that_is_truly_grey_is_grey(tmp_path):
    rgb = np.repeat(GREY8[..., None], 3, -1)
    for path in (
        save(tmp_path / "rgb.png", rgb),
        save(tmp_path / "rgb.tif", rgb),
        save(tmp_path / "palette.png", GREY8, "P"),
    ):
        np.testing.assert_array_equal(read_pictures(path).voxels[:, :, 0], GREY8.T)
    jpeg = read_pictures(save(tmp_path / "rgb.jpg", rgb, quality=95))
    assert jpeg.voxels.shape == (COLUMNS, ROWS, 1)


def test_a_grey_palette_of_a_tiff_is_looked_up(tmp_path):
    greys = np.repeat(np.arange(256)[::-1] * 257, 3).reshape(256, 3).T.astype(np.uint16)
    tifffile.imwrite(tmp_path / "p.tif", GREY8, photometric="palette", colormap=greys)
    expected = (255 - GREY8.T.astype(np.float32)) * 257
    np.testing.assert_array_equal(
        read_pictures(tmp_path / "p.tif").voxels[:, :, 0], expected
    )


def test_white_at_the_lowest_value_is_turned_round(tmp_path):
    tifffile.imwrite(tmp_path / "w.tif", GREY16, photometric="miniswhite")
    carried = read_pictures(tmp_path / "w.tif")
    np.testing.assert_array_equal(carried.voxels[:, :, 0], 65535 - GREY16.T)


@pytest.mark.parametrize("ending", [".png", ".tif", ".jpg"])
def test_colour_is_refused(tmp_path, ending):
    assert "colour" in refusal(save(tmp_path / f"c{ending}", COLOUR8), FormatError)


@pytest.mark.parametrize("mode", ["P", "CMYK"])
def test_other_colour_models_are_refused(tmp_path, mode):
    ending = ".png" if mode == "P" else ".jpg"
    assert "colour" in refusal(
        save(tmp_path / f"c{ending}", COLOUR8, mode), FormatError
    )


def test_a_png_of_sixteen_bits_and_three_channels_is_refused(tmp_path):
    """Pillow would cut it to 8 bits, though every channel is the same grey."""
    rows = np.repeat(GREY16[..., None], 3, -1).astype(">u2")
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", COLUMNS, ROWS, 16, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    path = tmp_path / "c.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks))
    assert "colour" in refusal(path, FormatError)


def chunk(name, content):
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_alpha_is_refused(tmp_path, mode, ending):
    assert "alpha" in refusal(save(tmp_path / f"a{ending}", GREY8, mode), FormatError)


def test_a_transparent_grey_is_alpha_too(tmp_path):
    path = save(tmp_path / "t.png", GREY8, transparency=3)
    assert "alpha" in refusal(path, FormatError)


def test_black_and_white_is_refused(tmp_path):
    assert "black and white" in refusal(save(tmp_path / "b.png", GREY8, "1"))


@pytest.mark.parametrize(
    ("axes", "shape", "words"),
    [
        ("CYX", (2, ROWS, COLUMNS), "2 channels"),
        ("TYX", (4, ROWS, COLUMNS), "4 times"),
        ("TZYX", (4, 3, ROWS, COLUMNS), "4 times"),
    ],
)
def test_channels_and_times_are_refused_by_name(tmp_path, axes, shape, words):
    array = np.zeros(shape, np.uint16)
    tifffile.imwrite(tmp_path / "s.tif", array, imagej=True, metadata={"axes": axes})
    assert words in refusal(tmp_path / "s.tif", FormatError)


def test_pages_of_different_size_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "s.tif") as file:
        file.write(GREY16, photometric="minisblack")
        file.write(GREY16[:3], photometric="minisblack")
    assert "2 stacks" in refusal(tmp_path / "s.tif", FormatError)


# Orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("ending", "options"),
    [
        (".tif", {}),
        (".tif", {"compression": "tiff_lzw"}),
        (".png", {}),
        (".jpg", {"quality": 100}),
    ],
)
def test_the_orientation_tag_is_honoured(tmp_path, orientation, ending, options):
    tag = {ORIENTATION: orientation}
    if ending == ".tif":
        options = {**options, "tiffinfo": tag}
    else:
        exif = Image.Exif()
        exif.update(tag)
        options = {**options, "exif": exif}
    steps = (np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) * 7).astype(np.uint8)
    path = save(tmp_path / f"o{ending}", steps, **options)
    carried = read_pictures(path)
    by_hand = {
        1: steps,
        2: np.fliplr(steps),
        3: np.rot90(steps, 2),
        4: np.flipud(steps),
        5: steps.T,
        6: np.rot90(steps, -1),
        7: np.rot90(steps.T, 2),
        8: np.rot90(steps, 1),
    }[orientation]
    close = 2 if ending == ".jpg" else 0
    np.testing.assert_allclose(carried.voxels[:, :, 0], by_hand.T, atol=close)


def test_a_damaged_orientation_is_refused():
    with pytest.raises(FormatError, match="orientation"):
        upright(GREY8, 9)


# A folder of slices


def folder_of(tmp_path, names, array=STACK[0]):
    for name in names:
        save(tmp_path / name, array)
    return tmp_path


@given(first=st.integers(0, 120), step=st.integers(1, 3), count=st.integers(2, 12))
@settings(max_examples=20)
def test_slices_come_in_numeric_order(tmp_path_factory, first, step, count):
    folder = tmp_path_factory.mktemp("slices")
    names = [f"im-7-{first + step * k}.png" for k in range(count)]
    for k, name in enumerate(names):
        save(folder / name, np.full((2, 3), k, np.uint8))
    (folder / "._im-7-1.png").write_bytes(b"a Mac's shadow")
    (folder / "notes.txt").write_text("not a slice")
    assert [file.name for file in slices_in(folder)] == names
    np.testing.assert_array_equal(read_pictures(folder).voxels[0, 0], np.arange(count))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a1.png", "a2.png", "a4.png"], "gap"),
        (["a1.png", "a01.png"], "same number"),
        (["a1.png", "b2.png"], "one number only"),
        (["p1-1.png", "p2-3.png", "p3-2.png"], "one number only"),
        (["left.png", "right.png"], "one number only"),
    ],
)
def test_an_order_that_names_do_not_tell_is_refused(tmp_path, names, words):
    assert words in refusal(folder_of(tmp_path, names), GeometryError)


def test_slices_of_two_sizes_or_kinds_are_refused(tmp_path):
    (tmp_path / "sizes").mkdir()
    folder = folder_of(tmp_path / "sizes", ["a1.png", "a2.png"])
    save(folder / "a3.png", GREY16[:, :4])
    assert "slice 3 of 3" in refusal(folder, GeometryError)
    (tmp_path / "kinds").mkdir()
    assert "one kind" in refusal(folder_of(tmp_path / "kinds", ["a1.png", "a2.tif"]))


def test_a_stack_beside_a_slice_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a1.tif", STACK, photometric="minisblack")
    tifffile.imwrite(tmp_path / "a2.tif", GREY16, photometric="minisblack")
    assert "several pages" in refusal(tmp_path, FormatError)


# Damage


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        (".png", {}),
        (".jpg", {}),
        (".tif", {}),
        (".tif", {"compression": "tiff_lzw"}),
        (".tif", {"compression": "tiff_deflate"}),
    ],
)
@given(kept=st.floats(0, 0.9))
@settings(max_examples=15)
def test_a_picture_cut_short_is_refused(tmp_path_factory, ending, options, kept):
    path = save(tmp_path_factory.mktemp("cut") / f"s{ending}", GREY8, **options)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    refusal(path, FormatError)


@pytest.mark.parametrize("ending", [".png", ".tif"])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@settings(max_examples=60)
def test_an_altered_byte_is_refused_or_changes_no_pixel_it_should_not(
    tmp_path_factory, ending, place, flip
):
    options = {"compression": "tiff_deflate"} if ending == ".tif" else {}
    path = save(tmp_path_factory.mktemp("flip") / f"s{ending}", GREY16, **options)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= flip
    path.write_bytes(content)
    try:
        carried = read_pictures(path)
    except ScanError:
        return
    if ending == ".png":  # each of its chunks has a checksum, a TIFF's tags have none
        np.testing.assert_array_equal(carried.voxels[:, :, 0], GREY16.T)


def test_a_picture_that_promises_a_giant_is_refused(tmp_path):
    path = save(tmp_path / "bomb.png", GREY8)
    content = bytearray(path.read_bytes())
    content[16:24] = (200_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    path.write_bytes(content)
    refusal(path)


def test_libtiffs_own_words_do_not_reach_the_terminal(tmp_path, capfd):
    path = save(tmp_path / "s.tif", GREY16, compression="tiff_lzw")
    with tifffile.TiffFile(path) as file:
        start = file.pages.first.dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(content)
    refusal(path, FormatError)
    assert capfd.readouterr() == ("", "")
