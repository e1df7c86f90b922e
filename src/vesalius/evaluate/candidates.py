"""Candidates: patches of chest CT that may show a nodule, split by blocks of scans."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Int

from vesalius.errors import ConfigError, FormatError
from vesalius.evaluate.split import PARTS, Part, split

FILE = "patches.npz"
BLOCK = 5_000  # consecutive rows of the candidate list: some tens of scans
GAP = 1_000  # rows between two sets: no scan has its candidates in both
GREY = 255.0  # 0 stands for -1000 HU, 255 for 400 HU


@dataclass(frozen=True, eq=False)
class Candidates:
    """Patches of one part, or of all.

    Attributes:
        item: The patch's index in the file.
        pictures: From 0, at -1000 HU, to 1, at 400 HU.
        nodule: Whether readers saw a nodule.
        block: Of which block of the candidate list each is.
    """

    item: Int[np.ndarray, " n"]
    pictures: Float32[np.ndarray, "n y x"]
    nodule: Bool[np.ndarray, " n"]
    block: Int[np.ndarray, " n"]


def open_candidates(data: Path, *, part: Part | None = None) -> Candidates:
    """Read the patches of a folder laid out as the set of lung patches is.

    Args:
        data: The file, a folder with `patches.npz`, or one that holds
            `lung_nodule_patches`.
        part: Only this part; None takes all, those in the gaps too.

    Raises:
        ConfigError: There is no such file.
        FormatError: It holds something else.

    Limits:
        Blocks are nearly disjoint by patient, not provably: the list does not name
        its scans.
    """
    file = _file(data)
    try:
        with np.load(file, allow_pickle=False) as held:
            image, nodule, row = (held[k] for k in ("image", "nodule", "candidate_row"))
    except (KeyError, ValueError, OSError) as error:
        raise FormatError(
            f"{file.name} does not hold image, nodule and candidate_row"
        ) from error
    kept = np.ones(row.size, bool) if part is None else parts_of(row) == part
    return Candidates(
        item=np.flatnonzero(kept),
        pictures=(image[kept] / GREY).astype(np.float32),
        nodule=nodule[kept] > 0,
        block=(row[kept] // BLOCK).astype(np.int64),
    )


def parts_of(row: Int[np.ndarray, " n"]) -> np.ndarray:
    """Name the part of each row of the candidate list.

    Args:
        row: Rows, in any order.

    Returns:
        "train", "calibrate" or "test", and "" in the first thousand rows of a block
        whose predecessor belongs to another part.
    """
    blocks = row // BLOCK
    named = split(str(block) for block in np.unique(blocks))
    part = {int(b): p for p in PARTS for b in getattr(named, p)}
    own = np.array([part[int(block)] for block in blocks])
    before = np.array([part.get(int(block) - 1, "") for block in blocks])
    near = (row % BLOCK < GAP) & (before != "") & (before != own)
    return np.where(near, "", own)


def _file(data: Path) -> Path:
    for file in (data, data / FILE, data / "lung_nodule_patches" / FILE):
        if file.is_file():
            return file
    raise ConfigError(
        f"there is no {FILE} here; expected the file, or the folder that holds it"
    )
