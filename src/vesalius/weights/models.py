"""Models: a card and the network it describes, ready to be used."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from vesalius.card import Card
from vesalius.errors import ConfigError, WeightsError
from vesalius.nets import network_of
from vesalius.weights.cards import read_card
from vesalius.weights.shelf import card, load, load_file, names


@dataclass(frozen=True, eq=False)
class Model:
    """A model that may be used: what it is for, and the network itself."""

    card: Card
    net: nn.Module


@lru_cache(maxsize=4)
def open_model(name: str, device: str = "cpu") -> Model:
    """Open a shipped model.

    Args:
        name: One of `names()`.
        device: Where the network is to lie, "cpu" or "cuda".

    Raises:
        WeightsError: It is not in the box, its file is altered, or it fits no network
            here.
    """
    if name not in names():
        raise WeightsError(
            f"the model {name} is not in the box; install vesalius again"
        )
    return _built(card(name), load(name), device)


def open_kept(card_file: Path, weights_file: Path, device: str = "cpu") -> Model:
    """Open a model that is kept elsewhere: an earlier version, one of one's own.

    Args:
        card_file: Its card, as TOML, under whatever name.
        weights_file: Its weights, likewise.
        device: Where the network is to lie, "cpu" or "cuda".

    Raises:
        WeightsError: The card is damaged, the weights are not the ones it describes,
            or they fit no network here.
    """
    try:
        said = read_card(card_file)
    except (ConfigError, OSError, UnicodeDecodeError) as error:
        raise WeightsError(
            "the card of a model that was kept is damaged; restore a backup"
        ) from error
    return _built(said, load_file(weights_file, said), device)


def _built(said: Card, tensors: dict[str, torch.Tensor], device: str) -> Model:
    try:
        net = network_of(tensors)
    except (KeyError, RuntimeError) as error:
        raise WeightsError(
            f"the weights of {said.name} fit no network here; install vesalius again"
        ) from error
    net = net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Model(said, net)
