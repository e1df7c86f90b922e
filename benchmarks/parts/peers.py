"""Peers: the classical denoisers, each a function of a slice and its noise level.

Slices come scaled to about 0 to 1 with air at 0; the level is the SD of the noise in
the same unit, the true one. Each has one dial, tuned on training patients.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import ndimage
from skimage import restoration

from parts.machine import versions_of

Slice = Float[np.ndarray, "x y"]


@dataclass(frozen=True)
class Noise:
    """What a peer is told of the noise: more than any denoiser knows in practice.

    Attributes:
        sigma: The true SD, in the slice's unit.
        spectrum: The mean squared magnitude of the noise's Fourier transform, where
            the noise is coloured; None for white.
    """

    sigma: float
    spectrum: Slice | None = None


Filter = Callable[[Slice, Noise, float], Slice]


@dataclass(frozen=True)
class Peer:
    """One denoiser with its dial.

    Attributes:
        name: As the tables spell it.
        clean: The denoiser.
        dial: Values of its one number that are tried on training patients.
        unit: What the dial turns.
        slow: True where a slice takes seconds. It is not tuned: every value of its
            dial is measured on the test patients, and the best is what counts.
    """

    name: str
    clean: Filter
    dial: tuple[float, ...]
    unit: str
    slow: bool = False


def bm3d(noisy: Slice, noise: Noise, dial: float, threads: int = 1) -> Slice:
    """Run BM3D, told the true noise level times the dial, as white noise.

    Args:
        noisy: A slice.
        noise: What it is told.
        dial: Times its level.
        threads: More than one add in another order: not the same answer twice.

    Source:
        Dabov et al. 2007, IEEE TIP 16(8):2080-2095. doi:10.1109/TIP.2007.901238
    """
    return _bm3d(noisy, noise.sigma * dial, threads)


def bm3d_coloured(noisy: Slice, noise: Noise, dial: float) -> Slice:
    """Run BM3D, told the true spectrum of the noise times the dial squared.

    Source:
        Makinen et al. 2020, IEEE TIP 29:8339-8354. doi:10.1109/TIP.2020.3014721
    """
    if noise.spectrum is None:
        return bm3d(noisy, noise, dial)
    return _bm3d(noisy, noise.spectrum * dial**2)


def non_local_means(noisy: Slice, noise: Noise, dial: float) -> Slice:
    """Average over similar patches of 5 x 5 pixels, h = dial x sigma.

    Source:
        Buades et al. 2005, CVPR 2:60-65. doi:10.1109/CVPR.2005.38
    """
    return restoration.denoise_nl_means(
        noisy,
        patch_size=5,
        patch_distance=7,
        h=dial * noise.sigma,
        sigma=noise.sigma,
        fast_mode=True,
    )


def total_variation(noisy: Slice, noise: Noise, dial: float) -> Slice:
    """Shorten the total variation, weight = dial x sigma.

    Source:
        Chambolle 2004, J Math Imaging Vis 20:89-97.
    """
    return restoration.denoise_tv_chambolle(
        noisy, weight=dial * noise.sigma, eps=1e-5, max_num_iter=300
    )


def wavelet(noisy: Slice, noise: Noise, dial: float) -> Slice:
    """Shrink wavelet coefficients (BayesShrink), averaged over 16 shifts.

    Source:
        Chang et al. 2000, IEEE TIP 9(9):1532-1546. doi:10.1109/83.862633
    """
    return restoration.cycle_spin(
        noisy,
        func=restoration.denoise_wavelet,
        max_shifts=3,
        func_kw={
            "sigma": dial * noise.sigma,
            "wavelet": "sym4",
            "method": "BayesShrink",
            "rescale_sigma": False,
        },
        workers=1,
    )


def gaussian(noisy: Slice, noise: Noise, dial: float) -> Slice:
    """Blur with a Gaussian whose SD is the dial, in pixels."""
    return ndimage.gaussian_filter(noisy, dial)


def versions() -> dict[str, str]:
    """Return the versions of the libraries the peers come from."""
    return versions_of(("bm3d", "bm4d", "scikit-image", "scipy"))


_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 1.9, 2.4)
BM3D = "BM3D"


def _fast(dial: tuple[float, ...]) -> tuple[Peer, ...]:
    return (
        Peer("non-local means", non_local_means, dial, "h / sigma"),
        Peer("total variation", total_variation, dial, "weight / sigma"),
        Peer("wavelet", wavelet, dial, "sigma / true sigma"),
        Peer("Gaussian", gaussian, dial, "SD in pixels"),
    )


# MR: white noise of a level that BM3D is told; there is nothing to tune.
MR_PEERS = (Peer(BM3D, bm3d, (1.0,), "sigma / true sigma", slow=True), *_fast(_SHARES))
# CT: the noise is neither white nor alike everywhere, so its SD says less.
LEVELS = (0.7, 1.0, 1.4, 2.0)
CT_PEERS = (
    Peer(BM3D, bm3d, LEVELS, "sigma / true sigma", slow=True),
    Peer(f"{BM3D}, coloured", bm3d_coloured, LEVELS, "sigma / true sigma", slow=True),
    *_fast((0.1, 0.2, *_SHARES)),
)
PEERS = {"MR": MR_PEERS, "CT": CT_PEERS}


def _bm3d(noisy: Slice, noise: float | Slice, threads: int = 1) -> Slice:
    # An extra of its own licence: only benchmarks import it, and only when they run.
    from bm3d import BM3DProfile
    from bm3d import bm3d as run

    profile = BM3DProfile()
    profile.num_threads = threads
    with _trapezoids():
        return run(noisy.astype(np.float64), noise, profile)


@contextmanager
def _trapezoids() -> Iterator[None]:
    """Lend NumPy the name that bm4d 4.2 calls and NumPy 2.4 has dropped."""
    if hasattr(np, "trapz"):
        yield
        return
    np.trapz = np.trapezoid
    try:
        yield
    finally:
        del np.trapz
