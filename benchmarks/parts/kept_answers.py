"""Kept answers: a method's answers on the test cases, small enough to commit.

Masks as bits, HU in steps of 4; arrays by name in one npz without pickle, and beside
it a JSON that says how they came to be.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, UInt8

MOST_BYTES = 8_000_000
LOWEST_HU, HIGHEST_HU = -1024, 3071
STEP_HU = 4  # two levels lie at 248 and 252: bone above 250 HU stays what it was

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Kept:
    """One method's answers on one case study.

    Attributes:
        arrays: By case and take, as the study packs them.
        told: How they came to be: name, kind, dials, minutes, seconds a case.
    """

    arrays: Arrays
    told: dict[str, Any]


def packed_mask(mask: Bool[np.ndarray, "..."]) -> UInt8[np.ndarray, "..."]:
    """Return a mask as bits along its last axis."""
    return np.packbits(mask, axis=-1)


def unpacked_mask(
    bits: UInt8[np.ndarray, "..."], shape: tuple[int, ...]
) -> Bool[np.ndarray, "..."]:
    """Return the mask that `packed_mask` packed; its shape is the truth's."""
    return np.unpackbits(bits, axis=-1, count=shape[-1]).astype(bool)


def packed_hu(hu: Float32[np.ndarray, "y x"]) -> UInt8[np.ndarray, "2 y x"]:
    """Return HU in steps of 4, each as its difference from the one before it.

    Args:
        hu: Clipped to -1024 to 3071.

    Returns:
        Low and high bytes apart: so they compress to a third.
    """
    clipped = np.clip(hu, LOWEST_HU, HIGHEST_HU) - LOWEST_HU
    codes = np.round(clipped / STEP_HU).astype(np.int64)
    steps = np.diff(codes, axis=1, prepend=0) % 65536
    return np.stack([steps % 256, steps // 256]).astype(np.uint8)


def unpacked_hu(code: UInt8[np.ndarray, "2 y x"]) -> Float32[np.ndarray, "y x"]:
    """Return the HU that `packed_hu` packed, within 2 HU of what they were."""
    low, high = code.astype(np.int64)
    codes = np.cumsum(low + 256 * high, axis=1) % 65536
    return (codes * STEP_HU + LOWEST_HU).astype(np.float32)


def slug(study: str, method: str) -> str:
    """Return the name of a method's files, without an ending."""
    words = "".join(c if c.isalnum() else " " for c in method.lower()).split()
    return "-".join([study, *words])


def save(folder: Path, study: str, kept: Kept) -> Path:
    """Write a method's answers, whole or not at all.

    Args:
        folder: Made if it is not there.
        study: The case study's name.
        kept: The answers; `told` must hold the method's "name".

    Raises:
        SystemExit: The file would be larger than 8 MB.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{slug(study, kept.told['name'])}.npz"
    draft = file.with_name(f"draft-{file.name}")
    np.savez_compressed(draft, **kept.arrays)
    size = draft.stat().st_size
    if size > MOST_BYTES:
        draft.unlink()
        raise SystemExit(f"{file.name} would take {size / 1e6:.1f} MB; 8 are allowed")
    told = {**kept.told, "study": study, "npz_sha256": _fingerprint(draft)}
    draft.replace(file)
    words = json.dumps(told, indent=1, sort_keys=True) + "\n"
    file.with_suffix(".json").write_text(words, encoding="utf-8")
    return file


def is_kept(folder: Path, study: str, method: str) -> bool:
    """Say whether a method's answers are there, both files."""
    file = folder / slug(study, method)
    return all(file.with_suffix(end).is_file() for end in (".npz", ".json"))


def load(folder: Path, study: str, method: str) -> Kept:
    """Read what `save` wrote.

    Raises:
        SystemExit: The arrays are not those that the JSON describes.
    """
    file = folder / f"{slug(study, method)}.npz"
    told = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    if _fingerprint(file) != told["npz_sha256"]:
        raise SystemExit(f"{file.name} is not what its JSON describes: make it again")
    with np.load(file, allow_pickle=False) as held:
        return Kept({name: held[name] for name in held.files}, told)


def answer_of(arrays: Arrays, name: str) -> np.ndarray:
    """Return one answer.

    Args:
        arrays: By case and take.
        name: Of the case and the take.

    Raises:
        SystemExit: It is not there: the answers are of other cases.
    """
    if name not in arrays:
        raise SystemExit(f"there is no answer to {name}: make the answers again")
    return arrays[name]


def _fingerprint(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()
