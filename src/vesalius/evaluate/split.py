"""Split: which patients train, which calibrate, which are kept for the test."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from vesalius.errors import ConfigError

Part = Literal["train", "calibrate", "test"]
PARTS: tuple[Part, ...] = ("train", "calibrate", "test")
Asked = Literal["train", "calibrate", "test", "all"]


@dataclass(frozen=True)
class Split:
    """The patients of one data set, each in exactly one part."""

    train: tuple[str, ...]
    calibrate: tuple[str, ...]
    test: tuple[str, ...]

    def part_of(self, patient: str) -> Part:
        """Name the part a patient belongs to.

        Raises:
            ConfigError: The patient is in none.
        """
        for part in PARTS:
            if patient in getattr(self, part):
                return part
        raise ConfigError("this patient belongs to no part of the split")


def split(patients: Iterable[str]) -> Split:
    """Divide the patients of one data set, always in the same way.

    One rule for the whole project, so that no model has seen another's test
    patient. A patient's rank is that of the SHA-256 of the id, which nobody chose
    and which stays when the files move.

    Args:
        patients: Ids of one data set; what is named twice counts once.

    Returns:
        The first 60 %, rounded down, train; half of the rest, rounded down,
        calibrate; the others test. A set of one patient trains.

    Raises:
        ConfigError: There is no patient.

    Limits:
        The split of a set changes when patients join it or leave it: use it on
        whole sets only.

    Example:
        >>> parts = split(f"patient{n}" for n in range(10))
        >>> len(parts.train), len(parts.calibrate), len(parts.test)
        (6, 2, 2)
    """
    ranked = sorted(set(patients), key=_rank)
    if not ranked:
        raise ConfigError("there is no patient to split")
    if len(ranked) == 1:
        return Split(tuple(ranked), (), ())
    training = len(ranked) * 6 // 10
    calibrating = training + (len(ranked) - training) // 2
    return Split(
        tuple(ranked[:training]),
        tuple(ranked[training:calibrating]),
        tuple(ranked[calibrating:]),
    )


def fold_of(patients: Iterable[str], folds: int) -> dict[str, int]:
    """Deal patients into folds, always in the same way.

    Args:
        patients: Ids, of those that train and calibrate alone; what is named twice
            counts once.
        folds: As many; a patient's is its rank, as `split` ranks, modulo this.

    Returns:
        Each patient's fold, from 0.

    Raises:
        ConfigError: There are fewer patients than folds.
    """
    ranked = sorted(set(patients), key=_rank)
    if len(ranked) < folds:
        raise ConfigError(f"{len(ranked)} patients cannot be dealt into {folds} folds")
    return {name: place % folds for place, name in enumerate(ranked)}


def part_asked(asked: Asked) -> Part | None:
    """Return the part that is asked for; None for "all", whatever the rule says.

    All of a data set counts where it has no patient that was trained on: one that
    the project has never seen.
    """
    return None if asked == "all" else asked


def _rank(patient: str) -> str:
    return sha256(patient.encode()).hexdigest()
