"""Noise: how the electronics of an MR scanner blur the truth, as functions of a seed.

Every function draws from the generator it is given, so that a draw can be replayed.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float32
from scipy.interpolate import CubicSpline
from scipy.special import ive

from vesalius.errors import ConfigError

Draw = Callable[[tuple[int, ...], np.random.Generator], Float32[np.ndarray, "*grid"]]
Window = Callable[[Float[np.ndarray, "..."]], Float[np.ndarray, "..."]]

G_GAIN = 2.0  # g-factors of clinical accelerations lie between 1 and about 3
_BENDS = 5  # knots a side: coil sensitivities are smooth over a fifth of the body
_CENTRE_WEIGHT = 1.5  # the g-factor is worst deep in the body, far from every coil
_CENTRE_WIDTH = 0.3  # of the field of view
_FERMI_WIDTH = 0.08  # of the radius, a common setting of scanners


def white(
    shape: tuple[int, ...], rng: np.random.Generator
) -> Float32[np.ndarray, "*grid"]:
    """Draw normal noise of variance 1, each voxel on its own.

    Args:
        shape: Of the field, any number of axes.
        rng: Everything random comes from it.
    """
    return rng.standard_normal(shape, dtype=np.float32)


def rician(
    clean: Float[np.ndarray, "*grid"],
    sigma: float | Float[np.ndarray, "..."],
    rng: np.random.Generator,
    draw: Draw = white,
) -> Float32[np.ndarray, "*grid"]:
    r"""Return a magnitude picture as a noisier scanner shows it.

    The scanner measures two channels, each with normal noise, and shows the
    length of the pair. Bright tissue gets symmetric noise, air a grey floor:

    $$m = \sqrt{(x + \sigma n_1)^2 + (\sigma n_2)^2}$$

    Args:
        clean: The truth $x$, not negative, any number of axes.
        sigma: SD of either channel in the unit of `clean`, one number or a map
            that fits `clean`, `level * gfactor_map(...)`.
        rng: Everything random comes from it.
        draw: Makes $n_1$ and $n_2$ from a shape and a generator; `white`, or
            `partial(coloured, cut=0.7)`.

    Returns:
        The magnitude, shaped like `clean`, never negative.

    Limits:
        Several coils combined by root sum of squares give a non-central chi
        floor instead, higher than this one.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> air = rician(np.zeros((200, 200), np.float32), 10.0, rng)
        >>> round(float(air.mean()), 1)  # Rayleigh: 10 * sqrt(pi / 2) = 12.5
        12.5

    Source:
        Gudbjartsson and Patz 1995, MRM 34(6):910-914. doi:10.1002/mrm.1910340618
    """
    real, imaginary = draw(clean.shape, rng), draw(clean.shape, rng)
    return np.hypot(clean + sigma * real, sigma * imaginary).astype(np.float32)


def gfactor_map(
    shape: tuple[int, ...], rng: np.random.Generator, strength: float = 1.0
) -> Float32[np.ndarray, "*grid"]:
    """Draw how much parallel imaging amplifies noise at each voxel.

    Unfolding aliased coil pictures costs signal where the coils see alike:
    mostly deep in the body, and in patches that depend on the coils.

    Args:
        shape: Of the map, one to three axes.
        rng: Everything random comes from it.
        strength: 0 for none (1 everywhere) to 1 (up to 3 at the worst place).

    Returns:
        A smooth map from 1 at its best place to 1 + 2 `strength` at its worst.

    Limits:
        Drawn, not computed from coils: no sharp edges where a fold begins.

    Source:
        Pruessmann et al. 1999, MRM 42(5):952-962 (SENSE), what a g-factor is.
        doi:10.1002/(SICI)1522-2594(199911)42:5<952::AID-MRM16>3.0.CO;2-S
    """
    if not 0 <= strength <= 1:
        raise ConfigError(f"the strength of a g-factor map is 0 to 1, not {strength}")
    field = rng.random((_BENDS,) * len(shape))
    bump = np.ones(())
    for axis, voxels in enumerate(shape):
        place = np.linspace(0, 1, voxels)
        field = CubicSpline(np.linspace(0, 1, _BENDS), field, axis=axis)(place)
        apart = place - rng.uniform(0.35, 0.65)
        bump = bump[..., None] * np.exp(-(apart**2) / (2 * _CENTRE_WIDTH**2))
    field = field + _CENTRE_WEIGHT * bump
    low, high = field.min(), field.max()
    share = (field - low) / (high - low) if high > low else np.zeros_like(field)
    return (1 + G_GAIN * strength * share).astype(np.float32)


def box(radius: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Pass everything measured: what zero-filling alone leaves."""
    return np.ones_like(radius)


def hann(radius: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Fall like a cosine bell from 1 at the centre to 0 at the rim (radius 1)."""
    return 0.5 * (1 + np.cos(np.pi * np.minimum(radius, 1)))


def fermi(radius: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Pass most, and roll off near the rim: many scanners' default filter."""
    return 1 / (1 + np.exp((radius - 0.9) / _FERMI_WIDTH))


def gauss(radius: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Fall like a normal curve to 0.2 at the rim: smooth, without ringing."""
    return np.exp(np.log(0.2) * radius**2)


def coloured(
    shape: tuple[int, ...],
    rng: np.random.Generator,
    *,
    cut: float | tuple[float, float] = 1.0,
    window: Window = box,
    axes: tuple[int, int] = (-2, -1),
) -> Float32[np.ndarray, "*grid"]:
    """Draw noise of variance 1 whose k-space was padded with zeros or filtered.

    Scanners often measure fewer frequencies than they show pixels. The noise of
    neighbouring pixels is then alike, as grains larger than a pixel.

    Args:
        shape: Of the field; every axis but `axes` counts slices, drawn apart.
        rng: Everything random comes from it.
        cut: Share of the frequencies that was measured along each of `axes`,
            above 0 to 1; two numbers for grains longer along one axis.
        window: What the filter passes at a distance from the centre of k-space,
            1 at the rim of what was measured: `box`, `hann`, `fermi`, `gauss`.
        axes: The plane of the slices: the last two axes, (0, 1) for (i, j, k).

    Returns:
        Normal noise of mean 0 and expected variance 1.

    Raises:
        ConfigError: A share is not above 0 and at most 1.

    Limits:
        One channel: give `rician` two of them. The truth is not filtered.
    """
    cuts = (cut, cut) if isinstance(cut, float | int) else cut
    if not all(0 < share <= 1 for share in cuts):
        raise ConfigError(f"the measured share of k-space lies in (0, 1], not {cut}")
    first, second = (np.fft.fftfreq(shape[axis]) * 2 for axis in axes)
    along = [np.abs(first) / cuts[0], np.abs(second) / cuts[1]]
    u, v = np.meshgrid(*along, indexing="ij")
    passed = window(np.hypot(u, v)) * (u <= 1) * (v <= 1)
    passed[0, 0] = max(passed[0, 0], 1e-6)  # a picture of one pixel still has noise
    # White noise of variance 1 keeps variance mean(passed^2) (Parseval).
    passed = passed / np.sqrt(np.mean(passed**2))
    field = np.moveaxis(white(shape, rng), axes, (-2, -1))
    half = passed[:, : passed.shape[1] // 2 + 1]
    spectrum = np.fft.rfft2(field) * half
    field = np.fft.irfft2(spectrum, s=field.shape[-2:])
    return np.moveaxis(field, (-2, -1), axes).astype(np.float32)


def unbias(
    magnitude: Float[np.ndarray, "*grid"], sigma: float | Float[np.ndarray, "..."]
) -> Float[np.ndarray, "*grid"]:
    r"""Take the noise floor off a magnitude picture, by its second moment.

    $E[m^2] = x^2 + 2\sigma^2$, so $\hat x = \sqrt{\max(m^2 - 2\sigma^2, 0)}$.

    Args:
        magnitude: Rician, in any unit.
        sigma: SD of either channel, the same unit.

    Limits:
        Right for the mean of squares. For a picture that a filter has averaged,
        `unbias_mean` is nearer the truth.

    Source:
        Nowak 1999, IEEE TIP 8(10):1408-1419. doi:10.1109/83.791966
    """
    return np.sqrt(np.maximum(magnitude**2 - 2 * np.square(sigma), 0))


def rician_mean(
    clean: Float[np.ndarray, "*grid"], sigma: float | Float[np.ndarray, "..."]
) -> Float[np.ndarray, "*grid"]:
    r"""Return the mean of a Rician magnitude whose truth is known.

    $\sigma\sqrt{\pi/2}\,L_{1/2}(-x^2 / 2\sigma^2)$.

    Args:
        clean: The truth $x$, in any unit.
        sigma: SD of either channel, above 0, the same unit.
    """
    half = np.square(clean / sigma) / 4
    laguerre = (1 + 2 * half) * ive(0, half) + 2 * half * ive(1, half)
    return np.asarray(sigma * np.sqrt(np.pi / 2) * laguerre)


def unbias_mean(
    averaged: Float[np.ndarray, "*grid"], sigma: float | Float[np.ndarray, "..."]
) -> Float[np.ndarray, "*grid"]:
    """Take the noise floor off a picture that a filter has averaged.

    The inverse of `rician_mean`; 0 below the floor of pure noise.

    Args:
        averaged: A denoised magnitude, in any unit.
        sigma: SD of either channel before the filter, above 0, the same unit.

    Limits:
        Exact where the filter returns the mean of one truth; near edges it mixes.

    Source:
        Koay and Basser 2006, JMR 179(2):317-322, the correction by inversion.
        doi:10.1016/j.jmr.2006.01.016
    """
    truth = np.concatenate([np.linspace(0, 8, 801), np.geomspace(8.1, 1e5, 400)])
    seen = rician_mean(truth, 1.0)
    return np.asarray(sigma * np.interp(averaged / sigma, seen, truth))
