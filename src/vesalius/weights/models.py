"""Models: a card and the network it describes, ready to be used."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import nn

from vesalius.card import Card
from vesalius.errors import WeightsError
from vesalius.nets import network_of
from vesalius.weights.shelf import card, load, names


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
    said, tensors = card(name), load(name)
    try:
        net = network_of(tensors)
    except (KeyError, RuntimeError) as error:
        raise WeightsError(
            f"the weights of {name} fit no network here; install vesalius again"
        ) from error
    net = net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Model(said, net)
