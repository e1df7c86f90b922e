"""Claim: small lesions survive our denoiser as well as they survive BM3D, or better.

The same lesions, places and noise for both, as on the card of `denoise-mr`.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

# Two threads on a busy machine spin more than they work; set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from parts.cells import Cell, cases_of
from parts.machine import described
from parts.on_card import put
from parts.ours import fingerprint_of, from_checkpoint, in_the_box
from parts.peers import versions
from parts.shown import progress
from parts.slabs import Patients, Restore, told_the_noise
from parts.table import rows_of
from parts.written import write_results
from rich.console import Console

from vesalius.card import Table
from vesalius.evaluate.data import open_case
from vesalius.evaluate.intervals import Interval
from vesalius.evaluate.lesions import (
    Survival,
    lesion_survival,
    survival_table,
    title_at,
)
from vesalius.evaluate.structures import count_structures

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CACHE = ROOT / "out" / "bench-cache"
NOISE = (0.05, 0.10)
SEED = 1  # the recipe's, so that the cases are the card's own
BM3D, OURS = "BM3D", "ours"
PEER_NAME = "BM3D, told the noise level"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its JSON and its page."""
    options = _options()
    asked = options.parse_args(arguments)
    if asked.card and (asked.patients or asked.peers_only or asked.mr):
        options.error(
            "--card takes the shipped weights on all patients: leave --patients, "
            "--peers-only and --mr out"
        )
    console = Console(stderr=True)
    with progress(console) as told:
        found = {f"{noise:g}": _at(noise, asked, told) for noise in asked.noise}
    results = {
        "claim": __doc__.splitlines()[0],
        "machine": described(),
        "seed": SEED,
        "peers": versions(),
        "weights_sha256": None
        if asked.peers_only or asked.mr
        else fingerprint_of("MR"),
        "noise": found,
    }
    write_results(asked.out, "lesions", results, _page(found))
    if asked.card:
        put(_tables(found), "denoise-mr")
    console.print(f"written: {asked.out.name}/lesions.json, lesions.md")
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--noise", type=float, nargs="+", default=NOISE, help="0.05 is 5 %%")
    say("--patients", type=int, help="only the first so many: a quick look")
    say("--peers-only", action="store_true", help="fill the cache, leave ours out")
    say("--structures", action="store_true", help="false structures too: an hour more")
    say("--card", action="store_true", help="put the tables on denoise-mr's card")
    say("--mr", type=Path, help="a checkpoint in place of the shipped MR weights")
    return options


def _at(
    noise: float, asked: argparse.Namespace, told: Callable[[str], None]
) -> dict[str, Any]:
    """Measure BM3D, and ours unless only peers are asked for, at one noise level."""
    cell = Cell("lgg", "flair", "MR", noise)
    cases = cases_of(cell, asked.data, "test")[: asked.patients]
    found: dict[str, Any] = {"patients": len(cases)}

    def patients() -> Patients:
        return ((case.patient, open_case(case)) for case in cases)

    for name, restorer in _restorers(asked):
        restore, watched = restorer(patients(), noise, told)
        cells = lesion_survival(restore, watched, noise, seed=SEED)
        found[name] = [asdict(one) for one in cells]
        if asked.structures:
            restore, watched = restorer(patients(), noise, told)
            counted = count_structures(restore, watched, noise, seed=SEED)
            found[f"{name} structures"] = asdict(counted)
    return found


Restorer = Callable[[Patients, float, Callable[[str], None]], tuple[Restore, Patients]]


def _restorers(asked: argparse.Namespace) -> list[tuple[str, Restorer]]:
    def bm3d(
        patients: Patients, noise: float, told: Callable[[str], None]
    ) -> tuple[Restore, Patients]:
        return told_the_noise(patients, noise, CACHE, told)

    def ours(
        patients: Patients, noise: float, told: Callable[[str], None]
    ) -> tuple[Restore, Patients]:
        told(f"ours, {100 * noise:g} % noise")
        denoiser = from_checkpoint(asked.mr, "MR") if asked.mr else in_the_box
        return lambda slab: denoiser(slab).voxels, patients

    return [(BM3D, bm3d)] if asked.peers_only else [(BM3D, bm3d), (OURS, ours)]


def _tables(found: dict[str, Any]) -> list[Table]:
    """Lay out ours beside BM3D under the title that the training gave the table."""
    return [
        survival_table(
            title_at(float(noise)), _cells(cells[OURS]), _cells(cells[BM3D]), PEER_NAME
        )
        for noise, cells in found.items()
        if OURS in cells
    ]


def _page(found: dict[str, Any]) -> str:
    lines = ["# Lesion survival, ours beside BM3D", ""]
    lines += ["Written by `benchmarks/lesions.py`; see `docs/reference/benchmarks.md`."]
    for noise, cells in found.items():
        ours, theirs = (_cells(cells.get(name, ())) for name in (OURS, BM3D))
        title = f"{100 * float(noise):g} % noise, {cells['patients']} patients"
        shown, beside = (ours, theirs) if ours else (theirs, ())
        table = survival_table(title, shown, beside, PEER_NAME)
        lines += ["", f"## {title}" + ("" if ours else f": {PEER_NAME}"), ""]
        lines += rows_of(table)
    return "\n".join(lines) + "\n"


def _cells(kept: Sequence[dict[str, Any]]) -> list[Survival]:
    return [Survival(**{**one, "share": Interval(**one["share"])}) for one in kept]


if __name__ == "__main__":
    raise SystemExit(main())
