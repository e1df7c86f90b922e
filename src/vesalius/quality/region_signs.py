"""Signs of a region: what lies under a head's rim, and what ends the soft tissue.

Numbers that a network weighs beside those of `appearance`. Each is measured along
rays, in shares of the body's own radius: neither pixel size nor plane need be known.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from vesalius.volume import Volume

RAYS = 72  # round a slice
LARGEST = 160  # pixels; longer sides are thinned: a skull is still two pixels thick
MR_RIM = 0.12  # of the way from air to the 95th percentile: below it lies air
DARK, MOST_DARK = 0.1, 0.25  # quantile that is air's, at most so much of the 95th
DEEP = 0.4  # of the radius: beyond it lies the core
INWARD = np.linspace(-0.04, 0.34, 20)  # where a ray is looked at, in radii
SOFT_HU = (-30.0, 130.0)
BONE_HU = 220.0
FAT_HU, AIR_HU = -30.0, -300.0
BODY_HU = -300.0
OUTWARD = np.linspace(0.0, 2.5, 126)  # along a ray from the middle, in radii
THICK = 5  # steps of a ray within which what ends the soft tissue shows itself
COARSE_MM = 2.5  # grid that lungs are found on
AIRY_HU, GAS_HU = -500.0, -960.0  # between them lies lung
LEAST_AIR = 0.12  # of the body: the bases under the diaphragm's dome fill less
WALL = 2  # pixels of that grid: gaps in a thin chest wall are closed
FEWEST = 200  # pixels of a body that says anything

Plane = Float[np.ndarray, "x y"]
Small = Float[np.ndarray, "u v"]
Mask = Bool[np.ndarray, "x y"]
Numbers = Float[np.ndarray, " n"]

MR_SIGNS = 20 + 3 + 3
CT_SIGNS = 8


def signs_of(picture: Plane, modality: str) -> Numbers:
    """Return the signs of one slice.

    Args:
        picture: Intensities; HU in CT.
        modality: "CT" or "MR".

    Returns:
        As many numbers for every slice of one modality, most of them 0 to 2; zeros
        where there is no body to be seen.
    """
    return _bone_signs(picture) if modality == "CT" else _rim_signs(picture)


def thinned(picture: Plane) -> Small:
    """Average down to at most 160 pixels along either side."""
    step = -(-max(picture.shape) // LARGEST)
    plane = picture.astype(np.float64)
    return ndimage.uniform_filter(plane, step)[::step, ::step] if step > 1 else plane


def lung_height_mm(scan: Volume) -> tuple[float, float]:
    """Measure over what height of a CT lungs are seen.

    A level shows lungs where at least 12 % of the body is air, half of it with the
    HU of lung: gas in the bowel is darker.

    Args:
        scan: CT in HU.

    Returns:
        The height with lungs, and that of the whole view, in mm.

    Limits:
        Lungs cut off at the side of the picture count as air outside. Found on a
        grid of about 2.5 mm.
    """
    up = int(np.argmax(np.abs(scan.affine[2, :3]) / np.asarray(scan.spacing_mm)))
    steps = [max(1, round(COARSE_MM / edge)) for edge in scan.spacing_mm]
    thin = scan.voxels[tuple(slice(None, None, step) for step in steps)]
    levels = np.moveaxis(thin, up, 0)
    held = sum(_shows_lungs(level) for level in levels)
    view = float(scan.spacing_mm[up] * scan.voxels.shape[up])
    return view * held / len(levels), view


def _shows_lungs(level: np.ndarray) -> bool:
    smooth = ndimage.uniform_filter(level.astype(np.float64), min(3, *level.shape))
    walls = ndimage.binary_closing(np.pad(smooth > BODY_HU, WALL), iterations=WALL)
    body = _filled(walls)[WALL:-WALL, WALL:-WALL]
    if not body.any():
        return False
    inside = smooth[body]
    air = float((inside < AIRY_HU).mean())
    lung = float(((inside < AIRY_HU) & (inside > GAS_HU)).mean())
    return air >= LEAST_AIR and lung >= 0.5 * air


def _rim_signs(plane: Plane) -> Numbers:
    """Look from outside: bright scalp, dark skull, bright brain; or brain at once."""
    smooth = ndimage.gaussian_filter(plane, 1.0)
    lit = smooth[smooth > 0]
    unit = float(np.quantile(lit, 0.95)) if lit.size else 0.0
    air = min(float(np.quantile(smooth, DARK)), MOST_DARK * unit)  # noise is not 0
    level = air + MR_RIM * (unit - air)
    body = _largest(smooth > level) if unit > 0 else np.zeros(0, bool)
    if body.sum() < FEWEST:
        return np.zeros(MR_SIGNS)
    radius = float(np.sqrt(body.sum() / np.pi))
    depth = ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1]
    core = float(np.median(plane[depth >= min(DEEP * radius, 0.8 * depth.max())]))
    middle = np.array(ndimage.center_of_mass(body))
    rims, turns = _rims(body, middle)
    inner = rims > 0.3 * radius  # a ray that leaves at once says nothing
    rims, turns = rims[inner], turns[inner]
    if len(rims) < RAYS // 6:
        return np.zeros(MR_SIGNS)
    reach = rims[:, None] - INWARD * radius
    places = middle[:, None, None] + turns.T[:, :, None] * reach
    values = ndimage.map_coordinates(plane, places, order=1, mode="nearest")
    lines = ndimage.uniform_filter1d(values / max(core, 1e-9), 2, axis=1)
    lines = lines.clip(0, 4)
    valley = _valleys(lines)
    return np.concatenate(
        [
            np.median(lines, 0),
            2 * np.quantile(valley, [0.25, 0.5, 0.75]),
            [
                2 * float((valley > 0.2).mean()),
                2 * len(rims) / RAYS,
                float(lines[:, 2:8].max(1).mean()),
            ],
        ]
    )


def _valleys(lines: Float[np.ndarray, "rays steps"]) -> Numbers:
    """Return how deep each ray dips between what it has passed and what follows."""
    outside = np.maximum.accumulate(lines, axis=1)
    inside = np.maximum.accumulate(lines[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((np.minimum(outside, inside) - lines).max(1))


def _rims(
    body: Mask, middle: Float[np.ndarray, " 2"]
) -> tuple[Numbers, Float[np.ndarray, "rays 2"]]:
    """Return how far each ray runs to the body's rim; those to the picture's end not.

    Args:
        body: Filled.
        middle: Where the rays begin.

    Returns:
        Distances in pixels and the rays' directions.
    """
    turns = _turns()
    far = np.arange(0.0, np.hypot(*body.shape))
    places = middle[:, None, None] + turns.T[:, :, None] * far
    held = ndimage.map_coordinates(
        np.pad(body, 1).astype(np.float32), places + 1, order=0, mode="constant"
    )
    last = held.shape[1] - 1 - np.argmax(held[:, ::-1] > 0.5, axis=1)
    ends = middle + turns * far[last][:, None]
    size = np.array(body.shape) - 1
    within = ((ends > 1.5) & (ends < size - 1.5)).all(1) & (last > 0)
    return far[last][within], turns[within]


def _bone_signs(plane: Plane) -> Numbers:
    """Look from the middle of the soft tissue: what ends it, bone, fat or air?"""
    smooth = ndimage.gaussian_filter(plane, 1.0)
    body = _largest(smooth > BODY_HU)
    size = int(body.sum())
    if size < FEWEST:
        return np.zeros(CT_SIGNS)
    radius = float(np.sqrt(size / np.pi))
    low, high = SOFT_HU
    soft = ndimage.binary_opening((smooth > low) & (smooth < high) & body)
    depth = ndimage.distance_transform_edt(np.pad(soft, 1))[1:-1, 1:-1]
    middle = np.array(np.unravel_index(int(depth.argmax()), depth.shape), float)
    turns = _turns()
    places = middle[:, None, None] + turns.T[:, :, None] * OUTWARD * radius
    lines = ndimage.map_coordinates(smooth, places, order=1, cval=np.nan)
    ended = ~((lines > low) & (lines < high))  # NaN, beyond the picture, ends it too
    first = np.argmax(ended, axis=1)
    reach = np.minimum(first[:, None] + np.arange(THICK), lines.shape[1] - 1)
    after = np.take_along_axis(lines, reach, 1)
    cut = np.isnan(after[:, 0])
    after = np.nan_to_num(after, nan=0.0)
    bone = ~cut & (after.max(1) > BONE_HU)
    air = ~cut & ~bone & (after.min(1) < AIR_HU)
    kept = max(int((~cut).sum()), 1)
    inside = smooth[body]
    return np.array(
        [
            2 * bone.sum() / kept,
            float(np.median(after.max(1)[bone])) / 500 if bone.any() else 0.0,
            2 * air.sum() / kept,
            2 * float(cut.mean()),
            2 * float(depth.max()) / radius,
            5 * float((inside > BONE_HU).mean()),
            2 * float(((smooth < AIRY_HU) & (smooth > GAS_HU)).mean()),
            5 * float(((inside < FAT_HU) & (inside > -200)).mean()),
        ]
    )


def _largest(mask: Mask) -> Mask:
    """Keep the largest piece of what is no thread, its holes filled."""
    return _filled(ndimage.binary_opening(mask))


def _filled(mask: Mask) -> Mask:
    """Keep the largest piece, its holes filled."""
    pieces, count = ndimage.label(mask)
    if count == 0:
        return np.zeros_like(mask)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(ndimage.binary_fill_holes(pieces == sizes.argmax()))


def _turns() -> Float[np.ndarray, "rays 2"]:
    angle = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], 1)
