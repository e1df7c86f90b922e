"""Variational: how far a code strays from what was expected, and a draw from it."""

import torch
from jaxtyping import Float
from torch import Tensor


def draw_code(
    mean: Float[Tensor, "..."],
    log_sd: Float[Tensor, "..."],
    unit: Float[Tensor, "..."],
) -> Float[Tensor, "..."]:
    """Return mean + sd * unit, so that a gradient passes the draw.

    Args:
        mean: Of the code.
        log_sd: Natural logarithm of its SD.
        unit: Standard normal numbers, drawn by the caller.

    Source:
        Kingma and Welling 2014, ICLR.
    """
    return mean + log_sd.exp() * unit


def divergence(
    posterior: tuple[Tensor, Tensor], prior: tuple[Tensor, Tensor]
) -> Float[Tensor, ""]:
    r"""Return the mean Kullback-Leibler divergence between two diagonal normals.

    $$\log\frac{s_p}{s_q} + \frac{s_q^2 + (m_q - m_p)^2}{2 s_p^2} - \frac12$$

    Args:
        posterior: Mean and log SD of the code that saw the truth ($q$).
        prior: Mean and log SD of the code that did not ($p$).

    Returns:
        The mean over all elements, in nats; 0 where both agree.
    """
    (mean_q, log_q), (mean_p, log_p) = posterior, prior
    spread = (2 * (log_q - log_p)).exp()
    apart = ((mean_q - mean_p) / log_p.exp()).square()
    return torch.mean(log_p - log_q + 0.5 * (spread + apart - 1))
