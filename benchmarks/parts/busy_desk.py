"""Busy desk: a real server process, and people who use all of it at once."""

import io
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Event, Thread
from typing import Any

import httpx2 as httpx
from sqlalchemy import select, update

from parts.ledger import OVER, Ledger
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned
from vesalius.server import queue
from vesalius.server.accounts import Account, add_account, named
from vesalius.server.desk import Desk, open_desk
from vesalius.server.doors import CSRF
from vesalius.server.intake import Arrived
from vesalius.server.job import JobState, Wish
from vesalius.server.projects import add_project, projects_of
from vesalius.server.results import keep_result
from vesalius.server.reviews import open_review
from vesalius.server.roles import roles_of
from vesalius.server.scans import Sender, keep_scan
from vesalius.server.schema import JOBS, REVIEWS
from vesalius.server.settings import Settings
from vesalius.server.vault import Identity

SERVE = "from vesalius.cli import main; main()"
NAME, WORD = "anna", "correct horse battery"
ROLES = ("reader", "reviewer", "steward")
MOMENTS = ("upload", "job", "review", "signing")
SOON_S = 0.02
PATIENCE_S = 120.0
MOST_WAITING = 3  # jobs; a queue that only grows shows nothing
SUPPLIED = (4, 4, 2)  # shape of what nobody works on
TOLD = {
    "provenance": {"model": "m", "weights_sha256": "ef" * 32, "version": "0.1"},
    "verdict": {"outcome": "show"},
}
SHAPE, SPACING_MM = (32, 40, 3), (6.0, 6.0, 8.0)


def tiny_series(count: int) -> tuple[bytes, ...]:
    """Return zips of tiny heads, each with a noise of its own.

    Args:
        count: How many.
    """
    truth = head(shape=SHAPE, spacing_mm=SPACING_MM, contrast="T1w")
    packed = []
    for seed in range(count):
        with TemporaryDirectory() as folder:
            write_phantom_dicom(
                scanned(truth, noise=0.05, seed=seed), folder, seed=seed
            )
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w") as archive:
                for file in sorted(Path(folder).iterdir()):
                    archive.write(file, file.name)
        packed.append(content.getvalue())
    return tuple(packed)


def begun_desk(folder: Path) -> None:
    """Make a desk with one person, who may do all that readers do, and a project.

    Args:
        folder: Of its data; made here.
    """
    desk, _ = open_desk(Settings(data=folder))
    with desk.change() as (connection, record):
        roles = roles_of(ROLES)
        by = add_account(connection, record, NAME, WORD, roles, desk.now())
        add_project(connection, record, "Study", desk.now(), by)


def free_port() -> int:
    """Return a port that nobody holds now."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


@dataclass
class Server:
    """A desk's process, which leads a group of its own."""

    process: "subprocess.Popen[str]"

    @property
    def children(self) -> list[int]:
        """Processes that it has begun."""
        found = []
        for place in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                words = place.read_text().rpartition(")")[2].split()
                if int(words[1]) == self.process.pid:
                    found.append(int(place.parent.name))
        return found

    def kill(self, victim: str, rng: random.Random) -> str:
        """Send SIGKILL; say to whom it went.

        Args:
            victim: "server", "tree", or "worker": one of its children, if it has one.
            rng: Chooses among them.
        """
        children = self.children
        if victim == "worker" and children:
            _kill(rng.choice(children))
            return victim
        victim = "server" if victim == "worker" else victim
        _kill(self.process.pid)
        if victim == "tree":
            for child in children:
                _kill(child)
        self.process.wait()
        return victim

    def stop(self) -> int:
        """Ask it to end, in order; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_S)


def _kill(number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)


@contextmanager
def open_server(folder: Path, port: int) -> Iterator[Server]:
    """Start `vesalius serve`, and wait for its link.

    Args:
        folder: Of its data.
        port: Where it listens.

    Raises:
        RuntimeError: It does not begin.
    """
    words = ["serve", "--data", str(folder), "--port", str(port)]
    with (
        TemporaryFile("w+") as log,  # a pipe that nobody reads would fill up
        subprocess.Popen(
            [sys.executable, "-c", SERVE, *words],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            process_group=0,
        ) as process,
    ):
        try:
            if not (process.stdout and process.stdout.readline().startswith("http")):
                log.seek(0)
                raise RuntimeError(log.read())
            yield Server(process)
        finally:
            process.kill()


@dataclass
class People:
    """Who use a desk: each in a thread, until the desk is gone.

    Attributes:
        client: Signed in.
        project: Theirs.
        series: What they send.
        ledger: Filled with what was acknowledged.
        rng: What they do next.
        at: Set while a request of that kind is under way.
    """

    client: httpx.Client
    project: str
    series: tuple[bytes, ...]
    ledger: Ledger
    rng: random.Random
    stop: Event = field(default_factory=Event)
    at: dict[str, Event] = field(
        default_factory=lambda: {name: Event() for name in MOMENTS}
    )
    refused: list[str] = field(default_factory=list)
    sent: str = ""

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Have all of them at work while the block lasts."""
        steps = (self.send, self.ask, self.review, self.sign)
        threads = [Thread(target=self._repeat, args=(step,)) for step in steps]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def _repeat(self, step: Callable[[], None]) -> None:
        while not self.stop.is_set():
            try:
                step()
            except (httpx.TransportError, httpx.RemoteProtocolError):
                self.stop.wait(SOON_S)
            self.stop.wait(SOON_S)

    def _asked(self, kind: str, method: str, path: str, **said: Any) -> Any:
        """Ask for something that changes the desk; None where it was refused."""
        self.at[kind].set()
        try:
            answer = self.client.request(method, path, **said)
        finally:
            self.at[kind].clear()
        if answer.status_code >= 500:
            self.refused.append(f"{method} {kind}: {answer.status_code}")
        return None if answer.is_error else answer.json()

    def _seen(self, path: str) -> Any:
        """Return what the desk lists; nothing where it refuses."""
        answer = self.client.get(path, params={"project": self.project})
        if answer.is_error:
            self.refused.append(f"GET {path}: {answer.status_code}")
            return []
        return answer.json()

    def send(self) -> None:
        """Send a series in three pieces; now and then stop half-way."""
        if self._is_behind() and self.rng.random() < 0.9:
            self.stop.wait(0.3)
            return
        content = self.rng.choice(self.series)
        wish = {"project": self.project, "ending": ".zip", "size": len(content)}
        told = self._asked("upload", "POST", "/api/uploads", json=wish)
        if told is None:
            return
        name, step = told["id"], len(content) // 3 + 1
        with self.ledger.lock:
            self.ledger.pieces[name] = 0
        for at in range(0, len(content), step):
            piece = content[at : at + step]
            path = f"/api/uploads/{name}/pieces/{at}"
            there = self._asked("upload", "PUT", path, content=piece)
            if there is None or self.rng.random() < 0.05:
                return
            with self.ledger.lock:
                self.ledger.pieces[name] = there["received"]
        if self._asked("upload", "POST", f"/api/uploads/{name}/end"):
            with self.ledger.lock:
                self.ledger.ended.add(name)
            self.sent = name
        self.stop.wait(self.rng.uniform(0, 1))

    def _is_behind(self) -> bool:
        """Whether what was sent last is still to be read: more would only pile up."""
        if not self.sent:
            return False
        told = self.client.get(f"/api/uploads/{self.sent}").json()
        return bool(told.get("stage") == "reading")

    def ask(self) -> None:
        """Ask for a job; now and then give one up."""
        jobs = self._seen("/api/jobs")
        waiting = [job["id"] for job in jobs if job["state"] not in OVER]
        if waiting and self.rng.random() < 0.1:
            name = self.rng.choice(waiting)
            if self._asked("job", "POST", f"/api/jobs/{name}/cancel"):
                with self.ledger.lock:
                    self.ledger.cancelled.add(name)
        if len(waiting) >= MOST_WAITING:
            self.stop.wait(0.2)
            return
        told = self._seen("/api/scans")
        scans = [scan for scan in told if tuple(scan["shape"]) != SUPPLIED]
        if not scans:
            self.stop.wait(0.2)
            return
        wish = {"scan": self.rng.choice(scans)["id"], "verb": "denoise"}
        told = self._asked("job", "POST", "/api/jobs", json=wish)
        if told is not None:
            with self.ledger.lock:
                self.ledger.jobs.add(told["id"])

    def review(self) -> None:
        """Look at an answer that waits, and accept or reject it."""
        row = self._waiting("draft", "shown")
        if row is None:
            return
        told = self._deed("review", row, "show", {})
        if told is not None:
            act = self.rng.choice(("accept", "accept", "reject"))
            reason = {"reason": "poor-answer"} if act == "reject" else {}
            self._deed("review", row, act, {"digest": told["digest"], **reason})

    def sign(self) -> None:
        """Sign what was accepted."""
        row = self._waiting("accepted")
        if row is not None:
            path = f"/api/reviews/{row['result']}"
            digest = self.client.get(path).json()["digest"]
            self._deed("signing", row, "sign", {"digest": digest, "password": WORD})

    def _waiting(self, *states: str) -> Any:
        rows = self._seen("/api/reviews")
        found = [row for row in rows if row["state"] in states]
        if not found:
            self.stop.wait(0.2)
            return None
        return self.rng.choice(found)

    def _deed(self, kind: str, row: Any, act: str, said: Any) -> Any:
        path = f"/api/reviews/{row['result']}/{act}"
        told = self._asked(kind, "POST", path, json=said)
        if told is not None:
            with self.ledger.lock:
                self.ledger.deeds.add((row["result"], act, told["digest"]))
        return told


def signed_in(client: httpx.Client) -> str:
    """Sign in, pass the course where there is one; return the project.

    Args:
        client: Of an open desk.
    """
    who = {"name": NAME, "password": WORD}
    client.headers[CSRF] = client.post("/api/session", json=who).json()["csrf"]
    _pass_course(client)
    return str(client.get("/api/projects").json()[0]["id"])


def _pass_course(client: httpx.Client) -> None:
    with suppress(ImportError):  # a desk that has no course asks for none
        from vesalius.server.course import QUESTIONS

        right = {name: question.right for name, question in QUESTIONS.items()}
        client.post("/api/learn", json={"answers": right})


def wait_until(came: Callable[[], bool], seconds: float) -> bool:
    """Wait closely: a request lasts milliseconds.

    Args:
        came: Whether it has come.
        seconds: For so long at most.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if came():
            return True
        time.sleep(0.001)
    return False


def supply(folder: Path, least: int) -> None:
    """See to it that so many answers wait for a decision, without minutes of work.

    Args:
        folder: Of a desk that is not open, with its project.
        least: How many.
    """
    desk, _ = open_desk(Settings(data=folder))
    with desk.look() as connection:
        by = named(connection, NAME)
        projects = projects_of(connection, by)
        unseen = REVIEWS.c.state.in_(("draft", "shown"))
        chosen = select(REVIEWS.c.result).where(unseen)
        missing = least - len(connection.execute(chosen).all())
    for _ in range(missing):
        number = secrets.token_bytes(8)
        listed = json.dumps({"files": {"picture": _kept(desk, number)}}).encode()
        _supply_one(desk, by, projects[0].id, _kept(desk, listed), number)


def _supply_one(
    desk: Desk, by: Account, project: str, output: str, number: bytes
) -> None:
    arrived = Arrived(
        file=desk.settings.data,
        form="nifti",
        uid="",
        modality="MR",
        contrast=None,
        shape=SUPPLIED,
        spacing_mm=(1.0, 1.0, 1.0),
        sha256=sha256(number).hexdigest(),
        notes=(),
        identity=Identity("", number.hex(), ""),
        taken="{}",
    )
    now = desk.now()
    with desk.change() as (connection, record):
        sender = Sender(project, "supplied", by, now)
        kept = _kept(desk, b"a scan")
        scan, _ = keep_scan(connection, record, desk.vault, arrived, kept, sender)
        wish = Wish(project, scan.case, "denoise", scan.scan_sha256, {}, scan.id)
        # Not through the queue: whoever waits there has come first.
        job = queue.submit(connection, record, wish, by, now)
        begun = {
            "state": JobState.RUNNING,
            "worker": "supplier",
            "started": now.isoformat(),
        }
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(begun))
        done = queue.finish(connection, record, job.id, "supplier", output, now)
        found = keep_result(connection, record, done, scan, TOLD, now)
        open_review(connection, found, now)


def _kept(desk: Desk, content: bytes) -> str:
    return desk.objects.put(io.BytesIO(content)).digest
