"""Job: one piece of the desk's work, where it stands, and what may follow."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_W, _R, _D, _F, _C = JobState
# From a state to those that may follow it. Interrupted work waits again.
FOLLOWS: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        _W: frozenset({_R, _C, _F}),
        _R: frozenset({_D, _F, _C, _W}),
        _D: frozenset(),
        _F: frozenset({_W}),
        _C: frozenset({_W}),
    }
)


@dataclass(frozen=True)
class Wish:
    """What somebody asks for.

    Attributes:
        project: Whose cases see it.
        case: The pseudonym.
        verb: A verb's name.
        input_sha256: Of the scan, as it is kept.
        options: Of the verb.
        scan: Its id here.
        model: The card's name; empty where it is looked for when the work begins.
    """

    project: str
    case: str
    verb: str
    input_sha256: str
    options: Mapping[str, Any]
    scan: str | None = None
    model: str = ""


@dataclass(frozen=True)
class Job:
    """One piece of work.

    Attributes:
        id: Its name.
        wish: What was asked for.
        state: Where it stands.
        by: The account that asked.
        queued: When.
        started: When its last try began.
        ended: When it ended, however it did.
        tries: How often it was begun.
        worker: Who works on it.
        stage: What is being done.
        done: Of this stage's steps.
        total: Of them; 0 where nobody knows.
        reason: Why it failed or is tried again: a code.
        output_sha256: Of what came of it.
        weights_sha256: Of the model's version that is used; empty until it begins.
    """

    id: str
    wish: Wish
    state: JobState
    by: str
    queued: datetime
    started: datetime | None
    ended: datetime | None
    tries: int
    worker: str
    stage: str
    done: int
    total: int
    reason: str
    output_sha256: str
    weights_sha256: str = ""


def read_job(row: Mapping[Any, Any]) -> Job:
    """Return the job that a row of the table is.

    Args:
        row: By column.
    """
    wish = Wish(
        project=row["project"],
        case=row["case"],
        verb=row["verb"],
        input_sha256=row["input_sha256"],
        options=json.loads(row["options"]),
        scan=row["scan"],
        model=row["model"],
    )
    return Job(
        id=row["id"],
        wish=wish,
        state=JobState(row["state"]),
        by=row["by"],
        queued=datetime.fromisoformat(row["queued"]),
        started=_time(row["started"]),
        ended=_time(row["ended"]),
        tries=row["tries"],
        worker=row["worker"] or "",
        stage=row["stage"],
        done=row["done"],
        total=row["total"],
        reason=row["reason"],
        output_sha256=row["output_sha256"] or "",
        weights_sha256=row["weights_sha256"],
    )


def _time(words: str | None) -> datetime | None:
    return None if words is None else datetime.fromisoformat(words)
