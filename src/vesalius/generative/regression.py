"""Regression: losses whose minimum is the conditional mean, or its quantiles."""

import torch
from jaxtyping import Float
from torch import Tensor

# Between 2, where high noise decides alone, and 1, where low noise does: the error a
# good denoiser leaves grows as about the 0.7th power of the noise's SD.
BALANCE = 1.4


def balanced_square(
    estimate: Float[Tensor, "n 1 y x"],
    truth: Float[Tensor, "n 1 y x"],
    level: Float[Tensor, "n 1 y x"],
    weight: Float[Tensor, "n 1 y x"],
) -> Float[Tensor, ""]:
    r"""Return the weighted mean square error, every noise level counting alike.

    $$\sum w\,(\hat{x} - x)^2 \sigma^{-1.4} / \sum w$$

    Args:
        estimate: What the network says.
        truth: What it should say, in the same units.
        level: SD of the noise in those units, above 0.
        weight: How much a pixel counts.
    """
    square = (estimate - truth).square() / level.pow(BALANCE)
    return (weight * square).sum() / weight.sum()


def pinball(
    error: Float[Tensor, "..."], width: Float[Tensor, "..."], share: float
) -> Float[Tensor, "..."]:
    """Return the loss that is least where `width` is a quantile of `error`.

    Args:
        error: Truth minus estimate.
        width: The claimed quantile of the error.
        share: Which quantile, 0.95 for the 95th percentile.

    Source:
        Koenker and Bassett 1978, Econometrica 46(1):33-50. doi:10.2307/1913643
    """
    beyond = error - width
    return torch.maximum(share * beyond, (share - 1) * beyond)
