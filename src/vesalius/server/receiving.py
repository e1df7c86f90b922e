"""Receiving: an upload's life, from its first piece to the scans that came of it."""

import json
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from vesalius.errors import ConfigError, VesaliusError
from vesalius.governance.audit import Event
from vesalius.server.accounts import DESK, Account, account_of
from vesalius.server.desk import READING, Desk
from vesalius.server.intake import Arrived, read_upload
from vesalius.server.intake_child import TAKEN
from vesalius.server.performing import GivenUp
from vesalius.server.projects import AbsentError, refuse_strangers
from vesalius.server.scans import Sender, keep_scan
from vesalius.server.schema import UPLOADS

SAID = ("modality", "contrast")
LONGEST_REASON = 400
LONGEST_COMING = timedelta(days=7)  # from its beginning to its end
FORGOTTEN = "its end did not come within a week; send it again"


class Stage(StrEnum):
    """Where an upload stands."""

    COMING = "coming"
    READING = "reading"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(frozen=True)
class Upload:
    """What somebody sends.

    Attributes:
        id: Its name.
        project: Where it belongs.
        by: The account that sends it.
        ending: Of the file's name; the name itself may be a patient's, and is not kept.
        size: Bytes in all.
        said: What the sender says of a file that does not.
        stage: Where it stands.
        reason: Why it was refused, or what of it was left out.
        scans: What came of it; one that was there already among them.
    """

    id: str
    project: str
    by: str
    ending: str
    size: int
    said: Mapping[str, str]
    stage: Stage
    reason: str
    scans: tuple[str, ...]


def begin(
    desk: Desk,
    account: Account,
    project: str,
    ending: str,
    size: int,
    said: Mapping[str, str],
) -> Upload:
    """Make room for an upload.

    Args:
        desk: Holds it.
        account: Who sends.
        project: Where it belongs.
        ending: ".zip", ".dcm", ".nii" or ".nii.gz".
        size: Bytes in all.
        said: "modality" and "contrast" of a NIfTI.

    Raises:
        AbsentError: There is no such project for this account.
        ConfigError: It is too large, or of no known kind.
        OutputError: The disk has no room for it.
    """
    if ending not in TAKEN:
        raise ConfigError(
            f"a scan is sent as {', '.join(TAKEN)}; pack a folder into a zip"
        )
    name = f"up-{secrets.token_hex(8)}"
    with desk.change() as (connection, record):
        refuse_strangers(connection, account, project)
        desk.uploads.begin(name, size)
        row = {
            "id": name,
            "project": project,
            "by": account.id,
            "ending": ending,
            "size": size,
            "said": json.dumps({k: said[k] for k in SAID if said.get(k)}),
            "state": Stage.COMING,
            "made": desk.now().isoformat(),
        }
        connection.execute(insert(UPLOADS).values(row))
        what = {"what": "upload.begun", "about": name}
        record(Event(who=account.id, role=account.role, **what))
        return find(connection, name, account)


def add_piece(desk: Desk, account: Account, name: str, at: int, piece: bytes) -> int:
    """Take the next piece.

    Args:
        desk: Holds the upload.
        account: Who sends.
        name: The upload's.
        at: Where the piece begins.
        piece: Its bytes.

    Returns:
        Bytes that are there.

    Raises:
        AbsentError: It is not this account's.
        ConfigError: It has ended, or the piece does not fit on.
        OutputError: The disk is full.
    """
    with desk.look() as connection:
        upload = find(connection, name, account)
    if upload.stage is not Stage.COMING:
        raise ConfigError("this upload has ended: begin another one")
    return desk.uploads.add(name, at, piece, size=upload.size)


def end(desk: Desk, account: Account, name: str) -> Upload:
    """Say that all has been sent; reading it begins.

    Args:
        desk: Holds the upload.
        account: Who sends.
        name: The upload's.

    Raises:
        AbsentError: It is not this account's.
        ConfigError: A part is missing, or it has ended already.
    """
    there = desk.uploads.received(name) if _is_coming(desk, account, name) else 0
    with desk.change() as (connection, record):
        upload = find(connection, name, account)
        if upload.stage is not Stage.COMING:
            return upload
        if there != upload.size:
            raise ConfigError(
                f"{there} of {upload.size} bytes are there: send the rest first"
            )
        _set(connection, name, state=Stage.READING)
        what = {"what": "upload.ended", "about": name}
        record(Event(who=account.id, role=account.role, **what))
        return find(connection, name, account)


def waiting(desk: Desk) -> tuple[str, ...]:
    """List uploads that are to be read, the oldest first; also after a crash.

    Args:
        desk: Holds them.
    """
    with desk.look() as connection:
        chosen = select(UPLOADS.c.id).where(UPLOADS.c.state == Stage.READING)
        return tuple(connection.execute(chosen.order_by(UPLOADS.c.made)).scalars())


def read_in(desk: Desk, name: str) -> Upload:
    """Read an upload in a child process, and keep its scans; or refuse it.

    What is kept, its record and the upload's end are written together. After a crash
    on the way, or where the desk is shut meanwhile, it is read again at the next
    start: the same scan is kept once.

    Args:
        desk: Holds it.
        name: The upload's, all of it there.

    Raises:
        OutputError: The disk or the database cannot be written; it waits on.
    """
    with desk.look() as connection:
        upload = find(connection, name)
    with tempfile.TemporaryDirectory(dir=desk.settings.data, prefix=READING) as room:
        try:
            with desk.uploads.whole(name) as opened:
                place = Path(room)
                arrived, left_out = read_upload(
                    opened,
                    upload.ending,
                    place,
                    said=upload.said,
                    wanted=lambda: not desk.stopping.is_set(),
                )
        except GivenUp:  # the desk is being shut: it is read at the next start
            return upload
        except VesaliusError as error:
            done = _refuse(desk, upload, str(error))
        else:
            done = _keep(desk, upload, arrived, left_out)
    desk.uploads.drop(name)
    return done


def give_up(desk: Desk, account: Account, name: str) -> None:
    """Forget an upload that is still coming.

    Args:
        desk: Holds it.
        account: Who sends.
        name: The upload's.

    Raises:
        AbsentError: It is not this account's.
        ConfigError: It is being read, or was.
    """
    with desk.change() as (connection, record):
        upload = find(connection, name, account)
        if upload.stage is not Stage.COMING:
            raise ConfigError("all of this was sent: it can no longer be given up")
        _set(connection, name, state=Stage.REFUSED, reason="given up")
        what = {"what": "upload.given-up", "about": name}
        record(Event(who=account.id, role=account.role, **what))
    desk.uploads.drop(name)


def drop_forgotten(desk: Desk) -> int:
    """Give up uploads that were begun a week ago and never ended.

    Args:
        desk: Holds them.

    Returns:
        How many there were.

    Raises:
        OutputError: The database cannot be written; they stay.
    """
    early = (desk.now() - LONGEST_COMING).isoformat()
    chosen = select(UPLOADS.c.id).where(
        UPLOADS.c.state == Stage.COMING, UPLOADS.c.made < early
    )
    with desk.change() as (connection, record):  # nobody ends one meanwhile
        names = tuple(connection.execute(chosen).scalars())
        for name in names:
            _set(connection, name, state=Stage.REFUSED, reason=FORGOTTEN)
            what = {"what": "upload.given-up", "about": name}
            record(Event(who=DESK.id, role=DESK.role, **what))
    for name in names:
        desk.uploads.drop(name)
    return len(names)


def find(connection: Connection, name: str, account: Account | None = None) -> Upload:
    """Return an upload.

    Args:
        connection: Within a block.
        name: Its id.
        account: Who asks: nobody but who sends it; None asks for the desk itself.

    Raises:
        AbsentError: There is none, or none of this account's.
    """
    chosen = select(UPLOADS).where(UPLOADS.c.id == name)
    row = connection.execute(chosen).mappings().first()
    if row is None or (account is not None and row["by"] != account.id):
        raise AbsentError
    return _upload(row)


def _keep(
    desk: Desk, upload: Upload, arrived: tuple[Arrived, ...], left_out: tuple[str, ...]
) -> Upload:
    digests = []
    for scan in arrived:
        with scan.file.open("rb") as opened:
            digests.append(desk.objects.put(opened).digest)
    with desk.change() as (connection, record):
        by, kept, again = account_of(connection, upload.by), [], 0
        sender = Sender(upload.project, upload.id, by, desk.now())
        for scan, digest in zip(arrived, digests, strict=True):
            found, is_new = keep_scan(
                connection, record, desk.vault, scan, digest, sender
            )
            kept.append(found.id)
            again += not is_new
        words = [f"{again} of them are here already"] * bool(again)
        words += [f"left out: {reason}" for reason in left_out]
        told = {"reason": "; ".join(words)[:LONGEST_REASON], "scans": json.dumps(kept)}
        _set(connection, upload.id, state=Stage.KEPT, **told)
        what = {"what": "upload.kept", "about": upload.id}
        record(Event(who=by.id, role=by.role, **what))
        return find(connection, upload.id)


def _refuse(desk: Desk, upload: Upload, reason: str) -> Upload:
    with desk.change() as (connection, record):
        by = account_of(connection, upload.by)
        told = {"state": Stage.REFUSED, "reason": reason[:LONGEST_REASON]}
        _set(connection, upload.id, **told)
        what = {"what": "upload.refused", "about": upload.id}
        record(Event(who=by.id, role=by.role, **what))
        return find(connection, upload.id)


def _is_coming(desk: Desk, account: Account, name: str) -> bool:
    with desk.look() as connection:
        return find(connection, name, account).stage is Stage.COMING


def _set(connection: Connection, name: str, **values: Any) -> None:
    connection.execute(update(UPLOADS).where(UPLOADS.c.id == name).values(values))


def _upload(row: Mapping[Any, Any]) -> Upload:
    return Upload(
        id=row["id"],
        project=row["project"],
        by=row["by"],
        ending=row["ending"],
        size=row["size"],
        said=json.loads(row["said"]),
        stage=Stage(row["state"]),
        reason=row["reason"],
        scans=tuple(json.loads(row["scans"])),
    )
