"""Nodules: patches of training blocks, changed at random, and what a step lowers."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor, nn
from torch.nn import functional

from vesalius.errors import ConfigError
from vesalius.evaluate.candidates import Candidates
from vesalius.generative.variational import divergence
from vesalius.nets.nodule_coder import NoduleCoder, Said, centred

NODULES = 0.4  # share of a batch; a sixth of the patches shows one
REBUILT_COUNTS = 0.3  # of the squared error a pixel, in units of PIXEL_SD
PIXEL_SD = 0.08  # of grey from 0 to 1: finer texture is noise
CODE_COSTS = 0.02
SMOOTHED = 0.02  # readers are wrong now and then
SHIFTED = 0.12  # of half a patch: three pixels


@dataclass(frozen=True, eq=False)
class NoduleBatch:
    """Patches for one step: what is seen, and whether it is a nodule."""

    patches: Float32[np.ndarray, "n 1 y x"]
    nodule: Float32[np.ndarray, " n"]


class NodulePatches:
    """An endless, replayable source of patches.

    Args:
        candidates: Of training blocks.

    Raises:
        ConfigError: There is no nodule, or nothing else.
    """

    def __init__(self, candidates: Candidates) -> None:
        self._pictures = candidates.pictures
        self._with = np.flatnonzero(candidates.nodule)
        self._without = np.flatnonzero(~candidates.nodule)
        if not self._with.size or not self._without.size:
            raise ConfigError("a training needs patches with and without a nodule")

    def draw(self, count: int, side: int, rng: np.random.Generator) -> NoduleBatch:
        """Draw one batch.

        Args:
            count: Patches.
            side: Unused: a patch has its own size.
            rng: Everything random comes from it.
        """
        del side
        nodule = rng.random(count) < NODULES
        chosen = np.where(
            nodule, rng.choice(self._with, count), rng.choice(self._without, count)
        )
        patches = torch.from_numpy(self._pictures[chosen])[:, None]
        changed = centred(_varied(patches, rng))
        return NoduleBatch(changed.numpy(), nodule.astype(np.float32))


def judged_and_rebuilt(net: nn.Module, batch: NoduleBatch) -> Tensor:
    """Return the loss of a coder: patches without nodule rebuilt, all of them judged.

    Args:
        net: A `NoduleCoder`.
        batch: Patches.

    Source:
        Kingma et al. 2014, NeurIPS (M1+M2). arXiv:1406.5298
    """
    coder: NoduleCoder = net  # type: ignore[assignment]
    patches, nodule = torch.from_numpy(batch.patches), torch.from_numpy(batch.nodule)
    noise = torch.randn(len(patches), coder.coded.out_features // 2)
    said: Said = coder(patches, noise)
    square = ((patches - said.rebuilt) / PIXEL_SD).square().mean(dim=(1, 2, 3))
    normal = 1 - nodule
    rebuilt = (normal * square).sum() / normal.sum().clamp_min(1)
    prior = torch.zeros_like(said.mean), torch.zeros_like(said.log_sd)
    surprise = said.mean.shape[1] * divergence((said.mean, said.log_sd), prior)
    wanted = nodule * (1 - 2 * SMOOTHED) + SMOOTHED
    judged = functional.binary_cross_entropy_with_logits(said.log_odds, wanted)
    return judged + REBUILT_COUNTS * rebuilt + CODE_COSTS * surprise


# One pass over the batch: patch by patch, MONAI's took as long as the network.


def _varied(patches: Tensor, rng: np.random.Generator) -> Tensor:
    """Turn, mirror, shift and scale; brighter or darker, softer, noisier."""
    count = len(patches)
    moved = functional.grid_sample(
        patches,
        functional.affine_grid(
            _turns(count, rng), list(patches.shape), align_corners=False
        ),
        padding_mode="border",
        align_corners=False,
    )
    soft = functional.avg_pool2d(functional.pad(moved, (1,) * 4, "replicate"), 3, 1)
    blurred = _each(np.where(rng.random(count) < 0.2, rng.random(count), 0))
    gamma = np.where(rng.random(count) < 0.3, rng.uniform(0.8, 1.25, count), 1)
    offset = np.where(rng.random(count) < 0.4, rng.uniform(-0.06, 0.06, count), 0)
    noise = np.where(rng.random(count) < 0.3, rng.uniform(0, 0.06, count), 0)
    grain = torch.from_numpy(rng.standard_normal(patches.shape, np.float32))
    bent = (moved + blurred * (soft - moved)).clamp(0, 1) ** _each(gamma)
    return (bent + _each(offset) + _each(noise) * grain).clamp(0, 1)


def _turns(count: int, rng: np.random.Generator) -> Tensor:
    """Draw one affine map a patch, from its new place to its old."""
    angle = rng.integers(0, 4, count) * (np.pi / 2) + rng.uniform(-0.4, 0.4, count)
    wide, high = np.exp(rng.uniform(-0.2, 0.2, (2, count)))
    side = rng.choice([-1.0, 1.0], count)
    lean = rng.uniform(-0.1, 0.1, count)
    cos, sin = np.cos(angle), np.sin(angle)
    shift = rng.uniform(-SHIFTED, SHIFTED, (2, count))
    rows = [
        [side * wide * cos, lean - high * sin, shift[0]],
        [side * wide * sin + lean, high * cos, shift[1]],
    ]
    return torch.from_numpy(np.array(rows).transpose(2, 0, 1).astype(np.float32))


def _each(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))[:, None, None, None]
