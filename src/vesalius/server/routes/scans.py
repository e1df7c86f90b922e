"""Scans: what has come in, and whose it is."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from vesalius.server.doors import Own, TheDesk
from vesalius.server.projects import refuse_strangers
from vesalius.server.scans import Scan, find_scan, identity_of, scans_of

ROUTER = APIRouter(prefix="/api", tags=["scans"])


class Told(BaseModel):
    """A scan, as pages show it; nothing of its patient."""

    id: str
    case: str
    project: str
    form: str
    modality: str
    contrast: str | None
    shape: list[int]
    spacing_mm: list[float]
    notes: list[str]
    made: datetime


class Person(BaseModel):
    """Who a case's patient is."""

    name: str
    number: str
    born: str


@ROUTER.get("/scans")
def list_all(
    project: Annotated[str, Query(max_length=40)], desk: TheDesk, session: Own
) -> list[Told]:
    """List a project's scans, the latest first."""
    with desk.look() as connection:
        refuse_strangers(connection, session.account, project)
        return [told_of(scan) for scan in scans_of(connection, project)]


@ROUTER.get("/scans/{scan}")
def look(scan: str, desk: TheDesk, session: Own) -> Told:
    """Describe a scan."""
    with desk.look() as connection:
        return told_of(find_scan(connection, scan, session.account))


@ROUTER.get("/cases/{case}/identity")
def who(case: str, desk: TheDesk, session: Own) -> Person:
    """Say who a case's patient is; that it was asked is on the record."""
    with desk.change() as (connection, record):
        found = identity_of(connection, record, desk.vault, case, session.account)
    return Person(name=found.name, number=found.number, born=found.born)


def told_of(scan: Scan) -> Told:
    """Return a scan as pages show it."""
    return Told(
        id=scan.id,
        case=scan.case,
        project=scan.project,
        form=scan.form,
        modality=scan.modality,
        contrast=scan.contrast,
        shape=list(scan.shape),
        spacing_mm=list(scan.spacing_mm),
        notes=list(scan.notes),
        made=scan.made,
    )
