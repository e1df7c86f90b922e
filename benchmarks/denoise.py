"""Claim: our denoiser comes closer to the truth than the classical ones, and faster.

Test patients only, noise we add, peers tuned on training patients and told the true
noise level, ours told nothing. `--help` lists the options.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Two threads on a busy machine spin more than they work; set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from parts.cells import CELLS, MAX_SLICES, Cell
from parts.cost import cost_of
from parts.machine import described
from parts.ours import OURS, Denoiser, fingerprint_of, from_checkpoint, in_the_box
from parts.peers import MR_PEERS, versions
from parts.rows import Run, measured
from parts.shown import progress
from parts.table import draw, page
from parts.tuning import tuned
from parts.written import write_results
from rich.console import Console

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CACHE = ROOT / "out" / "bench-cache"
QUICK = (Cell("lgg", "flair", "MR", 0.05), Cell("ct_volumes", "ct", "CT", 0.25))
QUICK_SLICES, QUICK_PATIENTS = 2, 2


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its JSON, page and picture."""
    asked = _options().parse_args(arguments)
    out = asked.out or (ROOT / "out" / "bench-quick" if asked.quick else RESULTS)
    run = Run(
        data=asked.data,
        cache=CACHE,
        slices=QUICK_SLICES if asked.quick else MAX_SLICES,
        patients=QUICK_PATIENTS if asked.quick else None,
    )
    cells = [c for c in (QUICK if asked.quick else CELLS) if asked.only in c.name]
    machine = described()
    console = Console(stderr=True)
    with progress(console) as told:
        rows = [_row(cell, run, asked, told) for cell in cells]
        cost = {} if asked.peers_only or asked.no_cost else _cost(asked, told)
    results = {
        "claim": __doc__.splitlines()[0],
        "machine": machine,
        "seed": run.seed,
        "peers": versions(),
        "weights_sha256": _weights(asked),
        "cells": rows,
        "cost": cost,
    }
    _write(results, out, console)
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, help="folder for the results")
    say("--only", default="", help="cells whose name has this in it")
    say("--quick", action="store_true", help="two cells, two patients, two slices")
    say("--peers-only", action="store_true", help="fill the cache, leave ours out")
    say("--no-cost", action="store_true", help="leave time and memory out")
    say("--mr", type=Path, help="a checkpoint in place of the shipped MR weights")
    say("--ct", type=Path, help="a checkpoint in place of the shipped CT weights")
    return options


def _row(
    cell: Cell, run: Run, asked: argparse.Namespace, told: Callable[[str], None]
) -> dict[str, Any]:
    file = RESULTS / "tuning.json"
    mr = cell.modality == "MR"
    settings = tuned(cell, run.data, run.cache, file, told) if mr else {}
    ours = None if asked.peers_only else _ours(cell.modality, asked)
    return measured(cell, run, settings, ours, told)


def _ours(modality: str, asked: argparse.Namespace) -> Denoiser:
    given = asked.ct if modality == "CT" else asked.mr
    return from_checkpoint(given, modality) if given else in_the_box


def _weights(asked: argparse.Namespace) -> dict[str, str | None]:
    """Fingerprint what was measured; a checkpoint has none."""
    given = {"MR": asked.mr, "CT": asked.ct}
    if asked.peers_only:
        return {}
    return {
        modality: None if file else fingerprint_of(modality)
        for modality, file in given.items()
    }


def _cost(
    asked: argparse.Namespace, told: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    costs = {}
    for name in (OURS, *(peer.name for peer in MR_PEERS)):
        told(f"time and memory of {name}")
        costs[name] = cost_of(name, asked.mr if name == OURS else None)
    return costs


def _write(results: dict[str, Any], out: Path, console: Console) -> None:
    write_results(out, "denoise", results, page(results))
    draw(results, out / "denoise.png")
    for cell in results["cells"]:
        best = cell["methods"][cell["best_bm3d"]]
        words = f"{cell['name']}: {cell['best_bm3d']} {best['psnr']['value']:.2f} dB"
        if "ours_minus" in best:
            gain = best["ours_minus"]["psnr"]
            low, high = gain["low"], gain["high"]
            words += f", ours {gain['value']:+.2f} ({low:+.2f} to {high:+.2f})"
        console.print(words)


if __name__ == "__main__":
    raise SystemExit(main())
