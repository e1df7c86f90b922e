"""Claim: what regression, an adversary and a variational code each give and cost.

The same network trained in three ways, on the same test patients, slices and noise,
none told the noise level. `--help` lists the options.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

# Two threads on a busy machine spin more than they work; set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from parts.cells import Cell, cases_of
from parts.machine import described
from parts.on_card import BOX, put
from parts.scores import rounded
from parts.shown import progress
from parts.table import rows_of, spelled
from parts.written import write_results
from rich.console import Console
from safetensors.torch import load_file

from vesalius.card import Table
from vesalius.evaluate.coverage import covered
from vesalius.evaluate.data import open_case
from vesalius.evaluate.denoise import middle, seed_of, with_noise
from vesalius.evaluate.intervals import mean_interval, paired_difference
from vesalius.nets import network_of
from vesalius.nets.coded import Drawn
from vesalius.quality.fidelity import edge_sharpness, outline, psnr, ssim
from vesalius.tasks.denoise import denoise_by
from vesalius.volume import Volume
from vesalius.weights.cards import read_card
from vesalius.weights.models import Model

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CELLS = tuple(Cell("lgg", "flair", "MR", noise) for noise in (0.05, 0.10))
REGRESSION, GAN, VAE, DRAW = "regression", "GAN", "VAE", "VAE, one draw"
SLICES = 6  # of a patient, from the middle
MISSED = 2 / 0.1  # of the interval score at 90 %


class Way(NamedTuple):
    """One way to train, and the model that was trained so."""

    name: str
    model: Model
    spread: bool  # whether its spread is one to compare


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and write its JSON and its page."""
    options = _options()
    asked = options.parse_args(arguments)
    if asked.card and asked.patients:
        options.error("--card takes all patients: leave --patients out")
    console = Console(stderr=True)
    ways = _ways(asked.trained)
    with progress(console) as told:
        cells = {cell.name: _measured(cell, asked, ways, told) for cell in CELLS}
    results = {
        "claim": __doc__.splitlines()[0],
        "machine": described(),
        "weights_sha256": {w.name: w.model.card.weights_sha256 for w in ways},
        "cells": cells,
    }
    tables = [_table(name, cell) for name, cell in cells.items()]
    write_results(asked.out, "variants", results, _page(tables))
    if asked.card:
        put(tables, "denoise-mr")
    console.print(f"written: {asked.out.name}/variants.json, variants.md")
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--patients", type=int, help="only the first so many: a quick look")
    say("--card", action="store_true", help="put the tables on denoise-mr's card")
    say(
        "--trained",
        type=Path,
        default=ROOT / "out" / "train",
        help="folder of trainings, for the variational model, which is not shipped",
    )
    return options


def _ways(trained: Path) -> tuple[Way, ...]:
    coded = _model("denoise-mr-coded", trained / "denoise-mr-coded")
    net: Any = coded.net
    one = Model(coded.card, Drawn(net.coded, draws=1).eval())
    return (
        Way(REGRESSION, _model("denoise-mr", BOX), True),
        Way(GAN, _model("denoise-mr-sharp", BOX), True),
        Way(VAE, coded, True),
        Way(DRAW, one, False),
    )


def _model(name: str, folder: Path) -> Model:
    file = folder / f"{name}.safetensors"
    if not file.is_file():
        raise SystemExit(f"{name} is not trained: vesalius train {name} --data DIR")
    net = network_of(load_file(file))
    return Model(read_card(folder / f"{name}.toml"), net)


def _measured(
    cell: Cell,
    asked: argparse.Namespace,
    ways: tuple[Way, ...],
    told: Callable[[str], None],
) -> dict[str, Any]:
    """Measure every way on the same noisy scans; means and differences."""
    scores: dict[str, list[dict[str, float]]] = {way.name: [] for way in ways}
    cases = cases_of(cell, asked.data, "test")[: asked.patients]
    for number, case in enumerate(cases):
        scan = open_case(case)
        truth, peak = middle(scan, SLICES), float(scan.voxels.max())
        noisy = with_noise(truth, cell.level, seed_of(case, cell.level), peak)
        for way in ways:
            told(f"{cell.name}: patient {number + 1} of {len(cases)}, {way.name}")
            scores[way.name].append(_scored(truth, noisy, (peak, cell.level), way))
    found: dict[str, Any] = {"patients": len(cases)}
    for name, rows in scores.items():
        found[name] = {}
        for column in rows[0]:
            values = np.array([row[column] for row in rows])
            base = np.array([row[column] for row in scores[REGRESSION]])
            found[name][column] = rounded(asdict(mean_interval(values)))
            if name != REGRESSION:
                less = rounded(asdict(paired_difference(values, base)))
                found[name][f"{column} minus regression's"] = less
    return found


def _scored(
    truth: Volume, noisy: Volume, scale: tuple[float, float], way: Way
) -> dict[str, float]:
    """Compare one patient; the scale is the scan's maximum and the noise's share."""
    result = denoise_by(noisy, way.model)
    if result.picture is None or result.spread is None:
        raise SystemExit(f"{way.name} withholds a test scan: nothing can be measured")
    clean, mask, (peak, level) = truth.voxels, outline(truth), scale
    picture, half = result.picture.voxels, result.spread.voxels
    scores = {
        "psnr": psnr(clean, picture, peak, mask),
        "ssim": ssim(clean, picture, peak, mask),
        "edges": edge_sharpness(clean, picture, mask),
    }
    if not way.spread:
        return scores
    beyond = np.maximum(np.abs(clean - picture) - half, 0)[mask].mean()
    width = 2 * half[mask].mean()
    return scores | {
        "coverage": 100 * covered(clean, picture, half, mask),
        "width": float(width / (level * peak)),
        "interval_score": float((width + MISSED * beyond) / (level * peak)),
    }


COLUMNS = (
    ("psnr", "PSNR, dB", 2),
    ("ssim", "SSIM", 3),
    ("edges", "edges kept", 2),
    ("coverage", "coverage, %", 1),
    ("width", "width, noise SD", 2),
    ("interval_score", "interval score, noise SD", 2),
)


def _table(name: str, cell: dict[str, Any]) -> Table:
    title = f"Regression, GAN and VAE on {name}, {cell['patients']} patients"
    rows = []
    for way in (REGRESSION, GAN, VAE, DRAW):
        measured = cell[way]
        shown = [
            spelled(measured[key], digits) if key in measured else "-"
            for key, _, digits in COLUMNS
        ]
        rows.append((way, *shown))
    return Table(title, ("training", *(head for _, head, _ in COLUMNS)), tuple(rows))


def _page(tables: list[Table]) -> str:
    lines = ["# Regression, GAN and VAE, one network", ""]
    lines += [
        "Written by `benchmarks/variants.py`; see `docs/reference/benchmarks.md`."
    ]
    for table in tables:
        lines += ["", f"## {table.title}", ""]
        lines += rows_of(table)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
