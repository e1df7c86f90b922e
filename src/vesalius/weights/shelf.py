"""The shelf: which models are in the box, and whether they are what was shipped."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from vesalius.card import Card
from vesalius.errors import ConfigError, WeightsError
from vesalius.weights.cards import read_card

if TYPE_CHECKING:
    from torch import Tensor

SHELF = Path(__file__).parent


def names() -> tuple[str, ...]:
    """List the shipped models, sorted."""
    return tuple(sorted(file.stem for file in SHELF.glob("*.toml")))


def card(name: str) -> Card:
    """Return a model's card.

    Raises:
        ConfigError: There is no such model.
        WeightsError: The card is damaged.
    """
    if name not in names():
        known = ", ".join(names()) or "none"
        raise ConfigError(f"there is no model {name!r}; the box holds {known}")
    try:
        return _card(name)
    except (ConfigError, OSError) as error:
        raise WeightsError(
            f"the card of {name} is damaged; install vesalius again"
        ) from error


def load(name: str) -> "dict[str, Tensor]":
    """Return a model's weights as float32, after a look at their fingerprint.

    Args:
        name: One of `names()`.

    Raises:
        ConfigError: There is no such model.
        WeightsError: The file is missing, or is not the one the card describes.
    """
    from safetensors.torch import load as parse

    expected = card(name).weights_sha256
    try:
        content = (SHELF / f"{name}.safetensors").read_bytes()
    except OSError as error:
        raise WeightsError(
            f"the weights of {name} are missing; install vesalius again"
        ) from error
    if sha256(content).hexdigest() != expected:
        raise WeightsError(
            f"the weights of {name} are not the ones its card describes: altered or "
            "damaged; install vesalius again, or train them with vesalius train"
        )
    return {key: tensor.float() for key, tensor in parse(content).items()}


@lru_cache
def _card(name: str) -> Card:
    return read_card(SHELF / f"{name}.toml")
