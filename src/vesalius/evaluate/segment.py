"""Segment: outlines of a data set's patients, measured against their readers'."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.evaluate.overlap import Agreement, agreement
from vesalius.evaluate.tumours import TumourCase, open_tumour
from vesalius.result import Result
from vesalius.volume import Study, Volume

Task = Callable[[Volume | Study], Result]


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
    """

    patient: str
    agreement: Agreement | None
    missed: float
    false: float
    in_doubt_ml: float
    volume_held: bool


def measure_patient(case: TumourCase, task: Task) -> Row:
    """Outline one patient and measure the answer.

    Args:
        case: The patient; only FLAIR is given to the task.
        task: A segmenter.

    Raises:
        ScanError: A file cannot be used.
    """
    flair, _, truth = open_tumour(case)
    result = task(flair)
    if result.picture is None or result.spread is None:
        return Row(case.patient, None, 1.0, 0.0, 0.0, False)
    chance, band = result.picture.voxels, result.spread.voxels > 0
    certain = (chance > 0.5) & ~band
    possible = (chance > 0.5) | band
    voxel_ml = float(np.prod(flair.spacing_mm)) / 1000
    low, high = (result.measures[n].value for n in (1, 2))
    volume = float(truth.sum()) * voxel_ml
    return Row(
        patient=case.patient,
        agreement=agreement(truth, chance, flair.spacing_mm),
        missed=_share(truth & ~possible, truth),
        false=_share(certain & ~truth, certain),
        in_doubt_ml=float(band.sum()) * voxel_ml,
        volume_held=low <= volume <= high,
    )


def outline_and_chance(
    case: TumourCase, chance_of: Callable[[Volume], Float32[np.ndarray, "i j k"]]
) -> tuple[Bool[np.ndarray, "i j k"], Float32[np.ndarray, "i j k"]]:
    """Return a reader's outline and our probabilities, for calibration.

    Args:
        case: The patient; only FLAIR is used.
        chance_of: From a scan to probabilities.
    """
    flair, _, truth = open_tumour(case)
    return truth, chance_of(flair)


def _share(part: Bool[np.ndarray, "i j k"], whole: Bool[np.ndarray, "i j k"]) -> float:
    size = float(whole.sum())
    return float(part.sum()) / size if size else 0.0
