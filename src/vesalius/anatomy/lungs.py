"""Lungs: where they lie in a chest CT, nodules at their rim included."""

import numpy as np
from jaxtyping import Bool
from scipy import ndimage

from vesalius.errors import ScanError
from vesalius.volume import Volume

AIR_HU = -400.0  # aerated lung lies below, vessels and walls above
LEAST_LITRES = 0.25  # of one piece: a lung, or both where they touch
LEAST_CM2 = 20.0  # of a piece in a scan too thin to hold a litre: a slice of a lung
MOST_LITRES = 9.0
CLOSED_MM = 12.0  # nodules at the pleura, and vessels, belong to the lung
SIDES_SEEN = 0.02  # of a slice's rim: air that leaves through it is outside the body
WORKING_EDGE_MM = 2.0  # coarse enough to be quick, fine enough for a lung

Mask = Bool[np.ndarray, "i j k"]


def lung_mask(scan: Volume) -> Mask:
    """Outline the lungs.

    Args:
        scan: CT in HU.

    Returns:
        True in the lungs, their vessels and nodules, and in what touches them from
        the side within 12 mm.

    Raises:
        ScanError: There is no air in a body that is as large as a lung: 0.25 litres,
            or 20 square cm on average where the scan is thinner than 12.5 cm.

    Limits:
        A lung filled with fluid or consolidated is not seen; trachea and bowel are
        left in where they touch. Found on a grid of about 2 mm.
    """
    steps = [max(1, round(WORKING_EDGE_MM / edge)) for edge in scan.spacing_mm]
    thin = scan.voxels[tuple(slice(None, None, step) for step in steps)]
    edges = [e * step for e, step in zip(scan.spacing_mm, steps, strict=True)]
    coarse = _coarse_mask(thin, edges)
    full = coarse
    for axis, step in enumerate(steps):
        full = full.repeat(step, axis=axis)
    i, j, k = scan.voxels.shape
    return full[:i, :j, :k]


def _coarse_mask(hu: np.ndarray, edges: list[float]) -> Mask:
    across = int(np.argmax(edges)) if max(edges) > 1.5 * min(edges) else 2
    inner = _inside(hu < AIR_HU, across)
    pieces, count = ndimage.label(inner)
    litres = np.bincount(pieces.ravel(), minlength=count + 1) * np.prod(edges) / 1e6
    litres[0] = 0
    thick_cm = hu.shape[across] * edges[across] / 10
    least = min(LEAST_LITRES, LEAST_CM2 * thick_cm / 1000)
    lungs = np.flatnonzero((litres >= least) & (litres <= MOST_LITRES))
    if lungs.size == 0:
        raise ScanError("there are no lungs to be seen in this scan")
    mask = np.isin(pieces, lungs)
    planes = np.moveaxis(mask, across, 0)
    inplane = [edge for axis, edge in enumerate(edges) if axis != across]
    ball = _disc([CLOSED_MM / edge for edge in inplane])
    margin = max(ball.shape)
    closed = np.empty_like(planes)
    for n, plane in enumerate(planes):
        framed = np.pad(plane, margin)
        whole = ndimage.binary_closing(framed, ball)
        whole = ndimage.binary_fill_holes(whole)
        closed[n] = whole[margin:-margin, margin:-margin]
    return np.moveaxis(closed, 0, across)


def _inside(air: Mask, across: int) -> Mask:
    """Keep the air that does not reach the rim of any slice: it is in the body."""
    outside = np.zeros_like(air)
    planes, out = np.moveaxis(air, across, 0), np.moveaxis(outside, across, 0)
    for plane, left in zip(planes, out, strict=True):
        pieces, count = ndimage.label(plane)
        rim = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
        at_rim = np.bincount(rim, minlength=count + 1)
        at_rim[0] = 0
        left |= (at_rim > SIDES_SEEN * rim.size)[pieces]
    return air & ~outside


def _disc(radii: list[float]) -> Bool[np.ndarray, "y x"]:
    reach = [max(1, int(radius)) for radius in radii]
    y, x = np.ogrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    return np.asarray((y / radii[0]) ** 2 + (x / radii[1]) ** 2 <= 1)
