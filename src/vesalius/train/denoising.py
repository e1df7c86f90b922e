"""Denoising: how the denoisers of every modality are trained."""

from collections import Counter
from functools import partial
from pathlib import Path

from torch import Tensor

from vesalius.nets import Coded, Critic, Restorer
from vesalius.train import degrade
from vesalius.train.course import Course, Objective
from vesalius.train.examples import Examples, Noise
from vesalius.train.measure import measured
from vesalius.train.objectives import (
    Duel,
    adversarial,
    mean_and_quantiles,
    variational,
)
from vesalius.train.recipe import Recipe
from vesalius.train.sources import PHANTOM, gather, training_cases

FIELDS = 36  # simulated fields of CT noise: about a minute at the start
RECOLOURS = {"MR": degrade.recolour, "CT": degrade.leave}


def _source(plan: Recipe, data: Path) -> Examples:
    return Examples(
        stocks=gather(plan, data),
        shares=tuple(plan.sets.values()),
        levels=plan.noise,
        noise=_noise(plan),
        recolour=RECOLOURS[plan.modality],
        copies=plan.copies,
        spots=plan.spots,
    )


def _noise(plan: Recipe) -> Noise:
    if plan.modality == "MR":
        return degrade.mr_noise
    fields = degrade.simulated_fields(FIELDS, plan.seed)
    return partial(degrade.ct_noise, fields=fields)


def _restorer(plan: Recipe, start: dict[str, Tensor] | None) -> Restorer:
    """Begin at random, or at another model of the same kind."""
    if start is None:
        return Restorer(plan.widths, plan.depth)
    net = Restorer.shaped_like(start)
    net.load_state_dict(start)
    return net


def _patients(plan: Recipe, data: Path) -> dict[str, int]:
    pairs = {(case.collection, case.patient) for case in training_cases(plan, data)}
    read = Counter(collection for collection, _ in pairs)
    return {name: 0 if name == PHANTOM else read[name] for name in plan.sets}


DENOISE = Course(
    source=_source,
    objectives={
        "mean": Objective(_restorer, mean_and_quantiles, ""),
        "adversarial": Objective(
            lambda plan, start: Duel(_restorer(plan, start), Critic()),
            adversarial,
            "restorer.",
        ),
        "variational": Objective(
            lambda plan, start: Coded(_restorer(plan, start)), variational, ""
        ),
    },
    patients=_patients,
    measured=measured,
)
