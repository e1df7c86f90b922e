"""Recipe: our tumour segmenter with a part left out, asked for the test patients.

Writes the answers to `benchmarks/results/peers/`, beside the peers'. One network of the
model in the box; and three short trainings, alike but for the part left out, from
`--trained`: `trial-outlines-judged` with nothing left out, `trial-outlines-longer`
without the critic, `trial-random-judged` without the pretraining. What each part was
worth goes to `ablations.json` and `.md`. `--help` lists the options.
"""

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parents[1]))  # the room that parts lie in

from parts import ours_cases, tumour_study
from parts.case_summary import MEASURES, summarised
from parts.kept_answers import Kept, is_kept, load, save
from parts.machine import described
from parts.ours_cases import MODELS
from parts.shown import progress
from parts.table import spelled
from parts.takes import PLAIN
from parts.written import write_results
from rich.console import Console
from safetensors.torch import load_file

from vesalius.nets import network_of
from vesalius.nets.known import alone, together
from vesalius.weights.cards import read_card
from vesalius.weights.models import Model, open_model

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
OUT = RESULTS / "peers"
TRAINED = ROOT / "out" / "train"
KIND = "ours, less a part"


class Ablation(NamedTuple):
    """A model with a part left out, and the training it is of.

    Where that is None it is one network of the box, by its number: each was begun from
    a seed of its own, and learned from its own share of the patients.
    """

    name: str
    training: str | None
    member: int = 0


WHOLE = "short trial, nothing left out"
ABLATIONS = (
    Ablation("one network of ours", None),
    Ablation("another network of ours", None, 1),
    Ablation("a third network of ours", None, 2),
    Ablation(WHOLE, "trial-outlines-judged"),
    Ablation("short trial, without the critic", "trial-outlines-longer"),
    Ablation("short trial, not pretrained", "trial-random-judged"),
)


def main(arguments: list[str] | None = None) -> int:
    """Ask every ablation whose answers are not there; say what the parts are worth."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    cases = tumour_study.cases_of(asked.data, asked.cases)
    with progress(console) as told:
        for ablation in ABLATIONS:
            if is_kept(asked.out, tumour_study.NAME, ablation.name) and not asked.again:
                console.print(f"{ablation.name}: is there")
                continue
            model = opened(ablation, asked.trained)
            heard = partial(_said, told, ablation.name)
            found = ours_cases.tumour(
                model, cases, heard, name=ablation.name, takes=(PLAIN,)
            )
            training = model.card.training
            record = {
                **found.told,
                "kind": KIND,
                "fit_minutes": training.minutes if training else None,
                "dials": {"steps": training.steps if training else None},
                "machine": described(),
            }
            file = save(asked.out, tumour_study.NAME, Kept(found.arrays, record))
            console.print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB")
        results = worth(asked.out, cases, told)
    write_results(asked.out.parent, "ablations", results, page(results))
    console.print(page(results), soft_wrap=True, markup=False, highlight=False)
    return 0


def opened(ablation: Ablation, trained: Path) -> Model:
    """Open a training with its card; of the box, one network.

    Raises:
        SystemExit: It is not there.
    """
    name = ablation.training
    if name is None:
        model = open_model(MODELS[tumour_study.NAME])
        one = alone(model.net.state_dict(), ablation.member)
        return Model(model.card, network_of(one).eval())
    file = trained / name / f"{name}.safetensors"
    if not file.is_file():
        raise SystemExit(f"{name} is not trained: vesalius train {name} --data DIR")
    tensors = together(load_file(file))
    return Model(read_card(file.with_suffix(".toml")), network_of(tensors))


def worth(folder: Path, cases: Any, told: ours_cases.Told) -> dict[str, Any]:
    """Measure the short trials, and what is lost with each part.

    Args:
        folder: Of the answers.
        cases: Test patients.
        told: Hears which patient it is.
    """
    short = [one.name for one in ABLATIONS if one.training is not None]
    kept = {name: load(folder, tumour_study.NAME, name) for name in short}
    rows = tumour_study.measured(cases, kept, told)
    found = summarised(tumour_study.NAME, rows, base=WHOLE)
    shown = ("fit_minutes", "dials", "machine")
    return {
        "claim": __doc__.splitlines()[0],
        "patients": len(cases),
        "methods": {
            name: {
                **{key: kept[name].told[key] for key in shown},
                **found[name],
            }
            for name in short
        },
    }


def page(results: dict[str, Any]) -> str:
    """Return the Markdown page of a run."""
    columns = [column for column in MEASURES[tumour_study.NAME] if column[0] in SHOWN]
    head = ["training", "steps, all", "minutes, all", *(said for _, said, _ in columns)]
    head += ["whole - it, Dice"]
    lines = [
        "# What the parts of the tumour segmenter are worth",
        "",
        "Written by `benchmarks/peers/ablations.py`; see "
        f"`docs/reference/benchmarks.md`. {results['patients']} test patients; short "
        "trainings of one network, alike but for the part. Steps and minutes hold "
        "those of the pretraining.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    for name, found in results["methods"].items():
        cells = [name, str(found["dials"]["steps"]), f"{found['fit_minutes']:.0f}"]
        cells += [spelled(found[key], digits) for key, _, digits in columns]
        less = found.get("ours_minus")
        cells.append(spelled(less["dice"], 3) if less else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


SHOWN = ("dice", "hausdorff_95_mm", "lesion_f1", "volume_error", "calibration_error")


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=OUT)
    say("--trained", type=Path, default=TRAINED, help="folder of the trainings")
    say("--again", action="store_true", help="write the answers anew")
    say("--cases", type=int, help="so many test patients alone: a look")
    return options


def _said(told: ours_cases.Told, name: str, words: str) -> None:
    told(f"{name}: {words}")


if __name__ == "__main__":
    raise SystemExit(main())
