"""Phantom head: skull, brain and face of nobody, as MR sees them."""

import numpy as np

from vesalius.errors import ConfigError
from vesalius.physics.phantom_brain import draw_brain, draw_build
from vesalius.physics.phantom_canvas import (
    Canvas,
    Depth,
    Lesion,
    Phantom,
    blank,
    ellipsoid,
    finish,
    paint,
    path,
    plant,
    tubes,
    waves,
)

# Relative intensities as in conventional spin-echo and MPRAGE pictures at 1.5 to 3 T.
_CONTRASTS = ("T1w", "T1ce", "T2w", "FLAIR")
_TISSUES: dict[str, tuple[float, float, float, float]] = {
    "air": (0, 0, 0, 0),
    "skin": (300, 340, 280, 300),
    "fat": (690, 690, 560, 500),
    "muscle": (330, 360, 200, 260),
    "bone": (50, 50, 40, 45),
    "marrow": (430, 440, 330, 290),
    "fluid": (110, 110, 930, 70),
    "grey matter": (400, 410, 530, 470),
    "white matter": (590, 590, 370, 370),
    "deep grey matter": (460, 470, 440, 420),
    "pallidum": (540, 540, 330, 350),
    "brainstem": (530, 530, 410, 400),
    "vessel": (170, 900, 90, 110),
    "dura": (220, 620, 160, 230),
    "eye": (140, 140, 950, 120),
    "lens": (430, 430, 260, 320),
    "cavity": (15, 15, 15, 15),
    "lesion": (430, 780, 700, 720),
    "marker": (900, 900, 850, 700),
}


def draw_head(
    shape: tuple[int, int, int] = (160, 192, 24),
    spacing_mm: tuple[float, float, float] = (1.2, 1.2, 5.0),
    *,
    seed: int = 0,
    contrast: str = "T1w",
    lesions: int = 0,
    marker: bool = True,
) -> Phantom:
    """Draw a head as MR would show it without noise.

    Scalp, skull with marrow, folded cortex, white matter, deep nuclei, ventricles,
    cerebellum, brainstem, eyes, sinuses and ears; thickness, folding and size of the
    ventricles differ with the seed, and so does the slow shading of the coils. No two
    sides are alike. A seed draws one anatomy whatever the contrast.

    Args:
        shape: Voxels along i (to the left), j (to the back), k (to the top).
        spacing_mm: Edge lengths of a voxel. The head is about 155 x 195 mm; slices
            are cut out of it where the grid ends.
        seed: Of everything drawn.
        contrast: "T1w", "T1ce", "T2w" or "FLAIR".
        lesions: Number of lesions in the white matter, 4 to 16 mm.
        marker: Whether a capsule of oil lies beside the right temple, as
            radiographers tape one there to tell the sides.

    Returns:
        A volume with a maximum of about 1000 a.u., its labels and its lesions.

    Raises:
        ConfigError: The contrast is not one of the four.
        GeometryError: The grid has no voxels or no size.

    Limits:
        Nobody's head: no tracts, no nuclei but the largest, no pathology but
        lesions. Slices are sampled at their middle, not averaged over their
        thickness. Not for measuring volumes.

    Example:
        >>> head = draw_head((32, 40, 4), (6.0, 6.0, 20.0), seed=3)
        >>> head.names[int(head.labels[16, 20, 3])]
        'white matter'
    """
    if contrast not in _CONTRASTS:
        raise ConfigError(
            f"a head is drawn as {', '.join(_CONTRASTS)}, not {contrast!r}"
        )
    rng = np.random.default_rng([seed, 1])
    canvas = blank(
        shape,
        spacing_mm,
        rng,
        values=_values(seed, contrast),
        bend_mm=1.6,
        scale=rng.uniform(0.95, 1.05),
    )
    inside = _skull(canvas, rng)
    white = draw_brain(canvas, inside, draw_build(rng), rng)
    _face(canvas, rng)
    found = _lesions(canvas, white, lesions, rng)
    if marker:
        paint(canvas, ellipsoid(canvas, (84.0, 22.0, 14.0), (4.5, 8.0, 9.0)), "marker")
    _shade(canvas, np.random.default_rng([seed, 2, _CONTRASTS.index(contrast)]))
    return finish(canvas, found, units="a.u.", modality="MR", contrast=contrast)


def _values(seed: int, contrast: str) -> dict[str, float]:
    """Return this scanner's intensities: sequences and field strengths differ."""
    column = _CONTRASTS.index(contrast)
    rng = np.random.default_rng([seed, 3, column])
    return {
        name: row[column] * rng.uniform(0.95, 1.05) for name, row in _TISSUES.items()
    }


def _skull(canvas: Canvas, rng: np.random.Generator) -> Depth:
    """Paint scalp and skull; return the depth inside the skull."""
    x, y, z = canvas.x, canvas.y, canvas.z
    p = rng.uniform(2.05, 2.35)
    # Narrower in front than behind, as heads are.
    wide = 77 - 0.0011 * np.maximum(y, 0) ** 2
    below = np.where(z < -18, 130.0, 92.0).astype(np.float32)
    norm = np.abs(x / wide) ** p + np.abs((y + 2) / 97) ** p
    norm = (norm + np.abs((z + 18) / below) ** p) ** (1 / p)
    length = np.sqrt(x**2 + (y + 2) ** 2 + (z + 18) ** 2)
    outer = (length / np.maximum(norm, 1e-3) * (1 - norm)).astype(np.float32)

    scalp = rng.uniform(5.0, 7.5) * (1 + 0.12 * waves(canvas.axes, rng, 60.0))
    temple = np.exp(-(((y - 22) / 26) ** 2) - ((z + 12) / 26) ** 2)
    temple = 9 * temple * np.clip((np.abs(x) - 40) / 15, 0, 1)
    scalp = scalp + temple + 5 * np.clip(-(z + 35) / 25, 0, 1)
    bone = rng.uniform(5.5, 8.0) * (1 + 0.15 * waves(canvas.axes, rng, 50.0))

    step_up = 1 / (1 + np.exp(-(y - 24) / 3))
    step_down = 1 / (1 + np.exp((y + 18) / 4))
    ridge = np.abs(x) / 45
    floor = -46 + 26 * step_up * (1 + 0.12 * ridge) - 34 * step_down + 1.5 * ridge
    inside = np.minimum(outer - scalp - bone, z - floor).astype(np.float32)
    shell = np.minimum(outer - scalp, z - floor + 6)

    paint(canvas, outer, "skin")
    paint(canvas, outer - 1.6, "fat")
    paint(canvas, np.minimum(outer - scalp + temple, z + 200), "muscle")
    deep = np.minimum(outer - 9, floor - 5 - z)
    paint(canvas, deep, "muscle")
    streaks = 2.7 * np.abs(waves(canvas.axes, rng, 17.0))
    paint(canvas, np.minimum(deep, 1.6 - streaks), "fat")
    paint(canvas, shell.astype(np.float32), "bone")
    table = 0.3 * bone
    paint(canvas, np.minimum(shell - table, -inside - table), "marrow")
    paint(canvas, inside, "dura")
    paint(canvas, inside - 0.8, "fluid")
    return inside


def _face(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint nose, eyes, air-filled sinuses and ears, each side a little different."""
    cells = waves(canvas.axes, rng, 9.0)
    flesh = ellipsoid(canvas, (0, 74, -57), (18, 33, 22))
    paint(canvas, flesh, "skin")
    paint(canvas, flesh - 2, "fat")
    for side in (-1.0, 1.0):
        _eye(canvas, side, rng)
        _ear(canvas, side, cells, rng)
        large = rng.uniform(0.8, 1.2)
        maxillary = ellipsoid(canvas, (side * 30, 52, -70), (15, 16 * large, 13))
        paint(canvas, maxillary + 2.5, "bone")
        paint(canvas, maxillary, "cavity")
    sphenoid = ellipsoid(canvas, (3, 20, -44), (14, 11, 9))
    nose = ellipsoid(canvas, (0, 58, -56), (13, 30, 24))
    frontal = ellipsoid(canvas, (rng.uniform(-6, 6), 86, -18), (15, 5, 9))
    for hollow in (sphenoid, nose, frontal):
        paint(canvas, hollow + 2, "bone")
        paint(canvas, np.minimum(hollow, 2.0 + 4 * cells), "cavity")
    paint(canvas, np.minimum(nose, 1.3 - np.abs(canvas.x + 1.5)), "muscle")
    for side in (-4.5, 4.5):
        paint(canvas, ellipsoid(canvas, (side, 95, -63), (2.5, 9, 7)), "cavity")


def _eye(canvas: Canvas, side: float, rng: np.random.Generator) -> None:
    across, front, up = (float(shift) for shift in rng.uniform(-1.5, 1.5, 3))
    x, y, z = side * 32 + across, 67 + front, -37 + up
    paint(canvas, ellipsoid(canvas, (side * 29, 54, -37), (19, 34, 18)), "fat")
    strands = path([(x, 55, -37), (side * 10, 18, -31)], [2.5, 2.0])  # the nerve
    for bulge in (12, -12):  # the muscles that turn the eye
        strands += path([(x + bulge, 62, -37), (side * 16, 28, -34)], [2.2, 1.2])
    paint(canvas, tubes(canvas, strands), "muscle")
    ball = ellipsoid(canvas, (x, y, z), (12.3, 12.3, 12.3))
    paint(canvas, ball, "muscle")
    paint(canvas, ball - 1.2, "eye")
    paint(canvas, ellipsoid(canvas, (x, y + 8, z), (4.5, 2.2, 4.5)), "lens")


def _ear(canvas: Canvas, side: float, cells: Depth, rng: np.random.Generator) -> None:
    """Paint the ear, its canal, and the bone of many air cells behind it."""
    large, back = rng.uniform(0.8, 1.2), rng.uniform(-1.5, 1.5)
    mastoid = ellipsoid(canvas, (side * 55, -24, -46), (13, 17 * large, 15))
    paint(canvas, mastoid + 2, "bone")
    paint(canvas, np.minimum(mastoid, 2.5 * cells), "cavity")
    leaning = np.abs(canvas.x - side * (77 - 0.25 * (canvas.y + 14)))
    ear = ellipsoid(canvas, (side * 80, back - 14, -32), (4, 15, 27))
    paint(canvas, np.minimum(ear, 2.6 - leaning), "skin")
    paint(canvas, ellipsoid(canvas, (side * 71, -8, -40), (14, 3, 3)), "cavity")


def _lesions(
    canvas: Canvas, white: Depth, count: int, rng: np.random.Generator
) -> tuple[Lesion, ...]:
    sizes = np.exp(rng.uniform(np.log(4), np.log(16), count))
    return plant(canvas, white, [float(size) for size in sizes], "lesion", rng)


def _shade(canvas: Canvas, rng: np.random.Generator) -> None:
    """Apply tissue texture and the slow shading of receive coils, in place."""
    texture = (
        1 + 0.018 * waves(canvas.axes, rng, 7.0) + 0.02 * waves(canvas.axes, rng, 30.0)
    )
    coils = np.exp(rng.uniform(0.04, 0.11) * waves(canvas.axes, rng, 180.0))
    canvas.voxels[:] *= np.maximum(texture, 0) * coils
