"""Numbers and verdicts as words, written one way on the page and the terminal."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, log10

from vesalius.result import Measure, Outcome

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
FIXED_SPACE = "\N{NO-BREAK SPACE}"
RESEARCH_ONLY = "AI result. For research use only. Not yet reviewed by a physician."


@dataclass(frozen=True)
class Saying:
    """How one outcome is told.

    Attributes:
        mark: A word of its own, so that nobody depends on colour or symbol.
        headline: The verdict on a picture, in the largest letters of the page.
        sentence: What follows from it.
    """

    mark: str
    headline: str
    sentence: str


SAYINGS: dict[Outcome, Saying] = {
    "show": Saying(
        "passed",
        "May be shown",
        "No check found a reason against showing this picture.",
    ),
    "warn": Saying(
        "caution",
        "Show with caution",
        "The picture may be shown, together with what speaks against it:",
    ),
    "withhold": Saying(
        "not met",
        "Withheld",
        "No picture is given, because the result could not be relied on:",
    ),
}


def number(value: float | int, digits: int = 3) -> str:
    """Write a number for a reader: few digits, no exponent, a true minus.

    Args:
        value: Any finite number.
        digits: Significant digits; whole numbers keep all of theirs.

    Example:
        >>> number(12.3456), number(0.04), number(12345.6).split()
        ('12.3', '0.04', ['12', '346'])
    """
    if value == 0:
        return "0"
    places = max(0, digits - 1 - floor(log10(abs(value))))
    text = f"{abs(value):,.{min(places, 9)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    grouped = abs(value) >= 10_000  # four digits are read at a glance
    text = text.replace(",", FIXED_SPACE if grouped else "")
    return f"{MINUS}{text}" if value < 0 and text != "0" else text


def amount(value: float | int, unit: str) -> str:
    """Write a number with its unit, which no line break may part.

    Example:
        >>> amount(3.0, "1"), amount(24.31, "HU").split()
        ('3', ['24.3', 'HU'])
    """
    return number(value) if unit in ("1", "") else f"{number(value)}{FIXED_SPACE}{unit}"


def by_edges(values: Iterable[float | int]) -> str:
    """Write sizes along three axes.

    Example:
        >>> by_edges((1.0, 1.0, 5.0)).split()[::2]
        ['1', '1', '5']
    """
    return f"{FIXED_SPACE}{TIMES} ".join(number(value) for value in values)


def noise_change(measures: tuple[Measure, ...]) -> tuple[Measure, Measure] | None:
    """Find the pair that says how noisy the scan was and the picture is.

    Args:
        measures: A result's measures; the pair is called "noise before" and "noise
            after", whatever else the names say, and has one unit.
    """
    found = [
        next((m for m in measures if m.name.lower().startswith(name)), None)
        for name in ("noise before", "noise after")
    ]
    before, after = found
    if before is None or after is None or before.unit != after.unit:
        return None
    return before, after


def change(before: float | int, after: float | int) -> str:
    """Say by how much a level fell or rose, in percent of what it was.

    Example:
        >>> change(20.0, 5.0).split(), change(20.0, 20.0)
        (['75', '%', 'less'], 'unchanged')
    """
    if before <= 0:
        return ""
    percent = round(100 * (after - before) / before)
    if percent == 0:
        return "unchanged"
    return f"{abs(percent)}{FIXED_SPACE}% {'less' if percent < 0 else 'more'}"
