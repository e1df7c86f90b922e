"""Translation losses: what one step of each kind of translation training lowers."""

import logging
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from vesalius.generative.adversarial import (
    critic_loss,
    generator_loss,
    gradient_penalty,
    share_told_apart,
)
from vesalius.generative.regression import pinball
from vesalius.nets import Critic, Translator
from vesalius.train.pairs import OUTLINE, PairBatch

QUANTILES_COUNT = 0.1  # their head sees detached features: it cannot harm the picture
OUTER = 0.95
# Of the L1's slope at the picture, which is 2 F - 1 where F is the share of what may be
# below it. So the picture stays between the 35th and the 65th percentile of what may
# be, on average, at about 7 % more L1 where errors are normal.
ADVERSARY_COUNTS = 0.3
SMOOTH_CRITIC = 2.0  # of the squared slope of its mean score
BLUR_OF_TRUTH = 0.03  # SD of noise on what the critic sees: hides that truth is 8 bit
WARM_UP = 400  # steps in which the critic learns and teaches nothing
WARM_SHARE = 0.2  # of a recipe's steps, where they are few
EVERY = 2  # steps of the critic to one of the translator, whose memory stays warm so
MEMORY = 0.02  # a step's weight in the running mean of the critic's success
TOLD_EVERY = 50  # steps

_log = logging.getLogger(__name__)


class Duel(nn.Module):
    """A translator and its critic, so that one checkpoint keeps both.

    Its buffers say how the duel stands: `turn`, the steps done, and `right`, the
    share of patches at which the critic has lately put the scan above the made
    picture. One half is chance; a critic that stays there teaches nothing, and one
    near 1 has won.

    Args:
        translator: Trained for the median already.
        critic: Begins at random.
        judged: A picture as the critic sees it.
        warm_up: Steps in which the critic learns and teaches nothing.
    """

    def __init__(
        self,
        translator: Translator,
        critic: Critic,
        judged: Callable[[Tensor], Tensor],
        warm_up: int,
    ) -> None:
        super().__init__()
        self.translator, self.critic = translator, critic
        self.judged, self.warm_up = judged, warm_up
        self.turn: Tensor
        self.right: Tensor
        self.register_buffer("turn", torch.zeros((), dtype=torch.int64))
        self.register_buffer("right", torch.full((), 0.5))

    def count(self, right: Tensor) -> None:
        """Note how the critic did, and log it now and then."""
        self.turn += 1
        self.right.lerp_(right.detach(), MEMORY)
        if int(self.turn) % TOLD_EVERY == 0:
            _log.info("step %d: critic right %.2f", int(self.turn), float(self.right))

    @property
    def tunes(self) -> bool:
        """Whether the translator learns in this step, beside the critic."""
        return int(self.turn) % EVERY == 0

    @property
    def counts(self) -> float:
        """How much the adversary counts in this step."""
        return ADVERSARY_COUNTS if int(self.turn) >= self.warm_up else 0.0


def tensors(batch: PairBatch) -> tuple[Tensor, Tensor, Tensor]:
    """Return what is seen, what is wanted and the weight, sharing the memory."""
    return (
        torch.from_numpy(batch.seen),
        torch.from_numpy(batch.wanted),
        torch.from_numpy(batch.weight),
    )


def median_and_quantiles(net: nn.Module, batch: PairBatch) -> Tensor:
    """Return the L1 error in the head, and the pinball losses of the two widths.

    Args:
        net: From channels to picture, lower and upper width.
        batch: Crops.
    """
    seen, wanted, weight = tensors(batch)
    return distortion(net(seen), wanted, weight)


def distortion(answer: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Return the L1 error, and the pinball losses of the two widths beside it.

    Args:
        answer: Picture, lower and upper width.
        wanted: The truth.
        weight: How much each pixel counts.
    """
    estimate, below, above = answer[:, :1], answer[:, 1:2], answer[:, 2:]
    error = (wanted - estimate).detach()
    doubt = pinball(error, above, OUTER) + pinball(-error, below, OUTER)
    lost = (wanted - estimate).abs() + QUANTILES_COUNT * doubt
    return (weight * lost).sum() / weight.sum()


def adversarial(net: nn.Module, batch: PairBatch) -> Tensor:
    """Return the loss of a duel: L1, and a critic that learns beside it.

    The critic learns in every step and the translator in every second; at first the
    translator goes on with its L1 alone, until the critic knows what to say. The
    critic sees the source beside the picture, both inside the head's outline alone:
    what holds the head in a CT, no MR can tell. The adversary's share is set anew
    each time, so that it means the same in any unit.

    Args:
        net: A `Duel`.
        batch: Crops.

    Source:
        Isola et al. 2017, CVPR. doi:10.1109/CVPR.2017.632; Esser et al. 2021, CVPR,
        the adaptive weight. doi:10.1109/CVPR46437.2021.01268
    """
    duel: Duel = net  # type: ignore[assignment]
    seen, wanted, weight = tensors(batch)
    tunes, counts = duel.tunes, duel.counts
    with torch.set_grad_enabled(tunes):
        answer = duel.translator(seen)
    made = answer[:, :1]
    inside = ((seen[:, OUTLINE : OUTLINE + 1] > 0.5) & (weight > 0.5)).float()
    scan = inside * seen[:, :1]
    grain = BLUR_OF_TRUTH * torch.randn(2, *made.shape)

    def shown(picture: Tensor, number: int) -> Tensor:
        return inside * (duel.judged(picture) + grain[number])

    real, fake = shown(wanted, 0), shown(made.detach(), 1)
    learnt, above, below = taught(duel.critic, real, fake, scan)
    duel.count(share_told_apart(above, below))
    if not tunes:
        return learnt
    lost = distortion(answer, wanted, weight)
    if not counts:
        return lost + learnt
    frozen = {name: p.detach() for name, p in duel.critic.named_parameters()}
    passed = functional_call(duel.critic, frozen, (shown(made, 1), scan))
    fooled = generator_loss(above.detach(), passed)
    share = counts * _pull(lost, answer) / _pull(fooled, answer)
    return lost + share * fooled + learnt


def taught(
    critic: Critic, real: Tensor, fake: Tensor, beside: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return a critic's loss with its penalty, and its scores of real and of fake.

    Args:
        critic: Of a picture and what lies beside it.
        real: Scans as it sees them.
        fake: Made pictures as it sees them, without gradient.
        beside: The second picture it is shown with each.
    """
    above, below = critic(real, beside), critic(fake, beside)

    def mean_score(picture: Tensor) -> Tensor:
        return critic(picture, beside).mean(dim=(1, 2, 3))

    slopes = gradient_penalty(mean_score, real) + gradient_penalty(mean_score, fake)
    return critic_loss(above, below) + SMOOTH_CRITIC * slopes, above, below


def _pull(loss: Tensor, answer: Tensor) -> Tensor:
    """Return how steeply a loss rises at a picture, as a number without gradient."""
    (slope,) = torch.autograd.grad(loss, answer, retain_graph=True)
    return slope[:, :1].norm().clamp_min(1e-12)
