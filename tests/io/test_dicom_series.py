"""Several series at one place: listed without a name, and one chosen."""

import numpy as np
import pytest

import dicom_cases as cases
from vesalius.errors import FormatError, ScanError, SeriesError
from vesalius.io.dicom import read_dicom
from vesalius.io.dicom_series import list_series

SOFT, OTHER = cases.soft(), cases.soft((9, 8, 4), seed=1)


@pytest.fixture
def both(tmp_path):
    cases.write(cases.series(SOFT, name="A"), tmp_path, prefix="A")
    cases.write(cases.series(OTHER, name="B", step_mm=4), tmp_path, prefix="B")
    return tmp_path


def test_several_series_are_refused_with_their_table(both):
    with pytest.raises(SeriesError, match=r"2 series .* --series") as error:
        read_dicom(both)
    table = error.value.table
    assert cases.uid("A") in table
    assert cases.uid("B") in table
    assert "1.1 x 4" in table.replace("0.8 x 1.1", "1.1")
    assert len(table.splitlines()) == 3


def test_the_series_that_is_named_is_read(both):
    for name, stored in (("A", SOFT), ("B", OTHER)):
        scan = read_dicom(both, cases.uid(name))
        np.testing.assert_array_equal(scan.voxels, stored)
        others = 10 - stored.shape[2]
        assert f"{others} x an image of another series" in scan.notes[0]


def test_a_series_that_is_not_there_is_refused_with_the_table(both):
    with pytest.raises(SeriesError, match="none of the 2 series") as error:
        read_dicom(both, "1.2.3")
    assert cases.uid("B") in error.value.table


def test_the_list_says_what_each_series_is(both):
    first, second = list_series(both)
    assert (first.uid, first.modality, first.slices) == (cases.uid("A"), "MR", 6)
    assert (first.columns, first.rows) == (12, 10)
    assert first.spacing_mm == pytest.approx((0.8, 1.1, 2.5))
    assert first.description == "MR of A"
    assert first.readable
    assert second.spacing_mm == pytest.approx((0.8, 1.1, 4))


def test_the_list_says_why_a_series_cannot_be_read(tmp_path):
    slices = cases.series(SOFT)
    cases.write([*slices[:2], *slices[3:]], tmp_path)
    (entry,) = list_series(tmp_path)
    assert not entry.readable
    assert "1 slice is missing" in entry.reason
    assert entry.spacing_mm is None


def test_a_multi_frame_image_counts_its_frames(tmp_path):
    cases.save(cases.enhanced(cases.series(SOFT)), tmp_path / "one.dcm")
    (entry,) = list_series(tmp_path)
    assert (entry.slices, entry.readable) == (6, True)


@pytest.mark.parametrize(
    ("description", "shown"),
    [
        ("T1 MPRAGE sag", "T1 MPRAGE sag"),
        ("Head of Barnaby", ""),
        ("THISTLEWOOD^B", ""),
        ("study qx-88213", ""),
        ("born 19310704", ""),
        ("for Dr Ravenscar", ""),
        ("x" * 65, ""),
        ("clear\x1b[2Jscreen", "clear [2Jscreen"),
    ],
)
def test_a_description_is_shown_only_if_it_names_nobody(tmp_path, description, shown):
    slices = cases.series(SOFT)
    for d in slices:
        d.add_new("SeriesDescription", "UT", description)
    (entry,) = list_series(cases.write(slices, tmp_path))
    assert entry.description == shown


def test_a_uid_that_is_text_is_not_shown(tmp_path):
    slices = cases.series(SOFT)
    for d in slices:
        d.add_new("SeriesInstanceUID", "LO", "Thistlewood")
    folder = cases.write(slices, tmp_path)
    (entry,) = list_series(folder)
    assert entry.uid == ""
    np.testing.assert_array_equal(read_dicom(folder).voxels, SOFT)


def test_a_place_without_images_is_named(tmp_path):
    with pytest.raises(ScanError, match="no file or folder"):
        list_series(tmp_path / "nowhere")
    (tmp_path / "a.xml").write_text("<no/>")
    with pytest.raises(FormatError, match="XML"):
        list_series(tmp_path)
