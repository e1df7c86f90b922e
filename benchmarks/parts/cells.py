"""Cells: what is measured on whom. One row of scans at one level of noise each."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32

from parts.cache import remembered
from parts.peers import Noise, Slice
from vesalius.evaluate.cases import Case
from vesalius.evaluate.data import find_cases, open_case
from vesalius.evaluate.split import Part
from vesalius.physics import ct, projection
from vesalius.physics.ct import low_dose
from vesalius.physics.noise import rician
from vesalius.quality.fidelity import outline
from vesalius.volume import Volume

MAX_SLICES = 24  # a cell: BM3D takes 8 to 10 s of processor time for a slice
FULL_ENOUGH = 0.35  # of the fullest slice's body: emptier ones tell little
CT_AIR, CT_SPAN = -1024.0, 2048.0  # HU that the peers see as 0, and as 1 above it

# What a simulated scan depends on beside the truth.
SIMULATOR = (Path(ct.__file__), Path(projection.__file__))


@dataclass(frozen=True)
class Cell:
    """Scans of one kind at one level of noise.

    Attributes:
        collection: The data set.
        scan: The scan's name in it, "flair".
        modality: MR or CT.
        level: MR: SD of the Rician noise over the volume's maximum. CT: what is
            left of the dose.
    """

    collection: str
    scan: str
    modality: str
    level: float

    @property
    def name(self) -> str:
        """The cell in one word, for files and tables."""
        kind = "noise" if self.modality == "MR" else "dose"
        return f"{self.collection} {self.scan} {100 * self.level:g} % {kind}"


MR_LEVELS = (0.03, 0.05, 0.10)
CT_DOSES = (0.10, 0.25)
MR_SCANS = (("lgg", "flair"), ("acdc", "ed"), ("brain_t1_labels", "t1"))
CELLS = (
    *(Cell(*scan, "MR", level) for scan in MR_SCANS for level in MR_LEVELS),
    *(Cell("ct_volumes", "ct", "CT", dose) for dose in CT_DOSES),
)


@dataclass(frozen=True, eq=False)
class Pair:
    """A scan, and the same scan as a noisier scanner shows it.

    Attributes:
        case: Whose scan it is.
        truth: The scan as it is on disk; it has some noise of its own.
        noisy: With the noise added, on the same grid.
        chosen: Indices along k of the slices that are measured.
        sigma: The true SD of the added noise, in the scan's unit.
    """

    case: Case
    truth: Volume
    noisy: Volume
    chosen: tuple[int, ...]
    sigma: float

    @cached_property
    def mask(self) -> Bool[np.ndarray, "i j k"]:
        """The body, outlined on the truth."""
        return outline(self.truth)

    @property
    def air(self) -> float:
        """What the peers see as 0."""
        return CT_AIR if self.truth.modality == "CT" else 0.0

    @property
    def span(self) -> float:
        """What the peers see as 1: the volume's maximum in MR."""
        if self.truth.modality == "CT":
            return CT_SPAN
        return float(self.truth.voxels.max())

    @property
    def peak(self) -> float:
        """The range of PSNR and SSIM: the volume's maximum, above air in CT."""
        return float(self.truth.voxels.max()) - self.air

    @cached_property
    def noise(self) -> Noise:
        """What the peers are told, in their unit."""
        sigma = self.sigma / self.span
        if self.truth.modality == "MR":
            return Noise(sigma)
        added = (self.noisy.voxels - self.truth.voxels) / self.span
        power = np.abs(np.fft.fft2(added, axes=(0, 1))) ** 2
        return Noise(sigma, power.mean(2))

    def seen(self, k: int) -> Slice:
        """Return one noisy slice as the peers see it."""
        return (self.noisy.voxels[:, :, k].astype(np.float64) - self.air) / self.span

    def at_chosen(
        self, voxels: Float32[np.ndarray, "i j k"]
    ) -> Float32[np.ndarray, "i j n"]:
        """Return the measured slices only."""
        return voxels[:, :, list(self.chosen)]


def cases_of(cell: Cell, data: Path, part: Part) -> tuple[Case, ...]:
    """List a cell's patients, one scan each."""
    return tuple(
        case
        for case in find_cases(data, part=part, modality=cell.modality)
        if (case.collection, case.name) == (cell.collection, cell.scan)
    )


def shares(patients: int, slices: int = MAX_SLICES) -> tuple[int, ...]:
    """Divide the slices of a cell among its patients, the first get one more."""
    least, more = divmod(slices, patients)
    return tuple(max(1, least + (n < more)) for n in range(patients))


def degraded(case: Case, cell: Cell, slices: int, seed: int, folder: Path) -> Pair:
    """Read a scan and add the cell's noise to the whole of it.

    Args:
        case: One of the cell's.
        cell: Which noise.
        slices: How many are measured: evenly spread over those that are full enough.
        seed: The noise depends on it, on the case and on the cell alone.
        folder: Of the cache, where simulated CT is kept.
    """
    truth = open_case(case)
    words = f"{case.label}|{cell.level:g}|{seed}"
    rng = np.random.default_rng(int(sha256(words.encode()).hexdigest()[:16], 16))
    if cell.modality == "MR":
        sigma = cell.level * float(truth.voxels.max())
        noisy = rician(truth.voxels, sigma, rng)
    else:
        noisy = _scanned_again(truth, words, cell.level, rng, folder)
    mask = outline(truth)
    if cell.modality == "CT":
        sigma = float((noisy - truth.voxels)[mask].std())
    return Pair(case, truth, truth.with_voxels(noisy), spread_out(mask, slices), sigma)


def _scanned_again(
    truth: Volume, words: str, dose: float, rng: np.random.Generator, folder: Path
) -> Float32[np.ndarray, "i j k"]:
    """Simulate a lower dose: a minute of processor time, so it is kept."""
    question: dict[str, object] = {
        "scan": truth.sha256,
        "draw": words,
        "physics": [sha256(file.read_bytes()).hexdigest() for file in SIMULATOR],
    }
    kept = remembered(
        folder,
        f"dose-{dose:g}",
        question,
        lambda: low_dose(truth.voxels, truth.spacing_mm, dose=dose, rng=rng),
    )
    return kept.picture.astype(np.float32)


def spread_out(mask: Bool[np.ndarray, "i j k"], slices: int) -> tuple[int, ...]:
    """Choose slices evenly among those whose body is large enough."""
    area = mask.sum((0, 1))
    full = np.flatnonzero(area >= FULL_ENOUGH * area.max())
    steps = (np.arange(slices) + 0.5) / slices * len(full)
    return tuple(dict.fromkeys(int(full[int(step)]) for step in steps))
