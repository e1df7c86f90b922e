"""Phantom thorax: lungs, heart, vessels, bones of nobody, as CT sees them."""

from dataclasses import dataclass

import numpy as np

from vesalius.errors import ConfigError
from vesalius.physics.phantom_bones import draw_bones
from vesalius.physics.phantom_canvas import (
    Canvas,
    Depth,
    Lesion,
    Phantom,
    Point,
    blank,
    ellipsoid,
    finish,
    paint,
    path,
    plant,
    tubes,
    waves,
)
from vesalius.physics.phantom_tree import beside, grow

_PHASES = {"native": (35.0, 55.0), "contrast": (170.0, 330.0)}  # HU of blood
_TISSUES = {
    "air": -1000.0,
    "table": -350.0,
    "skin": 20.0,
    "fat": -100.0,
    "muscle": 55.0,
    "bone": 750.0,
    "marrow": 190.0,
    "cartilage": 100.0,
    "cord": 35.0,
    "lung": -865.0,
    "fissure": -700.0,
    "airway wall": -150.0,
    "airway": -990.0,
    "heart muscle": 55.0,
    "blood": 45.0,
    "vessel wall": 40.0,
    "liver": 62.0,
    "spleen": 52.0,
    "stomach": 20.0,
    "nodule": 35.0,
    "ground glass": -600.0,
}
_TIPS = 300  # branches a lung
_HILA: dict[float, Point] = {1.0: (42.0, -10.0, 4.0), -1.0: (-42.0, -14.0, 8.0)}


@dataclass(frozen=True)
class _Build:
    """What differs from one chest to the next.

    Attributes:
        half_width_mm: Of the body, to the side.
        half_depth_mm: To the front.
        fat_mm: Under the skin.
        roundness: Exponent of the outline.
        dome_mm: Height of the right half of the diaphragm.
        heart: Size over the average.
    """

    half_width_mm: float
    half_depth_mm: float
    fat_mm: float
    roundness: float
    dome_mm: float
    heart: float


def draw_thorax(
    shape: tuple[int, int, int] = (256, 256, 24),
    spacing_mm: tuple[float, float, float] = (1.5, 1.5, 5.0),
    *,
    seed: int = 0,
    contrast: str = "native",
    lesions: int = 3,
) -> Phantom:
    """Draw a chest as CT would show it without noise.

    Skin, fat, muscle, ribs, spine, shoulder blades, lungs with branching vessels and
    airways, heart, great vessels, liver, and the table below; proportions differ with
    the seed. The heart and the arch of the aorta lie on the left, the liver right.

    Args:
        shape: Voxels along i (to the left), j (to the back), k (to the head).
        spacing_mm: Edge lengths of a voxel. The body is about 350 x 240 mm.
        seed: Of everything drawn.
        contrast: "native" or "contrast": what agent the blood carries.
        lesions: Number of nodules in the lungs, 4 to 22 mm; every third is ground
            glass.

    Returns:
        A volume in HU, its labels and its lesions.

    Raises:
        ConfigError: The contrast is not one of the two.
        GeometryError: The grid has no voxels or no size.

    Limits:
        Nobody's chest: no lymph nodes, no breasts, no arms, no calcified plaques.
        Slices are sampled at their middle, not averaged over their thickness.

    Example:
        >>> chest = draw_thorax((48, 48, 4), (8.0, 8.0, 25.0), seed=1, lesions=0)
        >>> chest.truth.units, chest.names[0]
        ('HU', 'air')
    """
    if contrast not in _PHASES:
        raise ConfigError(f"a chest is drawn {' or '.join(_PHASES)}, not {contrast!r}")
    rng = np.random.default_rng([seed, 4])
    blood = float(np.random.default_rng([seed, 5]).uniform(*_PHASES[contrast]))
    canvas = blank(
        shape,
        spacing_mm,
        rng,
        values={**_TISSUES, "blood": blood},
        bend_mm=2.0,
        scale=rng.uniform(0.94, 1.06),
    )
    build = _draw_build(rng)
    cage = _wall(canvas, build, rng)
    heart = ellipsoid(canvas, *_heart_place(build))
    lung = _lungs(canvas, cage, heart, build, rng)
    _abdomen(canvas, cage, lung, build)
    _heart(canvas, heart, build)
    _great_vessels(canvas)
    _lung_trees(canvas, lung, rng)
    draw_bones(canvas, cage, rng)
    found = _nodules(canvas, lung, lesions, rng)
    _texture(canvas, rng)
    return finish(canvas, found, units="HU", modality="CT", contrast=None)


def _draw_build(rng: np.random.Generator) -> _Build:
    return _Build(
        half_width_mm=rng.uniform(162, 180),
        half_depth_mm=rng.uniform(108, 122),
        fat_mm=rng.uniform(6, 18),
        roundness=rng.uniform(2.2, 2.7),
        dome_mm=rng.uniform(-45, -30),
        heart=rng.uniform(0.9, 1.12),
    )


def _wall(canvas: Canvas, build: _Build, rng: np.random.Generator) -> Depth:
    """Paint table, skin, fat and muscle; return the depth inside the rib cage."""
    x, y, z = canvas.x, canvas.y, canvas.z
    # Undeformed: a table does not bend with who lies on it.
    right, front = canvas.axes[0][:, None, None], canvas.axes[1][None, :, None]
    cradle = -build.half_depth_mm - 16 + 0.0006 * right**2
    panel = 9 - np.abs(front - cradle + 6) + 0 * z
    panel = np.minimum(panel, 205 - np.abs(right))
    paint(canvas, panel.astype(np.float32), "table")
    paint(canvas, (panel - 2.5).astype(np.float32), "air")
    p = build.roundness
    wide = build.half_width_mm + 0.06 * z
    groove = 7 * np.exp(-((x / 14) ** 2)) * (y < 0)
    norm = np.abs(x / wide) ** p + np.abs(y / (build.half_depth_mm - groove)) ** p
    norm = np.maximum(norm, 1e-4) ** (1 / p)
    outer = (np.hypot(x, y) / norm * (1 - norm)).astype(np.float32)
    fat = build.fat_mm * (1 + 0.15 * waves(canvas.axes, rng, 120.0))
    fat = fat + 5 * np.clip(y / 60, 0, 1) + 3
    thick = 17 + 5 * np.clip(-y / 50, -0.7, 1) + 6 * np.clip(z / 60, 0, 1)
    thick = thick * (1 + 0.06 * waves(canvas.axes, rng, 90.0))
    paint(canvas, outer, "skin")
    paint(canvas, outer - 2, "fat")
    paint(canvas, (outer - fat).astype(np.float32), "muscle")
    seams = np.abs(waves(canvas.axes, rng, 42.0)) * 6
    planes = np.minimum(outer - fat - 2, 1.4 - seams)
    paint(canvas, planes.astype(np.float32), "fat")
    cage = (outer - fat - thick).astype(np.float32)
    paint(canvas, cage + 1, "fat")
    return cage


def _heart_place(
    build: _Build,
) -> tuple[Point, Point]:
    s = build.heart
    return (-16.0, 26.0, -38.0), (55 * s, 42 * s, 44 * s)


def _lungs(
    canvas: Canvas, cage: Depth, heart: Depth, build: _Build, rng: np.random.Generator
) -> Depth:
    """Paint the lungs between ribs, heart, spine and diaphragm; return their depth."""
    x, y, z = canvas.x, canvas.y, canvas.z
    middle = (
        30 - 0.0045 * np.minimum(y - 6, 0) ** 2 - 0.0095 * np.maximum(y - 6, 0) ** 2
    )
    middle = np.maximum(middle, 3.5) + 2 * waves(canvas.axes, rng, 60.0)
    spine = ellipsoid(canvas, (0, -52, 0), (27, 24, 4000))
    right = x > 0
    top = np.where(right, build.dome_mm, build.dome_mm - 9)
    from_top = np.hypot((np.abs(x) - 62) / 75, (y - 8) / 95)
    dome = top - 75 * np.clip(from_top, 0, 1.3) ** 2.2
    apex = 105 - 0.4 * np.maximum(np.abs(np.abs(x) - 52) - 10, 0) - z
    depth = np.minimum(cage - 1.5, np.abs(x) - middle)
    for border in (-heart - 3, -spine, (z - dome) * 0.8, apex):
        depth = np.minimum(depth, border)
    depth = depth.astype(np.float32)
    paint(canvas, depth, "lung")
    oblique = np.abs(
        0.75 * (y + 8) + 0.66 * (z + 12) + 4 * waves(canvas.axes, rng, 80.0)
    )
    paint(canvas, np.minimum(depth, 0.5 - oblique).astype(np.float32), "fissure")
    return depth


def _abdomen(canvas: Canvas, cage: Depth, lung: Depth, build: _Build) -> None:
    """Paint what lies under the diaphragm."""
    x, y, z = canvas.x, canvas.y, canvas.z
    below = np.minimum(np.minimum(cage - 2, -lung - 3), build.dome_mm + 4 - z)
    spine = ellipsoid(canvas, (0, -52, 0), (30, 27, 4000))
    below = np.minimum(below, -spine)
    heart = ellipsoid(canvas, *_heart_place(build))
    below = np.minimum(below, -heart - 4)
    paint(canvas, np.minimum(below, x + 25 - 0.2 * y).astype(np.float32), "liver")
    paint(canvas, np.minimum(below, -x - 55 - 0.5 * y).astype(np.float32), "spleen")
    stomach = ellipsoid(canvas, (-62, 25, -88), (42, 40, 34))
    stomach = np.minimum(stomach, below)
    paint(canvas, stomach, "heart muscle")
    paint(canvas, stomach - 4, "stomach")
    paint(canvas, np.minimum(stomach - 4, y - 30).astype(np.float32), "airway")


def _heart(canvas: Canvas, heart: Depth, build: _Build) -> None:
    s = build.heart
    paint(canvas, heart + 2.5, "fat")
    paint(canvas, heart, "heart muscle")
    left = ellipsoid(canvas, (-34, 22, -42), (24 * s, 24 * s, 30 * s))
    right = ellipsoid(canvas, (4, 46, -42), (28 * s, 17 * s, 28 * s))
    atrium = ellipsoid(canvas, (24, 22, -34), (18 * s, 22 * s, 26 * s))
    behind = ellipsoid(canvas, (0, -4, -24), (30 * s, 17 * s, 17 * s))
    for chamber in (left, right, atrium, behind):
        paint(canvas, np.minimum(chamber, heart - 2), "blood")
    paint(canvas, behind, "blood")


def _great_vessels(canvas: Canvas) -> None:
    aorta = path(
        [
            (6, 18, -22),
            (14, 24, 4),
            (13, 18, 30),
            (4, 4, 44),
            (-12, -18, 42),
            (-21, -36, 28),
            (-22, -40, 0),
            (-17, -40, -60),
            (-9, -34, -130),
        ],
        [14, 15.5, 14.5, 13, 12.5, 12, 11.5, 11.5, 10.5],
    )
    cava = path([(22, 12, 130), (24, 10, 40), (24, 12, -14)], [8, 8.5, 9.5])
    cava += path([(20, 2, -50), (22, 2, -130)], [11, 11])
    trunk = path([(-6, 38, -14), (-12, 26, 8), (-16, 4, 14)], [14, 13, 12])
    trunk += path([(-14, 16, 12), (6, -2, 12), (40, -8, 6)], [11, 10.5, 8.5])
    trunk += path([(-16, 4, 14), (-40, -14, 10)], [11, 8])
    veins = path([(18, -6, -22), (44, -14, -14)], [7, 5])
    veins += path([(-18, -6, -22), (-44, -16, -14)], [7, 5])
    neck = path([(4, 6, 46), (14, 10, 80), (20, 8, 130)], [6, 5.5, 5])
    neck += path([(-4, -6, 48), (-12, -2, 80), (-22, 0, 130)], [4.5, 4, 4])
    for vessel in (aorta, cava, trunk, veins, neck):
        depth = tubes(canvas, vessel)
        paint(canvas, depth + 1.2, "vessel wall")
        paint(canvas, depth, "blood")
    gullet = tubes(
        canvas, path([(-4, -28, 130), (-6, -27, 0), (-10, -26, -130)], [7, 7, 8])
    )
    paint(canvas, gullet, "muscle")
    paint(canvas, gullet - 5, "airway")


def _lung_trees(canvas: Canvas, lung: Depth, rng: np.random.Generator) -> None:
    """Paint arteries and veins out to the pleura, and the airways beside them."""
    pipes = path([(2, -10, 140), (1, -11, 60), (0, -13, 26)], [9, 9, 9.5])
    for side, hilum in _HILA.items():
        pipes += path([(0, -13, 26), (side * 20, -14, 15), hilum], [8.5, 7.2, 5.5])
        places = np.argwhere((lung > 4) & (canvas.x * side > 0))
        if not len(places):
            continue
        chosen = places[rng.integers(len(places), size=2 * _TIPS)].T
        tips = np.stack([p[tuple(chosen)] for p in (canvas.x, canvas.y, canvas.z)], 1)
        tips = tips + rng.normal(0, 2, tips.shape)
        arteries = grow(hilum, tips[:_TIPS], rng, tip_mm=0.75, root_mm=7.0)
        low = (hilum[0] - 4 * side, hilum[1] - 2, -14.0)
        veins = grow(low, tips[_TIPS:], rng, tip_mm=0.75, root_mm=6.0)
        paint(canvas, np.minimum(tubes(canvas, arteries), lung + 12), "blood")
        paint(canvas, np.minimum(tubes(canvas, veins), lung + 12), "blood")
        pipes += beside(arteries, (0.5 * side, -1.1, 1.4), 0.75, 1.5)
    air = tubes(canvas, pipes)
    paint(canvas, air + 1.1, "airway wall")
    paint(canvas, air, "airway")


def _nodules(
    canvas: Canvas, lung: Depth, count: int, rng: np.random.Generator
) -> tuple[Lesion, ...]:
    sizes = [float(s) for s in np.exp(rng.uniform(np.log(4), np.log(22), count))]
    hazy = plant(canvas, lung, sizes[2::3], "ground glass", rng)
    for lesion in hazy:
        away = [a - c for a, c in zip(canvas.axes, lesion.position_mm, strict=True)]
        apart = np.sqrt(sum(a**2 for a in np.meshgrid(*away, indexing="ij")))
        lung = np.minimum(lung, apart - lesion.size_mm).astype(np.float32)
    solid = plant(
        canvas, lung, [s for n, s in enumerate(sizes) if n % 3 != 2], "nodule", rng
    )
    return (*solid, *hazy)


def _texture(canvas: Canvas, rng: np.random.Generator) -> None:
    """Add what tissue is like below the smallest vessel, in place."""
    names = list(canvas.values)
    fine, slow = waves(canvas.axes, rng, 5.0), waves(canvas.axes, rng, 70.0)
    # Blood sinks: a lung is denser where the body lies on it, 0.3 HU a millimetre.
    sunk = -0.3 * np.clip(canvas.y, -90, 90)
    lung = np.isin(canvas.labels, [names.index("lung"), names.index("fissure")])
    spongy = canvas.labels == names.index("marrow")
    soft = (canvas.voxels > -200) & ~spongy
    canvas.voxels[:] += lung * (22 * fine + 12 * slow + sunk).astype(np.float32)
    canvas.voxels[:] += spongy * (45 * fine) + soft * (3 * fine + 3 * slow)
