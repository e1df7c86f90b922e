"""Detecting: how the nodule detector is trained, calibrated and measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32
from torch import Tensor, nn

from vesalius.card import Card, Figure
from vesalius.errors import ConfigError
from vesalius.evaluate.candidates import Candidates, open_candidates, open_fold
from vesalius.evaluate.detect import balanced_threshold, score_patches, told_apart
from vesalius.evaluate.split import Part
from vesalius.nets import NoduleCoder, network_of
from vesalius.nets.known import alone, together
from vesalius.train.course import Course, Objective
from vesalius.train.nodules import NodulePatches, judged_and_rebuilt
from vesalius.train.recipe import Recipe

PATCHES = "lung_nodule_patches"
NAMES = {
    "sensitivity": ("sensitivity at the card's threshold", 100, "%"),
    "specificity": ("specificity at the card's threshold", 100, "%"),
    "area": ("area under the curve", 1, "1"),
}


def _source(plan: Recipe, data: Path) -> NodulePatches:
    return NodulePatches(open_candidates(data, part="train"))


def _fold(plan: Recipe, data: Path, number: int) -> NodulePatches:
    if plan.dealt != "all":
        raise ConfigError(f"{plan.name}: blocks are dealt into folds all or none")
    return NodulePatches(open_fold(data, number, plan.members)[0])


def _coder(plan: Recipe, start: dict[str, Tensor] | None) -> NoduleCoder:
    net = NoduleCoder(plan.widths)
    if start is not None:
        net.load_state_dict({name: tensor.float() for name, tensor in start.items()})
    return net


def _patients(plan: Recipe, data: Path) -> dict[str, int]:
    """Count blocks: the patches do not say whose they are."""
    parts: tuple[Part, ...] = ("train", "calibrate") if plan.folds else ("train",)
    blocks = [np.unique(open_candidates(data, part=p).block).size for p in parts]
    return {PATCHES: int(sum(blocks))}


def _measured(card: Card, tensors: dict[str, Tensor], plan: Recipe, data: Path) -> Card:
    """Fix the threshold on calibration blocks, measure on test blocks."""
    net = network_of(together(tensors))
    if plan.folds:
        level = balanced_threshold(*_told_by_strangers(tensors, plan, data))
    else:
        held_out = open_candidates(data, part="calibrate")
        scores = score_patches(net, held_out.pictures)
        level = balanced_threshold(held_out.nodule, scores)
    card = replace(card, calibration=(("threshold", level),))
    return replace(
        card, figures=_figures(open_candidates(data, part="test"), net, level)
    )


def _told_by_strangers(
    tensors: dict[str, Tensor], plan: Recipe, data: Path
) -> tuple[Bool[np.ndarray, " n"], Float32[np.ndarray, " n"]]:
    """Score each patch with the one member that has not seen its block."""
    nodules, scores = [], []
    for number in range(plan.members):
        held = open_fold(data, number, plan.members)[1]
        net = network_of(alone(tensors, number))
        nodules.append(held.nodule)
        scores.append(score_patches(net, held.pictures))
    return np.concatenate(nodules), np.concatenate(scores)


def _figures(tested: Candidates, net: nn.Module, level: float) -> tuple[Figure, ...]:
    scores = score_patches(net, tested.pictures)
    found = told_apart(tested.nodule, scores, tested.block, level)
    figures = []
    for name, (said, factor, unit) in NAMES.items():
        part = getattr(found, name)
        ends = (part.value, part.low, part.high)
        value, low, high = (round(factor * end, 4) for end in ends)
        where = f"LUNA16 candidates, {part.count} blocks"
        figures.append(Figure(f"{where}: {said}", value, low, high, unit, part.count))
    return tuple(figures)


DETECT = Course(
    source=_source,
    objectives={"judged": Objective(_coder, judged_and_rebuilt, "")},
    patients=_patients,
    measured=_measured,
    fold=_fold,
)
