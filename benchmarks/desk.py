"""Claim: 30 readers and a running job, on two cores, and nobody meets an error.

A real server on loopback. Readers scroll through a scan, look at the worklist, open
cases and decide them; first one alone with the desk at rest, then all of them beside a
job. `--help` lists the options.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2 as httpx
from parts.busy_desk import begun_desk, free_port, open_server, supply
from parts.machine import described
from parts.readers import (
    KINDS,
    Clock,
    Open,
    Reader,
    chest,
    opened,
    reading,
    visitor,
)
from parts.shown import progress
from parts.written import write_results
from rich.console import Console

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
READERS, SPAN_S, PAUSE_S = 30, 60.0, 0.5
CASES = 16  # to decide, for each reader and for the one alone
COLUMNS = ("count", "p50_ms", "p95_ms", "most_ms")

Told = Callable[[str], None]


def main(arguments: list[str] | None = None) -> int:
    """Read at rest and under load; 1 where anything was refused."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    machine = described()
    with (
        TemporaryDirectory(prefix="vesalius-desk-") as place,
        progress(console) as told,
    ):
        results = {"machine": machine, **_measured(asked, Path(place), told)}
    write_results(asked.out, "desk", results, page(results))
    console.print(page(results), soft_wrap=True, markup=False, highlight=False)
    return int(not results["holds"])


def _measured(asked: argparse.Namespace, place: Path, told: Told) -> dict[str, Any]:
    """Have one reader at work, the desk at rest; then all of them beside a job."""
    told("cases for everybody")
    begun_desk(place)
    supply(place, CASES * (asked.readers + 1))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with open_server(place, port), visitor(address) as (client, project):
        told("a scan to scroll through")
        name, scan = opened(client, project, chest(asked.data))
        cases = _open_cases(client, project)
        told("one reader, the desk at rest")
        idle = _read(address, project, scan, [cases[:CASES]], asked.seconds)
        told(f"{asked.readers} readers and a job")
        rest = cases[CASES:]
        shares = [rest[n :: asked.readers] for n in range(asked.readers)]
        with _job(client, name) as job:
            loaded = _read(address, project, scan, shares, asked.seconds)
            worked = client.get(f"/api/jobs/{job}").json()["state"]
    refused = idle.refused + loaded.refused
    return {
        "claim": __doc__.splitlines()[0],
        "readers": asked.readers,
        "seconds": asked.seconds,
        "pause_s": PAUSE_S,
        "holds": not refused and worked == "running",
        "job": worked,  # at the end: it was there all the while
        "slice_bytes": scan.size // scan.slices,
        "idle": idle.told(),
        "loaded": loaded.told(),
        "refused": refused,
    }


def page(results: dict[str, Any]) -> str:
    """Return the Markdown page of a run."""
    machine = results["machine"]
    lines = [
        f"# The desk under load: {'holds' if results['holds'] else 'misses'}",
        "",
        "Written by `benchmarks/desk.py`; see `docs/reference/benchmarks.md`.",
        "",
        f"Machine: {machine['processor']}, {machine['threads']} threads, load "
        f"{machine['load_average']} when it began; the readers run on it too. A slice "
        f"is {results['slice_bytes'] / 1e3:.0f} kB. Each reader asks for something "
        f"every {results['pause_s']:g} s on average, {results['seconds']:g} s long.",
        "",
        "| request | readers | requests | p50, ms | p95, ms | longest, ms |",
        "|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        for who, found in (("1, at rest", "idle"), (_crowd(results), "loaded")):
            told = results[found].get(kind)
            if told:
                cells = [str(told[column]) for column in COLUMNS]
                lines.append(f"| {kind} | {who} | " + " | ".join(cells) + " |")
    lines += ["", f"Refused: {len(results['refused'])}."]
    return "\n".join(lines) + "\n"


def _crowd(results: dict[str, Any]) -> str:
    return f"{results['readers']}, and a job"


def _open_cases(client: httpx.Client, project: str) -> list[str]:
    rows = client.get("/api/reviews", params={"project": project}).json()
    return [row["result"] for row in rows if row["state"] == "draft"]


def _read(
    address: str, project: str, scan: Open, shares: list[list[str]], seconds: float
) -> Clock:
    """Have as many readers at work as there are shares of the cases."""
    clock = Clock()
    with ExitStack() as stack:
        readers = [
            Reader(
                stack.enter_context(visitor(address))[0],
                project,
                scan,
                clock,
                random.Random(number),
                PAUSE_S,
                share,
            )
            for number, share in enumerate(shares)
        ]
        with reading(readers):
            time.sleep(seconds)
    return clock


@contextmanager
def _job(client: httpx.Client, scan: str) -> Iterator[str]:
    """Keep a job at work on a scan while the block lasts."""
    wish = {"scan": scan, "verb": "denoise"}
    name = client.post("/api/jobs", json=wish).raise_for_status().json()["id"]
    while client.get(f"/api/jobs/{name}").json()["state"] == "waiting":
        time.sleep(0.1)
    try:
        yield name
    finally:
        client.post(f"/api/jobs/{name}/cancel")


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--readers", type=int, default=READERS)
    say("--seconds", type=float, default=SPAN_S, help="of each of the two parts")
    return options


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    raise SystemExit(main())
