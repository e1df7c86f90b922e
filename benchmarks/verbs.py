"""Claim: translate, segment and detect a whole scan in seconds on two cores.

Each verb as a user runs it, `vesalius VERB` in a process of its own on two threads,
from the file to the report: 20, 10 and 60 s, 2.5 GB at most. Scans are drawn; the
chest is a real series where `lidc_0001` is there. `--help` lists the options.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from parts.bare_verb import bare, on
from parts.launched import launched
from parts.machine import described
from parts.shown import progress
from parts.written import write_results
from rich.console import Console

from vesalius import weights
from vesalius.io import write_volume
from vesalius.physics import phantom

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
THREADS = 2
LIMIT_MB = 2500
WITHHELD, MISSING = 3, 2  # exit codes: of a verb, of this benchmark
HEAD, THIN, CHEST = (256, 256, 170), (256, 256, 30), (512, 512, 133)

Told = Callable[[str], None]


class Scan(NamedTuple):
    """A scan on disk, and what its file does not say."""

    path: Path
    said: dict[str, str]
    name: str


class Verb(NamedTuple):
    """One verb, its model, its bar, and the scan that it is timed on."""

    name: str
    model: str
    limit_s: float
    options: tuple[str, ...]
    scan: Callable[[Path, Path], Scan]


def main(arguments: list[str] | None = None) -> int:
    """Time the verbs; 1 where a bar is missed, 2 where a model is."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    machine, rows, left_out = described(), [], []
    with progress(console) as told:
        for verb in VERBS:
            if verb.model in weights.names():
                rows.append(_row(verb, asked.data, told))
            else:
                left_out.append(f"{verb.name} is left out: no {verb.model} in the box")
    for sentence in left_out:
        console.print(sentence, soft_wrap=True)
    results = {
        "claim": __doc__.splitlines()[0],
        "machine": machine,
        "threads": THREADS,
        "limit_mb": LIMIT_MB,
        "left_out": left_out,
        "verbs": rows,
    }
    write_results(asked.out, "verbs", results, page(results))
    console.print(page(results), soft_wrap=True, markup=False, highlight=False)
    if left_out and not asked.allow_missing:
        return MISSING
    return int(not all(row["within"] for row in rows))


def page(results: dict[str, Any]) -> str:
    """Return the Markdown page of a run."""
    machine = results["machine"]
    lines = ["# Whole verbs on two threads", ""]
    lines += ["Written by `benchmarks/verbs.py`; see `docs/reference/benchmarks.md`."]
    lines += [
        "",
        f"Machine: {machine['processor']}, {machine['threads']} threads, load "
        f"{machine['load_average']} when it began. A busy machine proves nothing by "
        "the clock.",
        "",
        "| verb | scan | total, s | bar, s | of processor, s | bare verb, s "
        "| with the model's opening, s | reading, s | peak memory, MB | within |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in results["verbs"]:
        alone = row.get("bare", {})
        spans = [f"{alone[k]:.1f}" if alone else "" for k in ALONE]
        outcome = "yes" if row["within"] else "no"
        outcome += f", exit code {row['code']}" if row["code"] else ""
        cells = [row["verb"], row["scan"], f"{row['total_s']:.1f}"]
        cells += [f"{row['limit_s']:g}", f"{row['processor_s']:.1f}", *spans]
        cells += [str(row["peak_mb"]), outcome]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *(f"- {sentence}" for sentence in results["left_out"])]
    return "\n".join(lines).rstrip() + "\n"


ALONE = ("verb_s", "first_s", "read_s")


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--allow-missing", action="store_true", help="exit 0 though a model is missing")
    return options


def _row(verb: Verb, data: Path, told: Told) -> dict[str, Any]:
    """Time one verb through the command line, then bare."""
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        told(f"{verb.name}: the scan")
        scan = verb.scan(folder, data)
        told(f"{verb.name}: as a user runs it")
        cost = launched(command_of(verb, scan, folder / "out"), on(THREADS))
        row = {"verb": verb.name, "scan": scan.name, "limit_s": verb.limit_s, **cost}
        row["within"] = (
            cost["code"] == 0
            and cost["total_s"] <= verb.limit_s
            and cost["peak_mb"] <= LIMIT_MB
        )
        if cost["code"] in (0, WITHHELD):
            told(f"{verb.name}: alone")
            row["bare"] = bare(verb.name, scan.path, scan.said, THREADS)
    return row


def command_of(verb: Verb, scan: Scan, out: Path) -> list[str]:
    """Return the words that a user would type."""
    said = [word for name, value in scan.said.items() for word in (f"--{name}", value)]
    program = str(Path(sys.executable).with_name("vesalius"))
    return [program, verb.name, str(scan.path), "--out", str(out), *verb.options, *said]


def _head(folder: Path, data: Path) -> Scan:
    drawn = phantom.scan(phantom.head(HEAD, (1.0, 1.0, 1.0)), noise=0.02)
    said = {"modality": "MR", "contrast": "T1w"}
    return Scan(_written(drawn, folder), said, f"drawn head, {_size(HEAD)}")


def _thin_head(folder: Path, data: Path) -> Scan:
    truth = phantom.head(THIN, (0.9, 0.9, 5.0), contrast="FLAIR", lesions=2)
    said = {"modality": "MR", "contrast": "FLAIR"}
    drawn = _written(phantom.scan(truth, noise=0.02), folder)
    return Scan(drawn, said, f"drawn head, {_size(THIN)}")


def _chest(folder: Path, data: Path) -> Scan:
    real = data / "lidc_0001"
    if real.is_dir():
        return Scan(real, {}, f"LIDC-IDRI-0001, {_size(CHEST)}")
    drawn = phantom.thorax(CHEST, (0.7, 0.7, 2.5)).truth
    return Scan(_written(drawn, folder), {"modality": "CT"}, f"drawn, {_size(CHEST)}")


VERBS = (
    Verb("translate", "translate-mr-ct", 20.0, ("--to", "ct"), _head),
    Verb("segment", "segment-tumour", 10.0, (), _thin_head),
    Verb("detect", "detect-nodule", 60.0, (), _chest),
)


def _written(scan: Any, folder: Path) -> Path:
    file = folder / "scan.nii.gz"
    write_volume(scan, file)
    return file


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(side) for side in shape)


if __name__ == "__main__":
    raise SystemExit(main())
