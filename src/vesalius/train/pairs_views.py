"""Views: what a network sees of MR and CT slices, and how scanners differ in it."""

from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage

from vesalius.anatomy.head_slice import BRIGHTEST, brightness, outline_slice
from vesalius.anatomy.head_slice_ct import (
    AIR_HU,
    KILO_HU,
    ct_windows,
    outline_ct_slice,
)
from vesalius.train.degrade import recolour
from vesalius.train.pairs import Views, changed

RECOLOURED = 0.15  # share of MR crops with a made-up contrast
SCALED = 0.02  # SD of the error of a scanner's HU scale, as a share
MOST_SCALED = 0.05
GREY_LEVEL = 0.0106  # of the set's CT, in 1000 HU: 8 bits a slice
BLURRED, MOST_BLUR = 0.3, 1.2  # share of CT crops, pixels
NOISY, MOST_NOISE = 0.5, 0.025  # share of CT crops, SD in 1000 HU

Plane = Float32[np.ndarray, "y x"]


def _mr_based(slice_: Plane, outline: Bool[np.ndarray, "y x"]) -> Plane:
    unit = max(brightness(slice_, outline), 1e-6)
    return np.asarray(np.clip(slice_ / unit, 0, BRIGHTEST), np.float32)


def _mr_altered(value: Plane, rng: np.random.Generator) -> Plane:
    """Give another contrast, another scanner's shading, blur and noise."""
    value = changed(_tones(), np.clip(value, 0, None)[None], rng)
    if rng.random() < RECOLOURED:
        value = BRIGHTEST * recolour(value / BRIGHTEST, rng)
    return np.asarray(np.clip(value[0], 0, BRIGHTEST), np.float32)


def _mr_windows(value: Plane) -> list[Plane]:
    return [value, np.sqrt(value)]


def _ct_based(slice_: Plane, outline: Bool[np.ndarray, "y x"]) -> Plane:
    return np.asarray((slice_ - AIR_HU) / KILO_HU, np.float32).clip(0)


def _ct_altered(kilo: Plane, rng: np.random.Generator) -> Plane:
    """Give another scanner's HU scale, sharpness and noise, and its finer greys."""
    scale = 1 + np.clip(rng.normal(0, SCALED), -MOST_SCALED, MOST_SCALED)
    finer = rng.uniform(-0.5, 0.5, kilo.shape) * GREY_LEVEL
    made = kilo * scale + np.where(kilo > 0, finer, 0)
    if rng.random() < BLURRED:
        made = ndimage.gaussian_filter(made, rng.uniform(0.3, MOST_BLUR))
    if rng.random() < NOISY:
        grain = ndimage.gaussian_filter(
            rng.standard_normal(kilo.shape), rng.uniform(0.0, 0.8)
        )
        made = made + rng.uniform(0, MOST_NOISE) * grain / grain.std()
    return np.asarray(made.clip(0), np.float32)


@lru_cache(maxsize=1)
def _tones() -> Any:
    from monai.transforms.compose import Compose
    from monai.transforms.intensity.array import (
        RandAdjustContrast,
        RandBiasField,
        RandGaussianNoise,
        RandGaussianSmooth,
        RandHistogramShift,
    )

    width = (0.3, 1.0)
    return Compose(
        [
            RandAdjustContrast(gamma=(0.6, 1.6), prob=0.5),
            RandHistogramShift(num_control_points=(4, 8), prob=0.25),
            RandBiasField(degree=2, coeff_range=(-0.2, 0.2), prob=0.4),
            RandGaussianSmooth(sigma_x=width, sigma_y=width, prob=0.15),
            RandGaussianNoise(std=0.06, prob=0.3),
        ]
    )


MR_VIEWS = Views(outline_slice, _mr_based, _mr_altered, _mr_windows)
CT_VIEWS = Views(outline_ct_slice, _ct_based, _ct_altered, ct_windows)
