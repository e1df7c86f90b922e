"""Health: whether the desk is there, and whether it can work."""

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select

from vesalius.server.doors import TheDesk
from vesalius.server.schema import USERS

ROUTER = APIRouter(tags=["health"])
LEAST_ROOM = 2**28  # bytes: less takes no series


class Health(BaseModel):
    """Whether it is well; no word of what it holds."""

    ok: bool
    reason: str = ""


@ROUTER.get("/health")
def is_there() -> Health:
    """Say that the service answers."""
    return Health(ok=True)


@ROUTER.get("/ready")
def can_work(desk: TheDesk) -> Health:
    """Say whether the service can take and do work."""
    with desk.change() as (connection, _):  # raises where nothing can be written
        connection.execute(select(USERS.c.id).limit(1))
    if desk.objects.room() < LEAST_ROOM:
        return Health(ok=False, reason="the disk is nearly full")
    return Health(ok=True)
