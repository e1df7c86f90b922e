"""Empty chests: CT without a nodule, drawn ones and slices that were looked at."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vesalius.errors import ConfigError, ScanError
from vesalius.evaluate.cases import PICTURE_HU
from vesalius.io import read
from vesalius.physics.phantom import scan as scanned
from vesalius.physics.phantom import thorax
from vesalius.result import Result
from vesalius.volume import Volume

if TYPE_CHECKING:
    from vesalius.evaluate.froc import Detect
    from vesalius.weights.models import Model

LIST = "empty_lung_slices.toml"
SET = "lung_ct_slices"
SLICE_SPACING_MM = (0.7, 0.7, 5.0)  # usual ones: the set did not keep them
CHEST_SHAPE, CHEST_SPACING_MM = (384, 288, 24), (1.0, 1.0, 2.5)  # 60 mm of a chest
DOSE = 1.0  # of a usual scan


def empty_slices(data: Path) -> Iterator[tuple[str, Volume]]:
    """Open the slices in which nobody saw a nodule, each as a scan of one slice.

    Args:
        data: The folder of lung slices, or one that holds it as `lung_ct_slices`.

    Yields:
        Names and volumes in HU, 0.7 mm a pixel, as if 5 mm thick.

    Raises:
        ConfigError: None of the slices is there.

    Limits:
        8 grey bits of 5.5 HU, a guessed pixel size, and a list made by eye on single
        slices, by no radiologist: a small nodule may be taken for a vessel. Their
        patients may be among those that the detector's patches came from.
    """
    root = data / SET if (data / SET).is_dir() else data
    found = [name for name in empty_names() if (root / f"{name}.png").is_file()]
    if not found:
        raise ConfigError(f"none of the slices of {LIST} is here; expected {SET}")
    low, high = PICTURE_HU
    for name in found:
        grey = read(root / f"{name}.png", modality="CT", spacing_mm=SLICE_SPACING_MM)
        if not isinstance(grey, Volume):
            raise ScanError("a lung slice is a single picture")
        hu = (low + grey.voxels * ((high - low) / 255)).astype(np.float32)
        yield name, Volume(hu, grey.affine, "HU", "CT", sides_known=grey.sides_known)


def empty_names() -> tuple[str, ...]:
    """List the slices in which nobody saw a nodule; the file says how it was made."""
    text = files("vesalius.evaluate").joinpath(LIST).read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["slices"])


def empty_phantoms(
    count: int,
    *,
    shape: tuple[int, int, int] = CHEST_SHAPE,
    spacing_mm: tuple[float, float, float] = CHEST_SPACING_MM,
    seed: int = 0,
) -> Iterator[tuple[str, Volume]]:
    """Draw chests without nodules, with a usual dose's noise.

    Args:
        count: How many.
        shape: Voxels; by default 60 mm of a chest.
        spacing_mm: Voxel edges.
        seed: Of the first; the next have the next.

    Yields:
        Names and volumes in HU.

    Limits:
        What is found in them is false for sure, but nobody's lung: vessels are
        plainer than real ones, and there are no scars.
    """
    for number in range(seed, seed + count):
        chest = thorax(shape, spacing_mm, seed=number, lesions=0)
        yield f"chest-{number}", scanned(chest, noise=DOSE, seed=number)


def every_candidate(model: "Model") -> "Detect":
    """Turn a model into a detector that gives every candidate as a finding.

    Args:
        model: Its threshold is set to 0, so that any may be applied afterwards.

    Returns:
        A function from a scan to a result, `vesalius.tasks.detect` in all else.
    """
    from vesalius.tasks.detect import detect_by  # late: it brings torch
    from vesalius.weights.models import Model

    card = replace(model.card, calibration=(("threshold", 0.0),))

    def detect(scan: Volume) -> Result:
        return detect_by(scan, Model(card, model.net))

    return detect
