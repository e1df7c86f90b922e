"""Segment, measured: outlines of a data set's patients against their readers'."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.errors import ConfigError
from vesalius.evaluate.answers import Told, ask, averaged
from vesalius.evaluate.doubt import FALSE, MISSED
from vesalius.evaluate.intervals import proportion_interval
from vesalius.evaluate.overlap import Agreement, agreement
from vesalius.evaluate.predictions import refuse_existing, write_rows
from vesalius.evaluate.split import Asked, part_asked
from vesalius.evaluate.tumours import TumourCase, open_tumour, tumour_cases
from vesalius.result import Result
from vesalius.volume import Study, Volume

Mask = Bool[np.ndarray, "i j k"]
Task = Callable[[Volume], Result]
Progress = Callable[[int, int], None]

BAND = ("missed", "false", "in_doubt_ml", "true_ml", "outlined_ml")
MEASURED = (*(f.name for f in fields(Agreement)), *BAND, "seconds")
COLUMNS = ("patient", "verdict", "reason", *MEASURED, "volume_held")


@dataclass(frozen=True)
class Row:
    """One patient.

    Attributes:
        patient: The id.
        agreement: Of the outline with the reader's; None where it was withheld.
        missed: Share of the tumour outside the possible mask.
        false: Share of the certain mask outside the tumour.
        in_doubt_ml: Size of the band between the two.
        volume_held: Whether the volume's interval holds the reader's volume.
        true_ml: The reader's volume.
        outlined_ml: Ours.
    """

    patient: str
    agreement: Agreement | None
    missed: float
    false: float
    in_doubt_ml: float
    volume_held: bool
    true_ml: float = 0.0
    outlined_ml: float = 0.0


def evaluate_segment(
    data: Path,
    *,
    predictions: Path | None = None,
    task: Task | None = None,
    part: Asked = "test",
    progress: Progress | None = None,
) -> dict[str, object]:
    """Measure a tumour segmenter on patients that it was not trained on.

    Only FLAIR is given to the verb. All measures are in 3-D, patient by patient.

    Args:
        data: A folder with one folder a patient, or one that holds `lgg`.
        predictions: Where to write a CSV with one row a patient.
        task: What to measure; None: `vesalius.tasks.segment`.
        part: Which patients; "all" where none of them was trained on.
        progress: Told how many patients are done, and of how many.

    Returns:
        For JSON: `cells`, one, with means over patients and their 95 % intervals,
        and under `promises` the share of patients that each promise of the card
        holds for, with Wilson's interval; `rows`, as in the CSV.

    Raises:
        ConfigError: There is no patient of that part.
        OutputError: The CSV exists already, or cannot be written.

    Limits:
        One reader's outline is the truth. Millimetres are as good as the files'
        spacing, which is nominal in the glioma set.
    """
    refuse_existing(predictions)
    cases = tumour_cases(data, part=part_asked(part))
    if not cases:
        raise ConfigError(f"no patient of the part {part} is here to measure on")
    segment = _shipped() if task is None else task
    rows = []
    for done, case in enumerate(cases):
        rows.append(measure_case(case, segment))
        if progress is not None:
            progress(done + 1, len(cases))
    write_rows(rows, COLUMNS, predictions)
    cell = averaged(rows, MEASURED) | {"promises": promises(rows)}
    return {"part": part, "cells": [cell], "rows": rows}


def measure_case(case: TumourCase, task: Task) -> dict[str, object]:
    """Send one patient through a verb, and measure what comes back.

    Args:
        case: The patient.
        task: The verb.

    Returns:
        By column; the measures are absent where there is no outline.

    Raises:
        ScanError: A file of the data set cannot be used.
    """
    flair, _, truth = open_tumour(case)
    answer = ask(task, flair)
    told: dict[str, object] = {"patient": case.patient, **answer.told()}
    if answer.result is None or answer.result.picture is None:
        return told
    row = asdict(_measured(case.patient, flair, truth, answer.result))
    return told | row.pop("agreement") | row


def promises(rows: Sequence[Told]) -> dict[str, object]:
    """Return for how many of the patients shown what the card promises holds.

    Args:
        rows: As `measure_case` returns them.

    Returns:
        By promise the share of patients, with Wilson's interval; empty where nobody
        was shown.
    """
    shown = [row for row in rows if "missed" in row]
    if not shown:
        return {}
    kept = {
        "at_most_a_tenth_missed": [row["missed"] <= MISSED for row in shown],
        "at_most_a_tenth_false": [row["false"] <= FALSE for row in shown],
        "volume_held": [bool(row["volume_held"]) for row in shown],
    }
    return {
        name: asdict(proportion_interval(sum(held), len(held)))
        for name, held in kept.items()
    }


def measure_patient(case: TumourCase, task: Callable[[Volume | Study], Result]) -> Row:
    """Outline one patient and measure the answer.

    Args:
        case: The patient; only FLAIR is given to the task.
        task: A segmenter.

    Raises:
        ScanError: A file cannot be used.
    """
    flair, _, truth = open_tumour(case)
    return _measured(case.patient, flair, truth, task(flair))


def outline_and_chance(
    case: TumourCase, chance_of: Callable[[Volume], Float32[np.ndarray, "i j k"]]
) -> tuple[Mask, Float32[np.ndarray, "i j k"]]:
    """Return a reader's outline and our probabilities, for calibration.

    Args:
        case: The patient; only FLAIR is used.
        chance_of: From a scan to probabilities.
    """
    flair, _, truth = open_tumour(case)
    return truth, chance_of(flair)


def _measured(patient: str, flair: Volume, truth: Mask, result: Result) -> Row:
    if result.picture is None or result.spread is None:
        return Row(patient, None, 1.0, 0.0, 0.0, False)
    chance, band = result.picture.voxels, result.spread.voxels > 0
    certain = (chance > 0.5) & ~band
    possible = (chance > 0.5) | band
    voxel_ml = float(np.prod(flair.spacing_mm)) / 1000
    outlined, low, high = (result.measures[n].value for n in range(3))
    volume = float(truth.sum()) * voxel_ml
    return Row(
        patient=patient,
        agreement=agreement(truth, chance, flair.spacing_mm),
        missed=_share(truth & ~possible, truth),
        false=_share(certain & ~truth, certain),
        in_doubt_ml=float(band.sum()) * voxel_ml,
        volume_held=low <= volume <= high,
        true_ml=volume,
        outlined_ml=outlined,
    )


def _share(part: Mask, whole: Mask) -> float:
    size = float(whole.sum())
    return float(part.sum()) / size if size else 0.0


def _shipped() -> Task:
    from vesalius.tasks.segment import segment  # late: it brings torch

    return segment
