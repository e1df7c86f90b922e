"""Rows: one cell measured, ours and every peer on the same slices."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from parts.cells import Cell, Pair, cases_of, degraded, shares
from parts.ours import OURS, Denoiser
from parts.peers import BM3D, PEERS, Peer
from parts.scores import Scores, best_of, differences, scored, summary
from parts.tuning import Setting, Settings, stacked

CORRECTED = ", Rician-corrected"
NOISY = "noisy"


@dataclass(frozen=True)
class Run:
    """What a run of the benchmark was asked for.

    Attributes:
        data: Folder of data sets.
        cache: Where the peers' answers are kept.
        slices: Measured in a cell.
        patients: At most, in a cell; None for all.
        seed: Of the noise.
    """

    data: Path
    cache: Path
    slices: int
    patients: int | None = None
    seed: int = 0


def pairs_of(cell: Cell, run: Run) -> list[Callable[[], Pair]]:
    """Return the test patients' scans of a cell, each made when it is asked for."""
    cases = cases_of(cell, run.data, "test")[: run.patients]
    counts = shares(len(cases), run.slices)

    def maker(case: Any, count: int) -> Callable[[], Pair]:
        return lambda: degraded(case, cell, count, run.seed, run.cache)

    return [maker(*one) for one in zip(cases, counts, strict=True)]


def measured(
    cell: Cell,
    run: Run,
    settings: Settings,
    ours: Denoiser | None,
    told: Callable[[str], None],
) -> dict[str, Any]:
    """Measure a cell.

    Args:
        cell: Which.
        run: On what.
        settings: Of the peers, found on training patients.
        ours: Our denoiser; None to ask the peers only.
        told: Hears which patient is being measured.

    Returns:
        Patients, slices, and each method's scores with intervals.
    """
    scores: dict[str, list[Scores]] = {}
    slices, makers = 0, pairs_of(cell, run)
    for number, make in enumerate(makers):
        told(f"{cell.name}: patient {number + 1} of {len(makers)}")
        pair = make()
        slices += len(pair.chosen)
        pictures = _pictures(pair, settings, run, told)
        if ours is not None:
            told(f"{cell.name}: patient {number + 1} of {len(makers)}, ours")
            pictures[OURS] = pair.at_chosen(ours(pair.noisy).voxels)
        for name, picture in pictures.items():
            scores.setdefault(name, []).append(scored(pair, picture))
    classic = tuple(name for name in scores if name.startswith(BM3D))
    return {
        "name": cell.name,
        "modality": cell.modality,
        "patients": len(makers),
        "slices": slices,
        "settings": {name: setting._asdict() for name, setting in settings.items()},
        "best_bm3d": best_of(classic, scores),
        "methods": _methods(scores),
    }


def _methods(scores: dict[str, list[Scores]]) -> dict[str, Any]:
    methods: dict[str, Any] = {name: summary(theirs) for name, theirs in scores.items()}
    for name in methods:
        if OURS in scores and name != OURS:
            methods[name]["ours_minus"] = differences(scores[OURS], scores[name])
    return methods


def _pictures(
    pair: Pair, settings: Settings, run: Run, told: Callable[[str], None]
) -> dict[str, np.ndarray]:
    pictures = {NOISY: pair.at_chosen(pair.noisy.voxels)}
    for peer in PEERS[pair.truth.modality]:
        told(f"{peer.name}: {len(pair.chosen)} slices")
        answers = _in_ct if pair.truth.modality == "CT" else _in_mr
        pictures |= answers(peer, pair, settings, run.cache)
    return pictures


def _in_mr(
    peer: Peer, pair: Pair, settings: Settings, cache: Path
) -> dict[str, np.ndarray]:
    """Use a fast peer as it was tuned; BM3D with the Rician floor and without."""
    if not peer.slow:
        return {peer.name: stacked(peer, settings[peer.name], pair, cache)}
    plain = Setting(peer.dial[0], False)
    floorless = plain._replace(corrected=True)
    return {
        peer.name: stacked(peer, plain, pair, cache),
        peer.name + CORRECTED: stacked(peer, floorless, pair, cache),
    }


def _in_ct(peer: Peer, pair: Pair, _: Settings, cache: Path) -> dict[str, np.ndarray]:
    """Turn a peer's dial on the test scan itself, in the peer's favour.

    The one training volume has a third of the test's noise: a dial that was turned
    there fits nothing here.
    """
    answers = {
        dial: stacked(peer, Setting(dial, False), pair, cache) for dial in peer.dial
    }
    if peer.slow:
        return {f"{peer.name}, {dial:g} sigma": one for dial, one in answers.items()}
    return {peer.name: min(answers.values(), key=lambda one: scored(pair, one)["rmse"])}
