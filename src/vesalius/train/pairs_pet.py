"""Pairs of PET and MR: two heads of the Whole Brain Atlas, for a demonstration."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, UInt8
from PIL import Image
from scipy.spatial import KDTree

from vesalius.anatomy.head_slice import outline_slice
from vesalius.errors import ConfigError
from vesalius.evaluate.split import Part, split
from vesalius.train.pairs import SlicePair

PET = "brain_pet_mri_slices"
# How each case's slices lie, as one sees; the files do not say.
LAID = {"case025": "coronal", "case030": "sagittal"}
# The atlas' colour bar, black to blue to yellow to red to magenta: linear between these
# of its 128 entries. The order of a colour on it is the uptake; its luminance is not,
# for it falls again from yellow on.
KNOTS = (0, 15, 31, 63, 95, 127)
COLOURS = (
    (0, 0, 0),
    (0, 0, 123),
    (0, 85, 255),
    (255, 255, 0),
    (255, 0, 0),
    (255, 0, 255),
)

Plane = Float32[np.ndarray, "y x"]


def uptake(colours: UInt8[np.ndarray, "y x 3"]) -> Plane:
    """Return how far along the atlas' colour bar each colour lies.

    Args:
        colours: Red, green and blue.

    Returns:
        0 at black to 1 at magenta, that of the nearest entry of the bar.

    Limits:
        Relative uptake as the atlas scaled it for display; no SUV.
    """
    steps = np.arange(KNOTS[-1] + 1)
    entries = [np.interp(steps, KNOTS, band) for band in zip(*COLOURS, strict=True)]
    _, nearest = KDTree(np.stack(entries, axis=1)).query(colours.astype(float))
    return np.asarray(nearest / KNOTS[-1], np.float32)


def pet_pairs(data: Path, part: Part) -> Iterator[SlicePair]:
    """Read the slices of one part's patients: of two, one trains and one tests.

    Args:
        data: A folder that holds the set.
        part: Which patients.

    Yields:
        A pair that goes from grey MR to uptake in thousandths of the colour bar,
        inside the head as MR outlines it; rows and columns as the MR and CT pairs
        have them.

    Raises:
        ConfigError: The set is not there.
    """
    root = data / PET
    if not root.is_dir():
        raise ConfigError(f"there is no {PET} in the data folder")
    homes = sorted(home for home in root.iterdir() if home.is_dir())
    parts = split(home.name for home in homes)
    for home in homes:
        if parts.part_of(home.name) != part:
            continue
        for file in sorted(home.glob("*_pet.png")):
            beside = file.with_name(file.name.replace("_pet", "_mri"))
            colours = np.asarray(Image.open(file).convert("RGB"))
            mr = _turned(np.asarray(Image.open(beside).convert("L"), np.float32))
            mask = outline_slice(mr)
            if mask.any():
                made = _turned(1000 * uptake(colours))
                plane = LAID.get(home.name, "axial")
                yield SlicePair(home.name, "atlas", plane, mr, made, mask)


def _turned(plane: Float[np.ndarray, "y x"]) -> Float32[np.ndarray, "x y"]:
    """Turn a displayed slice so that its second axis runs up."""
    return np.ascontiguousarray(np.rot90(plane, -1), np.float32)
