"""What is drawn over a cut lies where the voxels say."""

from itertools import permutations, product

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation
from scipy.spatial.transform import Rotation

from vesalius.report import overlay
from vesalius.report.planes import cut, pixel_of, planes_of
from vesalius.result import Finding
from vesalius.volume import Volume

TURNS = [
    np.eye(3)[list(axes)] * signs
    for axes in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]
OBLIQUE = Rotation.from_euler("xyz", (25, -10, 15), degrees=True).as_matrix()


def volume(turn, shape=(30, 24, 12), spacing_mm=(1.0, 1.5, 3.0), voxel=(21, 5, 9)):
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(turn, float) * spacing_mm
    affine[:3, 3] = (-40.0, 13.0, 7.0)
    voxels = np.zeros(shape, np.float32)
    voxels[voxel] = 1.0
    x, y, z = (affine @ [*voxel, 1.0])[:3]
    return Volume(voxels, affine, "HU", "CT"), (float(x), float(y), float(z))


def main_plane(scan):
    return next(plane for plane in planes_of(scan) if plane.main)


def coloured(image, colour):
    """Say which pixels are opaque enough to be seen and have about this colour."""
    pixels = np.asarray(image).astype(int)
    alike = np.abs(pixels[..., :3] - colour).max(axis=2) < 40
    return alike & (pixels[..., 3] > 60)


@pytest.mark.parametrize(
    "turn", [*TURNS, OBLIQUE], ids=lambda t: "".join(map(str, t.round().astype(int)))
)
def test_a_mark_lands_on_the_voxel_in_every_plane(turn):
    scan, point_mm = volume(turn)
    one = Finding(point_mm, 3.0, 0.9, (0.8, 1.0))
    for plane in planes_of(scan):
        position = round(pixel_of(scan, plane, point_mm)[2])
        (mark,) = overlay.marks_on(plane, position, scan, (one,))
        seen = np.nan_to_num(cut(scan.voxels, plane, position))
        row, column = np.unravel_index(seen.argmax(), seen.shape)
        near = 1e-6 if plane.on_grid else 1.0  # interpolated: a pixel to either side
        assert mark.row == pytest.approx(row, abs=near)
        assert mark.column == pytest.approx(column, abs=near)
        assert seen.max() > 0.3


@pytest.mark.parametrize("turn", TURNS[:8])
def test_a_ring_is_drawn_around_its_pixel_and_as_wide_as_the_finding(turn):
    scan, point_mm = volume(turn, shape=(30, 24, 30), voxel=(14, 12, 15))
    one = Finding(point_mm, 10.0, 0.9, (0.8, 1.0))
    for plane in planes_of(scan):
        position = round(pixel_of(scan, plane, point_mm)[2])
        marks = overlay.marks_on(plane, position, scan, (one,))
        image = overlay.ringed(marks, plane)
        assert image.size == overlay.size_of(plane)
        rows, columns = np.nonzero(coloured(image, overlay.OUTLINE))
        per_mm = image.width / plane.size_mm[0]
        middle = (marks[0].column + 0.5) * image.width / plane.columns
        # Left and down of the ring is no number.
        assert middle - columns.min() == pytest.approx(5 * per_mm, abs=8)
        level = (marks[0].row + 0.5) * image.height / plane.rows
        assert rows.max() - level == pytest.approx(5 * per_mm, abs=8)


def test_a_small_finding_has_a_ring_that_does_not_hide_it():
    scan, point_mm = volume(np.eye(3), shape=(200, 200, 12), voxel=(100, 100, 6))
    marks = overlay.marks_on(
        main_plane(scan), 6, scan, (Finding(point_mm, 1.0, 0.9, (0.8, 1.0)),)
    )
    image = overlay.ringed(marks, main_plane(scan))
    seen = coloured(image, overlay.OUTLINE)
    rows, _ = np.nonzero(seen)
    assert rows.max() - rows.min() >= 2 * overlay.LEAST_RADIUS
    column = round((marks[0].column + 0.5) * image.width / main_plane(scan).columns)
    row = round((marks[0].row + 0.5) * image.height / main_plane(scan).rows)
    assert not np.asarray(image)[row - 8 : row + 8, column - 8 : column + 8].any()


def test_a_finding_is_marked_on_the_cuts_of_its_extent_and_no_others():
    scan, point_mm = volume(np.eye(3), voxel=(14, 12, 6))
    plane = main_plane(scan)

    def marked(size_mm):
        one = Finding(point_mm, size_mm, 0.9, (0.8, 1.0))
        cuts = range(plane.count)
        return [n for n in cuts if overlay.marks_on(plane, n, scan, (one,))]

    assert marked(1.0) == [6]  # thinner than a slice, and marked all the same
    assert marked(13.0) == [4, 5, 6, 7, 8]  # slices of 3 mm


def test_a_number_stays_inside_the_picture():
    scan, _ = volume(np.eye(3))
    plane = main_plane(scan)
    width, height = overlay.size_of(plane)
    for column, row in product((0.0, plane.columns - 1.0), (0.0, plane.rows - 1.0)):
        mark = overlay.Mark(12, column, row, 2.0)
        image = overlay.ringed((mark,), plane, rings=False)
        rows, columns = np.nonzero(np.asarray(image)[..., 3])
        assert 0 < columns.min() <= columns.max() < width - 1
        assert 0 < rows.min() <= rows.max() < height - 1


def test_an_outline_runs_along_the_edge_of_the_mask_and_all_of_it():
    scan, _ = volume(np.eye(3), shape=(48, 40, 10))
    plane = main_plane(scan)
    inside = np.zeros((plane.rows, plane.columns), bool)
    inside[8:20, 10:30] = True
    inside[12:15, 16:19] = False  # a hole has an edge too
    image = overlay.outlined(inside, plane)
    finer = np.asarray(
        Image.fromarray(inside).resize(image.size, Image.Resampling.NEAREST)
    )
    edge = finer ^ binary_dilation(finer)
    line = coloured(image, overlay.OUTLINE)
    reach = overlay.LINE // 2 + 1
    assert (line <= binary_dilation(edge, iterations=2 * reach)).all()
    assert (edge <= binary_dilation(line, iterations=reach)).all()
    shown = np.asarray(image)[..., 3] > 0
    assert not (shown & ~binary_dilation(edge, iterations=2 * overlay.CASED)).any()


def test_an_outline_is_closed_where_the_picture_ends():
    scan, _ = volume(np.eye(3))
    plane = main_plane(scan)
    image = overlay.outlined(np.ones((plane.rows, plane.columns), bool), plane)
    line = coloured(image, overlay.OUTLINE)
    assert line[0].all()
    assert line[:, -1].all()
    assert not line[40:-40, 40:-40].any()


def test_a_tint_covers_its_area_and_lets_the_scan_through():
    scan, _ = volume(np.eye(3))
    plane = main_plane(scan)
    inside = np.random.default_rng(0).random((plane.rows, plane.columns)) > 0.6
    image = overlay.tinted(inside, plane)
    finer = np.asarray(
        Image.fromarray(inside).resize(image.size, Image.Resampling.NEAREST)
    )
    opacity = np.asarray(image)[..., 3]
    assert np.array_equal(opacity > 0, finer)
    assert np.median(opacity[finer]) < 128


def test_where_there_is_nothing_nothing_is_drawn():
    scan, _ = volume(np.eye(3))
    plane = main_plane(scan)
    none = np.zeros((plane.rows, plane.columns), bool)
    for image in (
        overlay.outlined(none, plane),
        overlay.tinted(none, plane),
        overlay.ringed((), plane),
    ):
        assert image.size == (1, 1)
        assert not np.asarray(image).any()


def test_laid_over_a_cut_it_changes_nothing_elsewhere():
    ground = Image.fromarray(np.full((20, 24), 90, np.uint8))
    assert np.unique(np.asarray(overlay.over(ground, overlay.EMPTY))).tolist() == [
        90,
        255,
    ]
