"""Translating, measured: the spread calibrated, and a card's figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from torch import Tensor, nn

from vesalius.card import Card, Figure
from vesalius.errors import ConfigError
from vesalius.evaluate.coverage import error_in_spreads, multiplier
from vesalius.evaluate.directions import Measured
from vesalius.evaluate.intervals import mean_interval, per_patient
from vesalius.evaluate.pairs import picture_of
from vesalius.nets import network_of
from vesalius.tasks.translate import translate_by
from vesalius.train.pairs import SlicePair
from vesalius.train.recipe import Recipe
from vesalius.train.translating_lanes import Lane, lane_of
from vesalius.weights.models import Model

COVERAGE = {"coverage": ("coverage of the 90 % interval", "%")}

Plane = Float32[np.ndarray, "y x"]


@dataclass(frozen=True)
class Row:
    """One slice, measured.

    Attributes:
        patient: The id.
        centre: Where the patient was scanned.
        plane: How the slice lies.
        told: Measures by name; with them the coverage in %, the share of the mask
            whose truth lies inside the spread.
    """

    patient: str
    centre: str
    plane: str
    told: Measured


def measured(card: Card, tensors: dict[str, Tensor], plan: Recipe, data: Path) -> Card:
    """Set the spread's multiplier on calibration patients, measure on test patients.

    Args:
        card: Without figures.
        tensors: The weights as they ship.
        plan: Names modality, data set and a centre left out.
        data: A folder of data sets.

    Returns:
        The card; without a multiplier where no patient is left to calibrate on.
    """
    lane, net = lane_of(plan), network_of(tensors)
    by_patient: dict[str, list[Float32[np.ndarray, " n"]]] = {}
    for pair in lane.pairs(data, "calibrate", plan.leave_out):
        errors = _errors(pair, *_answer(card, net, lane, pair))
        by_patient.setdefault(pair.patient, []).append(errors)
    if by_patient:
        factor = multiplier([np.concatenate(e) for e in by_patient.values()])
        card = replace(card, spread_multipliers=((0.0, float(factor)),))
    tested = lane.pairs(data, "test", plan.leave_out)
    return replace(card, figures=figures(_rows(card, net, lane, tested), lane))


def figures(rows: Sequence[Row], lane: Lane) -> tuple[Figure, ...]:
    """Average over patients, by plane and by centre.

    Args:
        rows: Of test patients.
        lane: Says how each measure is called.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.plane, []).append(row)
        if row.plane == "axial":
            groups.setdefault(f"axial, centre {row.centre}", []).append(row)
    found = []
    for where, group in sorted(groups.items()):
        for name, (said, unit) in {**lane.names, **COVERAGE}.items():
            found += _figure(f"{where}: {said}", group, name, unit)
    return tuple(found)


def _rows(
    card: Card, net: nn.Module, lane: Lane, pairs: Iterable[SlicePair]
) -> list[Row]:
    rows = []
    for pair in pairs:
        made, half = _answer(card, net, lane, pair)
        share = float((_errors(pair, made, half) <= 1).mean())
        told = {**lane.measure(pair.target, made, pair.mask), "coverage": 100 * share}
        rows.append(Row(pair.patient, pair.centre, pair.plane, told))
    return rows


def _answer(
    card: Card, net: nn.Module, lane: Lane, pair: SlicePair
) -> tuple[Plane, Plane]:
    """Translate a slice as a user's file would be, placed in the body as it lies."""
    # A slice is no series: what looks at whole scans is not asked.
    unchecked = replace(card, unfamiliarity_limit=None, region=None)
    scan = lane.volume(pair.source, pair.plane)
    result = translate_by(scan, Model(unchecked, net), way=lane.way)
    if result.picture is None or result.spread is None:
        raise ConfigError("a slice of the data set is outside the card's limits")
    made, half = (picture_of(v, pair.plane) for v in (result.picture, result.spread))
    return made, half


def _errors(pair: SlicePair, made: Plane, half: Plane) -> Float32[np.ndarray, " n"]:
    """Return the error at each pixel of the mask, in units of its spread."""
    mask = pair.mask[:, :, None]
    true, said, width = (x[:, :, None] for x in (pair.target, made, half))
    return error_in_spreads(true, said, width, mask).astype(np.float32)


def _figure(said: str, rows: Sequence[Row], name: str, unit: str) -> list[Figure]:
    told = [(row.patient, row.told[name]) for row in rows]
    known = [(patient, value) for patient, value in told if value is not None]
    if not known:
        return []
    patients, values = zip(*known, strict=True)
    found = mean_interval(per_patient(list(patients), list(values)))
    value, low, high = (round(end, 4) for end in (found.value, found.low, found.high))
    return [Figure(said, value, low, high, unit, found.count)]
