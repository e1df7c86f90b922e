"""Recipe: pix2pix, trained on our pairs as long as ours; our network with its losses.

Writes both methods' answers on the test slices to `benchmarks/results/peers/`; the
weights stay in `out/`. A training that was stopped goes on where it was. `--help`
lists the options.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parents[1]))  # the room that parts lie in

import numpy as np
from parts import back_study, ours_cases, translation_study
from parts.kept_answers import Kept, is_kept, save
from parts.machine import described, versions_of
from parts.ours import open_card
from parts.pix2pix import BETAS, L1_WEIGHT, RATE
from parts.pix2pix_run import Plan, asked, generator, train
from parts.shown import progress
from rich.console import Console
from torch import nn

from vesalius import weights
from vesalius.errors import ConfigError
from vesalius.tasks.ways import CT_TO_MR, MR_TO_CT, WAYS, Way
from vesalius.train.pairs import PairSource
from vesalius.train.recipe import open_recipe
from vesalius.train.translating_lanes import lane_of
from vesalius.weights.models import Model

ROOT = Path(__file__).parents[2]
OUT = ROOT / "benchmarks" / "results" / "peers"
TRAINED = ROOT / "out" / "case-pix2pix"
UNET, OWN = "pix2pix", "pix2pix's losses, our network"
NAMES = {UNET: False, OWN: True}
FILES = {MR_TO_CT.to: ".safetensors", CT_TO_MR.to: "-to-mr.safetensors"}
STUDIES = {  # by the way: where the answers belong, and who gives any
    MR_TO_CT.to: (translation_study.NAME, (UNET, OWN)),
    CT_TO_MR.to: (back_study.NAME, (UNET,)),
}
LIBRARIES = ("torch", "monai", "numpy")

Told = Callable[[str], None]


def main(arguments: list[str] | None = None) -> int:
    """Train what is not trained, and write its answers."""
    options = _options()
    given = options.parse_args(arguments)
    way = WAYS[given.to]
    minutes = given.minutes or _minutes_of_ours(way)
    if minutes is None:
        options.error(
            f"{way.model} is not in the box to tell its minutes: give --minutes"
        )
    plan = Plan(minutes, given.device, given.batch, given.seed)
    console = Console(stderr=True)
    with progress(console) as told:
        study, names = STUDIES[way.to]
        for name in names:
            if not is_wanted(name, given.only):
                continue
            if is_kept(given.out, study, name) and not given.again:
                console.print(f"{name}: is there")
                continue
            kept = _made(name, way, plan, given, partial(_said, told, name))
            file = save(given.out, study, kept)
            console.print(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB")
    return 0


def is_wanted(name: str, only: str) -> bool:
    """Say whether `--only` asks for a method: by its name, else by a part of it."""
    return name == only if only in NAMES else only in name


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=OUT)
    say("--to", choices=tuple(STUDIES), default=MR_TO_CT.to, help="which way")
    say("--trained", type=Path, default=TRAINED, help="folder of the checkpoints")
    say("--minutes", type=float, help="of each; as on the card of ours if not given")
    say("--only", default="", help='methods whose name has this in it, "our network"')
    say("--device", default="cpu", help="cpu or cuda")
    say("--batch", type=int, default=1, help="crops a step; 1 in the paper")
    say("--seed", type=int, default=1)
    say("--again", action="store_true", help="write the answers anew")
    say("--cases", type=int, help="so many test patients alone: a look")
    return options


def _minutes_of_ours(way: Way) -> float | None:
    try:
        training = weights.card(way.model).training
    except ConfigError:
        return None
    return training.minutes if training else None


def _said(told: Told, name: str, words: str) -> None:
    told(f"{name}: {words}")


def _made(
    name: str, way: Way, plan: Plan, given: argparse.Namespace, told: Told
) -> Kept:
    recipe = open_recipe(way.model)
    lane, ours = lane_of(recipe), NAMES[name]
    told("reading the training pairs")
    source = PairSource(lane.pairs(given.data, "train", None), lane.views, lane.scaled)
    net = generator(ours, recipe.widths, way)
    kind = "ours" if ours else "unet"
    file = given.trained / (kind + FILES[way.to])
    steps, worked = train(net, source, plan, file, told, way)
    begun = time.process_time()
    if way is CT_TO_MR:
        kept = _back(net, plan, given, told)
    else:
        cases = translation_study.cases_of(given.data, given.cases)
        kept = _ours(net, name, cases, told) if ours else _unet(net, plan, cases, told)
    answers = len(kept)
    record = {
        "name": name,
        "kind": "generative",
        "dials": {
            "steps": steps,
            "batch": plan.batch,
            "l1_weight": L1_WEIGHT,
            "adam": [RATE, *BETAS],
            "device": plan.device,
        },
        "fit_minutes": round(plan.minutes, 1),
        "processor_minutes": round(worked, 1),
        "seconds_a_case": round((time.process_time() - begun) / max(answers, 1), 4),
        "machine": described(),
        "versions": versions_of(LIBRARIES),
    }
    return Kept(kept, record)


def _unet(net: nn.Module, plan: Plan, cases: Any, told: Told) -> dict[str, np.ndarray]:
    def translate(mr: np.ndarray, mask: np.ndarray, plane: str) -> np.ndarray:
        return asked(net, mr, plane, MR_TO_CT, plan.device)

    return translation_study.answers(translate, cases, told)


def _back(
    net: nn.Module, plan: Plan, given: argparse.Namespace, told: Told
) -> dict[str, np.ndarray]:
    def translate(hu: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return asked(net, hu, back_study.PLANE, CT_TO_MR, plan.device)

    cases = back_study.cases_of(given.data, given.cases)
    return back_study.answers(translate, cases, told)


def _ours(net: Any, name: str, cases: Any, told: Told) -> dict[str, np.ndarray]:
    """Ask our network through our verb, so that only its losses differ from ours."""
    card = replace(open_card("MR"), name="pix2pix", task="translate")
    model = Model(card, net.net.cpu().eval().requires_grad_(False))
    return ours_cases.translation(model, cases, told, name=name).arrays


if __name__ == "__main__":
    raise SystemExit(main())
