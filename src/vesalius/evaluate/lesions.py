"""Lesions: what is left of a small one after restoring, by size and contrast."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy import ndimage

from vesalius.card import Table
from vesalius.evaluate.intervals import Interval, mean_interval, per_patient
from vesalius.physics.noise import rician
from vesalius.quality.fidelity import head_mask
from vesalius.quality.windows import slice_axis
from vesalius.volume import Volume

DIAMETERS_MM = (3.0, 5.0, 8.0, 12.0)
CONTRASTS_SD = (1.0, 2.0, 4.0)  # of the noise
APART_MM = 30.0  # between centres: no lesion lies in another's surroundings
FROM_RIM_MM = 8.0  # between a lesion's rim and the head's
# A magnitude shows hardly anything of what is added where signal is below the noise:
# doing nothing would recover 0.8 there. In places with twice the noise it is 0.9.
LEAST_SIGNAL_SD = 2.0
SLICES = 4  # of a patient, evenly spread over the inner part
FINE = 5  # points along each side of a pixel for its share of a disc

Plane = Float[np.ndarray, "x y"]
Restore = Callable[[Volume], Float32[np.ndarray, "i j k"]]


@dataclass(frozen=True)
class Survival:
    """Recovered over inserted contrast, of lesions of one size and contrast.

    Attributes:
        diameter_mm: Of the disc.
        contrast_sd: Inserted, in units of the noise's SD; brighter than around.
        share: The mean, its interval over patients.
        lesions: How many.
    """

    diameter_mm: float
    contrast_sd: float
    share: Interval
    lesions: int


def lesion_survival(
    restore: Restore,
    truths: Iterable[tuple[str, Volume]],
    noise: float,
    *,
    seed: int = 0,
) -> tuple[Survival, ...]:
    """Insert discs into clean heads, add noise, restore, and see what is left.

    Discs of all sizes lie in one slice, far apart, brighter than what they are in.
    The same noise is drawn with and without them, so that the difference of the two
    answers is what the lesions left. Recovered contrast is its mean over a lesion,
    the pixels of which at least half lies inside, over that of what was inserted.

    Args:
        restore: From a noisy scan to the restored voxels; ours or a peer's. It sees
            the slice with its two neighbours, which have no lesion.
        truths: Patients and their clean MR scans.
        noise: SD of either channel over each scan's maximum.
        seed: Of places and noise.

    Returns:
        One cell for each diameter and contrast; 1 is all of the contrast.

    Limits:
        Discs are sharp, of one intensity and in one slice; lesions are none of that.
    """
    found: dict[tuple[float, float], list[tuple[str, float]]] = {}
    for number, (patient, truth) in enumerate(truths):
        rng = np.random.default_rng([seed, number])
        for diameter, contrast, share in _in_patient(restore, truth, noise, rng):
            found.setdefault((diameter, contrast), []).append((patient, share))
    return tuple(_cell(key, found[key]) for key in sorted(found))


def title_at(noise: float) -> str:
    """Name the table of one noise level, so that a later one takes its place."""
    return f"Lesion survival at {100 * noise:g} % noise: share of the contrast"


def survival_table(
    title: str,
    ours: Sequence[Survival],
    theirs: Sequence[Survival] = (),
    peer: str = "",
) -> Table:
    """Lay cells out as a card shows them.

    Args:
        title: What was measured, on how many patients.
        ours: Cells of our model.
        theirs: The same cells of a peer; may be absent.
        peer: The peer's name.
    """
    columns = ("diameter", "contrast", "recovered", "95 % interval", "lesions")
    beside = {(c.diameter_mm, c.contrast_sd): c.share for c in theirs}
    rows = []
    for cell in ours:
        row = [
            f"{cell.diameter_mm:g} mm",
            f"{cell.contrast_sd:g} SD",
            f"{cell.share.value:.2f}",
            f"{cell.share.low:.2f} to {cell.share.high:.2f}",
            str(cell.lesions),
        ]
        if theirs:
            other = beside[cell.diameter_mm, cell.contrast_sd]
            row.append(f"{other.value:.2f} ({other.low:.2f} to {other.high:.2f})")
        rows.append(tuple(row))
    heads = (*columns, f"recovered by {peer}") if theirs else columns
    return Table(title, heads, tuple(rows))


def disc(
    shape: tuple[int, int],
    centre: tuple[float, float],
    radius_mm: float,
    spacing_mm: tuple[float, float],
) -> Plane:
    """Draw a disc: at each pixel the share that lies inside.

    Args:
        shape: Of the slice.
        centre: In pixels.
        radius_mm: Of the disc.
        spacing_mm: Pixel edges.
    """
    inside = np.zeros(shape)
    steps = (np.arange(FINE) + 0.5) / FINE - 0.5
    x, y = (np.arange(n) for n in shape)
    for u in steps:
        for v in steps:
            across = (x[:, None] + u - centre[0]) * spacing_mm[0]
            along = (y[None, :] + v - centre[1]) * spacing_mm[1]
            inside += np.hypot(across, along) < radius_mm
    return inside / FINE**2


def places(
    allowed: Bool[np.ndarray, "x y"],
    spacing_mm: tuple[float, float],
    rng: np.random.Generator,
    *,
    most: int = 8,
) -> list[tuple[float, float]]:
    """Choose pixels at random that lie far apart.

    Args:
        allowed: Where a centre may be.
        spacing_mm: Pixel edges.
        rng: Everything random comes from it.
        most: How many at most.
    """
    candidates = rng.permutation(np.argwhere(allowed))
    chosen: list[tuple[float, float]] = []
    for x, y in candidates:
        if all(
            np.hypot((x - a) * spacing_mm[0], (y - b) * spacing_mm[1]) >= APART_MM
            for a, b in chosen
        ):
            chosen.append((float(x), float(y)))
        if len(chosen) == most:
            break
    return chosen


def inner(
    mask: Bool[np.ndarray, "x y"], margin_mm: float, spacing_mm: tuple[float, float]
) -> Bool[np.ndarray, "x y"]:
    """Return the part of a slice's mask that is further than a margin from its rim."""
    framed = np.pad(mask, 1)
    depth = ndimage.distance_transform_edt(framed, sampling=spacing_mm)
    return depth[1:-1, 1:-1] > margin_mm


def slabs(
    truth: Volume, *, count: int = SLICES, left_out: float = 0.3
) -> list[tuple[Volume, Bool[np.ndarray, "i j k"]]]:
    """Cut slices with their two neighbours out of a scan, slices along the last axis.

    Args:
        truth: At least three slices.
        count: How many slabs, evenly spread over the inner part.
        left_out: Share of the slices at either end that none is taken from.

    Returns:
        Slabs of three slices with the head's mask on them.
    """
    axis = slice_axis(truth)
    voxels = np.moveaxis(truth.voxels, axis, 2)
    mask = np.moveaxis(head_mask(truth), axis, 2)
    depth = voxels.shape[2]
    if depth < 3:
        return []
    ends = left_out * (depth - 1), (1 - left_out) * (depth - 1)
    middles = np.linspace(*ends, count).round()
    chosen = np.unique(middles.astype(int).clip(1, depth - 2))
    edges = np.delete(truth.spacing_mm, axis)
    affine = np.diag([*edges, truth.spacing_mm[axis], 1.0])
    return [
        (
            Volume(
                np.ascontiguousarray(voxels[..., k - 1 : k + 2]),
                affine,
                truth.units,
                truth.modality,
                truth.contrast,
            ),
            mask[..., k - 1 : k + 2],
        )
        for k in chosen
    ]


def _in_patient(
    restore: Restore, truth: Volume, noise: float, rng: np.random.Generator
) -> list[tuple[float, float, float]]:
    """Return diameter, contrast and recovered share of each lesion in one patient."""
    sigma = noise * float(truth.voxels.max())
    found = []
    for slab, mask in slabs(truth):
        spacing = slab.spacing_mm[:2]
        centres = places(_allowed(slab, mask[..., 1], sigma), spacing, rng)
        # Each slice begins with another size, so that places are shared.
        start = int(rng.integers(len(DIAMETERS_MM)))
        turned = [(start + n) % len(DIAMETERS_MM) for n in range(len(centres))]
        sizes = [DIAMETERS_MM[n] for n in turned]
        shape = slab.voxels.shape[:2]
        discs = [
            disc(shape, centre, size / 2, spacing)
            for centre, size in zip(centres, sizes, strict=True)
        ]
        if not discs:
            continue
        draw = int(rng.integers(2**32))
        without = restore(_noisy(slab, None, sigma, draw))[..., 1]
        for contrast in CONTRASTS_SD:
            added = contrast * sigma * np.sum(discs, axis=0)
            answer = restore(_noisy(slab, added, sigma, draw))[..., 1] - without
            for one, size in zip(discs, sizes, strict=True):
                lesion = one >= 0.5
                share = float(answer[lesion].mean() / added[lesion].mean())
                found.append((size, contrast, share))
    return found


def _allowed(
    slab: Volume, mask: Bool[np.ndarray, "x y"], sigma: float
) -> Bool[np.ndarray, "x y"]:
    """Return where a lesion may lie: inside the head, and where there is signal."""
    spacing, largest = slab.spacing_mm[:2], max(DIAMETERS_MM)
    window = [max(1, round(largest / edge)) for edge in spacing]
    around = ndimage.uniform_filter(slab.voxels[..., 1], window)
    inside = inner(mask, FROM_RIM_MM + largest / 2, spacing)
    return inside & (around > LEAST_SIGNAL_SD * sigma)


def _noisy(slab: Volume, added: Plane | None, sigma: float, draw: int) -> Volume:
    voxels = slab.voxels.astype(np.float64)
    if added is not None:
        voxels[..., 1] += added
    return slab.with_voxels(rician(voxels, sigma, np.random.default_rng(draw)))


def _cell(key: tuple[float, float], lesions: list[tuple[str, float]]) -> Survival:
    patients, shares = zip(*lesions, strict=True)
    mean = mean_interval(per_patient(list(patients), list(shares)))
    return Survival(*key, mean, len(lesions))
