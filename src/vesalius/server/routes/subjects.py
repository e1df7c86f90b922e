"""Subjects: what a review is of, told before its answer is shown."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from vesalius.server.doors import Own, TheDesk
from vesalius.server.results import find_result
from vesalius.server.routes.scans import Told as ScanTold
from vesalius.server.routes.scans import told_of
from vesalius.server.scans import find_scan

ROUTER = APIRouter(prefix="/api/reviews", tags=["reviews"])


class Subject(BaseModel):
    """What is to be read; nothing of the answer.

    Attributes:
        scan: Which one.
        verb: What was asked for.
        model: The card's name; empty where no trained weights were used.
        made: When the answer was.
    """

    scan: ScanTold
    verb: str
    model: str
    made: datetime


@ROUTER.get("/{result}/subject")
def look(result: str, desk: TheDesk, session: Own) -> Subject:
    """Say what a review is of: a reader looks at the scan before the answer."""
    account = session.account
    with desk.look() as connection:
        found = find_result(connection, result, account)
        scan = find_scan(connection, found.scan, account)
    return Subject(
        scan=told_of(scan), verb=found.verb, model=found.model, made=found.made
    )
