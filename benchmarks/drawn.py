"""Claim: drawn nodules are found, and drawn lesions are not lost in translation.

FROC of the detector on nodules drawn into chests without any, and what small lesions
put into an MR become in its synthetic CT; with `lidc_0001`'s findings against its
readers' contours as an example. `--help` lists the options.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Two threads on a busy machine spin more than they work; set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from parts.machine import described
from parts.on_card import put
from parts.shown import progress
from parts.table import rows_of
from parts.written import write_results
from rich.console import Console

from vesalius import weights
from vesalius.card import Table
from vesalius.evaluate import froc, translated_lesions
from vesalius.evaluate.empty_chests import (
    empty_phantoms,
    empty_slices,
    every_candidate,
)
from vesalius.evaluate.pairs import pair_cases
from vesalius.evaluate.readers import read_outlines, readers_hit
from vesalius.evaluate.translate import answer_of
from vesalius.io import read
from vesalius.tasks.detect import MODEL as DETECTOR
from vesalius.tasks.detect import detect
from vesalius.tasks.translate import translate
from vesalius.volume import Volume
from vesalius.weights.models import open_model

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
TRANSLATOR = "translate-mr-ct"
PHANTOMS = 12
DRAWS = 2  # of nodules into each slice
QUICK = 2  # chests and slices
SERIES, CONTOURS = "lidc_0001", "069.xml"

Told = Callable[[str], None]
Found = tuple[dict[str, Any], list[Table]]


def main(arguments: list[str] | None = None) -> int:
    """Measure both and write their JSON and their page."""
    options = _options()
    asked = options.parse_args(arguments)
    if asked.card and asked.quick:
        options.error("--card takes all cases: leave --quick out")
    console = Console(stderr=True)
    machine, results, tables = described(), {}, {}
    with progress(console) as told:
        for model, measure in MEASURES.items():
            if asked.only in model:
                results[model], tables[model] = measure(asked, told)
    whole = {
        "claim": __doc__.splitlines()[0],
        "machine": machine,
        "quick": asked.quick,
        "weights_sha256": {m: weights.card(m).weights_sha256 for m in results},
        **results,
    }
    write_results(asked.out, "drawn", whole, page(tables, results))
    for model, found in tables.items():
        if asked.card:
            put(found, model)
    console.print(f"written: {asked.out.name}/drawn.json, drawn.md")
    return 0


def page(tables: dict[str, list[Table]], results: dict[str, Any]) -> str:
    """Return the Markdown page of a run."""
    lines = ["# Drawn nodules, drawn lesions", ""]
    lines += ["Written by `benchmarks/drawn.py`; see `docs/reference/benchmarks.md`."]
    for model, found in tables.items():
        lines += ["", f"## {model}"]
        for table in found:
            lines += ["", f"### {table.title}", "", *rows_of(table)]
    example = results.get(DETECTOR, {}).get("example")
    if example:
        lines += ["", "### An example: LIDC-IDRI-0001", "", said(example)]
    return "\n".join(lines) + "\n"


def said(example: dict[str, Any]) -> str:
    """Say of one series which findings its readers saw too."""
    seen = [row for row in example["findings"] if row["readers"]]
    first = f"place {seen[0]['place']} of them" if seen else "none of them"
    return (
        f"{len(example['findings'])} findings; the first that a reader outlined is "
        f"{first} (readers {', '.join(map(str, seen[0]['readers'])) if seen else '-'}"
        "). The patient may be among those whose patches trained the detector: an "
        "example, no held-out figure."
    )


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--only", default="", help="models whose name has this in it")
    say("--quick", action="store_true", help="two of each: a look, no result")
    say("--card", action="store_true", help="put the tables on the models' cards")
    return options


def _nodules(asked: argparse.Namespace, told: Told) -> Found:
    model = open_model(DETECTOR)
    level = dict(model.card.calibration)["threshold"]
    ask = every_candidate(model)
    slices = list(empty_slices(asked.data))[: QUICK if asked.quick else None]
    chests = empty_phantoms(QUICK if asked.quick else PHANTOMS)
    found: dict[str, Any] = {}
    tables = []
    for name, scans, draws in (
        (f"{len(slices)} lung slices", slices, DRAWS),
        ("drawn chests", chests, 1),
    ):

        def heard(done: int, _: int, name: str = name) -> None:
            told(f"nodules in {name}: {done} scans")

        marks = froc.mark(ask, scans, draws=draws, progress=heard)
        found[name] = froc.for_json(marks, threshold=level)
        title = f"nodules drawn into {name}, found"
        tables.append(froc.froc_table(title, marks, threshold=level))
    told(f"{SERIES}, against its readers")
    example = _example(asked.data)
    return {**found, **({"example": example} if example else {})}, tables


def _example(data: Path) -> dict[str, Any] | None:
    """List the findings of one real series, and which readers outlined them."""
    folder = data / SERIES
    contours = next(iter(sorted(folder.rglob(CONTOURS))), None)
    if contours is None:
        return None
    scan = read(folder)
    if not isinstance(scan, Volume):
        return None
    findings = detect(scan).findings
    readers = readers_hit(findings, read_outlines(contours), scan)
    rows = [
        {
            "place": place,
            "probability": round(finding.probability, 3),
            "size_mm": round(finding.size_mm, 1),
            "readers": list(who),
        }
        for place, (finding, who) in enumerate(zip(findings, readers, strict=True), 1)
    ]
    return {"series": SERIES, "findings": rows}


def _lesions(asked: argparse.Namespace, told: Told) -> Found:
    cases = pair_cases(asked.data, part="test", plane="axial")
    cases = cases[: QUICK if asked.quick else None]
    ask = answer_of(translate)
    told(f"lesions in {len(cases)} slices")
    cells = translated_lesions.translated_lesions(ask, cases)
    told(f"structures in {len(cases)} slices")
    counted = translated_lesions.translated_structures(ask, cases)
    people = f"{len({case.patient for case in cases})} test patients"
    tables = [
        translated_lesions.lesions_table(
            f"lesions put into the MR, in the synthetic CT, {people}", cells
        ),
        translated_lesions.structures_table(
            f"invented and lost without any lesion, {people}", counted
        ),
    ]
    return translated_lesions.for_json(cells, counted), tables


MEASURES: dict[str, Callable[[argparse.Namespace, Told], Found]] = {
    DETECTOR: _nodules,
    TRANSLATOR: _lesions,
}


if __name__ == "__main__":
    raise SystemExit(main())
