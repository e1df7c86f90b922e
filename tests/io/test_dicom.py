"""From files to a volume: order and place, and every stack that is none."""

import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

import dicom_cases as cases
from vesalius.errors import FormatError, GeometryError
from vesalius.io.dicom import read_dicom

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
SOFT = cases.soft()


def written(tmp_path, **options):
    return cases.write(cases.series(SOFT, **options), tmp_path / "series")


@given(
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    edges=st.tuples(*[st.floats(0.05, 9)] * 2),
    step=st.floats(0.5, 20),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=8)
def test_any_orientation_and_any_order_of_files_comes_back(
    tmp_path_factory, angles, edges, step, seed
):
    folder = tmp_path_factory.mktemp("law")
    axes = Rotation.from_euler("xyz", angles).as_matrix()
    slices = cases.series(
        SOFT, step_mm=step, edges_mm=edges, directions=tuple(axes[:2].ravel())
    )
    shuffled = np.random.default_rng(seed).permutation(len(slices))
    for place, number in zip(shuffled, shuffled[::-1], strict=True):
        slices[place].InstanceNumber = int(number)  # names and numbers lie
        cases.save(slices[place], folder / f"{number}.dcm")
    scan = read_dicom(folder)
    np.testing.assert_array_equal(scan.voxels, SOFT)
    lps = np.eye(4)
    lps[:3, :3] = np.stack(
        [axes[0] * edges[0], axes[1] * edges[1], np.cross(*axes[:2]) * step], axis=1
    )
    lps[:3, 3] = -20, -30, 5
    # decimal strings have 16 characters
    np.testing.assert_allclose(scan.affine, LPS_TO_RAS @ lps, rtol=1e-6, atol=1e-6)
    assert scan.sides_known
    assert scan.notes == ()


def test_the_left_of_the_patient_is_where_the_standard_puts_it(tmp_path):
    stored = np.zeros((6, 4, 3), np.uint16)
    stored[5, 0, 2] = 700  # last column, first row, top slice: left, front, head
    scan = read_dicom(cases.write(cases.series(stored), tmp_path))
    at = np.argwhere(scan.voxels == 700)[0]
    right, front, up = (
        (scan.affine @ [*at, 1])[:3]
        - scan.affine[:3, :3]
        @ [
            2.5,
            1.5,
            1,
        ]
        - scan.affine[:3, 3]
    )
    assert (right < 0, front > 0, up > 0) == (True, True, True)


def test_what_the_scanner_rounded_passes_in_silence(tmp_path):
    slices = cases.series(SOFT, step_mm=2.4987)
    for d in slices:
        d.ImagePositionPatient = [f"{float(q):.2f}" for q in d.ImagePositionPatient]
    scan = read_dicom(cases.write(slices, tmp_path))
    assert np.linalg.norm(scan.affine[:3, 2]) == pytest.approx(2.4987, abs=0.005)
    assert scan.notes == ()


# Duplicates


def doubled(tmp_path, change, only=(2, 3)):
    again = cases.series(SOFT)
    for k, d in enumerate(again):
        d.SOPInstanceUID, d.InstanceNumber = cases.uid("twin", k), 100 + k
        change(d)
    cases.write(cases.series(SOFT), tmp_path)
    return cases.write([again[k] for k in only], tmp_path, prefix="RE")


def test_two_images_at_one_place_are_named(tmp_path):
    with pytest.raises(GeometryError, match="duplicate") as error:
        read_dicom(doubled(tmp_path, lambda d: None))
    assert "image numbers 3 and 102" in str(error.value)
    assert "2 of 6 positions" in str(error.value)
    assert "10.00 mm" in str(error.value)


@pytest.mark.parametrize(
    ("keyword", "value", "said"),
    [
        ("EchoTime", "80", "EchoTime (12 and 80)"),
        ("TemporalPositionIdentifier", "2", "TemporalPositionIdentifier:"),
        ("DiffusionBValue", 1000.0, "DiffusionBValue"),
        ("ImageType", ["DERIVED", "SECONDARY"], "ImageType:"),
        ("AcquisitionTime", "101501", "AcquisitionTime:"),
    ],
)
def test_the_tag_that_tells_two_volumes_apart_is_named(tmp_path, keyword, value, said):
    folder = doubled(tmp_path, lambda d: setattr(d, keyword, value), only=range(6))
    with pytest.raises(GeometryError, match="one position") as error:
        read_dicom(folder)
    assert said in str(error.value)
    assert "6 of 6 positions" in str(error.value)


# Steps


@pytest.mark.parametrize(
    ("missing", "said"), [((3,), "1 slice is missing"), ((2, 3), "2 slices are")]
)
def test_missing_slices_are_counted_and_placed(tmp_path, missing, said):
    slices = [d for k, d in enumerate(cases.series(SOFT)) if k not in missing]
    with pytest.raises(GeometryError, match=said) as error:
        read_dicom(cases.write(slices, tmp_path))
    before, after = missing[0], missing[-1] + 2
    assert f"image number {before} at" in str(error.value)
    assert f"image number {after} at" in str(error.value)


@pytest.mark.parametrize(("shift", "fine"), [(0.04, True), (0.07, False)])
def test_a_step_may_differ_by_a_twentieth(tmp_path, shift, fine):
    slices = cases.series(SOFT, step_mm=1.0)
    for d in slices[3:]:
        d.ImagePositionPatient[2] = f"{float(d.ImagePositionPatient[2]) + shift:.4f}"
    folder = cases.write(slices, tmp_path)
    if fine:
        assert read_dicom(folder).notes == ()
    else:
        with pytest.raises(GeometryError, match="not evenly spaced"):
            read_dicom(folder)


def test_thin_slices_may_be_rounded_to_two_digits(tmp_path):
    slices = cases.series(SOFT, step_mm=0.125)  # 5 % of it is less than the rounding
    for d in slices:
        d.ImagePositionPatient = [f"{float(q):.2f}" for q in d.ImagePositionPatient]
    assert read_dicom(cases.write(slices, tmp_path)).voxels.shape == SOFT.shape


# Planes


@pytest.mark.parametrize(("degrees", "fine"), [(0.4, True), (0.8, False), (-15, False)])
def test_a_tilted_gantry_is_refused_beyond_half_a_degree(tmp_path, degrees, fine):
    lean = np.tan(np.radians(degrees)) * 2.5
    folder = written(tmp_path, step=(0, lean, 2.5))
    if fine:
        step = (LPS_TO_RAS @ read_dicom(folder).affine)[:3, 2]
        np.testing.assert_allclose(step, [0, lean, 2.5], atol=1e-6)
    else:
        with pytest.raises(GeometryError, match="gantry tilt"):
            read_dicom(folder)


@pytest.mark.parametrize(("degrees", "fine"), [(0.4, True), (0.8, False)])
def test_axes_may_miss_the_right_angle_by_half_a_degree(tmp_path, degrees, fine):
    a = np.radians(degrees)
    folder = written(tmp_path, directions=(1.0, 0, 0, np.sin(a), np.cos(a), 0))
    if fine:
        assert read_dicom(folder).voxels.shape == SOFT.shape
    else:
        with pytest.raises(GeometryError, match="right angle"):
            read_dicom(folder)


def test_a_localiser_among_the_slices_is_named(tmp_path):
    scout = cases.image(SOFT[:, :, 0], directions=cases.SAGITTAL, number=9)
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    folder = written(tmp_path)
    cases.save(scout, folder / "scout.dcm")
    with pytest.raises(GeometryError, match="2 planes") as error:
        read_dicom(folder)
    assert "image number 9" in str(error.value)
    assert "localizer" in str(error.value)


def test_a_slice_to_the_side_of_the_stack_is_named(tmp_path):
    slices = cases.series(SOFT)
    slices[2].ImagePositionPatient[0] = "-12"
    with pytest.raises(GeometryError, match=r"number 3 at .* 8\.00 mm to the side"):
        read_dicom(cases.write(slices, tmp_path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda d: cases.set_pixels(d, SOFT[:-2, :-1, 0]),
            "number 4 has 9 rows x 10 columns, most have 10 x 12",
        ),
        (lambda d: setattr(d, "PixelSpacing", ["0.9", "0.8"]), "PixelSpacing differs"),
        (
            lambda d: delattr(d, "ImagePositionPatient"),
            "1 of 6 images have no position",
        ),
        (lambda d: setattr(d, "Modality", "PT"), "2 modalities"),
        (
            lambda d: setattr(d, "ImageOrientationPatient", [0.5, 0, 0, 0, 1, 0]),
            "ImageOrientationPatient",
        ),
        (lambda d: setattr(d, "RescaleSlope", "0"), "RescaleSlope"),
    ],
)
def test_one_slice_that_is_unlike_the_others_is_named(tmp_path, change, said):
    slices = cases.series(SOFT)
    change(slices[3])
    with pytest.raises((GeometryError, FormatError), match=said):
        read_dicom(cases.write(slices, tmp_path))


# Single images


def test_a_lone_slice_takes_its_thickness_for_the_third_edge(tmp_path):
    d = cases.image(SOFT[:, :, 0])
    scan = read_dicom(cases.save(d, tmp_path / "one.dcm"))
    assert np.linalg.norm(scan.affine[:3, 2]) == 2.5
    del d.SliceThickness
    scan = read_dicom(cases.save(d, tmp_path / "one.dcm"))
    assert np.linalg.norm(scan.affine[:3, 2]) == 1
    assert any("thickness" in note for note in scan.notes)


def test_a_projection_keeps_its_spacing_and_says_that_sides_are_unknown(tmp_path):
    d = cases.image(SOFT[:, :, 0], modality="DX")
    del d.ImagePositionPatient, d.ImageOrientationPatient, d.PixelSpacing
    d.ImagerPixelSpacing = ["0.2", "0.3"]
    scan = read_dicom(cases.save(d, tmp_path / "one.dcm"))
    np.testing.assert_allclose(np.diag(scan.affine), [0.3, 0.2, 2.5, 1])
    assert not scan.sides_known
    assert any("detector" in note for note in scan.notes)
    assert (scan.modality, scan.units) == ("DX", "a.u.")


def test_what_the_file_does_not_say_stays_open(tmp_path):
    d = cases.image(SOFT[:, :, 0], modality="OT")
    del d.PixelSpacing
    scan = read_dicom(cases.save(d, tmp_path / "one.dcm"))
    assert (scan.affine, scan.modality, scan.units) == (None, None, None)


def test_pet_is_suv_only_where_its_unit_is(tmp_path):
    d = cases.image(SOFT[:, :, 0], modality="PT")
    for unit, expected in (("BQML", "a.u."), ("GML", "SUV")):
        d.Units = unit
        assert read_dicom(cases.save(d, tmp_path / "pet.dcm")).units == expected


# Surroundings


def test_a_decimal_comma_is_named_and_not_read_as_something_else(tmp_path):
    folder = written(tmp_path, edges_mm=(1.4, 1.4))
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"1.4\\1.4", b"1,4\\1,4"))
    with pytest.raises(FormatError, match=r"PixelSpacing.*decimal commas"):
        read_dicom(folder)


def test_warnings_of_the_library_do_not_pass(tmp_path, capfd):
    slices = cases.series(SOFT)
    for d in slices:
        d.SpecificCharacterSet, d.AccessionNumber = "ISO_IR 100", "A" * 16
        d.EchoTime, d.SeriesDescription = "12.500000", "A" * 20
    folder = cases.write(slices, tmp_path)
    for path in folder.iterdir():  # fields that pydicom warns of, and quotes
        content = path.read_bytes()
        for valid, broken in (
            (b"ISO_IR 100", b"Thistlewoo"),
            (b"12.500000", b"Thistlewo"),
            (b"A" * 16, b"Thistlewood\x00\xff\\\\x"),
        ):
            assert valid in content
            content = content.replace(valid, broken)
        path.write_bytes(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_dicom(folder)
    assert not caught
    assert capfd.readouterr() == ("", "")


def test_reading_holds_little_more_than_the_volume_itself(tmp_path):
    stored = cases.soft((256, 256, 40))
    folder = cases.write(cases.series(stored), tmp_path / "large")
    read_dicom(written(tmp_path / "warm"))
    tracemalloc.start()
    scan = read_dicom(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * scan.voxels.nbytes  # one slice is scaled in double precision


@pytest.mark.parametrize(
    "change", [lambda d: None, lambda d: setattr(d, "EchoTime", 9)]
)
def test_no_message_names_the_patient(tmp_path, change):
    with pytest.raises(GeometryError) as error:
        read_dicom(doubled(tmp_path, change))
    text = str(error.value).lower()
    assert not any(secret in text for secret in cases.SECRETS)
    assert len(text.encode()) <= 500
