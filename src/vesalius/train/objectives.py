"""Objectives: what one step of each kind of training brings down."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from vesalius.generative.adversarial import (
    critic_loss,
    generator_loss,
    gradient_penalty,
)
from vesalius.generative.regression import balanced_square, pinball
from vesalius.generative.variational import divergence, draw_code
from vesalius.nets import Coded, Critic, Restorer
from vesalius.train.examples import Batch

AIR_COUNTS = 0.2  # air is easy, and nobody reads it
AIR = 0.03  # below this share of the crop's brightest pixel
QUANTILES_COUNT = 0.1  # their head sees detached features: it cannot harm the mean
LEAST_LEVEL = 3e-3  # a scan without noise would weigh without bound
OUTER = 0.95
ADVERSARY_COUNTS = 0.5  # of the distortion's slope at the picture, whatever the units
SMOOTH_CRITIC = 0.05
CODE_COSTS = 0.05  # nats weigh less than pixels: a code of 8 channels serves 16 pixels


class Duel(nn.Module):
    """A restorer and its critic, so that one checkpoint keeps both.

    Args:
        restorer: Trained for the mean already.
        critic: Begins at random.
    """

    def __init__(self, restorer: Restorer, critic: Critic) -> None:
        super().__init__()
        self.restorer, self.critic = restorer, critic


def tensors(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Return noisy slices, level and truth as tensors that share the memory."""
    return (
        torch.from_numpy(batch.noisy),
        torch.from_numpy(batch.level),
        torch.from_numpy(batch.clean),
    )


def body_weight(truth: Float[Tensor, "n 1 y x"]) -> Float[Tensor, "n 1 y x"]:
    """Return 1 where a body is and 0.2 in the air around it."""
    brightest = truth.amax(dim=(2, 3), keepdim=True)
    return torch.where(truth > AIR * brightest, 1.0, AIR_COUNTS)


def mean_and_quantiles(net: nn.Module, batch: Batch) -> Tensor:
    """Return the loss of a network that says the mean and how far it may be off.

    Args:
        net: From slices and level to estimate, lower and upper width.
        batch: Crops in scaled units.
    """
    noisy, level, truth = tensors(batch)
    return _distortion(net(noisy, level), level, truth)


def _distortion(
    answer: Float[Tensor, "n 3 y x"],
    level: Float[Tensor, "n 1 y x"],
    truth: Float[Tensor, "n 1 y x"],
) -> Tensor:
    estimate, below, above = answer[:, :1], answer[:, 1:2], answer[:, 2:]
    weight, unit = body_weight(truth), level.clamp_min(LEAST_LEVEL * truth.amax())
    picture = balanced_square(estimate, truth, unit, weight)
    error = (truth - estimate).detach()
    doubt = pinball(error, above, OUTER) + pinball(-error, below, OUTER)
    return picture + QUANTILES_COUNT * (weight * doubt / unit).sum() / weight.sum()


def adversarial(net: nn.Module, batch: Batch) -> Tensor:
    """Return the loss of a duel: distortion, and a critic that learns beside it.

    Both learn in one step: the picture's loss sees the critic's weights as
    constants, the critic's loss sees the picture as one. The adversary's share is
    set anew each step, so that it means the same for every modality and noise.

    Args:
        net: A `Duel`.
        batch: Crops in scaled units.

    Source:
        Esser et al. 2021, CVPR, the adaptive weight. doi:10.1109/CVPR46437.2021.01268
    """
    noisy, level, truth = tensors(batch)
    duel: Duel = net  # type: ignore[assignment]
    answer = duel.restorer(noisy, level)
    made = answer[:, :1]
    unit = level.mean(dim=(2, 3), keepdim=True).clamp_min(LEAST_LEVEL * truth.amax())
    scan = noisy[:, 1:2] / unit
    frozen = {name: p.detach() for name, p in duel.critic.named_parameters()}

    def passes(picture: Tensor) -> Tensor:
        return functional_call(duel.critic, frozen, (picture / unit, scan))

    picture = generator_loss(passes(truth).detach(), passes(made))
    real, fake = truth / unit, made.detach() / unit
    caught = critic_loss(duel.critic(real, scan), duel.critic(fake, scan))
    slope = gradient_penalty(lambda x: duel.critic(x, scan), real)
    distortion = _distortion(answer, level, truth)
    weight = ADVERSARY_COUNTS * _pull(distortion, answer) / _pull(picture, answer)
    return distortion + weight * picture + caught + SMOOTH_CRITIC * slope


def _pull(loss: Tensor, answer: Float[Tensor, "n 3 y x"]) -> Tensor:
    """Return how steeply a loss rises at a picture, as a number without gradient."""
    (slope,) = torch.autograd.grad(loss, answer, retain_graph=True)
    return slope[:, :1].norm().clamp_min(1e-12)


def variational(net: nn.Module, batch: Batch) -> Tensor:
    """Return the negative evidence bound of a coded restorer, in units of the noise.

    Args:
        net: A `Coded`.
        batch: Crops in scaled units.
    """
    coded: Coded = net  # type: ignore[assignment]
    noisy, level, truth = tensors(batch)
    features, estimate = coded.condition(noisy, level)
    unit = level.mean(dim=(1, 2, 3), keepdim=True).clamp_min(1e-6)
    error = (truth - estimate) / unit
    posterior, prior = coded.encode(features, error), coded.encode(features)
    draw = draw_code(posterior.mean, posterior.log_sd, torch.randn_like(prior.mean))
    change, log_sd = coded.decode(draw, features)
    weight = body_weight(truth)
    surprise = log_sd + 0.5 * ((error - change) / log_sd.exp()).square()
    explained = (weight * surprise).sum() / weight.sum()
    return explained + CODE_COSTS * divergence(posterior, prior)
