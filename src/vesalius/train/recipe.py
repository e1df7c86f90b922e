"""Recipe: everything that makes one model again, as one page of TOML."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vesalius.card import Card
from vesalius.errors import ConfigError
from vesalius.options import load_options

RECIPES = Path(__file__).parents[1] / "recipes"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one model is trained.

    Attributes:
        name: The model's name; its card and weights are called so.
        modality: Scans of this modality are read, "MR" or "CT".
        objective: What the network learns, one of its verb's: to denoise, the
            conditional "mean" with its quantiles, that and an "adversarial" critic,
            or a "variational" code; to translate, the "median", that and an
            "adversarial" critic, or what "unpaired" slices tell.
        ships: Whether the model goes into the box.
        start: The model whose weights are the start: trained beside this one, or
            in the box; None begins at random.
        keep_end: Whether the start's last layer is kept too: where it did the same.
        members: Networks trained apart, each from the next seed; they ship together
            and their answers are averaged.
        folds: Whether each member leaves out its own share of the patients that
            train and calibrate, and is calibrated on it: so all of them teach.
        dealt: Who is dealt into folds: "all" of them, or those who "calibrate" alone;
            then all who train teach every member, as a start from members that have
            seen them needs.
        seed: Of everything drawn at random.
        steps: Optimiser steps.
        minutes: Wall-clock budget that ends the training early; None sets none.
        batch: Slices a step.
        side: Pixels along either side of a training crop.
        widths: Channels of the network's levels.
        depth: Residual blocks a level.
        rate: Adam's learning rate at its highest.
        matrix_rate: Muon's learning rate at its highest.
        warm: Steps over which the rates rise.
        hold: Share of the training after which the rates begin to fall.
        average: Decay of the exponential moving average of the weights.
        noise: Lowest and highest SD: of the scan's maximum in MR, in HU in CT; a
            verb that adds no noise needs none.
        sets: Share of the crops that each data set gives; "phantom" is drawn.
        leave_out: The centre that neither trains nor calibrates, and alone is
            tested on; None leaves none out.
        copies: Share of the crops whose contrast is made up.
        spots: Share of the crops with small spots of which no anatomy knows.
        keep_every: Steps between two checkpoints.
        targets: How the clean pictures were made, for the card.
        card: What the card says that is not measured; its keys are the card's.
    """

    name: str
    modality: str
    objective: str = "mean"
    ships: bool = True
    start: str | None = None
    keep_end: bool = False
    members: int = 1
    folds: bool = False
    dealt: str = "all"
    seed: int = 0
    steps: int
    minutes: float | None = None
    batch: int = 12
    side: int = 96
    widths: tuple[int, ...] = (32, 64, 128)
    depth: int = 2
    rate: float = 1e-3
    matrix_rate: float = 3e-3
    warm: int = 50
    hold: float = 0.4
    average: float = 0.998
    noise: tuple[float, float] = (0.0, 0.1)
    sets: dict[str, float] = field(default_factory=dict)
    leave_out: str | None = None
    copies: float = 0.15
    spots: float = 0.0
    keep_every: int = 200
    targets: str = "the scans as they are"
    card: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.members) < 1:
            raise ConfigError(
                f"{self.name}: steps, batch and members must be at least 1"
            )
        if self.folds and self.members == 1:
            raise ConfigError(f"{self.name}: folds need two members or more")
        if self.dealt not in ("all", "calibrate"):
            raise ConfigError(f'{self.name}: dealt is "all" or "calibrate"')
        if self.side % (2 * 2 ** (len(self.widths) - 1)):
            raise ConfigError(f"{self.name}: side must be a multiple of the folding")
        if not 0 <= self.noise[0] < self.noise[1]:
            raise ConfigError(f"{self.name}: noise runs from low to high, from 0 up")

    def card_of(self) -> Card:
        """Return the card before anything is measured.

        Raises:
            ConfigError: The recipe's card has an unknown key, or lacks one.
        """
        try:
            return Card(name=self.name, modalities=(self.modality,), **self.card)
        except TypeError as error:
            raise ConfigError(f"{self.name}: its card does not fit: {error}") from error


def open_recipe(recipe: str | Path) -> Recipe:
    """Find a recipe by its name in the package, or read a file of one's own.

    Raises:
        ConfigError: There is none of that name, or a key is unknown or missing.
    """
    own = Path(recipe)
    path = own if own.suffix == ".toml" else RECIPES / f"{recipe}.toml"
    if not path.is_file():
        known = sorted(file.stem for file in RECIPES.glob("*.toml"))
        raise ConfigError(
            f"there is no recipe {own.name!r}; known are {', '.join(known)}, or give "
            "the path of a .toml file"
        )
    return load_options(path, Recipe)
