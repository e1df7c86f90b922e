"""Cases: the scans of the known data sets, each with its patient and its part."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from vesalius.evaluate.split import Part, split

Spacing = tuple[float, float, float]

# 8 bits hold -1000 to 400 HU; the pixels' size was not kept, 0.7 mm is usual.
PICTURE_HU = (-1000.0, 400.0)
PICTURE_SPACING_MM: Spacing = (0.7, 0.7, 2.5)


@dataclass(frozen=True)
class Case:
    """One scan of one patient, not yet read.

    Attributes:
        collection: The data set's name.
        patient: The id that the split ranks; may come from a file's name.
        name: What was scanned, "flair"; unique for the patient.
        part: "train", "calibrate" or "test".
        path: A file, or the folder of a series.
        modality: DICOM's term.
        contrast: The weighting, where known.
        spacing_mm: Voxel edges, where the file does not say.
        grey_is_hu: True where 8 grey bits stand for `PICTURE_HU`.
    """

    collection: str
    patient: str
    name: str
    part: Part
    path: Path
    modality: str
    contrast: str | None = None
    spacing_mm: Spacing | None = None
    grey_is_hu: bool = False

    @property
    def label(self) -> str:
        """Collection, patient and scan in one word, for tables and seeds."""
        return f"{self.collection}/{self.patient}/{self.name}"


def collected(data: Path) -> tuple[Case, ...]:
    """List the scans for denoising in a folder of data sets.

    Args:
        data: A folder with some of the sets in `SETS`, under their own names.

    Returns:
        The cases of each set, split by its patients, sorted by label; empty where
        no set is.
    """
    cases: list[Case] = []
    for collection, listed in SETS.items():
        scans = [scan for scan in listed(data / collection) if scan.path.exists()]
        if not scans:
            continue
        parts = split(scan.patient for scan in scans)
        grey = collection == "lung_ct_slices"
        cases += [
            Case(
                collection,
                scan.patient,
                scan.name,
                parts.part_of(scan.patient),
                scan.path,
                scan.modality,
                scan.contrast,
                PICTURE_SPACING_MM if grey else None,
                grey,
            )
            for scan in scans
        ]
    return tuple(sorted(cases, key=lambda case: case.label))


class Scan(NamedTuple):
    """One scan on disk, before its set is split."""

    patient: str
    name: str
    path: Path
    modality: str
    contrast: str | None = None


def _glioma(root: Path) -> Iterator[Scan]:
    weightings = {"flair": "FLAIR", "t1": "T1w", "t1c": "T1ce"}
    for path in root.glob("*/*.nii*"):
        name = path.name.split(".")[0]
        if name in weightings:
            yield Scan(path.parent.name, name, path, "MR", weightings[name])


def _hearts(root: Path) -> Iterator[Scan]:
    for path in root.glob("*/e[ds].nii*"):
        yield Scan(path.parent.name, path.name.split(".")[0], path, "MR")


def _heads(root: Path) -> Iterator[Scan]:
    for path in root.glob("*_t1.nii*"):
        yield Scan(path.name.split("_")[0], "t1", path, "MR", "T1w")


def _ct_volumes(root: Path) -> Iterator[Scan]:
    for path in root.glob("*.nii*"):
        stem = path.name.split(".")[0]
        yield Scan(stem, "ct", path, "CT")


def _lung_slices(root: Path) -> Iterator[Scan]:
    for path in root.glob("*.png"):
        series, _, number = path.stem.partition(".mhd_")
        yield Scan(series, number, path, "CT")


def _mr_series(root: Path) -> Iterator[Scan]:
    yield Scan(root.name, "t1", root, "MR", "T1w")


def _ct_series(root: Path) -> Iterator[Scan]:
    yield Scan(root.name, "ct", root, "CT")


SETS: dict[str, Callable[[Path], Iterator[Scan]]] = {
    "acdc": _hearts,
    "brain_t1_labels": _heads,
    "ct_volumes": _ct_volumes,
    "lgg": _glioma,
    "lidc_0001": _ct_series,
    "lung_ct_slices": _lung_slices,
    "mr_t1_dicom": _mr_series,
}
