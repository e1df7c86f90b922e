"""Outline losses: what one step of each kind of segmentation training brings down."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from vesalius.generative.adversarial import (
    critic_loss,
    generator_loss,
    gradient_penalty,
)
from vesalius.nets import Critic
from vesalius.nets.segmenter import Segmenter
from vesalius.train.tumours import Slices

COARSE_COUNTS = (1.0, 0.3, 0.15, 0.08)  # full size, quarter, eighth, sixteenth
CRITIC_COUNTS = 0.05  # beside the outline's own loss
SMOOTH_CRITIC = 0.05


def outlines(net: nn.Module, batch: Slices) -> Tensor:
    """Return cross-entropy and Dice loss at every size of the network.

    Args:
        net: A `Segmenter`.
        batch: Slices and outlines.

    Source:
        Milletari et al. 2016, 3DV (Dice loss). doi:10.1109/3DV.2016.79
    """
    segmenter: Segmenter = net  # type: ignore[assignment]
    truth = torch.from_numpy(batch.tumour)
    answers = segmenter.at_every_size(torch.from_numpy(batch.seen))
    return _at_sizes(answers, truth)


class Trial(nn.Module):
    """A segmenter and its critic, so that one checkpoint keeps both.

    Args:
        segmenter: Its answers are judged.
        critic: Sees a slice and an outline.
    """

    def __init__(self, segmenter: Segmenter, critic: Critic) -> None:
        super().__init__()
        self.segmenter, self.critic = segmenter, critic


def judged_outlines(net: nn.Module, batch: Slices) -> Tensor:
    """Return the loss of a trial: outlines, and a critic that learns beside it.

    Args:
        net: A `Trial`.
        batch: Slices and outlines.

    Source:
        Luc et al. 2016, arXiv:1611.08408 (adversarial segmentation).
    """
    trial: Trial = net  # type: ignore[assignment]
    truth, scan = torch.from_numpy(batch.tumour), torch.from_numpy(batch.seen[:, 1:2])
    answers = trial.segmenter.at_every_size(torch.from_numpy(batch.seen))
    made = answers[0].sigmoid()
    frozen = {name: p.detach() for name, p in trial.critic.named_parameters()}

    def passes(outline: Tensor) -> Tensor:
        return functional_call(trial.critic, frozen, (outline, scan))

    fooled = generator_loss(passes(truth).detach(), passes(made))
    real, fake = trial.critic(truth, scan), trial.critic(made.detach(), scan)
    slope = gradient_penalty(lambda x: trial.critic(x, scan), truth)
    caught = critic_loss(real, fake) + SMOOTH_CRITIC * slope
    return _at_sizes(answers, truth) + CRITIC_COUNTS * fooled + caught


def filled_in(net: nn.Module, batch: Slices) -> Tensor:
    """Return how far a network is from what was covered: L1 on the unspoilt slice.

    Args:
        net: A `Segmenter`, its answer taken as the slice.
        batch: Slices with parts covered.

    Source:
        Pathak et al. 2016, CVPR (context encoders). doi:10.1109/CVPR.2016.278
    """
    clean = torch.from_numpy(batch.clean)
    return functional.l1_loss(net(torch.from_numpy(batch.seen)), clean)


def overlap_and_entropy(
    log_odds: Float[Tensor, "n 1 h w"], truth: Float[Tensor, "n 1 h w"]
) -> Tensor:
    """Return soft Dice loss over the whole batch plus binary cross-entropy.

    Args:
        log_odds: The network's answer.
        truth: Share of tumour in each pixel.
    """
    from monai.losses.dice import DiceLoss  # late: it takes seconds to import

    dice: Tensor = DiceLoss(sigmoid=True, batch=True)(log_odds, truth)
    return dice + functional.binary_cross_entropy_with_logits(log_odds, truth)


def _at_sizes(answers: tuple[Tensor, ...], truth: Float[Tensor, "n 1 y x"]) -> Tensor:
    total = torch.zeros(())
    for answer, counts in zip(answers, COARSE_COUNTS, strict=False):
        wanted = functional.interpolate(truth, answer.shape[2:], mode="area")
        total = total + counts * overlap_and_entropy(answer, wanted)
    return total
