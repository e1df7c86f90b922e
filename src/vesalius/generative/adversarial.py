"""Adversarial: a critic that tells pictures from scans, and a picture that passes."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Critic = Callable[[Tensor], Tensor]


def critic_loss(
    real: Float[Tensor, "..."], fake: Float[Tensor, "..."]
) -> Float[Tensor, ""]:
    """Return the relativistic loss of a critic: real should score above fake.

    Args:
        real: Scores of clean scans.
        fake: Scores of generated pictures of the same scenes, in the same order.

    Source:
        Jolicoeur-Martineau 2019, ICLR, the relativistic discriminator; Huang et al.
        2024, NeurIPS (R3GAN), why paired scores do not collapse.
    """
    return functional.softplus(fake - real).mean()


def generator_loss(
    real: Float[Tensor, "..."], fake: Float[Tensor, "..."]
) -> Float[Tensor, ""]:
    """Return the mirror image of `critic_loss`: fake should score above real."""
    return functional.softplus(real - fake).mean()


def gradient_penalty(
    critic: Critic, pictures: Float[Tensor, "n c y x"]
) -> Float[Tensor, ""]:
    """Return the mean square of the critic's slope at these pictures.

    Args:
        critic: A function from pictures to scores.
        pictures: Where the slope is taken, real or fake.

    Source:
        Mescheder et al. 2018, ICML, R1 and R2.
    """
    here = pictures.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(here).sum(), here, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3)).mean()


def share_told_apart(
    real: Float[Tensor, "..."], fake: Float[Tensor, "..."]
) -> Float[Tensor, ""]:
    """Return the share of scores at which real stands above fake; 0.5 is chance.

    Args:
        real: A critic's scores of scans.
        fake: Its scores of made pictures, in the same order.
    """
    above = (real > fake).float() + 0.5 * (real == fake).float()
    return torch.mean(above)
