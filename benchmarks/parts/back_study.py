"""Back study: synthetic MR of test patients' axial CT slices, ours and the peers'."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from parts.kept_answers import Arrays, Kept, answer_of, packed_hu, unpacked_hu
from parts.scores import rounded
from parts.shown_pairs import Shown
from vesalius.evaluate.directions import DIRECTIONS
from vesalius.evaluate.intervals import mean_interval, paired_difference
from vesalius.evaluate.pairs import Pair, PairCase, open_pair, pair_cases

NAME = "synthetic-mr"
PLANE = "axial"
BACK = DIRECTIONS["mr"]
OURS = "ours"

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]
Translate = Callable[[Plane, Mask], Plane]  # HU and outline to a.u.
Told = Callable[[str], None]
Results = dict[str, Any]


def cases_of(data: Path, most: int | None = None) -> tuple[PairCase, ...]:
    """List the test patients' axial slices, one a patient."""
    return pair_cases(data, part="test", plane=PLANE)[:most]


def ct_to_mr(pair: Pair) -> Shown:
    """Return a pair as what a peer from CT to MR learns from, the MR in our a.u."""
    return Shown(pair.ct, BACK.truth(pair), pair.mask)


def answers(translate: Translate, cases: Sequence[PairCase], told: Told) -> Arrays:
    """Translate every test slice.

    Args:
        translate: From HU and the data set's outline to a.u. Only the traditional
            peers look at the outline.
        cases: The slices.
        told: Hears which slice it is.
    """
    kept: Arrays = {}
    for number, case in enumerate(cases):
        told(f"slice {number + 1} of {len(cases)}")
        pair = open_pair(case)
        kept[case.patient] = packed_hu(translate(pair.ct, pair.mask))
    return kept


def measured(cases: Sequence[PairCase], methods: dict[str, Kept]) -> Results:
    """Measure every method's synthetic MR against the true one.

    Args:
        cases: The slices.
        methods: Answers by method.

    Returns:
        By method each measure's interval over patients; of another than ours also
        `ours_minus`, the paired differences.
    """
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in methods}
    for case in cases:
        pair = open_pair(case)
        truth = BACK.truth(pair)
        for name, kept in methods.items():
            made = unpacked_hu(answer_of(kept.arrays, case.patient))
            told = BACK.measure(truth, made, pair.mask)
            rows[name].append({key: float(value or 0) for key, value in told.items()})
    found: Results = {}
    for name, theirs in rows.items():
        values = {key: np.array([row[key] for row in theirs]) for key in BACK.names}
        found[name] = {k: rounded(asdict(mean_interval(v))) for k, v in values.items()}
        if name != OURS and OURS in rows:
            ours = {k: np.array([row[k] for row in rows[OURS]]) for k in BACK.names}
            found[name]["ours_minus"] = {
                key: rounded(asdict(paired_difference(ours[key], values[key])))
                for key in BACK.names
            }
    return found
