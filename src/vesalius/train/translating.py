"""Translating: how the MR to CT translator is trained, calibrated and measured."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from torch import Tensor, nn

from vesalius.anatomy.head_slice import MR_CHANNELS
from vesalius.card import Card, Figure
from vesalius.errors import ConfigError
from vesalius.evaluate.coverage import multiplier
from vesalius.evaluate.intervals import mean_interval
from vesalius.evaluate.pairs import open_pair, pair_cases
from vesalius.evaluate.translate import Row, errors_in_spreads, measure_slice
from vesalius.nets import Translator, network_of
from vesalius.tasks.translate import translate_by
from vesalius.train.course import Course, Objective
from vesalius.train.pairs import MrToCt
from vesalius.train.recipe import Recipe
from vesalius.train.translation_losses import median_and_quantiles
from vesalius.volume import Volume
from vesalius.weights.models import Model

PAIRS = "mr_ct_pairs"
NAMES = {
    "mae_hu": ("MAE in the mask", "HU"),
    "psnr_db": ("PSNR in the mask, range 4024 HU", "dB"),
    "ssim": ("SSIM in the mask, window 7, range 4024 HU", "1"),
    "ssim_frame": ("SSIM full-frame", "1"),
    "ssim_air": ("SSIM full-frame, both outsides air", "1"),
    "mae_air_hu": ("MAE in air", "HU"),
    "mae_soft_hu": ("MAE in soft tissue", "HU"),
    "mae_bone_hu": ("MAE in bone", "HU"),
    "bone_dice": ("Dice of bone above 250 HU", "1"),
    "bone_sensitivity": ("sensitivity for bone, pixels", "1"),
    "bone_specificity": ("specificity for bone, pixels", "1"),
    "water_mm": ("error of the water-equivalent path", "mm"),
}
# The file's axes for each plane: rows and columns of the picture, and through it.
AXES = {"axial": (0, 1, 2), "coronal": (0, 2, 1), "sagittal": (1, 2, 0)}


def _source(plan: Recipe, data: Path) -> MrToCt:
    return MrToCt(pair_cases(data, part="train"))


def _translator(plan: Recipe, start: dict[str, Tensor] | None) -> Translator:
    net = Translator(MR_CHANNELS, plan.widths)
    if start is not None:
        try:
            net.load_state_dict({name: t.float() for name, t in start.items()})
        except RuntimeError as error:
            raise ConfigError(
                f"{plan.name}: {plan.start} is no translator of these widths"
            ) from error
    return net


def _patients(plan: Recipe, data: Path) -> dict[str, int]:
    return {PAIRS: len({case.patient for case in pair_cases(data, part="train")})}


def _measured(card: Card, tensors: dict[str, Tensor], plan: Recipe, data: Path) -> Card:
    """Set the spread's multiplier on calibration patients, measure on test patients."""
    net = network_of(tensors)
    by_patient: dict[str, list[Float32[np.ndarray, " n"]]] = {}
    for case in pair_cases(data, part="calibrate"):
        pair = open_pair(case)
        errors = errors_in_spreads(pair, *_answer(card, net, pair.mr, case.plane))
        by_patient.setdefault(case.patient, []).append(errors)
    factor = multiplier([np.concatenate(e) for e in by_patient.values()])
    card = replace(card, spread_multipliers=((0.0, float(factor)),))
    answer = partial(_answer, card, net)
    rows = [measure_slice(case, answer) for case in pair_cases(data, part="test")]
    return replace(card, figures=_figures(rows))


def _answer(
    card: Card, net: nn.Module, mr: Float32[np.ndarray, "y x"], plane: str
) -> tuple[Float32[np.ndarray, "y x"], Float32[np.ndarray, "y x"]]:
    """Translate a slice as a user's file would be, placed in the body as it lies."""
    unchecked = replace(card, unfamiliarity_limit=None)  # a slice is no series
    result = translate_by(slice_volume(mr, plane), Model(unchecked, net))
    if result.picture is None or result.spread is None:
        raise ConfigError("a slice of the data set is outside the card's limits")
    across = AXES[plane][2]
    return result.picture.voxels.take(0, across), result.spread.voxels.take(0, across)


def slice_volume(mr: Float32[np.ndarray, "y x"], plane: str) -> Volume:
    """Place one slice of the set in the body: 1 mm, axes to the left, back and up.

    Args:
        mr: Rows and columns as the picture has them.
        plane: "axial", "coronal" or "sagittal".
    """
    rows, columns, across = AXES[plane]
    block = np.moveaxis(mr[:, :, None], (0, 1, 2), (rows, columns, across))
    edges = np.ones(3)
    edges[across] = 5.0  # thicker than its pixels: so it is cut across this axis
    affine = np.diag([*(edges * (-1, -1, 1)), 1.0])
    return Volume(np.ascontiguousarray(block), affine, "a.u.", "MR", "T1w")


def _figures(rows: Sequence[Row]) -> tuple[Figure, ...]:
    figures = []
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.plane, []).append(row)
        if row.plane == "axial":
            groups.setdefault(f"axial, centre {row.centre}", []).append(row)
    for where, group in sorted(groups.items()):
        for name, (said, unit) in NAMES.items():
            told = [getattr(row.closeness, name) for row in group]
            values = [value for value in told if value is not None]
            figures += _figure(f"{where}: {said}", values, unit)
        shares = [100 * row.coverage for row in group]
        figures += _figure(f"{where}: coverage of the 90 % interval", shares, "%")
    return tuple(figures)


def _figure(said: str, values: Sequence[float], unit: str) -> list[Figure]:
    if not values:
        return []
    found = mean_interval(np.array(values, float))
    ends = (found.value, found.low, found.high)
    value, low, high = (round(end, 4) for end in ends)
    return [Figure(said, value, low, high, unit, found.count)]


TRANSLATE = Course(
    source=_source,
    objectives={"median": Objective(_translator, median_and_quantiles, "")},
    patients=_patients,
    measured=_measured,
)
