"""Unpaired: MR and CT slices of different patients, drawn side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from vesalius.errors import ConfigError
from vesalius.evaluate.pairs import hounsfield, open_pair, pair_cases
from vesalius.io import read
from vesalius.train.pairs import FLIPPED, Ready, Views, bend, drawn_view, made_ready
from vesalius.train.pairs_views import CT_VIEWS, MR_VIEWS
from vesalius.volume import Volume

MR_FOLDER, CT_FOLDER = "mr", "ct"  # slices of one's own, any patients
IN_GREY = 10  # of 255: what a grey CT picture shows of a head


@dataclass(frozen=True, eq=False)
class UnpairedBatch:
    """Crops for one step; nothing ties the two together but how they lie.

    Attributes:
        mr: What a network sees of MR crops; its first channel is the picture.
        ct: What a network sees of CT crops.
    """

    mr: Float32[np.ndarray, "n m y x"]
    ct: Float32[np.ndarray, "n c y x"]


class UnpairedSource:
    """An endless, replayable source of MR and CT crops of different patients.

    Args:
        mr: Slices.
        ct: Slices.

    Raises:
        ConfigError: No MR slice lies as a CT slice of another patient does.
    """

    def __init__(self, mr: Sequence[Ready], ct: Sequence[Ready]) -> None:
        self._mr, self._ct = list(mr), list(ct)
        self._others = [
            [n for n, other in enumerate(self._ct) if _apart(one, other)]
            for one in self._mr
        ]
        self._drawn = [n for n, others in enumerate(self._others) if others]
        if not self._drawn:
            raise ConfigError(
                "an unpaired training needs MR and CT slices of two patients or more "
                "that lie in the same plane"
            )
        self._shapes = bend()

    def draw(self, count: int, side: int, rng: np.random.Generator) -> UnpairedBatch:
        """Draw one batch.

        Args:
            count: Crops of either modality.
            side: Pixels along either side.
            rng: Everything random comes from it.
        """
        seen: dict[str, list[np.ndarray]] = {"mr": [], "ct": []}
        for mr, ct in (self.pick(rng) for _ in range(count)):
            seen["mr"].append(self._view(mr, MR_VIEWS, side, rng))
            seen["ct"].append(self._view(ct, CT_VIEWS, side, rng))
        return UnpairedBatch(np.stack(seen["mr"]), np.stack(seen["ct"]))

    def pick(self, rng: np.random.Generator) -> tuple[Ready, Ready]:
        """Choose an MR slice, and a CT slice of another patient in the same plane.

        Args:
            rng: Everything random comes from it.
        """
        number = self._drawn[int(rng.integers(len(self._drawn)))]
        others = self._others[number]
        return self._mr[number], self._ct[others[int(rng.integers(len(others)))]]

    def _view(
        self, ready: Ready, views: Views, side: int, rng: np.random.Generator
    ) -> Float32[np.ndarray, "c y x"]:
        seen, _ = drawn_view(ready, views, self._shapes, side, rng)
        return seen


def has_folders(data: Path) -> bool:
    """Whether a folder holds slices of one's own, in `mr` and `ct`."""
    return (data / MR_FOLDER).is_dir() and (data / CT_FOLDER).is_dir()


def unpaired_source(data: Path) -> UnpairedSource:
    """Read the slices: of the pairs' training patients, or of one's own folders.

    Args:
        data: A folder that holds `mr_ct_pairs`; or one with a folder `mr` and a
            folder `ct` of slices, whose names begin with the patient's id and a "_"
            and end with "_axial", "_coronal" or "_sagittal" (axial where none does).

    Raises:
        ConfigError: There are no slices.

    Limits:
        Slices of one's own must have pixels of 1 mm, lie as the pairs do, and CT
        pictures of 8 bits are brought to approximate HU as those of the pairs are.
    """
    if has_folders(data):
        mr = [_ready(file, "MR") for file in _files(data / MR_FOLDER)]
        ct = [_ready(file, "CT") for file in _files(data / CT_FOLDER)]
        return UnpairedSource(mr, ct)
    mr, ct = [], []
    for case in pair_cases(data, part="train"):
        pair, who = open_pair(case), case.patient
        mr.append(made_ready(case.plane, pair.mr, MR_VIEWS, patient=who))
        ct.append(made_ready(case.plane, pair.ct, CT_VIEWS, patient=who))
    return UnpairedSource(mr, ct)


def _apart(one: Ready, other: Ready) -> bool:
    return one.plane == other.plane and one.patient != other.patient


def _files(folder: Path) -> Iterator[Path]:
    yield from (file for file in sorted(folder.iterdir()) if file.is_file())


def _ready(file: Path, modality: str) -> Ready:
    found = read(file, modality=modality, spacing_mm=(1.0, 1.0, 1.0))
    if not isinstance(found, Volume) or found.voxels.shape[2] != 1:
        raise ConfigError(f"{file.name} is no single slice")
    slice_ = found.voxels[:, :, 0].T
    if modality == "CT" and found.units != "HU":
        grey = slice_.clip(0, 255).astype(np.uint8)
        slice_ = hounsfield(grey, grey > IN_GREY)
    name = file.name.split(".")[0]
    plane = name.rsplit("_", 1)[-1]
    views = MR_VIEWS if modality == "MR" else CT_VIEWS
    known = plane if plane in FLIPPED else "axial"
    slice_ = np.ascontiguousarray(slice_, np.float32)
    return made_ready(known, slice_, views, patient=name.split("_")[0])
