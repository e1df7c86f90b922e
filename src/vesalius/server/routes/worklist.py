"""Worklist: what waits for a reader, most doubtful first, and word of each change."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from vesalius.server.desk import Desk
from vesalius.server.doors import Own, TheDesk
from vesalius.server.projects import AbsentError, refuse_strangers
from vesalius.server.sessions import SignedIn, whose
from vesalius.server.worklist import Waiting, state_of, waiting

ROUTER = APIRouter(prefix="/api/reviews", tags=["reviews"])
LOOK_EVERY_S = 1.0
QUIET = 15  # looks without news before a comment, which keeps proxies from hanging up

Project = Annotated[str, Query(max_length=40)]
Known = Annotated[str, Header(alias="If-None-Match", max_length=400)]


ROWS = TypeAdapter(list[Waiting])


@ROUTER.get(
    "",
    response_model=list[Waiting],
    responses={304: {"description": "It is still the list whose ETag was sent"}},
)
def list_open(
    project: Project, desk: TheDesk, session: Own, known: Known = ""
) -> Response:
    """List a project's results that wait for a look, a decision or a signature.

    Answers 304 where the list is still the one whose `ETag` is sent.
    """
    with desk.look() as connection:
        refuse_strangers(connection, session.account, project)
        rows = waiting(connection, project, session.account)
    told = ROWS.dump_json(list(rows))
    tag = f'"{sha256(told).hexdigest()}"'
    if tag in known:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(told, media_type="application/json", headers={"ETag": tag})


@ROUTER.get("/events", response_class=StreamingResponse)
async def follow(project: Project, desk: TheDesk, session: Own) -> StreamingResponse:
    """Tell whenever the worklist has changed: fetch it anew then."""
    first = await asyncio.to_thread(_state, desk, session, project)
    stream = _events(desk, session, project, first)
    return StreamingResponse(stream, media_type="text/event-stream")


def _state(desk: Desk, session: SignedIn, project: str) -> str | None:
    """Return the list's state; None where the session has ended. It is not a use."""
    with desk.look() as connection:
        now = desk.now()
        there = whose(connection, session.token, now, desk.settings)
        if there is None:
            return None
        refuse_strangers(connection, there.account, project)
        return state_of(connection, project)


async def _events(
    desk: Desk, session: SignedIn, project: str, state: str | None
) -> AsyncIterator[str]:
    """Count the changes, beginning with the list as it is."""
    last, count, quiet = "", 0, 0
    while state is not None and not desk.stopping.is_set():
        if state != last:
            yield f"id: {count}\nevent: worklist\ndata: {count}\n\n"
            last, count, quiet = state, count + 1, 0
        elif (quiet := quiet + 1) % QUIET == 0:
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            state = await asyncio.to_thread(_state, desk, session, project)
        except AbsentError:  # no member any more
            state = None
    yield "event: end\ndata: end\n\n"
