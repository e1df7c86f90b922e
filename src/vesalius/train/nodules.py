"""Nodules: patches of training blocks, changed at random, and what a step lowers."""

from dataclasses import dataclass
from typing import Any

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
        self._change = _change()

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
        self._change.set_random_state(int(rng.integers(2**31)))
        drawn = [np.asarray(self._change(self._pictures[n][None])) for n in chosen]
        patches = centred(torch.from_numpy(np.stack(drawn).astype(np.float32)))
        return NoduleBatch(np.clip(patches.numpy(), 0, 1), nodule.astype(np.float32))


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


def _change() -> Any:
    """Turned, mirrored, shifted, scaled, brighter, blurred and noisy."""
    from monai.transforms.compose import Compose
    from monai.transforms.intensity.array import (
        RandAdjustContrast,
        RandGaussianNoise,
        RandGaussianSmooth,
        RandShiftIntensity,
    )
    from monai.transforms.spatial.array import RandAffine, RandFlip, RandRotate90

    width = (0.3, 0.9)
    return Compose(
        [
            RandFlip(prob=0.5, spatial_axis=0),
            RandRotate90(prob=0.75),
            RandAffine(
                prob=0.8,
                rotate_range=(0.4,),
                shear_range=(0.1, 0.1),
                translate_range=(3, 3),
                scale_range=(0.2, 0.2),
                padding_mode="border",
            ),
            RandAdjustContrast(prob=0.3, gamma=(0.8, 1.25)),
            RandShiftIntensity(offsets=0.06, prob=0.4),
            RandGaussianSmooth(sigma_x=width, sigma_y=width, prob=0.2),
            RandGaussianNoise(prob=0.3, std=0.04),
        ]
    )
