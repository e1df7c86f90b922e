"""Phantom canvas: a grid to paint anatomy on, bent as no two bodies are alike.

Shapes are given as depth: millimetres to the shape's surface, positive inside. They are
drawn in the coordinates of an average body, which the canvas bends smoothly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int16
from scipy.interpolate import CubicSpline
from scipy.ndimage import map_coordinates

from vesalius.errors import GeometryError
from vesalius.volume import Volume

Depth = Float32[np.ndarray, "i j k"]
Axes = tuple[
    Float32[np.ndarray, " i"], Float32[np.ndarray, " j"], Float32[np.ndarray, " k"]
]
Number = float | int
Point = tuple[Number, Number, Number]
Tube = tuple[Point, Point, Number, Number]  # from, to, and the radius at both ends

FAR_MM = -1e3  # depth of what lies nowhere near


@dataclass(frozen=True)
class Lesion:
    """One thing that was put into a phantom on purpose.

    Attributes:
        position_mm: Its centre, RAS+.
        size_mm: Mean diameter.
        contrast: Its intensity beyond its surroundings', in the volume's units, before
            texture and the shading of coils.
    """

    position_mm: Point
    size_mm: float
    contrast: float


@dataclass(frozen=True, eq=False)
class Phantom:
    """A body whose truth is known, because we drew it.

    Attributes:
        truth: The scan without noise.
        labels: What each voxel mostly is, an index into `names`.
        names: The tissues, the first is air around the body.
        lesions: What was put in.
    """

    truth: Volume
    labels: Int16[np.ndarray, "i j k"]
    names: tuple[str, ...]
    lesions: tuple[Lesion, ...]


@dataclass(frozen=True, eq=False)
class Canvas:
    """Voxels to paint on, and where each of them lies in the average body.

    Attributes:
        affine: Voxel to RAS+ millimetres, the body's centre at 0.
        axes: RAS+ millimetres along i, j and k, before bending.
        x: To the body's right, in the average body's millimetres, of each voxel.
        y: To its front.
        z: To its head.
        bend_mm: The farthest that bending moves anything.
        scale: Size of this body over the average, before bending.
        voxels: The picture so far.
        labels: The tissue each voxel mostly is.
        values: Intensity of each tissue by name, in the order of the labels.
    """

    affine: Float[np.ndarray, "4 4"]
    axes: Axes
    x: Depth
    y: Depth
    z: Depth
    bend_mm: float
    scale: float
    voxels: Depth
    labels: Int16[np.ndarray, "i j k"]
    values: dict[str, float]

    @property
    def edge_mm(self) -> float:
        """Width over which a surface fades: a voxel's longer edge in plane."""
        return max(abs(float(self.affine[0, 0])), abs(float(self.affine[1, 1])))


def blank(
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    rng: np.random.Generator,
    *,
    values: dict[str, float],
    bend_mm: float,
    scale: float,
) -> Canvas:
    """Return an empty canvas as a scanner lays it: i to the left, j to the back.

    Args:
        shape: Voxels along i, j, k.
        spacing_mm: Edge lengths of a voxel.
        rng: Draws how the body is bent.
        values: Intensity of each tissue by name; the first fills the canvas.
        bend_mm: SD of the bending along each axis.
        scale: Size of this body over the average.

    Raises:
        GeometryError: The grid has no voxels or no size.
    """
    if min(shape) < 1 or min(spacing_mm) <= 0:
        raise GeometryError("a phantom has at least one voxel, its edges above 0 mm")
    signs = (-1.0, -1.0, 1.0)
    steps = [s * e for s, e in zip(signs, spacing_mm, strict=True)]
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = [-(n - 1) / 2 * s for n, s in zip(shape, steps, strict=True)]
    right, front, up = (
        (np.arange(n) * s + o).astype(np.float32)
        for n, s, o in zip(shape, steps, affine[:3, 3], strict=True)
    )
    axes = (right, front, up)
    bends = [bend_mm * waves(axes, rng, 110.0) for _ in range(3)]
    places = np.meshgrid(*axes, indexing="ij")
    x, y, z = (p / scale + b for p, b in zip(places, bends, strict=True))
    first = next(iter(values.values()))
    return Canvas(
        affine,
        axes,
        x,
        y,
        z,
        max(float(np.abs(b).max()) for b in bends),
        scale,
        np.full(shape, first, np.float32),
        np.zeros(shape, np.int16),
        values,
    )


def paint(canvas: Canvas, depth: Depth, tissue: str) -> None:
    """Cover what lies inside a shape, its surface fading over one voxel.

    Args:
        canvas: Changed in place.
        depth: Of every voxel, in millimetres, positive inside.
        tissue: A name in `canvas.values`.
    """
    share = np.clip(depth / canvas.edge_mm + 0.5, 0, 1)
    canvas.voxels[:] += share * (canvas.values[tissue] - canvas.voxels)
    canvas.labels[share > 0.5] = list(canvas.values).index(tissue)


def ellipsoid(canvas: Canvas, centre: Point, radii: Point) -> Depth:
    """Return the depth in an ellipsoid, measured towards its centre."""
    places = (canvas.x, canvas.y, canvas.z)
    away = [p - c for p, c in zip(places, centre, strict=True)]
    norm = np.sqrt(sum((a / r) ** 2 for a, r in zip(away, radii, strict=True)))
    length = np.sqrt(sum(a**2 for a in away))
    return (length / np.maximum(norm, 1e-3) * (1 - norm)).astype(np.float32)


def tubes(canvas: Canvas, parts: Iterable[Tube]) -> Depth:
    """Return the depth in a union of tapering tubes, far from it `FAR_MM`."""
    depth = np.full(canvas.voxels.shape, FAR_MM, np.float32)
    for start, end, first, last in parts:
        margin = max(first, last) + canvas.bend_mm + 2 * canvas.edge_mm
        box = _box(
            canvas, np.minimum(start, end) - margin, np.maximum(start, end) + margin
        )
        if any(part.start == part.stop for part in box):
            continue
        along = np.subtract(end, start)
        away = [
            p[box] - s
            for p, s in zip((canvas.x, canvas.y, canvas.z), start, strict=True)
        ]
        share = sum(a * np.float32(b) for a, b in zip(away, along, strict=True))
        share = np.clip(share / np.float32(max(along @ along, 1e-6)), 0, 1)
        apart = sum(
            (a - share * np.float32(b)) ** 2 for a, b in zip(away, along, strict=True)
        )
        inside = first + share * np.float32(last - first) - np.sqrt(apart)
        np.maximum(depth[box], inside, out=depth[box])
    return depth


def path(points: Sequence[Point], radii: Sequence[Number]) -> list[Tube]:
    """Join points to one tube, with a radius at each."""
    ends = zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True)
    return list(ends)


def mirrored(parts: list[Tube]) -> list[Tube]:
    """Return the same tubes on the other side of the body."""
    return [((-a[0], *a[1:]), (-b[0], *b[1:]), r, s) for a, b, r, s in parts]


def waves(
    axes: Axes,
    rng: np.random.Generator,
    length_mm: float,
) -> Depth:
    """Draw a smooth field of mean about 0 and SD about 1 on a grid.

    Args:
        axes: Millimetres along i, j and k.
        rng: Everything random comes from it.
        length_mm: From one crest to the next, about.
    """
    spans = [max(float(np.ptp(axis)), 1.0) for axis in axes]
    counts = [max(4, int(np.ceil(2 * span / length_mm)) + 2) for span in spans]
    field = rng.standard_normal(counts, dtype=np.float32)
    for axis, count, span in zip(axes, counts, spans, strict=True):
        knots = np.arange(count) * length_mm / 2
        place = np.abs(axis - axis[0]) + (knots[-1] - span) / 2
        basis = CubicSpline(knots, np.eye(count))(place).astype(np.float32)
        field = np.moveaxis(np.tensordot(basis, field, (1, 0)), 0, -1)
    return field * np.float32(1.4)  # a spline through knots of SD 1 has SD 0.7 in 3-D


def folds(
    points: Float32[np.ndarray, "3 n"], rng: np.random.Generator, length_mm: float
) -> Float32[np.ndarray, " n"]:
    """Return how far points lie from the nearest of many random curved sheets.

    The sheets are where a field of waves of one length is zero: a labyrinth, like the
    furrows of a brain.

    Args:
        points: Coordinates in millimetres.
        rng: Everything random comes from it.
        length_mm: Of the waves; sheets lie half of it apart.
    """
    directions = rng.standard_normal((3, 24)).astype(np.float32)
    directions *= 2 * np.pi / length_mm / np.linalg.norm(directions, axis=0)
    low, high = points.min(axis=1) - 4, points.max(axis=1) + 4
    step = length_mm / 12
    axes = [
        np.arange(a, b + step, step, dtype=np.float32)
        for a, b in zip(low, high, strict=True)
    ]
    turns = rng.uniform(0, 2 * np.pi, 24)
    field = np.zeros([len(a) for a in axes], np.float32)
    for (p, q, r), turn in zip(directions.T, turns, strict=True):
        first = np.exp(1j * (p * axes[0] + turn)).astype(np.complex64)
        plane = first[:, None] * np.exp(1j * q * axes[1]).astype(np.complex64)
        field += (plane[..., None] * np.exp(1j * r * axes[2]).astype(np.complex64)).real
    steepness = np.sqrt(sum(slope**2 for slope in np.gradient(field, step)))
    # Where the field is flat the ratio means nothing: no sheet is steeper than half
    # of the usual, so that none becomes a lake.
    usual = np.float32(2 * np.pi / length_mm * np.sqrt(12))
    distance = field / np.maximum(steepness, 0.5 * usual)
    places = (points - low[:, None]) / step
    near = map_coordinates(distance, places, order=1, mode="nearest")
    return np.minimum(np.abs(near), length_mm / 4).astype(np.float32)


def finish(
    canvas: Canvas,
    lesions: tuple[Lesion, ...],
    *,
    units: str,
    modality: str,
    contrast: str | None,
) -> Phantom:
    """Return what was painted as a phantom."""
    truth = Volume(canvas.voxels, canvas.affine, units, modality, contrast)
    return Phantom(truth, canvas.labels, tuple(canvas.values), lesions)


def plant(
    canvas: Canvas,
    allowed: Depth,
    sizes_mm: list[float],
    tissue: str,
    rng: np.random.Generator,
) -> tuple[Lesion, ...]:
    """Paint lumpy lesions at random places, none touching another.

    Args:
        canvas: Changed in place.
        allowed: Depth in the region where they may lie.
        sizes_mm: Mean diameter of each.
        tissue: What they are made of, a name in `canvas.values`.
        rng: Everything random comes from it.

    Returns:
        Where they lie. Fewer than asked, where there is no room.
    """
    free = allowed.copy()
    planted = []
    for size in sorted(sizes_mm, reverse=True):
        room = np.argwhere(free > 0.6 * size)
        if not len(room):
            continue
        i, j, k = room[rng.integers(len(room))]
        centre = (
            float(canvas.axes[0][i]),
            float(canvas.axes[1][j]),
            float(canvas.axes[2][k]),
        )
        away = np.meshgrid(
            *(a - c for a, c in zip(canvas.axes, centre, strict=True)), indexing="ij"
        )
        apart = np.sqrt(sum(a**2 for a in away)).astype(np.float32)
        lumps = 1 + 0.15 * waves(canvas.axes, rng, 0.8 * size + 4)
        ring = (apart > size / 2 + 1) & (apart < size / 2 + 4) & (allowed > 0)
        beside = canvas.voxels[ring].mean() if ring.any() else canvas.voxels[i, j, k]
        paint(canvas, size / 2 * lumps - apart, tissue)
        planted.append(Lesion(centre, size, canvas.values[tissue] - float(beside)))
        np.minimum(free, apart - size, out=free)
    return tuple(planted)


def _box(
    canvas: Canvas, low: Float[np.ndarray, "3"], high: Float[np.ndarray, "3"]
) -> tuple[slice, slice, slice]:
    """Return the voxels between two corners, some more rather than less."""
    parts = []
    for axis, a, b in zip(canvas.axes, low, high, strict=True):
        inside = np.flatnonzero((axis >= a * canvas.scale) & (axis <= b * canvas.scale))
        parts.append(slice(inside[0], inside[-1] + 1) if inside.size else slice(0, 0))
    return parts[0], parts[1], parts[2]
