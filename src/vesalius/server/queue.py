"""Queue: work that outlives a crash, each step and its record in one block."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from vesalius.errors import ConfigError
from vesalius.governance.audit import Event
from vesalius.server.accounts import SYSTEM, Account, Record
from vesalius.server.job import FOLLOWS, Job, JobState, Wish, read_job
from vesalius.server.schema import JOBS

MOST_TRIES = 3  # a job that takes its worker down each time is not tried for ever
RECENT = 20  # finished jobs that an estimate looks at


def submit(
    connection: Connection, record: Record, wish: Wish, by: Account, now: datetime
) -> Job:
    """Put a job at the end of the queue.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        wish: What is asked for.
        by: Who asks.
        now: The time.
    """
    name = f"job-{secrets.token_hex(8)}"
    row = {
        "id": name,
        "project": wish.project,
        "case": wish.case,
        "scan": wish.scan,
        "model": wish.model,
        "verb": wish.verb,
        "input_sha256": wish.input_sha256,
        "options": json.dumps(dict(wish.options), sort_keys=True),
        "state": JobState.WAITING,
        "by": by.id,
        "queued": now.isoformat(),
    }
    connection.execute(insert(JOBS).values(row))
    job = find(connection, name)
    record(_event(job, "job.queued", by))
    return job


def take(
    connection: Connection, record: Record, worker: str, now: datetime
) -> Job | None:
    """Give a worker the job that has waited longest.

    Args:
        connection: Within a block that writes: no two workers get the same.
        record: Writes what was done.
        worker: Its name.
        now: The time.

    Returns:
        None where none waits.
    """
    waiting = select(JOBS.c.id).where(JOBS.c.state == JobState.WAITING)
    name = connection.execute(waiting.order_by(JOBS.c.number).limit(1)).scalar()
    if name is None:
        return None
    begun = {"worker": worker, "started": now.isoformat(), "tries": JOBS.c.tries + 1}
    return _moved(connection, record, name, JobState.RUNNING, "job.begun", begun)


def tell(
    connection: Connection, name: str, worker: str, stage: str, done: int, total: int
) -> bool:
    """Note how far a job is; no record: nothing was decided.

    Args:
        connection: Within a block that writes.
        name: The job's.
        worker: Who works on it.
        stage: What is being done.
        done: Steps.
        total: Of them; 0 where nobody knows.

    Returns:
        False where the job is not this worker's any more: stop working.
    """
    own = (
        (JOBS.c.id == name)
        & (JOBS.c.state == JobState.RUNNING)
        & (JOBS.c.worker == worker)
    )
    change = update(JOBS).where(own).values(stage=stage, done=done, total=total)
    return connection.execute(change).rowcount == 1


def use(connection: Connection, name: str, model: str, weights_sha256: str) -> None:
    """Note which version of a model does a job; its result's record says it, too.

    Args:
        connection: Within a block that writes.
        name: The job's.
        model: The card's name.
        weights_sha256: Of the version.
    """
    values = {"model": model, "weights_sha256": weights_sha256}
    connection.execute(update(JOBS).where(JOBS.c.id == name).values(values))


def finish(
    connection: Connection,
    record: Record,
    name: str,
    worker: str,
    output_sha256: str,
    now: datetime,
) -> Job:
    """End a job well.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        name: The job's.
        worker: Who has done it.
        output_sha256: Of what came of it, kept already.
        now: The time.

    Raises:
        ConfigError: It is not this worker's any more; what came of it is dropped.
    """
    _refuse_strangers(find(connection, name), worker)
    ended = {"ended": now.isoformat(), "output_sha256": output_sha256, "reason": ""}
    return _moved(connection, record, name, JobState.DONE, "job.done", ended)


def fail(
    connection: Connection,
    record: Record,
    name: str,
    worker: str,
    reason: str,
    now: datetime,
) -> Job:
    """End a job that could not be done.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        name: The job's.
        worker: Who has tried.
        reason: A code.
        now: The time.

    Raises:
        ConfigError: It is not this worker's any more.
    """
    _refuse_strangers(find(connection, name), worker)
    ended = {"ended": now.isoformat(), "reason": reason}
    return _moved(connection, record, name, JobState.FAILED, "job.failed", ended)


def fail_waiting(
    connection: Connection,
    record: Record,
    model: str,
    reason: str,
    by: Account,
    now: datetime,
) -> tuple[Job, ...]:
    """End all jobs that wait for a model.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        model: The card's name.
        reason: A code.
        by: Who ends them.
        now: The time.
    """
    waiting = (JOBS.c.state == JobState.WAITING) & (JOBS.c.model == model)
    names = connection.execute(select(JOBS.c.id).where(waiting)).scalars().all()
    ended = {"ended": now.isoformat(), "reason": reason}
    return tuple(
        _moved(connection, record, name, JobState.FAILED, "job.failed", ended, by)
        for name in names
    )


def cancel(
    connection: Connection, record: Record, name: str, by: Account, now: datetime
) -> Job:
    """Give a job up; a worker at it learns so when it next tells how far it is.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        name: The job's.
        by: Who gives it up.
        now: The time.

    Raises:
        ConfigError: There is no such job, or it has ended.
    """
    ended = {"ended": now.isoformat()}
    return _moved(
        connection, record, name, JobState.CANCELLED, "job.cancelled", ended, by
    )


def retry(
    connection: Connection, record: Record, name: str, reason: str, by: Account
) -> Job:
    """Queue a job again that failed or was given up; it keeps its place.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        name: The job's.
        reason: Why: a code.
        by: Who asks.

    Raises:
        ConfigError: There is no such job, it has not ended, or it was done.
    """
    if not reason:
        raise ConfigError("say why it is to be tried again")
    job = find(connection, name)
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise ConfigError(f"a job that is {job.state} cannot be tried again")
    again = {"ended": None, "reason": reason, "tries": 0, **_BEGINNING}
    return _moved(connection, record, name, JobState.WAITING, "job.retried", again, by)


def recover(
    connection: Connection,
    record: Record,
    alive: Sequence[str],
    now: datetime,
    *,
    in_order: bool = False,
) -> tuple[Job, ...]:
    """Let jobs wait again whose workers are gone: after a crash, at the start.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        alive: Workers that are at work.
        now: The time.
        in_order: Whether the desk has stopped them: that is no try.

    Returns:
        Those jobs; one that was tried three times has failed.
    """
    running = select(JOBS.c.id, JOBS.c.worker).where(JOBS.c.state == JobState.RUNNING)
    left = [n for n, worker in connection.execute(running) if worker not in alive]
    found = []
    for name in left:
        tries = find(connection, name).tries - in_order
        is_spent = tries >= MOST_TRIES
        state = JobState.FAILED if is_spent else JobState.WAITING
        what = "job.failed" if is_spent else "job.interrupted"
        ended = {"ended": now.isoformat()} if is_spent else _BEGINNING
        reason = "desk-shut" if in_order else "worker-lost"
        values = {"reason": reason, "tries": tries, **ended}
        found.append(_moved(connection, record, name, state, what, values))
    return tuple(found)


def find(connection: Connection, name: str) -> Job:
    """Return a job.

    Args:
        connection: Within a block.
        name: The job's.

    Raises:
        ConfigError: There is none.
    """
    chosen = select(JOBS).where(JOBS.c.id == name)
    row = connection.execute(chosen).mappings().first()
    if row is None:
        raise ConfigError("there is no such job")
    return read_job(row)


def position(connection: Connection, name: str) -> int | None:
    """Return how many jobs are begun before this one; None where it does not wait.

    Args:
        connection: Within a block.
        name: The job's.
    """
    own = select(JOBS.c.number).where(JOBS.c.id == name).scalar_subquery()
    if find(connection, name).state is not JobState.WAITING:
        return None
    ahead = (JOBS.c.state == JobState.WAITING) & (JOBS.c.number < own)
    count = select(func.count()).select_from(JOBS).where(ahead)
    return int(connection.execute(count).scalar_one())


def waiting(connection: Connection) -> int:
    """Return how many jobs wait.

    Args:
        connection: Within a block.
    """
    chosen = JOBS.c.state == JobState.WAITING
    count = select(func.count()).select_from(JOBS).where(chosen)
    return int(connection.execute(count).scalar_one())


def usual_time(connection: Connection, verb: str) -> timedelta | None:
    """Return how long a verb took lately, at the median; None where nobody knows.

    Args:
        connection: Within a block.
        verb: Its name.
    """
    chosen = (JOBS.c.state == JobState.DONE) & (JOBS.c.verb == verb)
    both = select(JOBS.c.started, JOBS.c.ended).where(chosen)
    rows = connection.execute(both.order_by(JOBS.c.ended.desc()).limit(RECENT))
    spans = sorted(
        datetime.fromisoformat(b) - datetime.fromisoformat(a) for a, b in rows
    )
    return spans[len(spans) // 2] if spans else None


_BEGINNING: dict[str, Any] = {
    "worker": None,
    "started": None,
    "stage": "",
    "done": 0,
    "total": 0,
}


def _moved(
    connection: Connection,
    record: Record,
    name: str,
    state: JobState,
    what: str,
    values: Mapping[str, Any],
    by: Account | None = None,
) -> Job:
    """Change a job's state, or refuse; and write so."""
    job = find(connection, name)
    if state not in FOLLOWS[job.state]:
        raise ConfigError(f"a job that is {job.state} cannot become {state}")
    change = update(JOBS).where(JOBS.c.id == name).values({"state": state, **values})
    connection.execute(change)
    moved = find(connection, name)
    record(_event(moved, what, by))
    return moved


def _refuse_strangers(job: Job, worker: str) -> None:
    if job.state is not JobState.RUNNING or job.worker != worker:
        raise ConfigError(
            "this job is not this worker's any more: drop what came of it"
        )


def _event(job: Job, what: str, by: Account | None) -> Event:
    who, role = (SYSTEM, SYSTEM) if by is None else (by.id, by.role)
    return Event(
        who=who,
        role=role,
        what=what,
        why=job.reason,
        case=job.wish.case,
        input_sha256=job.wish.input_sha256,
        output_sha256=job.output_sha256,
        weights_sha256=job.weights_sha256,
    )
