"""Course: what training one verb's models takes, as functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from vesalius.card import Card
from vesalius.train.loop import Loss, Source
from vesalius.train.recipe import Recipe


@dataclass(frozen=True)
class Objective:
    """One kind of training: what learns, by which loss, and what of it is kept.

    Attributes:
        build: The network, or the pair of networks, at the start: from the recipe,
            and the weights it says to begin with.
        loss: What a step brings down.
        kept: Prefix of the weights that ship.
    """

    build: Callable[[Recipe, dict[str, Tensor] | None], nn.Module]
    loss: Loss
    kept: str


@dataclass(frozen=True)
class Course:
    """All that differs between training one verb's models and another's.

    Attributes:
        source: Reads the training patients; draws batches.
        objectives: The kinds of training, by the name a recipe gives.
        patients: How many patients of each data set the training sees.
        measured: Calibrates the model and puts its figures on its card.
        fold: Reads the patients that one member of several in folds learns from, by
            its number; None where a verb is not trained so.
    """

    source: Callable[[Recipe, Path], Source]
    objectives: Mapping[str, Objective]
    patients: Callable[[Recipe, Path], dict[str, int]]
    measured: Callable[[Card, dict[str, Tensor], Recipe, Path], Card]
    fold: Callable[[Recipe, Path, int], Source] | None = None
