"""Translate, measured: the pairs of a data set, translated slice by slice."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from vesalius.errors import ConfigError
from vesalius.evaluate.answers import Told, ask, averaged
from vesalius.evaluate.coverage import error_in_spreads
from vesalius.evaluate.pairs import (
    PLANES,
    Pair,
    PairCase,
    open_pair,
    pair_cases,
    picture_of,
    slice_volume,
)
from vesalius.evaluate.predictions import refuse_existing, write_rows
from vesalius.evaluate.split import Asked, part_asked
from vesalius.evaluate.synthetic_ct import Closeness, closeness
from vesalius.result import Result
from vesalius.volume import Volume

Plane = Float32[np.ndarray, "y x"]
# From an MR slice and how it lies to HU and half the interval's width.
Answer = Callable[[Plane, str], tuple[Plane, Plane]]
Task = Callable[[Volume], Result]
Progress = Callable[[int, int], None]

ALL = "all"
MEASURED = (*(f.name for f in fields(Closeness)), "coverage", "seconds")
COLUMNS = ("patient", "centre", "plane", "verdict", "reason", *MEASURED)


@dataclass(frozen=True)
class Row:
    """One slice.

    Attributes:
        patient: The id.
        centre: Where the patient was scanned.
        plane: How the slice lies.
        closeness: Of the synthetic CT to the true one.
        coverage: Share of the mask whose truth lies inside the spread.
    """

    patient: str
    centre: str
    plane: str
    closeness: Closeness
    coverage: float


def evaluate_translate(
    data: Path,
    *,
    predictions: Path | None = None,
    task: Task | None = None,
    part: Asked = "test",
    progress: Progress | None = None,
) -> dict[str, object]:
    """Measure a translator from MR to CT on patients that it was not trained on.

    Each slice becomes a volume of one slice that lies as the slice does, goes
    through the verb as a user's scan would, and is compared with the patient's CT
    inside the data set's outline of the head. The axial cell is the headline.

    Args:
        data: A folder with one folder a patient, or one that holds `mr_ct_pairs`.
        predictions: Where to write a CSV with one row a slice.
        task: What to measure; None: `vesalius.tasks.translate`.
        part: Which patients; "all" where none of them was trained on.
        progress: Told how many slices are done, and of how many.

    Returns:
        For JSON: `cells`, one for each plane, each plane at each centre, and all
        planes together, with means over patients and their 95 % intervals; `rows`,
        as in the CSV.

    Raises:
        ConfigError: There is no pair of that part.
        OutputError: The CSV exists already, or cannot be written.

    Limits:
        The CT's HU are approximate, 8 grey bits a slice: differences below about
        10 HU mean nothing. One slice in each plane is no volume: the verb sees
        neither its neighbours nor a whole scan's brightness.
    """
    refuse_existing(predictions)
    cases = pair_cases(data, part=part_asked(part))
    if not cases:
        raise ConfigError(f"no pair of the part {part} is here to measure on")
    translate = _shipped() if task is None else task
    rows = []
    for done, case in enumerate(cases):
        rows.append(measure_case(case, translate))
        if progress is not None:
            progress(done + 1, len(cases))
    write_rows(rows, COLUMNS, predictions)
    return {"part": part, "to": "ct", "cells": cells(rows), "rows": rows}


def measure_case(case: PairCase, task: Task) -> dict[str, object]:
    """Send one slice through a verb, and measure what comes back.

    Args:
        case: The slice.
        task: The verb.

    Returns:
        By column; the measures are absent where there is no picture.

    Raises:
        ScanError: A picture of the data set cannot be used.
    """
    pair = open_pair(case)
    answer = ask(task, slice_volume(pair.mr, case.plane))
    row: dict[str, object] = {
        "patient": case.patient,
        "centre": case.centre,
        "plane": case.plane,
        **answer.told(),
    }
    result = answer.result
    if result is not None and result.picture is not None and result.spread is not None:
        hu, half = (picture_of(v, case.plane) for v in (result.picture, result.spread))
        found = _measured(case, pair, hu, half)
        row |= {**asdict(found.closeness), "coverage": found.coverage}
    return row


def measure_slice(case: PairCase, answer: Answer) -> Row:
    """Translate one slice and measure the answer.

    Args:
        case: The slice.
        answer: A translator.

    Raises:
        ScanError: A picture cannot be used.
    """
    pair = open_pair(case)
    return _measured(case, pair, *answer(pair.mr, case.plane))


def answer_of(task: Task) -> Answer:
    """Turn a verb into a translator of slices, for lesions and structures.

    Args:
        task: The verb.

    Returns:
        A function that raises ConfigError where the verb withholds its answer.
    """

    def answer(mr: Plane, plane: str) -> tuple[Plane, Plane]:
        result = task(slice_volume(mr, plane))
        if result.picture is None or result.spread is None:
            reasons = "; ".join(result.verdict.reasons)
            raise ConfigError(f"a slice was withheld, so it says nothing: {reasons}")
        return picture_of(result.picture, plane), picture_of(result.spread, plane)

    return answer


def errors_in_spreads(pair: Pair, hu: Plane, half: Plane) -> Float32[np.ndarray, " n"]:
    """Return the error at each pixel of the mask, in units of its spread.

    Args:
        pair: The truth.
        hu: Synthetic CT.
        half: Half the interval's width.
    """
    mask = pair.mask[:, :, None]
    true, made, width = (x[:, :, None] for x in (pair.ct, hu, half))
    return error_in_spreads(true, made, width, mask).astype(np.float32)


def cells(rows: Sequence[Told]) -> list[dict[str, object]]:
    """Average over patients, by plane and by centre.

    Args:
        rows: As `measure_case` returns them.

    Returns:
        Axial first; each plane at all centres, then at each; all planes last, where
        a patient's slices are averaged first.
    """
    centres = (ALL, *sorted({str(row["centre"]) for row in rows}))
    kinds = [(plane, centre) for plane in PLANES for centre in centres]
    found = []
    for plane, centre in (*kinds, (ALL, ALL)):
        chosen = [
            row
            for row in rows
            if plane in (ALL, row["plane"]) and centre in (ALL, row["centre"])
        ]
        if chosen:
            place = {"plane": plane, "centre": centre}
            found.append(place | averaged(chosen, MEASURED))
    return found


def _measured(case: PairCase, pair: Pair, hu: Plane, half: Plane) -> Row:
    return Row(
        patient=case.patient,
        centre=case.centre,
        plane=case.plane,
        closeness=closeness(pair.ct, hu, pair.mask),
        coverage=float((errors_in_spreads(pair, hu, half) <= 1).mean()),
    )


def _shipped() -> Task:
    from vesalius.tasks.translate import translate  # late: it brings torch

    return translate
