"""What the segmenter sees: a slice, its neighbours, its mirror image, its ranks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.anatomy.head_frame import HeadFrame, Planes, frame_head, head_of
from vesalius.volume import Volume

LOWEST, HIGHEST = -4.0, 6.0  # in units of the head's own spread
TENTHS_IN_SD = 2.56  # a normal's 10th and 90th percentile lie 2.56 SD apart
QUANTILES = 65  # of the head's intensities, for a pixel's rank among them
SLICES_A_HEAD = 28  # a neighbour is so far away that so many would fill the head
OTHERS = ("T1w", "T1ce")  # contrasts that may stand beside FLAIR, in this order
CHANNELS = 5 + len(OTHERS)


@dataclass(frozen=True, eq=False)
class HeadPlanes:
    """A head in the network's frame, its intensities in units of their own spread.

    Attributes:
        flair: The slices.
        ranks: Quantiles of the head's intensities, rising.
        others: The same slices in `OTHERS`; None where there are none.
    """

    flair: Planes
    ranks: Float32[np.ndarray, " q"]
    others: tuple[Planes | None, ...]

    @property
    def reach(self) -> int:
        """How many slices away the neighbours are taken."""
        return max(1, round(self.flair.shape[0] / SLICES_A_HEAD))


def head_planes(
    flair: Volume, others: dict[str, Volume] | None = None
) -> tuple[HeadPlanes, HeadFrame]:
    """Bring a FLAIR scan, and what there is beside it, into the network's frame.

    Args:
        flair: The scan, MR in a.u.
        others: Scans on the same grid by contrast, those of `OTHERS`.

    Returns:
        The planes, and the frame that brings answers back.

    Raises:
        ScanError: There is no head to be seen.
    """
    frame, head = frame_head(flair), head_of(flair)
    scaled = scale_intensities(flair.voxels, head)
    ranks = np.quantile(scaled[head], np.linspace(0, 1, QUANTILES))
    beside = others or {}
    entered = tuple(
        frame.enter(scale_intensities(beside[name].voxels, head))
        if name in beside
        else None
        for name in OTHERS
    )
    air = scaled.min()  # also what lies beyond the scan
    planes = frame.enter(scaled - air) + air
    return HeadPlanes(planes, ranks.astype(np.float32), entered), frame


def scale_intensities(
    voxels: Float32[np.ndarray, "i j k"], head: Bool[np.ndarray, "i j k"]
) -> Float32[np.ndarray, "i j k"]:
    """Bring a head's median to 0 and its spread to 1, and clip what lies far off.

    $$(v - q_{50}) \\, / \\, ((q_{90} - q_{10}) / 2.56)$$

    Args:
        voxels: Intensities of any scale.
        head: Where the head is.
    """
    low, middle, high = np.percentile(voxels[head], [10, 50, 90])
    unit = max((high - low) / TENTHS_IN_SD, 1e-6)
    scaled = np.clip((voxels - middle) / unit, LOWEST, HIGHEST)
    return scaled.astype(np.float32)


def near(planes: Planes, z: int, reach: int) -> Float32[np.ndarray, "3 y x"]:
    """Return a slice between two neighbours; the outermost are their own."""
    last = planes.shape[0] - 1
    return planes[[max(z - reach, 0), z, min(z + reach, last)]]


def rank_of(
    middle: Float32[np.ndarray, "y x"], ranks: Float32[np.ndarray, " q"]
) -> Float32[np.ndarray, "y x"]:
    """Return each pixel's rank among the head's intensities, from -1 to 1.

    Args:
        middle: A slice.
        ranks: Quantiles of the head's intensities, rising.
    """
    return np.interp(middle, ranks, np.linspace(-1, 1, ranks.size)).astype(np.float32)


def channels_of(
    slices: Float32[np.ndarray, "3 y x"],
    rank: Float32[np.ndarray, "y x"],
    others: Sequence[Float32[np.ndarray, "y x"] | None],
) -> Float32[np.ndarray, "c y x"]:
    """Stack what the network sees of one slice.

    Args:
        slices: Below, the slice itself, above.
        rank: The slice's ranks, which no scanner's contrast curve changes.
        others: The slice in `OTHERS`; 0 stands for what is not there.

    Returns:
        The three slices, the middle one mirrored left to right (brains are nearly
        symmetric, tumours are not), its ranks, and the others.
    """
    middle = slices[1]
    empty = np.zeros_like(middle)
    beside = [empty if other is None else other for other in others]
    return np.stack([*slices, middle[:, ::-1], rank, *beside]).astype(np.float32)
