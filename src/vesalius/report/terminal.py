"""The summary on the terminal: the verdict first, then why, then the answer."""

from vesalius.report.answers import answer
from vesalius.report.words import (
    FIXED_SPACE,
    MINUS,
    RESEARCH_ONLY,
    SAYINGS,
    amount,
    change,
    noise_change,
)
from vesalius.result import Result

# A terminal may speak nothing but ASCII (LC_ALL=C); our own words do not fail there.
PLAIN = str.maketrans({MINUS: "-", FIXED_SPACE: " "})


def summary(result: Result) -> str:
    """Say whether the picture may be shown, for what reasons, and what it answers.

    Args:
        result: What a task returned.

    Returns:
        A few lines of text without a line break at the end; our own words are ASCII.

    Limits:
        The noise is estimated from the picture itself, not measured on a reference.
        Volumes and numbers of findings are the task's own.
    """
    saying = SAYINGS[result.verdict.outcome]
    lines = [f"{result.provenance.task}: {saying.headline}. {saying.sentence}"]
    lines += [f"  - {reason}" for reason in result.verdict.reasons]
    lines += _answer(result) + _noise(result)
    lines += [RESEARCH_ONLY]
    return "\n".join(lines)


def _answer(result: Result) -> list[str]:
    told = answer(result)
    if told is None:
        return []
    return [f"{told.headline}. {told.sentence}".translate(PLAIN)]


def _noise(result: Result) -> list[str]:
    pair = noise_change(result.measures)
    if pair is None:
        return []
    before, after = pair
    told = change(before.value, after.value)
    line = (
        f"noise before {amount(before.value, before.unit)}, "
        f"after {amount(after.value, after.unit)}{f' ({told})' if told else ''}"
    )
    return [line.translate(PLAIN)]
