"""CT: attenuation, photons, and a scan as a lower dose would have shown it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from vesalius.errors import ConfigError
from vesalius.physics.projection import Kernel, beam_over, project, reconstruct
from vesalius.physics.projection import standard as standard_kernel

WATER_PER_MM = 0.0193  # attenuation of water at 70 keV, the mean of a 120 kV beam
LOWEST_HU = -1024.0  # what scanners store of air; below it lies padding
_COARSE_MM = 2.9  # line integrals vary slowly: their noise needs no finer pixels
_FEWEST = 0.5  # photons; the logarithm of less means nothing


@dataclass(frozen=True)
class Scanner:
    """What decides how much noise a dose leaves.

    Attributes:
        photons: A ray at full dose through air, summed over half a turn. The default
            leaves 12 HU at the centre of a water ellipse of 350 x 260 mm with the
            `standard` kernel, whatever the pixels.
        electronic: SD of the read-out noise of one ray and view, in photons.
        views: Angles over half a turn. Fewer are faster and leave the same noise,
            with streaks far from the axis.
        detector_mm: Distance of neighbouring rays at the axis of rotation.
    """

    photons: float = 1e9
    electronic: float = 10.0
    views: int = 480
    detector_mm: float = 0.6

    def __post_init__(self) -> None:
        if min(self.photons, self.views, self.detector_mm) <= 0 or self.electronic < 0:
            raise ConfigError("a scanner has photons, views and rays, all above zero")


CLINICAL = Scanner()


def to_attenuation(hu: Float[np.ndarray, "*grid"]) -> Float[np.ndarray, "*grid"]:
    """Turn Hounsfield units into attenuation at 70 keV, in 1/mm, never negative."""
    return np.maximum(hu / 1000 + 1, 0) * WATER_PER_MM


def to_hounsfield(per_mm: Float[np.ndarray, "*grid"]) -> Float[np.ndarray, "*grid"]:
    """Turn attenuation at 70 keV, in 1/mm, into Hounsfield units."""
    return (per_mm / WATER_PER_MM - 1) * 1000


def low_dose(
    hu: Float[np.ndarray, "i j *k"],
    spacing_mm: tuple[float, ...],
    *,
    dose: float,
    rng: np.random.Generator,
    kernel: Kernel = standard_kernel,
    scanner: Scanner = CLINICAL,
) -> Float32[np.ndarray, "i j *k"]:
    """Return a full-dose scan as a fraction of its dose would have shown it.

    The scan has the noise of its own dose already, so only the difference is added,
    reconstructed on its own: anatomy is not blurred.

    Args:
        hu: A slice (i, j) or slices (i, j, k), in Hounsfield units.
        spacing_mm: Edge lengths of a voxel; only those along i and j matter.
        dose: What is left of the dose, above 0 to 1; 1 returns the scan as it is.
        rng: Everything random comes from it.
        kernel: Of the reconstruction, a function of `physics.projection`.
        scanner: Photons, read-out noise and rays.

    Returns:
        Hounsfield units, not below -1024 where noise was added: scanners store
        nothing lower. Padding (below -1024 in the input) comes back untouched.

    Raises:
        ConfigError: The dose is not above 0 and at most 1.

    Limits:
        Parallel beam, one energy, no bow-tie filter, no tube current modulation.
        The full dose is taken to suit the slice thickness: thin slices get no more
        noise than thick ones, and slices are independent. What the picture does
        not show (arms, table) attenuates nothing.

    Example:
        >>> water = np.zeros((32, 32), np.float32)
        >>> noisy = low_dose(
        ...     water, (5.0, 5.0), dose=0.25, rng=np.random.default_rng(0)
        ... )
        >>> bool(1 < noisy.std() < 20)
        True

    Source:
        Yu et al. 2012, J Comput Assist Tomogr 36(4):477-487, noise insertion in the
        projections. doi:10.1097/RCT.0b013e318258e891
    """
    slices = hu.reshape(*hu.shape[:2], -1)
    noisy = np.array(slices, np.float32)
    for k in range(slices.shape[2]):
        noisy[..., k] += noise_field(
            slices[..., k], spacing_mm, dose, rng, kernel, scanner
        )
    kept = (slices < LOWEST_HU) | (dose == 1)
    noisy = np.where(kept, slices, np.maximum(noisy, LOWEST_HU))
    return noisy.reshape(hu.shape).astype(np.float32)


def noise_field(
    hu_slice: Float[np.ndarray, "i j"],
    spacing_mm: tuple[float, ...],
    dose: float,
    rng: np.random.Generator,
    kernel: Kernel = standard_kernel,
    scanner: Scanner = CLINICAL,
) -> Float32[np.ndarray, "i j"]:
    """Return the noise that a lower dose adds to one slice.

    Photons are counted along each ray as at full dose, each is kept with the chance
    `dose`, and the error this makes in the line integral is reconstructed. Counts
    thinned so have just the variance that a scan at that dose has beyond this one.

    Args:
        hu_slice: The full-dose slice, in Hounsfield units.
        spacing_mm: Edge lengths of a voxel; only those along i and j matter.
        dose: What is left of the dose, above 0 to 1.
        rng: Everything random comes from it.
        kernel: Of the reconstruction.
        scanner: Photons, read-out noise and rays.

    Returns:
        Hounsfield units to add; 0 everywhere for a dose of 1.

    Raises:
        ConfigError: The dose is not above 0 and at most 1.

    Limits:
        Those of `low_dose`. Where hardly a photon is left the noise is no longer
        of mean 0, as in a scanner.

    Source:
        Zabic et al. 2013, Med Phys 40(3):031102, low-dose simulation with photon and
        electronic noise. doi:10.1118/1.4789628
    """
    if not 0 < dose <= 1:
        raise ConfigError(
            f"the dose lies above 0 and at most 1, not {dose}; 0.25 is a quarter"
        )
    shape, pixel_mm = (
        (hu_slice.shape[0], hu_slice.shape[1]),
        (spacing_mm[0], spacing_mm[1]),
    )
    beam = beam_over(
        shape, pixel_mm, views=scanner.views, detector_mm=scanner.detector_mm
    )
    line = _line_integrals(hu_slice, pixel_mm, beam.views, beam.offsets_mm)
    expected = scanner.photons / scanner.views * np.exp(-line)
    full = rng.poisson(expected)
    read_out = scanner.electronic * np.sqrt(1 / dose**2 - 1)
    thinned = rng.binomial(full, dose) / dose + read_out * rng.standard_normal(
        full.shape
    )
    error = np.log(np.maximum(full, _FEWEST)) - np.log(np.maximum(thinned, _FEWEST))
    return reconstruct(error, beam, kernel) * np.float32(1000 / WATER_PER_MM)


def _line_integrals(
    hu_slice: Float[np.ndarray, "i j"],
    pixel_mm: tuple[float, float],
    views: int,
    offsets_mm: Float[np.ndarray, " d"],
) -> Float[np.ndarray, "a d"]:
    """Project a coarse copy of the slice, and read between its rays."""
    density = to_attenuation(hu_slice)
    times = [max(1, round(_COARSE_MM / edge)) for edge in pixel_mm]
    sides = [-(-n // t) for n, t in zip(density.shape, times, strict=True)]
    missing = [
        (0, s * t - n) for s, t, n in zip(sides, times, density.shape, strict=True)
    ]
    blocks = np.pad(density, missing).reshape(sides[0], times[0], sides[1], times[1])
    edges = (pixel_mm[0] * times[0], pixel_mm[1] * times[1])
    beam = beam_over((sides[0], sides[1]), edges, views=views)
    coarse = project(blocks.mean(axis=(1, 3)), beam)
    return np.stack([np.interp(offsets_mm, beam.offsets_mm, row) for row in coarse])
