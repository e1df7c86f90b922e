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
THROUGH_MM = 5.0  # thicker than a pixel: so a volume of one slice is cut across it
# Of a volume with axes to the left, back and up: what the picture's rows and columns
# run along, and what lies across the slice.
AXES = {"axial": (0, 1, 2), "coronal": (0, 2, 1), "sagittal": (1, 2, 0)}


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


def slice_volume(mr: Float32[np.ndarray, "y x"], plane: str) -> Volume:
    """Place one slice of the set in the body, as a user's file would be.

    The pictures were cut from arrays whose axes run to the left, back and up: an
    axial picture's rows run to the left and its columns to the back, a coronal one's
    to the left and up, a sagittal one's to the back and up.

    Args:
        mr: Rows and columns as the picture has them.
        plane: "axial", "coronal" or "sagittal".

    Returns:
        T1 weighted MR, one slice; pixels of 1 mm.
    """
    rows, columns, across = AXES[plane]
    block = np.moveaxis(mr[:, :, None], (0, 1, 2), (rows, columns, across))
    edges = np.full(3, EDGE_MM)
    edges[across] = THROUGH_MM
    affine = np.diag([*(edges * (-1, -1, 1)), 1.0])
    return Volume(np.ascontiguousarray(block), affine, "a.u.", "MR", "T1w")


def picture_of(volume: Volume, plane: str) -> Float32[np.ndarray, "y x"]:
    """Return the picture that a volume of one slice holds, the way the set has it.

    Args:
        volume: On the grid of `slice_volume`.
        plane: "axial", "coronal" or "sagittal".
    """
    return volume.voxels.take(0, AXES[plane][2])


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
