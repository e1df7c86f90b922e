"""Results: what came of a job, bound to its files by one digest."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from vesalius.governance.audit import Event
from vesalius.governance.doubt import doubt_of
from vesalius.server.accounts import SYSTEM, Account, Record
from vesalius.server.job import Job
from vesalius.server.objects import Objects
from vesalius.server.projects import AbsentError
from vesalius.server.scans import Scan, find_scan
from vesalius.server.schema import RESULTS

UNREVIEWED = "AI result, not yet reviewed"


@dataclass(frozen=True)
class Found:
    """What came of a job.

    Attributes:
        id: Its name here.
        job: Of which.
        scan: From which.
        verb: What was done.
        model: The card's name.
        weights_sha256: Of the model.
        outcome: "show", "warn" or "withhold".
        output_sha256: Of the list of its files and their digests.
        made: When.
        doubt: How doubtful it is, 0 to 1; None where an earlier version kept it.
    """

    id: str
    job: str
    scan: str
    verb: str
    model: str
    weights_sha256: str
    outcome: str
    output_sha256: str
    made: datetime
    doubt: float | None


def keep_result(
    connection: Connection,
    record: Record,
    job: Job,
    scan: Scan,
    told: Mapping[str, Any],
    now: datetime,
) -> Found:
    """Keep what came of a job.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        job: Done, its output's digest known.
        scan: It is of.
        told: The answer's own record, `result.json`.
        now: The time.
    """
    origin = told["provenance"]
    name = f"r-{secrets.token_hex(8)}"
    row = {
        "id": name,
        "job": job.id,
        "scan": scan.id,
        "verb": job.wish.verb,
        "model": origin.get("model") or "",
        "weights_sha256": origin.get("weights_sha256") or "",
        "outcome": told["verdict"]["outcome"],
        "output_sha256": job.output_sha256,
        "made": now.isoformat(),
        "doubt": doubt_of(told),
    }
    connection.execute(insert(RESULTS).values(row))
    record(
        Event(
            who=SYSTEM,
            role=SYSTEM,
            what="result.kept",
            about=name,
            case=scan.case,
            input_sha256=scan.scan_sha256,
            output_sha256=job.output_sha256,
            weights_sha256=row["weights_sha256"],
            version=origin.get("version") or "",
        )
    )
    return find_result(connection, name)


def find_result(
    connection: Connection, name: str, account: Account | None = None
) -> Found:
    """Return a result.

    Args:
        connection: Within a block.
        name: Its id.
        account: Who asks; None asks for the desk itself.

    Raises:
        AbsentError: There is none, or none for who asks.
    """
    chosen = select(RESULTS).where(RESULTS.c.id == name)
    row = connection.execute(chosen).mappings().first()
    if row is None:
        raise AbsentError
    if account is not None:
        find_scan(connection, row["scan"], account)
    return _found(row)


def results_of(connection: Connection, scan: str) -> tuple[Found, ...]:
    """Return what came of a scan, the latest first.

    Args:
        connection: Within a block.
        scan: Its id.
    """
    chosen = select(RESULTS).where(RESULTS.c.scan == scan)
    rows = connection.execute(chosen.order_by(RESULTS.c.made.desc())).mappings()
    return tuple(_found(row) for row in rows)


def files_of(objects: Objects, version: str) -> dict[str, str]:
    """Return the digests of a version's own files, by their names.

    Args:
        objects: Where they are kept.
        version: Its digest; the machine's is the result's `output_sha256`.
    """
    words = objects.path(version).read_text(encoding="utf-8")
    return dict(json.loads(words)["files"])


def _found(row: Mapping[Any, Any]) -> Found:
    return Found(
        id=row["id"],
        job=row["job"],
        scan=row["scan"],
        verb=row["verb"],
        model=row["model"],
        weights_sha256=row["weights_sha256"],
        outcome=row["outcome"],
        output_sha256=row["output_sha256"],
        made=datetime.fromisoformat(row["made"]),
        doubt=row["doubt"],
    )
