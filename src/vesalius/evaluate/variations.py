"""Variations: a slice as another scanner might show it, and as no scanner would."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from vesalius.physics.noise import rician

Plane = Float[np.ndarray, "x y"]
Other = Float[np.ndarray, "u v"]  # of another size
Mask = Bool[np.ndarray, "x y"]
Grid = Float[np.ndarray, "*grid"]
Generator = np.random.Generator

# Scales on which somebody may hand a picture over as CT; None: its grey levels.
CT_WINDOWS = (
    None,
    None,
    None,
    (-1000.0, 400.0),
    (-1024.0, 3071.0),
    (-1000.0, 1000.0),
    (-160.0, 240.0),
    (-1024.0, 1024.0),
    (0.0, 4095.0),
)

# What the tissues of a CT are in MR, by HU: lung and air dark, fat bright, water and
# muscle between, dense bone dark again.
TISSUE_HU = (-1000.0, -950.0, -500.0, -160.0, -70.0, 0.0, 50.0, 90.0, 250.0, 500.0)
TISSUE_MR = (0.0, 0.02, 0.08, 0.9, 1.0, 0.3, 0.45, 0.5, 0.5, 0.05)
LIMB_HU = {"fat": -100.0, "muscle": 55.0, "bone": 900.0}
MARROW_HU = ((-90.0, -40.0), (150.0, 300.0))  # fatty, or between trabeculae


def varied_mr(picture: Plane, rng: Generator, *, whole: bool = True) -> Other:
    """Return an MR slice as another scanner and sequence might show it.

    Turned, cropped, at another resolution and contrast, with another coil's shading,
    blur, up to 12 % of noise, and the rounding and cutting off that files bring.

    Args:
        picture: Any scale, air near 0.
        rng: Everything random comes from it.
        whole: Whether there is air around; then the body's contrast may be inverted,
            as between T1w and T2w.
    """
    bright = max(float(np.quantile(picture, 0.999)), 1e-9)
    x = _turned(np.maximum(picture, 0) / bright, rng)
    x = _framed(x, rng, least=0.8 if whole else 0.7, rim=0.0)
    if rng.random() < 0.5:
        x = np.clip(x, 0, None) ** rng.uniform(0.6, 1.7)
    if whole and rng.random() < 0.25:
        body = ndimage.gaussian_filter(x, 2) > 0.12
        inverted = np.clip(1 - x, 0, 1) ** rng.uniform(0.7, 2.0) + 0.08
        x = np.where(body, inverted, x * 0.5)
    if rng.random() < 0.4:
        x = x * np.exp(0.5 * _shading(x.shape, rng))
    if rng.random() < 0.3:
        x = ndimage.gaussian_filter(x, rng.uniform(0.3, 1.0))
    if rng.random() < 0.6:
        x = rician(x, rng.uniform(0.005, 0.12), rng).astype(np.float64)
    if rng.random() < 0.2:
        x = np.round(x * 255) / 255
    if rng.random() < 0.15:
        x = np.minimum(x, np.quantile(x, rng.uniform(0.97, 0.999)))
    return x


def varied_ct(picture: Plane, rng: Generator, *, whole: bool = True) -> Other:
    """Return a CT slice as another scanner, dose and kernel might show it.

    Args:
        picture: In HU.
        rng: Everything random comes from it.
        whole: Not used: CT is cropped however it is.
    """
    x = _framed(_turned(picture, rng), rng, least=0.6, rim=-1000.0)
    if rng.random() < 0.2:
        x = ndimage.gaussian_filter(x, rng.uniform(0.4, 1.2))
    if rng.random() < 0.6:
        width = rng.choice([0.0, 0.5, 0.8, 1.2])
        noise = ndimage.gaussian_filter(rng.standard_normal(x.shape), width)
        level = rng.uniform(5, 90) * np.exp(0.5 * _shading(x.shape, rng))
        x = x + level * noise / noise.std()
    if rng.random() < 0.5:
        x = np.maximum(x, -1024.0)
    if rng.random() < 0.2:
        x = x.clip(-1000.0, rng.choice([400.0, 1000.0, 2000.0]))
    if rng.random() < 0.15:
        u, v = np.meshgrid(*(np.linspace(-1, 1, n) for n in x.shape), indexing="ij")
        x = np.where(np.hypot(u, v) > 1, -1024.0, x)
    return x


def negatives(picture: Grid, rng: Generator, modality: str) -> Iterator[Grid]:
    """Yield a slice or a volume with dark and bright exchanged, as people do it."""
    low, high = float(picture.min()), float(picture.max())
    yield high + low - picture if low < 0 else high - picture
    if modality == "CT":
        yield rng.choice([0.0, 24.0, 1000.0]) - picture


def jumbles(picture: Plane, rng: Generator) -> Iterator[Other]:
    """Yield a slice with its pixels, its pieces or its lines in random order."""
    yield rng.permutation(picture.ravel()).reshape(picture.shape)
    for side in (8, 16, 32, int(rng.integers(4, max(6, min(picture.shape) // 3)))):
        a, b = picture.shape[0] // side, picture.shape[1] // side
        if a * b < 4:
            continue
        whole = picture[: a * side, : b * side].reshape(a, side, b, side)
        pieces = whole.swapaxes(1, 2).reshape(a * b, side, side)
        mixed = pieces[rng.permutation(a * b)].reshape(a, b, side, side)
        yield mixed.swapaxes(1, 2).reshape(a * side, b * side)
    if rng.random() < 0.3:
        yield picture[rng.permutation(picture.shape[0])]
    if rng.random() < 0.3:
        yield picture[:, rng.permutation(picture.shape[1])]


def cropped(picture: Plane, rng: Generator, least: float) -> Other:
    """Cut out a random rectangle with sides of at least a share of the whole's."""
    sides = [min(n, max(24, int(n * rng.uniform(least, 1)))) for n in picture.shape]
    corner = [
        int(rng.integers(0, n - side + 1))
        for n, side in zip(picture.shape, sides, strict=True)
    ]
    (i, j), (a, b) = corner, sides
    return picture[i : i + a, j : j + b]


def as_ct(picture: Plane, rng: Generator) -> Plane:
    """Give a picture one of the scales on which it may be handed over as CT."""
    window = CT_WINDOWS[int(rng.integers(len(CT_WINDOWS)))]
    if window is None:
        return picture
    low, high = window
    scaled = (picture - picture.min()) / max(float(np.ptp(picture)), 1e-9)
    return low + scaled * (high - low)


def as_mr(picture: Plane, rng: Generator) -> Plane:
    """Give a picture another contrast and a little noise."""
    scaled = (picture - picture.min()) / max(float(np.ptp(picture)), 1e-9)
    noise = 0.04 * rng.random() * rng.standard_normal(picture.shape)
    return scaled ** rng.uniform(0.6, 1.7) + noise


def _turned(picture: Plane, rng: Generator) -> Other:
    turned = np.rot90(picture, int(rng.integers(4)))
    return turned[::-1] if rng.random() < 0.5 else turned


def _framed(picture: Plane, rng: Generator, *, least: float, rim: float) -> Other:
    """Crop, widen and resample, each at times."""
    x = picture
    if rng.random() < 0.5:
        x = cropped(x, rng, least)
    if rng.random() < 0.15:
        around = [(int(rng.integers(0, n // 3 + 1)),) * 2 for n in x.shape]
        x = np.pad(x, around, constant_values=rim)
    factor = rng.uniform(0.55, 1.6)
    if rng.random() < 0.5 and min(x.shape) * factor > 44:
        smooth = ndimage.gaussian_filter(x, max(0.0, 0.5 / factor - 0.5))
        x = ndimage.zoom(smooth, factor, order=1)
    return x


def _shading(shape: tuple[int, ...], rng: Generator) -> Plane:
    """Draw a smooth field between -1 and 1."""
    coarse = rng.standard_normal((3, 3))
    field = ndimage.zoom(coarse, [n / 3 for n in shape], order=3)
    field = field[: shape[0], : shape[1]]
    return field / max(float(np.abs(field).max()), 1e-6)


def brain_of(picture: Plane, ct: Plane | None = None) -> Mask:
    """Outline the brain in a slice of a head, roughly: what lies within the skull.

    Args:
        picture: MR.
        ct: The same slice in HU, whose skull shows where the brain ends; by default
            the dark ring round the bright core of the MR does.

    Returns:
        Empty where there is none to be seen.
    """
    if ct is not None:
        soft = ndimage.gaussian_filter(ct, 0.7)
        inside = _largest(
            ndimage.binary_erosion((soft > -20) & (soft < 120), iterations=3)
        )
        grown = ndimage.binary_dilation(inside, iterations=3)
        return np.asarray(ndimage.binary_fill_holes(grown))
    smooth = ndimage.gaussian_filter(picture, 0.7)
    lit = smooth[smooth > 0]
    least = 0.12 * float(np.quantile(lit, 0.95)) if lit.size else np.inf
    body = ndimage.binary_fill_holes(_largest(ndimage.binary_opening(smooth > least)))
    if not body.any():
        return body
    radius = float(np.sqrt(body.sum() / np.pi))
    depth = ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1]
    core = float(np.median(smooth[depth > 0.5 * depth.max()]))
    seed = (smooth > 0.6 * core) & (smooth < 1.9 * core) & (depth > 0.07 * radius)
    steps = max(1, round(0.025 * radius))
    kept = _largest(ndimage.binary_erosion(seed, iterations=steps))
    kept = ndimage.binary_dilation(kept, iterations=steps + 1)
    frame = int(0.2 * radius) + 2
    closed = ndimage.binary_closing(np.pad(kept, frame), iterations=frame // 2)
    whole = ndimage.binary_fill_holes(closed[frame:-frame, frame:-frame])
    return np.asarray(whole & (depth > 0.05 * radius))


def torso_as_mr(picture: Plane, rng: Generator) -> Plane:
    """Give a CT slice the contrast that MR would give its tissues, about.

    Args:
        picture: In HU.
        rng: How bright each tissue is comes from it.
    """
    levels = np.array(TISSUE_MR) * rng.uniform(0.6, 1.4, len(TISSUE_MR))
    smooth = ndimage.gaussian_filter(picture, 0.5)
    return np.asarray(np.interp(smooth, TISSUE_HU, levels))


def drawn_limb(rng: Generator, side: int = 128) -> Plane:
    """Draw a limb in HU: fat round muscle, bones with marrow, across or along it."""
    u, v = np.meshgrid(*[np.linspace(-1.3, 1.3, side)] * 2, indexing="ij")
    turn = rng.uniform(0, np.pi)
    x, y = u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn)
    x = x + 0.1 * np.sin(2 * y + rng.uniform(0, 6))  # no limb is straight
    long = rng.uniform(1.0, 1.4) if rng.random() < 0.5 else rng.uniform(4, 9)
    radius = np.hypot(x / rng.uniform(0.6, 1.0), y / long)
    hu = np.full(radius.shape, -1000.0)
    hu[radius < 1] = LIMB_HU["fat"]
    hu[radius < rng.uniform(0.72, 0.95)] = LIMB_HU["muscle"]
    for _ in range(int(rng.integers(1, 4))):
        middle, width = rng.uniform(-0.35, 0.35, 2), rng.uniform(0.1, 0.4)
        far = np.hypot((x - middle[0]) / width, (y - middle[1]) / (width * long))
        hu[far < 1] = LIMB_HU["bone"]
        low, high = MARROW_HU[int(rng.integers(2))]
        hu[far < rng.uniform(0.7, 0.92)] = rng.uniform(low, high)
    texture = ndimage.gaussian_filter(rng.standard_normal(hu.shape), 2)
    return hu + 15 * texture / texture.std()


def _largest(mask: Mask) -> Mask:
    pieces, count = ndimage.label(mask)
    if count == 0:
        return np.zeros(mask.shape, bool)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(pieces == sizes.argmax())
