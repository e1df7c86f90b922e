"""Phantom brain: cortex, deep nuclei, ventricles, cerebellum, painted into a skull."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from vesalius.physics.phantom_canvas import (
    Canvas,
    Depth,
    Point,
    ellipsoid,
    folds,
    mirrored,
    paint,
    path,
    tubes,
    waves,
)

# Of the right side, in millimetres from the middle of the brain: after common atlases,
# rounded. A tissue, its centre, its radii, and its turn about the body's long axis.
_NUCLEI: tuple[tuple[str, Point, Point, float], ...] = (
    ("deep grey matter", (27, 3, 2), (6, 17, 11), 0.28),  # putamen
    ("pallidum", (20.5, 1, 0), (4.5, 10, 7), 0.35),
    ("deep grey matter", (12, -14, 7), (8.5, 15, 10), 0.4),  # thalamus
)
_CAUDATE = path(
    [(13, 26, 3), (15.5, 12, 12), (18, -8, 19), (24, -24, 17)], [6.5, 5, 3.2, 1.6]
)
_HIPPOCAMPUS = path([(26, -6, -24), (27, -20, -17), (22, -32, -6)], [5.5, 4, 2.5])
_HORNS: tuple[Point, ...] = (
    (7, 31, 4),
    (9, 22, 11),
    (10, 2, 18),
    (14, -20, 16),
    (24, -38, 7),
    (31, -24, -12),
    (33, -4, -21),
)
_VENTRICLE = path(_HORNS, [2.5, 4.6, 4.6, 4.8, 6, 2.6, 1.5])
_VENTRICLE += path([(24, -38, 7), (23, -62, 5)], [5.5, 1.5])


@dataclass(frozen=True)
class Brain:
    """What differs from one brain to the next.

    Attributes:
        gap_mm: Fluid between skull and brain.
        furrow_mm: Half the width of a furrow of the cortex.
        cortex_mm: Thickness of the cortex.
        ventricles: Size over the average.
        fold_mm: From one furrow to the next but one.
    """

    gap_mm: float
    furrow_mm: float
    cortex_mm: float
    ventricles: float
    fold_mm: float


def draw_build(rng: np.random.Generator) -> Brain:
    """Draw a brain's measures: with age it shrinks, and fluid takes its place."""
    age = rng.uniform(0, 1)
    return Brain(
        gap_mm=1.0 + 2.0 * age,
        furrow_mm=0.35 + 0.7 * age,
        cortex_mm=rng.uniform(2.3, 2.9),
        ventricles=0.75 + 0.55 * age + rng.uniform(-0.1, 0.1),
        fold_mm=rng.uniform(18.0, 23.0),
    )


def draw_brain(
    canvas: Canvas, inside: Depth, build: Brain, rng: np.random.Generator
) -> Depth:
    """Paint a brain.

    Args:
        canvas: Changed in place; bone and fluid are there already.
        inside: Depth inside the skull.
        build: The brain's measures.
        rng: Everything random comes from it.

    Returns:
        Depth in the white matter of the cerebrum.
    """
    x, y, z = canvas.x, canvas.y, canvas.z
    gap = build.gap_mm * (1 + 0.25 * waves(canvas.axes, rng, 45.0))
    tent = -6 - 0.5 * np.abs(x) + 0.2 * (y + 45) + 2 * waves(canvas.axes, rng, 40.0)
    hind = np.minimum(tent - z, -18 - y)  # of the tent over the cerebellum
    stem = path(
        [(0, -8, -8), (0, -14, -22), (0, -22, -42), (0, -30, -62), (0, -34, -95)],
        [13, 15, 16, 11, 8],
    )
    trunk = tubes(canvas, stem)
    cistern = np.minimum(trunk + 5, -14 - z)
    cerebrum = np.minimum(np.minimum(inside - gap, -hind - 0.9), -cistern)
    cerebrum = np.minimum(cerebrum, -ellipsoid(canvas, (0, 6, -30), (16, 13, 11)))
    white = _cortex(canvas, cerebrum.astype(np.float32), build, rng)
    _nuclei(canvas, build, rng)
    _cerebellum(canvas, np.minimum(inside - gap, hind - 0.9), rng)
    paint(canvas, trunk, "brainstem")
    paint(canvas, ellipsoid(canvas, (0, -38, -43), (8, 5, 9)), "fluid")
    sinus = 3.4 - np.hypot(x, inside - 1.5)
    paint(canvas, np.minimum(sinus, np.where(z > -25, 55 - y, -1.0)), "vessel")
    arteries = path([(0, -4, -45), (0, -2, -28)], [1.6, 1.6])
    for side in (-1.0, 1.0):
        arteries += path(
            [(side * 9, 12, -50), (side * 8, 10, -27), (side * 35, 8, -18)],
            [2.3, 2.0, 1.1],
        )
    paint(canvas, tubes(canvas, arteries), "vessel")
    deep = ellipsoid(canvas, (0, -2, 4), (36, 46, 26))
    return np.minimum(white, -deep).astype(np.float32)


def _cortex(
    canvas: Canvas, cerebrum: Depth, build: Brain, rng: np.random.Generator
) -> Depth:
    """Paint cortex and white matter between the furrows; return the white's depth."""
    furrow = _furrows(canvas, cerebrum, build, rng)
    furrow = np.minimum(furrow, _fissures(canvas, rng))
    width = build.furrow_mm * np.clip(1.5 - cerebrum / 20, 0.5, 1.5)
    brain = np.minimum(cerebrum, furrow - width).astype(np.float32)
    thick = build.cortex_mm * (1 + 0.1 * waves(canvas.axes, rng, 35.0))
    paint(canvas, brain, "grey matter")
    white = (brain - thick).astype(np.float32)
    paint(canvas, white, "white matter")
    return white


def _furrows(
    canvas: Canvas, cerebrum: Depth, build: Brain, rng: np.random.Generator
) -> Float32[np.ndarray, "i j k"]:
    """Return the distance to the nearest furrow: sheets from the surface inwards."""
    x, y, z = canvas.x, canvas.y, canvas.z
    distance = np.full(x.shape, 99.0, np.float32)
    near = (cerebrum > -2) & (cerebrum < 32)
    if not near.any():
        return distance
    points = np.stack([x[near], y[near] * 0.85, z[near] + 5])
    # Seen from the middle, so that the sheets stand upright on the surface.
    radius = np.sqrt((points**2).sum(axis=0)) + 1
    unfolded = points * (55 / radius) ** 0.5
    sheet = (
        folds(unfolded.astype(np.float32), rng, build.fold_mm) * (radius / 55) ** 0.5
    )
    reach = 17 + 6 * waves(canvas.axes, rng, 30.0)[near]
    beyond = np.maximum(cerebrum[near] - reach, 0)
    distance[near] = np.hypot(sheet, beyond)
    return distance


def _fissures(canvas: Canvas, rng: np.random.Generator) -> Float32[np.ndarray, "i j k"]:
    """Return the distance to the fissures between the halves and around the insula."""
    x, y, z = canvas.x, canvas.y, canvas.z
    bent = x + 0.8 * waves(canvas.axes, rng, 60.0)
    bridge = ellipsoid(canvas, (0, -4, 4), (60, 42, 27))
    between = np.hypot(np.maximum(np.abs(bent) - 0.4, 0), np.maximum(bridge, 0))
    across = np.abs(x)
    lips = np.abs(z + 5 - 0.22 * (4 - y) + 1.2 * waves(canvas.axes, rng, 40.0))
    lips = np.hypot(lips, np.maximum(37 - across, 0))
    lips = np.hypot(lips, np.maximum(np.abs(y - 4) - 29, 0))
    island = np.hypot(
        across - 39 + 0.006 * (y - 4) ** 2, np.maximum(np.abs(z + 1) - 13, 0)
    )
    island = np.hypot(island, np.maximum(np.abs(y - 4) - 20, 0))
    return np.minimum(between, np.minimum(lips, island) - 0.3).astype(np.float32)


def _nuclei(canvas: Canvas, build: Brain, rng: np.random.Generator) -> None:
    """Paint the deep nuclei and the ventricles, the two sides unequal."""
    for side in (-1.0, 1.0):
        for tissue, place, radii, turn in _NUCLEI:
            centre = (side * place[0], place[1], place[2])
            paint(canvas, _tilted(canvas, centre, radii, side * turn), tissue)
        size = build.ventricles * rng.uniform(0.88, 1.12)
        lateral = [
            (
                (a[0] + 1.2 * (size - 1), *a[1:]),
                (b[0] + 1.2 * (size - 1), *b[1:]),
                r * size,
                s * size,
            )
            for a, b, r, s in _VENTRICLE
        ]
        for tissue, tube in (
            ("deep grey matter", _CAUDATE),
            ("grey matter", _HIPPOCAMPUS),
            ("fluid", lateral),
        ):
            there = tube if side > 0 else mirrored(tube)
            paint(canvas, tubes(canvas, there), tissue)
    narrow = 1.3 * build.ventricles - np.abs(canvas.x)
    third = np.minimum(narrow, ellipsoid(canvas, (0, -6, -1), (9, 17, 11)))
    paint(canvas, third.astype(np.float32), "fluid")


def _cerebellum(canvas: Canvas, depth: Depth, rng: np.random.Generator) -> None:
    """Paint the cerebellum: fine leaves around a branching white core."""
    x, y, z = canvas.x, canvas.y, canvas.z
    depth = depth.astype(np.float32)
    centre = np.sqrt((x / 1.3) ** 2 + (y + 28) ** 2 + (z + 42) ** 2)
    leaf = np.abs((centre + 2.2 * waves(canvas.axes, rng, 26.0)) % 6.4 - 3.2)
    leaf = np.where(depth < 9, leaf, 9).astype(np.float32)
    paint(canvas, np.minimum(depth, leaf - 0.3), "grey matter")
    branches = np.abs(waves(canvas.axes, rng, 24.0)) * 4.0
    core = np.minimum(depth - 10 + 2 * waves(canvas.axes, rng, 20.0), np.abs(x) - 5)
    arms = np.minimum(1.5 - branches, depth - 4)
    paint(canvas, np.maximum(core, arms).astype(np.float32), "white matter")


def _tilted(
    canvas: Canvas,
    centre: Point,
    radii: Point,
    turn: float,
) -> Depth:
    """Return the depth in an ellipsoid turned about the long axis of the body."""
    x, y = canvas.x - centre[0], canvas.y - centre[1]
    u = (np.cos(turn) * x + np.sin(turn) * y) / radii[0]
    v = (np.cos(turn) * y - np.sin(turn) * x) / radii[1]
    w = (canvas.z - centre[2]) / radii[2]
    norm = np.sqrt(u**2 + v**2 + w**2)
    length = np.sqrt(x**2 + y**2 + (canvas.z - centre[2]) ** 2)
    return (length / np.maximum(norm, 1e-3) * (1 - norm)).astype(np.float32)
