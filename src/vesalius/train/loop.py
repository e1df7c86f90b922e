"""Loop: from examples to weights, in steps that can be stopped and gone on with."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, distributed, nn

from vesalius.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vesalius.train.descent import descend
from vesalius.train.energy import start_meter
from vesalius.train.precision import faster_precision
from vesalius.train.recipe import Recipe

Loss = Callable[[nn.Module, Any], Tensor]  # the batch is whatever its source draws
Progress = Callable[[int, int, float], None]

LOWEST = 0.01  # of the highest rate, at the end
CURVE_EVERY = 20  # steps between two points of the loss curve
GRADIENT_LIMIT = 10.0  # a norm ten times the usual: one bad crop undoes no training


@runtime_checkable
class Source(Protocol):
    """Where batches come from: crops with noise, slices with outlines."""

    def draw(self, count: int, side: int, rng: np.random.Generator) -> Any:
        """Draw one batch, everything random from the generator."""


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training leaves.

    Attributes:
        weights: The moving average of the network's weights, by name.
        steps: Steps done.
        minutes: Minutes worked, over all runs.
        joules: Energy used, over all runs.
        energy_basis: "measured" or "estimated".
        losses: Pairs of step and loss.
    """

    weights: dict[str, Tensor]
    steps: int
    minutes: float
    joules: float
    energy_basis: str
    losses: tuple[tuple[int, float], ...]


def fit(
    net: nn.Module,
    loss_of: Loss,
    examples: Source,
    recipe: Recipe,
    *,
    file: Path,
    progress: Progress | None = None,
) -> Trained:
    """Train one network.

    The batch of a step depends on the seed and the step's number alone, so a
    training that was stopped goes on as if it had not been. Rates rise, hold and
    fall linearly over the recipe's steps, or over its minutes where it sets some.

    Args:
        net: Trained in place.
        loss_of: What a step brings down.
        examples: Where batches come from.
        recipe: Steps, rates, averages.
        file: The checkpoint; gone on with if it is there.
        progress: Told the step, the steps and the loss.

    Returns:
        The averaged weights and what they cost.

    Raises:
        WeightsError: The checkpoint is damaged.
    """
    begun = perf_counter()
    state = _state_of(net, file)
    named = {k: p for k, p in net.named_parameters() if p.requires_grad}
    meter = start_meter(torch.get_num_threads())
    with _processes() as (rank, world):
        while (done := _share_done(state, recipe, begun)) < 1:
            seed = [recipe.seed, state.step, rank]
            batch = examples.draw(
                recipe.batch, recipe.side, np.random.default_rng(seed)
            )
            torch.manual_seed(recipe.seed + (state.step << 20) + rank)
            loss = _lost(loss_of, net, batch)
            for parameter in named.values():
                parameter.grad = None
            loss.backward()  # type: ignore[no-untyped-call]
            _share_gradients(named, world)
            state = _stepped(state, named, recipe, done, loss.detach().item())
            if progress is not None and rank == 0:
                progress(state.step, recipe.steps, state.losses[-1][1])
            if state.step % recipe.keep_every == 0 and rank == 0:
                state, begun = _kept(state, file, begun, meter().joules)
    state, _ = _kept(state, file, begun, meter().joules)
    return Trained(
        weights=state.average,
        steps=state.step,
        minutes=state.seconds / 60,
        joules=state.joules,
        energy_basis=meter().basis,
        losses=state.losses,
    )


def rate_at(done: float, step: int, *, warm: int, hold: float) -> float:
    """Return the share of the highest learning rate that a step uses.

    Args:
        done: Share of the training that is over, from 0 to 1.
        step: Steps done.
        warm: Steps over which the rate rises.
        hold: Share of the training after which it falls.
    """
    rise = min(1.0, (step + 1) / max(warm, 1))
    fall = 1.0 if done < hold else max(LOWEST, (1 - done) / (1 - hold))
    return rise * fall


def _state_of(net: nn.Module, file: Path) -> Checkpoint:
    """Go on from the checkpoint if there is one; its tensors are the network's own."""
    memory: dict[str, Tensor] = {}
    start = Checkpoint(0, 0.0, 0.0, {}, {}, memory, ())
    if file.exists():
        start = load_checkpoint(file)
        net.load_state_dict(start.net)
    own = dict(net.state_dict())
    average = start.average or {name: t.clone() for name, t in own.items()}
    return replace(start, net=own, average=average)


def _lost(loss_of: Loss, net: nn.Module, batch: Any) -> Tensor:
    """Return a step's loss, its convolutions in the precision that is faster here."""
    kind = faster_precision()
    with torch.autocast("cpu", kind, enabled=kind is torch.bfloat16):
        return loss_of(net, batch)


def _share_done(state: Checkpoint, recipe: Recipe, begun: float) -> float:
    steps = state.step / recipe.steps
    if recipe.minutes is None or "WORLD_SIZE" in os.environ:
        return steps  # several processes must agree on the last step: no clock
    seconds = state.seconds + perf_counter() - begun
    return max(steps, seconds / (60 * recipe.minutes))


def _stepped(
    state: Checkpoint,
    named: dict[str, nn.Parameter],
    recipe: Recipe,
    done: float,
    loss: float,
) -> Checkpoint:
    share = rate_at(done, state.step, warm=recipe.warm, hold=recipe.hold)
    step = state.step + 1
    nn.utils.clip_grad_norm_(named.values(), GRADIENT_LIMIT)
    descend(
        named,
        state.memory,
        step=step,
        rate=recipe.rate * share,
        matrix_rate=recipe.matrix_rate * share,
    )
    # Early weights are soon forgotten: the average's memory grows with the steps.
    decay = min(recipe.average, (1 + step) / (10 + step))
    for name, tensor in state.net.items():
        if tensor.is_floating_point():
            state.average[name].lerp_(tensor.detach(), 1 - decay)
        else:  # a count of batches has no average
            state.average[name].copy_(tensor)
    losses = state.losses
    if not losses or step % CURVE_EVERY == 0:
        losses = (*losses, (step, loss))
    return replace(state, step=step, losses=losses)


def _kept(
    state: Checkpoint, file: Path, begun: float, joules: float
) -> tuple[Checkpoint, float]:
    now = perf_counter()
    seconds = state.seconds + now - begun
    state = replace(state, seconds=seconds, joules=state.joules + joules)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(file, state)
    return state, now


@contextmanager
def _processes() -> Iterator[tuple[int, int]]:
    """Join the processes that torchrun started; alone otherwise."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield 0, 1
        return
    distributed.init_process_group("gloo")
    try:
        yield distributed.get_rank(), world
    finally:
        distributed.destroy_process_group()


def _share_gradients(named: dict[str, nn.Parameter], world: int) -> None:
    if world == 1:
        return
    for parameter in named.values():
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
            parameter.grad /= world
