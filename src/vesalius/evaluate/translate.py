"""Translate: the pairs of a data set, translated slice by slice and measured."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from vesalius.evaluate.coverage import error_in_spreads
from vesalius.evaluate.pairs import Pair, PairCase, open_pair
from vesalius.evaluate.synthetic_ct import Closeness, closeness

# From an MR slice and how it lies to HU and half the interval's width.
Answer = Callable[
    [Float32[np.ndarray, "y x"], str],
    tuple[Float32[np.ndarray, "y x"], Float32[np.ndarray, "y x"]],
]


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


def measure_slice(case: PairCase, answer: Answer) -> Row:
    """Translate one slice and measure the answer.

    Args:
        case: The slice.
        answer: A translator.

    Raises:
        ScanError: A picture cannot be used.
    """
    pair = open_pair(case)
    hu, half = answer(pair.mr, case.plane)
    return Row(
        patient=case.patient,
        centre=case.centre,
        plane=case.plane,
        closeness=closeness(pair.ct, hu, pair.mask),
        coverage=float((errors_in_spreads(pair, hu, half) <= 1).mean()),
    )


def errors_in_spreads(
    pair: Pair, hu: Float32[np.ndarray, "y x"], half: Float32[np.ndarray, "y x"]
) -> Float32[np.ndarray, " n"]:
    """Return the error at each pixel of the mask, in units of its spread.

    Args:
        pair: The truth.
        hu: Synthetic CT.
        half: Half the interval's width.
    """
    mask = pair.mask[:, :, None]
    true, made, width = (x[:, :, None] for x in (pair.ct, hu, half))
    return error_in_spreads(true, made, width, mask).astype(np.float32)
