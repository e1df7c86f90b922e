"""Readers: many people who look at cases on one desk, and how long it keeps them."""

import io
import random
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import httpx2 as httpx
import numpy as np

from parts.busy_desk import signed_in, tiny_series

PATIENCE_S = 600.0  # until a scan has been read, on a machine with other work
SLICE, WORKLIST, SHOW, DECISION = "slice", "worklist", "opening", "decision"
KINDS = (SLICE, WORKLIST, SHOW, DECISION)
MIXED = (0.80, 0.92)  # slices below the first, a look at the worklist below the second


@dataclass(frozen=True)
class Open:
    """A scan that readers scroll through, as its bytes for a screen.

    Attributes:
        path: Of its volume.
        size: Bytes of it.
        slices: Its slices; one is that share of the bytes.
    """

    path: str
    size: int
    slices: int

    def part(self, rng: random.Random) -> str:
        """Return the header that asks for one slice's share."""
        share = self.size // self.slices
        at = rng.randrange(self.slices) * share
        return f"bytes={at}-{at + share - 1}"


@dataclass
class Clock:
    """Seconds that requests took, by kind, and what was refused.

    Attributes:
        spans: Of those that were answered.
        refused: What was asked and the status that came.
    """

    spans: dict[str, list[float]] = field(
        default_factory=lambda: {kind: [] for kind in KINDS}
    )
    refused: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def asked(
        self, kind: str, client: httpx.Client, method: str, path: str, **said: Any
    ) -> Any:
        """Ask, and take the time; None where it is refused."""
        begun = time.perf_counter()
        try:
            answer = client.request(method, path, **said)
        except httpx.HTTPError as error:
            with self.lock:
                self.refused.append(f"{kind}: {type(error).__name__}")
            return None
        spent = time.perf_counter() - begun
        with self.lock:
            if answer.is_error:
                self.refused.append(f"{kind}: {answer.status_code}")
                return None
            self.spans[kind].append(spent)
        return answer

    def told(self) -> dict[str, Any]:
        """Return how many requests there were, and their seconds."""
        return {
            kind: {
                "count": len(spans),
                "p50_ms": _ms(spans, 50),
                "p95_ms": _ms(spans, 95),
                "most_ms": _ms(spans, 100),
            }
            for kind, spans in self.spans.items()
            if spans
        }


def _ms(spans: list[float], percent: float) -> float:
    return round(1e3 * float(np.percentile(spans, percent)), 1)


@dataclass
class Reader:
    """One person with a browser: scrolls, looks at the worklist, decides.

    Attributes:
        client: Signed in.
        project: Theirs.
        scan: That they scroll through.
        clock: Takes the time.
        rng: What they do next.
        pause_s: Between two requests, on average.
        cases: Answers that are theirs to decide, and nobody else's.
    """

    client: httpx.Client
    project: str
    scan: Open
    clock: Clock
    rng: random.Random
    pause_s: float
    cases: list[str] = field(default_factory=list)

    def read(self, stop: Event) -> None:
        """Work until told to stop."""
        while not stop.wait(self.rng.uniform(0, 2 * self.pause_s)):
            chance = self.rng.random()
            if chance < MIXED[0] or (chance >= MIXED[1] and not self.cases):
                said = {"Range": self.scan.part(self.rng)}
                path = self.scan.path
                self.clock.asked(SLICE, self.client, "GET", path, headers=said)
            elif chance < MIXED[1]:
                asked = {"project": self.project}
                path = "/api/reviews"
                self.clock.asked(WORKLIST, self.client, "GET", path, params=asked)
            else:
                self._decide(self.cases.pop())

    def _decide(self, result: str) -> None:
        path = f"/api/reviews/{result}"
        shown = self.clock.asked(SHOW, self.client, "POST", f"{path}/show", json={})
        if shown is not None:
            said = {"digest": shown.json()["digest"]}
            path = f"{path}/accept"
            self.clock.asked(DECISION, self.client, "POST", path, json=said)


@contextmanager
def reading(readers: list[Reader]) -> Iterator[None]:
    """Have them all read while the block lasts."""
    stop = Event()
    threads = [Thread(target=reader.read, args=(stop,)) for reader in readers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def visitor(address: str) -> Iterator[tuple[httpx.Client, str]]:
    """Yield a client that has signed in, and its project."""
    with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        yield client, signed_in(client)


def send(client: httpx.Client, project: str, content: bytes, ending: str) -> str:
    """Send an upload in its pieces; return its name.

    Args:
        client: Signed in.
        project: Where it goes.
        content: All of it.
        ending: Of its name.
    """
    wish: dict[str, Any] = {"project": project, "ending": ending, "size": len(content)}
    if ending.startswith(".nii"):
        wish["modality"] = "MR"
    told = client.post("/api/uploads", json=wish).raise_for_status().json()
    name, most = told["id"], told["piece"]
    for at in range(0, len(content), most):
        path = f"/api/uploads/{name}/pieces/{at}"
        client.put(path, content=content[at : at + most]).raise_for_status()
    client.post(f"/api/uploads/{name}/end").raise_for_status()
    return str(name)


def came_of(client: httpx.Client, name: str) -> dict[str, Any]:
    """Wait until an upload has been read; return how it ended.

    Raises:
        TimeoutError: It is not read.
    """
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        told: dict[str, Any] = client.get(f"/api/uploads/{name}").json()
        if told["stage"] not in ("coming", "reading"):
            return told
        time.sleep(0.02)
    raise TimeoutError(name)


def opened(client: httpx.Client, project: str, content: bytes) -> tuple[str, Open]:
    """Send a series, and have it made ready for a screen.

    Args:
        client: Signed in.
        project: Where it goes.
        content: A zip of DICOM.

    Returns:
        The scan's id, and what readers scroll through.
    """
    told = came_of(client, send(client, project, content, ".zip"))
    scan = told["scans"][0]
    path = f"/api/scans/{scan}/volume?quality=full"
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with suppress(httpx.TimeoutException):
            answer = client.get(path, headers={"Range": "bytes=0-0"})
            if answer.status_code == httpx.codes.PARTIAL_CONTENT:
                size = int(answer.headers["Content-Range"].rpartition("/")[2])
                shape = client.get(f"/api/scans/{scan}").json()["shape"]
                return scan, Open(path, size, int(shape[2]))
        time.sleep(0.5)
    raise TimeoutError(path)


def chest(data: Path) -> bytes:
    """Return the chest CT as a zip, or a small phantom where the data are not there.

    Args:
        data: Folder of the data sets.
    """
    folder = data / "lidc_0001"
    return zipped(folder) if folder.is_dir() else tiny_series(1)[0]


def zipped(folder: Path) -> bytes:
    """Return a folder's files as a zip, as they are."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, file in enumerate(sorted(folder.iterdir())):
            archive.write(file, f"{number:05d}.dcm")
    return content.getvalue()
