"""Translating without pairs: two translators that must undo each other."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from vesalius.anatomy.head_slice import BRIGHTEST, PLACES
from vesalius.anatomy.head_slice_ct import (
    BONE_FROM,
    BONE_WIDTH,
    DENSEST,
    SOFT_AT,
    SOFT_WIDTH,
)
from vesalius.generative.adversarial import generator_loss, share_told_apart
from vesalius.generative.regression import pinball
from vesalius.generative.unpaired import round_trip, weighted_distance
from vesalius.nets import Critic, Translator
from vesalius.train.pairs import IN_AIR
from vesalius.train.pairs_unpaired import UnpairedBatch
from vesalius.train.translating_lanes import judged_ct, judged_mr
from vesalius.train.translation_losses import (
    BLUR_OF_TRUTH,
    MEMORY,
    OUTER,
    QUANTILES_COUNT,
    taught,
)

CYCLE_COUNTS, SAME_COUNTS = 10.0, 5.0  # Zhu et al. 2017
DIMMEST = 1e-4  # the root's slope is without bound at 0

Look = Callable[[Tensor], Tensor]


class Cycle(nn.Module):
    """Two translators, MR to CT and back, and a critic of each one's pictures.

    Args:
        there: From MR to CT; this one ships.
        back: From CT to MR, in units of MR's 95th percentile.
    """

    def __init__(self, there: Translator, back: Translator) -> None:
        super().__init__()
        self.there, self.back = there, back
        self.critic = nn.ModuleDict({"ct": Critic(), "mr": Critic()})
        self.right: Tensor
        self.register_buffer("right", torch.full((2,), 0.5))


def unpaired(net: nn.Module, batch: UnpairedBatch) -> Tensor:
    """Return the loss of a cycle: home again, unchanged at home, and past the critics.

    Args:
        net: A `Cycle`.
        batch: Crops of MR and of CT.

    Source:
        Zhu et al. 2017, ICCV. doi:10.1109/ICCV.2017.244
    """
    cycle: Cycle = net  # type: ignore[assignment]
    seen_mr, seen_ct = torch.from_numpy(batch.mr), torch.from_numpy(batch.ct)
    mr, ct = seen_mr[:, :1], seen_ct[:, :1]
    at_mr, at_ct = seen_mr[:, -PLACES:], seen_ct[:, -PLACES:]
    to_ct, to_mr = _asked(cycle.there, mr_look), _asked(cycle.back, ct_look)
    made_ct, home_mr = round_trip(mr, to_ct(at_mr), to_mr(at_mr))
    made_mr, answer = round_trip(ct, to_mr(at_ct), _whole(cycle.there, at_ct))
    home_ct = answer[:, :1]
    weights = [at[:, :1].clamp_min(IN_AIR) for at in (at_mr, at_ct)]
    cycled = weighted_distance(home_mr, mr, weights[0])
    cycled = cycled + weighted_distance(home_ct, ct, weights[1])
    same = weighted_distance(to_ct(at_ct)(ct), ct, weights[1])
    same = same + weighted_distance(to_mr(at_mr)(mr), mr, weights[0])
    doubt = _doubt(answer, ct, weights[1])
    learnt = _criticised(cycle, 0, (ct, at_ct), (made_ct, at_mr))
    learnt = learnt + _criticised(cycle, 1, (mr, at_mr), (made_mr, at_ct))
    return CYCLE_COUNTS * cycled + SAME_COUNTS * same + doubt + learnt


def mr_look(value: Tensor) -> Tensor:
    """Return the windows of an MR picture, as `mr_channels` begins."""
    value = value.clamp(0, BRIGHTEST)
    return torch.cat([value, value.clamp_min(DIMMEST).sqrt()], dim=1)


def ct_look(kilo: Tensor) -> Tensor:
    """Return the windows of a CT picture, as `ct_channels` begins."""
    soft = ((kilo - SOFT_AT) / SOFT_WIDTH).clamp(-1, 1)
    bone = ((kilo - BONE_FROM) / BONE_WIDTH).clamp(0, 1)
    return torch.cat([kilo.clamp(0, DENSEST), soft, bone], dim=1)


def _whole(translator: Translator, at: Tensor) -> Look:
    return lambda picture: translator(torch.cat([mr_look(picture), at], dim=1))


def _asked(translator: Translator, look: Look) -> Callable[[Tensor], Look]:
    """Return a translator as a function from a place to one of pictures."""

    def placed(at: Tensor) -> Look:
        return lambda picture: translator(torch.cat([look(picture), at], dim=1))[:, :1]

    return placed


def _doubt(answer: Tensor, ct: Tensor, weight: Tensor) -> Tensor:
    """Let the widths learn where a CT that came home differs: the truth is at hand."""
    error = (ct - answer[:, :1]).detach()
    widths = pinball(error, answer[:, 2:], OUTER) + pinball(
        -error, answer[:, 1:2], OUTER
    )
    return QUANTILES_COUNT * (weight * widths).sum() / weight.sum()


def _criticised(
    cycle: Cycle, number: int, real: tuple[Tensor, Tensor], made: tuple[Tensor, Tensor]
) -> Tensor:
    """Return a critic's loss, and that of the translator whose pictures it sees."""
    critic: Critic = cycle.critic[("ct", "mr")[number]]  # type: ignore[assignment]
    judged = (judged_ct, judged_mr)[number]

    def shown(picture: Tensor, at: Tensor) -> Tensor:
        grain = BLUR_OF_TRUTH * torch.randn_like(picture)
        return at[:, :1] * (judged(picture) + grain)

    truth, fake = shown(*real), shown(*made)
    nothing = torch.zeros_like(fake)  # it may not see whose picture it is
    learnt, above, below = taught(critic, truth, fake.detach(), nothing)
    cycle.right[number].lerp_(share_told_apart(above, below).detach(), MEMORY)
    frozen = {name: p.detach() for name, p in critic.named_parameters()}
    passed = functional_call(critic, frozen, (fake, nothing))
    return learnt + generator_loss(above.detach(), passed)
