"""Spots: small soft things that no anatomy predicts, so that findings are kept."""

import numpy as np
from jaxtyping import Float32

MOST = 4  # in one crop
CONTRAST = (1.0, 8.0)  # of the noise's SD
SIZE_PIXELS = (0.8, 4.0)  # SD along either axis of the slice
DEPTH_SLICES = (0.3, 2.0)  # SD across the slices

Crop = Float32[np.ndarray, "s y x"]


def spotted(crop: Crop, sigma: float, rng: np.random.Generator) -> Crop:
    """Add a few spots to a clean crop: Gaussian hills and hollows, at any angle.

    A network that never saw the unexpected takes it for noise. The discs by which
    survival is measured have another profile: flat, round, and in one slice.

    Args:
        crop: Clean slices, not negative; stays so.
        sigma: SD of the noise that will be added, in the crop's unit.
        rng: Everything random comes from it.

    Limits:
        Sizes are in pixels, so in millimetres they follow the scan's resolution.
    """
    depth, height, width = crop.shape
    z, y, x = np.ogrid[:depth, :height, :width]
    changed = crop.astype(np.float64)
    for _ in range(int(rng.integers(1, MOST + 1))):
        contrast = rng.choice([-1, 1]) * sigma * _log_uniform(CONTRAST, rng)
        long, short, deep = (
            _log_uniform(bounds, rng)
            for bounds in (SIZE_PIXELS, SIZE_PIXELS, DEPTH_SLICES)
        )
        down, right = y - rng.uniform(0, height), x - rng.uniform(0, width)
        turn = rng.uniform(0, np.pi)
        along = np.cos(turn) * down + np.sin(turn) * right
        across = np.cos(turn) * right - np.sin(turn) * down
        away = (along / long) ** 2 + (across / short) ** 2
        hill = np.exp(-0.5 * (away + ((z - depth // 2) / deep) ** 2))
        changed += contrast * hill
    return np.maximum(changed, 0).astype(np.float32)


def _log_uniform(bounds: tuple[float, float], rng: np.random.Generator) -> float:
    low, high = np.log(bounds)
    return float(np.exp(rng.uniform(low, high)))
