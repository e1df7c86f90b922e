"""Denoise, measured: scans of test patients made noisier, denoised, and compared."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np
from jaxtyping import Bool

from vesalius.errors import ConfigError
from vesalius.evaluate.coverage import Coverage, covered, over_patients
from vesalius.evaluate.data import Case, find_cases, open_case
from vesalius.evaluate.intervals import Interval, mean_interval, per_patient
from vesalius.evaluate.predictions import refuse_existing, write_rows
from vesalius.evaluate.split import Asked, part_asked
from vesalius.physics.ct import low_dose
from vesalius.physics.noise import rician
from vesalius.quality.fidelity import outline, psnr, rmse, ssim
from vesalius.quality.windows import slice_axis
from vesalius.result import Result
from vesalius.volume import Volume

# SD of either channel over the maximum; dose over the scan's own.
NOISE = {"MR": (0.03, 0.05, 0.10), "CT": (0.25, 0.10)}
SLICES = 12  # of a scan, from its middle: a whole one says hardly more
CT_PEAK_HU = 2000.0  # -1000 to 1000, for PSNR and SSIM

Task = Callable[[Volume], Result]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Row:
    """One scan at one noise, before and after.

    PSNR's and SSIM's range is the whole volume's maximum in MR and 2000 HU in CT.
    `body` is inside the filled outline, `frame` everywhere. Empty where withheld.
    """

    collection: str
    patient: str
    scan: str
    modality: str
    noise: float
    slices: int
    verdict: str
    rmse_before: float
    rmse_body: float | None = None
    psnr_before: float | None = None
    psnr_body: float | None = None
    psnr_frame: float | None = None
    ssim_before: float | None = None
    ssim_body: float | None = None
    ssim_frame: float | None = None
    coverage: float | None = None
    seconds_per_slice: float | None = None


def evaluate_denoise(
    data: Path,
    *,
    predictions: Path | None = None,
    task: Task | None = None,
    part: Asked = "test",
    progress: Progress | None = None,
) -> dict[str, object]:
    """Measure a denoiser on patients that it was not trained on.

    Each scan gets known noise, as `NOISE` says, and is denoised blindly. PSNR and
    SSIM compare with the scan before noise was added, which has noise of its own.

    Args:
        data: A folder of data sets, or with a `manifest.csv`, or a manifest.
        predictions: Where to write a CSV with one row a scan and noise.
        task: What to measure; None: `vesalius.tasks.denoise`.
        part: Which patients; "all" where none of them was trained on.
        progress: Told how many scans are done, and of how many.

    Returns:
        For JSON: `cells`, one for each modality and noise, with means over patients
        and their 95 % intervals; `rows`, as in the CSV.

    Raises:
        ConfigError: There is no scan of that part.
        OutputError: The CSV exists already, or cannot be written.

    Limits:
        At most 12 slices from the middle of a scan. Pictures that stand for HU are
        left out: their grey levels are coarser than what is to be measured.
    """
    refuse_existing(predictions)
    found = find_cases(data, part=part_asked(part))
    cases = [case for case in found if not case.grey_is_hu]
    cases = [case for case in cases if case.modality in NOISE]
    if not cases:
        raise ConfigError(f"no scan of the part {part} is here to measure on")
    denoise = _shipped() if task is None else task
    rows: list[Row] = []
    for done, case in enumerate(cases):
        rows += measure_case(case, open_case(case), denoise)
        if progress is not None:
            progress(done + 1, len(cases))
    told = [asdict(row) for row in rows]
    write_rows(told, [f.name for f in fields(Row)], predictions)
    return {"part": part, "cells": cells(rows), "rows": told}


def measure_case(case: Case, scan: Volume, task: Task) -> Iterator[Row]:
    """Measure one scan at every noise of its modality.

    Args:
        case: Where it comes from.
        scan: The clean scan.
        task: The denoiser.
    """
    truth = middle(scan, SLICES)
    mask = outline(truth)
    peak = CT_PEAK_HU if scan.modality == "CT" else float(scan.voxels.max())
    for noise in NOISE[scan.modality]:
        noisy = with_noise(truth, noise, seed_of(case, noise), peak)
        began = perf_counter()
        result = task(noisy)
        seconds = perf_counter() - began
        yield _row(case, noise, (truth, noisy, mask, peak), result, seconds)


def with_noise(truth: Volume, noise: float, seed: int, peak: float) -> Volume:
    """Return a clean scan as a faster or weaker acquisition shows it.

    Args:
        truth: The clean scan.
        noise: MR: SD of either channel over `peak`; CT: dose over the scan's own.
        seed: Of the noise.
        peak: The whole scan's maximum; not used in CT.
    """
    rng = np.random.default_rng(seed)
    if truth.modality == "MR":
        clean = np.maximum(truth.voxels, 0)
        return truth.with_voxels(rician(clean, noise * peak, rng))
    axis = slice_axis(truth)
    across = [a for a in range(3) if a != axis]
    edges = (truth.spacing_mm[across[0]], truth.spacing_mm[across[1]])
    planes = np.moveaxis(truth.voxels, axis, 2)
    noisy = np.moveaxis(low_dose(planes, edges, dose=noise, rng=rng), 2, axis)
    return truth.with_voxels(np.ascontiguousarray(noisy, np.float32))


def middle(scan: Volume, count: int) -> Volume:
    """Cut the middle slices out of a scan; all where there are no more.

    Args:
        scan: Any.
        count: How many slices.
    """
    axis = slice_axis(scan)
    start = max(0, (scan.voxels.shape[axis] - count) // 2)
    cut = [slice(None)] * 3
    cut[axis] = slice(start, start + count)
    affine = scan.affine.copy()
    affine[:3, 3] += start * affine[:3, axis]
    padding = None if scan.padding is None else scan.padding[tuple(cut)].copy()
    voxels = np.ascontiguousarray(scan.voxels[tuple(cut)])
    return Volume(
        voxels,
        affine,
        scan.units,
        scan.modality,
        scan.contrast,
        sides_known=scan.sides_known,
        padding=padding,
    )


def seed_of(case: Case, noise: float) -> int:
    """Return the seed of the noise on one case, the same on every machine."""
    return int(sha256(f"{case.label} {noise:g}".encode()).hexdigest()[:8], 16)


def cells(rows: list[Row]) -> list[dict[str, object]]:
    """Average over patients: each patient's scans first, then the patients.

    Args:
        rows: As measured.

    Returns:
        One cell for each modality and noise.
    """
    kinds = sorted({(row.modality, row.noise) for row in rows})
    return [
        _averaged([row for row in rows if (row.modality, row.noise) == kind])
        for kind in kinds
    ]


def _row(
    case: Case,
    noise: float,
    shown: tuple[Volume, Volume, Bool[np.ndarray, "i j k"], float],
    result: Result,
    seconds: float,
) -> Row:
    truth, noisy, mask, peak = shown
    axis = slice_axis(truth)
    clean, before = truth.voxels, noisy.voxels
    row: dict[str, object] = {
        "collection": case.collection,
        "patient": case.patient,
        "scan": case.name,
        "modality": truth.modality,
        "noise": noise,
        "slices": truth.voxels.shape[axis],
        "verdict": result.verdict.outcome,
        "rmse_before": rmse(clean, before, mask),
    }
    if result.picture is not None:
        after = result.picture.voxels
        row |= {
            "rmse_body": rmse(clean, after, mask),
            "psnr_before": psnr(clean, before, peak, mask),
            "psnr_body": psnr(clean, after, peak, mask),
            "psnr_frame": psnr(clean, after, peak),
            "ssim_before": ssim(clean, before, peak, mask, axis),
            "ssim_body": ssim(clean, after, peak, mask, axis),
            "ssim_frame": ssim(clean, after, peak, None, axis),
            "seconds_per_slice": seconds / truth.voxels.shape[axis],
        }
        if result.spread is not None:
            row["coverage"] = covered(clean, after, result.spread.voxels, mask)
    return Row(**row)  # type: ignore[arg-type]  # names and values are told above


def _averaged(rows: list[Row]) -> dict[str, object]:
    shown = [row for row in rows if row.verdict != "withhold"]
    cell: dict[str, object] = {
        "modality": rows[0].modality,
        "noise": rows[0].noise,
        "scans": len(rows),
        "withheld": len(rows) - len(shown),
        "patients": len({(row.collection, row.patient) for row in shown}),
    }
    if not shown:
        return cell
    for name in MEASURED:
        values = [(_who(row), getattr(row, name)) for row in shown]
        told = [(who, value) for who, value in values if value is not None]
        if told:
            who, numbers = zip(*told, strict=True)
            averages = per_patient(list(who), list(numbers))
            cell[name] = asdict(_summary(name, averages))
    return cell


MEASURED = tuple(f.name for f in fields(Row))[7:]


def _summary(name: str, averages: np.ndarray) -> Interval | Coverage:
    return over_patients(averages) if name == "coverage" else mean_interval(averages)


def _who(row: Row) -> str:
    return f"{row.collection}/{row.patient}"


def _shipped() -> Task:
    from vesalius.tasks import denoise  # late: it brings torch

    return denoise
