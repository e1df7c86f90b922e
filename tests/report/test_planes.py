"""A ball at the patient's right, front and top must be seen there, however stored."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from vesalius.report.planes import (
    apart_mm,
    cut,
    letters_of,
    pixel_of,
    place_of,
    planes_of,
    positions_of,
)
from vesalius.volume import Volume

BALL = (28.0, 18.0, 22.0)  # RAS+
BALL_MM = {"axial": 22.0, "coronal": 18.0, "sagittal": 28.0}  # along the plane's normal
TURNS = [
    np.eye(3)[list(axes)] * signs
    for axes in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]
EDGES = {"axial": "RLAP", "coronal": "RLSI", "sagittal": "APSI"}


def brightest(scan, plane):
    """Say where in the stack and in the picture the ball is: share of each length."""
    cuts = [cut(scan.voxels, plane, n) for n in range(plane.count)]
    scores = [np.nanmax(one) if np.isfinite(one).any() else 0.0 for one in cuts]
    middle = round(float(np.mean(np.flatnonzero(np.array(scores) > 700))))
    rows, columns = np.nonzero(np.nan_to_num(cuts[middle]) > 700)
    return middle, rows.mean() / plane.rows, columns.mean() / plane.columns


@pytest.mark.parametrize("turn", TURNS, ids=lambda t: "".join(map(str, t.astype(int))))
def test_the_ball_is_where_the_letters_say(body, turn):
    scan = body(turn)
    planes = {plane.key: plane for plane in planes_of(scan)}
    assert set(planes) == set(EDGES)
    for key, plane in planes.items():
        assert "".join(plane.edges) == EDGES[key]
        position, down, across = brightest(scan, plane)
        assert across < 0.5, "right, or front, lies on the viewer's left"
        assert down < 0.5, "front, or top, lies above"
        letter, place_mm = place_of(scan, plane, position).split(" · ")[1].split()[:2]
        assert letter == {"axial": "S", "coronal": "A", "sagittal": "R"}[key]
        assert float(place_mm) == pytest.approx(BALL_MM[key], abs=4.0)  # one slice


@settings(max_examples=25)  # each looks at three stacks of cuts
@given(seed=st.integers(0, 10_000))
def test_any_volume_is_cut_through_the_body_the_right_way_round(body_at, seed):
    turn = Rotation.random(rng=seed).as_matrix()
    scan = body_at(turn)
    for plane in planes_of(scan):
        if plane.on_grid:
            continue
        assert "".join(plane.edges) == EDGES[plane.key]
        _, down, across = brightest(scan, plane)
        assert across < 0.5
        assert down < 0.5


@pytest.fixture(scope="module")
def body_at():
    def draw(turn):
        affine = np.eye(4)
        affine[:3, :3] = turn * 5.0
        affine[:3, 3] = -affine[:3, :3] @ np.full(3, 11.5)
        voxels = np.zeros((24, 24, 24), np.float32)
        where = np.linalg.inv(affine) @ (26.0, 20.0, 22.0, 1.0)
        i, j, k = np.rint(where[:3]).astype(int)
        voxels[i - 1 : i + 2, j - 1 : j + 2, k - 1 : k + 2] = 900.0
        return Volume(voxels, affine, "a.u.", "MR")

    return draw


@given(
    shape=st.tuples(*[st.integers(1, 7)] * 3),
    turn=st.sampled_from(TURNS),
    data=st.data(),
)
def test_a_cut_shows_the_voxels_its_map_names(shape, turn, data):
    voxels = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    affine = np.eye(4)
    affine[:3, :3] = turn
    planes = planes_of(Volume(voxels, affine, "a.u.", "MR"))
    assert sum(plane.main for plane in planes) == 1
    plane = data.draw(st.sampled_from(planes))
    pixel = [
        data.draw(st.integers(0, n - 1))
        for n in (plane.columns, plane.rows, plane.count)
    ]
    index = (plane.to_voxel @ [*pixel, 1])[:3].astype(int)
    column, row, position = pixel
    assert cut(voxels, plane, position)[row, column] == voxels[tuple(index)]


def test_an_oblique_scan_is_shown_as_acquired_first_with_every_letter_it_leans_to(body):
    turn = Rotation.from_euler("x", 30, degrees=True).as_matrix()
    first, *others = planes_of(body(turn))
    assert first.main
    assert first.on_grid
    assert first.edges == ("R", "L", "AS", "PI")
    assert [plane.key for plane in others] == ["axial", "coronal", "sagittal"]
    assert not any(plane.on_grid for plane in others)


def test_outside_an_oblique_scan_there_is_nothing(body):
    scan = body(Rotation.from_euler("x", 30, degrees=True).as_matrix())
    axial = planes_of(scan)[1]
    assert np.isnan(cut(scan.voxels, axial, axial.count // 2)[0]).any()
    assert np.isfinite(cut(scan.voxels, axial, axial.count // 2)).any()


def test_half_a_mask_is_no_mask(body):
    scan = body(Rotation.from_euler("x", 30, degrees=True).as_matrix())
    mask = (scan.voxels > 150).astype(np.float32)
    axial = planes_of(scan)[1]
    middle = cut(mask, axial, axial.count // 2, nearest=True)
    assert set(np.unique(middle[np.isfinite(middle)])) == {0.0, 1.0}


@pytest.mark.parametrize("turn", TURNS[::7])
def test_a_point_of_the_body_is_found_in_every_plane(body, turn):
    scan = body(turn)
    for plane in planes_of(scan):
        column, row, position = pixel_of(scan, plane, BALL)
        middle, down, across = brightest(scan, plane)
        assert position == pytest.approx(middle, abs=1.5)
        assert (row + 0.5) / plane.rows == pytest.approx(down, abs=0.05)
        assert (column + 0.5) / plane.columns == pytest.approx(across, abs=0.05)
        step = {"a": 2, "c": 1, "s": 0}[plane.key[0]]
        axis = int(np.argmax(np.abs(scan.affine[step, :3])))
        assert apart_mm(scan, plane) == pytest.approx(scan.spacing_mm[axis])


def test_no_letters_where_sides_are_unknown(body):
    scan = body(np.eye(3), sides_known=False)
    planes = planes_of(scan)
    assert not any("".join(plane.edges) for plane in planes)
    assert np.array_equal(cut(scan.voxels, planes[0], 3), scan.voxels[:, :, 3].T)
    assert place_of(scan, planes[0], 3) == f"slice 4 of {planes[0].count}"


def test_pictures_keep_the_shape_of_the_body(body):
    for plane in planes_of(body(np.eye(3), spacing_mm=(1.0, 2.0, 6.0))):
        width_mm, height_mm = plane.size_mm
        assert width_mm == pytest.approx({"s": 100}.get(plane.key[0], 110), abs=6)
        assert height_mm == pytest.approx({"a": 100}.get(plane.key[0], 90), abs=6)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 1), (40, 50, 1), (1, 30, 40)])
def test_a_single_slice_has_one_plane(shape):
    scan = Volume(np.ones(shape, np.float32), np.eye(4), "a.u.", "MR")
    (plane,) = planes_of(scan)
    assert plane.count == 1
    assert sorted((plane.rows, plane.columns, plane.count)) == sorted(shape)


def test_cuts_are_chosen_through_the_body_and_not_the_air_around_it():
    scan = Volume(np.zeros((20, 20, 90), np.float32), np.eye(4), "a.u.", "MR")
    axial = next(plane for plane in planes_of(scan) if plane.key == "axial")
    inside = np.indices((20, 20, 20)).reshape(3, -1) + np.array([[0], [0], [30]])
    chosen = positions_of(axial, inside, 5)
    assert len(chosen) == 5
    assert min(chosen) >= 30
    assert max(chosen) <= 49
    assert positions_of(axial, inside, 200) == list(range(90))
    assert positions_of(axial, np.zeros((3, 0), int), 2) == [0, 89]


def test_a_direction_is_named_by_every_side_it_leans_to():
    assert letters_of(np.array([0.0, 0.0, -2.0])) == "I"
    assert letters_of(np.array([0.05, -1.0, 0.0])) == "P"  # 3 degrees: no lean
    assert letters_of(np.array([0.5, -1.0, 0.3])) == "PRS"
