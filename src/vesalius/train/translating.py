"""Translating: how the translators of every way are trained."""

from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from vesalius.anatomy.head_slice import MR_CHANNELS
from vesalius.anatomy.head_slice_ct import CT_CHANNELS
from vesalius.card import Card
from vesalius.errors import ConfigError
from vesalius.nets import Critic, Translator
from vesalius.train.course import Course, Objective
from vesalius.train.loop import Source
from vesalius.train.pairs import PairSource
from vesalius.train.pairs_unpaired import has_folders, unpaired_source
from vesalius.train.recipe import Recipe
from vesalius.train.translating_lanes import lane_of
from vesalius.train.translating_measures import measured
from vesalius.train.translating_unpaired import Cycle, unpaired
from vesalius.train.translation_losses import (
    WARM_SHARE,
    WARM_UP,
    Duel,
    adversarial,
    median_and_quantiles,
)

UNPAIRED = "unpaired"


def _paired(plan: Recipe, data: Path) -> Source:
    lane = lane_of(plan)
    pairs = lane.pairs(data, "train", plan.leave_out)
    return PairSource(pairs, lane.views, lane.scaled)


def _unpaired(plan: Recipe, data: Path) -> Source:
    return unpaired_source(data)


# By objective; every other one learns from pairs.
SOURCES: dict[str, Callable[[Recipe, Path], Source]] = {UNPAIRED: _unpaired}


def _source(plan: Recipe, data: Path) -> Source:
    return SOURCES.get(plan.objective, _paired)(plan, data)


def _translator(plan: Recipe, start: dict[str, Tensor] | None) -> Translator:
    net = Translator(lane_of(plan).way.channels, plan.widths)
    if start is not None:
        try:
            net.load_state_dict({name: t.float() for name, t in start.items()})
        except RuntimeError as error:
            raise ConfigError(
                f"{plan.name}: {plan.start} is no translator of these widths"
            ) from error
    return net


def _duel(plan: Recipe, start: dict[str, Tensor] | None) -> Duel:
    warm_up = min(WARM_UP, round(WARM_SHARE * plan.steps))
    return Duel(_translator(plan, start), Critic(), lane_of(plan).judged, warm_up)


def _cycle(plan: Recipe, start: dict[str, Tensor] | None) -> Cycle:
    there, back = (Translator(n, plan.widths) for n in (MR_CHANNELS, CT_CHANNELS))
    return Cycle(there, back)


def _patients(plan: Recipe, data: Path) -> dict[str, int]:
    if plan.objective == UNPAIRED and has_folders(data):
        return {}
    lane = lane_of(plan)
    found = lane.pairs(data, "train", plan.leave_out)
    return {lane.set: len({pair.patient for pair in found})}


def _measured(card: Card, tensors: dict[str, Tensor], plan: Recipe, data: Path) -> Card:
    """Leave slices of one's own unmeasured: they have no truth beside them."""
    if plan.objective == UNPAIRED and has_folders(data):
        return card
    return measured(card, tensors, plan, data)


TRANSLATE = Course(
    source=_source,
    objectives={
        "median": Objective(_translator, median_and_quantiles, ""),
        "adversarial": Objective(_duel, adversarial, "translator."),
        UNPAIRED: Objective(_cycle, unpaired, "there."),
    },
    patients=_patients,
    measured=_measured,
)
