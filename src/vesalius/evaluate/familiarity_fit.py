"""Familiarity, fitted: make the numbers of quality/familiarity.json again.

Run as `python -m vesalius.evaluate.familiarity_fit DATA`; some ten minutes on one core.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from vesalius.evaluate.data import find_cases, open_case
from vesalius.evaluate.pictures import foreign_pictures, paired_slices
from vesalius.evaluate.split import Part
from vesalius.evaluate.variations import (
    Plane,
    as_ct,
    as_mr,
    cropped,
    jumbles,
    negatives,
    varied_ct,
    varied_mr,
)
from vesalius.quality.appearance import describe
from vesalius.quality.windows import slice_axis

AnyPlane = Float[np.ndarray, "_ _"]  # each of its own size

HIDDEN = 24
STEPS, BATCH, RATE, DECAY = 1500, 2048, 0.01, 3e-5
JITTER = 0.15  # SD added to the standardised numbers: no edge is that sharp
CLIPPED = 4.0
# A network sure to 93 % calls a slice foreign: on calibration patients that loses 2 %
# of the foreign ones, and lets scanners it never saw pass.
SURE = 0.93
SLICES = 8  # of a scan
VARIATIONS = 2  # of each slice
PHOTOGRAPH_CROPS = 30
CUT_ANY_WAY = ("brain_t1_labels", "ct_volumes", "lidc_0001", "mr_t1_dicom")
VARIED = {"MR": varied_mr, "CT": varied_ct}


class Example(NamedTuple):
    """One slice, described."""

    foreign: bool
    kind: str
    numbers: Float[np.ndarray, " n"]


def fit_familiarity(data: Path, *, seed: int = 0) -> dict[str, dict[str, object]]:
    """Fit the networks that tell a body from anything else.

    Args:
        data: The data folder; training patients only are looked at.
        seed: Of variations, jumbles and the fit.

    Returns:
        For "MR" and "CT" the numbers that `familiarity.json` holds.

    Limits:
        Photographs are the few that scikit-image ships.
    """
    return {
        kind: fitted(list(examples(data, "train", kind, seed=seed)), seed)
        for kind in ("MR", "CT")
    }


def examples(
    data: Path, part: Part, modality: str, *, seed: int = 0
) -> Iterator[Example]:
    """Yield described slices, valid and foreign, of the patients of one part.

    Args:
        data: The data folder.
        part: Only training slices are varied.
        modality: "MR" or "CT": what they are all taken for.
        seed: Of everything random.
    """
    rng = np.random.default_rng([seed, len(part), ord(modality[0])])
    for kind, picture in _valid(data, part, modality):
        varied = [picture]
        if part == "train":
            whole = kind != "acdc"
            many = range(VARIATIONS)
            varied += [VARIED[modality](picture, rng, whole=whole) for _ in many]
        yield from _described(False, kind, varied, modality)
        if part != "train" or rng.random() < 0.35:
            spoilt = varied[int(rng.integers(len(varied)))]
            turned = [*negatives(picture, rng, modality)]
            if part == "train":
                turned += negatives(spoilt, rng, modality)
            yield from _described(True, "negative", turned, modality)
            yield from _described(True, "jumble", list(jumbles(spoilt, rng)), modality)
    yield from _strangers(data, part, modality, rng)


def _strangers(
    data: Path, part: Part, modality: str, rng: np.random.Generator
) -> Iterator[Example]:
    rescale = as_mr if modality == "MR" else as_ct
    for found in foreign_pictures(data, part):
        taken = [found.pixels]
        if found.kind == "photograph":
            taken += [cropped(found.pixels, rng, 0.3) for _ in range(PHOTOGRAPH_CROPS)]
        elif part == "train":
            taken += [cropped(found.pixels, rng, 0.65) for _ in range(2)]
        taken = [
            np.rot90(p, int(rng.integers(4))) if n else p for n, p in enumerate(taken)
        ]
        yield from _described(True, found.kind, taken, modality)
        if part == "train" or modality == "CT":
            again = [rescale(picture, rng) for picture in taken]
            yield from _described(True, found.kind, again, modality)
    if modality == "CT":  # the wrong modality: grey levels that are no HU
        for kind, picture in _valid(data, part, "MR"):
            if rng.random() < 0.2:
                yield from _described(True, f"MR {kind}", [picture], "CT")


def _valid(data: Path, part: Part, modality: str) -> Iterator[tuple[str, Plane]]:
    for case in find_cases(data, part=part, modality=modality):
        scan = open_case(case)
        own = slice_axis(scan)
        axes = range(3) if case.collection in CUT_ANY_WAY else (own,)
        for axis in axes:
            count = scan.voxels.shape[axis]
            inner = np.linspace(0.1 * (count - 1), 0.9 * (count - 1), SLICES)
            for k in np.unique(inner.round().astype(int)):
                yield case.collection, scan.voxels.take(k, axis).astype(np.float64)
    for found in paired_slices(data, part, modality):
        yield found.kind, found.pixels


def _described(
    foreign: bool, kind: str, pictures: list[AnyPlane], modality: str
) -> Iterator[Example]:
    for picture in pictures:
        numbers = describe(np.ascontiguousarray(picture), None, modality)
        if numbers is not None:
            yield Example(foreign, kind, numbers)


def fitted(found: list[Example], seed: int) -> dict[str, object]:
    """Fit one network to described slices.

    Args:
        found: Valid and foreign ones.
        seed: Of the first weights and the batches.

    Returns:
        The numbers of one network in `familiarity.json`.
    """
    numbers = np.stack([example.numbers for example in found])
    foreign = np.array([example.foreign for example in found], int)
    centre, scale = numbers.mean(0), numbers.std(0) + 0.05
    z = ((numbers - centre) / scale).clip(-CLIPPED, CLIPPED)
    first, offset, second, threshold = _descent(z, foreign, _weights(found), seed)
    threshold += float(np.log(SURE / (1 - SURE)))
    arrays = {
        "centre": centre,
        "scale": scale,
        "first": first,
        "offset": offset,
        "second": second,
    }
    # Four digits: the score moves by less than 0.001.
    rounded = {name: _rounded(array) for name, array in arrays.items()}
    return {**rounded, "threshold": round(threshold, 4)}


def _weights(found: list[Example]) -> Float[np.ndarray, " n"]:
    """Weigh both classes alike, and within them large kinds by their root."""
    keys = [(example.foreign, example.kind) for example in found]
    counts = {key: keys.count(key) for key in set(keys)}
    weight = np.array([counts[key] ** -0.5 for key in keys])
    foreign = np.array([example.foreign for example in found])
    for chosen in (foreign, ~foreign):
        weight[chosen] *= len(found) / 2 / weight[chosen].sum()
    return weight


def _descent(
    z: Float[np.ndarray, "n f"],
    foreign: Int[np.ndarray, " n"],
    weight: Float[np.ndarray, " n"],
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    draw = torch.Generator().manual_seed(seed)
    x, y, w = (torch.tensor(a, dtype=torch.float32) for a in (z, foreign, weight))
    first = torch.randn(HIDDEN, z.shape[1], generator=draw) / z.shape[1] ** 0.5
    second = torch.randn(HIDDEN, generator=draw) * 0.3
    learned = [first, torch.zeros(HIDDEN), second, torch.zeros(())]
    first, offset, second, threshold = (p.requires_grad_() for p in learned)
    adam = torch.optim.Adam(learned, lr=RATE)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, STEPS)
    for _ in range(STEPS):
        pick = torch.randint(len(y), (BATCH,), generator=draw)
        seen = x[pick] + JITTER * torch.randn(BATCH, z.shape[1], generator=draw)
        logit = torch.tanh(seen @ first.T + offset) @ second - threshold
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logit, 0.98 * y[pick] + 0.01, reduction="none"
        )
        size = first.square().sum() + second.square().sum()
        adam.zero_grad()
        ((w[pick] * losses).mean() + DECAY * size).backward()
        adam.step()
        slower.step()
    arrays = [p.detach().numpy() for p in (first, offset, second)]
    return arrays[0], arrays[1], arrays[2], float(threshold.detach())


def _rounded(array: np.ndarray) -> list[object]:
    return json.loads(
        json.dumps(array.tolist()), parse_float=lambda t: float(f"{float(t):.4g}")
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    target = Path(__file__).parents[1] / "quality" / "familiarity.json"
    made = fit_familiarity(Path(sys.argv[1]))
    target.write_text(json.dumps(made, separators=(",", ":")) + "\n", encoding="utf-8")
