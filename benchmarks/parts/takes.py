"""Takes: each test case as it is, and twice more with known noise on it."""

from hashlib import sha256

import numpy as np
from jaxtyping import Float32

from vesalius.physics.noise import rician

PLAIN = "plain"
NOISY = ("a", "b")  # two draws of the same noise
TAKES = (PLAIN, *NOISY)
MR_NOISE = 0.03  # SD of either channel, of the scan's maximum
CT_NOISE_HU = 15.0
PATCH_HU = 1400.0  # what a patch's grey values from 0 to 1 span

Values = Float32[np.ndarray, "..."]


def mr_take(values: Values, case: str, take: str) -> Values:
    """Return an MR scan as it is, or with Rician noise of 3 % of its maximum.

    Args:
        values: Intensities, air dark.
        case: Whose: the noise comes from a hash of it.
        take: "plain", "a" or "b".
    """
    if take == PLAIN:
        return values
    sigma = MR_NOISE * float(values.max())
    return rician(np.maximum(values, 0), sigma, _drawn(case, take))


def ct_take(pictures: Values, take: str) -> Values:
    """Return patches of CT as they are, or with normal noise of 15 HU.

    Args:
        pictures: From 0, at -1000 HU, to 1, at 400 HU.
        take: "plain", "a" or "b".
    """
    if take == PLAIN:
        return pictures
    noise = _drawn("patches", take).standard_normal(pictures.shape, dtype=np.float32)
    return np.clip(pictures + noise * (CT_NOISE_HU / PATCH_HU), 0, 1).astype(np.float32)


def _drawn(case: str, take: str) -> np.random.Generator:
    code = sha256(f"{case} {take}".encode()).digest()[:8]
    return np.random.default_rng(int.from_bytes(code, "big"))
