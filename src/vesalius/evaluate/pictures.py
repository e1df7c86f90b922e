"""Pictures: what is no MR or CT, and single slices that are, from the data folder."""

import csv
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from vesalius.evaluate.split import Part, split

Plane = Float[np.ndarray, "x y"]

# The photographs that scikit-image ships, in two halves: no file is in both.
PHOTOGRAPHS: dict[str, tuple[str, ...]] = {
    "train": (
        "astronaut.png",
        "brick.png",
        "camera.png",
        "cell.png",
        "clock_motion.png",
        "coins.png",
        "gravel.png",
        "hubble_deep_field.jpg",
        "ihc.png",
        "moon.png",
        "page.png",
        "retina.jpg",
    ),
    "calibrate": (),
    "test": (
        "chelsea.png",
        "coffee.png",
        "grass.png",
        "motorcycle_left.png",
        "rocket.jpg",
    ),
}
PLANES = ("axial", "coronal", "sagittal")
AIR_HU, TISSUE_HU = -1024.0, 35.0  # what grey 0 and the commonest grey of tissue mean
TISSUE_GREYS = (60, 125)


class Picture(NamedTuple):
    """One picture and what it is."""

    kind: str
    name: str
    pixels: Plane


def foreign_pictures(data: Path, part: Part) -> Iterator[Picture]:
    """Yield radiographs, ultrasound pictures and photographs of one part.

    Args:
        data: A folder with `chest_xray_nih`, `chest_xray_covid`, `breast_ultrasound`;
            what is absent is left out.
        part: Radiographs are split by patient; photographs are in two halves.
    """
    yield from _nih(data / "chest_xray_nih", part)
    covid = sorted((data / "chest_xray_covid").glob("*.png"))
    yield from _by_name("radiograph", covid, part)
    breast = sorted((data / "breast_ultrasound").glob("*/*.png"))
    scans = [path for path in breast if "_mask" not in path.name]
    yield from _by_name("ultrasound", scans, part)
    for name in PHOTOGRAPHS[part]:
        with files("skimage.data").joinpath(name).open("rb") as file:
            yield Picture("photograph", name, _grey(Image.open(file)))


def paired_slices(data: Path, part: Part, modality: str) -> Iterator[Picture]:
    """Yield the slices of `mr_ct_pairs`: heads of three centres, three planes.

    Args:
        data: The data folder; without the set nothing is yielded.
        part: Of the set's own split.
        modality: "MR" in grey levels, or "CT" in approximate HU: the set lost its
            scale, which two anchors restore.
    """
    root = data / "mr_ct_pairs"
    patients = [path.name for path in root.glob("*") if path.is_dir()]
    chosen = getattr(split(patients), part) if patients else ()
    for patient in sorted(chosen):
        for plane in PLANES:
            name = f"{patient}/{plane}"
            if modality == "MR":
                pixels = _open(root / patient / f"mri_{plane}.png")
                yield Picture("mr_ct_pairs", name, pixels)
                continue
            grey = _open(root / patient / f"ct_{plane}.png")
            head = _open(root / patient / f"mask_{plane}.png") > 0
            yield Picture("mr_ct_pairs", name, _in_hu(grey, head))


def _nih(root: Path, part: Part) -> Iterator[Picture]:
    if not (root / "metadata.csv").exists():
        return
    with (root / "metadata.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    chosen = set(getattr(split(row["Patient ID"] for row in rows), part))
    for row in rows:
        path = root / row["image"]
        if row["Patient ID"] in chosen and path.exists():
            yield Picture("radiograph", path.name, _open(path))


def _by_name(kind: str, paths: list[Path], part: Part) -> Iterator[Picture]:
    chosen = set(getattr(split(path.name for path in paths), part)) if paths else set()
    for path in paths:
        if path.name in chosen:
            yield Picture(kind, path.name, _open(path))


def _open(path: Path) -> Plane:
    with Image.open(path) as image:
        return _grey(image)


def _grey(image: Image.Image) -> Plane:
    return np.asarray(image.convert("L"), np.float64).T


def _in_hu(grey: Plane, head: np.ndarray) -> Plane:
    counts = np.bincount(grey[head].astype(int), minlength=256)
    low, high = TISSUE_GREYS
    tissue = gaussian_filter1d(counts[low:high].astype(float), 1.5)
    commonest = low + int(np.argmax(tissue))
    return AIR_HU + grey * ((TISSUE_HU - AIR_HU) / commonest)
