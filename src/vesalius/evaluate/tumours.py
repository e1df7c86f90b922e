"""Tumours: the patients of the glioma set, with their scans and readers' outlines."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from vesalius.errors import ConfigError, GeometryError, ScanError
from vesalius.evaluate.split import Part, split
from vesalius.io import read
from vesalius.volume import Volume

FLAIR, OUTLINE = "flair", "tumour"
BESIDE = {"t1": "T1w", "t1c": "T1ce"}


@dataclass(frozen=True)
class TumourCase:
    """One patient, not yet read.

    Attributes:
        patient: The id that the split ranks, the folder's name.
        part: "train", "calibrate" or "test".
        folder: Holds flair and tumour, and perhaps t1 and t1c.
    """

    patient: str
    part: Part
    folder: Path


def tumour_cases(data: Path, *, part: Part | None = None) -> tuple[TumourCase, ...]:
    """List the patients of a folder laid out as the glioma set is.

    Args:
        data: A folder with one folder a patient, or one that holds `lgg`.
        part: Only patients of this part.

    Raises:
        ConfigError: There is no patient with a scan and an outline.
    """
    root = data / "lgg" if (data / "lgg").is_dir() else data
    folders = [
        folder
        for folder in sorted(root.iterdir())
        if folder.is_dir() and _file(folder, FLAIR) and _file(folder, OUTLINE)
    ]
    if not folders:
        raise ConfigError(
            "no patient here has both a flair and a tumour file; expected one folder "
            "a patient, with flair.nii.gz and tumour.nii.gz"
        )
    parts = split(folder.name for folder in folders)
    cases = (TumourCase(f.name, parts.part_of(f.name), f) for f in folders)
    return tuple(case for case in cases if part in (None, case.part))


def open_tumour(
    case: TumourCase,
) -> tuple[Volume, dict[str, Volume], Bool[np.ndarray, "i j k"]]:
    """Read one patient.

    Args:
        case: As `tumour_cases` lists it.

    Returns:
        The FLAIR scan, what lies beside it by contrast, and the outline on its grid.

    Raises:
        ScanError: A file cannot be used.
        GeometryError: Scan and outline lie on different grids.
    """
    flair = _volume(case.folder, FLAIR, "FLAIR")
    outline = _volume(case.folder, OUTLINE, None)
    if not outline.shares_grid_with(flair):
        raise GeometryError("the outline lies on another grid than the scan")
    others = {
        contrast: _volume(case.folder, name, contrast)
        for name, contrast in BESIDE.items()
        if _file(case.folder, name)
    }
    return flair, others, outline.voxels > 0


def _file(folder: Path, name: str) -> Path | None:
    return next(iter(sorted(folder.glob(f"{name}.nii*"))), None)


def _volume(folder: Path, name: str, contrast: str | None) -> Volume:
    file = _file(folder, name)
    if file is None:
        raise ScanError(f"the patient's folder holds no {name} file")
    found = read(file, modality="MR", contrast=contrast)
    if not isinstance(found, Volume):
        raise ScanError(f"{name} holds several scans; keep one")
    return found
