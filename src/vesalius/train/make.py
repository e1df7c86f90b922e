"""Make: recipe in, model out, with its card, its weights and its loss curve."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import torch
from safetensors.torch import load_file
from safetensors.torch import save as serialise
from torch import Tensor

from vesalius import weights
from vesalius.card import DataUse, Training
from vesalius.errors import ConfigError
from vesalius.nets.known import MEMBER
from vesalius.train.course import Course
from vesalius.train.courses import course_of
from vesalius.train.curve import draw_curve
from vesalius.train.licences import LICENCES, OWN
from vesalius.train.loop import Progress, Source, Trained, fit
from vesalius.train.precision import machine
from vesalius.train.recipe import Recipe, open_recipe
from vesalius.weights.cards import read_card, write_card

CHECKPOINT = "checkpoint.safetensors"
LARGEST = 8 * 2**20  # bytes: what the box takes


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
        minutes: Wall-clock budget of each network; by default the recipe's steps
            decide.
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
    if (folder / CHECKPOINT).exists() and not resume:
        raise ConfigError(
            f"{folder.name} holds a checkpoint; give --resume to go on with it, or "
            "remove it to begin again"
        )
    course = course_of(plan)
    examples_of = _examples(plan, course, data)
    start = _start(plan, folder)
    members = [
        _member(
            number,
            plan,
            course,
            examples_of(number),
            _own(start, number),
            folder,
            progress,
        )
        for number in range(plan.members)
    ]
    return _ship(folder, plan, members, data)


def _examples(plan: Recipe, course: Course, data: Path) -> Callable[[int], Source]:
    """Read the patients once for all members, or for each those of its folds."""
    if not plan.folds:
        shared = course.source(plan, data)
        return lambda number: shared
    if course.fold is None:
        raise ConfigError(f"{plan.name}: this verb is not trained in folds")
    return partial(course.fold, plan, data)


def _start(plan: Recipe, folder: Path) -> dict[str, Tensor] | None:
    """Find the weights to begin with: of a training beside this one, or in the box."""
    if plan.start is None:
        return None
    beside = folder.parent / plan.start / f"{plan.start}.safetensors"
    return load_file(beside) if beside.is_file() else weights.load(plan.start)


def _before(plan: Recipe, folder: Path) -> Training | None:
    """Find what the stages before this one took, on the card of the start."""
    if plan.start is None:
        return None
    beside = folder.parent / plan.start / f"{plan.start}.toml"
    card = read_card(beside) if beside.is_file() else weights.card(plan.start)
    return card.training


def _own(start: dict[str, Tensor] | None, number: int) -> dict[str, Tensor] | None:
    """Take a member's share of a start with several; all begin at one that is alone."""
    prefix = MEMBER.format(number)
    if start is None or not any(name.startswith(MEMBER.format(0)) for name in start):
        return start
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in start.items()
        if name.startswith(prefix)
    }


def _member(
    number: int,
    plan: Recipe,
    course: Course,
    examples: Source,
    start: dict[str, Tensor] | None,
    folder: Path,
    progress: Progress | None,
) -> Trained:
    """Train one network; of several each has its own seed and checkpoint."""
    own = replace(plan, seed=plan.seed + number)
    file = folder / (CHECKPOINT if number == 0 else f"checkpoint-{number}.safetensors")
    objective = course.objectives[plan.objective]
    torch.manual_seed(own.seed)
    net = objective.build(own, start).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    done = number * plan.steps

    def told(step: int, steps: int, loss: float) -> None:
        if progress is not None:
            progress(done + step, plan.members * steps, loss)

    trained = fit(net, objective.loss, examples, own, file=file, progress=told)
    prefix = MEMBER.format(number) if plan.members > 1 else ""
    kept = _kept(trained.weights, objective.kept, prefix)
    return replace(trained, weights=kept)


def _kept(tensors: dict[str, Tensor], inner: str, outer: str = "") -> dict[str, Tensor]:
    """Take what ships, in half precision: no figure here changes by it."""
    return {
        outer + name.removeprefix(inner): tensor.half().contiguous()
        for name, tensor in tensors.items()
        if name.startswith(inner) and tensor.is_floating_point()
    }


def _ship(folder: Path, plan: Recipe, members: list[Trained], data: Path) -> Path:
    kept = {name: t for member in members for name, t in member.weights.items()}
    content, course = serialise(kept), course_of(plan)
    if len(content) > LARGEST:
        raise ConfigError(f"{plan.name} has {len(content)} bytes; the box takes 8 MB")
    card = replace(
        plan.card_of(),
        data=_data(course.patients(plan, data)),
        training=_training(plan, members, kept, _before(plan, folder)),
        weights_sha256=sha256(content).hexdigest(),
    )
    card = course.measured(card, kept, plan, data)
    draft = folder / "weights.draft"
    draft.write_bytes(content)
    draft.replace(folder / f"{plan.name}.safetensors")
    write_card(card, folder / f"{plan.name}.toml")
    draw_curve(members[0].losses, f"{plan.name}: loss", folder / "loss.png")
    return folder


def _data(patients: dict[str, int]) -> tuple[DataUse, ...]:
    return tuple(
        DataUse(name, count, *LICENCES.get(name, OWN))
        for name, count in patients.items()
    )


def _training(
    plan: Recipe,
    members: list[Trained],
    kept: dict[str, Tensor],
    before: Training | None,
) -> Training:
    minutes = sum(member.minutes for member in members)
    steps = sum(member.steps for member in members)
    joules = sum(member.joules for member in members)
    if before is not None:
        minutes, steps = minutes + before.minutes, steps + before.steps
        joules += 1000 * before.energy_kj
    return Training(
        recipe=plan.name,
        seed=plan.seed,
        minutes=round(minutes, 1),
        steps=steps,
        parameters=sum(tensor.numel() for tensor in kept.values()),
        energy_kj=round(joules / 1000, 1),
        energy_basis=members[0].energy_basis,
        machine=machine(),
        targets=plan.targets,
    )
