"""Recipe: the case studies' traditional peers, fitted on training patients.

Writes each peer's answers on the test cases to `benchmarks/results/peers/`, where
`casestudies.py` reads them. What is there is left alone; a peer that was stopped goes
on where it was. One thread. `--help` lists the options.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))  # the room that parts lie in

import numpy as np
from parts import back_study, nodule_study, translation_study, tumour_study
from parts.fitted import Fitted
from parts.kept_answers import Kept, is_kept, save
from parts.nodule_peers import JUDGES, features_of
from parts.peer_costs import Meter
from parts.shown import progress
from parts.shown_pairs import Shown, mr_to_ct
from parts.translation_peers import BACK, TRANSLATORS
from parts.tumour_peers import OUTLINERS, Taught
from rich.console import Console

from vesalius.anatomy.head_planes import head_planes
from vesalius.evaluate.candidates import open_candidates
from vesalius.evaluate.detect import balanced_threshold
from vesalius.evaluate.pairs import PLANES, open_pair, pair_cases
from vesalius.evaluate.tumours import open_tumour, tumour_cases
from vesalius.volume import Volume

ROOT = Path(__file__).parents[2]
OUT = ROOT / "benchmarks" / "results" / "peers"
CACHE = ROOT / "out" / "case-cache"

Told = Callable[[str], None]


def main(arguments: list[str] | None = None) -> int:
    """Make what is missing of the peers' answers."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    wanted = [
        (study, peer)
        for study, (_, peers) in STUDIES.items()
        for peer in peers
        if asked.only in f"{study}: {peer}"
    ]
    with progress(console) as shown:
        for study, peer in wanted:
            if is_kept(asked.out, study, peer) and not asked.again:
                console.print(f"{study}: {peer}: is there")
                continue
            begun = time.perf_counter()
            told = partial(_said, shown, console, f"{study}: {peer}")
            file = save(asked.out, study, STUDIES[study][0](peer, asked, told))
            minutes = (time.perf_counter() - begun) / 60
            size = file.stat().st_size / 1e6
            console.print(f"{file.name}: {size:.2f} MB, {minutes:.1f} min by the clock")
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=OUT)
    say("--cache", type=Path, default=CACHE, help="keeps answers of a run stopped")
    say("--only", default="", help='peers whose name has this in it, "nodules: "')
    say("--again", action="store_true", help="make anew what is there")
    say("--cases", type=int, help="so many patients or blocks alone: a look")
    return options


def _said(shown: Told, console: Console, peer: str, words: str) -> None:
    shown(f"{peer}: {words}")
    if not console.is_terminal:  # a log has no line to write over
        console.print(f"{peer}: {words}")


def _tumour(peer: str, asked: argparse.Namespace, told: Told) -> Kept:
    told("reading and fitting")
    taught = _heads(asked.data, asked.cases)
    meter = Meter(asked.cache, peer)
    fitted = meter.fitted(lambda: OUTLINERS[peer](taught))

    def outline(flair: Volume) -> np.ndarray:
        def ask() -> np.ndarray:
            planes, frame = head_planes(flair)
            return frame.leave(fitted(planes).astype(np.float32)) > 0.5

        return meter.answered(fitted, flair.voxels, ask)

    cases = tumour_study.cases_of(asked.data, asked.cases)
    kept = tumour_study.answers(outline, cases, told)
    return Kept(kept, meter.told(fitted.dials))


def _translation(peer: str, asked: argparse.Namespace, told: Told) -> Kept:
    meter = Meter(asked.cache, peer)
    by_plane: dict[str, Fitted] = {}
    for plane in PLANES:
        told(f"reading and fitting, {plane}")
        pairs = _pairs(asked.data, plane, asked.cases)
        by_plane[plane] = meter.fitted(partial(TRANSLATORS[peer], pairs))

    def translate(mr: np.ndarray, mask: np.ndarray, plane: str) -> np.ndarray:
        fitted = by_plane[plane]
        made = meter.answered(fitted, mr, lambda: fitted(mr, mask), plane=plane)
        return made.astype(np.float32)

    cases = translation_study.cases_of(asked.data, asked.cases)
    kept = translation_study.answers(translate, cases, told)
    dials = {plane: dict(fitted.dials) for plane, fitted in by_plane.items()}
    return Kept(kept, meter.told(dials))


def _back(peer: str, asked: argparse.Namespace, told: Told) -> Kept:
    meter = Meter(asked.cache, peer)
    told("reading and fitting")
    cases = pair_cases(asked.data, part="train", plane=back_study.PLANE)
    pairs = [back_study.ct_to_mr(open_pair(case)) for case in cases[: asked.cases]]
    fitted = meter.fitted(partial(BACK[peer], pairs))

    def translate(hu: np.ndarray, mask: np.ndarray) -> np.ndarray:
        made = meter.answered(fitted, hu, lambda: fitted(hu, mask), plane="to mr")
        return made.astype(np.float32)

    tested = back_study.cases_of(asked.data, asked.cases)
    kept = back_study.answers(translate, tested, told)
    return Kept(kept, meter.told(fitted.dials))


def _nodules(peer: str, asked: argparse.Namespace, told: Told) -> Kept:
    told("describing and fitting")
    seen, nodule, block = _described(asked.data, asked.cases)
    meter = Meter(asked.cache, peer)
    fitted = meter.fitted(lambda: JUDGES[peer](seen, nodule, block))
    told("the threshold, on calibration blocks")
    held_out = open_candidates(asked.data, part="calibrate")
    level = balanced_threshold(held_out.nodule, fitted(held_out.pictures))

    def score(pictures: np.ndarray) -> np.ndarray:
        each = len(pictures)
        return meter.answered(fitted, pictures, lambda: fitted(pictures), each=each)

    tested = nodule_study.cases_of(asked.data, asked.cases)
    kept = nodule_study.answers(score, level, tested, told)
    return Kept(kept, meter.told(fitted.dials))


# Cheap ones first.
STUDIES: dict[str, tuple[Callable[..., Kept], tuple[str, ...]]] = {
    nodule_study.NAME: (_nodules, tuple(JUDGES)),
    tumour_study.NAME: (_tumour, tuple(OUTLINERS)),
    translation_study.NAME: (
        _translation,
        tuple(sorted(TRANSLATORS, key=lambda name: "atlas" in name)),
    ),
    back_study.NAME: (_back, tuple(BACK)),
}


@cache
def _heads(data: Path, most: int | None) -> list[Taught]:
    taught = []
    for case in tumour_cases(data, part="train")[:most]:
        flair, _, truth = open_tumour(case)
        planes, frame = head_planes(flair)
        taught.append(Taught(planes, frame.enter(truth.astype(np.float32)) > 0.5))
    return taught


@cache
def _pairs(data: Path, plane: str, most: int | None) -> list[Shown]:
    cases = pair_cases(data, part="train")
    return [mr_to_ct(open_pair(c)) for c in cases if c.plane == plane][:most]


@cache
def _described(data: Path, blocks: int | None) -> tuple[np.ndarray, ...]:
    taught = open_candidates(data, part="train")
    taught = nodule_study.some_blocks(taught, blocks and 4 * blocks)
    return features_of(taught.pictures), taught.nodule, taught.block


if __name__ == "__main__":
    raise SystemExit(main())
