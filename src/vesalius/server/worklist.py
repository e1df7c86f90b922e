"""Worklist: which answers of a project wait, and for what, as one reader may know."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select

from vesalius.governance.review import OVER, Review, State, has_seen, knows
from vesalius.server.accounts import Account
from vesalius.server.model_versions import suspended_versions
from vesalius.server.reviews import review_in
from vesalius.server.roles import SIGNS
from vesalius.server.scans import Scan, scans_of
from vesalius.server.schema import CASES, RESULTS, REVIEWS, SCANS
from vesalius.server.views import Source, ready, source_of_scan

SETTLED = OVER | {State.REJECTED}  # these wait for nobody


class Need(StrEnum):
    """What an answer waits for."""

    LOOK = "look"
    OPINION = "opinion"
    DECISION = "decision"
    SIGNATURE = "signature"
    SECOND = "second signature"
    AGAIN = "look again"


@dataclass(frozen=True)
class Waiting:
    """An answer in the worklist.

    Attributes:
        result: Its id.
        scan: It is of.
        case: The pseudonym.
        verb: What was done.
        modality: Of the scan, DICOM's term.
        contrast: Of the scan, where it is known.
        state: Where its review stands.
        first_read: Whether an opinion comes before the answer.
        doubt: 0 to 1; None where it would give the answer away, or nobody knows.
        outcome: The verdict on the input; None where it would give the answer away.
        needs: What it waits for, of whoever asks.
        waits_for_me: Whether whoever asks can give it that.
        suspended: Whether the model's version has been suspended since.
        preview: Whether its scan can be seen at once.
        made: When it was made.
        changed: When somebody last did something to it.
    """

    result: str
    scan: str
    case: str
    verb: str
    modality: str
    contrast: str | None
    state: State
    first_read: bool
    doubt: float | None
    outcome: str | None
    needs: Need
    waits_for_me: bool
    suspended: bool
    preview: bool
    made: datetime
    changed: datetime


def waiting(
    connection: Connection, project: str, account: Account
) -> tuple[Waiting, ...]:
    """Return a project's open answers as one reader may know them.

    Those of a first read whose answer this reader has not seen come first, the oldest
    at the top: a place among the others would tell how doubtful they are. Then the
    most doubtful.

    Args:
        connection: Within a block.
        project: Its id, of one of the account's.
        account: Who asks.
    """
    scans = {scan.id: scan for scan in scans_of(connection, project)}
    shown = ready(connection, map(source_of_scan, scans.values()))
    rows = connection.execute(
        select(RESULTS, REVIEWS.c.review, REVIEWS.c.changed)
        .join(REVIEWS, REVIEWS.c.result == RESULTS.c.id)
        .join(SCANS, SCANS.c.id == RESULTS.c.scan)
        .join(CASES, CASES.c.id == SCANS.c.case)
        .where((CASES.c.project == project) & REVIEWS.c.state.not_in(SETTLED))
        .order_by(RESULTS.c.made, RESULTS.c.id)
    ).mappings()
    suspended = suspended_versions(connection)
    found = [_row(r, scans[r["scan"]], account, shown, suspended) for r in rows]
    return tuple(sorted(found, key=_rank))


def state_of(connection: Connection, project: str) -> str:
    """Return what changes whenever a project's worklist may have.

    Args:
        connection: Within a block.
        project: Its id.
    """
    rows = connection.execute(
        select(REVIEWS.c.result, REVIEWS.c.state, REVIEWS.c.changed)
        .join(RESULTS, REVIEWS.c.result == RESULTS.c.id)
        .join(SCANS, SCANS.c.id == RESULTS.c.scan)
        .join(CASES, CASES.c.id == SCANS.c.case)
        .where(CASES.c.project == project)
        .order_by(REVIEWS.c.result)
    )
    words = json.dumps([list(row) for row in rows])
    return sha256(words.encode()).hexdigest()


def need_of(review: Review, account: Account) -> tuple[Need, bool]:
    """Say what an open review waits for, and whether this reader can give it.

    Args:
        review: Not signed, rejected or superseded.
        account: Who asks.
    """
    own = account.id
    if not has_seen(review, own):
        thought = any(given.reader == own for given in review.opinions)
        return (Need.OPINION if review.first_read and not thought else Need.LOOK), True
    if not knows(review, own):
        return Need.AGAIN, True
    if review.state not in (State.ACCEPTED, State.CORRECTED):
        return Need.DECISION, True
    may = bool(account.roles & SIGNS) and own not in review.signed_by
    return (Need.SECOND if review.signed_by else Need.SIGNATURE), may


def _row(
    row: Mapping[Any, Any],
    scan: Scan,
    account: Account,
    shown: frozenset[Source],
    suspended: frozenset[tuple[str, str]],
) -> Waiting:
    review = review_in(row["review"])
    hidden = review.first_read and not has_seen(review, account.id)
    needs, waits_for_me = need_of(review, account)
    return Waiting(
        result=row["id"],
        scan=scan.id,
        case=scan.case,
        verb=row["verb"],
        modality=scan.modality,
        contrast=scan.contrast,
        state=review.state,
        first_read=review.first_read,
        doubt=None if hidden else row["doubt"],
        outcome=None if hidden else row["outcome"],
        needs=needs,
        waits_for_me=waits_for_me,
        suspended=(row["model"], row["weights_sha256"]) in suspended,
        preview=source_of_scan(scan) in shown,
        made=datetime.fromisoformat(row["made"]),
        changed=datetime.fromisoformat(row["changed"]),
    )


def _rank(row: Waiting) -> tuple[float, datetime, str]:
    doubt = 2.0 if row.doubt is None else row.doubt  # above all that is known
    return -doubt, row.made, row.result
