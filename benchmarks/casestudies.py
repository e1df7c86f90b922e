"""Claim: three published case studies, recomputed on test patients with their peers.

Tumour segmentation, synthetic CT and nodule detection: the published figure, ours from
the models in the box, and each peer's from its answers in `results/peers`, which
`peers/casepeers.py` and `peers/pix2pix_train.py` made; ours less a part from
`peers/ablations.py`. `--help` lists the options.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Two threads on a busy machine spin more than they work; set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from parts import nodule_study, translation_study, tumour_study
from parts.case_figure import draw
from parts.case_page import markdown, web_page
from parts.case_summary import (
    TITLES,
    best_traditional,
    by_cell,
    ceiling_summary,
    summarised,
    with_costs,
)
from parts.kept_answers import Kept, is_kept, load
from parts.machine import described
from parts.ours_cases import MODELS, OURS, OURS_BY_STUDY, in_the_box
from parts.scores import rounded
from parts.shown import progress
from parts.written import write_results
from rich.console import Console

from vesalius.io import write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
QUICK = 2  # patients, or blocks of candidates
MISSING = 2  # exit code
PEERS: dict[str, tuple[str, ...]] = {
    tumour_study.NAME: (
        "Otsu and morphology",
        "Gaussian mixture, spatial prior",
        "fuzzy c-means, spatial prior",
        "random forest",
        "one network of ours",
        "another network of ours",
        "a third network of ours",
        "short trial, nothing left out",
        "short trial, without the critic",
        "short trial, not pretrained",
    ),
    translation_study.NAME: (
        "intensity curve",
        "intensity and depth",
        "bulk density",
        "registered atlas",
        "multi-atlas",
        "patch regression forest",
        "pix2pix",
        "pix2pix's losses, our network",
    ),
    nodule_study.NAME: (
        "hand-made features, support vectors",
        "hand-made features, random forest",
    ),
}

Told = Callable[[str], None]


def main(arguments: list[str] | None = None) -> int:
    """Recompute the case studies; write their JSON, pages and picture."""
    asked = _options().parse_args(arguments)
    out = asked.out or (ROOT / "out" / "casestudies-quick" if asked.quick else RESULTS)
    console = Console(stderr=True)
    begun, machine = time.perf_counter(), described()
    left_out: list[str] = []
    studies = {}
    with progress(console) as told:
        for name in TITLES:
            found = _study(name, asked, left_out, told)
            if found is not None:
                studies[name] = found
    for sentence in left_out:
        console.print(sentence, soft_wrap=True)
    results = {
        "claim": __doc__.splitlines()[0],
        "machine": machine,
        "minutes": round((time.perf_counter() - begun) / 60, 1),
        "quick": asked.quick,
        "left_out": left_out,
        "studies": studies,
    }
    _write(results, out)
    console.print(f"written: {out.name}/casestudies.json, .md, .png, .html")
    return MISSING if left_out and not asked.allow_missing else 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, help="folder for the results")
    say("--peers", type=Path, default=RESULTS / "peers", help="the peers' answers")
    say("--quick", action="store_true", help="two patients a study: a look, no result")
    say(
        "--allow-missing",
        action="store_true",
        help="exit 0 though a model or a peer is missing",
    )
    return options


def _study(
    name: str, asked: argparse.Namespace, left_out: list[str], told: Told
) -> dict[str, Any] | None:
    """Measure one case study; None, and a sentence, where our model is missing."""
    model = in_the_box(name)
    if model is None:
        left_out.append(
            f"{TITLES[name]} is left out: the model {MODELS[name]} is not in the box "
            f"(vesalius train {MODELS[name]})"
        )
        return None
    here = [peer for peer in PEERS[name] if is_kept(asked.peers, name, peer)]
    missing = [peer for peer in PEERS[name] if peer not in here]
    if missing:
        left_out.append(
            f"{TITLES[name]}: without {'; '.join(missing)}, whose answers are not in "
            f"{asked.peers.name} (benchmarks/peers makes them)"
        )
    measure, cases_of = STUDIES[name]
    cases = cases_of(asked.data, QUICK if asked.quick else None)

    def heard(words: str) -> None:
        told(f"{TITLES[name]}: {words}")

    kept = {peer: load(asked.peers, name, peer) for peer in here}
    ours = OURS_BY_STUDY[name](model, cases, heard)
    found = measure(cases, {OURS: ours, **kept}, heard)
    found["best_traditional"] = best_traditional(name, found["methods"])
    return {
        "model": MODELS[name],
        "weights_sha256": ours.told["weights_sha256"],
        **found,
    }


def _tumour(cases: Any, kept: dict[str, Kept], told: Told) -> dict[str, Any]:
    rows = tumour_study.measured(cases, kept, told)
    methods = with_costs(summarised(tumour_study.NAME, rows), kept)
    return {"patients": len(cases), "methods": methods}


def _translation(cases: Any, kept: dict[str, Kept], told: Told) -> dict[str, Any]:
    rows = translation_study.measured(cases, kept, told)
    cells = by_cell(rows)
    told("how far SSIM can come")
    return {
        "patients": cells[0]["patients"],
        "methods": with_costs(cells[0]["methods"], kept),
        "cells": cells[1:],
        "ceilings": ceiling_summary(list(translation_study.ceilings(cases))),
    }


def _nodules(cases: Any, kept: dict[str, Kept], told: Told) -> dict[str, Any]:
    told("measuring")
    methods = {
        name: {key: _rounded(value) for key, value in found.items()}
        for name, found in nodule_study.measured(cases, kept).items()
    }
    for name in methods:
        if name != OURS:
            less = nodule_study.differences(cases, kept[OURS], kept[name])
            methods[name]["ours_minus"] = {k: rounded(v) for k, v in less.items()}
    return {
        "blocks": len(set(cases.block.tolist())),
        "candidates": int(cases.nodule.size),
        "nodules": int(cases.nodule.sum()),
        "methods": with_costs(methods, kept),
    }


STUDIES: dict[str, tuple[Callable[..., dict[str, Any]], Callable[..., Any]]] = {
    tumour_study.NAME: (_tumour, tumour_study.cases_of),
    translation_study.NAME: (_translation, translation_study.cases_of),
    nodule_study.NAME: (_nodules, nodule_study.cases_of),
}


def _rounded(value: Any) -> Any:
    return rounded(value) if isinstance(value, dict) else round(value, 6)


def _write(results: dict[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    picture = out / "casestudies.png"
    draw(results, picture)
    write_results(out, "casestudies", results, markdown(results))
    write_text(web_page(results, picture.read_bytes()), out / "casestudies.html")


if __name__ == "__main__":
    raise SystemExit(main())
