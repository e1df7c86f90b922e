"""Case summary: means with intervals, and paired differences from ours."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from parts import nodule_study, translation_study, tumour_study
from parts.kept_answers import Kept
from parts.ours_cases import OURS
from parts.scores import rounded
from vesalius.evaluate.intervals import mean_interval, paired_difference, per_patient

Row = dict[str, Any]
Results = dict[str, Any]

ALL = "all"
TITLES = {
    tumour_study.NAME: "Brain tumour segmentation",
    translation_study.NAME: "Synthetic CT from MR",
    nodule_study.NAME: "Lung nodule detection",
}
# Key, head of the column, digits.
MEASURES: dict[str, tuple[tuple[str, str, int], ...]] = {
    tumour_study.NAME: (
        ("dice", "Dice", 3),
        ("hausdorff_95_mm", "HD95, mm", 1),
        ("lesion_dice", "lesion-wise Dice", 3),
        ("lesion_f1", "lesion-wise F1", 3),
        ("sensitivity", "sensitivity, voxels", 3),
        ("specificity", "specificity, voxels", 4),
        ("volume_error", "volume error", 2),
        ("calibration_error", "ECE", 3),
        ("repeated", "noise twice, Dice", 3),
    ),
    translation_study.NAME: (
        ("mae_hu", "MAE, HU", 1),
        ("psnr_db", "PSNR, dB", 1),
        ("ssim", "SSIM in the mask", 3),
        ("ssim_frame", "SSIM, full frame", 3),
        ("ssim_air", "SSIM, both outsides air", 3),
        ("mae_air_hu", "MAE in air", 0),
        ("mae_soft_hu", "MAE in soft tissue", 1),
        ("mae_bone_hu", "MAE in bone", 0),
        ("bone_dice", "bone Dice", 3),
        ("bone_sensitivity", "bone sensitivity", 3),
        ("bone_specificity", "bone specificity", 3),
        ("water_mm", "water path, mm", 2),
        ("repeated", "noise twice, bone Dice", 3),
    ),
    nodule_study.NAME: (
        ("sensitivity", "sensitivity", 3),
        ("specificity", "specificity", 3),
        ("area", "AUC", 3),
        ("repeated", "noise twice, Dice of the called", 3),
    ),
}
# Whose difference from ours the tables show; the JSON has all.
HEADLINES: dict[str, tuple[str, ...]] = {
    tumour_study.NAME: ("dice",),
    translation_study.NAME: ("mae_hu", "ssim_air"),
    nodule_study.NAME: ("sensitivity", "specificity"),
}
PUBLISHED: dict[str, Results] = {
    tumour_study.NAME: {
        "generative": {"dice": 0.89},
        "traditional": {"dice": 0.75},
        "said": "Dice 0.89 by a GAN-based model, 0.75 traditional",
    },
    translation_study.NAME: {
        "generative": {"ssim_air": 0.94},
        "traditional": {},
        "said": "SSIM 0.94 by a conditional GAN; its mask and data range are not told",
    },
    nodule_study.NAME: {
        "generative": {"sensitivity": 0.94, "specificity": 0.90},
        "traditional": {"sensitivity": 0.85, "specificity": 0.78},
        "said": "sensitivity 94 % and specificity 90 % by a VAE; 85 and 78 % "
        "traditional",
    },
}


def summarised(study: str, rows: dict[str, list[Row]], *, base: str = OURS) -> Results:
    """Average over patients, method by method, and subtract from ours.

    Args:
        study: Says which measures there are.
        rows: By method, each with the same cases in the same order.
        base: The one of ours that the others are subtracted from.

    Returns:
        By method each measure's interval, and under `ours_minus` the base less it.
    """
    methods: Results = {}
    for name, theirs in rows.items():
        methods[name] = {
            key: rounded(asdict(mean_interval(values)))
            for key, _, _ in MEASURES[study]
            if (values := _values(theirs, key)).size
        }
        if name != base and base in rows:
            methods[name]["ours_minus"] = _less(study, rows[base], theirs)
    return methods


def by_cell(rows: dict[str, list[Row]]) -> list[Results]:
    """Summarise the translations by plane, and axial ones by centre.

    Args:
        rows: By method, one a slice.
    """
    first = next(iter(rows.values()), [])
    centres = sorted({row["centre"] for row in first})
    wanted = [("axial", ALL), *(("axial", centre) for centre in centres)]
    wanted += [("coronal", ALL), ("sagittal", ALL)]
    cells = []
    for plane, centre in wanted:
        chosen = {name: _in(found, plane, centre) for name, found in rows.items()}
        count = len({row["patient"] for row in next(iter(chosen.values()))})
        if count:
            methods = summarised(translation_study.NAME, chosen)
            place = {"plane": plane, "centre": centre, "patients": count}
            cells.append({**place, "methods": methods})
    return cells


def ceiling_summary(rows: Sequence[Row]) -> Results:
    """Average the ceilings of axial slices over patients.

    Args:
        rows: As `translation_study.ceilings` returns them.
    """
    axial = _in(rows, "axial", ALL)
    return {
        key: rounded(asdict(mean_interval(_values(axial, key))))
        for key in ("outside_air", "outside_median", "shift_costs")
    }


def with_costs(methods: Results, kept: dict[str, Kept]) -> Results:
    """Put beside each method's measures what kind it is and what it cost.

    Args:
        methods: Measures by method.
        kept: Its answers and their record.
    """
    shown = ("kind", "fit_minutes", "seconds_a_case", "dials", "withheld", "answers")
    return {
        name: {
            **{k: kept[name].told[k] for k in shown if k in kept[name].told},
            **found,
        }
        for name, found in methods.items()
    }


def best_traditional(study: str, methods: Results) -> str | None:
    """Name the best traditional peer on these very test cases, in their favour.

    Args:
        study: By Dice, MAE, or the mean of sensitivity and specificity.
        methods: Measures by method.
    """

    def worth(name: str) -> float:
        found = methods[name]
        if study == translation_study.NAME:
            return -found["mae_hu"]["value"]
        return sum(found[key]["value"] for key in HEADLINES[study])

    names = [n for n, found in methods.items() if found["kind"] == "traditional"]
    return max(names, key=worth) if names else None


def _less(study: str, ours: list[Row], theirs: list[Row]) -> Results:
    found = {}
    for key, _, _ in MEASURES[study]:
        both = [
            (mine["patient"], mine[key], other[key])
            for mine, other in zip(ours, theirs, strict=True)
            if mine[key] is not None and other[key] is not None
        ]
        if both:
            who, mine, other = (list(part) for part in zip(*both, strict=True))
            less = paired_difference(per_patient(who, mine), per_patient(who, other))
            found[key] = rounded(asdict(less))
    return found


def _values(rows: Sequence[Row], key: str) -> np.ndarray:
    told = [(row["patient"], float(row[key])) for row in rows if row[key] is not None]
    if not told:
        return np.empty(0)
    who, values = zip(*told, strict=True)
    return per_patient(list(who), list(values))


def _in(rows: Sequence[Row], plane: str, centre: str) -> list[Row]:
    return [
        row for row in rows if row["plane"] == plane and centre in (ALL, row["centre"])
    ]
