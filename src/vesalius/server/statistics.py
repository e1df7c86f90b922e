"""Statistics: how readers decide on models' answers, counted from the record.

No patient is in it: who decided what of which model's answer, and how long it took.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from vesalius.errors import ConfigError
from vesalius.governance.audit import Event
from vesalius.governance.reading import Decision
from vesalius.governance.review import State
from vesalius.governance.searching import Sought, search
from vesalius.server.accounts import Account
from vesalius.server.database import executed
from vesalius.server.objects import Objects
from vesalius.server.schema import CASES, MEMBERS, RESULTS, REVIEWS, SCANS

EVERY = 2**31  # entries: all of them
ANSWERING = ("segment", "detect")  # verbs whose answer says that something is there
DECIDED = {
    "review.accepted": State.ACCEPTED,
    "review.corrected": State.CORRECTED,
    "review.rejected": State.REJECTED,
}


@dataclass(frozen=True)
class Counted:
    """What there is to count.

    Attributes:
        decisions: One a reader and answer.
        results: How many answers there are, by model; decided on or not.
    """

    decisions: tuple[Decision, ...]
    results: Mapping[str, int]


@dataclass
class _Read:
    """How one reader read one answer."""

    shown: datetime | None = None
    state: State | None = None
    seconds: float = 0.0


def counted(
    connection: Connection,
    objects: Objects,
    *,
    project: str = "",
    reader: Account | None = None,
) -> Counted:
    """Gather decisions from the record.

    A reader's time on an answer runs from when it was shown to them to their first
    decision on it. Who has corrected it has corrected it, whatever came after; else
    the last decision counts.

    Args:
        connection: Within a block.
        objects: Hold the answers.
        project: Of its cases alone; empty takes all.
        reader: Of this one's decisions alone, in their projects; None takes all.

    Raises:
        RecordError: An entry of the record is none.
    """
    rows = _results(connection, project, reader)
    reads: dict[tuple[str, str], _Read] = {}
    for _, event in search(executed(connection), Sought(what="review."), EVERY):
        is_own = reader is None or (event is not None and event.who == reader.id)
        if event is not None and event.about in rows and is_own:
            _follow(reads.setdefault((event.who, event.about), _Read()), event)
    decisions = tuple(
        _decision(objects, rows[result], who, read)
        for (who, result), read in reads.items()
        if read.state is not None
    )
    return Counted(decisions, Counter(row["model"] for row in rows.values()))


def _results(
    connection: Connection, project: str, reader: Account | None
) -> dict[str, Mapping[Any, Any]]:
    chosen = (
        select(RESULTS, REVIEWS.c.review)
        .join(REVIEWS, REVIEWS.c.result == RESULTS.c.id)
        .join(SCANS, SCANS.c.id == RESULTS.c.scan)
        .join(CASES, CASES.c.id == SCANS.c.case)
    )
    if project:
        chosen = chosen.where(CASES.c.project == project)
    if reader is not None:
        own = select(MEMBERS.c.project).where(MEMBERS.c.user == reader.id)
        chosen = chosen.where(CASES.c.project.in_(own))
    rows = connection.execute(chosen).mappings()
    return {row["id"]: dict(row) for row in rows}


def _follow(read: _Read, event: Event) -> None:
    when = datetime.fromisoformat(event.when)
    if event.what == "review.shown":
        read.shown = when
    if event.what not in DECIDED or read.shown is None:
        return
    if read.state is None:
        read.seconds = (when - read.shown).total_seconds()
    if read.state is not State.CORRECTED:
        read.state = DECIDED[event.what]


def _decision(
    objects: Objects, row: Mapping[Any, Any], who: str, read: _Read
) -> Decision:
    given: Sequence[Mapping[str, Any]] = json.loads(row["review"])["opinions"]
    first = next((one["finds"] for one in given if one["reader"] == who), "")
    return Decision(
        reader=who,
        model=row["model"],
        state=read.state or State.ACCEPTED,
        seconds=read.seconds,
        first_read=first,
        machine=_machine(objects, row) if first else "",
    )


def _machine(objects: Objects, row: Mapping[Any, Any]) -> str:
    """Return what the machine said in a reader's words; empty where it said neither."""
    if row["verb"] not in ANSWERING or row["outcome"] == "withhold":
        return ""
    try:
        listed = json.loads(objects.path(row["output_sha256"]).read_bytes())
        told = json.loads(objects.path(listed["files"]["result.json"]).read_bytes())
    except (ConfigError, KeyError):
        return ""
    return "present" if told["findings"] else "absent"
