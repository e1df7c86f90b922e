"""FROC: how many nodules are found at how many false alarms a scan."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from vesalius.card import Table
from vesalius.evaluate.answers import ask
from vesalius.evaluate.drawn_nodules import Nodule, place_nodules, with_nodules
from vesalius.evaluate.intervals import Interval, proportion_interval
from vesalius.result import Finding, Result
from vesalius.volume import Volume

RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)  # false alarms a scan, LUNA16's
LEAST_HIT_MM = 2.5  # from a nodule's centre: the radius of small ones is a pixel or two
POINTS = 50  # of a curve

Detect = Callable[[Volume], Result]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Drawn:
    """One drawn nodule and what was said of it.

    Attributes:
        diameter_mm: Its size.
        at_wall: Whether it touched what bounds the lung.
        score: The highest probability among findings that hit it; -1 for none.
    """

    diameter_mm: float
    at_wall: bool
    score: float


@dataclass(frozen=True)
class Marks:
    """What a detector said of scans with and without drawn nodules.

    Attributes:
        scans: How many scans were looked at.
        withheld: How many more the detector withheld, or could not take.
        nodules: Those drawn.
        false: Probabilities of all findings in the untouched scans.
    """

    scans: int
    withheld: int
    nodules: tuple[Drawn, ...]
    false: tuple[float, ...]


@dataclass(frozen=True)
class Point:
    """One point of the curve.

    Attributes:
        threshold: At and above it a finding counts.
        false_per_scan: False alarms in an untouched scan, on average.
        all_sizes: Share of the drawn nodules found.
        by_size: The same by diameter in mm.
    """

    threshold: float
    false_per_scan: float
    all_sizes: Interval
    by_size: tuple[tuple[float, Interval], ...]


def mark(
    detect: Detect,
    scans: Iterable[tuple[str, Volume]],
    *,
    draws: int = 1,
    most: int = 8,
    seed: int = 0,
    progress: Progress | None = None,
) -> Marks:
    """Show a detector each scan as it is, and with nodules drawn into it.

    False alarms are counted only where all findings are surely false: in the
    untouched scan, which has no nodule. A finding hits a nodule whose centre it is
    no farther from than the radius, or 2.5 mm.

    Args:
        detect: Gives every candidate as a finding with its probability, however
            low: `vesalius.evaluate.empty_chests.every_candidate` makes one.
        scans: Names and scans without a nodule.
        draws: How often nodules are drawn anew into each scan.
        most: Nodules in one draw.
        seed: Of sizes, places and lumps.
        progress: Told how many scans are done; the total is not known: 0.

    Limits:
        Drawn nodules are rounder and plainer than real ones: this compares sizes
        and detectors, it does not say how many of a hospital's nodules are found.
    """
    nodules: list[Drawn] = []
    false: list[float] = []
    seen = withheld = 0
    for number, (_, scan) in enumerate(scans):
        answer = ask(detect, scan)
        if answer.result is None or answer.result.picture is None:
            withheld += 1
            continue
        seen += 1
        false += [finding.probability for finding in answer.result.findings]
        for draw in range(draws):
            rng = np.random.default_rng([seed, number, draw])
            placed = place_nodules(scan, rng, most=most)
            # Withheld with nodules in it: all of them are missed.
            shown = ask(detect, with_nodules(scan, placed, rng)).result
            found = () if shown is None else shown.findings
            nodules += [_judged(nodule, found) for nodule in placed]
        if progress is not None:
            progress(seen, 0)
    return Marks(seen, withheld, tuple(nodules), tuple(false))


def point_at(marks: Marks, threshold: float) -> Point:
    """Return false alarms and sensitivity at one threshold, Wilson's intervals.

    Args:
        marks: As `mark` returns them, with at least one scan and nodule.
        threshold: At and above it a finding counts.
    """
    sizes = sorted({nodule.diameter_mm for nodule in marks.nodules})
    by_size = [
        (size, _share([n for n in marks.nodules if n.diameter_mm == size], threshold))
        for size in sizes
    ]
    alarms = sum(score >= threshold for score in marks.false)
    return Point(
        threshold,
        alarms / marks.scans,
        _share(marks.nodules, threshold),
        tuple(by_size),
    )


def point_at_rate(marks: Marks, false_per_scan: float) -> Point:
    """Return the most sensitive point with no more false alarms than asked for.

    Args:
        marks: As `mark` returns them.
        false_per_scan: On average.
    """
    ranked = sorted(marks.false, reverse=True)
    allowed = int(false_per_scan * marks.scans + 1e-9)
    if allowed >= len(ranked):
        return point_at(marks, 0.0)
    return point_at(marks, float(np.nextafter(ranked[allowed], np.inf)))


def curve(marks: Marks) -> tuple[Point, ...]:
    """Return the curve, thresholds from the strictest to none.

    Args:
        marks: As `mark` returns them.
    """
    scores = {n.score for n in marks.nodules if n.score >= 0} | set(marks.false)
    steps = np.array(sorted(scores | {0.0}, reverse=True))
    chosen = np.unique(np.linspace(0, steps.size - 1, POINTS).round().astype(int))
    return tuple(point_at(marks, float(steps[n])) for n in chosen)


def for_json(marks: Marks, *, threshold: float) -> dict[str, object]:
    """Return all of it as JSON has it.

    Args:
        marks: As `mark` returns them.
        threshold: The card's.

    Returns:
        The counts, the point at the card's threshold, one at each of LUNA16's
        rates, the mean sensitivity over those, the share found at the wall and
        away from it at the threshold, and the curve.

    Source:
        Setio et al. 2017, Medical Image Analysis 42:1-13 (the seven rates).
        doi:10.1016/j.media.2017.06.015
    """
    at_rates = [(rate, point_at_rate(marks, rate)) for rate in RATES]
    walled = {
        name: asdict(_share(some, threshold))
        for name, some in (
            ("at_wall", [n for n in marks.nodules if n.at_wall]),
            ("away_from_wall", [n for n in marks.nodules if not n.at_wall]),
        )
        if some
    }
    return {
        "scans": marks.scans,
        "withheld": marks.withheld,
        "nodules": len(marks.nodules),
        "false_candidates": len(marks.false),
        "at_threshold": _told(point_at(marks, threshold)) | walled,
        "at_rates": [{"rate": rate, **_told(point)} for rate, point in at_rates],
        "mean_over_rates": float(np.mean([p.all_sizes.value for _, p in at_rates])),
        "curve": [_told(point) for point in curve(marks)],
    }


def froc_table(title: str, marks: Marks, *, threshold: float) -> Table:
    """Lay sensitivity by size out as a card shows it.

    Args:
        title: What was measured, on how many scans.
        marks: As `mark` returns them.
        threshold: The card's.
    """
    rates = (0.25, 1.0, 4.0)
    own = point_at(marks, threshold)
    points = [own, *(point_at_rate(marks, rate) for rate in rates)]
    heads = (
        "diameter",
        f"card's threshold, {own.false_per_scan:.2g} false a scan",
        *(f"at {rate:g} false a scan" for rate in rates),
        "nodules",
    )
    lines = [
        (f"{size:g} mm", [point.by_size[n][1] for point in points])
        for n, (size, _) in enumerate(own.by_size)
    ]
    lines.append(("all", [point.all_sizes for point in points]))
    rows = tuple(
        (name, *map(_ends, shares), str(shares[0].count)) for name, shares in lines
    )
    return Table(title, heads, rows)


def _judged(nodule: Nodule, findings: Sequence[Finding]) -> Drawn:
    reach = max(nodule.diameter_mm / 2, LEAST_HIT_MM)
    hits = [
        finding.probability
        for finding in findings
        if np.linalg.norm(np.subtract(finding.position_mm, nodule.position_mm)) <= reach
    ]
    return Drawn(nodule.diameter_mm, nodule.at_wall, max(hits, default=-1.0))


def _share(nodules: Sequence[Drawn], threshold: float) -> Interval:
    found = sum(nodule.score >= threshold for nodule in nodules)
    return proportion_interval(found, len(nodules))


def _told(point: Point) -> dict[str, object]:
    told = asdict(point)
    told["by_size"] = {f"{size:g}": asdict(share) for size, share in point.by_size}
    return told


def _ends(found: Interval) -> str:
    low, value, high = (100 * x for x in (found.low, found.value, found.high))
    return f"{value:.0f} % ({low:.0f} to {high:.0f})"
