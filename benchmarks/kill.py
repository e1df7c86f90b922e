"""Claim: kill -9 at any moment loses nothing that the desk has acknowledged.

A real server is killed, alone, with its workers, or a worker of it, at random moments
of upload, job, review and signing; after each the data folder is held against what was
acknowledged. Backups are taken meanwhile and restored. `--help` lists the options.
"""

import argparse
import json
import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2 as httpx
from parts.busy_desk import (
    MOMENTS,
    People,
    Server,
    begun_desk,
    free_port,
    open_server,
    signed_in,
    supply,
    tiny_series,
    wait_until,
)
from parts.ledger import OVER, Ledger, keep_checkpoint, lost, not_ended
from parts.machine import described
from parts.shown import progress
from parts.written import write_results
from rich.console import Console

from vesalius.governance.audit_check import check_folder
from vesalius.server.backup import back_up
from vesalius.server.restoring import restore

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
VICTIMS = ("server", "tree", "worker")
SERIES = 12
OPEN = 8  # answers that wait for somebody, at the least
LONGEST_S = 5.0  # until the moment comes
BETWEEN = "between"  # it did not come
LONGEST_WORK_S = 120.0  # until a job is done, on a machine with other work
KEEPING = "keeping"  # what came of a job
AT = (*MOMENTS, KEEPING)
DELAYS_S = {"upload": 0.05, "job": 4.0, "review": 0.05, "signing": 0.3, KEEPING: 0.2}
REST_S = 600.0  # until all jobs have ended


@dataclass
class Study:
    """Kills, and what they did.

    Attributes:
        folder: The desk's data.
        place: Where checkpoints and backups go.
        port: Where it listens.
        rng: Of the moments.
        series: What is sent.
    """

    folder: Path
    place: Path
    port: int
    rng: random.Random
    series: tuple[bytes, ...]
    ledger: Ledger = field(default_factory=Ledger)
    kills: list[dict[str, str]] = field(default_factory=list)
    backups: list[dict[str, Any]] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def checkpoint(self) -> Path:
        """The record as it was after the last kill."""
        return self.place / "checkpoint.json"

    def kill_once(self, *, backs_up: bool) -> None:
        """Open the desk, use it, kill it; look for what is lost.

        Args:
            backs_up: Whether a backup is taken meanwhile.
        """
        supply(self.folder, OPEN)
        moment = self.rng.choice(AT)
        victim = self.rng.choice(VICTIMS)
        with open_server(self.folder, self.port) as server, self._people() as people:
            with people.busy():
                if backs_up:
                    self._back_up()
                came = self._await(moment, people, server)
                whom = server.kill(victim, self.rng)
                self.kills.append({"at": moment if came else BETWEEN, "whom": whom})
                if server.process.poll() is None:  # a worker alone: the desk goes on
                    time.sleep(self.rng.uniform(0, 2))
                    server.kill("tree", self.rng)
            self.refused += people.refused
        last = self.checkpoint if self.checkpoint.exists() else None
        self.losses += lost(self.folder, self.ledger, last)
        keep_checkpoint(self.folder, self.checkpoint)

    @contextmanager
    def _people(self) -> Iterator[People]:
        address = f"http://127.0.0.1:{self.port}"
        with httpx.Client(base_url=address, timeout=30) as client:
            project, own = signed_in(client), random.Random(self.rng.random())
            yield People(client, project, self.series, self.ledger, own)

    def _await(self, moment: str, people: People, server: Server) -> bool:
        """Wait for such a moment, and a little longer; say whether it came."""
        if moment == KEEPING:  # the work is done, and nothing of it kept yet
            came = wait_until(lambda: _is_being_kept(self.folder), LONGEST_WORK_S)
        elif moment == "job" and self.rng.random() < 0.7:
            came = wait_until(lambda: bool(server.children), LONGEST_S)
        else:
            came = wait_until(people.at[moment].is_set, LONGEST_S)
        time.sleep(self.rng.uniform(0, DELAYS_S[moment]))
        return came

    def _back_up(self) -> None:
        before, number = self.ledger.copied(), len(self.backups)
        out, keys = (self.place / f"{number}.{end}" for end in ("tar", "keys"))
        made = back_up(self.folder, out, lambda done, total: None, keys=keys)
        copy = self.place / str(number)
        restore(out, copy, lambda done, total: None, keys=keys)
        last = self.checkpoint if self.checkpoint.exists() else None
        wrong = lost(copy, before, last)
        self.losses += [f"backup {number}: {words}" for words in wrong]
        self.backups.append({"entries": made.count, "mb": made.size / 1e6})
        out.unlink()
        shutil.rmtree(copy)

    def rest(self) -> None:
        """Give the desk time; look for what has not ended."""
        with open_server(self.folder, self.port) as server:
            end = time.monotonic() + REST_S
            while _is_at_work(self.folder) and time.monotonic() < end:
                time.sleep(0.5)
            if server.stop() != 0:
                self.losses.append("the desk did not end in order")
        self.losses += lost(self.folder, self.ledger, self.checkpoint)
        self.losses += not_ended(self.folder, self.ledger)


def main(arguments: list[str] | None = None) -> int:
    """Kill so many times; 1 where anything was lost."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    machine, begun = described(), time.monotonic()
    with (
        TemporaryDirectory(prefix="vesalius-kill-") as place,
        progress(console) as told,
    ):
        study = _begun(Path(place), asked.seed)
        for number in range(asked.times):
            told(f"kill {number + 1} of {asked.times}, {len(study.losses)} losses")
            study.kill_once(backs_up=number % asked.backup_every == 1)
        told("all jobs shall end")
        study.rest()
        results = _results(study)
    results = {
        "claim": __doc__.splitlines()[0],
        "seed": asked.seed,
        "machine": machine,
        "minutes": round((time.monotonic() - begun) / 60, 1),
        **results,
    }
    write_results(asked.out, "kill", results)
    text = json.dumps(results, indent=1)
    console.print(text, soft_wrap=True, markup=False, highlight=False)
    return int(not results["holds"])


def _begun(place: Path, seed: int) -> Study:
    folder = place / "desk"
    begun_desk(folder)
    rng = random.Random(seed)
    return Study(folder, place, free_port(), rng, tiny_series(SERIES))


def _results(study: Study) -> dict[str, Any]:
    with closing(sqlite3.connect(study.folder / "desk.sqlite")) as database:
        jobs = dict(database.execute("SELECT state, count(*) FROM jobs GROUP BY state"))
        signed = "SELECT count(*) FROM reviews WHERE state = 'signed'"
        (signatures,) = database.execute(signed).fetchone()
    record = check_folder(study.folder)
    return {
        "holds": not study.losses and not study.refused and record.bad is None,
        "kills": len(study.kills),
        "at": _counted(study.kills, "at", (*AT, BETWEEN)),
        "whom": _counted(study.kills, "whom", VICTIMS),
        "acknowledged": study.ledger.counts,
        "jobs": jobs,
        "signed": signatures,
        "entries": record.count,
        "backups": study.backups,
        "lost": study.losses,
        "answers_of_500": study.refused,
    }


def _counted(kills: list[dict[str, str]], what: str, of: tuple[str, ...]) -> Any:
    return {name: sum(kill[what] == name for kill in kills) for name in of}


def _is_being_kept(folder: Path) -> bool:
    words = "SELECT count(*) FROM jobs WHERE state = 'running' AND stage = 'kept'"
    with closing(sqlite3.connect(folder / "desk.sqlite")) as database:
        return bool(database.execute(words).fetchone()[0])


def _is_at_work(folder: Path) -> bool:
    marks = ", ".join("?" for _ in OVER)
    words = (
        f"SELECT (SELECT count(*) FROM jobs WHERE state NOT IN ({marks})) + "
        "(SELECT count(*) FROM uploads WHERE state = 'reading')"
    )
    with closing(sqlite3.connect(folder / "desk.sqlite")) as database:
        return bool(database.execute(words, OVER).fetchone()[0])


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--times", type=int, default=100)
    say("--seed", type=int, default=1)
    say("--backup-every", type=int, default=10)
    say("--out", type=Path, default=RESULTS)
    return options


if __name__ == "__main__":
    raise SystemExit(main())
