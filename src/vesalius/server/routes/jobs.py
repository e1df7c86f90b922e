"""Jobs: work asked for, followed, given up, tried again."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection, select

from vesalius.server import queue
from vesalius.server.accounts import Account
from vesalius.server.desk import Desk
from vesalius.server.doors import Own, TheDesk
from vesalius.server.job import Job, JobState, Wish
from vesalius.server.models import model_for, refuse_suspended
from vesalius.server.performing import checked
from vesalius.server.projects import AbsentError, refuse_strangers
from vesalius.server.scans import find_scan
from vesalius.server.schema import JOBS, RESULTS

ROUTER = APIRouter(prefix="/api/jobs", tags=["jobs"])
LOOK_EVERY_S = 0.5
OVER = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})

Word = Annotated[str, Field(max_length=40)]


class New(BaseModel):
    """What is to be done with a scan."""

    scan: Word
    verb: Word
    options: dict[Word, Word] = Field(default_factory=dict, max_length=10)


class Again(BaseModel):
    """Why a job is to be tried again: a code, no word about a patient."""

    reason: Annotated[str, Field(pattern="[a-z0-9][a-z0-9._:-]{0,39}")]


class Told(BaseModel):
    """A job, as pages show it.

    Attributes:
        ahead: Jobs that are begun before it; None where it does not wait.
        stage: What is being done.
        done: Of this stage's steps.
        total: Of them; 0 where nobody knows.
        ends: When it should be done, judged by others like it; None where none is.
        reason: Why it failed: a code.
        model: The card's name.
        weights_sha256: Of the model's version; empty until the work begins.
        result: What came of it; empty where nothing has.
    """

    id: str
    scan: str
    case: str
    verb: str
    options: dict[str, str]
    state: JobState
    ahead: int | None
    stage: str
    done: int
    total: int
    queued: datetime
    ends: datetime | None
    reason: str
    model: str
    weights_sha256: str
    result: str


@ROUTER.post("", status_code=201)
def ask(new: New, desk: TheDesk, session: Own) -> Told:
    """Ask for work on a scan."""
    options = checked(new.verb, new.options)
    with desk.change() as (connection, record):
        scan = find_scan(connection, new.scan, session.account)
        wish = Wish(
            project=scan.project,
            case=scan.case,
            verb=new.verb,
            input_sha256=scan.scan_sha256,
            options=options,
            scan=scan.id,
            model=model_for(connection, scan, new.verb, options),
        )
        job = queue.submit(connection, record, wish, session.account, desk.now())
        return told_of(connection, job)


@ROUTER.get("")
def list_all(
    project: Annotated[str, Query(max_length=40)], desk: TheDesk, session: Own
) -> list[Told]:
    """List a project's jobs, the latest first."""
    with desk.look() as connection:
        refuse_strangers(connection, session.account, project)
        chosen = select(JOBS.c.id).where(JOBS.c.project == project)
        names = connection.execute(chosen.order_by(JOBS.c.number.desc())).scalars()
        return [told_of(connection, queue.find(connection, n)) for n in list(names)]


@ROUTER.get("/{job}")
def look(job: str, desk: TheDesk, session: Own) -> Told:
    """Say how far a job is."""
    with desk.look() as connection:
        return told_of(connection, _own(connection, job, session.account))


@ROUTER.get("/{job}/events", response_class=StreamingResponse)
async def follow(job: str, desk: TheDesk, session: Own) -> StreamingResponse:
    """Tell how far a job is whenever that changes, until it ends."""
    first = await asyncio.to_thread(_looked, desk, job, session.account)
    stream = _events(desk, job, session.account, first)
    return StreamingResponse(stream, media_type="text/event-stream")


@ROUTER.post("/{job}/cancel")
def give_up(job: str, desk: TheDesk, session: Own) -> Told:
    """Give a job up."""
    with desk.change() as (connection, record):
        _own(connection, job, session.account)
        done = queue.cancel(connection, record, job, session.account, desk.now())
        return told_of(connection, done)


@ROUTER.post("/{job}/retry")
def again(job: str, why: Again, desk: TheDesk, session: Own) -> Told:
    """Try a job again that failed or was given up."""
    with desk.change() as (connection, record):
        refuse_suspended(connection, _own(connection, job, session.account).wish.model)
        waits = queue.retry(connection, record, job, why.reason, session.account)
        return told_of(connection, waits)


def told_of(connection: Connection, job: Job) -> Told:
    """Return a job as pages show it."""
    usual = queue.usual_time(connection, job.wish.verb)
    begun = job.started if job.state is JobState.RUNNING else None
    result = select(RESULTS.c.id).where(RESULTS.c.job == job.id)
    return Told(
        id=job.id,
        scan=job.wish.scan or "",
        case=job.wish.case,
        verb=job.wish.verb,
        options={name: str(value) for name, value in job.wish.options.items()},
        state=job.state,
        ahead=queue.position(connection, job.id),
        stage=job.stage,
        done=job.done,
        total=job.total,
        queued=job.queued,
        ends=begun + usual if begun is not None and usual is not None else None,
        reason=job.reason,
        model=job.wish.model,
        weights_sha256=job.weights_sha256,
        result=connection.execute(result).scalar() or "",
    )


def _own(connection: Connection, job: str, account: Account) -> Job:
    """Return a job of a project of theirs; another's is answered like none."""
    chosen = select(JOBS.c.project).where(JOBS.c.id == job)
    project = connection.execute(chosen).scalar()
    if project is None:
        raise AbsentError
    refuse_strangers(connection, account, project)
    return queue.find(connection, job)


def _looked(desk: Desk, job: str, account: Account) -> Told:
    with desk.look() as connection:
        return told_of(connection, _own(connection, job, account))


async def _events(
    desk: Desk, job: str, account: Account, told: Told
) -> AsyncIterator[str]:
    """Tell each change once; a comment now and then keeps proxies from hanging up."""
    last, quiet = "", 0
    while True:
        words = told.model_dump_json()
        if words != last:
            yield f"data: {words}\n\n"
            last, quiet = words, 0
        elif (quiet := quiet + 1) % 20 == 0:
            yield ": still here\n\n"
        if told.state in OVER or desk.stopping.is_set():
            yield f"event: end\ndata: {json.dumps(told.state)}\n\n"
            return
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            told = await asyncio.to_thread(_looked, desk, job, account)
        except AbsentError:  # no member any more
            return
