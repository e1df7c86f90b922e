"""Scans: what has come in, whose case it is, and who the patient is, sealed."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from vesalius.governance.audit import Event
from vesalius.server.accounts import Account, Record
from vesalius.server.intake import Arrived
from vesalius.server.projects import AbsentError, refuse_strangers
from vesalius.server.schema import CASES, SCANS
from vesalius.server.vault import Identity, Vault


@dataclass(frozen=True)
class Scan:
    """One scan as the desk keeps it; nothing of its patient.

    Attributes:
        id: Its name here.
        case: The patient's pseudonym in the project.
        project: Whose members see it.
        object_sha256: Of the file that is kept.
        scan_sha256: Of its intensities and their place.
        form: "dicom" or "nifti".
        modality: DICOM's term.
        contrast: Where it is known.
        shape: Voxels.
        spacing_mm: Their edges.
        notes: What reading it brought to light.
        made: When it came.
    """

    id: str
    case: str
    project: str
    object_sha256: str
    scan_sha256: str
    form: str
    modality: str
    contrast: str | None
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    notes: tuple[str, ...]
    made: datetime


@dataclass(frozen=True)
class Sender:
    """Where a scan comes from.

    Attributes:
        project: Where it belongs.
        upload: A patient without a number is taken for one of this upload.
        by: Who has sent it.
        when: And when.
    """

    project: str
    upload: str
    by: Account
    when: datetime


def keep_scan(
    connection: Connection,
    record: Record,
    vault: Vault,
    arrived: Arrived,
    object_sha256: str,
    sender: Sender,
) -> tuple[Scan, bool]:
    """Keep a scan that has come in, in its patient's case.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        vault: Seals who the patient is.
        arrived: As reading the upload found it.
        object_sha256: Of the file, kept already.
        sender: Where it comes from.

    Returns:
        The scan, and whether it is new: the same scan of the same patient is kept
        once.
    """
    by, case = sender.by, _case(connection, vault, arrived.identity, sender)
    same = (SCANS.c.case == case) & (SCANS.c.scan_sha256 == arrived.sha256)
    there = connection.execute(select(SCANS.c.id).where(same)).scalar()
    if there is not None:
        return find_scan(connection, there), False
    scan = f"s-{secrets.token_hex(8)}"
    values = {
        "id": scan,
        "case": case,
        "object_sha256": object_sha256,
        "sealed": vault.seal_bytes(arrived.taken.encode(), scan),
        "by": by.id,
        "made": sender.when.isoformat(),
        **_described(arrived),
    }
    connection.execute(insert(SCANS).values(values))
    digests = {"input_sha256": arrived.sha256, "output_sha256": object_sha256}
    about = {"what": "scan.kept", "about": scan, "case": case}
    record(Event(who=by.id, role=by.role, **about, **digests))
    return find_scan(connection, scan), True


def _described(arrived: Arrived) -> dict[str, Any]:
    return {
        "scan_sha256": arrived.sha256,
        "form": arrived.form,
        "modality": arrived.modality,
        "contrast": arrived.contrast,
        "shape": json.dumps(arrived.shape),
        "spacing_mm": json.dumps(arrived.spacing_mm),
        "notes": json.dumps(arrived.notes),
    }


def _case(connection: Connection, vault: Vault, who: Identity, sender: Sender) -> str:
    """Return the patient's case in the project; make it where there is none."""
    number = who.number or who.name or sender.upload
    case = vault.pseudonym(number, sender.project)
    known = connection.execute(select(CASES.c.id).where(CASES.c.id == case)).first()
    if known is None:
        row = {"id": case, "project": sender.project, "sealed": vault.seal(who, case)}
        made = sender.when.isoformat()
        connection.execute(insert(CASES).values(**row, made=made))
    return case


def find_scan(
    connection: Connection, scan: str, account: Account | None = None
) -> Scan:
    """Return a scan.

    Args:
        connection: Within a block.
        scan: Its id.
        account: Who asks; None asks for the desk itself.

    Raises:
        AbsentError: There is none, or none for who asks.
    """
    both = select(SCANS, CASES.c.project).join(CASES, SCANS.c.case == CASES.c.id)
    row = connection.execute(both.where(SCANS.c.id == scan)).mappings().first()
    if row is None:
        raise AbsentError
    found = _scan(row)
    if account is not None:
        refuse_strangers(connection, account, found.project)
    return found


def scans_of(connection: Connection, project: str) -> tuple[Scan, ...]:
    """Return a project's scans, the latest first.

    Args:
        connection: Within a block.
        project: Its id.
    """
    both = select(SCANS, CASES.c.project).join(CASES, SCANS.c.case == CASES.c.id)
    chosen = both.where(CASES.c.project == project).order_by(SCANS.c.made.desc())
    return tuple(_scan(row) for row in connection.execute(chosen).mappings())


def taken_of(connection: Connection, vault: Vault, scan: str) -> str:
    """Return what was taken out of a scan's files, to be put back on export.

    Args:
        connection: Within a block.
        vault: Unseals it.
        scan: Its id, of one that is there.

    Raises:
        FormatError: It was altered, or is another vault's.
    """
    chosen = select(SCANS.c.sealed).where(SCANS.c.id == scan)
    sealed = connection.execute(chosen).scalar_one()
    return vault.unseal_bytes(sealed, scan).decode()


def identity_of(
    connection: Connection,
    record: Record,
    vault: Vault,
    case: str,
    account: Account,
) -> Identity:
    """Return who a case's patient is; that it was looked at is on the record.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        vault: Unseals it.
        case: The pseudonym.
        account: Who asks.

    Raises:
        AbsentError: There is no such case, or none for who asks.
    """
    row = connection.execute(select(CASES).where(CASES.c.id == case)).mappings().first()
    if row is None:
        raise AbsentError
    refuse_strangers(connection, account, row["project"])
    record(Event(who=account.id, role=account.role, what="identity.shown", case=case))
    return vault.unseal(row["sealed"], case)


def _scan(row: Mapping[Any, Any]) -> Scan:
    return Scan(
        id=row["id"],
        case=row["case"],
        project=row["project"],
        object_sha256=row["object_sha256"],
        scan_sha256=row["scan_sha256"],
        form=row["form"],
        modality=row["modality"],
        contrast=row["contrast"],
        shape=tuple(json.loads(row["shape"])),
        spacing_mm=tuple(json.loads(row["spacing_mm"])),
        notes=tuple(json.loads(row["notes"])),
        made=datetime.fromisoformat(row["made"]),
    )
