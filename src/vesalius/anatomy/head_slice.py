"""What the translator sees of a slice: intensities, the outline, and where it lies."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy import ndimage

MR_CHANNELS = 9  # intensity, its root, outline, depth, two positions, three planes
PLACES = 7  # of them tell the place, and come last: outline to planes
ROW = -5  # the channel of the rows' position, of any modality
BRIGHT_PERCENTILE = 95
BRIGHTEST = 3.0  # times the 95th percentile: beyond lies fat at the coil
BODY = 0.10  # of the 95th percentile: below it lies air
CLOSED_PIXELS, GROWN_PIXELS = 15, 8  # sinuses and ears belong to a head
DEEP_MM = 50.0
PLANES = ("axial", "coronal", "sagittal")

Plane = Float32[np.ndarray, "y x"]


@dataclass(frozen=True)
class Place:
    """How a slice lies in the body, and how large its pixels are.

    Attributes:
        plane: "axial", "coronal" or "sagittal".
        edge_mm: Of a square pixel.
    """

    plane: str
    edge_mm: float = 1.0


def brightness(slice_: Plane, outline: Bool[np.ndarray, "y x"] | None = None) -> float:
    """Return the 95th percentile of a slice's intensities.

    Args:
        slice_: MR, air dark.
        outline: Where to look; by default wherever there is any signal.

    Returns:
        0 where there is nothing.
    """
    inside = slice_[slice_ > 0] if outline is None else slice_[outline]
    return float(np.percentile(inside, BRIGHT_PERCENTILE)) if inside.size else 0.0


def outline_slice(slice_: Plane) -> Bool[np.ndarray, "y x"]:
    """Outline a head in one MR slice, a little too wide, its cavities filled.

    Args:
        slice_: MR of a head, air dark.

    Returns:
        The largest bright piece, closed, filled and grown by 8 pixels; empty where
        nothing is bright.
    """
    bright = brightness(slice_)
    margin = CLOSED_PIXELS + GROWN_PIXELS + 2
    seen = ndimage.gaussian_filter(slice_, 1.0) > BODY * bright
    framed = ndimage.binary_opening(np.pad(seen, margin))
    closed = ndimage.binary_closing(framed, iterations=CLOSED_PIXELS)
    pieces, count = ndimage.label(_filled(closed))
    if count == 0 or bright <= 0:
        return np.zeros(slice_.shape, bool)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    grown = ndimage.binary_dilation(pieces == sizes.argmax(), iterations=GROWN_PIXELS)
    return np.asarray(grown[margin:-margin, margin:-margin])


def _filled(outline: Bool[np.ndarray, "y x"]) -> Bool[np.ndarray, "y x"]:
    """Fill holes, a sixth of the time of scipy's: the first corner lies outside."""
    around, _ = ndimage.label(~outline)
    return np.asarray(around != around[0, 0])


def mr_channels(
    slice_: Plane,
    outline: Bool[np.ndarray, "y x"],
    place: Place,
    bright: float | None = None,
) -> Float32[np.ndarray, "9 y x"]:
    """Stack what the network sees of an MR slice.

    Args:
        slice_: Intensities of any scale, air dark.
        outline: Of the head.
        place: How the slice lies.
        bright: What intensities are divided by; by default the 95th percentile.

    Returns:
        Intensity over its 95th percentile in the outline, its square root, the
        outline, the depth below its rim, rows and columns from -1 to 1 across it,
        and one channel for each plane.
    """
    unit = brightness(slice_, outline) if bright is None else bright
    value = np.clip(slice_ / max(unit, 1e-6), 0, BRIGHTEST)
    seen = [value, np.sqrt(value), *place_channels(outline, place)]
    return np.stack(seen).astype(np.float32)


def place_channels(
    outline: Bool[np.ndarray, "y x"], place: Place
) -> list[Float[np.ndarray, "y x"]]:
    """List what a network is told of where it is, whatever scanner made the slice.

    Args:
        outline: Of the head.
        place: How the slice lies.

    Returns:
        The outline, the depth below its rim, rows and columns from -1 to 1 across
        it, and one channel for each plane.
    """
    depth = ndimage.distance_transform_edt(outline) * (place.edge_mm / DEEP_MM)
    which = [np.full(outline.shape, float(place.plane == name)) for name in PLANES]
    return [outline.astype(np.float32), depth, *_positions(outline), *which]


def _positions(outline: Bool[np.ndarray, "y x"]) -> list[Plane]:
    """Return rows and columns, from -1 at one end of the outline to 1 at the other."""
    places = []
    for axis, side in enumerate(outline.shape):
        held = np.flatnonzero(outline.any(axis=1 - axis))
        first, last = (held[0], held[-1]) if held.size else (0, side - 1)
        line = 2 * (np.arange(side) - first) / max(last - first, 1) - 1
        shape = (-1, 1) if axis == 0 else (1, -1)
        full = np.broadcast_to(line.reshape(shape), outline.shape)
        places.append(np.clip(full, -1.5, 1.5).astype(np.float32))
    return places
