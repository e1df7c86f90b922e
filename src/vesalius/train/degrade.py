"""Degrade: the noise of many scanners, drawn anew for every crop."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32
from scipy.ndimage import gaussian_filter

from vesalius.physics.ct import Scanner, noise_field
from vesalius.physics.noise import box, coloured, fermi, gauss, gfactor_map, hann
from vesalius.physics.phantom import thorax
from vesalius.physics.projection import sharp, soft, standard
from vesalius.train.examples import Crop

VARYING = 0.15  # share of MR crops whose noise varies, as parallel imaging makes it
COLOURED = 0.15  # share whose spectrum a scanner filtered or padded with zeros
UNEVEN = 0.5  # share of CT crops whose noise is stronger on one side
SMOOTHEST = 1.4  # SD in pixels of the softest CT kernel drawn
SHARPEST = 0.35
WINDOWS = (box, hann, fermi, gauss)
SIMULATED = 0.5  # share of CT crops with pieces of simulated scans' noise
FIELD_SIDE = 256  # pixels along a side of a simulated scan
LOCAL_PIXELS = 12.0  # SD of the window in which a field's SD is measured
KERNELS = (soft, standard, sharp)
STREAKY = 0.3  # share of CT crops with noise drawn out along one direction


def mr_noise(crop: Crop, sigma: float, rng: np.random.Generator) -> tuple[Crop, Crop]:
    """Return a magnitude crop as a noisier scanner shows it, and its noise's SD.

    Args:
        crop: Clean slices, scaled to a maximum of 1.
        sigma: Mean SD of either channel, in the crop's unit.
        rng: Everything random comes from it.

    Returns:
        The Rician crop, and the SD of the underlying normal noise at each pixel.

    Source:
        Gudbjartsson and Patz 1995, MRM 34(6):910-914. doi:10.1002/mrm.1910340618
    """
    spread = np.full_like(crop, sigma)
    kind = rng.random()
    if kind < VARYING:
        plane = gfactor_map(crop.shape[1:], rng, rng.uniform(0.2, 1.0))
        spread = spread * (plane / plane.mean())[None].astype(np.float32)
    if VARYING <= kind < VARYING + COLOURED:
        real, imaginary = _filtered(crop.shape, rng)
    else:
        real, imaginary = rng.standard_normal((2, *crop.shape), dtype=np.float32)
    return np.hypot(crop + spread * real, spread * imaginary), spread


def ct_noise(
    crop: Crop,
    sigma: float,
    rng: np.random.Generator,
    fields: Sequence[Float32[np.ndarray, "a b"]] = (),
) -> tuple[Crop, Crop]:
    """Return a CT crop with noise of a drawn kernel, and the noise's SD.

    Filtered back projection leaves noise without low frequencies, cut off by the
    kernel, stronger behind thick and dense anatomy, and drawn out along it.

    Args:
        crop: Clean slices, in HU above air.
        sigma: Mean SD in HU.
        rng: Everything random comes from it.
        fields: Noise from simulated scans, of SD 1 everywhere, that half of the
            crops are given pieces of; without any, all noise is drawn.

    Returns:
        The noisy crop and the SD at each pixel.

    Source:
        Kijewski and Judy 1987, Phys Med Biol 32(5):565-575, the noise power
        spectrum of CT. doi:10.1088/0031-9155/32/5/003
    """
    simulated = bool(fields) and rng.random() < SIMULATED
    noise = _piece(crop, fields, rng) if simulated else _ct_field(crop.shape, rng)
    spread = np.full_like(crop, sigma)
    if rng.random() < UNEVEN:
        plane = gfactor_map(crop.shape[1:], rng, rng.uniform(0.2, 1.0))
        spread = spread * (plane / plane.mean())[None].astype(np.float32)
    return crop + spread * noise, spread


def simulated_fields(count: int, seed: int) -> tuple[Float32[np.ndarray, "a b"], ...]:
    """Simulate the noise of low-dose scans of phantoms, brought to an SD of 1.

    Args:
        count: How many fields.
        seed: Of phantoms, kernels, pixel sizes and noise.

    Returns:
        Square fields with a scanner's spectrum and streaks; where it is noisy and
        where it is not was divided out.
    """
    rng = np.random.default_rng([seed, count])
    fields = []
    for turn in range(count):
        pixel_mm = rng.uniform(0.7, 1.6)
        truth = thorax(
            shape=(FIELD_SIDE, FIELD_SIDE, 1),
            spacing_mm=(pixel_mm, pixel_mm, 5.0),
            seed=seed + turn // 2,
        ).truth
        noise = noise_field(
            truth.voxels[:, :, 0],
            (pixel_mm, pixel_mm),
            rng.uniform(0.05, 0.3),
            rng,
            KERNELS[rng.integers(len(KERNELS))],
            Scanner(views=240),
        )
        local = np.sqrt(gaussian_filter(noise**2, LOCAL_PIXELS))
        fields.append((noise / np.maximum(local, 1e-3)).astype(np.float32))
    return tuple(fields)


def recolour(crop: Crop, rng: np.random.Generator) -> Crop:
    """Make up another contrast of the same anatomy: a random curve of intensities.

    Args:
        crop: Clean slices from 0 to 1; air stays 0.
        rng: Everything random comes from it.

    Source:
        Billot et al. 2023, Medical Image Analysis 86:102789 (SynthSeg).
        doi:10.1016/j.media.2023.102789
    """
    knots = np.linspace(0, 1, 6)
    heights = np.concatenate([[0.0], rng.uniform(0.05, 1.0, 5)])
    return np.interp(crop, knots, heights).astype(np.float32)


def leave(crop: Crop, rng: np.random.Generator) -> Crop:
    """Return the crop as it is: HU are no matter of taste."""
    return crop


def _filtered(
    shape: tuple[int, ...], rng: np.random.Generator
) -> Float32[np.ndarray, "2 s y x"]:
    cut = (rng.uniform(0.5, 1.0), rng.uniform(0.5, 1.0))
    window = WINDOWS[rng.integers(len(WINDOWS))]
    return np.stack([coloured(shape, rng, cut=cut, window=window) for _ in range(2)])


def _piece(
    crop: Crop, fields: Sequence[Float32[np.ndarray, "a b"]], rng: np.random.Generator
) -> Crop:
    """Cut a piece of another simulated field for each slice."""
    height, width = crop.shape[1:]
    pieces = []
    for _ in range(crop.shape[0]):
        field = fields[int(rng.integers(len(fields)))]
        y = int(rng.integers(field.shape[0] - height + 1))
        x = int(rng.integers(field.shape[1] - width + 1))
        pieces.append(field[y : y + height, x : x + width])
    return np.stack(pieces)


def _ct_field(
    shape: tuple[int, ...], rng: np.random.Generator
) -> Float32[np.ndarray, "s y x"]:
    """Return noise of SD 1 with the spectrum of a filtered back projection."""
    fy = np.fft.fftfreq(shape[1])[:, None]
    fx = np.fft.rfftfreq(shape[2])[None]
    radius = np.hypot(fy, fx)
    softness = np.exp(rng.uniform(np.log(SHARPEST), np.log(SMOOTHEST)))
    spectrum = np.sqrt(radius + rng.uniform(0, 0.02))
    spectrum = spectrum * np.exp(-0.5 * (2 * np.pi * radius * softness) ** 2)
    if rng.random() < STREAKY:
        angle = np.arctan2(fy, fx) - rng.uniform(0, np.pi)
        spectrum = spectrum * (1 + rng.uniform(0, 2) * np.cos(angle) ** 2)
    white = rng.standard_normal(shape, dtype=np.float32)
    field = np.fft.irfft2(np.fft.rfft2(white) * spectrum, s=shape[1:])
    return (field / field.std()).astype(np.float32)
