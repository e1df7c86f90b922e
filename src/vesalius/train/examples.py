"""Examples: crops of clean scans, and what a noisier scanner would have shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from vesalius.errors import ConfigError
from vesalius.train.spots import spotted

Crop = Float32[np.ndarray, "s y x"]
Noise = Callable[[Crop, float, np.random.Generator], tuple[Crop, Crop]]

SLICES = 3
BODY = 0.06  # of the maximum: air lies below
ENOUGH_BODY = 0.3  # share of a crop that shows body, else another is drawn
TRIES = 20
BLUR_OF_LEVEL = 0.10  # the level a network is told is as wrong as an estimate is


@dataclass(frozen=True, eq=False)
class Anatomy:
    """One clean scan to draw crops from.

    Attributes:
        voxels: Scaled so that air is 0; MR by its maximum to 1, CT in HU + 1000.
        axes: Along which axes slices may be taken.
        body: Voxels above this value show a body.
    """

    voxels: Float32[np.ndarray, "i j k"]
    axes: tuple[int, ...]
    body: float


@dataclass(frozen=True, eq=False)
class Batch:
    """Crops for one step: what is seen, how noisy it is, and what is true."""

    noisy: Float32[np.ndarray, "n s y x"]
    level: Float32[np.ndarray, "n 1 y x"]
    clean: Float32[np.ndarray, "n 1 y x"]


@dataclass(frozen=True, eq=False)
class Examples:
    """An endless, replayable source of crops.

    Attributes:
        stocks: The scans of each data set.
        shares: How often each set is drawn.
        levels: Lowest and highest SD of the noise, in the scans' scaled units.
        noise: Adds noise of a given SD to a crop; returns it and the SD's map.
        recolour: Makes up another contrast for a crop; in MR.
        copies: How often it does.
        spots: How often small spots are added, of which no anatomy knows.
    """

    stocks: Sequence[Sequence[Anatomy]]
    shares: Sequence[float]
    levels: tuple[float, float]
    noise: Noise
    recolour: Callable[[Crop, np.random.Generator], Crop]
    copies: float
    spots: float = 0.0

    def __post_init__(self) -> None:
        if not self.stocks or not all(self.stocks):
            raise ConfigError("a training set holds no scan; check the data folder")

    def draw(self, count: int, side: int, rng: np.random.Generator) -> Batch:
        """Draw one batch.

        Args:
            count: Crops.
            side: Pixels along either side of a crop.
            rng: Everything random comes from it.

        Returns:
            The batch, float32, in the scans' scaled units.
        """
        noisy = np.empty((count, SLICES, side, side), np.float32)
        level = np.empty((count, 1, side, side), np.float32)
        clean = np.empty((count, 1, side, side), np.float32)
        odds = np.asarray(self.shares) / np.sum(self.shares)
        for n in range(count):
            stock = self.stocks[int(rng.choice(len(odds), p=odds))]
            crop, edge = _crop(stock[int(rng.integers(len(stock)))], side, rng)
            if rng.random() < self.copies:
                crop = self.recolour(crop, rng)
            low, high = self.levels
            sigma = float(np.exp(rng.uniform(np.log(low), np.log(high))))
            if rng.random() < self.spots:
                crop = spotted(crop, sigma, rng)
            seen, spread = self.noise(crop, sigma, rng)
            if edge is not None:  # the outermost slice sees itself as its neighbour
                seen[edge] = seen[1]
            told = np.exp(rng.normal(0, BLUR_OF_LEVEL))
            noisy[n], level[n], clean[n] = seen, told * spread[1], crop[1]
        return Batch(noisy, level, clean)


def _crop(
    anatomy: Anatomy, side: int, rng: np.random.Generator
) -> tuple[Crop, int | None]:
    """Cut three neighbouring slices, turned and mirrored at random."""
    axis = anatomy.axes[rng.integers(len(anatomy.axes))]
    stack = np.moveaxis(anatomy.voxels, axis, 0)
    for _ in range(TRIES):
        k = int(rng.integers(stack.shape[0]))
        near = [max(k - 1, 0), k, min(k + 1, stack.shape[0] - 1)]
        y, x = (int(rng.integers(max(n - side, 0) + 1)) for n in stack.shape[1:])
        crop = np.stack([stack[m, y : y + side, x : x + side] for m in near])
        if (crop[1] > anatomy.body).mean() >= ENOUGH_BODY:
            break
    short = [(0, 0)] + [(0, side - n) for n in crop.shape[1:]]
    crop = np.pad(crop, short, mode="symmetric")
    edge = 0 if k == 0 else 2 if k == stack.shape[0] - 1 else None
    return np.ascontiguousarray(_turned(crop, rng)), edge


def _turned(crop: Crop, rng: np.random.Generator) -> Crop:
    flip_y, flip_x, swap = rng.random(3) < 0.5
    crop = crop[:, ::-1] if flip_y else crop
    crop = crop[:, :, ::-1] if flip_x else crop
    return crop.transpose(0, 2, 1) if swap else crop
