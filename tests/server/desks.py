"""Desks with people at them, and answers as work leaves them."""

import gzip
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from vesalius.anatomy.pieces import pieces_of
from vesalius.governance.audit import entries
from vesalius.io import read, write
from vesalius.io.dicom_bare import write_bare
from vesalius.io.writing import write_volume
from vesalius.result import Finding, Measure, Provenance, Result, Verdict
from vesalius.server import passwords, queue
from vesalius.server.accounts import add_account
from vesalius.server.app import create_app
from vesalius.server.course import QUESTIONS, take_test
from vesalius.server.database import executed
from vesalius.server.desk import open_desk
from vesalius.server.doors import CSRF
from vesalius.server.intake import Arrived
from vesalius.server.job import JobState, Wish
from vesalius.server.projects import add_project, set_member
from vesalius.server.results import keep_result, results_of
from vesalius.server.reviews import open_review
from vesalius.server.roles import Role
from vesalius.server.scans import Sender, keep_scan
from vesalius.server.settings import Settings
from vesalius.server.vault import Identity
from vesalius.server.working import work_once
from vesalius.volume import Volume

WORD = "correct horse battery"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOTH = (Role.READER, Role.REVIEWER)
STAFF = {
    "anna": (*BOTH, Role.STEWARD),
    "ben": BOTH,
    "rita": (Role.READER,),
    "otto": BOTH,  # of no project
    "boss": (Role.ADMINISTRATOR,),
    "iris": (Role.AUDITOR,),
}
MEMBERS = ("anna", "ben", "rita")
SIGNERS = ("anna", "ben")  # have passed the course
RIGHT = {name: one.right for name, one in QUESTIONS.items()}


def quicken(monkeypatch):
    """Have passwords hashed in no time."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    monkeypatch.setattr(passwords, "_NOBODYS", hasher.hash("nobody's"))


def opened(folder):
    """Open a desk: two reviewers, a reader, a stranger, an administrator; a project."""
    desk, _ = open_desk(Settings(data=folder))
    with desk.change() as (connection, record):
        desk.staff = {
            name: add_account(connection, record, name, WORD, roles, NOW)
            for name, roles in STAFF.items()
        }
        desk.anna = desk.staff["anna"]
        desk.project = add_project(connection, record, "Study", NOW, desk.anna)
        for name in SIGNERS:
            take_test(connection, record, RIGHT, desk.staff[name], NOW)
        for name in MEMBERS[1:]:
            friend = desk.staff[name].id
            set_member(connection, record, desk.project.id, friend, True, desk.anna)
    return desk


def sign_in(client, name, word=WORD):
    """Sign in; what is changed from then on carries the token of the page."""
    answer = client.post("/api/session", json={"name": name, "password": word})
    assert answer.status_code == 200, answer.text
    client.headers[CSRF] = answer.json()["csrf"]
    return answer


def entered(desk, name):
    """Return a client that somebody has signed in with."""
    client = TestClient(create_app(desk), raise_server_exceptions=False)
    sign_in(client, name)
    return client


def recorded(desk):
    """Return the events on the record, the oldest first."""
    with desk.look() as connection:
        return [event for _, event in entries(executed(connection))]


def do(client, found, what, **body):
    """Do one thing to a result's review."""
    return client.post(f"/api/reviews/{found.id}/{what}", json=body)


def keep(desk, arrived, content):
    """Keep a scan that has come in; it is the desk's from then on."""
    digest = desk.objects.put(io.BytesIO(content)).digest
    with desk.change() as (connection, record):
        sender = Sender(desk.project.id, "up-1", desk.anna, NOW)
        desk.scan, _ = keep_scan(
            connection, record, desk.vault, arrived, digest, sender
        )
    return desk.scan


def keep_nifti(desk, scan, folder, contrast="FLAIR"):
    """Keep a volume as a NIfTI that somebody has sent."""
    write_volume(scan, folder / "scan.nii.gz")
    arrived = _arrived(scan, "nifti", contrast, Identity("A", "1", ""), "{}")
    return keep(desk, arrived, (folder / "scan.nii.gz").read_bytes())


def keep_dicom(desk, series, folder, contrast="FLAIR"):
    """Keep a DICOM series as reading an upload leaves it: without its patient."""
    (bare,) = write_bare(series, folder / "bare")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in sorted(bare.folder.iterdir()):
            archive.write(file, file.name)
    scan = read(bare.folder)
    arrived = _arrived(scan, "dicom", contrast, Identity(*bare.identity), bare.taken)
    return keep(desk, arrived, content.getvalue())


def _arrived(scan, form, contrast, identity, taken):
    return Arrived(
        file=Path(),  # its content is kept already
        form=form,
        uid="",
        modality=scan.modality,
        contrast=contrast if scan.modality == "MR" else None,
        shape=scan.voxels.shape,
        spacing_mm=scan.spacing_mm,
        sha256=scan.sha256,
        notes=(),
        identity=identity,
        taken=taken,
    )


def ask(desk, verb, **options):
    """Put a job at the end of the queue."""
    with desk.change() as (connection, record):
        scan = desk.scan
        wish = Wish(scan.project, scan.case, verb, scan.scan_sha256, options, scan.id)
        return queue.submit(connection, record, wish, desk.anna, desk.now())


class Answering:
    """An executor whose answer is made by a function of the scan."""

    def __init__(self, make):
        self.make = make

    def run(self, task, told):
        result = self.make(read(task.source, **task.said))
        write(result, task.out, like=task.source)
        (task.out / "report.html").write_text("<p>a page</p>")


def worked(desk, verb, make, **options):
    """Have a job done, and return its result."""
    asked = ask(desk, verb, **options)
    job = work_once(desk, Answering(make), "w-1")
    assert (job.id, job.state) == (asked.id, JobState.DONE), job
    with desk.look() as connection:
        (found,) = [r for r in results_of(connection, desk.scan.id) if r.job == job.id]
    return found


class Clock:
    """A clock that tests move; it begins late, for a record's time never goes back."""

    def __init__(self):
        self.time = datetime(2100, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.time


def kept_answer(desk, *, model="segment-tumour", verb="segment", finds=1):
    """Keep a result of the desk's scan that nobody worked on; it supersedes none."""
    told = {
        "provenance": {"model": model, "weights_sha256": "ef" * 32, "version": "0.1"},
        "verdict": {"outcome": "show"},
        "findings": [{"probability": 0.9, "interval": [0.7, 0.95]}] * finds,
    }
    file = desk.objects.put(io.BytesIO(json.dumps(told).encode())).digest
    listed = json.dumps({"files": {"result.json": file}}).encode()
    output = desk.objects.put(io.BytesIO(listed)).digest
    scan, now = desk.scan, desk.now()
    with desk.change() as (connection, record):
        wish = Wish(scan.project, scan.case, verb, scan.scan_sha256, {}, scan.id)
        job = queue.submit(connection, record, wish, desk.anna, now)
        queue.take(connection, record, "w", now)
        job = queue.finish(connection, record, job.id, "w", output, now)
        found = keep_result(connection, record, job, scan, told, now)
        open_review(connection, found, now)
    return found


def origin(task, scan, model):
    return Provenance(
        task=task,
        model=model,
        weights_sha256="ef" * 32,
        input_sha256=scan.sha256,
        seed=7,
        options=(),
        version="0.1",
    )


SIDES = (slice(1, 3), slice(1, 4), slice(1, 3))  # of the machine's outline


def outlined(scan):
    """What `segment` returns: a likely box in a possible one."""
    chance = np.zeros(scan.voxels.shape, np.float32)
    chance[:4, :5, :4] = 0.2
    chance[SIDES] = 0.9
    place = replace(scan, units="probability", padding=None, contrast=None)
    doubt = ((chance > 0.1) & (chance < 0.5)).astype(np.float32)
    volume_ml = float((chance > 0.5).sum() * np.prod(scan.spacing_mm) / 1000)
    pieces = pieces_of(chance > 0.5, place.with_voxels(chance))
    return Result(
        picture=place.with_voxels(chance),
        spread=place.with_voxels(doubt),
        findings=tuple(piece.finding for piece in pieces),
        verdict=Verdict("show"),
        measures=(Measure("tumour volume", volume_ml, "ml", "of the outline."),),
        provenance=origin("segment", scan, "segment-tumour"),
    )


def detected(scan, places=((1, 1, 1), (4, 3, 2))):
    """What `detect` returns: two nodules."""
    found = [
        Finding(
            position_mm=tuple(float(x) for x in (scan.affine @ [*place, 1.0])[:3]),
            size_mm=6.0 + number,
            probability=0.9 - 0.2 * number,
            interval=(0.4, 0.95),
        )
        for number, place in enumerate(places)
    ]
    return Result(
        picture=scan,
        findings=tuple(found),
        verdict=Verdict("show"),
        provenance=origin("detect", scan, "detect-nodule"),
    )


def restored(scan):
    """What `denoise` returns: the scan half way to its mean."""
    picture = (scan.voxels + scan.voxels.mean()) / 2
    return Result(
        picture=scan.with_voxels(picture.astype(np.float32)),
        spread=scan.with_voxels(np.ones_like(scan.voxels)),
        verdict=Verdict("show"),
        provenance=origin("denoise", scan, "denoise-mr"),
    )


def withheld(scan):
    """What a verb returns on a scan that it was not made for."""
    return Result(
        verdict=Verdict("withhold", ("This is no head.",)),
        provenance=origin("segment", scan, "segment-tumour"),
    )


def flair(shape=(7, 6, 5), spacing=(4.0, 4.0, 5.0)):
    """A small scan that looks like nothing, asymmetric."""
    i, j, k = np.indices(shape)
    affine = np.diag([-spacing[0], spacing[1], spacing[2], 1.0])
    affine[:3, 3] = 12.5, -7.25, 100
    voxels = (10 * i + 31 * j + 110 * k + 7 * i * j).astype(np.float32)
    return Volume(voxels, affine, "a.u.", "MR")


def drawn():
    """Return an asymmetric outline in two pieces: no flip of it is another."""
    mask = np.zeros((7, 6, 5), np.uint8)
    mask[1:4, 1, 0] = 1
    mask[5, 3:6, 3:5] = 1
    return mask


def packed(mask):
    """Return a mask as pages send it."""
    return gzip.compress(mask.astype(np.uint8).tobytes(order="F"))


def draw(client, found, digest, content):
    """Send an outline drawn anew."""
    address = f"/api/reviews/{found.id}/correct/mask"
    kind = {"Content-Type": "application/gzip"}
    return client.post(
        address, params={"digest": digest}, content=content, headers=kind
    )


def seen_by(client, found):
    """Have an answer shown; return its digest."""
    return do(client, found, "show").json()["digest"]
