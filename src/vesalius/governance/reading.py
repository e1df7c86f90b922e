"""Reading: how readers decide on models' answers, and when it looks as if blind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from vesalius.errors import ConfigError
from vesalius.evaluate.intervals import Interval, proportion_interval
from vesalius.governance.review import FINDS, State

DECIDED = (State.ACCEPTED, State.CORRECTED, State.REJECTED)
# More than this share accepted, at a median below these seconds, is no reading.
STAMPED_SHARE, STAMPED_S = 0.98, 5.0
FEWEST = 20  # decisions: fewer say nothing of a habit


@dataclass(frozen=True)
class Decision:
    """What one reader decided on one answer.

    Attributes:
        reader: The account's id.
        model: The card's name.
        state: Accepted, corrected or rejected.
        seconds: From the answer shown to the decision.
        first_read: What the reader thought before; empty where none was asked for.
        machine: What the answer says, in the same words; empty where it says neither.
    """

    reader: str
    model: str
    state: State
    seconds: float
    first_read: str = ""
    machine: str = ""

    def __post_init__(self) -> None:
        if self.state not in DECIDED:
            raise ConfigError(f"{self.state} is no decision")
        for word in (self.first_read, self.machine):
            if word and word not in FINDS:
                raise ConfigError(f"a finding is one of {', '.join(FINDS)}")


@dataclass(frozen=True)
class Habit:
    """How one reader decides, or how one model is decided on.

    Attributes:
        name: The reader's id, or the model's name.
        decisions: How many.
        accepted: Share taken as it was.
        corrected: Share that a person mended.
        rejected: Share.
        median_s: Of the time on an answer.
        agreed: Of first reads that chose a side, the share that said what the machine
            said; None where there were none.
        followed: Of first reads that chose the other side, the share whose answer was
            accepted all the same; None where there were none.
        warning: In plain words, where it looks as if nobody looked; else empty.
    """

    name: str
    decisions: int
    accepted: Interval
    corrected: Interval
    rejected: Interval
    median_s: float
    agreed: Interval | None
    followed: Interval | None
    warning: str = ""


def by_reader(decisions: Sequence[Decision]) -> tuple[Habit, ...]:
    """Count each reader's decisions.

    Args:
        decisions: Of any number of readers and models.

    Returns:
        One habit a reader, by id; only readers' habits warn.
    """
    return _grouped(decisions, lambda one: one.reader, warns=True)


def by_model(decisions: Sequence[Decision]) -> tuple[Habit, ...]:
    """Count how each model's answers were decided on.

    Args:
        decisions: Of any number of readers and models.

    Returns:
        One habit a model, by name.
    """
    return _grouped(decisions, lambda one: one.model, warns=False)


def _grouped(
    decisions: Sequence[Decision], key: Callable[[Decision], str], *, warns: bool
) -> tuple[Habit, ...]:
    names = sorted({key(one) for one in decisions})
    return tuple(
        _habit(name, [one for one in decisions if key(one) == name], warns)
        for name in names
    )


def _habit(name: str, made: Sequence[Decision], warns: bool) -> Habit:
    count = len(made)
    shares = {
        state: proportion_interval(sum(one.state is state for one in made), count)
        for state in DECIDED
    }
    middle = median(one.seconds for one in made)
    sides = [one for one in made if _sided(one.first_read) and _sided(one.machine)]
    others = [one for one in sides if one.first_read != one.machine]
    blind = (
        warns
        and count >= FEWEST
        and shares[State.ACCEPTED].value > STAMPED_SHARE
        and middle < STAMPED_S
    )
    return Habit(
        name=name,
        decisions=count,
        accepted=shares[State.ACCEPTED],
        corrected=shares[State.CORRECTED],
        rejected=shares[State.REJECTED],
        median_s=middle,
        agreed=_share(len(sides) - len(others), len(sides)),
        followed=_share(
            sum(one.state is State.ACCEPTED for one in others), len(others)
        ),
        warning=_warned(count, middle) if blind else "",
    )


def _sided(word: str) -> bool:
    return word in ("present", "absent")


def _share(found: int, count: int) -> Interval | None:
    return proportion_interval(found, count) if count else None


def _warned(count: int, middle: float) -> str:
    return (
        f"Nearly all of {count} answers were accepted, half of them within "
        f"{middle:.1f} s: look at some of them again, with a second reader."
    )
