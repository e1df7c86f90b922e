"""Drawn nodules: solid ones of known size, put into chests that have none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy import ndimage

from vesalius.anatomy.lungs import lung_mask
from vesalius.volume import Volume

DIAMETERS_MM = (3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0)
NODULE_HU = 30.0  # solid: soft tissue
AT_WALL = 0.3  # share of nodules that touch what bounds the lung
SUNK = 0.6  # of the radius from the wall to such a nodule's centre
FREE_MM = 3.0  # between another nodule's rim and the wall
APART_MM = 30.0  # between centres
LUMPY = 0.08  # SD of the radius over itself, with the direction
LUMPS = 5  # waves over the surface
SOFT_MM = 1.2  # over which the edge fades, or a pixel where that is longer
NOISE_MM = 1.5  # what is finer is the scan's own noise, but for
NOISE_MEDIANS = 3.0  # what is further from 0 than so many medians: vessels
VESSELS_MM = 3.0  # narrower ones are part of the lung
AIR_HU, AIRWAY_HU = -400.0, -950.0  # aerated lung lies between
BONE_HU = 100.0  # above the nodule's own HU nothing is covered

Mask = Bool[np.ndarray, "i j k"]
Place = tuple[int, int, int]


@dataclass(frozen=True)
class Nodule:
    """One that is drawn.

    Attributes:
        voxel: Of its centre.
        position_mm: Of its centre, RAS+.
        diameter_mm: On average over directions.
        at_wall: Whether it touches what bounds the lung.
    """

    voxel: Place
    position_mm: tuple[float, float, float]
    diameter_mm: float
    at_wall: bool


def place_nodules(
    scan: Volume, rng: np.random.Generator, *, most: int = 8
) -> tuple[Nodule, ...]:
    """Choose where nodules may lie in a scan, and how large each is.

    Args:
        scan: CT of a chest in HU; of one slice too.
        rng: Everything random comes from it.
        most: How many at most; all sizes come in turn, the first at random.

    Returns:
        Nodules 30 mm and more apart. Three in ten touch what bounds the lung: the
        wall, the mediastinum or the diaphragm. Fewer than asked where there is no
        room.

    Raises:
        ScanError: There are no lungs.
    """
    lungs = aerated(scan)
    depth = ndimage.distance_transform_edt(lungs, sampling=scan.spacing_mm)
    start = int(rng.integers(len(DIAMETERS_MM)))
    chosen: list[Nodule] = []
    for number in range(most):
        size = DIAMETERS_MM[(start + number) % len(DIAMETERS_MM)]
        at_wall = bool(rng.random() < AT_WALL)
        allowed = _room(scan, lungs, depth, size, at_wall)
        voxel = _drawn(allowed, scan, [n.voxel for n in chosen], rng)
        if voxel is not None:
            x, y, z = (scan.affine @ [*voxel, 1.0])[:3]
            place = (float(x), float(y), float(z))
            chosen.append(Nodule(voxel, place, size, at_wall))
    return tuple(chosen)


def with_nodules(
    scan: Volume, nodules: Sequence[Nodule], rng: np.random.Generator
) -> Volume:
    """Draw nodules into a scan: soft at the edge, a little lumpy, as noisy as it is.

    Args:
        scan: CT in HU.
        nodules: As `place_nodules` returns them.
        rng: Draws the lumps.

    Limits:
        No spiculation, no calcification, no ground glass; vessels end at the rim. In
        a scan of one slice a nodule is the disc through its middle: no partial
        volume along the slice's normal.
    """
    voxels = scan.voxels.copy()
    for nodule in nodules:
        box = _box(scan, nodule)
        old = scan.voxels[box]
        sigma = [NOISE_MM / edge for edge in scan.spacing_mm]
        smooth = ndimage.gaussian_filter(old, sigma, mode="nearest")
        most = NOISE_MEDIANS * np.median(np.abs(old - smooth))
        noise = np.clip(old - smooth, -most, most)
        share = _share(scan, nodule, box, rng)
        drawn = (1 - share) * voxels[box] + share * (NODULE_HU + noise)
        covered = old < NODULE_HU + BONE_HU
        voxels[box] = np.where(covered, drawn, voxels[box])
    return scan.with_voxels(voxels.astype(np.float32))


def aerated(scan: Volume) -> Mask:
    """Outline the lungs without hilum, mediastinum, wall and large airways.

    Args:
        scan: CT in HU.

    Raises:
        ScanError: There are no lungs.
    """
    lungs = lung_mask(scan)
    smooth = ndimage.gaussian_filter(scan.voxels, 1.0)
    lungs &= smooth > AIRWAY_HU
    air = lungs & (smooth < AIR_HU)
    solid = lungs & ~air
    # What a ball of 3 mm does not fit into is a vessel, and belongs to the lung.
    apart = ndimage.distance_transform_edt(solid, sampling=scan.spacing_mm)
    seeds = apart > VESSELS_MM
    grown = ndimage.distance_transform_edt(~seeds, sampling=scan.spacing_mm)
    return np.asarray(lungs & ~(solid & (grown <= VESSELS_MM + 1)))


def _room(
    scan: Volume,
    lungs: Mask,
    depth: Float[np.ndarray, "i j k"],
    size_mm: float,
    at_wall: bool,
) -> Mask:
    """Return where the centre of a nodule of a size may be."""
    radius = size_mm / 2
    if at_wall:
        # a shell one voxel thick, so that no size is left without a place
        shell = max(min(scan.spacing_mm), 0.2 * radius)
        room = lungs & (np.abs(depth - SUNK * radius) < shell)
    else:
        room = lungs & (depth > radius + FREE_MM)
    for axis, (count, edge) in enumerate(
        zip(scan.voxels.shape, scan.spacing_mm, strict=True)
    ):
        ends = int(np.ceil(radius / edge))
        if count > 1:  # whole nodules only, but for a slice's thickness
            index = np.arange(count)
            inside = (index >= ends) & (index < count - ends)
            room = room & np.expand_dims(inside, [a for a in range(3) if a != axis])
    return room


def _drawn(
    allowed: Mask, scan: Volume, taken: Sequence[Place], rng: np.random.Generator
) -> Place | None:
    """Draw a voxel far from those taken; None where there is no room."""
    free = np.argwhere(allowed)
    for place in taken:
        away = (free - np.array(place)) * np.array(scan.spacing_mm)
        free = free[np.linalg.norm(away, axis=1) >= APART_MM]
    if not len(free):
        return None
    i, j, k = (int(n) for n in free[rng.integers(len(free))])
    return i, j, k


def _box(scan: Volume, nodule: Nodule) -> tuple[slice, slice, slice]:
    """Return the voxels around a nodule, lumps and noise included."""
    reach_mm = nodule.diameter_mm * (0.5 + 2 * LUMPY) + 3 * NOISE_MM
    parts = []
    for axis, (middle, edge) in enumerate(
        zip(nodule.voxel, scan.spacing_mm, strict=True)
    ):
        reach = int(np.ceil(reach_mm / edge))
        last = scan.voxels.shape[axis]
        parts.append(slice(max(middle - reach, 0), min(middle + reach + 1, last)))
    return parts[0], parts[1], parts[2]


def _share(
    scan: Volume,
    nodule: Nodule,
    box: tuple[slice, slice, slice],
    rng: np.random.Generator,
) -> Float32[np.ndarray, "i j k"]:
    """Return which share of each voxel of a box lies in the nodule."""
    lines = [
        (np.arange(part.start, part.stop) - middle) * edge
        for part, middle, edge in zip(box, nodule.voxel, scan.spacing_mm, strict=True)
    ]
    away = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    apart = np.linalg.norm(away, axis=-1)
    towards = away / np.maximum(apart, 1e-6)[..., None]
    waves = rng.normal(0, 2.5, (LUMPS, 3))
    turns = rng.uniform(0, 2 * np.pi, LUMPS)
    # LUMPS sines of variance 1/2 each: their sum over sqrt(LUMPS / 2) has SD 1
    lumps = np.sin(towards @ waves.T + turns).sum(-1) / np.sqrt(LUMPS / 2)
    radius = nodule.diameter_mm / 2 * (1 + LUMPY * lumps)
    fades = max(SOFT_MM, min(scan.spacing_mm))
    share = np.clip((radius - apart) / fades + 0.5, 0, 1)
    return share.astype(np.float32)
