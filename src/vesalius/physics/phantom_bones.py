"""Phantom bones: ribs, spine, breastbone and shoulder blades around a chest."""

import numpy as np

from vesalius.physics.phantom_canvas import (
    Canvas,
    Depth,
    ellipsoid,
    paint,
    path,
    tubes,
    waves,
)

_RIB_STEP_MM = 25.0
_RIB_DROP_MM = 80.0  # from the spine to the breastbone


def draw_bones(canvas: Canvas, cage: Depth, rng: np.random.Generator) -> None:
    """Paint the bones of a chest.

    Args:
        canvas: Changed in place.
        cage: Depth inside the rib cage; ribs lie just outside of it.
        rng: Everything random comes from it.
    """
    _ribs(canvas, cage, rng)
    _spine(canvas, rng)
    _blades(canvas, cage, rng)
    sternum = np.minimum(5.5 - np.abs(cage + 6), 15 - np.abs(canvas.x - 2))
    sternum = np.minimum(sternum, np.minimum(canvas.y, 75 + canvas.z))
    _bone(canvas, sternum.astype(np.float32), 1.2)
    for side in (-1.0, 1.0):
        collar = path(
            [(side * 18, 78, 82), (side * 70, 62, 100), (side * 130, 30, 112)],
            [9, 6, 7],
        )
        _bone(canvas, tubes(canvas, collar), 1.5)


def _bone(canvas: Canvas, depth: Depth, shell_mm: float) -> None:
    """Paint marrow in a shell of dense bone."""
    paint(canvas, depth, "bone")
    paint(canvas, depth - shell_mm, "marrow")


def _ribs(canvas: Canvas, cage: Depth, rng: np.random.Generator) -> None:
    """Paint all ribs at once: the chest repeats itself every 25 mm along the body."""
    x, y, z = canvas.x, canvas.y, canvas.z
    turn = np.arctan2(np.abs(x), -(y + 45)) / np.pi  # 0 at the spine, 1 in front
    first = rng.uniform(0, _RIB_STEP_MM)
    for side in (-1.0, 1.0):
        along = z + _RIB_DROP_MM * turn**1.15 + first + 3 * side
        along = along + 2 * waves(canvas.axes, rng, 90.0)
        near = along % _RIB_STEP_MM - _RIB_STEP_MM / 2
        lean = np.hypot(1.0, 0.5 * np.sin(np.pi * turn))  # a rib that falls looks wider
        norm = np.hypot((cage + 6) / 4.6, near / (5.2 * lean))
        rib = (5.2 * (1 - norm)).astype(np.float32)
        rib = np.where(x * side > 0, rib, -9).astype(np.float32)
        hard = np.minimum(rib, (0.74 - turn) * 150).astype(np.float32)
        gristle = np.minimum(rib, (turn - 0.74) * 150).astype(np.float32)
        paint(
            canvas,
            np.minimum(gristle, (0.96 - turn) * 150).astype(np.float32),
            "cartilage",
        )
        _bone(canvas, hard, 1.3)


def _spine(canvas: Canvas, rng: np.random.Generator) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    along = (z + rng.uniform(0, 24)) % 24 - 12  # a vertebra and its disc
    waist = 1 - 0.06 * np.cos(along / 12 * np.pi)
    body = ellipsoid(canvas, (0, -52, 0), (18.5, 15.5, 4000)) - 2.5 * (1 - waist) * 10
    body = body.astype(np.float32)
    paint(canvas, body, "cartilage")
    vertebra = np.minimum(body, 9.5 - np.abs(along)).astype(np.float32)
    _bone(canvas, vertebra, 1.4)
    arch = ellipsoid(canvas, (0, -74, 0), (15, 14, 4000))
    near = 8.0 - np.abs(along - 1)
    thorn = np.minimum(3.5 - np.abs(x), np.minimum(y + 97, -78 - y))
    wings = np.minimum(4.5 - np.abs(y + 73 + 0.22 * np.abs(x)), 33 - np.abs(x))
    rear = np.maximum(
        np.maximum(np.minimum(arch, near), np.minimum(thorn, near + 4)),
        np.minimum(wings, near - 1),
    )
    _bone(canvas, rear.astype(np.float32), 1.6)
    canal = ellipsoid(canvas, (0, -75, 0), (10, 9, 4000))
    paint(canvas, canal, "fat")
    paint(canvas, canal - 1.5, "cord")


def _blades(canvas: Canvas, cage: Depth, rng: np.random.Generator) -> None:
    """Paint the shoulder blades: thin plates behind the ribs, thick at the rim."""
    x, y, z = canvas.x, canvas.y, canvas.z
    for side in (-1.0, 1.0):
        away = x * side
        extent = np.minimum(
            np.minimum(away - 58, 128 - away), z + 10 + 0.9 * (away - 58)
        )
        extent = np.minimum(extent, -y - 5)
        rim = 1.6 + 2.2 * np.exp(-extent / 6)
        centre = cage + 16 + rng.uniform(-1, 1) + 0.03 * (away - 80)
        plate = np.minimum(rim - np.abs(centre), extent)
        _bone(canvas, plate.astype(np.float32), 1.5)
