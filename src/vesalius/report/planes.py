"""Planes: cuts through a volume as a radiologist expects to see them.

The patient's right lies on the viewer's left (axial, coronal), the front of the body on
the viewer's left (sagittal). Which way a volume is stored does not matter: the affine
decides. Where the file does not say which side is which, the voxels are shown as stored
and no letter is drawn.
"""

from dataclasses import dataclass, replace
from itertools import permutations, product
from math import acos, ceil, degrees, radians, sin

import numpy as np
from jaxtyping import Float, Float32, Int, Shaped
from scipy.ndimage import map_coordinates

from vesalius.report.words import FIXED_SPACE, number
from vesalius.volume import Volume

ALIGNED_DEG = 5.0  # up to here the stored slices pass for the body's own planes
SIDE_LETTER_FROM = sin(radians(10.0))  # a direction names every side it leans to
LETTERS = (("R", "L"), ("A", "P"), ("S", "I"))  # RAS+: towards plus, towards minus
FEWEST_PIXELS = 4  # a narrower cut is a line, not a picture
LONGEST_PIXELS = 512  # of a plane cut through an oblique volume

Directions = Float[np.ndarray, "3 3"]
# The viewer's right and the viewer's down, in RAS+.
VIEWS: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "axial": ((-1, 0, 0), (0, -1, 0)),
    "coronal": ((-1, 0, 0), (0, 0, -1)),
    "sagittal": ((0, -1, 0), (0, 0, -1)),
}


@dataclass(frozen=True, eq=False)
class Plane:
    """One way to look at a volume: a grid of pixels, and a stack of such cuts.

    Attributes:
        key: "axial", "coronal", "sagittal", "acquired", "stored-1" to "stored-3".
        name: For the reader.
        edges: Letters at the left, right, top and bottom of a cut; empty where the
            file does not tell sides.
        to_voxel: Maps (column, row, position, 1) to the voxel index (i, j, k, 1).
        columns: Pixels from left to right.
        rows: Pixels from top to bottom.
        count: Cuts of the stack.
        pixel_mm: Width and height of a pixel.
        on_grid: Whether a cut is made of stored voxels, nothing interpolated.
        main: Whether a reader looks at this plane first.
        lean_deg: How far the plane leans against the body's own.
    """

    key: str
    name: str
    edges: tuple[str, str, str, str]
    to_voxel: Float[np.ndarray, "4 4"]
    columns: int
    rows: int
    count: int
    pixel_mm: tuple[float, float]
    on_grid: bool = True
    main: bool = False
    lean_deg: float = 0.0

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of a cut."""
        return self.columns * self.pixel_mm[0], self.rows * self.pixel_mm[1]


def planes_of(volume: Volume) -> tuple[Plane, ...]:
    """Choose the planes in which a volume is worth looking at.

    Args:
        volume: On any grid, turned and flipped in any way.

    Returns:
        Axial, coronal and sagittal; where the volume lies oblique to the body, the
        acquired plane before them. Planes too thin for a picture are left out, the
        main one never.

    Limits:
        Within 5 degrees a volume passes for aligned: its own voxels are shown, and
        letters and positions are right to that angle.
    """
    axes = _nearest_axes(volume)
    through = _stack_axis(volume, axes)
    if not volume.sides_known:
        planes = [_stored(volume, axis, axis == through) for axis in (2, 1, 0)]
    else:
        lean = _lean_deg(volume, axes)
        planes = [_along_voxels(volume, key, axes, through, lean) for key in VIEWS]
        if lean > ALIGNED_DEG:
            acquired = [plane for plane in planes if plane.main]
            planes = acquired + [_through_body(volume, key) for key in VIEWS]
    return tuple(p for p in planes if p.main or min(p.rows, p.columns) >= FEWEST_PIXELS)


def cut(
    voxels: Float32[np.ndarray, "i j k"],
    plane: Plane,
    position: int,
    *,
    nearest: bool = False,
) -> Float32[np.ndarray, "rows columns"]:
    """Take one picture out of a volume.

    Args:
        voxels: Of the volume the plane was chosen for.
        plane: One of `planes_of`.
        position: Which cut of the stack, from 0.
        nearest: Interpolate nothing: half a mask is no mask.

    Returns:
        Intensities as the viewer sees them, top row first; NaN outside the volume.

    Limits:
        Planes that are not `on_grid` are interpolated linearly, which softens noise.
    """
    if plane.on_grid:
        return _pick(voxels, plane, position)
    grid = np.indices((plane.columns, plane.rows), np.float32).reshape(2, -1)
    offset = plane.to_voxel[:3, 2] * position + plane.to_voxel[:3, 3]
    index = plane.to_voxel[:3, :2] @ grid + offset[:, None]
    order = 0 if nearest else 1
    values = map_coordinates(
        voxels, index, order=order, mode="nearest", output=np.float32
    )
    edges = np.array(voxels.shape)[:, None] - 0.5
    values[((index < -0.5) | (index > edges)).any(axis=0)] = np.nan
    return values.reshape(plane.columns, plane.rows).T


def place_of(volume: Volume, plane: Plane, position: int) -> str:
    """Say where a cut lies, as a reader would look it up.

    Args:
        volume: The one the plane was chosen for.
        plane: One of `planes_of`.
        position: Which cut of the stack, from 0.

    Returns:
        The slice's number in the file, where the plane is one of the file's, and the
        distance from the scanner's origin with its letter, where sides are known.
    """
    numbered = f"slice {position + 1} of {plane.count}" if plane.on_grid else ""
    if not volume.sides_known:
        return numbered
    middle = ((plane.columns - 1) / 2, (plane.rows - 1) / 2, position, 1)
    to_world = volume.affine @ plane.to_voxel
    axis = int(np.argmax(np.abs(_unit(np.cross(to_world[:3, 0], to_world[:3, 1])))))
    place_mm = float((to_world @ middle)[axis])
    letter = LETTERS[axis][0 if place_mm >= 0 else 1]
    place = f"{letter}{FIXED_SPACE}{number(abs(round(place_mm, 1)))}{FIXED_SPACE}mm"
    return f"{numbered} · {place}" if numbered else place


def pixel_of(
    volume: Volume, plane: Plane, point_mm: tuple[float, float, float]
) -> tuple[float, float, float]:
    """Say where a point of the body lies in a stack of cuts.

    Args:
        volume: The one the plane was chosen for.
        plane: One of `planes_of`.
        point_mm: RAS+.

    Returns:
        Column, row and position of the cut; the middle of the first pixel is 0.
    """
    to_world = volume.affine @ plane.to_voxel
    column, row, position = np.linalg.solve(to_world, [*point_mm, 1.0])[:3]
    return float(column), float(row), float(position)


def apart_mm(volume: Volume, plane: Plane) -> float:
    """Say how far two neighbouring cuts of a stack lie apart, straight through."""
    across, down, through = (volume.affine @ plane.to_voxel)[:3, :3].T
    return abs(float(_unit(np.cross(across, down)) @ through))


def positions_of(plane: Plane, body: Int[np.ndarray, "3 n"], wish: int) -> list[int]:
    """Choose which cuts of a stack to show.

    Args:
        plane: One of `planes_of`.
        body: Voxel indices that belong to the body, a sample of them.
        wish: How many cuts at most.

    Returns:
        All, where there are no more than wished for; else as many, evenly through
        the body and not through the air around it.
    """
    if plane.count <= wish:
        return list(range(plane.count))
    first, last = 0.0, float(plane.count - 1)
    if body.shape[1]:
        along = np.linalg.inv(plane.to_voxel)[2, :]
        reached = along[:3] @ body + along[3]
        first, last = np.clip(np.percentile(reached, (0.5, 99.5)), first, last)
    steps = np.linspace(first, last, wish) if wish > 1 else [(first + last) / 2]
    return sorted({round(float(step)) for step in steps})


def letters_of(direction: Float[np.ndarray, "3"]) -> str:
    """Name the sides of the body a direction leads to, the nearest first.

    Args:
        direction: In RAS+, of any length.

    Example:
        >>> letters_of(np.array([0.8, 0.0, -0.6]))
        'RI'
    """
    parts = _unit(direction)
    named = [axis for axis in range(3) if abs(parts[axis]) >= SIDE_LETTER_FROM]
    named.sort(key=lambda axis: -abs(parts[axis]))
    return "".join(LETTERS[axis][0 if parts[axis] > 0 else 1] for axis in named)


def _pick(
    voxels: Float32[np.ndarray, "i j k"], plane: Plane, position: int
) -> Float32[np.ndarray, "rows columns"]:
    """Take stored voxels: a slice, turned and flipped, nothing computed."""
    across, down, through = (
        int(np.flatnonzero(plane.to_voxel[:3, n])[0]) for n in range(3)
    )
    index: list[int | slice] = [slice(None)] * 3
    start = plane.to_voxel[through, 3]
    index[through] = round(start + plane.to_voxel[through, 2] * position)
    picture = voxels[tuple(index)]
    if across < down:
        picture = picture.T
    if plane.to_voxel[across, 0] < 0:
        picture = picture[:, ::-1]
    return picture[::-1] if plane.to_voxel[down, 1] < 0 else picture


def _directions(volume: Volume) -> Directions:
    return volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)


def _nearest_axes(volume: Volume) -> tuple[int, int, int]:
    """Say which voxel axis runs along x, which along y, which along z."""
    closeness = np.abs(_directions(volume))

    def together(axes: tuple[int, ...]) -> float:
        return float(sum(closeness[world, axes[world]] for world in range(3)))

    x, y, z = max(permutations(range(3)), key=together)
    return x, y, z


def _lean_deg(volume: Volume, axes: tuple[int, int, int]) -> float:
    directions = np.abs(_directions(volume))
    return max(degrees(acos(min(1.0, directions[w, axes[w]]))) for w in range(3))


def _stack_axis(volume: Volume, axes: tuple[int, int, int]) -> int:
    """Find the axis the scan was stacked along; of equals, the one that is z."""
    last = axes[2] if volume.sides_known else 2

    def thickness(axis: int) -> tuple[bool, float, bool]:
        few = volume.voxels.shape[axis] < FEWEST_PIXELS
        return few, round(volume.spacing_mm[axis], 2), axis == last

    return max(range(3), key=thickness)


def _along_voxels(
    volume: Volume, key: str, axes: tuple[int, int, int], through: int, lean: float
) -> Plane:
    """Lay one of the body's planes along the voxel axes nearest to it."""
    chosen: list[int] = []
    signs: list[int] = []
    for towards in VIEWS[key]:
        world = int(np.flatnonzero(towards)[0])
        axis = axes[world]
        chosen.append(axis)
        signs.append(int(np.sign(_directions(volume)[world, axis] * towards[world])))
    right, down = (s * volume.affine[:3, a] for a, s in zip(chosen, signs, strict=True))
    oblique = lean > ALIGNED_DEG
    return replace(
        _on_grid(volume, (chosen[0], chosen[1]), (signs[0], signs[1])),
        key="acquired" if oblique else key,
        name=f"As acquired, near {key}" if oblique else key.capitalize(),
        edges=_edge_letters(right, down),
        main=3 - sum(chosen) == through,
        lean_deg=lean,
    )


def _edge_letters(
    right: Float[np.ndarray, "3"], down: Float[np.ndarray, "3"]
) -> tuple[str, str, str, str]:
    return letters_of(-right), letters_of(right), letters_of(-down), letters_of(down)


def _stored(volume: Volume, through: int, main: bool) -> Plane:
    """Show voxels as stored: the earlier axis to the right, the later one down."""
    first, second = (axis for axis in range(3) if axis != through)
    return replace(_on_grid(volume, (first, second), (1, 1)), main=main)


def _on_grid(volume: Volume, axes: tuple[int, int], signs: tuple[int, int]) -> Plane:
    """Lay a plane along two voxel axes, to the right and down, either way round."""
    through = 3 - sum(axes)
    shape = volume.voxels.shape
    to_voxel = np.zeros((4, 4))
    for pixel_axis, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        to_voxel[axis, pixel_axis] = sign
        to_voxel[axis, 3] = 0 if sign > 0 else shape[axis] - 1
    to_voxel[through, 2] = to_voxel[3, 3] = 1
    return Plane(
        key=f"stored-{3 - through}",
        name=("Third cut", "Second cut", "As stored")[through],
        edges=("", "", "", ""),
        to_voxel=to_voxel,
        columns=shape[axes[0]],
        rows=shape[axes[1]],
        count=shape[through],
        pixel_mm=(volume.spacing_mm[axes[0]], volume.spacing_mm[axes[1]]),
    )


def _through_body(volume: Volume, key: str) -> Plane:
    """Cut one of the body's own planes through a volume that lies oblique to it."""
    right, down = (np.array(towards, float) for towards in VIEWS[key])
    frame = np.stack([right, down, np.abs(np.cross(right, down))], axis=1)
    shape = np.array(volume.voxels.shape)
    corners = np.array(list(product(*((-0.5, n - 0.5) for n in shape)))).T
    world = volume.affine[:3, :3] @ corners + volume.affine[:3, 3:]
    low, high = (frame.T @ world).min(axis=1), (frame.T @ world).max(axis=1)
    pixel = max(min(volume.spacing_mm), float((high - low)[:2].max()) / LONGEST_PIXELS)
    columns, rows, count = (max(1, ceil(n)) for n in (high - low) / pixel - 1e-6)
    to_world = np.eye(4)
    to_world[:3, :3] = frame * pixel
    to_world[:3, 3] = frame @ (low + pixel / 2)
    return Plane(
        key=key,
        name=key.capitalize(),
        edges=_edge_letters(right, down),
        to_voxel=np.linalg.inv(volume.affine) @ to_world,
        columns=columns,
        rows=rows,
        count=count,
        pixel_mm=(pixel, pixel),
        on_grid=False,
    )


def _unit(direction: Shaped[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    return direction / np.linalg.norm(direction)
