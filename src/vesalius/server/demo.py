"""Demo: a desk that begins with cases of patients who are invented.

A drawn head is always among them; scans of real people, open data whose headers get an
invented patient here, where their folder is given. They come in and are worked on while
the desk is open already, the drawn one first.
"""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from vesalius.errors import ConfigError, VesaliusError
from vesalius.governance.audit import Event
from vesalius.server import queue
from vesalius.server.accounts import DESK, Account, Record
from vesalius.server.children import child, said_by
from vesalius.server.desk import READING, Desk
from vesalius.server.intake import Arrived, read_upload
from vesalius.server.job import Wish
from vesalius.server.performing import GivenUp, checked
from vesalius.server.roles import Role, Roles
from vesalius.server.scans import Sender, keep_scan
from vesalius.server.schema import CASES, MEMBERS, PROJECTS, USERS
from vesalius.server.vault import Identity

PROJECT, NAME = "p-demo", "Demo"
ROLES: Roles = frozenset(Role)  # of whoever opens the link: a demo is one person's

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sample:
    """A scan that a demo begins with.

    Attributes:
        name: Of the child's table of how to make it.
        verb: What is done with it.
        patient: Invented.
        place: Folder under the data's; empty for what is drawn.
        said: What a NIfTI does not say.
    """

    name: str
    verb: str
    patient: Identity
    place: str = ""
    said: tuple[tuple[str, str], ...] = ()


SAMPLES: Sequence[Sample] = (
    Sample("phantom", "denoise", Identity("DEMO^PHANTOM", "DEMO-1", "19700101")),
    Sample(
        "tumour",
        "segment",
        Identity("DEMO^TUMOUR", "DEMO-2", "19700102"),
        "lgg",
        (("modality", "MR"), ("contrast", "FLAIR")),
    ),
    Sample(
        "head", "denoise", Identity("DEMO^HEAD", "DEMO-3", "19700103"), "mr_t1_dicom"
    ),
    Sample(
        "chest", "detect", Identity("DEMO^CHEST", "DEMO-4", "19700104"), "lidc_0001"
    ),
)


def prepare(desk: Desk) -> None:
    """Make the demo's project, which whoever opens the first link becomes a member of.

    Args:
        desk: Open; a new one, or a demo that was begun before.

    Raises:
        ConfigError: It is somebody's desk, and no demo.
    """
    with desk.change() as (connection, record):
        if _is_there(connection, PROJECTS.c.id, PROJECT):
            return
        if connection.execute(select(func.count()).select_from(USERS)).scalar_one():
            raise ConfigError(
                "this folder holds a desk that is no demo: start it without --demo, or "
                "give the demo a folder of its own"
            )
        made = desk.now().isoformat()
        connection.execute(insert(PROJECTS).values(id=PROJECT, name=NAME, made=made))
        what = {"what": "project.added", "about": PROJECT}
        record(Event(who=DESK.id, role=DESK.role, **what))


def welcome(connection: Connection, record: Record, account: Account) -> None:
    """Let whoever opened the first link see the demo's cases.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        account: Made in the same block.
    """
    connection.execute(insert(MEMBERS).values(project=PROJECT, user=account.id))
    what = {"what": "project.joined", "about": account.id, "why": PROJECT}
    record(Event(who=DESK.id, role=DESK.role, **what))


def fill(desk: Desk) -> None:
    """Bring the scans in that are not here yet, and queue what is done with them.

    Args:
        desk: Open; its demo was prepared.
    """
    for sample in SAMPLES:
        if desk.stopping.is_set():
            return
        try:
            _bring(desk, sample)
        except GivenUp:
            return
        except VesaliusError as error:
            _log.warning("the demo's %s: %s", sample.name, error)
        except Exception as error:  # noqa: BLE001  (a demo's scan stops no desk)
            _log.error("the demo's %s: %s", sample.name, type(error).__name__)


def _bring(desk: Desk, sample: Sample) -> None:
    if sample.place and not (desk.settings.demo_data / sample.place).is_dir():
        return
    case = desk.vault.pseudonym(sample.patient.number, PROJECT)
    with desk.look() as connection:
        if _is_there(connection, CASES.c.id, case):
            return
    with tempfile.TemporaryDirectory(dir=desk.settings.data, prefix=READING) as room:
        upload = _made(desk, sample, Path(room))
        place = Path(room) / "scans"
        place.mkdir()
        with upload.open("rb") as opened:
            (arrived, *_), _ = read_upload(
                opened,
                ".zip" if upload.suffix == ".zip" else ".nii.gz",
                place,
                said=dict(sample.said),
                wanted=lambda: not desk.stopping.is_set(),
            )
        _keep(desk, sample, replace(arrived, identity=sample.patient))


def _made(desk: Desk, sample: Sample, room: Path) -> Path:
    """Have a child draw the scan, or pack it with its invented patient."""
    patient = sample.patient
    wish: dict[str, Any] = {
        "name": sample.name,
        "data": str(desk.settings.demo_data / sample.place),
        "out": str(room),
        "patient": [patient.name, patient.number, patient.born],
    }
    with child("vesalius.server.demo_child", wish) as process:
        for line in said_by(process):
            if line.endswith("\n"):
                return room / line.strip()
            if desk.stopping.is_set():
                raise GivenUp
    raise ConfigError("it cannot be made from what lies in the demo's data")


def _keep(desk: Desk, sample: Sample, arrived: Arrived) -> None:
    with arrived.file.open("rb") as opened:
        digest = desk.objects.put(opened).digest
    with desk.change() as (connection, record):
        sender = Sender(PROJECT, sample.patient.number, DESK, desk.now())
        scan, _ = keep_scan(connection, record, desk.vault, arrived, digest, sender)
        wish = Wish(
            project=scan.project,
            case=scan.case,
            verb=sample.verb,
            input_sha256=scan.scan_sha256,
            options=checked(sample.verb, {}),
            scan=scan.id,
        )
        queue.submit(connection, record, wish, DESK, desk.now())


def _is_there(connection: Connection, column: Any, value: str) -> bool:
    found = connection.execute(select(column).where(column == value)).first()
    return found is not None
