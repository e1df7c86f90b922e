"""Translation study: synthetic CT of test patients' slices, ours and the peers'."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from parts.kept_answers import (
    Arrays,
    Kept,
    answer_of,
    packed_hu,
    packed_mask,
    unpacked_hu,
    unpacked_mask,
)
from parts.takes import NOISY, PLAIN, TAKES, mr_take
from vesalius.evaluate.overlap import dice
from vesalius.evaluate.pairs import (
    LOWEST_HU,
    Pair,
    PairCase,
    open_pair,
    pair_cases,
)
from vesalius.evaluate.synthetic_ct import (
    BONE_ABOVE_HU,
    ceiling,
    closeness,
    similarity,
)

NAME = "translation"
HEADLINE = "axial"

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]
Translate = Callable[[Plane, Mask, str], Plane]  # MR, outline, how the slice lies
Told = Callable[[str], None]


def cases_of(data: Path, most: int | None = None) -> tuple[PairCase, ...]:
    """List the test patients' slices, three a patient, axial first."""
    cases = pair_cases(data, part="test")
    patients = sorted({case.patient for case in cases})[:most]
    return tuple(case for case in cases if case.patient in patients)


def answers(translate: Translate, cases: Sequence[PairCase], told: Told) -> Arrays:
    """Translate every test slice; the axial ones with two draws of noise too.

    Args:
        translate: From MR, the data set's outline and the plane to HU. Only the
            traditional peers look at the outline.
        cases: The slices.
        told: Hears which slice it is.
    """
    kept: Arrays = {}
    for number, case in enumerate(cases):
        told(f"slice {number + 1} of {len(cases)}")
        pair, key = open_pair(case), key_of(case)
        for take in TAKES if case.plane == HEADLINE else (PLAIN,):
            made = translate(mr_take(pair.mr, key, take), pair.mask, case.plane)
            kept[f"{key}.{take}"] = (
                packed_hu(made)
                if take == PLAIN
                else packed_mask(pair.mask & (made > BONE_ABOVE_HU))
            )
    return kept


def key_of(case: PairCase) -> str:
    """Name a slice."""
    return f"{case.patient}.{case.plane}"


def measured(
    cases: Sequence[PairCase], methods: dict[str, Kept], told: Told
) -> dict[str, list[dict[str, Any]]]:
    """Measure every method's synthetic CT against the true one.

    Args:
        cases: The slices.
        methods: Answers by method.
        told: Hears which slice it is.

    Returns:
        One row a slice for each method; with `repeated`, on axial slices, the Dice
        of bone in the answers to two draws of noise on the same slice.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in methods}
    for number, case in enumerate(cases):
        told(f"measuring slice {number + 1} of {len(cases)}")
        pair = open_pair(case)
        for name, kept in methods.items():
            rows[name].append(_row(case, pair, kept.arrays))
    return rows


def ceilings(cases: Sequence[PairCase]) -> Iterator[dict[str, Any]]:
    """Say of each slice how far SSIM can come, whatever the method.

    Args:
        cases: The slices.

    Returns:
        One row a slice: full-frame SSIM with the true CT inside the mask and air
        outside; with the outside at its median instead; and what a shift of the true
        CT by one pixel costs in the mask.
    """
    for case in cases:
        pair = open_pair(case)
        in_air, shift = ceiling(pair.ct, pair.mask)
        outside = pair.ct[~pair.mask]
        typical = float(np.median(outside)) if outside.size else LOWEST_HU
        even = np.where(pair.mask, pair.ct, np.float32(typical))
        yield {
            "patient": case.patient,
            "centre": case.centre,
            "plane": case.plane,
            "outside_air": in_air,
            "outside_median": float(similarity(pair.ct, even).mean()),
            "shift_costs": shift,
        }


def _row(case: PairCase, pair: Pair, kept: Arrays) -> dict[str, Any]:
    key = key_of(case)
    hu = unpacked_hu(answer_of(kept, f"{key}.{PLAIN}"))
    row = {
        "patient": case.patient,
        "centre": case.centre,
        "plane": case.plane,
        **asdict(closeness(pair.ct, hu, pair.mask)),
        "repeated": None,
    }
    if case.plane == HEADLINE:
        one, other = (
            unpacked_mask(answer_of(kept, f"{key}.{take}"), pair.mask.shape)
            for take in NOISY
        )
        row["repeated"] = dice(one, other)
    return row
