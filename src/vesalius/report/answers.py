"""What a verb answers, in words: the tumour's volume, the number of nodules."""

from collections.abc import Callable
from dataclasses import dataclass

from vesalius.report.words import FIXED_SPACE, amount, number
from vesalius.result import Measure, Result

HALF = 0.5  # above it a voxel is more likely tumour than not
NOT_MEASURED = {  # by the modality of a picture that was imagined
    "CT": "No X-ray passed the patient.",
    "MR": "No MR scanner measured any of it.",
}


@dataclass(frozen=True)
class Answer:
    """What a result says, near its verdict.

    Attributes:
        headline: In a few words, without a full stop.
        sentence: What belongs to it.
    """

    headline: str
    sentence: str


def answer(result: Result) -> Answer | None:
    """Say what a result found, in words.

    Args:
        result: What a task returned.

    Returns:
        None where the picture itself is the answer, or is withheld.

    Limits:
        Volumes and intervals are those of `result.measures`; nothing is measured here.
    """
    tell = ANSWERS.get(result.provenance.task)
    return None if tell is None or result.picture is None else tell(result)


def outlines(result: Result) -> bool:
    """Whether a segmentation's likely mask holds any voxel."""
    return result.picture is not None and bool((result.picture.voxels > HALF).any())


def doubts(result: Result) -> bool:
    """Whether a segmentation's band of doubt holds any voxel."""
    return result.spread is not None and bool(result.spread.voxels.any())


def _tumour(result: Result) -> Answer:
    if not outlines(result):
        told = "This does not mean that there is none."
        if doubts(result):
            told += " There are places where one is possible: see the band of doubt."
        return Answer("No tumour is outlined", told)
    volume, low, high = (
        _measure(result, name)
        for name in ("tumour volume", "volume, lower end", "volume, upper end")
    )
    if volume is None:
        return Answer("A tumour is outlined", "Its volume was not told.")
    headline = f"Tumour volume {amount(volume.value, volume.unit)}"
    if low is None or high is None or low.value == high.value:
        return Answer(headline, "No interval was calibrated for it.")
    between = f"{number(low.value)} and {amount(high.value, high.unit)}"
    return Answer(
        headline, f"In nine of ten patients the reader's volume lies between {between}."
    )


def _nodules(result: Result) -> Answer:
    count = len(result.findings)
    if count == 0:
        return Answer(
            "No nodule found",
            "Nothing above the model's threshold was found. This does not mean that "
            "there is none.",
        )
    first = max(result.findings, key=lambda one: one.probability)
    low, high = first.interval
    most = "Its probability is" if count == 1 else "The most probable has"
    return Answer(
        f"{count} nodule{'' if count == 1 else 's'} found",
        f"{most} {number(first.probability)} (90{FIXED_SPACE}% interval {number(low)} "
        f"to {number(high)}). That is not the probability of cancer.",
    )


def _imagined(result: Result) -> Answer:
    modality = "picture" if result.picture is None else result.picture.modality
    told = NOT_MEASURED.get(modality, "Nothing of it was measured.")
    source = result.card.modalities if result.card else ()
    where = f" from {source[0]}" if len(source) == 1 else ""
    return Answer(f"Everything in this {modality} was imagined{where}", told)


def _measure(result: Result, name: str) -> Measure | None:
    return next((one for one in result.measures if one.name.lower() == name), None)


ANSWERS: dict[str, Callable[[Result], Answer]] = {
    "segment": _tumour,
    "detect": _nodules,
    "translate": _imagined,
}
