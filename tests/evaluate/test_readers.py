"""Readers' contours, and what lies inside them."""

import numpy as np
import pytest

from vesalius.errors import FormatError
from vesalius.evaluate.readers import hits, read_outlines, readers_hit
from vesalius.result import Finding
from vesalius.volume import Volume

HEAD = '<LidcReadMessage xmlns="http://www.nih.gov">'


def roi(z, corners, inclusion="TRUE"):
    edges = "".join(
        f"<edgeMap><xCoord>{x}</xCoord><yCoord>{y}</yCoord></edgeMap>"
        for x, y in corners
    )
    return (
        f"<roi><imageZposition>{z} </imageZposition>"
        f"<inclusion>{inclusion}</inclusion>{edges}</roi>"
    )


def square(low, high):
    return [(low, low), (high, low), (high, high), (low, high)]


def nodule(*rois):
    return f"<unblindedReadNodule>{''.join(rois)}</unblindedReadNodule>"


def session(*nodules):
    return f"<readingSession>{''.join(nodules)}</readingSession>"


@pytest.fixture
def file(tmp_path):
    """Two readers; the first sees a hole, and marks something small too."""
    first = nodule(
        roi(-10.0, square(20, 40)),
        roi(-10.0, square(28, 32), "FALSE"),
        roi(-7.5, square(20, 40)),
    )
    dot = nodule(roi(-10.0, [(5, 5)]))
    second = nodule(roi(-7.5, square(35, 60)))
    text = HEAD + session(first, dot) + session(second) + "</LidcReadMessage>"
    (tmp_path / "069.xml").write_text(text)
    return tmp_path / "069.xml"


@pytest.fixture
def scan():
    """Columns to the left, rows to the back, slices of 2.5 mm up from -20 mm."""
    affine = np.diag([-0.5, -0.5, 2.5, 1.0])
    affine[:3, 3] = [50, 40, -20]
    return Volume(np.zeros((80, 80, 8), np.float32), affine, "HU", "CT")


def at(scan, column, row, z_mm):
    x, y, _ = (scan.affine @ [column, row, 0, 1])[:3]
    return Finding((float(x), float(y), z_mm), 8.0, 0.9, (0.8, 1.0))


def test_outlines_are_read_and_marks_left_out(file):
    found = read_outlines(file)
    assert [(o.reader, len(o.contours)) for o in found] == [(1, 3), (2, 1)]
    assert [c.holds for c in found[0].contours] == [True, False, True]
    assert found[1].contours[0].points.tolist() == [list(p) for p in square(35, 60)]


@pytest.mark.parametrize(
    ("column", "row", "z_mm", "expected"),
    [
        (25, 25, -10.0, True),
        (20, 30, -10.0, True),  # on the line
        (45, 25, -10.0, False),
        (30, 30, -10.0, False),  # in the hole
        (30, 30, -7.5, True),
        (25, 25, -9.5, True),  # nearer to the slice below
        (25, 25, -11.2, True),  # within half a slice
        (25, 25, -12.5, False),
        (25, 25, 0.0, False),
    ],
)
def test_a_finding_hits_what_it_lies_in(file, scan, column, row, z_mm, expected):
    first = read_outlines(file)[0]
    assert hits(at(scan, column, row, z_mm), first, scan) is expected


def test_each_finding_has_its_readers(file, scan):
    findings = [at(scan, c, c, -7.5) for c in (25, 38, 55, 70)]
    assert readers_hit(findings, read_outlines(file), scan) == ((1,), (1, 2), (2,), ())


@pytest.mark.parametrize("text", ["no xml", HEAD + "</LidcReadMessage>", "<other/>"])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(FormatError, match=r"a\.xml"):
        read_outlines(tmp_path / "a.xml")


def test_a_contour_without_a_place_is_refused(tmp_path):
    broken = session(
        nodule(
            "<roi><inclusion>TRUE</inclusion>"
            + roi(1, square(1, 5))[5:].replace("imageZposition", "z")
        )
    )
    (tmp_path / "a.xml").write_text(HEAD + broken + "</LidcReadMessage>")
    with pytest.raises(FormatError):
        read_outlines(tmp_path / "a.xml")
