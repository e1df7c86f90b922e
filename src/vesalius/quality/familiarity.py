"""Familiarity: does this look like what an MR or a CT scanner makes of a body?

A small network on the numbers of `appearance` says for each of up to sixteen slices
how foreign it looks, from 0 to 1; the middle one of them counts. Beside it, slices
that follow each other must resemble each other. The network's numbers stand in
familiarity.json; `evaluate/familiarity_fit.py` makes them again.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from jaxtyping import Float, Float32

from vesalius.quality.appearance import describe, order, thumbnail
from vesalius.quality.windows import slice_axis
from vesalius.volume import Volume

MODEL = "familiarity.json"
SLICES = 16  # looked at; the outer tenth on either side often holds little
LIMIT = 0.5  # above it a scan is foreign: what a card's `unfamiliarity_limit` says
CLIPPED = 4.0  # SD: further out is no stranger
FEWEST_IN_ORDER = 5  # slices whose order can be told
ORDERED = 48  # consecutive slices whose order is looked at
ALIKE = 0.1  # of the SD within slices: slices that differ less have no order
# Log ratio of differences (`appearance.order`) that order must reach, by how many
# slices there are. At 10 % noise 98 in 100 scans reach it, without noise all; of
# shuffled ones without noise 32 in 100 pass at five slices, 13 at seven, 8 at twelve.
COUNTS = (5, 6, 7, 9, 12, 13)
IN_ORDER = (0.13, 0.19, 0.21, 0.21, 0.20, 0.16)


@dataclass(frozen=True, eq=False)
class Network:
    """One hidden layer on standardised numbers; `vesalius.quality.appearance`'s."""

    centre: Float32[np.ndarray, " n"]
    scale: Float32[np.ndarray, " n"]
    first: Float32[np.ndarray, "h n"]
    offset: Float32[np.ndarray, " h"]
    second: Float32[np.ndarray, " h"]
    threshold: float

    def __call__(
        self, numbers: Float[np.ndarray, "slices n"]
    ) -> Float[np.ndarray, " slices"]:
        """Return how foreign each slice looks, from 0 to 1."""
        z = ((numbers - self.centre) / self.scale).clip(-CLIPPED, CLIPPED)
        logit = np.tanh(z @ self.first.T + self.offset) @ self.second - self.threshold
        return 1 / (1 + np.exp(-logit.clip(-30, 30)))


def unfamiliarity(scan: Volume) -> float:
    """Say how little a scan looks like MR or CT of a body.

    Args:
        scan: Of any contrast, body part and plane; its modality decides what it is
            held against.

    Returns:
        0 to 1; above `LIMIT` it is foreign. 1 where every slice is blank or smaller
        than 16 pixels.

    Limits:
        Fitted on heads, hearts and chests against radiographs, ultrasound,
        photographs, negatives and shuffled scans. It knows what scans look like, not
        what they show: a wrong body part passes. Slices out of order are found from
        five slices on.
    """
    kind = "CT" if scan.modality == "CT" else "MR"
    axis = slice_axis(scan)
    numbers = [
        describe(plane, padded, kind) for plane, padded in inner_slices(scan, axis)
    ]
    seen = [row for row in numbers if row is not None]
    if not seen:
        return 1.0
    looks = float(np.median(network(kind)(np.stack(seen))))
    return max(looks, _disorder(scan, axis, kind))


@cache
def network(kind: str, file: str = MODEL) -> Network:
    """Load a network that ships.

    Args:
        kind: Its name in the file: here the modality, "MR" or "CT".
        file: In this room.
    """
    text = files("vesalius.quality").joinpath(file).read_text(encoding="utf-8")
    numbers = json.loads(text)[kind]
    names = ("centre", "scale", "first", "offset", "second")
    arrays = {name: np.array(numbers[name], np.float32) for name in names}
    return Network(**arrays, threshold=float(numbers["threshold"]))


def inner_slices(scan: Volume, axis: int) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Choose up to sixteen slices, the outer tenth on either side left out.

    Args:
        scan: Any.
        axis: Across which the slices lie.

    Returns:
        Each slice, and where nothing was measured in it.
    """
    count = scan.voxels.shape[axis]
    edge = 0.1 * (count - 1)
    # Not voxels.take: it copies a whole series that does not lie in its order.
    planes = np.moveaxis(scan.voxels, axis, 0)
    chosen = np.unique(np.linspace(edge, count - 1 - edge, SLICES).round().astype(int))
    return [
        (
            planes[k],
            None if scan.padding is None else np.moveaxis(scan.padding, axis, 0)[k],
        )
        for k in chosen
    ]


def _disorder(scan: Volume, axis: int, kind: str) -> float:
    """Say from 0 to 1 how surely the slices are out of order."""
    count = scan.voxels.shape[axis]
    if count < FEWEST_IN_ORDER:
        return 0.0
    start = max(0, count // 2 - ORDERED // 2)
    chosen = range(start, min(count, start + ORDERED))
    planes = np.moveaxis(scan.voxels, axis, 0)
    stack = np.stack([thumbnail(planes[k], kind) for k in chosen])
    found, unlike = order(stack)
    if unlike < ALIKE:
        return 0.0
    expected = np.interp(count, COUNTS, IN_ORDER)
    return float(1 / (1 + np.exp(np.clip((found - expected) / 0.02, -30, 30))))
