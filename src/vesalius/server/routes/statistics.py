"""Statistics: how readers decide on models' answers; small numbers say so."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select

from vesalius.evaluate.intervals import Interval, proportion_interval
from vesalius.governance.reading import FEWEST, Habit, by_model, by_reader
from vesalius.server.accounts import list_accounts
from vesalius.server.doors import Own, TheDesk
from vesalius.server.projects import AbsentError, refuse_strangers
from vesalius.server.roles import Role
from vesalius.server.schema import PROJECTS
from vesalius.server.statistics import counted

ROUTER = APIRouter(prefix="/api/statistics", tags=["statistics"])
OVERSEES = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})


class Share(BaseModel):
    """So many of so many, and the 95 % interval of the share."""

    count: int
    of: int
    share: float
    low: float
    high: float


class HabitTold(BaseModel):
    """How one reader decides, or how one model is decided on.

    Attributes:
        id: The account's, or the model's name.
        name: As people call it.
        results: A model's answers, decided on or not; for a reader those decided on.
        decisions: By one reader on one answer each.
        accepted: Taken as they were: agreement; None without a decision.
        corrected: Mended by a person.
        rejected: Not taken.
        overridden: Corrected or rejected.
        first_read: Of first reads that took a side, those that said what the machine
            said; None where there were none.
        followed: Of first reads that took the other side, those whose reader accepted
            the machine's all the same; None where there were none.
        median_s: Of the time from an answer shown to its decision; None without one.
        warning: Where it looks as if nobody looked; else empty.
        few: Where the numbers are too small to say much; else empty.
    """

    id: str
    name: str
    results: int
    decisions: int
    accepted: Share | None = None
    corrected: Share | None = None
    rejected: Share | None = None
    overridden: Share | None = None
    first_read: Share | None = None
    followed: Share | None = None
    median_s: float | None = None
    warning: str = ""
    few: str


class Told(BaseModel):
    """Habits, as whoever asks may see them.

    Attributes:
        whose: "own" or "all".
        readers: By id.
        models: By name.
    """

    whose: str
    readers: list[HabitTold]
    models: list[HabitTold]


@ROUTER.get("")
def look(
    desk: TheDesk,
    session: Own,
    project: Annotated[str, Query(max_length=40)] = "",
) -> Told:
    """Count decisions: a reader's own; all for administrators and auditors."""
    account = session.account
    sees_all = bool(account.roles & OVERSEES)
    with desk.look() as connection:
        if project and not sees_all:
            refuse_strangers(connection, account, project)
        known = select(PROJECTS.c.id).where(PROJECTS.c.id == project)
        if project and connection.execute(known).first() is None:
            raise AbsentError
        reader = None if sees_all else account
        found = counted(connection, desk.objects, project=project, reader=reader)
        names = {one.id: one.name for one in list_accounts(connection)}
    readers = [_told(habit, names) for habit in by_reader(found.decisions)]
    models = [
        _told(habit, {}, found.results.get(habit.name, 0))
        for habit in by_model(found.decisions)
    ]
    decided = {one.id for one in models}
    models += [
        HabitTold(id=name, name=name, results=count, decisions=0, few=_few(0))
        for name, count in found.results.items()
        if name not in decided
    ]
    whose = "all" if sees_all else "own"
    return Told(whose=whose, readers=readers, models=sorted(models, key=lambda m: m.id))


def _told(
    habit: Habit, names: Mapping[str, str], results: int | None = None
) -> HabitTold:
    total = habit.decisions
    accepted = _share(habit.accepted)
    overridden = total - (accepted.count if accepted else 0)
    return HabitTold(
        id=habit.name,
        name=names.get(habit.name, habit.name),
        results=total if results is None else results,
        decisions=total,
        accepted=accepted,
        corrected=_share(habit.corrected),
        rejected=_share(habit.rejected),
        overridden=_share(proportion_interval(overridden, total)),
        first_read=_share(habit.agreed),
        followed=_share(habit.followed),
        median_s=habit.median_s,
        warning=habit.warning,
        few=_few(total),
    )


def _share(found: Interval | None) -> Share | None:
    if found is None:
        return None
    return Share(
        count=round(found.value * found.count),
        of=found.count,
        share=found.value,
        low=found.low,
        high=found.high,
    )


def _few(decisions: int) -> str:
    if decisions >= FEWEST:
        return ""
    if decisions == 0:
        return "Nothing was decided yet."
    return f"Only {decisions} decided: shares of so few may be chance."
