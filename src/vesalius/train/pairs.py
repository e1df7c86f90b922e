"""Pairs: MR and CT slices of training patients, changed at random together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from vesalius.anatomy.head_slice import (
    BRIGHTEST,
    Place,
    mr_channels,
    outline_slice,
)
from vesalius.errors import ConfigError
from vesalius.evaluate.pairs import AIR_HU, Pair, PairCase, open_pair
from vesalius.train.degrade import recolour

KILO_HU = 1000.0  # the network's unit
FLIPPED = {"axial": True, "coronal": True, "sagittal": False}  # rows: left to right
RECOLOURED = 0.15  # share of crops with a made-up contrast
IN_AIR = 0.1  # what counts outside the head's outline
VALUE, ROOT, OUTLINE, DEPTH, ROW, COLUMN = range(6)


@dataclass(frozen=True, eq=False)
class PairBatch:
    """Crops for one step.

    Attributes:
        seen: What the network sees of each.
        wanted: The other modality, in the network's units.
        weight: How much each pixel counts.
    """

    seen: Float32[np.ndarray, "n c y x"]
    wanted: Float32[np.ndarray, "n 1 y x"]
    weight: Float32[np.ndarray, "n 1 y x"]


@dataclass(frozen=True, eq=False)
class Ready:
    """One slice with all that does not change from draw to draw.

    Attributes:
        plane: How it lies.
        seen: Value, root, outline, depth, row and column, of `mr_channels`.
        ct: HU above air, over 1000.
        mask: 1 inside the data set's outline.
    """

    plane: str
    seen: Float32[np.ndarray, "6 y x"]
    ct: Float32[np.ndarray, "1 y x"]
    mask: Float32[np.ndarray, "1 y x"]


class MrToCt:
    """An endless, replayable source of crops for MR to CT.

    Args:
        cases: Of training patients.

    Raises:
        ConfigError: There is no slice.
    """

    def __init__(self, cases: Sequence[PairCase]) -> None:
        if not cases:
            raise ConfigError("a training needs at least one pair of slices")
        self._slices = [_ready(case.plane, open_pair(case)) for case in cases]
        self._shapes, self._tones = _shapes(), _tones()

    def draw(self, count: int, side: int, rng: np.random.Generator) -> PairBatch:
        """Draw one batch.

        Args:
            count: Crops.
            side: Pixels along either side.
            rng: Everything random comes from it.
        """
        drawn = [self._one(side, rng) for _ in range(count)]
        return PairBatch(*(np.stack(part) for part in zip(*drawn, strict=True)))

    def _one(
        self, side: int, rng: np.random.Generator
    ) -> list[Float32[np.ndarray, "c y x"]]:
        ready = self._slices[int(rng.integers(len(self._slices)))]
        stack = np.concatenate([ready.seen, ready.ct, ready.mask])
        stack = _cropped(stack, side, rng)
        if FLIPPED[ready.plane] and rng.random() < 0.5:
            stack = stack[:, ::-1].copy()
            stack[ROW] *= -1
        stack = _changed(self._shapes, stack, rng)
        seen, ct, mask = stack[:6], stack[6:7], stack[7:8]
        value = _changed(self._tones, np.clip(seen[VALUE : VALUE + 1], 0, None), rng)
        if rng.random() < RECOLOURED:
            value = BRIGHTEST * recolour(value / BRIGHTEST, rng)
        seen[VALUE] = np.clip(value[0], 0, BRIGHTEST)
        seen[ROOT] = np.sqrt(seen[VALUE])
        which = [np.full_like(ct[0], float(ready.plane == name)) for name in FLIPPED]
        weight = np.maximum(mask, IN_AIR)
        return [np.concatenate([seen, np.stack(which)]), ct, weight]


def _ready(plane: str, pair: Pair) -> Ready:
    channels = mr_channels(pair.mr, outline_slice(pair.mr), Place(plane))
    ct = (pair.ct - AIR_HU) / KILO_HU
    return Ready(plane, channels[:6], ct[None], pair.mask[None].astype(np.float32))


def _cropped(
    stack: Float32[np.ndarray, "c y x"], side: int, rng: np.random.Generator
) -> Float32[np.ndarray, "c side side"]:
    """Cut a square that holds much of the head, air beyond the slice's edge."""
    held = stack[OUTLINE] > 0.5
    rows, columns = (np.flatnonzero(held.any(axis=axis)) for axis in (1, 0))
    starts = []
    for ends in (rows, columns):
        first, last = (ends[0], ends[-1]) if ends.size else (0, side)
        low, high = sorted((int(first) - 8, int(last) + 9 - side))
        starts.append(int(rng.integers(low, high + 1)))
    padded = np.pad(stack, ((0, 0), (side, side), (side, side)))
    y, x = (start + side for start in starts)
    return padded[:, y : y + side, x : x + side].copy()


def _changed(
    change: Any, stack: Float32[np.ndarray, "c y x"], rng: np.random.Generator
) -> Float32[np.ndarray, "c y x"]:
    """Apply MONAI's transforms, seeded by ours."""
    change.set_random_state(int(rng.integers(2**31)))
    return np.asarray(change(stack), np.float32)


def _shapes() -> Any:
    from monai.transforms.compose import Compose
    from monai.transforms.spatial.array import Rand2DElastic

    return Compose(
        [
            Rand2DElastic(
                spacing=(32, 32),
                magnitude_range=(0.0, 3.0),
                prob=0.9,
                rotate_range=(0.25,),
                shear_range=(0.1, 0.1),
                translate_range=(6, 6),
                scale_range=(0.2, 0.2),
                padding_mode="zeros",
                mode="bilinear",
            )
        ]
    )


def _tones() -> Any:
    """Another contrast, another scanner's shading, blur and noise."""
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
