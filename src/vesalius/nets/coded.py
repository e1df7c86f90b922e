"""Coded: a variational head on a restorer, which draws pictures that may be true."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vesalius.nets.restorer import FOLD, NEIGHBOURS, Block, Restorer

CODES = 8  # channels of the code, at a quarter of the picture's size
LOG_SD_BOUND = 4.0
DRAWS = 8
Z_90 = 1.645  # standard deviations to either end of a normal's middle 90 %


class Code(NamedTuple):
    """Mean and log SD of a normal code."""

    mean: Float[Tensor, "n c h w"]
    log_sd: Float[Tensor, "n c h w"]


class Coded(nn.Module):
    """A conditional variational autoencoder over what a restorer leaves open.

    The restorer's features are the condition. The prior guesses the code from
    them; the posterior also sees the truth, in training; the decoder turns code
    and features into a picture and the SD of what it still does not explain.

    Args:
        restorer: A trained one; it is not trained further.

    Source:
        Sohn et al. 2015, NeurIPS (conditional VAE); Kingma and Welling 2014, ICLR.
    """

    def __init__(self, restorer: Restorer) -> None:
        super().__init__()
        self.restorer = restorer.requires_grad_(False)
        width, folded = restorer.widths[0], FOLD * FOLD
        self.prior = _encoder(width)
        self.posterior = _encoder(width + folded)
        self.grow = nn.ConvTranspose2d(CODES, width, 2, stride=2, bias=False)
        self.blocks = nn.Sequential(Block(width), Block(width))
        self.mean = nn.Conv2d(width, folded, 3, padding=1, bias=False)
        self.doubt = nn.Conv2d(width, folded, 3, padding=1, bias=False)
        nn.init.zeros_(self.mean.weight)

    def condition(
        self, slices: Float[Tensor, "n s y x"], noise: Float[Tensor, "n 1 y x"]
    ) -> tuple[Float[Tensor, "n c h w"], Float[Tensor, "n 1 y x"]]:
        """Return the restorer's features in units of the noise, and its estimate."""
        with torch.no_grad():
            features = self.restorer.features(slices, noise)
            change = functional.pixel_shuffle(self.restorer.mean(features), FOLD)
            unit = _unit(noise)
            middle = slices[:, NEIGHBOURS : NEIGHBOURS + 1]
            return features / unit, middle + change

    def encode(
        self,
        features: Float[Tensor, "n c h w"],
        error: Float[Tensor, "n 1 y x"] | None = None,
    ) -> Code:
        """Return the code's distribution.

        Args:
            features: The condition.
            error: Truth minus estimate in units of the noise; None where the
                truth is not known.
        """
        if error is None:
            coded = self.prior(features)
        else:
            seen = torch.cat([features, functional.pixel_unshuffle(error, FOLD)], 1)
            coded = self.posterior(seen)
        mean, log_sd = coded.chunk(2, dim=1)
        return Code(mean, log_sd.clamp(-LOG_SD_BOUND, LOG_SD_BOUND))

    def decode(
        self, code: Float[Tensor, "n k b a"], features: Float[Tensor, "n c h w"]
    ) -> tuple[Float[Tensor, "n 1 y x"], Float[Tensor, "n 1 y x"]]:
        """Return a change of the estimate and the log SD about it, in noise units."""
        x = self.blocks(features + self.grow(code))
        change = functional.pixel_shuffle(self.mean(x), FOLD)
        log_sd = functional.pixel_shuffle(self.doubt(x), FOLD)
        return change, log_sd.clamp(-LOG_SD_BOUND, LOG_SD_BOUND)


def _unit(noise: Float[Tensor, "n 1 y x"]) -> Float[Tensor, "n 1 1 1"]:
    return noise.mean(dim=(1, 2, 3), keepdim=True).clamp_min(1e-6)


def _encoder(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, 2 * CODES, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(2 * CODES, 2 * CODES, 3, padding=1),
    )


class Drawn(nn.Module):
    """What a coded restorer says by drawing codes: the mean of the draws, and a width.

    Args:
        coded: A trained one.
        draws: Codes drawn from the prior; the same ones at every call.
    """

    def __init__(self, coded: Coded, draws: int = DRAWS) -> None:
        super().__init__()
        self.coded, self.draws = coded, draws

    @property
    def multiple(self) -> int:
        """Both sides of the input must be a multiple of this many pixels."""
        return max(self.coded.restorer.multiple, 2 * FOLD)

    def forward(
        self,
        slices: Float[Tensor, "n 3 y x"],
        noise: Float[Tensor, "n 1 y x"],
    ) -> Float[Tensor, "n 3 y x"]:
        """Return the mean of the draws, and the half-width of their 90 %, twice.

        The spread of the draws and the SD the decoder leaves unexplained add in
        square; the interval is a normal's.
        """
        features, estimate = self.coded.condition(slices, noise)
        prior = self.coded.encode(features)
        rng = torch.Generator().manual_seed(0)
        changes, variances = [], []
        for _ in range(self.draws):
            unit = torch.randn(prior.mean.shape, generator=rng).to(prior.mean)
            code = prior.mean + prior.log_sd.exp() * unit
            change, log_sd = self.coded.decode(code, features)
            changes.append(change)
            variances.append((2 * log_sd).exp())
        drawn = torch.stack(changes)
        variance = drawn.var(0, unbiased=False) + torch.stack(variances).mean(0)
        width = Z_90 * variance.sqrt() * _unit(noise)
        picture = estimate + drawn.mean(0) * _unit(noise)
        return torch.cat([picture, width, width], dim=1)
