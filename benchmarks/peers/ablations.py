"""Recipe: our tumour segmenter with a part left out, asked for the test patients.

Writes the answers to `benchmarks/results/peers/`, beside the peers'. It takes the
trainings `outline-tumours`, which `segment-tumour` starts from, and
`outline-tumours-random`, which was not pretrained, from `--trained`. `--help` lists
the options.
"""

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parents[1]))  # the room that parts lie in

from parts import ours_cases, tumour_study
from parts.kept_answers import Kept, is_kept, save
from parts.machine import described
from parts.shown import progress
from rich.console import Console
from safetensors.torch import load_file

from vesalius.nets import network_of
from vesalius.nets.known import alone, together
from vesalius.train.recipe import open_recipe
from vesalius.weights.cards import read_card
from vesalius.weights.models import Model

ROOT = Path(__file__).parents[2]
OUT = ROOT / "benchmarks" / "results" / "peers"
TRAINED = ROOT / "out" / "train"
KIND = "ours, less a part"


class Ablation(NamedTuple):
    """A model with a part left out, the training it is of, and its networks."""

    name: str
    training: str
    is_one: bool  # whether the first network alone is taken


ABLATIONS = (
    Ablation("ours without the critic", "outline-tumours", is_one=False),
    Ablation("one network of it", "outline-tumours", is_one=True),
    Ablation("one network, not pretrained", "outline-tumours-random", is_one=True),
)


def main(arguments: list[str] | None = None) -> int:
    """Ask every ablation whose answers are not there."""
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
            found = ours_cases.tumour(model, cases, heard, name=ablation.name)
            record = {
                **found.told,
                "kind": KIND,
                "fit_minutes": minutes_of(ablation, model),
                "machine": described(),
            }
            file = save(asked.out, tumour_study.NAME, Kept(found.arrays, record))
            console.print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB")
    return 0


def opened(ablation: Ablation, trained: Path) -> Model:
    """Open a training with its card.

    Raises:
        SystemExit: It is not there.
    """
    name = ablation.training
    file = trained / name / f"{name}.safetensors"
    if not file.is_file():
        raise SystemExit(f"{name} is not trained: vesalius train {name} --data DIR")
    tensors = together(load_file(file))
    if ablation.is_one:
        tensors = alone(tensors, 0)
    return Model(read_card(file.with_suffix(".toml")), network_of(tensors))


def minutes_of(ablation: Ablation, model: Model) -> float | None:
    """Return how long its networks were trained."""
    if model.card.training is None:
        return None
    share = open_recipe(ablation.training).members if ablation.is_one else 1
    return round(model.card.training.minutes / share, 1)


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
