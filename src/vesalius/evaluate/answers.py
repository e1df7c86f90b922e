"""Answers: what a verb says of each case, and the means over patients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import numpy as np

from vesalius.errors import ScanError
from vesalius.evaluate.coverage import over_patients
from vesalius.evaluate.intervals import mean_interval, per_patient
from vesalius.result import Result
from vesalius.volume import Volume

Told = Mapping[str, Any]  # has a patient and a verdict


@dataclass(frozen=True, eq=False)
class Answer:
    """What a verb said of one scan.

    Attributes:
        result: None where the verb refused the scan with an error.
        verdict: The result's, or "refused".
        reason: The first one, for a verdict that has one.
        seconds: On this machine, whatever else it did.
    """

    result: Result | None
    verdict: str
    reason: str
    seconds: float

    def told(self) -> dict[str, object]:
        """Return the columns that every verb's row has."""
        return {"verdict": self.verdict, "reason": self.reason, "seconds": self.seconds}


def ask(task: Callable[[Volume], Result], scan: Volume) -> Answer:
    """Give a verb a scan; one that it refuses is an answer, not the end.

    Args:
        task: The verb.
        scan: The input.
    """
    began = perf_counter()
    try:
        result = task(scan)
    except ScanError as error:
        return Answer(None, "refused", str(error), perf_counter() - began)
    seconds = perf_counter() - began
    reasons = result.verdict.reasons or ("",)
    return Answer(result, result.verdict.outcome, reasons[0], seconds)


def averaged(rows: Sequence[Told], names: Sequence[str]) -> dict[str, object]:
    """Average over patients: each patient's cases first, then the patients.

    Args:
        rows: As measured; what was withheld or refused has no values.
        names: The values to average. "coverage" is summarised as coverage is.

    Returns:
        How many cases there are, how many of them were withheld or refused, the
        patients that were shown, and a mean with its interval for each name that
        any row has a value of.
    """
    shown = [row for row in rows if row["verdict"] in ("show", "warn")]
    cell: dict[str, object] = {
        "cases": len(rows),
        "withheld": len(rows) - len(shown),
        "patients": len({row["patient"] for row in shown}),
    }
    for name in names:
        told = [row for row in shown if row.get(name) is not None]
        if told:
            who = [str(row["patient"]) for row in told]
            each = per_patient(who, [float(row[name]) for row in told])
            cell[name] = _summary(name, each)
    return cell


def _summary(name: str, each: np.ndarray) -> dict[str, object]:
    return asdict(over_patients(each) if name == "coverage" else mean_interval(each))
