"""Pairs: registered MR and CT slices of heads, in approximate HU."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from vesalius.errors import ConfigError, GeometryError
from vesalius.evaluate.split import Part, split
from vesalius.io import read
from vesalius.volume import Volume

Plane = Literal["axial", "coronal", "sagittal"]
PLANES: tuple[Plane, ...] = ("axial", "coronal", "sagittal")
AIR_HU, SOFT_HU = -1024.0, 35.0  # what grey 0 and the soft tissues' grey stand for
SOFT_GREY = (65, 117)  # between them lies the grey of most soft tissue
LOWEST_HU, HIGHEST_HU = -1024.0, 3000.0
EDGE_MM = 1.0


@dataclass(frozen=True)
class PairCase:
    """One slice of one patient, not yet read.

    Attributes:
        patient: The id that the split ranks, the folder's name.
        centre: The first three letters of it: where the patient was scanned.
        plane: How the slice lies.
        part: "train", "calibrate" or "test".
        folder: Holds mri, ct and mask of every plane.
    """

    patient: str
    centre: str
    plane: Plane
    part: Part
    folder: Path


@dataclass(frozen=True, eq=False)
class Pair:
    """One slice, read.

    Attributes:
        mr: Grey values, 0 to 255.
        ct: Approximate HU, -1024 to 3000.
        mask: The data set's outline of the head.
    """

    mr: Float32[np.ndarray, "y x"]
    ct: Float32[np.ndarray, "y x"]
    mask: Bool[np.ndarray, "y x"]


def pair_cases(
    data: Path, *, part: Part | None = None, plane: Plane | None = None
) -> tuple[PairCase, ...]:
    """List the slices of a folder laid out as the set of MR and CT pairs is.

    Args:
        data: A folder with one folder a patient, or one that holds `mr_ct_pairs`.
        part: Only patients of this part.
        plane: Only slices that lie so.

    Raises:
        ConfigError: There is no patient with a pair.
    """
    root = data / "mr_ct_pairs" if (data / "mr_ct_pairs").is_dir() else data
    folders = [f for f in sorted(root.iterdir()) if (f / "mri_axial.png").is_file()]
    if not folders:
        raise ConfigError(
            "no patient here has an MR and CT pair; expected one folder a patient, "
            "with mri_axial.png, ct_axial.png and mask_axial.png"
        )
    parts = split(folder.name for folder in folders)
    return tuple(
        PairCase(f.name, f.name[:3], view, parts.part_of(f.name), f)
        for f in folders
        for view in PLANES
        if part in (None, parts.part_of(f.name)) and plane in (None, view)
    )


def open_pair(case: PairCase) -> Pair:
    """Read one slice.

    Args:
        case: As `pair_cases` lists it.

    Raises:
        ScanError: A picture cannot be used.
        GeometryError: MR, CT and mask differ in size.

    Limits:
        The HU scale is approximate: the pictures keep 256 grey levels between a
        slice's least and greatest HU, which were not kept. Air and soft tissue tell
        two points of the line.
    """
    mr, ct, mask = (_grey(case, kind) for kind in ("mri", "ct", "mask"))
    if not mr.shape == ct.shape == mask.shape:
        raise GeometryError("MR, CT and mask of a slice must have one size")
    inside = mask > 0
    return Pair(mr.astype(np.float32), hounsfield(ct, inside), inside)


def hounsfield(
    grey: UInt8[np.ndarray, "y x"], mask: Bool[np.ndarray, "y x"]
) -> Float32[np.ndarray, "y x"]:
    """Turn grey values of a slice into approximate HU by two anchors.

    $$-1024 + g \\, (35 + 1024) / g_{soft}$$

    Args:
        grey: 0 to 255.
        mask: The head.

    Returns:
        HU, from -1024 to 3000.
    """
    low, high = SOFT_GREY
    counts = np.bincount(grey[mask], minlength=256)[low : high + 1]
    soft = low + int(counts.argmax())
    scaled = AIR_HU + grey.astype(np.float32) * ((SOFT_HU - AIR_HU) / soft)
    return np.clip(scaled, LOWEST_HU, HIGHEST_HU).astype(np.float32)


def _grey(case: PairCase, kind: str) -> UInt8[np.ndarray, "y x"]:
    """Read a picture as it lies in its file, rows first."""
    edges = (EDGE_MM, EDGE_MM, EDGE_MM)
    file = case.folder / f"{kind}_{case.plane}.png"
    found = read(file, modality="MR", spacing_mm=edges)
    if not isinstance(found, Volume):
        raise GeometryError("a slice of a pair is a single picture")
    return found.voxels[:, :, 0].T.astype(np.uint8)
