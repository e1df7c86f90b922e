"""What is no image volume: skipped by name beside one, refused by name alone."""

import numpy as np
import pytest

import dicom_cases as cases
from vesalius.errors import FormatError, GeometryError, ScanError
from vesalius.io.dicom import read_dicom

SOFT = cases.soft()
STORAGE = "1.2.840.10008.5.1.4.1.1."
OBJECTS = {
    "a segmentation (SEG)": (f"{STORAGE}66.4", "SEG"),
    "contours (RTSTRUCT)": (f"{STORAGE}481.3", "RTSTRUCT"),
    "a dose (RTDOSE)": (f"{STORAGE}481.2", "RTDOSE"),
    "a report (SR)": (f"{STORAGE}88.67", "SR"),
    "a parametric map": (f"{STORAGE}30", "MR"),
    "a presentation state": (f"{STORAGE}11.1", "PR"),
    "a microscope slide": (f"{STORAGE}77.1.6", "SM"),
    "a document": (f"{STORAGE}104.1", "DOC"),
    "spectra": (f"{STORAGE}4.2", "MR"),
    "a selection of images (KO)": ("1.2.3.4", "KO"),
}


def stranger(sop_class, modality):
    """An object of another kind that says it belongs to the series."""
    d = cases.image(SOFT[:, :, 0], number=77)
    d.SOPClassUID, d.Modality = sop_class, modality
    return d


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_that_shares_the_series_is_counted_and_left(tmp_path, name):
    folder = cases.write(cases.series(SOFT), tmp_path)
    cases.save(stranger(*OBJECTS[name]), folder / "other.dcm")
    scan = read_dicom(folder)
    np.testing.assert_array_equal(scan.voxels, SOFT)
    assert scan.notes == (f"Left out, as no image of this series: 1 x {name}.",)


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_alone_is_refused_by_name(tmp_path, name):
    path = cases.save(stranger(*OBJECTS[name]), tmp_path / "other.dcm")
    with pytest.raises(FormatError) as error:
        read_dicom(path)
    assert name in str(error.value)


def test_what_lies_around_in_folders_is_counted_by_kind(tmp_path):
    folder = cases.write(cases.series(SOFT), tmp_path)
    for name in ("DICOMDIR", "a.xml", "b.XML", ".DS_Store", "notes.txt", "fake.dcm"):
        (folder / name).write_text("no scan")
    (note,) = read_dicom(folder).notes
    for part in (
        "1 x a media directory (DICOMDIR)",
        "2 x an XML file",
        "1 x a text file",
        "1 x a shadow file",
        "1 x a file that is not DICOM",
    ):
        assert part in note


def test_a_text_file_called_dcm_is_no_scan(tmp_path):
    path = tmp_path / "scan.dcm"
    path.write_text("Thistlewood was here, " * 20)
    with pytest.raises(FormatError, match="not DICOM"):
        read_dicom(path)


# Images that are no volume


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: setattr(d, "PhotometricInterpretation", "RGB"), "colour"),
        (lambda d: setattr(d, "PhotometricInterpretation", "PALETTE COLOR"), "colour"),
        (lambda d: setattr(d, "SamplesPerPixel", 3), "colour"),
        (lambda d: setattr(d, "ImageType", ["ORIGINAL", "MOSAIC"]), "mosaic"),
        (lambda d: d.add_new(0x0019100A, "US", 36), "mosaic"),
        (lambda d: setattr(d, "ImageType", ["DERIVED", "ADC"]), "parametric map"),
        (lambda d: setattr(d, "ImageType", ["DERIVED", "T2 MAP"]), "parametric map"),
        (lambda d: setattr(d, "Modality", "NM"), "NM (nuclear medicine)"),
        (lambda d: setattr(d, "Modality", "THISTLEWOOD"), "not a defined term"),
        (lambda d: setattr(d, "BitsAllocated", 1), "8, 16 or 32 bits"),
        (lambda d: setattr(d, "Rows", 0), "no pixels"),
    ],
)
def test_a_picture_that_is_no_slice_is_refused_by_name(tmp_path, change, said):
    d = cases.image(SOFT[:, :, 0])
    change(d)
    with pytest.raises(FormatError) as error:
        read_dicom(cases.save(d, tmp_path / "one.dcm"))
    assert said in str(error.value)


def test_frames_without_places_are_no_volume(tmp_path):
    d = cases.image(SOFT[:, :, 0])
    d.NumberOfFrames, d.PixelData = 6, SOFT.T.tobytes()
    with pytest.raises(FormatError, match=r"multi-frame image \(6 frames\)"):
        read_dicom(cases.save(d, tmp_path / "loop.dcm"))


def test_screenshots_are_left_beside_a_scan_and_read_alone(tmp_path):
    folder = cases.write(cases.series(SOFT), tmp_path / "series")
    for k, name in enumerate(("A", "B")):  # in the series, and in one of its own
        d = cases.image(SOFT[:-1, :, 0], series=name, number=50 + k)
        d.SOPClassUID = f"{STORAGE}7"
        cases.save(d, folder / f"shot{k}.dcm")
    scan = read_dicom(folder)
    np.testing.assert_array_equal(scan.voxels, SOFT)
    assert any("2 x a secondary capture" in note for note in scan.notes)
    assert read_dicom(folder / "shot0.dcm").voxels.shape == (11, 10, 1)


# Enhanced multi-frame


def test_an_enhanced_image_is_read_frame_by_frame(tmp_path):
    slices = cases.series(SOFT, directions=cases.SAGITTAL)
    for k, d in enumerate(slices):
        d.RescaleSlope, d.RescaleIntercept = str(1 + k), str(10 * k)
    shuffled = [slices[k] for k in (3, 0, 5, 1, 4, 2)]
    path = cases.save(cases.enhanced(shuffled), tmp_path / "one.dcm")
    single = read_dicom(cases.write(slices, tmp_path / "single"))
    scan = read_dicom(path)
    np.testing.assert_array_equal(
        scan.voxels, SOFT * np.arange(1, 7) + 10 * np.arange(6)
    )
    np.testing.assert_array_equal(scan.voxels, single.voxels)
    np.testing.assert_allclose(scan.affine, single.affine)


def test_two_enhanced_images_make_one_volume(tmp_path):
    slices = cases.series(SOFT)
    for number, part in ((1, slices[::2]), (2, slices[1::2])):
        cases.save(cases.enhanced(part, number=number), tmp_path / f"{number}.dcm")
    np.testing.assert_array_equal(read_dicom(tmp_path).voxels, SOFT)


def test_a_localiser_in_one_file_is_refused(tmp_path):
    slices = [
        d
        for directions in (cases.AXIAL, cases.SAGITTAL)
        for d in cases.series(SOFT, directions=directions)
    ]
    path = cases.save(cases.enhanced(slices), tmp_path / "one.dcm")
    with pytest.raises(GeometryError, match=r"2 planes .* image number 7 is the first"):
        read_dicom(path)


def test_echoes_in_one_file_are_named(tmp_path):
    early, late = cases.series(SOFT), cases.series(SOFT)
    for d in late:
        d.EchoTime = "80"
    path = cases.save(cases.enhanced([*early, *late]), tmp_path / "one.dcm")
    with pytest.raises(GeometryError, match=r"EffectiveEchoTime \(12.0 and 80.0\)"):
        read_dicom(path)


def test_frames_that_are_not_all_described_are_refused(tmp_path):
    d = cases.enhanced(cases.series(SOFT))
    d.NumberOfFrames = 5
    with pytest.raises(FormatError, match="5 frames, but describes 6"):
        read_dicom(cases.save(d, tmp_path / "one.dcm"))


# Damage


@pytest.mark.parametrize("share", [0.97, 0.6])
def test_a_slice_that_is_cut_short_is_refused(tmp_path, share):
    folder = cases.write(cases.series(SOFT), tmp_path)
    path = folder / "IM0003.dcm"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FormatError, match="cut short"):
        read_dicom(folder)


@pytest.mark.parametrize("length", [140, 400, 700])
def test_a_file_that_ends_in_its_header_is_refused(tmp_path, length):
    folder = cases.write(cases.series(SOFT), tmp_path)
    path = folder / "IM0003.dcm"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ScanError):
        read_dicom(folder)
    with pytest.raises(ScanError):
        read_dicom(path)


def test_any_damage_is_an_error_of_ours_and_names_nobody(tmp_path, capfd):
    path = cases.save(cases.image(SOFT[:, :, 0]), tmp_path / "one.dcm")
    content = path.read_bytes()
    rng = np.random.default_rng(3)
    for _ in range(150):
        spoiled = bytearray(content)
        for place in rng.integers(128, len(content), 6):
            spoiled[place] = rng.integers(256)
        path.write_bytes(spoiled[: rng.integers(132, len(content) + 1)])
        try:
            read_dicom(path)
        except ScanError as error:
            text = str(error).lower()
            assert not any(secret in text for secret in cases.SECRETS)
            assert len(text) <= 500
    assert capfd.readouterr().err == ""
