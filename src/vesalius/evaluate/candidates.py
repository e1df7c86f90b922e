"""Candidates: patches of chest CT that may show a nodule, split by blocks of scans."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Int

from vesalius.errors import ConfigError, FormatError
from vesalius.evaluate.split import PARTS, Part, fold_of, split

FILE = "patches.npz"
BLOCK = 5_000  # consecutive rows of the candidate list: some tens of scans
GAP = 1_000  # rows between two sets: no scan has its candidates in both
TEST, SEEN, HELD = "test", "seen", "held out"
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
    return _opened(data, lambda row: None if part is None else parts_of(row) == part)


def open_fold(data: Path, fold: int, folds: int) -> tuple[Candidates, Candidates]:
    """Read the patches that one network of several learns from, and those held out.

    Blocks that train and blocks that calibrate are dealt into folds; no test block is
    in any. A gap lies between what one network sees, what it does not, and the test.

    Args:
        data: As in `open_candidates`.
        fold: Which is held out, from 0.
        folds: As many.

    Raises:
        ConfigError: There is no such file, or it has fewer blocks than folds.
        FormatError: It holds something else.
    """

    def of(label: str) -> Candidates:
        return _opened(data, lambda row: _in_fold(row, fold, folds) == label)

    return of(SEEN), of(HELD)


def parts_of(row: Int[np.ndarray, " n"]) -> np.ndarray:
    """Name the part of each row of the candidate list.

    Args:
        row: Rows, in any order.

    Returns:
        "train", "calibrate" or "test", and "" in the first thousand rows of a block
        whose predecessor belongs to another part.
    """
    return _labelled(row, _part_by_block(row))


def _part_by_block(row: Int[np.ndarray, " n"]) -> dict[int, str]:
    named = split(str(block) for block in np.unique(row // BLOCK))
    return {int(b): p for p in PARTS for b in getattr(named, p)}


def _in_fold(row: Int[np.ndarray, " n"], fold: int, folds: int) -> np.ndarray:
    part = _part_by_block(row)
    learn = fold_of((str(b) for b, p in part.items() if p != TEST), folds)
    label = {int(b): HELD if k == fold else SEEN for b, k in learn.items()}
    return _labelled(row, {b: label.get(b, TEST) for b in part})


def _labelled(row: Int[np.ndarray, " n"], label: dict[int, str]) -> np.ndarray:
    """Give each row its block's label; none in the gap after a block of another."""
    blocks = row // BLOCK
    own = np.array([label[int(block)] for block in blocks])
    before = np.array([label.get(int(block) - 1, "") for block in blocks])
    near = (row % BLOCK < GAP) & (before != "") & (before != own)
    return np.where(near, "", own)


Chosen = Callable[[Int[np.ndarray, " n"]], Bool[np.ndarray, " n"] | None]


def _opened(data: Path, chosen: Chosen) -> Candidates:
    file = _file(data)
    try:
        with np.load(file, allow_pickle=False) as held:
            image, nodule, row = (held[k] for k in ("image", "nodule", "candidate_row"))
    except (KeyError, ValueError, OSError) as error:
        raise FormatError(
            f"{file.name} does not hold image, nodule and candidate_row"
        ) from error
    mask = chosen(row)
    kept = np.ones(row.size, bool) if mask is None else mask
    return Candidates(
        item=np.flatnonzero(kept),
        pictures=(image[kept] / GREY).astype(np.float32),
        nodule=nodule[kept] > 0,
        block=(row[kept] // BLOCK).astype(np.int64),
    )


def _file(data: Path) -> Path:
    for file in (data, data / FILE, data / "lung_nodule_patches" / FILE):
        if file.is_file():
            return file
    raise ConfigError(
        f"there is no {FILE} here; expected the file, or the folder that holds it"
    )
