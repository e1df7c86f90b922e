"""NRRD and MetaImage: SimpleITK writes the files and is the independent reader."""

import bz2
import gzip
import zlib

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813, its own custom
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from vesalius.errors import FormatError, GeometryError, ScanError
from vesalius.io.itk import read_itk

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
VOXELS = np.random.default_rng(0).integers(0, 900, (4, 3, 2)).astype("<i2")
PERSON = "Quillfeather"


def image(kind="i2", *, angles=(0.3, -0.2, 0.9), edges=(1.5, 0.8, 4.0)):
    picture = sitk.GetImageFromArray(VOXELS.T.astype(kind))
    picture.SetSpacing(edges)
    picture.SetOrigin((-12.5, 40.25, 7.0))
    picture.SetDirection(
        Rotation.from_euler("xyz", angles).as_matrix().ravel().tolist()
    )
    return picture


def affine_of(picture):
    """ITK's geometry, LPS, as an affine to RAS+."""
    affine = np.eye(4)
    turn = np.array(picture.GetDirection()).reshape(3, 3)
    affine[:3, :3] = turn * np.array(picture.GetSpacing())
    affine[:3, 3] = picture.GetOrigin()
    return LPS_TO_RAS @ affine


def nrrd(path, *, payload=None, **fields):
    """Write an NRRD by hand; a field of None is left out."""
    said = {
        "type": "short",
        "dimension": "3",
        "sizes": "4 3 2",
        "encoding": "raw",
        "endian": "little",
        "space": "left-posterior-superior",
        "space directions": "(1.2,0,0) (0,1.2,0) (0,0,5)",
        "space origin": "(1,2,3)",
        **{name.replace("_", " "): value for name, value in fields.items()},
    }
    lines = [f"{name}: {value}" for name, value in said.items() if value is not None]
    head = "\n".join(["NRRD0004", f"# {PERSON}", *lines, f"note:={PERSON}", "", ""])
    body = VOXELS.tobytes(order="F") if payload is None else payload
    path.write_bytes(head.encode("latin-1") + body)
    return path


def mha(path, *, payload=None, **fields):
    said = {
        "ObjectType": "Image",
        "NDims": "3",
        "Comment": PERSON,
        "BinaryData": "True",
        "CompressedData": "False",
        "TransformMatrix": "1 0 0 0 1 0 0 0 1",
        "Offset": "0 0 0",
        "ElementSpacing": "1.2 1.2 5",
        "DimSize": "4 3 2",
        "ElementType": "MET_SHORT",
        "ElementDataFile": "LOCAL",
    }
    last = fields.pop("ElementDataFile", said.pop("ElementDataFile"))
    said |= fields
    lines = [f"{name} = {value}" for name, value in said.items() if value is not None]
    head = "\n".join([*lines, f"ElementDataFile = {last}", ""])
    body = VOXELS.tobytes(order="F") if payload is None else payload
    path.write_bytes(head.encode() + body)
    return path


def refusal(path, error=ScanError):
    with pytest.raises(error) as caught:
        read_itk(path)
    text = str(caught.value)
    assert len(text.encode()) <= 500
    assert PERSON not in text
    assert str(path.parent) not in text
    return text


# What SimpleITK wrote


@given(
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    edges=st.tuples(*[st.floats(0.1, 9)] * 3),
    kind=st.sampled_from(["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]),
    ending=st.sampled_from([".nrrd", ".nhdr", ".mha", ".mhd"]),
    packed=st.booleans(),
)
@settings(max_examples=80)
def test_values_and_place_are_those_itk_reads(
    tmp_path_factory, angles, edges, kind, ending, packed
):
    path = tmp_path_factory.mktemp("itk") / f"scan{ending}"
    written = image(kind, angles=angles, edges=edges)
    sitk.WriteImage(written, str(path), useCompression=packed)
    carried = read_itk(path)
    np.testing.assert_array_equal(carried.voxels, VOXELS.astype(kind).astype("f4"))
    np.testing.assert_allclose(carried.affine, affine_of(written), atol=1e-4)
    assert carried.sides_known


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_a_single_slice_is_read_without_sides(tmp_path, ending):
    flat = sitk.GetImageFromArray(VOXELS[:, :, 0].T)
    flat.SetSpacing((0.5, 0.7))
    sitk.WriteImage(flat, str(tmp_path / f"scan{ending}"))
    carried = read_itk(tmp_path / f"scan{ending}")
    np.testing.assert_array_equal(carried.voxels[..., 0], VOXELS[..., 0])
    np.testing.assert_allclose(carried.affine, np.diag([0.5, 0.7, 1.0, 1.0]))
    assert not carried.sides_known


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_colour_and_vectors_are_refused(tmp_path, ending):
    vectors = sitk.GetImageFromArray(np.zeros((2, 3, 4, 3), "f4"), isVector=True)
    sitk.WriteImage(vectors, str(tmp_path / f"scan{ending}"))
    assert "one number a voxel" in refusal(tmp_path / f"scan{ending}", FormatError)


# NRRD's own fields


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (-1, -1)),
        ("LPS", (-1, -1)),
        ("right-anterior-superior", (1, 1)),
        ("RAS", (1, 1)),
        ("left-anterior-superior", (-1, 1)),
    ],
)
def test_the_space_says_which_side_is_left(tmp_path, space, signs):
    path = nrrd(tmp_path / "scan.nrrd", space=space)
    x, y = signs
    expected = np.diag([1.2 * x, 1.2 * y, 5, 1])
    expected[:3, 3] = (1 * x, 2 * y, 3)
    np.testing.assert_allclose(read_itk(path).affine, expected)
    itk = affine_of(sitk.ReadImage(str(path)))
    np.testing.assert_allclose(read_itk(path).affine, itk)


@pytest.mark.parametrize(
    "fields",
    [
        {"space": "scanner-xyz"},
        {"space": None, "space_dimension": "3"},
        {"space": None, "space_directions": None, "spacings": "1.2 1.2 5"},
    ],
)
def test_any_other_space_keeps_the_spacing_and_no_sides(tmp_path, fields):
    carried = read_itk(nrrd(tmp_path / "scan.nrrd", **fields))
    np.testing.assert_allclose(carried.affine, np.diag([1.2, 1.2, 5, 1]))
    assert not carried.sides_known


def test_without_spacing_there_is_no_affine(tmp_path):
    path = nrrd(tmp_path / "scan.nrrd", space=None, space_directions=None)
    assert read_itk(path).affine is None
    path = mha(tmp_path / "scan.mha", ElementSpacing=None)
    assert read_itk(path).affine is None


@pytest.mark.parametrize("field", ["space_units", "units"])
@pytest.mark.parametrize("unit", ["microns", "um", "cm", "m"])
def test_lengths_in_other_units_are_refused(tmp_path, field, unit):
    said = " ".join([f'"{unit}"'] * 3)
    text = refusal(nrrd(tmp_path / "scan.nrrd", **{field: said}), GeometryError)
    assert "units are" in text


@pytest.mark.parametrize(
    "units", ['"mm" "mm" "mm"', '"" "" ""', '"Millimeter" "mm" "?"']
)
def test_millimetres_and_unknown_units_are_read(tmp_path, units):
    path = nrrd(tmp_path / "scan.nrrd", space_units=units)
    np.testing.assert_array_equal(read_itk(path).voxels, VOXELS)


RAW = VOXELS.tobytes(order="F")
AS_TEXT = " ".join(map(str, VOXELS.ravel(order="F"))).encode()


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        (RAW, {}),
        (gzip.compress(RAW), {"encoding": "gz"}),
        (bz2.compress(RAW), {"encoding": "bzip2"}),
        (AS_TEXT, {"encoding": "ascii", "endian": None}),
        (RAW.hex().encode(), {"encoding": "hex"}),
        (VOXELS.astype(">i2").tobytes(order="F"), {"endian": "big"}),
        (b"\x07" * 9 + RAW, {"byte_skip": "-1"}),
        (b"two\nlines\n" + RAW, {"line_skip": "2"}),
        (gzip.compress(b"\x07" * 9 + RAW), {"encoding": "gzip", "byte_skip": "9"}),
    ],
    # gzip holds the time of day: as a name it would differ between two workers
    ids=("raw", "gz", "bz2", "ascii", "hex", "big", "tail", "lines", "gz-tail"),
)
def test_every_encoding_holds_the_same_voxels(tmp_path, payload, fields):
    path = nrrd(tmp_path / "scan.nrrd", payload=payload, **fields)
    np.testing.assert_array_equal(read_itk(path).voxels, VOXELS)


def test_a_lone_fourth_axis_is_dropped_and_a_long_one_refused(tmp_path):
    lone = nrrd(
        tmp_path / "lone.nrrd",
        dimension="4",
        sizes="4 3 2 1",
        space_directions="(1.2,0,0) (0,1.2,0) (0,0,5) none",
        kinds="domain domain domain list",
    )
    np.testing.assert_array_equal(read_itk(lone).voxels, VOXELS)
    long = nrrd(
        tmp_path / "long.nrrd",
        dimension="4",
        sizes="2 4 3 2",
        space_directions="none (1.2,0,0) (0,1.2,0) (0,0,5)",
        kinds="list domain domain domain",
    )
    assert "2 values" in refusal(long, FormatError)
    bare = nrrd(
        tmp_path / "bare.nrrd",
        dimension="4",
        sizes="4 3 2 2",
        space=None,
        space_directions=None,
    )
    assert "4-D" in refusal(bare, GeometryError)


# MetaImage's own fields


def test_a_modality_in_the_header_is_carried(tmp_path):
    carried = read_itk(mha(tmp_path / "scan.mha", Modality="MET_MOD_CT"))
    assert (carried.modality, carried.units) == ("CT", "HU")
    assert (
        read_itk(mha(tmp_path / "scan.mha", Modality="MET_MOD_UNKNOWN")).modality
        is None
    )


def test_without_a_matrix_the_spacing_is_kept_and_no_sides(tmp_path):
    carried = read_itk(mha(tmp_path / "scan.mha", TransformMatrix=None))
    np.testing.assert_allclose(carried.affine, np.diag([1.2, 1.2, 5, 1]))
    assert not carried.sides_known


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        (zlib.compress(RAW), {"CompressedData": "True"}),
        (AS_TEXT, {"BinaryData": "False"}),
        (VOXELS.astype(">i2").tobytes(order="F"), {"BinaryDataByteOrderMSB": "True"}),
        (b"\x07" * 9 + RAW, {"HeaderSize": "-1"}),
    ],
)
def test_every_way_to_store_holds_the_same_voxels(tmp_path, payload, fields):
    path = mha(tmp_path / "scan.mha", payload=payload, **fields)
    np.testing.assert_array_equal(read_itk(path).voxels, VOXELS)


# Damage and attack


@pytest.mark.parametrize(
    ("write", "fields", "words"),
    [
        (mha, {"ElementNumberOfChannels": "3"}, "channels"),
        (mha, {"ElementToIntensityFunctionOffset": "-1024"}, "IntensityFunction"),
        (mha, {"DistanceUnits": "um"}, "DistanceUnits"),
        (mha, {"TransformMatrix": "0 0 0 0 1 0 0 0 1"}, "singular"),
        (mha, {"ElementType": "MET_STRING"}, "ElementType"),
        (mha, {"ElementSpacing": "1,2 1,2 5"}, "damaged"),  # a comma locale's writer
        (mha, {"ElementDataFile": "slice%03d.raw 1 2 1"}, "one file a slice"),
        (mha, {"ElementDataFile": "LIST"}, "one file a slice"),
        (mha, {"ElementDataFile": "../../other/secret.raw"}, "another folder"),
        (mha, {"ElementDataFile": "gone.raw"}, "missing (.raw)"),
        (nrrd, {"data_file": "/etc/hostname"}, "another folder"),
        (nrrd, {"data_file": "gone.raw"}, "missing (.raw)"),
        (nrrd, {"endian": None}, "endian"),
        (nrrd, {"type": "block"}, "type"),
        (nrrd, {"encoding": "zrl"}, "encoding"),
        (nrrd, {"sizes": "4 3"}, "different lengths"),
        (nrrd, {"space_directions": "(0,0,0) (0,1,0) (0,0,5)"}, "singular"),
        (nrrd, {"sizes": "4 3 20000"}, "before its voxels do"),
        (nrrd, {"sizes": "30000 30000 30000"}, "crop"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(tmp_path, write, fields, words):
    path = write(tmp_path / ("scan.mha" if write is mha else "scan.nrrd"), **fields)
    assert words in refusal(path)


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@settings(max_examples=60)
def test_no_altered_byte_of_a_compressed_part_alters_the_picture(
    tmp_path_factory, ending, place, flip
):
    path = tmp_path_factory.mktemp("flip") / f"scan{ending}"
    sitk.WriteImage(image(), str(path), useCompression=True)
    content = bytearray(path.read_bytes())
    start = content.rindex(b"\n\n" if ending == ".nrrd" else b"LOCAL\n")
    content[start + 6 + int(place * (len(content) - start - 6))] ^= flip
    path.write_bytes(content)
    try:
        carried = read_itk(path)
    except ScanError:
        return
    np.testing.assert_array_equal(carried.voxels, VOXELS)


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
@pytest.mark.parametrize("packed", [True, False])
@given(kept=st.floats(0, 1, exclude_max=True))
@settings(max_examples=20)
def test_a_file_cut_short_is_refused(tmp_path_factory, ending, packed, kept):
    path = tmp_path_factory.mktemp("cut") / f"scan{ending}"
    sitk.WriteImage(image(), str(path), useCompression=packed)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    refusal(path)


@pytest.mark.parametrize("write", [nrrd, mha])
@given(st.data())
@settings(max_examples=100)
def test_an_altered_header_is_read_or_refused_never_worse(
    tmp_path_factory, write, data
):
    ending = ".mha" if write is mha else ".nrrd"
    path = write(tmp_path_factory.mktemp("header") / f"scan{ending}")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - len(RAW) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read_itk(path)
    except ScanError:
        refusal(path)


def test_nothing_is_printed(tmp_path, capfd):
    path = nrrd(tmp_path / "scan.nrrd", payload=b"short")
    refusal(path)
    refusal(mha(tmp_path / "scan.mha", payload=b"short"))
    assert capfd.readouterr() == ("", "")
