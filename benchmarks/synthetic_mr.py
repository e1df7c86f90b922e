"""Claim: a head's MR made from its CT is closer to the true one than any peer's.

Test patients' axial slices; the model in the box, and the peers' answers in
`results/peers`, which `peers/casepeers.py` and `peers/pix2pix_train.py --to mr` made.
`--help` lists the options.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from parts import back_study
from parts.back_study import OURS
from parts.kept_answers import Kept, is_kept, load
from parts.machine import described
from parts.ours_cases import Asked
from parts.shown import progress
from parts.table import spelled
from parts.written import write_results
from rich.console import Console

from vesalius.errors import ConfigError, WeightsError
from vesalius.evaluate.pairs import Pair, picture_of
from vesalius.tasks.translate import translate_by
from vesalius.tasks.ways import CT_TO_MR
from vesalius.volume import Volume
from vesalius.weights.models import Model, open_model

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
MODEL = CT_TO_MR.model
MISSING = 2  # exit code
PEERS = (
    "intensity curve",
    "intensity and depth",
    "registered atlas",
    "multi-atlas",
    "patch regression forest",
    "pix2pix",
)
BAR = 0.9  # of every peer's error
COLUMNS = (
    ("mae_percent", "MAE, % of range", 2),
    ("psnr_db", "PSNR, dB", 1),
    ("ssim", "SSIM in the mask", 3),
)

Told = Callable[[str], None]


def main(arguments: list[str] | None = None) -> int:
    """Measure; 1 where the claim does not hold, 2 where something is missing."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    try:
        model = open_model(MODEL)
    except (ConfigError, WeightsError) as error:
        console.print(f"{error}", soft_wrap=True)
        return MISSING
    here = [peer for peer in PEERS if is_kept(asked.peers, back_study.NAME, peer)]
    missing = [peer for peer in PEERS if peer not in here]
    cases = back_study.cases_of(asked.data, asked.cases)
    with progress(console) as told:
        kept = {OURS: _ours(model, cases, told)}
        kept |= {peer: load(asked.peers, back_study.NAME, peer) for peer in here}
        found = back_study.measured(cases, kept)
    shown = ("kind", "fit_minutes", "seconds_a_case", "dials", "withheld")
    results = {
        "claim": __doc__.splitlines()[0],
        "machine": described(),
        "patients": len(cases),
        "missing": missing,
        "weights_sha256": model.card.weights_sha256,
        "methods": {
            name: {**{k: v for k, v in kept[name].told.items() if k in shown}, **told_}
            for name, told_ in found.items()
        },
    }
    write_results(asked.out, "synthetic_mr", results, page(results))
    console.print(page(results), soft_wrap=True, markup=False, highlight=False)
    if missing and not asked.allow_missing:
        return MISSING
    return int(not holds(results))


def holds(results: dict[str, Any]) -> bool:
    """Say whether ours is at least 10 % below every peer that is there."""
    errors = {n: found["mae_percent"]["value"] for n, found in _methods(results)}
    ours = errors.pop(OURS)
    return all(ours <= BAR * error for error in errors.values())


def page(results: dict[str, Any]) -> str:
    """Return the Markdown page of a run."""
    head = ["method", *(said for _, said, _ in COLUMNS), "ours - it, MAE"]
    head += ["ours over it", "minutes to fit", "s a case"]
    lines = [
        f"# Synthetic MR from CT, {results['patients']} test patients",
        "",
        "Written by `benchmarks/synthetic_mr.py`; see `docs/reference/benchmarks.md`. "
        "Axial slices, in the mask; errors in % of the true MR's range there from the "
        "1st to the 99th percentile. MR has no units, and its contrast differs from "
        "scanner to scanner: no method can know which was meant.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    ours = results["methods"][OURS]["mae_percent"]["value"]
    for name, found in _methods(results):
        cells = [name, *(spelled(found[key], digits) for key, _, digits in COLUMNS)]
        less = found.get("ours_minus")
        cells.append(spelled(less["mae_percent"], 2) if less else "")
        cells.append(f"{ours / found['mae_percent']['value']:.2f}" if less else "")
        minutes, seconds = found.get("fit_minutes"), found.get("seconds_a_case")
        cells.append("" if minutes is None else f"{minutes:.1f}")
        cells.append("" if seconds is None else f"{seconds:.2g}")
        lines.append("| " + " | ".join(cells) + " |")
    if results["missing"]:
        lines += ["", f"Not there: {'; '.join(results['missing'])}."]
    return "\n".join(lines) + "\n"


def _methods(results: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(results["methods"].items())


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--peers", type=Path, default=RESULTS / "peers", help="the peers' answers")
    say("--cases", type=int, help="so many test patients alone: a look")
    say("--allow-missing", action="store_true", help="judge though a peer is missing")
    return options


def _ours(model: Model, cases: Any, told: Told) -> Kept:
    asked = Asked(translate_by, model)

    def translate(hu: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return picture_of(asked(_scan(hu, mask)), back_study.PLANE)

    begun = time.process_time()
    kept = back_study.answers(translate, cases, told)
    record = asked.told(time.process_time() - begun)
    return Kept(kept, {"name": OURS, **record})


def _scan(hu: np.ndarray, mask: np.ndarray) -> Volume:
    pair = Pair(np.zeros_like(hu), hu, mask)
    return back_study.BACK.source(pair, back_study.PLANE)


if __name__ == "__main__":
    raise SystemExit(main())
