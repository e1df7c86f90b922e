"""Models: what serves here, how good it was measured to be, and what administrators do.

No patient is in any of it: whoever is signed in may read the cards.
"""

from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from vesalius.card import Card
from vesalius.server.desk import Desk
from vesalius.server.doors import Own, TheDesk
from vesalius.server.model_versions import (
    files_of_version,
    models_kept,
    version_served,
    versions_of,
)
from vesalius.server.models import Reason, roll_back, serve, suspend
from vesalius.weights.cards import read_card

ROUTER = APIRouter(prefix="/api/models", tags=["models"])

Name = Annotated[str, Field(max_length=60)]


class Why(BaseModel):
    """Why it is done: a code."""

    reason: Reason


class Back(Why):
    """Which version is put to use, and why."""

    weights_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class VersionTold(BaseModel):
    """A version that is kept."""

    weights_sha256: str
    first_seen: datetime
    is_serving: bool
    suspended: str


class FigureTold(BaseModel):
    """One number measured on held-out patients, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    patients: int


class Told(BaseModel):
    """A model, as its card says, and where it stands here.

    Attributes:
        figures: Measured on held-out patients.
        tables: Figures that belong side by side: title, columns, rows.
        training: How it came to be; None for a method without training.
        data: What it was trained on.
        versions: What is kept, the latest first.
        state: "suspended" takes no new work.
        reason: Why it is suspended: a code; else empty.
    """

    name: str
    task: str
    summary: str
    modalities: list[str]
    units: str
    contrasts: list[str]
    region: str | None
    limits: list[str]
    licence: str
    figures: list[FigureTold]
    tables: list[dict[str, Any]]
    training: dict[str, Any] | None
    data: list[dict[str, Any]]
    versions: list[VersionTold]
    state: Literal["serving", "suspended"]
    reason: str


@ROUTER.get("")
def list_all(desk: TheDesk) -> list[Told]:
    """List the models that the desk keeps, by name."""
    with desk.look() as connection:
        return [_told(desk, connection, name) for name in models_kept(connection)]


@ROUTER.post("/{name}/suspend")
def take_out(name: Name, why: Why, desk: TheDesk, session: Own) -> Told:
    """Take a model out of use; what waits for it fails, what is open is marked."""
    with desk.change() as (connection, record):
        by, now = session.account, desk.now()
        suspend(connection, record, name, why.reason, by, now)
        return _told(desk, connection, name)


@ROUTER.post("/{name}/serve")
def put_in(name: Name, why: Why, desk: TheDesk, session: Own) -> Told:
    """Put a suspended model to use again."""
    with desk.change() as (connection, record):
        serve(connection, record, name, why.reason, session.account)
        return _told(desk, connection, name)


@ROUTER.post("/{name}/roll-back")
def go_back(name: Name, back: Back, desk: TheDesk, session: Own) -> Told:
    """Put another version of a model to use that the desk has kept."""
    with desk.change() as (connection, record):
        weights, by = back.weights_sha256, session.account
        roll_back(connection, record, name, weights, back.reason, by)
        return _told(desk, connection, name)


def _told(desk: Desk, connection: Connection, name: str) -> Told:
    served = version_served(connection, name)
    said = asdict(_card(files_of_version(desk.objects, served).card))
    versions = [
        VersionTold(
            weights_sha256=one.weights_sha256,
            first_seen=one.first_seen,
            is_serving=one == served and not one.suspended,
            suspended=one.suspended,
        )
        for one in versions_of(connection, name)
    ]
    return Told(
        **{key: said[key] for key in said.keys() & Told.model_fields.keys()},
        versions=versions,
        state="suspended" if served.suspended else "serving",
        reason=served.suspended,
    )


@lru_cache(maxsize=64)
def _card(file: Path) -> Card:
    """Read a card once: what a file of this name holds never changes."""
    return read_card(file)
