"""Measure: calibrate a trained model's spread, and put its figures on its card."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from vesalius.card import Card, Figure, Table
from vesalius.evaluate.cases import Case
from vesalius.evaluate.coverage import error_in_spreads, multiplier, over_patients
from vesalius.evaluate.data import find_cases, open_case
from vesalius.evaluate.denoise import (
    NOISE,
    Row,
    measure_case,
    middle,
    seed_of,
    with_noise,
)
from vesalius.evaluate.intervals import mean_interval, per_patient
from vesalius.evaluate.lesions import lesion_survival, survival_table, title_at
from vesalius.evaluate.structures import count_structures
from vesalius.nets import network_of
from vesalius.quality.fidelity import outline
from vesalius.tasks.denoise import denoise_by
from vesalius.train.recipe import Recipe
from vesalius.volume import Volume
from vesalius.weights.models import Model

SLICES = 12  # of a calibration patient
ERRORS = 100_000  # kept of a patient: the quantile needs no more
LESIONS_AT = (0.05, 0.10)
COVERAGE = (
    "average coverage of the 90 % interval (ends: 2.5th and 97.5th percentile of "
    "patients)"
)
MEASURES = {  # of a row: how a card says it, and its unit
    "psnr_body": ("PSNR in the body, range the maximum", "dB"),
    "psnr_frame": ("PSNR full-frame", "dB"),
    "ssim_body": ("SSIM in the body", "1"),
    "rmse_body": ("RMSE in the body", "scan's unit"),
}


def measured(
    card: Card, tensors: dict[str, Tensor], recipe: Recipe, data: Path
) -> Card:
    """Return the card with its calibration and its figures.

    Calibration patients set the spread's multipliers, test patients give the
    figures; no patient does both, and none was trained on.

    Args:
        card: Without figures.
        tensors: The weights as they ship.
        recipe: Names modality and seed.
        data: A folder of data sets, or a manifest.

    Returns:
        The card, with what the data allow: a set without calibration or test
        patients leaves its part out. A model that does not ship gets its
        calibration alone.
    """
    model = Model(card, network_of(tensors))
    pairs = _calibrated(model, _main_set(recipe, data, "calibrate"))
    model = Model(replace(card, spread_multipliers=pairs), model.net)
    if not recipe.ships:  # a rival: benchmarks measure it beside what ships
        return model.card
    tested = [
        case
        for case in find_cases(data, part="test", modality=recipe.modality)
        if not case.grey_is_hu
    ]
    return replace(
        model.card,
        figures=_figures(model, tested),
        tables=_tables(model, _main_set(recipe, data, "test"), recipe.seed),
    )


def _main_set(recipe: Recipe, data: Path, part: str) -> list[Case]:
    """Take the set with the most patients of a part; of each its first scan."""
    cases = find_cases(data, part=part, modality=recipe.modality)  # type: ignore[arg-type]
    usable = [case for case in cases if not case.grey_is_hu]
    people = {(case.collection, case.patient) for case in usable}
    counted = Counter(collection for collection, _ in people)
    if not counted:
        return []
    largest = counted.most_common(1)[0][0]
    first: dict[str, Case] = {}
    for case in usable:
        if case.collection == largest:
            first.setdefault(case.patient, case)
    return list(first.values())


def _calibrated(model: Model, cases: Sequence[Case]) -> tuple[tuple[float, float], ...]:
    """Return pairs of noise level, as the denoiser will measure it, and factor."""
    if not cases:
        return ()
    modality = cases[0].modality
    truths = [(case, middle(open_case(case), SLICES)) for case in cases]
    found = [_at_level(model, truths, noise) for noise in NOISE[modality]]
    return tuple(sorted(found))


def _at_level(
    model: Model, truths: Sequence[tuple[Case, Volume]], noise: float
) -> tuple[float, float]:
    errors: list[Float[np.ndarray, " n"]] = []
    levels = []
    for case, truth in truths:
        peak = float(truth.voxels.max())
        noisy = with_noise(truth, noise, seed_of(case, noise), peak)
        result = denoise_by(noisy, model)
        if result.picture is None or result.spread is None:
            continue
        inside = error_in_spreads(
            truth.voxels, result.picture.voxels, result.spread.voxels, outline(truth)
        )
        errors.append(inside[:: max(1, inside.size // ERRORS)])
        scale = 1.0 if truth.modality == "CT" else float(noisy.voxels.max())
        levels.append(result.measures[0].value / scale)
    return float(np.mean(levels)), multiplier(errors)


def _figures(model: Model, cases: Sequence[Case]) -> tuple[Figure, ...]:
    rows: list[Row] = []
    task = partial(denoise_by, model=model)
    for case in cases:
        rows += measure_case(case, open_case(case), task)
    groups: dict[tuple[str, float], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.collection, row.noise), []).append(row)
    return tuple(
        figure
        for (collection, noise), group in sorted(groups.items())
        for figure in _of_group(
            f"{collection}, {_said(group[0].modality, noise)}", group
        )
    )


def _said(modality: str, noise: float) -> str:
    kind = "dose" if modality == "CT" else "noise"
    return f"{100 * noise:g} % {kind}"


def _of_group(where: str, rows: list[Row]) -> list[Figure]:
    figures = []
    for name, (said, unit) in MEASURES.items():
        values = _by_patient(rows, name)
        if values.size:
            found = mean_interval(values)
            ends = (found.value, found.low, found.high)
            value, low, high = (round(end, 4) for end in ends)
            figures.append(
                Figure(f"{where}: {said}", value, low, high, unit, found.count)
            )
    shares = _by_patient(rows, "coverage")
    if shares.size:
        cover = over_patients(shares)
        ends = (cover.mean, cover.low, cover.high)
        mean, low, high = (round(100 * end, 2) for end in ends)
        ends = (mean, min(low, mean), max(high, mean))
        figures.append(Figure(f"{where}: {COVERAGE}", *ends, "%", cover.patients))
    return figures


def _by_patient(rows: list[Row], name: str) -> Float[np.ndarray, " patients"]:
    told = [(row.patient, getattr(row, name)) for row in rows]
    known = [(patient, value) for patient, value in told if value is not None]
    if not known:
        return np.zeros(0)
    patients, values = zip(*known, strict=True)
    return per_patient(list(patients), list(values))


def _tables(model: Model, cases: Sequence[Case], seed: int) -> tuple[Table, ...]:
    """Lay out lesion survival and false structures; MR only, as they are defined."""
    if not cases or cases[0].modality != "MR":
        return ()
    truths = [(case.patient, open_case(case)) for case in cases]

    def restore(noisy: Volume) -> Float[np.ndarray, "i j k"]:
        result = denoise_by(noisy, model)
        return noisy.voxels if result.picture is None else result.picture.voxels

    tables = []
    for noise in LESIONS_AT:
        cells = lesion_survival(restore, truths, noise, seed=seed)
        tables.append(survival_table(title_at(noise), cells))
    rows = []
    for noise in LESIONS_AT:
        counted = count_structures(restore, truths, noise, seed=seed)
        cells_of_row = (f"{counted.invented:.1f}", f"{counted.lost:.1f}")
        found = f"{100 * counted.found.value:.0f} %"
        rows.append((f"{100 * noise:g} %", str(counted.slices), *cells_of_row, found))
    columns = ("noise", "slices", "invented", "lost", "planted discs found")
    title = "False structures: blobs of 5 mm beyond one noise SD, per 100 slices"
    return (*tables, Table(title, columns, tuple(rows)))
