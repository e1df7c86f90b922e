"""Electron density: what a planning system computes dose with, from HU."""

import numpy as np
from jaxtyping import Float

from vesalius.card import Table

KNEE_HU = 100.0  # above it lies bone, which holds more calcium than water's line says
BONE_HU = 1950.0
WATER_HU = 1000.0
TABLE_HU = (-1000.0, -700.0, -100.0, 0.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)


def relative_electron_density(hu: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Return the electron density over that of water.

    $$1 + HU / 1000 \\text{ up to } 100\\,HU, \\quad 1 + HU / 1950 \\text{ above}$$

    Args:
        hu: HU.

    Returns:
        0 for air, 1 for water.

    Limits:
        A line for an average scanner: a planning system has its own, measured one.
        The two pieces do not meet: at 100 HU the step is 0.05.

    Example:
        >>> relative_electron_density(np.array([-1000.0, 0.0, 975.0]))
        array([0. , 1. , 1.5])

    Source:
        Thomas 1999, British Journal of Radiology 72:781-786.
        doi:10.1259/bjr.72.860.10624344
    """
    bone = 1 + hu / BONE_HU
    soft = 1 + np.maximum(hu, -WATER_HU) / WATER_HU
    return np.where(hu > KNEE_HU, bone, soft)


def density_table() -> Table:
    """Return the table that a planning system reads: HU, and electron density.

    Limits:
        As `relative_electron_density`: an average scanner's, and the HU of a
        synthetic CT are approximate. Enter your own calibration where there is one.

    Example:
        >>> density_table().rows[0]
        ('-1000', '0.000')

    Source:
        As `relative_electron_density`.
    """
    said = relative_electron_density(np.array(TABLE_HU))
    rows = zip(TABLE_HU, said, strict=True)
    return Table(
        title="HU and relative electron density",
        columns=("HU", "electron density relative to water"),
        rows=tuple((f"{hu:.0f}", f"{density:.3f}") for hu, density in rows),
    )


def water_equivalent_mm(
    hu: Float[np.ndarray, "y x"], edge_mm: float, axis: int
) -> Float[np.ndarray, " n"]:
    """Return how much water each ray through a slice is worth, end to end.

    Args:
        hu: A slice.
        edge_mm: Pixel edge along the rays.
        axis: The rays' axis.

    Returns:
        Millimetres of water, one a ray.

    Limits:
        Straight rays along the grid, for photons; protons need stopping power.

    Source:
        Schneider et al. 1996, Phys Med Biol 41(1):111-124 (the calibration it is
        used in). doi:10.1088/0031-9155/41/1/009
    """
    return relative_electron_density(hu).sum(axis=axis) * edge_mm
