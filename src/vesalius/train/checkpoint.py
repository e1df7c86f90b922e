"""Checkpoint: all that a training needs to go on as if it had never stopped."""

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vesalius.errors import WeightsError

FORMAT = "1"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A training at the end of one step.

    Attributes:
        step: Steps done.
        seconds: Seconds worked so far, over all runs.
        joules: Energy used so far, over all runs.
        net: The network's weights.
        average: Their moving average.
        memory: The optimiser's memory.
        losses: Pairs of step and loss, for the curve.
    """

    step: int
    seconds: float
    joules: float
    net: dict[str, Tensor]
    average: dict[str, Tensor]
    memory: dict[str, Tensor]
    losses: tuple[tuple[int, float], ...]


def save_checkpoint(file: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        file: Where to; what is there is replaced.
        checkpoint: The state to keep.
    """
    parts = {"net": checkpoint.net, "average": checkpoint.average}
    parts["memory"] = checkpoint.memory
    tensors = {
        f"{part}/{name}": tensor.detach().contiguous()
        for part, named in parts.items()
        for name, tensor in named.items()
    }
    numbers = {
        "format": FORMAT,
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "joules": checkpoint.joules,
        "losses": checkpoint.losses,
    }
    draft = file.with_suffix(".draft")
    save_file(tensors, draft, metadata={"training": json.dumps(numbers)})
    draft.replace(file)


def load_checkpoint(file: Path) -> Checkpoint:
    """Read what `save_checkpoint` wrote.

    Raises:
        WeightsError: The file is damaged or no checkpoint.
    """
    from safetensors import safe_open

    try:
        tensors = load_file(file)
        with safe_open(file, "pt") as opened:
            numbers = json.loads(opened.metadata()["training"])
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise WeightsError(
            f"{file.name} is no checkpoint of a training, or damaged; train without "
            "--resume to begin again"
        ) from error

    def part(prefix: str) -> dict[str, Tensor]:
        begin = f"{prefix}/"
        return {
            name.removeprefix(begin): tensor
            for name, tensor in tensors.items()
            if name.startswith(begin)
        }

    return Checkpoint(
        step=int(numbers["step"]),
        seconds=float(numbers["seconds"]),
        joules=float(numbers["joules"]),
        net=part("net"),
        average=part("average"),
        memory=part("memory"),
        losses=tuple((int(step), float(loss)) for step, loss in numbers["losses"]),
    )
