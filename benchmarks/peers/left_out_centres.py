"""Recipe: how far a translation from MR to CT carries to a centre it never saw.

For each centre, its test patients' axial slices by `translate-mr-ct-short`, which
learned from all centres, by `translate-mr-ct-no-CENTRE`, which learned from the others
alone for as many steps, and by the model in the box. It takes the trainings from
`--trained` and writes `left_out_centres.json` and `.md`. `--help` lists the options.
"""

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parents[1]))  # the room that parts lie in

from parts import ours_cases, translation_study
from parts.case_summary import summarised
from parts.machine import described
from parts.shown import progress
from parts.table import spelled
from parts.written import write_results
from rich.console import Console
from safetensors.torch import load_file

from vesalius.nets import network_of
from vesalius.weights.cards import read_card
from vesalius.weights.models import Model, open_model

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
TRAINED = ROOT / "out" / "train"
STRANGER = "short trial, without the centre"
SHORT = "short trial, all centres"
BOX = "in the box"
CENTRES = ("1BA", "1BB", "1BC")
COLUMNS = (
    ("mae_hu", "MAE, HU", 1),
    ("ssim", "SSIM in the mask", 3),
    ("ssim_frame", "SSIM, full frame", 3),
    ("ssim_air", "SSIM, both outsides air", 3),
    ("bone_dice", "bone Dice", 3),
)


def main(arguments: list[str] | None = None) -> int:
    """Ask each trial about the centre that it lacks, and what learned from all."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    box = open_model(ours_cases.MODELS[translation_study.NAME])
    short = opened(asked.trained, "translate-mr-ct-short")
    trials = {centre: opened(asked.trained, without(centre)) for centre in CENTRES}
    cases = translation_study.cases_of(asked.data, asked.cases)
    results: dict[str, Any] = {
        "claim": __doc__.splitlines()[0],
        "machine": described(),
        "weights_sha256": box.card.weights_sha256,
        "centres": {},
    }
    with progress(console) as told:
        for centre, trial in trials.items():
            here = [
                case
                for case in cases
                if case.centre == centre and case.plane == translation_study.HEADLINE
            ]
            if not here:
                continue
            heard = partial(_said, told, centre)
            models = {SHORT: short, STRANGER: trial, BOX: box}
            results["centres"][centre] = _measured(models, here, heard)
    write_results(asked.out, "left_out_centres", results, page(results))
    console.print(page(results), soft_wrap=True, markup=False, highlight=False)
    return 0


def without(centre: str) -> str:
    """Name the trial that never saw a centre."""
    return f"translate-mr-ct-no-{centre.lower()}"


def opened(trained: Path, name: str) -> Model:
    """Open a trial with its card.

    Raises:
        SystemExit: It is not there.
    """
    file = trained / name / f"{name}.safetensors"
    if not file.is_file():
        raise SystemExit(f"{name} is not trained: vesalius train {name} --data DIR")
    return Model(read_card(file.with_suffix(".toml")), network_of(load_file(file)))


def _measured(
    models: dict[str, Model], cases: Any, told: ours_cases.Told
) -> dict[str, Any]:
    """Measure a centre's slices by each model; differences from the short trial."""
    kept = {
        name: ours_cases.translation(model, cases, told, name=name)
        for name, model in models.items()
    }
    rows = translation_study.measured(cases, kept, told)
    found = summarised(translation_study.NAME, rows, base=SHORT)
    return {
        "patients": len(cases),
        "models": {
            name: {
                "steps": _steps(model),
                "withheld": kept[name].told["withheld"],
                **found[name],
            }
            for name, model in models.items()
        },
    }


def page(results: dict[str, Any]) -> str:
    """Return the Markdown page of a run."""
    head = ["centre", "model", "steps", *(said for _, said, _ in COLUMNS)]
    head += ["short trial - it, MAE"]
    lines = [
        "# Synthetic CT for a centre that the model never saw",
        "",
        "Written by `benchmarks/peers/left_out_centres.py`; see "
        "`docs/reference/benchmarks.md`. Test patients' axial slices. The two short "
        "trials were trained alike, the one with the centre's training patients, the "
        "other without; the model in the box is the first one, trained longer.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    for centre, found in results["centres"].items():
        for name, measured in found["models"].items():
            cells = [f"{centre}, {found['patients']} patients", name]
            cells.append(str(measured["steps"]))
            cells += [spelled(measured[key], digits) for key, _, digits in COLUMNS]
            less = measured.get("ours_minus")
            cells.append(spelled(less["mae_hu"], 1) if less else "")
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _steps(model: Model) -> int | None:
    return model.card.training.steps if model.card.training else None


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--trained", type=Path, default=TRAINED, help="folder of the trainings")
    say("--cases", type=int, help="so many test patients alone: a look")
    return options


def _said(told: ours_cases.Told, centre: str, words: str) -> None:
    told(f"{centre}: {words}")


if __name__ == "__main__":
    raise SystemExit(main())
