"""Translated lesions: what is left of small MR lesions in the CT made of them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage

from vesalius.card import Table
from vesalius.evaluate.intervals import Interval, mean_interval, per_patient
from vesalius.evaluate.intervals import proportion_interval as share_of
from vesalius.evaluate.lesions import disc, inner, places
from vesalius.evaluate.pairs import EDGE_MM, Pair, PairCase, open_pair
from vesalius.evaluate.structures import DISC_MM, RING_MM, Structures, stands_out
from vesalius.evaluate.translate import Answer

DIAMETERS_MM = (4.0, 6.0, 10.0, 15.0)
SHARES = (-0.4, -0.2, 0.2, 0.4)  # of the intensity where the lesion lies
SOFT_HU = (-30.0, 110.0)  # brain, its fluid and muscle; no fat, bone or air
FROM_RIM_MM = 15.0  # between soft tissue and the head's outline: no scalp, no skull
AROUND_MM = 2.0  # soft tissue around a lesion's rim, at least
SMOOTHED_MM = 1.0  # a pixel of noise is no hole in the tissue
# A contrast that counts as a structure: two grey levels of the pairs' CT, less than
# fresh blood (30 HU and more above brain).
LEAST_HU = 20.0
CONTROL_HU = 2 * LEAST_HU
PIXEL_MM = (EDGE_MM, EDGE_MM)

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]


@dataclass(frozen=True)
class Shown:
    """What lesions of one size and contrast became.

    Attributes:
        diameter_mm: Of the disc in MR.
        share: Its contrast there, over the intensity where it lies.
        hu: Contrast in the synthetic CT, its interval over patients.
        in_sd: The same over the SD of the synthetic CT in that slice's soft tissue.
        lesions: How many.
    """

    diameter_mm: float
    share: float
    hu: Interval
    in_sd: Interval
    lesions: int


def translated_lesions(
    answer: Answer, cases: Iterable[PairCase], *, seed: int = 0
) -> tuple[Shown, ...]:
    """Insert discs into MR slices, translate with and without, and compare.

    Discs of all sizes lie in one slice, far apart, in what the patient's CT shows to
    be soft tissue away from the skull. The contrast is the mean over a lesion, the
    pixels of which at least half lies inside, of the CT made with it less the CT
    made without.

    Args:
        answer: A translator of slices; `vesalius.evaluate.translate.answer_of` makes
            one of a verb.
        cases: Slices of test patients.
        seed: Of the places.

    Returns:
        One cell for each diameter and contrast.

    Limits:
        No CT of the lesion exists: what its contrast should be depends on what it
        is, and nobody knows. A contrast near 0 says that the lesion vanishes. Discs
        are sharp and of one intensity; lesions are not.
    """
    found: dict[tuple[float, float], list[tuple[str, float, float]]] = {}
    for number, case in enumerate(cases):
        rng = np.random.default_rng([seed, number])
        for diameter, share, hu, sd in _in_slice(answer, case, rng):
            told = (case.patient, hu, hu / max(sd, 1e-6))
            found.setdefault((diameter, share), []).append(told)
    return tuple(_cell(key, found[key]) for key in sorted(found))


def lesions_table(title: str, cells: Sequence[Shown]) -> Table:
    """Lay cells out as a card shows them.

    Args:
        title: What was measured, on how many patients.
        cells: As measured.
    """
    heads = ("diameter", "MR contrast", "CT contrast", "over its SD", "lesions")
    rows = tuple(
        (
            f"{cell.diameter_mm:g} mm",
            f"{100 * cell.share:+.0f} %",
            f"{_ends(cell.hu, '+.1f')} HU",
            _ends(cell.in_sd, "+.2f"),
            str(cell.lesions),
        )
        for cell in cells
    )
    return Table(title, heads, rows)


def translated_structures(
    answer: Answer, cases: Iterable[PairCase], *, seed: int = 0
) -> Structures:
    """Count small things that the synthetic CT shows and the true one does not.

    As `vesalius.evaluate.structures` does: a filter F measures how much a disc of
    5 mm stands out from the ring around it. Where |F| of the synthetic CT exceeds
    |F| of the true one by more than 20 HU, something was invented; the other way
    round it was lost. As a control, discs of 40 HU are planted in the synthetic CT
    itself: they must be found.

    Args:
        answer: A translator of slices.
        cases: Slices of test patients, nothing inserted.
        seed: Of the planted discs' places.

    Returns:
        Counts over all slices, in soft tissue 7.5 mm and more from bone, air, fat
        and the skull.

    Limits:
        The patients were ill, and a lesion that both modalities show is none that
        was invented: this counts what MR led the model to believe. The true CT has
        noise and 8 grey bits; pairs are registered rigidly, to a pixel or two.
    """
    counts = np.zeros(5, int)
    for number, case in enumerate(cases):
        rng = np.random.default_rng([seed, number, 1])
        pair = open_pair(case)
        counts += _counted(pair, answer(pair.mr, case.plane)[0], rng)
    slices, invented, lost, planted, found = (int(n) for n in counts)
    return Structures(
        invented=100 * invented / max(slices, 1),
        lost=100 * lost / max(slices, 1),
        found=share_of(found, max(planted, 1)),
        slices=slices,
    )


def structures_table(title: str, found: Structures) -> Table:
    """Lay counts out as a card shows them.

    Args:
        title: What was measured, on how many patients.
        found: The counts.
    """
    control = "planted discs found, the control"
    rows = (
        ("invented in 100 slices", f"{found.invented:.0f}"),
        ("lost in 100 slices", f"{found.lost:.0f}"),
        (control, f"{_ends(found.found, '.2f')}, {found.found.count} discs"),
        ("slices", str(found.slices)),
    )
    return Table(title, ("small structures in soft tissue", "found"), rows)


def for_json(cells: Sequence[Shown], found: Structures) -> dict[str, object]:
    """Return both results as JSON has them.

    Args:
        cells: Of `translated_lesions`.
        found: Of `translated_structures`.
    """
    return {"lesions": [asdict(cell) for cell in cells], "structures": asdict(found)}


def soft_tissue(pair: Pair) -> Mask:
    """Return where the patient's CT shows soft tissue, away from the head's rim.

    Args:
        pair: The slice.
    """
    low, high = SOFT_HU
    smooth = ndimage.gaussian_filter(pair.ct, SMOOTHED_MM / EDGE_MM)
    soft = (smooth > low) & (smooth < high)
    return soft & inner(pair.mask, FROM_RIM_MM, PIXEL_MM)


def _in_slice(
    answer: Answer, case: PairCase, rng: np.random.Generator
) -> list[tuple[float, float, float, float]]:
    """Return diameter, share, contrast in HU and the tissue's SD of each lesion."""
    pair = open_pair(case)
    soft = soft_tissue(pair)
    room = inner(soft, max(DIAMETERS_MM) / 2 + AROUND_MM, PIXEL_MM)
    centres = places(room, PIXEL_MM, rng)
    if not centres:
        return []
    # Each slice begins with another size, so that places are shared.
    start = int(rng.integers(len(DIAMETERS_MM)))
    sizes = [DIAMETERS_MM[(start + n) % len(DIAMETERS_MM)] for n in range(len(centres))]
    shape = pair.mr.shape[0], pair.mr.shape[1]
    discs = [
        disc(shape, centre, size / 2, PIXEL_MM)
        for centre, size in zip(centres, sizes, strict=True)
    ]
    local = [float((pair.mr * one).sum() / one.sum()) for one in discs]
    without = answer(pair.mr, case.plane)[0]
    sd = float(without[soft].std())
    found = []
    for share in SHARES:
        added = share * sum(a * one for a, one in zip(local, discs, strict=True))
        ill = np.maximum(pair.mr + added, 0).astype(np.float32)
        change = answer(ill, case.plane)[0] - without
        found += [
            (size, share, float(change[one >= 0.5].mean()), sd)
            for one, size in zip(discs, sizes, strict=True)
        ]
    return found


def _counted(pair: Pair, made: Plane, rng: np.random.Generator) -> np.ndarray:
    """Return slices, structures invented and lost, discs planted and found."""
    inside = inner(soft_tissue(pair), RING_MM[1], PIXEL_MM)
    if not inside.any():
        return np.zeros(5, int)
    clean = stands_out(pair.ct, PIXEL_MM)
    before, after = np.abs(clean), np.abs(stands_out(made, PIXEL_MM))
    shape = made.shape[0], made.shape[1]
    centres = places(inside, PIXEL_MM, rng)
    planted = made.astype(np.float64)
    for y, x in centres:
        # Bright where it is bright already: a blob that fills a hole is none.
        sign = 1 if clean[round(y), round(x)] >= 0 else -1
        planted += sign * CONTROL_HU * disc(shape, (y, x), DISC_MM / 2, PIXEL_MM)
    control = np.abs(stands_out(planted, PIXEL_MM)) - before > LEAST_HU
    near = ndimage.binary_dilation(control)
    found = sum(bool(near[round(y), round(x)]) for y, x in centres)
    invented = ndimage.label((after - before > LEAST_HU) & inside)[1]
    lost = ndimage.label((before - after > LEAST_HU) & inside)[1]
    return np.array([1, invented, lost, len(centres), found])


def _cell(key: tuple[float, float], told: list[tuple[str, float, float]]) -> Shown:
    patients, contrasts, ratios = (list(part) for part in zip(*told, strict=True))
    return Shown(
        *key,
        hu=mean_interval(per_patient(patients, contrasts)),
        in_sd=mean_interval(per_patient(patients, ratios)),
        lesions=len(told),
    )


def _ends(found: Interval, form: str) -> str:
    return f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"
