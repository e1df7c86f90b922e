"""Slabs: BM3D as the lesion test asks for it, on three slices at a time."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from scipy.ndimage import gaussian_filter

from parts.cache import fingerprint, remembered
from parts.peers import Noise, Slice, bm3d, versions
from vesalius.physics.noise import unbias_mean
from vesalius.volume import Volume

Patients = Iterable[tuple[str, Volume]]
Restore = Callable[[Volume], Float32[np.ndarray, "i j 3"]]
# BM3D compares blocks of 8 pixels within 19 pixels: air further from the head than
# that reaches no lesion. Blocks begin every third pixel; the cut keeps them in step.
MARGIN, STEP = 24, 3
SMOOTH, ABOVE_FLOOR = 3.0, 1.75  # pixels; SD: Rayleigh's mean is 1.25


def told_the_noise(
    patients: Patients, noise: float, folder: Path, told: Callable[[str], None]
) -> tuple[Restore, Patients]:
    """Return BM3D for the slabs of these patients, and the patients to test it on.

    The lesion test hands over slabs whose noise is a share of the whole scan's
    maximum, which a slab does not tell. So the patients are watched as they pass.

    Args:
        patients: Names and clean scans.
        noise: SD of either channel over each scan's maximum.
        folder: Of the cache.
        told: Hears how many slices were asked for.

    Returns:
        BM3D with the Rician floor taken off, told the true noise level, which
        restores the middle slice and leaves its neighbours; and the patients.

    Limits:
        Only the part around the head is restored, 24 pixels of air with it; the rest
        comes back as it was.
    """
    spans = [1.0]
    asked = 0

    def watched() -> Iterator[tuple[str, Volume]]:
        for patient, truth in patients:
            spans[0] = float(truth.voxels.max())
            yield patient, truth

    def restore(slab: Volume) -> Float32[np.ndarray, "i j 3"]:
        nonlocal asked
        asked += 1
        told(f"BM3D, slice {asked} of about 180, {100 * noise:g} % noise")
        answer = slab.voxels.copy()
        seen = slab.voxels[:, :, 1].astype(np.float64) / spans[0]
        answer[:, :, 1] = cropped_bm3d(seen, noise, folder) * spans[0]
        return answer

    return restore, watched()


def cropped_bm3d(seen: Slice, sigma: float, folder: Path) -> Slice:
    """Run BM3D on the head with some air around it, and take the floor off.

    Args:
        seen: The slice, 0 to about 1.
        sigma: The true SD in the same unit.
        folder: Of the cache.
    """
    rows, columns = head_box(seen, sigma)
    cut = seen[rows, columns]
    question = {"noisy": fingerprint(cut), "sigma": sigma, "versions": versions()}
    kept = remembered(folder, "slab", question, lambda: bm3d(cut, Noise(sigma), 1.0))
    answer = seen.copy()
    answer[rows, columns] = unbias_mean(np.maximum(kept.picture, 0), sigma)
    return answer


def head_box(seen: Slice, sigma: float) -> tuple[slice, slice]:
    """Return the rows and columns that hold the head, with `MARGIN` around.

    Args:
        seen: A noisy slice.
        sigma: Of its noise.
    """
    bright = gaussian_filter(seen, SMOOTH) > ABOVE_FLOOR * sigma
    rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
    if rows.size == 0:
        return slice(0, seen.shape[0]), slice(0, seen.shape[1])
    return _widened(rows, seen.shape[0]), _widened(columns, seen.shape[1])


def _widened(found: np.ndarray, side: int) -> slice:
    start = max(0, int(found[0]) - MARGIN) // STEP * STEP
    return slice(start, min(side, int(found[-1]) + 1 + MARGIN))
