"""Versions: the machine's answer and what people made of it, all of them kept."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from vesalius.governance.review import Review
from vesalius.server.desk import WORKING, Desk
from vesalius.server.objects import Objects
from vesalius.server.results import Found, files_of
from vesalius.server.schema import USERS, VERSIONS

MACHINE, MASK, FINDINGS = "machine", "mask", "findings"  # kinds
RECORD, VOLUME = "result.json", "tumour volume"

Findings = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Version:
    """An answer as the machine gave it, or as a person corrected it.

    Attributes:
        digest: SHA-256 of the list of its files, its name.
        kind: "machine", "mask" or "findings".
        of: Digest of the version that was corrected; empty of the machine's.
        by: Name of the account that made it; empty of the machine's.
        made: When.
        volume_ml: Of the outline; None where there is none.
        findings: As `result.json` has them, and "by": "machine" or "person". One that
            a person added has no probability.
    """

    digest: str
    kind: str
    of: str
    by: str
    made: datetime
    volume_ml: float | None
    findings: Findings


def keep_version(
    connection: Connection, found: Found, version: Version, by: str
) -> None:
    """Keep what a correction made.

    Args:
        connection: Within a block that writes.
        found: The result.
        version: Its files are kept already.
        by: Id of the account that made it.
    """
    told = {"volume_ml": version.volume_ml, "findings": version.findings}
    row = {
        "result": found.id,
        "digest": version.digest,
        "kind": version.kind,
        "of": version.of,
        "by": by,
        "made": version.made.isoformat(),
        "told": json.dumps(told),
    }
    connection.execute(insert(VERSIONS).values(row))


def versions_of(
    connection: Connection, objects: Objects, found: Found, review: Review
) -> tuple[Version, ...]:
    """Return all versions of an answer, the machine's first.

    Args:
        connection: Within a block.
        objects: Where files are kept.
        found: The result.
        review: Its review, which has them in order.
    """
    both = select(VERSIONS, USERS.c.name).join(USERS, USERS.c.id == VERSIONS.c.by)
    rows = connection.execute(both.where(VERSIONS.c.result == found.id)).mappings()
    corrected = {row["digest"]: _version(row) for row in rows}
    others = [corrected[digest] for digest in review.versions[1:]]
    return machines(objects, found), *others


def machines(objects: Objects, found: Found) -> Version:
    """Return the machine's version of an answer.

    Args:
        objects: Where its record is kept.
        found: The result.
    """
    told = record_of(objects, found)
    volumes = [m["value"] for m in told.get("measures", []) if m["name"] == VOLUME]
    return Version(
        digest=found.output_sha256,
        kind=MACHINE,
        of="",
        by="",
        made=found.made,
        volume_ml=volumes[0] if volumes else None,
        findings=tuple({**one, "by": MACHINE} for one in told.get("findings", [])),
    )


def record_of(objects: Objects, found: Found) -> dict[str, Any]:
    """Return the machine's own record of an answer, `result.json`.

    Args:
        objects: Where it is kept.
        found: The result.
    """
    digest = files_of(objects, found.output_sha256).get(RECORD)
    if digest is None:
        return {}
    told: dict[str, Any] = json.loads(objects.path(digest).read_text("utf-8"))
    return told


def listed(objects: Objects, files: Mapping[str, str], told: Mapping[str, str]) -> str:
    """Keep the list of a version's files.

    Args:
        objects: Where it is kept.
        files: Digests by name.
        told: What else makes the version this one: whose, when, of which.

    Returns:
        Its digest, which names the version.
    """
    words = json.dumps({**told, "files": dict(files)}, sort_keys=True, indent=1)
    return objects.put(BytesIO(words.encode())).digest


@contextmanager
def lent(desk: Desk, files: Mapping[str, str], names: Sequence[str]) -> Iterator[Path]:
    """Lend kept files under their names: kept ones have none, and readers look at it.

    Args:
        desk: Keeps them.
        files: Digests by name.
        names: Of those that are wanted, and are in `files`.

    Yields:
        A folder of links; what is written there goes with it.
    """
    with tempfile.TemporaryDirectory(dir=desk.settings.data, prefix=WORKING) as room:
        place = Path(room)
        for name in names:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).symlink_to(desk.objects.path(files[name]).absolute())
        yield place


def _version(row: Mapping[Any, Any]) -> Version:
    told = json.loads(row["told"])
    return Version(
        digest=row["digest"],
        kind=row["kind"],
        of=row["of"],
        by=row["name"],
        made=datetime.fromisoformat(row["made"]),
        volume_ml=told["volume_ml"],
        findings=tuple(told["findings"]),
    )
