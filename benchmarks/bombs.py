"""Claim: a bomb is refused in 5 s and 512 MB, and other users hardly notice.

A real server. One user sends small uploads that ask whoever opens them for a lot; the
process that opens each is watched. Another one scrolls through a scan, before and
meanwhile. `--help` lists the options.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import httpx2 as httpx
from parts.bomb_files import BOMBS
from parts.busy_desk import begun_desk, free_port, open_server
from parts.machine import described
from parts.readers import (
    SLICE,
    Clock,
    Reader,
    came_of,
    chest,
    opened,
    reading,
    send,
    visitor,
)
from parts.shown import progress
from parts.written import write_results
from rich.console import Console

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CHILD = b"vesalius.server.intake_child"
LIMIT_S, LIMIT_MB = 5.0, 512
MOST_SLOWER = 2.0  # p95 of another user's slices, against the same server at rest
IDLE_S, PAUSE_S = 30.0, 0.05
LOOK_S = 0.01

Told = Callable[[str], None]


def main(arguments: list[str] | None = None) -> int:
    """Send every bomb; 1 where a bar is missed."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    machine = described()
    with (
        TemporaryDirectory(prefix="vesalius-bombs-") as place,
        progress(console) as told,
    ):
        results = {"machine": machine, **_measured(asked, Path(place), told)}
    write_results(asked.out, "bombs", results, page(results))
    console.print(page(results), soft_wrap=True, markup=False, highlight=False)
    return int(not results["holds"])


def _measured(asked: argparse.Namespace, place: Path, told: Told) -> dict[str, Any]:
    """Have one user send the bombs and another one scroll, at rest and meanwhile."""
    bombs = []
    for name in (name for name in BOMBS if asked.only in name):
        told(f"making {name}")
        content, ending = BOMBS[name]()
        (place / name).write_bytes(content)
        bombs.append((name, ending))
    port, idle, meanwhile, rows = free_port(), Clock(), Clock(), []
    address = f"http://127.0.0.1:{port}"
    begun_desk(place / "desk")
    with (
        open_server(place / "desk", port),
        visitor(address) as (sender, project),
        visitor(address) as (other, _),
    ):
        told("a scan for the other user")
        scan = opened(sender, project, chest(asked.data))[1]
        rng = random.Random(1)
        with reading([Reader(other, project, scan, idle, rng, PAUSE_S)]):
            told("the other user alone")
            time.sleep(asked.idle)
        with reading([Reader(other, project, scan, meanwhile, rng, PAUSE_S)]):
            for name, ending in bombs:
                told(name)
                content = (place / name).read_bytes()
                rows.append(_sent(sender, project, name, content, ending))
        is_alive = sender.get("/health").is_success
    return _judged(idle, meanwhile, rows, is_alive=is_alive)


def _judged(
    idle: Clock, meanwhile: Clock, rows: list[dict[str, Any]], *, is_alive: bool
) -> dict[str, Any]:
    found = {"idle": idle.told(), "meanwhile": meanwhile.told()}
    slower = found["meanwhile"][SLICE]["p95_ms"] / found["idle"][SLICE]["p95_ms"]
    refused = idle.refused + meanwhile.refused
    within = all(row["within"] for row in rows)
    return {
        "claim": __doc__.splitlines()[0],
        "limit_s": LIMIT_S,
        "limit_mb": LIMIT_MB,
        "most_slower": MOST_SLOWER,
        "holds": within and slower <= MOST_SLOWER and is_alive and not refused,
        "slices_p95_slower": round(slower, 2),
        "others": found,
        "others_refused": refused,
        "bombs": rows,
    }


def page(results: dict[str, Any]) -> str:
    """Return the Markdown page of a run."""
    machine, others = results["machine"], results["others"]
    idle, meanwhile = others["idle"][SLICE], others["meanwhile"][SLICE]
    lines = [
        f"# Bombs: {'holds' if results['holds'] else 'misses'}",
        "",
        "Written by `benchmarks/bombs.py`; see `docs/reference/benchmarks.md`.",
        "",
        f"Machine: {machine['processor']}, {machine['threads']} threads, load "
        f"{machine['load_average']} when it began.",
        "",
        f"Another user's slices: p95 {idle['p95_ms']:.0f} ms at rest, "
        f"{meanwhile['p95_ms']:.0f} ms meanwhile, {results['slices_p95_slower']:.2f} "
        f"times as long (bar {results['most_slower']:g}); p50 {idle['p50_ms']:.0f} and "
        f"{meanwhile['p50_ms']:.0f} ms; {idle['count']} and {meanwhile['count']} "
        f"requests, {len(results['others_refused'])} refused.",
        "",
        "| bomb | sent, MB | refused after, s | peak memory, MB | within | the words |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["bombs"]:
        cells = [row["bomb"], f"{row['mb']:.2f}", f"{row['seconds']:.1f}"]
        cells += [str(row["peak_mb"]), "yes" if row["within"] else "no", row["words"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _sent(
    client: httpx.Client, project: str, name: str, content: bytes, ending: str
) -> dict[str, Any]:
    with watched() as peak:
        try:
            upload = send(client, project, content, ending)
        except httpx.HTTPStatusError as error:  # refused on the way
            told = {"stage": "refused", "reason": error.response.json()["what"]}
            begun = time.perf_counter()
        else:
            begun = time.perf_counter()
            told = came_of(client, upload)
        seconds = time.perf_counter() - begun
    refused = told["stage"] == "refused"
    within = refused and seconds <= LIMIT_S and peak[0] <= LIMIT_MB
    return {
        "bomb": name,
        "what": BOMBS[name].__doc__,
        "mb": round(len(content) / 1e6, 2),
        "stage": told["stage"],
        "seconds": round(seconds, 2),
        "peak_mb": round(peak[0]),
        "within": within,
        "words": told["reason"],
    }


@contextmanager
def watched() -> Iterator[list[float]]:
    """Yield the most memory that a process which reads uploads has held, in MB."""
    peak, stop = [0.0], Event()

    def look() -> None:
        while not stop.wait(LOOK_S):
            peak[0] = max([peak[0], *_held()])

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield peak
    finally:
        stop.set()
        watcher.join()


def _held() -> Iterator[float]:
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if CHILD not in (place / "cmdline").read_bytes():
                continue
            for line in (place / "status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    yield int(line.split()[1]) * 1024 / 1e6


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--idle", type=float, default=IDLE_S, help="seconds of the desk at rest")
    say("--only", default="", help="bombs whose name has this in it")
    return options


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    raise SystemExit(main())
