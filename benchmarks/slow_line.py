"""Claim: over 10 Mbit/s and 100 ms a case shows a useful picture within a second.

A chest CT of 512 x 512 x 133 with its nodules, opened in Chromium, whose line is slowed
by itself; then cuts are changed, at most 200 ms at the 95th percentile. Needs the pages
(`make pages`) and Chromium (`make chromium`). `--help` lists the options.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2 as httpx
import numpy as np
from parts.busy_desk import NAME, WORD, begun_desk, free_port, open_server
from parts.ledger import OVER
from parts.machine import described
from parts.readers import opened, visitor, zipped
from parts.shown import progress
from parts.written import write_results
from rich.console import Console

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
WEB = ROOT / "web"
BUILT = ROOT / "src" / "vesalius" / "server" / "static" / "index.html"
MEGABITS, DELAY_MS = 10.0, 100.0
MOST_PICTURE_S, MOST_CUT_MS = 1.0, 200.0
PATIENCE_S = 900.0
MISSING = 2  # exit code

Told = Callable[[str], None]


def main(arguments: list[str] | None = None) -> int:
    """Open the case; 1 where a bar is missed, 2 where something is missing."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    lacking = _lacking(asked.data)
    if lacking:
        console.print(lacking, soft_wrap=True)
        return MISSING
    machine = described()
    with (
        TemporaryDirectory(prefix="vesalius-line-") as place,
        progress(console) as told,
    ):
        places = [Path(place) / str(number) for number in range(asked.times)]
        found = [_read(asked, folder, told) for folder in places]
    results = {
        "claim": __doc__.splitlines()[0],
        "machine": machine,
        "megabits": asked.megabits,
        "delay_ms": asked.delay,
        **summary(found),
    }
    write_results(asked.out, "slow_line", results, page(results))
    console.print(page(results), soft_wrap=True, markup=False, highlight=False)
    return int(not results["holds"])


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the readings come to, and whether the bars are held."""
    first_s = [one["picture"]["ms"] / 1000 for one in found]
    spans = {
        name: np.concatenate([one[f"cuts_{name}_ms"] for one in found])
        for name in ("meanwhile", "whole")
    }
    cuts = {
        name: {f"p{q}_ms": round(float(np.percentile(ms, q)), 1) for q in (50, 95)}
        for name, ms in spans.items()
    }
    worst = max(cut["p95_ms"] for cut in cuts.values())
    kept = ("page_bytes", "picture_bytes", "whole_bytes", "read_bytes", "whole_s")
    return {
        "readings": len(found),
        "holds": max(first_s) <= MOST_PICTURE_S and worst <= MOST_CUT_MS,
        "first_picture_s": [round(span, 2) for span in first_s],
        "first_picture_is": [one["picture"]["quality"] for one in found],
        "preview_asked_begun_there_s": [_seconds(one["preview_ms"]) for one in found],
        "cuts": cuts,
        **{key: round(float(np.median([o[key] for o in found])), 1) for key in kept},
    }


def _seconds(spans_ms: list[float]) -> list[float]:
    return [round(ms / 1000, 2) for ms in spans_ms]


def page(results: dict[str, Any]) -> str:
    """Return the Markdown page of a run."""
    machine, cuts = results["machine"], results["cuts"]
    first = ", ".join(f"{span:.2f}" for span in results["first_picture_s"])
    megabytes = {
        key: results[f"{key}_bytes"] / 1e6
        for key in ("page", "picture", "whole", "read")
    }
    lines = [
        f"# A case over a slow line: {'holds' if results['holds'] else 'misses'}",
        "",
        "Written by `benchmarks/slow_line.py`; see `docs/reference/benchmarks.md`.",
        "",
        f"Machine: {machine['processor']}, {machine['threads']} threads, load "
        f"{machine['load_average']} when it began: server, browser and line on it. "
        f"{results['megabits']:g} Mbit/s, {results['delay_ms']:g} ms a round trip.",
        "",
        "| what | measured | bar |",
        "|---|---|---|",
        f"| first picture of a 512 x 512 x 133 CT, s | {first} | {MOST_PICTURE_S:g} |",
    ]
    there = ", ".join(f"{s[-1]:.2f}" for s in results["preview_asked_begun_there_s"])
    lines.append(f"| of that, until the preview's bytes are there, s | {there} | |")
    for name, said in (("meanwhile", "while the rest comes"), ("whole", "afterwards")):
        cut = cuts[name]
        lines.append(
            f"| a cut changed {said}, ms | p50 {cut['p50_ms']:.0f}, p95 "
            f"{cut['p95_ms']:.0f} | {MOST_CUT_MS:g} |"
        )
    lines += [
        f"| all voxels are there after, s | {results['whole_s']:.0f} | |",
        f"| the page itself, MB | {megabytes['page']:.2f} | |",
        f"| until the first picture, MB | {megabytes['picture']:.2f} | |",
        f"| all voxels, MB | {megabytes['whole']:.1f} | |",
        f"| a whole reading: all five questions, MB | {megabytes['read']:.1f} | |",
    ]
    return "\n".join(lines) + "\n"


def _read(asked: argparse.Namespace, folder: Path, told: Told) -> dict[str, Any]:
    """Prepare a desk with the case, and have a browser read it."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    begun_desk(folder)
    with open_server(folder, port):
        with visitor(address) as (client, project):
            told(f"reading {folder.name}: the case")
            _prepare(client, project, zipped(asked.data / "lidc_0001"))
        told(f"reading {folder.name}: the browser")
        facts = {
            "url": f"{address}/",
            "name": NAME,
            "word": WORD,
            "megabits": asked.megabits,
            "delay_ms": asked.delay,
        }
        done = subprocess.run(
            [_node() or "node", "e2e/slow.ts"],
            cwd=WEB,
            env={
                **os.environ,
                "FACTS": json.dumps(facts),
                "OUT": str(ROOT / "out" / "web"),
                "CHROMIUM": _chromium() or "",
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _prepare(client: httpx.Client, project: str, content: bytes) -> None:
    """Have the nodules looked for, the answer shown, and both made for a screen."""
    scan, _ = opened(client, project, content)
    wish = {"scan": scan, "verb": "detect"}
    job = client.post("/api/jobs", json=wish).raise_for_status().json()["id"]
    end = time.monotonic() + PATIENCE_S
    while client.get(f"/api/jobs/{job}").json()["state"] not in OVER:
        if time.monotonic() > end:
            raise TimeoutError(job)
        time.sleep(0.5)
    asked = {"project": project}
    result = client.get("/api/reviews", params=asked).json()[0]["result"]
    client.post(f"/api/reviews/{result}/show", json={}).raise_for_status()
    for name in client.get(f"/api/results/{result}/told").json()["volumes"]:
        path = f"/api/results/{result}/volumes/{name}"
        while not client.get(path, params={"quality": "full"}).is_success:
            if time.monotonic() > end:
                raise TimeoutError(path)
            time.sleep(0.5)


def _lacking(data: Path) -> str:
    """Say what is missing, and how it comes."""
    if not (data / "lidc_0001").is_dir():
        return f"there is no lidc_0001 in {data.name}: give --data"
    if not BUILT.exists() or _node() is None:
        return "the pages are not built: make pages"
    return "" if _chromium() else "there is no Chromium: make chromium"


def _node() -> str | None:
    beside = Path(sys.executable).parent / "node"
    return str(beside) if beside.exists() else shutil.which("node")


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--megabits", type=float, default=MEGABITS, help="a second, both ways")
    say("--delay", type=float, default=DELAY_MS, help="of a round trip, in ms")
    say("--times", type=int, default=3, help="readings, each of a desk of its own")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
