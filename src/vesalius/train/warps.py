"""Warps: slices turned, scaled, leaned and bent at random, in one pass.

MONAI's Rand2DElastic does the same; with its bookkeeping it took a sixth of a training
step on one core, this a fiftieth.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Warp:
    """How far a slice may be moved.

    Attributes:
        turn: Radians to either side.
        lean: Shear, of an axis along the other.
        grow: Share by which an axis is longer or shorter.
        shift: Pixels along either axis.
        bend: Largest SD of the displacement at the knots, in pixels.
        knot: Pixels between two knots.
        often: Share of the slices that are moved at all.
    """

    turn: float
    lean: float
    grow: float
    shift: float
    bend: float
    knot: int = 32
    often: float = 0.9


def warped(
    stack: Float32[np.ndarray, "c y x"], warp: Warp, rng: np.random.Generator
) -> Float32[np.ndarray, "c y x"]:
    """Move all channels of a slice alike; 0 comes in from outside.

    Args:
        stack: Pictures and outlines of one slice, air at 0.
        warp: How far.
        rng: Everything random comes from it.

    Returns:
        The slice, linearly interpolated.
    """
    if rng.random() >= warp.often:
        return stack
    rows, columns = stack.shape[1:]
    size = torch.tensor([columns, rows], dtype=torch.float32) / 2
    grid = functional.affine_grid(
        _map(warp, size, rng), [1, 1, rows, columns], align_corners=False
    )
    moved = functional.grid_sample(
        torch.from_numpy(stack)[None],
        grid + _bent(warp, (rows, columns), rng) / size,
        align_corners=False,
    )
    return np.asarray(moved[0].numpy(), np.float32)


def _map(warp: Warp, size: Tensor, rng: np.random.Generator) -> Tensor:
    """Draw the affine map from new pixels to old, in halves of the picture."""
    angle = rng.uniform(-warp.turn, warp.turn)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lean = np.eye(2) + np.array([[0, 1], [1, 0]]) * rng.uniform(
        -warp.lean, warp.lean, (2, 1)
    )
    grow = np.diag(1 + rng.uniform(-warp.grow, warp.grow, 2))
    half = size.numpy()
    linear = (turn @ lean @ grow) * half[None, :] / half[:, None]
    shift = rng.uniform(-warp.shift, warp.shift, 2) / half
    both = np.concatenate([linear, shift[:, None]], axis=1).astype(np.float32)
    return torch.from_numpy(both)[None]


def _bent(warp: Warp, shape: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """Draw a smooth displacement in pixels, columns first."""
    knots = [2 + -(-n // warp.knot) for n in shape]
    drawn = rng.standard_normal((1, 2, *knots), np.float32) * rng.uniform(0, warp.bend)
    fine = functional.interpolate(
        torch.from_numpy(drawn.astype(np.float32)),
        size=[n * warp.knot for n in knots],
        mode="bicubic",
        align_corners=False,
    )
    inner = fine[..., warp.knot :, warp.knot :][..., : shape[0], : shape[1]]
    return inner.permute(0, 2, 3, 1)
