"""Tuning: each peer's dial, turned on training patients until nothing is better."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from parts.cells import Cell, Pair, cases_of, degraded
from parts.denoised import answer_of, uncovered
from parts.peers import PEERS, Peer
from vesalius.quality.fidelity import psnr

SLICES = 8  # per cell, over as many training patients as there are
SEED = 1000  # apart from that of the test


class Setting(NamedTuple):
    """How a peer is used in one cell: its dial, and whether the floor is taken off."""

    dial: float
    corrected: bool


Settings = dict[str, Setting]


def tuned(
    cell: Cell, data: Path, folder: Path, file: Path, told: Callable[[str], None]
) -> Settings:
    """Return each fast peer's best setting in a cell, from the file or found now.

    Args:
        cell: What is measured.
        data: Folder of data sets; only their training patients are looked at.
        folder: Of the cache.
        file: What was found before, and is kept from now on.
        told: Hears what is being done.

    Returns:
        The setting with the highest mean PSNR inside the body, by peer.
    """
    known = json.loads(file.read_text()) if file.exists() else {}
    if cell.name not in known:
        known[cell.name] = _found(cell, data, folder, told)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    return {
        name: Setting(found["dial"], found["corrected"])
        for name, found in known[cell.name].items()
    }


def _found(
    cell: Cell, data: Path, folder: Path, told: Callable[[str], None]
) -> dict[str, dict[str, object]]:
    cases = cases_of(cell, data, "train")[:SLICES]
    each = max(1, SLICES // len(cases))
    pairs = [degraded(case, cell, each, SEED, folder) for case in cases]
    found = {}
    for peer in PEERS[cell.modality]:
        if not peer.slow:
            told(f"tuning {peer.name} for {cell.name}")
            found[peer.name] = _best(peer, pairs, folder)
    return found


def _best(peer: Peer, pairs: list[Pair], folder: Path) -> dict[str, object]:
    tried = {
        Setting(dial, corrected): float(
            np.mean([_psnr(peer, Setting(dial, corrected), p, folder) for p in pairs])
        )
        for dial in peer.dial
        for corrected in (False, True)
    }
    best = max(tried, key=lambda setting: tried[setting])
    return {
        "dial": best.dial,
        "corrected": best.corrected,
        "unit": peer.unit,
        "tried": {
            f"{setting.dial:g}{' corrected' * setting.corrected}": round(found, 3)
            for setting, found in tried.items()
        },
    }


def _psnr(peer: Peer, setting: Setting, pair: Pair, folder: Path) -> float:
    pictures = stacked(peer, setting, pair, folder)
    truth = pair.at_chosen(pair.truth.voxels)
    return psnr(truth, pictures, pair.peak, pair.at_chosen(pair.mask))


def stacked(peer: Peer, setting: Setting, pair: Pair, folder: Path) -> np.ndarray:
    """Return a peer's measured slices (i, j, n) in the scan's unit."""
    answers = [answer_of(peer, setting.dial, pair, k, folder) for k in pair.chosen]
    if setting.corrected:
        answers = [uncovered(answer, pair) for answer in answers]
    seen = np.stack([answer.picture for answer in answers], -1)
    return np.maximum(seen, 0) * pair.span + pair.air
