"""NIfTI: nibabel's own reading is the reference; where it is silent, the standard."""

import gzip
import tracemalloc
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nibabel.affines import from_matvec
from nibabel.openers import Opener
from scipy.spatial.transform import Rotation

from vesalius.errors import FormatError, GeometryError, ScanError
from vesalius.io.nifti import read_nifti

SHAPE = (6, 5, 4)
AFFINE = np.array([[-1.5, 0, 0, 40], [0, 0, 2, -30], [0, 1.2, 0, 9], [0, 0, 0, 1.0]])
PERSON = b"Quillfeather^Ottoline"


def voxels(kind=np.int16, shape=SHAPE):
    return np.random.default_rng(0).integers(0, 120, shape).astype(kind)


def save(path, array=None, *, edit=None, affine=AFFINE, maker=nib.Nifti1Image):
    """Write with nibabel; `edit(header)` has the last word, past nibabel's checks."""
    image = maker(voxels() if array is None else array, affine)
    image.header["descrip"] = PERSON
    nib.save(image, path)
    if edit:
        with Opener(path) as stream:
            content = stream.read()
        header = nib.Nifti1Header(content[:348], check=False)
        edit(header)
        with Opener(path, "wb") as stream:
            stream.write(header.binaryblock + content[348:])
    return path


def coded(sform, qform, *, affine=AFFINE, placed=AFFINE):
    def edit(header):
        header.set_qform(placed, qform)
        header.set_sform(affine, sform)

    return edit


def refusal(path, error=ScanError):
    """The refusal's sentence, which fits a terminal and names nobody and no folder."""
    with pytest.raises(error) as caught:
        read_nifti(path)
    text = str(caught.value)
    assert len(text.encode()) <= 500
    assert "Quillfeather" not in text
    assert str(path.parent) not in text
    return text


edges = st.floats(0.1, 9) | st.floats(-9, -0.1)
affines = st.builds(
    lambda angles, lengths, corner: from_matvec(
        Rotation.from_euler("xyz", angles).as_matrix() * lengths, corner
    ),
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.tuples(edges, edges, edges),
    st.tuples(*[st.floats(-300, 300)] * 3),
)


@given(
    affine=affines,
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    kind=st.sampled_from(["u1", "i1", "<i2", ">i2", "u2", "i4", "f4", ">f8", "i8"]),
    ending=st.sampled_from([".nii", ".nii.gz", ".nii.bz2", ".nii.zst", ".img", ".hdr"]),
    maker=st.sampled_from([nib.Nifti1Image, nib.Nifti2Image]),
)
@settings(max_examples=60)
def test_values_and_place_are_those_nibabel_reads(
    tmp_path_factory, affine, shape, kind, ending, maker
):
    path = tmp_path_factory.mktemp("nifti") / f"scan{ending}"
    if ending in (".img", ".hdr"):
        maker = nib.Nifti1Pair if maker is nib.Nifti1Image else nib.Nifti2Pair
    image = maker(voxels(shape=shape), affine)
    image.set_data_dtype(np.dtype(kind))
    nib.save(image, path)
    carried = read_nifti(path)
    reference = nib.load(path)
    np.testing.assert_array_equal(carried.voxels, reference.get_fdata(dtype=np.float32))
    np.testing.assert_allclose(carried.affine, reference.affine, atol=1e-4)
    assert carried.sides_known
    assert carried.modality is None
    assert carried.contrast is None


def test_a_header_in_the_other_byte_order_is_read(tmp_path):
    image = nib.Nifti1Image(voxels(), AFFINE)
    swapped = nib.Nifti1Image(voxels(), AFFINE, image.header.as_byteswapped())
    nib.save(swapped, tmp_path / "scan.nii")
    assert (tmp_path / "scan.nii").read_bytes()[:4] == b"\0\0\x01\x5c"
    np.testing.assert_array_equal(read_nifti(tmp_path / "scan.nii").voxels, voxels())


def test_what_is_compressed_is_told_by_its_bytes_not_by_its_name(tmp_path):
    save(tmp_path / "scan.nii.gz")
    (tmp_path / "scan.nii.gz").rename(tmp_path / "scan.nii")
    np.testing.assert_array_equal(read_nifti(tmp_path / "scan.nii").voxels, voxels())


# Where it lies

OTHER = AFFINE + np.array([[0, 0, 0, 25.0]] + [[0.0] * 4] * 3)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (coded(2, 1, affine=OTHER), OTHER),
        (coded(0, 1, affine=OTHER), AFFINE),
        (coded(1, 0, affine=OTHER), OTHER),
        (coded(1, 1, affine=np.zeros((4, 4))), AFFINE),  # coded valid, but all zero
    ],
)
def test_the_sform_if_it_can_be_used_else_the_qform(tmp_path, edit, expected):
    carried = read_nifti(save(tmp_path / "scan.nii", edit=edit))
    np.testing.assert_allclose(carried.affine, expected, atol=1e-4)
    assert carried.sides_known


def test_two_transforms_that_disagree_are_worth_a_note(tmp_path):
    apart = save(tmp_path / "apart.nii", edit=coded(2, 1, affine=OTHER))
    assert read_nifti(apart).notes == (
        "The header's sform and qform differ by 25 mm; the sform was used.",
    )
    assert read_nifti(save(tmp_path / "same.nii", edit=coded(1, 1))).notes == ()


def test_without_a_coded_place_spacing_is_kept_and_sides_are_unknown(tmp_path):
    carried = read_nifti(save(tmp_path / "scan.nii", edit=coded(0, 0)))
    np.testing.assert_allclose(carried.affine, np.diag([1.5, 1.2, 2.0, 1.0]))
    assert not carried.sides_known


def test_without_place_and_spacing_there_is_no_affine(tmp_path):
    def edit(header):
        coded(0, 0)(header)
        header["pixdim"][1:4] = 0

    assert read_nifti(save(tmp_path / "scan.nii", edit=edit)).affine is None


def test_a_singular_affine_without_a_second_one_is_refused(tmp_path):
    flat = np.diag([1.0, 1.0, 0.0, 1.0])
    path = save(tmp_path / "scan.nii", edit=coded(1, 0, affine=flat))
    assert "sform" in refusal(path, GeometryError)


@pytest.mark.parametrize(("unit", "name"), [("micron", "microns"), ("meter", "metres")])
def test_lengths_in_other_units_are_refused(tmp_path, unit, name):
    path = save(tmp_path / "scan.nii", edit=lambda h: h.set_xyzt_units(unit))
    assert name in refusal(path, GeometryError)


@pytest.mark.parametrize("unit", ["mm", "unknown"])
def test_an_unknown_unit_counts_as_millimetres(tmp_path, unit):
    path = save(tmp_path / "scan.nii", edit=lambda h: h.set_xyzt_units(unit, "sec"))
    np.testing.assert_allclose(read_nifti(path).affine, AFFINE, atol=1e-5)


# Axes and values


def test_a_fourth_axis_of_length_one_is_dropped(tmp_path):
    path = save(tmp_path / "scan.nii", voxels()[..., None])
    np.testing.assert_array_equal(read_nifti(path).voxels, voxels())


@pytest.mark.parametrize("shape", [(4, 4, 4, 3), (4, 4, 4, 1, 3), (4, 4, 1, 7)])
def test_several_volumes_are_refused_by_name(tmp_path, shape):
    path = save(tmp_path / "scan.nii", voxels(shape=shape))
    text = refusal(path, GeometryError)
    assert f"{len(shape)}-D" in text
    assert f"{shape[-1]} volumes" in text


@pytest.mark.parametrize("affine", [AFFINE, np.diag([2.0, 3.0, 0.0, 1.0])])
def test_a_file_of_two_axes_is_one_slice(tmp_path, affine):
    """Its third axis may be missing in the header too: then it is the normal."""
    flat = voxels(shape=(6, 5))
    path = save(tmp_path / "scan.nii", flat, edit=coded(1, 0, affine=affine))
    carried = read_nifti(path)
    np.testing.assert_array_equal(carried.voxels[..., 0], flat)
    np.testing.assert_allclose(carried.affine[:3, :2], affine[:3, :2], atol=1e-5)
    assert abs(np.linalg.det(carried.affine)) > 1


def scaled(slope, intercept):
    def edit(path):
        content = bytearray(path.read_bytes())
        content[112:120] = np.array([slope, intercept], "<f4").tobytes()
        path.write_bytes(content)
        return path

    return edit


@pytest.mark.parametrize(
    ("slope", "intercept", "expected"),
    [
        (1.0, -1024.0, voxels() - 1024.0),
        (0.5, 3.0, voxels() * 0.5 + 3),
        (0.0, 7.0, voxels()),  # the standard: no scaling at all
        (float("nan"), 7.0, voxels()),
    ],
)
def test_slope_and_offset_are_applied(tmp_path, slope, intercept, expected):
    path = scaled(slope, intercept)(save(tmp_path / "scan.nii"))
    np.testing.assert_array_equal(read_nifti(path).voxels, expected)


def test_a_slope_without_a_usable_offset_is_refused(tmp_path):
    path = scaled(2.0, float("nan"))(save(tmp_path / "scan.nii"))
    assert "scl_inter" in refusal(path, FormatError)


def test_rounded_whole_numbers_are_worth_a_note(tmp_path):
    large = voxels(np.int32) + 2**25
    image = nib.Nifti1Image(large, AFFINE, dtype=np.int32)
    nib.save(image, tmp_path / "scan.nii")
    assert "rounded" in read_nifti(tmp_path / "scan.nii").notes[0]


# What is no scan


def rgb():
    kind = np.dtype([(channel, "u1") for channel in "RGB"])
    return np.zeros(SHAPE, kind)


@pytest.mark.parametrize(
    ("array", "edit", "words"),
    [
        (voxels(np.complex64), None, "complex"),
        (rgb(), None, "RGB"),
        (voxels(), lambda h: h.set_intent(3006, allow_unknown=True), "CIFTI"),
        (voxels(), lambda h: h.set_intent("pointset"), "surface"),
    ],
)
def test_what_holds_no_intensities_is_refused_by_name(tmp_path, array, edit, words):
    path = save(tmp_path / "scan.nii.gz", array, edit=edit)
    assert words in refusal(path, FormatError)


def test_the_missing_half_of_a_pair_is_named(tmp_path):
    save(tmp_path / "scan.img", maker=nib.Nifti1Pair)
    (tmp_path / "scan.hdr").rename(tmp_path / "alone.hdr")
    assert ".img" in refusal(tmp_path / "alone.hdr", FormatError)
    assert ".hdr" in refusal(tmp_path / "scan.img", FormatError)


def test_analyze_is_refused_by_name(tmp_path):
    nib.save(nib.AnalyzeImage(voxels(), None), tmp_path / "scan.img")
    assert "Analyze 7.5" in refusal(tmp_path / "scan.hdr", FormatError)


def test_text_is_no_nifti(tmp_path):
    (tmp_path / "scan.nii").write_bytes(PERSON * 100)
    assert "not a NIfTI file" in refusal(tmp_path / "scan.nii", FormatError)


# Damage


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nii.bz2", ".nii.zst"])
@given(kept=st.floats(0, 1, exclude_max=True))
@settings(max_examples=15)
def test_a_file_cut_short_is_refused(tmp_path_factory, ending, kept):
    path = save(tmp_path_factory.mktemp("cut") / f"scan{ending}")
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    refusal(path)


@pytest.mark.parametrize("ending", [".nii.gz", ".nii.bz2"])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@settings(max_examples=40)
def test_no_altered_byte_of_a_checked_file_alters_the_picture(
    tmp_path_factory, ending, place, flip
):
    path = save(tmp_path_factory.mktemp("flip") / f"scan{ending}")
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= flip
    path.write_bytes(content)
    try:
        carried = read_nifti(path)
    except ScanError:
        return
    # gzip's own bookkeeping (a time, a name) has no checksum; the voxels have.
    np.testing.assert_array_equal(carried.voxels, voxels())


@given(st.data())
@settings(max_examples=150)
def test_an_altered_header_is_read_or_refused_never_worse(tmp_path_factory, data):
    path = save(tmp_path_factory.mktemp("header") / "scan.nii")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, 351))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read_nifti(path)
    except ScanError:
        refusal(path)


def peak_bytes(path: Path) -> int:
    tracemalloc.start()
    try:
        refusal(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_file_that_inflates_far_beyond_its_header_takes_no_memory(tmp_path):
    plain = save(tmp_path / "scan.nii").read_bytes()
    with gzip.open(tmp_path / "bomb.nii.gz", "wb", compresslevel=1) as stream:
        stream.write(plain)
        for _ in range(80):
            stream.write(bytes(2**20))
    assert peak_bytes(tmp_path / "bomb.nii.gz") < 2**24


@pytest.mark.parametrize("length", [900, 30_000])
def test_a_header_that_promises_a_giant_is_refused_before_it_takes_memory(
    tmp_path, length
):
    plain = bytearray(save(tmp_path / "scan.nii").read_bytes())
    plain[42:48] = np.array([length] * 3, "<i2").tobytes()
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(bytes(plain)))
    assert peak_bytes(tmp_path / "bomb.nii.gz") < 2**24


def test_nothing_is_printed_or_logged(tmp_path, capfd, caplog):
    def edit(header):
        coded(0, 1)(header)
        header["pixdim"][0] = 0  # nibabel logs that it sets this to 1
        header["sform_code"] = -5

    save(tmp_path / "scan.nii", edit=edit)
    capfd.readouterr()
    caplog.clear()
    read_nifti(tmp_path / "scan.nii")
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
