"""Doubt: which answer a reader should look at first."""

from collections.abc import Mapping
from typing import Any

UNSURE_FROM = 0.5  # an answer with a warning comes before every one without


def doubt_of(told: Mapping[str, Any]) -> float:
    """Say how doubtful an answer is, for the order of a worklist.

    What was withheld is 1: somebody must look at the scan instead. Else what the input
    checks said decides first, and among those alike the least sure of the answer's own
    numbers: a finding whose probability is near one half or whose interval is wide, a
    volume whose ends lie far apart, a spread as large as the noise that was there, or
    as all that is to be seen in a picture.

    Args:
        told: The answer's record, `result.json`; what it lacks speaks for nothing.

    Returns:
        0, nothing speaks against it, to 1. Below one half there was no warning.

    Limits:
        An order, no probability: 0.4 is not twice 0.2, and answers of two verbs
        compare by their warnings alone. It knows only what the model knows of itself.
    """
    outcome = told["verdict"]["outcome"]
    if outcome == "withhold":
        return 1.0
    signs = [*_of_findings(told), *_of_measures(told), _of_checks(told)]
    least_sure = min(max(signs), 1.0)
    base = UNSURE_FROM if outcome == "warn" else 0.0
    return round(base + least_sure * UNSURE_FROM * 0.98, 4)  # below what is withheld


def _of_findings(told: Mapping[str, Any]) -> list[float]:
    signs: list[float] = []
    for one in told.get("findings", ()):
        least, most = one["interval"]
        signs += [1.0 - abs(2 * one["probability"] - 1), float(most - least)]
    return signs


def _of_measures(told: Mapping[str, Any]) -> list[float]:
    """Return how far apart an answer's own numbers lie, where it has such."""
    values = {one["name"]: one["value"] for one in told.get("measures", ())}
    parts = (
        (values.get("spread"), values.get("noise before")),
        (values.get("spread in the head"), values.get("range in the head")),
        (_between(values), values.get("volume, upper end")),
    )
    return [part / whole for part, whole in parts if part is not None and whole]


def _between(values: Mapping[str, Any]) -> float | None:
    least, most = values.get("volume, lower end"), values.get("volume, upper end")
    return None if least is None or most is None else float(most - least)


def _of_checks(told: Mapping[str, Any]) -> float:
    """Return the share of input checks that were not passed."""
    checks = told.get("checks", ())
    return sum(one["outcome"] != "show" for one in checks) / max(len(checks), 1)
