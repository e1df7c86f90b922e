"""Critic: scores patches of a picture, given the noisy scan, as real or made."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Critic(nn.Module):
    """Score overlapping patches of 34 pixels: high for a clean scan.

    Args:
        width: Channels of the first layer; they double with every halving.

    Source:
        Isola et al. 2017, CVPR, the patch discriminator. doi:10.1109/CVPR.2017.632
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 4, stride=1, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4 * width, 1, 4, stride=1, padding=1),
        )

    def forward(
        self, picture: Float[Tensor, "n 1 y x"], scan: Float[Tensor, "n 1 y x"]
    ) -> Float[Tensor, "n 1 h w"]:
        """Return a score a patch.

        Args:
            picture: A clean scan, or what a network made of a noisy one, scaled
                so that noise has an SD of about 1.
            scan: The noisy slice, scaled alike.
        """
        scores: Tensor = self.layers(torch.cat([picture, scan], dim=1))
        return scores
