"""What a translator sees of a CT slice: windows, the outline, and where it lies."""

import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage

from vesalius.anatomy.head_slice import PLACES, Place, place_channels

CT_CHANNELS = 3 + PLACES  # three windows, then the place
AIR_HU, KILO_HU = -1024.0, 1000.0
DENSEST = 4.0  # in 1000 HU above air: beyond lies metal
SOFT_AT, SOFT_WIDTH = 1.059, 0.1  # 35 HU, and 100 HU to either side
BONE_FROM, BONE_WIDTH = 1.174, 1.5  # 150 HU, and on to 1650 HU
LEAST_PIECE = 0.05  # of the largest
BODY_HU = -400.0  # between a cushion's foam and skin
OPENED_PIXELS = 3  # a holder's shell is thinner than twice as much
CLOSED_PIXELS, GROWN_PIXELS = 15, 8  # sinuses and ears belong to a head

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]


def outline_ct_slice(slice_: Plane) -> Mask:
    """Outline a head in one CT slice, a little too wide, its cavities filled.

    Args:
        slice_: HU.

    Returns:
        What is denser than -400 HU after an opening by 3 pixels, so that shells and
        holders fall off: the largest piece, and those of at least a twentieth of it
        (a jaw below the airway). Closed, filled and grown by 8 pixels; empty where
        there is none.

    Limits:
        What touches the head broadly and is as dense as skin stays.
    """
    margin = CLOSED_PIXELS + GROWN_PIXELS + 2
    inner = _depth(np.pad(slice_ > BODY_HU, margin)) > OPENED_PIXELS
    pieces, count = ndimage.label(inner)
    if count == 0:
        return np.zeros(slice_.shape, bool)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    large = np.isin(pieces, np.flatnonzero(sizes >= LEAST_PIECE * sizes.max()))
    body = _depth(~large) <= OPENED_PIXELS
    closed = _depth(_depth(~body) <= CLOSED_PIXELS) > CLOSED_PIXELS
    filled = ndimage.binary_fill_holes(closed | body)
    grown = _depth(~filled) <= GROWN_PIXELS
    return np.asarray(grown[margin:-margin, margin:-margin])


def ct_windows(kilo: Float32[np.ndarray, "..."]) -> list[Float32[np.ndarray, "..."]]:
    """Return a CT in three windows: all of it, soft tissue, and bone.

    Args:
        kilo: HU above air (-1024 HU), over 1000.

    Returns:
        0 to 4; -1 to 1 over the 100 HU to either side of 35 HU; 0 to 1 from 150 to
        1650 HU.
    """
    soft = ((kilo - SOFT_AT) / SOFT_WIDTH).clip(-1, 1)
    bone = ((kilo - BONE_FROM) / BONE_WIDTH).clip(0, 1)
    return [kilo.clip(0, DENSEST), soft, bone]


def ct_channels(
    slice_: Plane, outline: Mask, place: Place
) -> Float32[np.ndarray, "10 y x"]:
    """Stack what the network sees of a CT slice.

    Args:
        slice_: HU.
        outline: Of the head.
        place: How the slice lies.

    Returns:
        The three windows of `ct_windows`, the outline, the depth below its rim, rows
        and columns from -1 to 1 across it, and one channel for each plane.
    """
    kilo = (slice_ - AIR_HU) / KILO_HU
    seen = [*ct_windows(kilo), *place_channels(outline, place)]
    return np.stack(seen).astype(np.float32)


def _depth(mask: Mask) -> Float32[np.ndarray, "y x"]:
    """Return how many pixels each pixel of a mask lies from what is outside it."""
    return np.asarray(ndimage.distance_transform_edt(mask), np.float32)
