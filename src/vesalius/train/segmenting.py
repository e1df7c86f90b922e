"""Segmenting: how the tumour segmenter is trained, calibrated and measured."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32
from torch import Tensor, nn

from vesalius.anatomy.head_planes import CHANNELS, head_planes
from vesalius.card import Card, Figure
from vesalius.errors import ConfigError
from vesalius.evaluate.data import find_cases, open_case
from vesalius.evaluate.doubt import FALSE, MISSED, set_doubt
from vesalius.evaluate.intervals import (
    Interval,
    mean_interval,
    proportion_interval,
)
from vesalius.evaluate.segment import Row, measure_patient, outline_and_chance
from vesalius.evaluate.split import fold_of
from vesalius.evaluate.tumours import TumourCase, tumour_cases
from vesalius.nets import Critic, Segmenter, network_of
from vesalius.nets.known import alone, together
from vesalius.tasks.segment import segment_by, tumour_chance
from vesalius.train.course import Course, Objective
from vesalius.train.outline_losses import Trial, filled_in, judged_outlines, outlines
from vesalius.train.recipe import Recipe
from vesalius.train.tumours import Patient, TumourSlices, gather_patients
from vesalius.volume import Volume
from vesalius.weights.models import Model

GLIOMA = "lgg"
FILL = "fill"  # the objective of pretraining: no outline is needed
LAST = ("out.", "coarse_out.")  # of another task's network, begun anew
FIRST = ("stem.", "down.")
NAMES = {
    "dice": ("Dice, 3-D", "1"),
    "hausdorff_95_mm": ("95 % Hausdorff distance, 3-D", "mm"),
    "lesion_dice": ("lesion-wise Dice, BraTS 2023", "1"),
    "lesion_f1": ("lesion-wise F1, BraTS 2023", "1"),
    "volume_error": ("volume error, outlined over true less 1", "1"),
    "sensitivity": ("sensitivity, voxels", "1"),
    "specificity": ("specificity, voxels of the whole volume", "1"),
    "calibration_error": ("expected calibration error", "1"),
}

KEPT: dict[str, Callable[[Row], bool]] = {  # what a card promises of a patient
    "at most 10 % of the tumour is outside the possible mask": (
        lambda row: row.missed <= MISSED
    ),
    "at most 10 % of the certain mask is outside the tumour": (
        lambda row: row.false <= FALSE
    ),
    "the volume's interval holds the reader's volume": lambda row: row.volume_held,
}


def _source(plan: Recipe, data: Path) -> TumourSlices:
    """Read the glioma patients; to pretrain, also heads without an outline."""
    patients = gather_patients(tumour_cases(data, part="train"))
    if plan.objective != FILL:
        return TumourSlices(patients)
    for case in find_cases(data, part="train", modality="MR"):
        beside = case.collection == GLIOMA and case.name != "flair"
        if beside or (case.collection != GLIOMA and case.collection in plan.sets):
            planes, _ = head_planes(open_case(case))
            patients.append(Patient(planes, np.zeros_like(planes.flair), ()))
    return TumourSlices(patients, covered=True)


def _fold(plan: Recipe, data: Path, number: int) -> TumourSlices:
    """Read the patients that one member learns from."""
    taught = [case for case, fold in _dealt(plan, data) if fold != number]
    return TumourSlices(gather_patients(taught))


def _dealt(plan: Recipe, data: Path) -> list[tuple[TumourCase, int | None]]:
    """List who trains and calibrates, each with the member that never sees them."""
    cases = [case for case in tumour_cases(data) if case.part != "test"]
    held_out = [c for c in cases if plan.dealt == "all" or c.part == plan.dealt]
    folds = fold_of((case.patient for case in held_out), plan.members)
    return [(case, folds.get(case.patient)) for case in cases]


def _segmenter(plan: Recipe, start: dict[str, Tensor] | None) -> Segmenter:
    """Begin at random, or where another training left off, with or without its end."""
    net = Segmenter(CHANNELS, plan.widths)
    if start is None:
        return net
    left_out = () if plan.keep_end else LAST
    body = {k: v.float() for k, v in start.items() if not k.startswith(left_out)}
    left = net.load_state_dict(body, strict=False)
    lost = [name for name in left.missing_keys if name.startswith(FIRST)]
    if lost or left.unexpected_keys:
        raise ConfigError(f"{plan.name}: {plan.start} is no segmenter of these widths")
    return net


def _patients(plan: Recipe, data: Path) -> dict[str, int]:
    taught = _dealt(plan, data) if plan.folds else tumour_cases(data, part="train")
    counts = {GLIOMA: len(taught)}
    for name in plan.sets:
        if name != GLIOMA:
            cases = find_cases(data, part="train", modality="MR")
            counts[name] = len({c.patient for c in cases if c.collection == name})
    return counts


def _measured(card: Card, tensors: dict[str, Tensor], plan: Recipe, data: Path) -> Card:
    """Set the thresholds on calibration patients, measure on test patients."""
    if plan.objective == FILL:
        return card
    net = network_of(together(tensors))
    chance = partial(_chance, net)
    if plan.folds:
        pairs = _told_by_strangers(tensors, plan, data)
    else:
        held_out = tumour_cases(data, part="calibrate")
        pairs = [outline_and_chance(case, chance) for case in held_out]
    doubt = asdict(set_doubt(pairs))
    numbers = tuple((name, float(number)) for name, number in doubt.items())
    card = replace(card, calibration=numbers)
    task = partial(segment_by, model=Model(card, net))
    rows = [measure_patient(case, task) for case in tumour_cases(data, part="test")]
    return replace(card, figures=_figures(rows))


def _told_by_strangers(
    tensors: dict[str, Tensor], plan: Recipe, data: Path
) -> list[tuple[Bool[np.ndarray, "i j k"], Float32[np.ndarray, "i j k"]]]:
    """Ask for each patient the one member that has not seen them.

    All members together are surer and mostly better than one: the thresholds that
    come of this are on the safe side.
    """
    nets = [network_of(alone(tensors, number)) for number in range(plan.members)]
    return [
        outline_and_chance(case, partial(_chance, nets[fold]))
        for case, fold in _dealt(plan, data)
        if fold is not None
    ]


def _chance(net: nn.Module, flair: Volume) -> np.ndarray:
    return tumour_chance(flair, {}, net)


def _figures(rows: Sequence[Row]) -> tuple[Figure, ...]:
    shown = [row for row in rows if row.agreement is not None]
    if not shown:
        return ()
    figures = []
    for name, (said, unit) in NAMES.items():
        values = np.array([getattr(row.agreement, name) for row in shown], float)
        figures.append(_figure(said, mean_interval(values), unit, 1, len(shown)))
    for said, held in KEPT.items():
        share = proportion_interval(sum(map(held, shown)), len(shown))
        figures.append(_figure(f"patients where {said}", share, "%", 100, len(shown)))
    return tuple(figures)


def _figure(said: str, found: Interval, unit: str, factor: int, count: int) -> Figure:
    ends = (found.value, found.low, found.high)
    value, low, high = (round(factor * end, 4) for end in ends)
    return Figure(f"lgg, FLAIR: {said}", value, low, high, unit, count)


SEGMENT = Course(
    source=_source,
    objectives={
        FILL: Objective(_segmenter, filled_in, ""),
        "outlines": Objective(_segmenter, outlines, ""),
        "judged": Objective(
            lambda plan, start: Trial(_segmenter(plan, start), Critic()),
            judged_outlines,
            "segmenter.",
        ),
    },
    patients=_patients,
    measured=_measured,
    fold=_fold,
)
