"""Structures: does restoring invent small things, or take them away?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from scipy import ndimage, signal

from vesalius.evaluate.intervals import Interval, proportion_interval
from vesalius.evaluate.lesions import disc, inner, places, slabs
from vesalius.physics.noise import rician
from vesalius.volume import Volume

DISC_MM = 5.0  # diameter of what is looked for
RING_MM = (4.5, 7.5)  # inner and outer radius of its surroundings
FROM_RIM_MM = 8.0  # edges of the head are no blobs
CONTROL_SD = 2.0  # contrast of the planted discs that must be found
SLICES = 16  # of a patient: 15 patients give the 200 that a rate needs
LEFT_OUT = 0.2  # of the slices, at either end

Plane = Float[np.ndarray, "x y"]
Restore = Callable[[Volume], Float32[np.ndarray, "i j k"]]


@dataclass(frozen=True)
class Structures:
    """Blobs per hundred lesion-free slices, and whether blobs can be found at all.

    Attributes:
        invented: Blobs in the answer and not in the truth, per 100 slices.
        lost: Blobs in the truth and not in the answer, per 100 slices.
        found: Share of planted discs found: the positive control.
        slices: How many were looked at.
    """

    invented: float
    lost: float
    found: Interval
    slices: int


def count_structures(
    restore: Restore,
    truths: Iterable[tuple[str, Volume]],
    noise: float,
    *,
    seed: int = 0,
) -> Structures:
    """Count small things that restoring invents and loses.

    A filter F measures how much a disc of 5 mm stands out from the ring around it.
    Where |F| of the answer exceeds |F| of the truth by more than the noise's SD, a
    blob was invented; the other way round one was lost. As a control, discs of
    twice the noise's SD are planted in the answer itself: they must be found.

    Args:
        restore: From a noisy scan to the restored voxels; ours or a peer's.
        truths: Patients and their clean MR scans.
        noise: SD of either channel over each scan's maximum.
        seed: Of noise and of the planted discs' places.

    Returns:
        Counts over all slices, the head's mask narrowed by 8 mm.

    Limits:
        The truth has noise of its own; a blob in it that restoring rightly takes
        away counts as lost.
    """
    counts = np.zeros(5, int)
    for number, (_, truth) in enumerate(truths):
        rng = np.random.default_rng([seed, number, 1])
        sigma = noise * float(truth.voxels.max())
        for slab, mask in slabs(truth, count=SLICES, left_out=LEFT_OUT):
            counts += _in_slice(restore, slab, mask[..., 1], sigma, rng)
    slices, invented, lost, planted, found = (int(n) for n in counts)
    return Structures(
        invented=100 * invented / max(slices, 1),
        lost=100 * lost / max(slices, 1),
        found=proportion_interval(found, max(planted, 1)),
        slices=slices,
    )


def stands_out(picture: Plane, spacing_mm: tuple[float, float]) -> Plane:
    """Return F: the mean of a disc of 5 mm less that of the ring around it.

    Args:
        picture: One slice.
        spacing_mm: Pixel edges.
    """
    kernel = _kernel(spacing_mm)
    rim = [(n // 2, n // 2) for n in kernel.shape]
    framed = np.pad(picture.astype(np.float64), rim, mode="symmetric")
    return signal.fftconvolve(framed, kernel, mode="valid")


def _in_slice(
    restore: Restore,
    slab: Volume,
    mask: Bool[np.ndarray, "x y"],
    sigma: float,
    rng: np.random.Generator,
) -> Int[np.ndarray, "5"]:
    """Return slices, blobs invented and lost, discs planted and found."""
    spacing = slab.spacing_mm[:2]
    inside = inner(mask, FROM_RIM_MM, spacing)
    if not inside.any():
        return np.zeros(5, int)
    noisy = rician(slab.voxels.astype(np.float64), sigma, rng)
    answer = restore(slab.with_voxels(noisy))[..., 1].astype(np.float64)
    clean = stands_out(slab.voxels[..., 1], spacing)
    before, after = np.abs(clean), np.abs(stands_out(answer, spacing))
    centres = places(inner(mask, FROM_RIM_MM + DISC_MM, spacing), spacing, rng)
    shape = answer.shape[0], answer.shape[1]
    planted = answer.copy()
    for x, y in centres:
        # Bright where it is bright already: a blob that fills a hole is none.
        sign = 1 if clean[round(x), round(y)] >= 0 else -1
        spot = disc(shape, (x, y), DISC_MM / 2, spacing)
        planted += sign * CONTROL_SD * sigma * spot
    control = np.abs(stands_out(planted, spacing)) - before > sigma
    near = ndimage.binary_dilation(control, iterations=1)
    found = sum(bool(near[round(x), round(y)]) for x, y in centres)
    invented = ndimage.label((after - before > sigma) & inside)[1]
    lost = ndimage.label((before - after > sigma) & inside)[1]
    return np.array([1, invented, lost, len(centres), found])


def _kernel(spacing_mm: tuple[float, float]) -> Plane:
    reach = [int(np.ceil(RING_MM[1] / edge)) for edge in spacing_mm]
    shape = (2 * reach[0] + 1, 2 * reach[1] + 1)
    centre = (float(reach[0]), float(reach[1]))
    middle = disc(shape, centre, DISC_MM / 2, spacing_mm)
    ring = disc(shape, centre, RING_MM[1], spacing_mm)
    ring -= disc(shape, centre, RING_MM[0], spacing_mm)
    return middle / middle.sum() - ring / ring.sum()
