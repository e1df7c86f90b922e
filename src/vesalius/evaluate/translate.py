"""Translate, measured: the pairs of a data set, translated slice by slice."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.errors import ConfigError
from vesalius.evaluate.answers import Told, ask, averaged
from vesalius.evaluate.coverage import error_in_spreads
from vesalius.evaluate.directions import DIRECTIONS, Direction, To
from vesalius.evaluate.pairs import (
    PLANES,
    PairCase,
    open_pair,
    pair_cases,
    picture_of,
    slice_volume,
)
from vesalius.evaluate.predictions import refuse_existing, write_rows
from vesalius.evaluate.split import Asked, part_asked
from vesalius.result import Result
from vesalius.volume import Volume

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]
# From an MR slice and how it lies to HU and half the interval's width.
Answer = Callable[[Plane, str], tuple[Plane, Plane]]
Task = Callable[[Volume], Result]
Progress = Callable[[int, int], None]

ALL = "all"
KEYS = ("patient", "centre", "plane", "verdict", "reason")
BESIDE = ("coverage", "seconds")  # beside a direction's own measures


def evaluate_translate(
    data: Path,
    *,
    predictions: Path | None = None,
    task: Task | None = None,
    part: Asked = "test",
    to: To = "ct",
    progress: Progress | None = None,
) -> dict[str, object]:
    """Measure a translator on patients that it was not trained on.

    Each slice becomes a volume of one slice that lies as the slice does, goes
    through the verb as a user's scan would, and is compared with the patient's own
    inside the data set's outline of the head. The axial cell is the headline.

    Args:
        data: A folder with one folder a patient, or one that holds `mr_ct_pairs`.
        predictions: Where to write a CSV with one row a slice.
        task: What to measure; None: `vesalius.tasks.translate`.
        part: Which patients; "all" where none of them was trained on.
        to: What is made: "ct" of the MR, or "mr" of the CT. An MR has no units: its
            measures are shares of the true one's 1st to 99th percentile in the mask.
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
    translate = _shipped(to) if task is None else task
    way = DIRECTIONS[to]
    rows = []
    for done, case in enumerate(cases):
        rows.append(measure_case(case, translate, way))
        if progress is not None:
            progress(done + 1, len(cases))
    measures = (*way.names, *BESIDE)
    write_rows(rows, (*KEYS, *measures), predictions)
    return {"part": part, "to": to, "cells": cells(rows, measures), "rows": rows}


def measure_case(case: PairCase, task: Task, way: Direction) -> dict[str, object]:
    """Send one slice through a verb, and measure what comes back.

    Args:
        case: The slice.
        task: The verb.
        way: Which of the two modalities is made of the other.

    Returns:
        By column; the measures are absent where there is no picture.

    Raises:
        ScanError: A picture of the data set cannot be used.
    """
    pair = open_pair(case)
    answer = ask(task, way.source(pair, case.plane))
    row: dict[str, object] = {
        "patient": case.patient,
        "centre": case.centre,
        "plane": case.plane,
        **answer.told(),
    }
    result = answer.result
    if result is not None and result.picture is not None and result.spread is not None:
        made, half = (
            picture_of(volume, case.plane) for volume in (result.picture, result.spread)
        )
        true = way.truth(pair)
        row |= way.measure(true, made, pair.mask)
        row["coverage"] = _covered(true, made, half, pair.mask)
    return row


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


def cells(rows: Sequence[Told], measures: Sequence[str]) -> list[dict[str, object]]:
    """Average over patients, by plane and by centre.

    Args:
        rows: As `measure_case` returns them.
        measures: Their names.

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
            found.append(place | averaged(chosen, measures))
    return found


def _covered(true: Plane, made: Plane, half: Plane, mask: Mask) -> float:
    """Return the share of the mask whose truth lies inside the spread."""
    truth, picture, width = (x[:, :, None] for x in (true, made, half))
    errors = error_in_spreads(truth, picture, width, mask[:, :, None])
    return float((errors <= 1).mean())


def _shipped(to: To) -> Task:
    from vesalius.tasks.translate import translate  # late: it brings torch

    return partial(translate, to=to)
