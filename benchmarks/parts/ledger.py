"""Ledger: what a desk has acknowledged, and whether its data folder still has it."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from vesalius.governance.audit_check import check_folder, exported, read_checkpoint
from vesalius.server.archive import objects_of
from vesalius.server.objects import Objects

OVER = ("done", "failed", "cancelled")
STATES = {"accept": "accepted", "reject": "rejected", "sign": "signed"}
DONE = {
    "show": "review.shown",
    "accept": "review.accepted",
    "reject": "review.rejected",
    "sign": "review.signed",
}


@dataclass
class Ledger:
    """What was acknowledged, filled by those who talk to the desk.

    Attributes:
        pieces: Bytes that were acknowledged, by upload.
        ended: Uploads that were said to be all there.
        jobs: That were queued.
        cancelled: Jobs that were given up.
        deeds: Of reviews: result, act, digest.
    """

    pieces: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    deeds: set[tuple[str, str, str]] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    def copied(self) -> "Ledger":
        """Return what was acknowledged until now."""
        with self.lock:
            return Ledger(
                dict(self.pieces),
                set(self.ended),
                set(self.jobs),
                set(self.cancelled),
                set(self.deeds),
            )

    @property
    def counts(self) -> dict[str, int]:
        """How many acknowledgements there are."""
        names = ("pieces", "ended", "jobs", "cancelled", "deeds")
        return {name: len(getattr(self, name)) for name in names}


def lost(folder: Path, ledger: Ledger, checkpoint: Path | None) -> list[str]:
    """Return what a data folder lacks, or has by halves; in words.

    Args:
        folder: Of a desk that is not open.
        ledger: What it acknowledged.
        checkpoint: Of the record, exported before.
    """
    kept = None if checkpoint is None else read_checkpoint(checkpoint)
    record = check_folder(folder, kept)
    found = [] if record.bad is None else [f"record: {record.bad} {record.reason}"]
    with closing(sqlite3.connect(folder / "desk.sqlite")) as database:
        database.row_factory = sqlite3.Row
        events = _events(database)
        found += _uploads_lost(folder, database, ledger, events)
        found += _jobs_lost(database, ledger)
        found += _deeds_lost(database, ledger, events)
        found += _halves(folder, database)
    return found


def not_ended(folder: Path, ledger: Ledger) -> list[str]:
    """Return what a desk that had time has not ended.

    Args:
        folder: Of a desk that is not open.
        ledger: What it acknowledged.
    """
    with closing(sqlite3.connect(folder / "desk.sqlite")) as database:
        jobs = dict(database.execute("SELECT id, state FROM jobs").fetchall())
        uploads = dict(database.execute("SELECT id, state FROM uploads").fetchall())
    found = [f"{name} is {state}" for name, state in jobs.items() if state not in OVER]
    return found + [
        f"{name} is {uploads[name]}" for name in ledger.ended if uploads[name] != "kept"
    ]


def keep_checkpoint(folder: Path, file: Path) -> None:
    """Export the record for the next check."""
    file.write_text(exported(folder), encoding="utf-8")


def _events(database: sqlite3.Connection) -> set[tuple[str, str]]:
    entries = database.execute("SELECT entry FROM audit")
    told = [json.loads(row["entry"]) for row in entries]
    return {(event["what"], event.get("about", "")) for event in told}


def _uploads_lost(
    folder: Path,
    database: sqlite3.Connection,
    ledger: Ledger,
    events: set[tuple[str, str]],
) -> list[str]:
    rows = database.execute("SELECT id, state FROM uploads")
    states = {row["id"]: row["state"] for row in rows}
    found = []
    for name, size in ledger.pieces.items():
        there = sum(
            piece.stat().st_size - 29  # what sealing adds
            for piece in (folder / "uploads" / name).glob("[0-9]" * 16)
        )
        if states.get(name) in ("coming", "reading") and there < size:
            found.append(f"{name}: {there} of {size} bytes")
        if name not in states or ("upload.begun", name) not in events:
            found.append(f"{name} is gone")
    for name in ledger.ended:
        if states.get(name) not in ("reading", "kept"):
            found.append(f"{name}, ended, is {states.get(name)}")
        if ("upload.ended", name) not in events:
            found.append(f"{name}: no word of its end")
    return found


def _jobs_lost(database: sqlite3.Connection, ledger: Ledger) -> list[str]:
    states = dict(database.execute("SELECT id, state FROM jobs").fetchall())
    gone = [f"{name} is gone" for name in ledger.jobs if name not in states]
    back = [n for n in ledger.cancelled if states.get(n) != "cancelled"]
    whats = [
        json.loads(row["entry"])["what"]
        for row in database.execute("SELECT entry FROM audit")
    ]
    if whats.count("job.queued") < len(ledger.jobs):
        gone.append("a job's beginning is not on the record")
    return gone + [f"{name} was given up and is {states.get(name)}" for name in back]


def _deeds_lost(
    database: sqlite3.Connection, ledger: Ledger, events: set[tuple[str, str]]
) -> list[str]:
    rows = database.execute("SELECT result, review FROM reviews")
    reviews: dict[str, Any] = {r["result"]: json.loads(r["review"]) for r in rows}
    found = []
    for result, act, digest in ledger.deeds:
        steps = reviews.get(result, {"steps": []})["steps"]
        if not any((s["act"], s["digest"]) == (act, digest) for s in steps):
            found.append(f"{result}: {act} is gone")
        if (DONE[act], result) not in events:
            found.append(f"{result}: no word of {act}")
        if act == "sign" and reviews[result]["state"] not in ("signed", "superseded"):
            found.append(f"{result} was signed and is {reviews[result]['state']}")
    return found


def _halves(folder: Path, database: sqlite3.Connection) -> list[str]:
    """Look at every result: whole, of a job that is done, with a review."""
    objects = Objects(folder / "objects")
    wanted = objects_of(database, lambda d: objects.path(d).read_bytes())
    found = [f"{d} is not whole" for d in wanted if not objects.is_whole(d)]
    done = "SELECT id FROM jobs WHERE state = 'done'"
    pairs = (
        (f"{done} AND id NOT IN (SELECT job FROM results)", "done, no result"),
        (f"SELECT id FROM results WHERE job NOT IN ({done})", "of no job that is done"),
        (
            "SELECT id FROM results WHERE id NOT IN (SELECT result FROM reviews)",
            "without a review",
        ),
    )
    for words, what in pairs:
        found += [f"{row['id']}: {what}" for row in database.execute(words)]
    return found
