"""Data: what a verb is trained and measured on, from a folder or a manifest."""

from pathlib import Path

import numpy as np

from vesalius.errors import ConfigError, ScanError
from vesalius.evaluate.cases import PICTURE_HU, Case, collected
from vesalius.evaluate.manifest import COLUMNS, read_manifest
from vesalius.evaluate.manifest import NAME as MANIFEST
from vesalius.evaluate.split import Part
from vesalius.io import read
from vesalius.volume import Study, Volume

__all__ = ["Case", "collected", "find_cases", "open_case"]


def find_cases(
    data: Path, *, part: Part | None = None, modality: str | None = None
) -> tuple[Case, ...]:
    """List the scans that a folder or a manifest offers.

    Args:
        data: A manifest, a folder that holds one as `manifest.csv`, or a folder
            of known data sets under their own names.
        part: Only patients of this part.
        modality: Only scans of this modality.

    Returns:
        The cases, sorted by collection, patient and name.

    Raises:
        ConfigError: There is nothing of the kind, or the manifest is unusable.
    """
    manifest = data / MANIFEST if data.is_dir() else data
    cases = read_manifest(manifest) if manifest.is_file() else collected(data)
    if not cases:
        raise ConfigError(
            f"no scans to work on; expected a {MANIFEST} with the columns "
            f"{', '.join(COLUMNS)}, or a folder with data sets such as lgg or acdc"
        )
    return tuple(
        case
        for case in cases
        if part in (None, case.part) and modality in (None, case.modality)
    )


def open_case(case: Case) -> Volume:
    """Read one case.

    Args:
        case: As listed by `collected` or `read_manifest`.

    Returns:
        The scan, in the file's own axis order.

    Raises:
        ScanError: The file cannot be used as it is.

    Limits:
        Pictures that stand for HU carry 5.5 HU a grey level and a guessed pixel
        size: good for training and for the input check, not for measuring.
    """
    scan = read(
        case.path,
        modality=case.modality,
        contrast=case.contrast,
        spacing_mm=case.spacing_mm,
    )
    if isinstance(scan, Study):
        raise ScanError("this file holds a study; name one volume of it")
    if not case.grey_is_hu:
        return scan
    low, high = PICTURE_HU
    voxels = (low + scan.voxels * ((high - low) / 255)).astype(np.float32)
    return Volume(voxels, scan.affine, "HU", "CT", sides_known=scan.sides_known)
