"""Tumours: slices of training patients with their outlines, changed at random."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from vesalius.anatomy.head_planes import (
    LOWEST,
    HeadPlanes,
    channels_of,
    head_planes,
    near,
    rank_of,
)
from vesalius.errors import ConfigError
from vesalius.evaluate.tumours import TumourCase, open_tumour
from vesalius.train.warps import Warp, warped

WITH_TUMOUR = 0.5  # share of the slices that show some
KEEP_OTHERS = 0.5  # how often a contrast beside FLAIR is left in, each by itself
PASTED = 0.15  # share of the slices that get another patient's tumour
ANYWHERE = 0.5  # share of them where it may lie wherever there is tissue
LEAST_PIXELS = 20  # a smaller outline is none to paste
MOVED = Warp(turn=0.35, lean=0.12, grow=0.18, shift=10.0, bend=4.0)


@dataclass(frozen=True, eq=False)
class Patient:
    """A training patient in the network's frame.

    Attributes:
        planes: What is seen.
        tumour: 1 where a reader saw tumour.
        ill: Slices with tumour.
    """

    planes: HeadPlanes
    tumour: Float32[np.ndarray, "z y x"]
    ill: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Slices:
    """Slices for one step.

    Attributes:
        seen: What the network sees of each.
        tumour: Where the tumour is.
        clean: The slice before it was blurred, made noisy and covered in places.
    """

    seen: Float32[np.ndarray, "n c y x"]
    tumour: Float32[np.ndarray, "n 1 y x"]
    clean: Float32[np.ndarray, "n 1 y x"]


class TumourSlices:
    """An endless, replayable source of slices.

    Args:
        patients: Drawn alike, however many slices they have.
        covered: Whether large parts of every slice are covered, for a network that
            learns to fill them in.

    Raises:
        ConfigError: There is no patient.
    """

    def __init__(self, patients: Sequence[Patient], *, covered: bool = False) -> None:
        if not patients:
            raise ConfigError("a training needs at least one patient with an outline")
        self._patients = patients
        self._tones = _tones()
        self._flaws = _covers() if covered else _flaws()

    def draw(self, count: int, side: int, rng: np.random.Generator) -> Slices:
        """Draw one batch.

        Args:
            count: Slices.
            side: Unused: a slice is always seen whole.
            rng: Everything random comes from it.
        """
        del side
        drawn = [self._one(rng) for _ in range(count)]
        return Slices(*(np.stack(part) for part in zip(*drawn, strict=True)))

    def _one(self, rng: np.random.Generator) -> list[Float32[np.ndarray, "c y x"]]:
        """Return what is seen of one slice, its outline, and the slice unspoilt."""
        patient = self._pick(rng)
        z = _slice_of(patient, rng)
        planes = patient.planes
        slices = near(planes.flair, z, _reach(planes, rng))
        tumour = patient.tumour[z]
        if rng.random() < PASTED:
            slices, tumour = _pasted(slices, tumour, self._pick(rng), rng)
        kept = [
            None if other is None or rng.random() > KEEP_OTHERS else other[z]
            for other in planes.others
        ]
        air = np.float32(planes.flair.min())
        beside = [np.full_like(tumour, air) if k is None else k for k in kept]
        stack = np.concatenate([slices, np.stack(beside)]) - air
        moved = warped(np.concatenate([stack, tumour[None]]), MOVED, rng)
        both = {"seen": moved[:-1], "tumour": moved[-1:]}
        clean = moved[1:2] + air
        both = _changed(both, self._flaws, rng)
        middle = np.asarray(both["seen"], np.float32)[1] + air
        both = _changed(both, self._tones, rng)
        stack = np.asarray(both["seen"], np.float32) + air
        others = [None if k is None else stack[3 + n] for n, k in enumerate(kept)]
        # No curve of contrast changes a rank: it is taken before they are bent.
        seen = channels_of(stack[:3], rank_of(middle, planes.ranks), others)
        parts = [seen, np.asarray(both["tumour"], np.float32), clean]
        if rng.random() < 0.5:  # left to right: a brain has no writing on it
            parts = [part[..., ::-1] for part in parts]
        return [np.ascontiguousarray(part, np.float32) for part in parts]

    def _pick(self, rng: np.random.Generator) -> Patient:
        return self._patients[int(rng.integers(len(self._patients)))]


def gather_patients(cases: Sequence[TumourCase]) -> list[Patient]:
    """Read patients into the network's frame.

    Args:
        cases: Of training patients.
    """
    patients = []
    for case in cases:
        flair, others, mask = open_tumour(case)
        planes, frame = head_planes(flair, others)
        tumour = frame.enter(mask.astype(np.float32))
        ill = np.flatnonzero((tumour > 0.5).sum(axis=(1, 2)) >= 1)
        patients.append(Patient(planes, tumour, tuple(ill.tolist())))
    return patients


def _changed(
    both: dict[str, Any], change: Any, rng: np.random.Generator
) -> dict[str, Any]:
    """Apply MONAI's transforms, seeded by ours."""
    change.set_random_state(int(rng.integers(2**31)))
    changed: dict[str, Any] = change(both)
    return changed


def _slice_of(patient: Patient, rng: np.random.Generator) -> int:
    if patient.ill and rng.random() < WITH_TUMOUR:
        return int(rng.choice(patient.ill))
    return int(rng.integers(patient.planes.flair.shape[0]))


def _reach(planes: HeadPlanes, rng: np.random.Generator) -> int:
    """Take neighbours a bit nearer or farther: scans differ in their step."""
    return max(1, planes.reach + int(rng.integers(-1, 2)))


def _pasted(
    slices: Float32[np.ndarray, "3 y x"],
    tumour: Float32[np.ndarray, "y x"],
    donor: Patient,
    rng: np.random.Generator,
) -> tuple[Float32[np.ndarray, "3 y x"], Float32[np.ndarray, "y x"]]:
    """Put another patient's tumour, shifted and mirrored, where this one has tissue.

    Near where it was; or anywhere, so that no place is too rare to be learned: few
    training tumours lie in the posterior fossa.
    """
    if not donor.ill:
        return slices, tumour
    z = int(rng.choice(donor.ill))
    source, outline = near(donor.planes.flair, z, 1), donor.tumour[z]
    shift = tuple(int(n) for n in rng.integers(-12, 13, 2))
    if rng.random() < ANYWHERE:
        shift = _anywhere(outline > 0.5, slices[1], rng)
    source, outline = (np.roll(x, shift, (-2, -1)) for x in (source, outline))
    if rng.random() < 0.5:
        source, outline = source[..., ::-1], outline[..., ::-1]
    inside = _inside(outline > 0.5, slices[1])
    if inside.sum() < LEAST_PIXELS:
        return slices, tumour
    share = inside.astype(np.float32)
    return slices * (1 - share) + source * share, np.maximum(tumour, share)


def _anywhere(
    outline: Bool[np.ndarray, "y x"],
    middle: Float32[np.ndarray, "y x"],
    rng: np.random.Generator,
) -> tuple[int, int]:
    """Draw a shift that brings an outline's middle to some place in the head."""
    tissue = np.argwhere(middle > LOWEST / 2)
    if not len(tissue) or not outline.any():
        return 0, 0
    goal = tissue[int(rng.integers(len(tissue)))]
    y, x = goal - np.argwhere(outline).mean(axis=0).round().astype(int)
    return int(y), int(x)


def _inside(
    outline: Bool[np.ndarray, "y x"], middle: Float32[np.ndarray, "y x"]
) -> Bool[np.ndarray, "y x"]:
    """Keep of an outline what falls on tissue."""
    return outline & (middle > LOWEST / 2)


def _flaws() -> Any:
    """Blur, noise and what hides a part of the picture."""
    from monai.transforms.compose import Compose
    from monai.transforms.intensity.dictionary import (
        RandCoarseDropoutd,
        RandGaussianNoised,
        RandGaussianSmoothd,
    )

    seen, width = ["seen"], (0.3, 1.2)
    return Compose(
        [
            RandGaussianSmoothd(seen, sigma_x=width, sigma_y=width, prob=0.2),
            RandGaussianNoised(seen, std=0.3, prob=0.3),
            RandCoarseDropoutd(
                seen,
                holes=1,
                max_holes=3,
                spatial_size=8,
                max_spatial_size=28,
                fill_value=0.0,
                prob=0.15,
            ),
        ]
    )


def _covers() -> Any:
    """What hides so much that only knowing heads helps: noise, and many boxes."""
    from monai.transforms.compose import Compose
    from monai.transforms.intensity.dictionary import (
        RandCoarseDropoutd,
        RandGaussianNoised,
    )

    seen = ["seen"]
    return Compose(
        [
            RandGaussianNoised(seen, std=0.6, prob=0.6),
            RandCoarseDropoutd(
                seen,
                holes=4,
                max_holes=12,
                spatial_size=10,
                max_spatial_size=40,
                fill_value=0.0,
                prob=1.0,
            ),
        ]
    )


def _tones() -> Any:
    """Another contrast, another scanner's shading."""
    from monai.transforms.compose import Compose
    from monai.transforms.intensity.dictionary import (
        RandAdjustContrastd,
        RandBiasFieldd,
        RandHistogramShiftd,
    )

    seen = ["seen"]
    return Compose(
        [
            RandAdjustContrastd(seen, gamma=(0.6, 1.6), prob=0.4),
            RandHistogramShiftd(seen, num_control_points=(4, 8), prob=0.3),
            RandBiasFieldd(seen, degree=2, coeff_range=(-0.15, 0.15), prob=0.3),
        ]
    )
