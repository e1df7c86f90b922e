"""Sources: the training patients of a data folder as clean anatomy to draw from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from skimage.measure import block_reduce

from vesalius.errors import ConfigError
from vesalius.evaluate.cases import Case
from vesalius.evaluate.data import find_cases, open_case
from vesalius.physics.phantom import head, thorax
from vesalius.quality import estimate_noise
from vesalius.train.examples import Anatomy
from vesalius.train.recipe import Recipe
from vesalius.volume import Volume

PHANTOM = "phantom"
PHANTOMS = 6  # heads or chests drawn for a training
ISOTROPIC = 1.5  # below this ratio of edges a volume is cut along any axis
SHORTEST_SIDE = 64  # a thinner volume shows too little along that axis
AIR_HU = -1000.0  # 0 in the CT network's units, so that scaling keeps air where it is
HEAVIEST_HU = 4000.0  # metal beyond this teaches nothing
BODY_HU = 300.0  # above air: lung at -700 HU is body
QUIET_HU = 10.0  # a scan noisier than this is averaged before it serves as truth
LARGE = 200  # pixels along a side that must be left when averaged

Scaled = Callable[[Volume], Anatomy]


def gather(recipe: Recipe, data: Path) -> list[list[Anatomy]]:
    """Read the training patients of each set that a recipe names.

    Args:
        recipe: Names the sets and the modality.
        data: A folder of data sets, or a manifest.

    Returns:
        For each set, in the recipe's order, its scans.

    Raises:
        ConfigError: A set has no training patient here.
    """
    cases = find_cases(data, part="train", modality=recipe.modality)
    return [_stock(name, recipe, cases) for name in recipe.sets]


def training_cases(recipe: Recipe, data: Path) -> list[Case]:
    """List what `gather` reads, for the card."""
    cases = find_cases(data, part="train", modality=recipe.modality)
    return [case for case in cases if case.collection in recipe.sets]


def scaled_mr(scan: Volume) -> Anatomy:
    """Scale an MR scan so that its maximum is 1."""
    voxels = np.maximum(scan.voxels, 0)
    return Anatomy(voxels / voxels.max(), _axes(scan), body=0.06)


def scaled_ct(scan: Volume) -> Anatomy:
    """Shift a CT scan so that air is 0; one unit stays one HU.

    A noisy scan is averaged over two by two by two voxels: what noise is left in the
    truth, the network would learn to keep.
    """
    if estimate_noise(scan).level > QUIET_HU and min(scan.voxels.shape[:2]) > LARGE:
        scan = _averaged(scan)
    voxels = np.clip(scan.voxels - AIR_HU, 0, HEAVIEST_HU)
    return Anatomy(voxels.astype(np.float32), _axes(scan), body=BODY_HU)


SCALED: dict[str, Scaled] = {"MR": scaled_mr, "CT": scaled_ct}


def _stock(name: str, recipe: Recipe, cases: tuple[Case, ...]) -> list[Anatomy]:
    scaled = SCALED[recipe.modality]
    if name == PHANTOM:
        draw = head if recipe.modality == "MR" else thorax
        return [scaled(draw(seed=seed).truth) for seed in range(PHANTOMS)]
    own = [case for case in cases if case.collection == name]
    if not own:
        raise ConfigError(f"the data folder holds no training patient of {name!r}")
    return [scaled(open_case(case)) for case in own]


def _averaged(scan: Volume) -> Volume:
    """Average blocks of two voxels along every axis that has two."""
    steps = [2 if side > 1 else 1 for side in scan.voxels.shape]
    whole = tuple(
        slice(side - side % step)
        for side, step in zip(scan.voxels.shape, steps, strict=True)
    )
    voxels = block_reduce(scan.voxels[whole], tuple(steps), np.mean)
    affine = scan.affine @ np.diag([*steps, 1.0])
    return Volume(voxels.astype(np.float32), affine, scan.units, scan.modality)


def _axes(scan: Volume) -> tuple[int, ...]:
    """Any axis of a volume with cubic voxels, else the one across its slices."""
    edges, sides = scan.spacing_mm, scan.voxels.shape
    if max(edges) / min(edges) > ISOTROPIC or min(sides) < SHORTEST_SIDE:
        return (int(np.argmax(edges)) if max(edges) > ISOTROPIC * min(edges) else 2,)
    return (0, 1, 2)
