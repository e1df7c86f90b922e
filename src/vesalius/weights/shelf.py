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
    return load_file(SHELF / f"{name}.safetensors", card(name))


def load_file(file: Path, said: Card) -> "dict[str, Tensor]":
    """Return the weights in a file as float32, after a look at their fingerprint.

    Args:
        file: Wherever it lies, under whatever name.
        said: The card that describes them.

    Raises:
        WeightsError: The file is missing, or is not the one the card describes.
    """
    from safetensors.torch import load as parse

    try:
        content = file.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"the weights of {said.name} are missing; install vesalius again"
        ) from error
    if sha256(content).hexdigest() != said.weights_sha256:
        raise WeightsError(
            f"the weights of {said.name} are not the ones its card describes: altered "
            "or damaged; install vesalius again, or train them with vesalius train"
        )
    return {key: tensor.float() for key, tensor in parse(content).items()}


@lru_cache
def _card(name: str) -> Card:
    return read_card(SHELF / f"{name}.toml")
