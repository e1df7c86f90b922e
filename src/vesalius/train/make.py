"""Make: recipe in, model out, with its card, its weights and its loss curve."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import torch
from safetensors.torch import save as serialise
from torch import Tensor, nn

from vesalius import weights
from vesalius.card import DataUse, Training
from vesalius.errors import ConfigError
from vesalius.evaluate.cases import Case
from vesalius.nets import Coded, Critic, Restorer
from vesalius.train import degrade
from vesalius.train.curve import draw_curve
from vesalius.train.examples import Examples, Noise
from vesalius.train.licences import LICENCES, OWN
from vesalius.train.loop import Loss, Progress, Trained, fit
from vesalius.train.measure import measured
from vesalius.train.objectives import (
    Duel,
    adversarial,
    mean_and_quantiles,
    variational,
)
from vesalius.train.precision import machine
from vesalius.train.recipe import Recipe, open_recipe
from vesalius.train.sources import PHANTOM, gather, training_cases
from vesalius.weights.cards import write_card

CHECKPOINT = "checkpoint.safetensors"
FIELDS = 36  # simulated fields of CT noise: about a minute at the start
LARGEST = 8 * 2**20  # bytes: what the box takes


@dataclass(frozen=True)
class Objective:
    """One kind of training: what learns, by which loss, and what of it is kept."""

    build: Callable[[Restorer], nn.Module]
    loss: Loss
    kept: str  # prefix of the weights that ship


OBJECTIVES = {
    "mean": Objective(lambda net: net, mean_and_quantiles, ""),
    "adversarial": Objective(lambda net: Duel(net, Critic()), adversarial, "restorer."),
    "variational": Objective(Coded, variational, ""),
}
RECOLOURS = {"MR": degrade.recolour, "CT": degrade.leave}


def train(
    recipe: str | Path,
    data: Path,
    *,
    minutes: float | None = None,
    resume: bool = False,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Train a model, measure it on held-out patients, and write its card.

    Args:
        recipe: A recipe's name, or the path of one's own.
        data: A folder of data sets, or a manifest.
        minutes: Wall-clock budget; by default the recipe's steps decide.
        resume: Go on from the checkpoint in `out`.
        out: Where checkpoint, weights, card and loss curve go; by default
            out/train/NAME.
        progress: Told the step, the steps and the loss.

    Returns:
        The folder with NAME.safetensors, NAME.toml and loss.png.

    Raises:
        ConfigError: The recipe or the data are unusable, or there is a checkpoint
            and `resume` was not given.
        WeightsError: The checkpoint, or the model to start from, is damaged.

    Limits:
        With a budget of minutes the schedule follows the clock: then two trainings
        differ. With the recipe's steps alone they agree to rounding.
    """
    plan = open_recipe(recipe)
    if minutes is not None:
        plan = replace(plan, minutes=minutes)
    folder = out or Path("out") / "train" / plan.name
    file = folder / CHECKPOINT
    if file.exists() and not resume:
        raise ConfigError(
            f"{folder.name} holds a checkpoint; give --resume to go on with it, or "
            "remove it to begin again"
        )
    objective = OBJECTIVES[plan.objective]
    examples = _examples(plan, data)
    torch.manual_seed(plan.seed)
    net = objective.build(_start(plan)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    trained = fit(net, objective.loss, examples, plan, file=file, progress=progress)
    kept = _kept(trained.weights, objective.kept)
    cases = training_cases(plan, data)
    return _ship(folder, plan, trained, kept, cases, data)


def _examples(plan: Recipe, data: Path) -> Examples:
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


def _start(plan: Recipe) -> Restorer:
    """Begin at random, or at a shipped model of the same kind."""
    if plan.start is None:
        return Restorer(plan.widths, plan.depth)
    tensors = weights.load(plan.start)
    net = Restorer.shaped_like(tensors)
    net.load_state_dict(tensors)
    return net


def _kept(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Take what ships, in half precision: no figure here changes by it."""
    return {
        name.removeprefix(prefix): tensor.half().contiguous()
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }


def _ship(
    folder: Path,
    plan: Recipe,
    trained: Trained,
    kept: dict[str, Tensor],
    cases: list[Case],
    data: Path,
) -> Path:
    content = serialise(kept)
    if len(content) > LARGEST:
        raise ConfigError(f"{plan.name} has {len(content)} bytes; the box takes 8 MB")
    card = replace(
        plan.card_of(),
        data=_data(plan, cases),
        training=_training(plan, trained, kept),
        weights_sha256=sha256(content).hexdigest(),
    )
    card = measured(card, kept, plan, data)
    draft = folder / "weights.draft"
    draft.write_bytes(content)
    draft.replace(folder / f"{plan.name}.safetensors")
    write_card(card, folder / f"{plan.name}.toml")
    draw_curve(trained.losses, f"{plan.name}: loss", folder / "loss.png")
    return folder


def _data(plan: Recipe, cases: list[Case]) -> tuple[DataUse, ...]:
    rows = []
    for name in plan.sets:
        patients = {case.patient for case in cases if case.collection == name}
        count = 0 if name == PHANTOM else len(patients)
        licence, source = LICENCES.get(name, OWN)
        rows.append(DataUse(name, count, licence, source))
    return tuple(rows)


def _training(plan: Recipe, trained: Trained, kept: dict[str, Tensor]) -> Training:
    return Training(
        recipe=plan.name,
        seed=plan.seed,
        minutes=round(trained.minutes, 1),
        steps=trained.steps,
        parameters=sum(tensor.numel() for tensor in kept.values()),
        energy_kj=round(trained.joules / 1000, 1),
        energy_basis=trained.energy_basis,
        machine=machine(),
        targets=plan.targets,
    )
