"""Region: is this the part of the body that a model was made for?

In MR a small network looks at the appearance of each slice and at what lies under
the head's rim; another, at the same, tells a stripped brain, which has no scalp and no
skull. In CT a network looks at what ends the soft tissue, which in a head is bone all
around; a chest is known by its lungs. The networks' numbers stand in region.json;
`evaluate/region_fit.py` makes them again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from vesalius.quality.appearance import SMALLEST, describe
from vesalius.quality.familiarity import inner_slices, network
from vesalius.quality.levels import check_levels
from vesalius.quality.region_signs import lung_height_mm, signs_of, thinned
from vesalius.quality.windows import slice_axis
from vesalius.result import Check
from vesalius.volume import Volume

Told = Literal["MR head", "MR skull", "CT head"]
NETWORKS: tuple[Told, ...] = get_args(Told)
MODEL = "region.json"
LIMIT = 0.5  # of a network's answer, from 0 for what it should be to 1
LUNGS_MM = 120.0  # height with lungs: a scan of the abdomen shows their bases only
LUNGS_SHARE = 0.5  # of the scan's height, where that is less
BODY_PART, SKULL = "body part", "skull"

NO_HEAD = (
    "This does not look like {modality} of a head with its skull (unlikeness "
    "{score:.2f}, limit {limit:.2f}): the model was made for whole heads, and what it "
    "would say of another body part would be made up"
)
NO_SKULL = (
    "There is no scalp and no skull around this brain (unlikeness {score:.2f}, limit "
    "{limit:.2f}), so they may have been stripped: the model was made for heads as "
    "they are scanned; give the scan before stripping"
)
NO_CHEST = (
    "This does not look like CT of a chest, for lungs are seen over {found} only: the "
    "model was made for chests, and what it would find elsewhere would be made up"
)

Plane = Float[np.ndarray, "x y"]
Numbers = Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Look:
    """One slice as the networks see it.

    Attributes:
        signs: What lies under the head's rim.
        whole: The slice's appearance; None in CT, where no network asks for it, and
            where it is blank.
    """

    signs: Float[np.ndarray, " s"]
    whole: Float[np.ndarray, " w"] | None

    def numbers(self, name: Told) -> Numbers | None:
        """Return what one network is given; None where there is nothing for it."""
        if name == "CT head":
            return self.signs
        if self.whole is None or (name == "MR skull" and not self.signs.any()):
            return None
        return np.concatenate([self.whole, self.signs])


def check_region(scan: Volume, region: str) -> tuple[Check, ...]:
    """Hold the scan against the body part that its model was made for.

    Args:
        scan: The input, of the card's modality.
        region: "head" or "chest".

    Returns:
        The check of the grey values; where they are a scan's, that of the body part;
        where an MR shows a head, that of its skull.

    Limits:
        Fitted on heads of adults, on hearts, chests and drawn limbs: other body parts
        are less sure to be found out. An animal's head may pass. Where half of the
        slices show the part, the scan passes.
    """
    levels = check_levels(scan)
    if levels.outcome == "withhold":
        return (levels,)
    if region == "chest":
        return levels, _chest(scan)
    looks = _looks(scan)
    if scan.modality == "CT":
        return levels, _part(scan, _unlikeness("CT head", looks))
    part = _part(scan, _unlikeness("MR head", looks))
    if part.outcome == "withhold":
        return levels, part
    return levels, part, _skull(_unlikeness("MR skull", looks))


def unlikeness(scan: Volume, name: Told) -> float:
    """Say how little a scan looks like what one network knows.

    Args:
        scan: Of the network's modality.
        name: One of `NETWORKS`.

    Returns:
        The median over up to sixteen slices, 0 to 1. Where all are blank or smaller
        than 16 pixels 1; of a skull 0 where no rim of the head is in view.

    Limits:
        Those of `check_region`.
    """
    return _unlikeness(name, _looks(scan))


def describe_for(name: Told, picture: Plane) -> Numbers | None:
    """Describe one slice for one network.

    Args:
        name: One of `NETWORKS`.
        picture: Intensities; HU in CT.

    Returns:
        As many numbers for every slice; None where it is blank or too small, and of
        a skull where no rim is in view.
    """
    look = _look(picture, name[:2])
    return None if look is None else look.numbers(name)


def _unlikeness(name: Told, looks: Sequence[Look]) -> float:
    numbers = [look.numbers(name) for look in looks]
    seen = [row for row in numbers if row is not None]
    if not seen:
        return 0.0 if name == "MR skull" else 1.0
    return float(np.median(network(name, MODEL)(np.stack(seen))))


def _looks(scan: Volume) -> list[Look]:
    """Look at up to sixteen slices; blank and too small ones are left out."""
    chosen = inner_slices(scan, slice_axis(scan))
    pictures = (_filled(plane, padded, scan.modality) for plane, padded in chosen)
    looks = (_look(picture, scan.modality) for picture in pictures)
    return [look for look in looks if look is not None]


def _look(picture: Plane, modality: str) -> Look | None:
    if min(picture.shape) < SMALLEST or np.ptp(picture) <= 0:
        return None
    plane = thinned(picture)
    whole = None if modality == "CT" else describe(plane, None, modality)
    return Look(signs_of(plane, modality), whole)


def _part(scan: Volume, score: float) -> Check:
    said = NO_HEAD.format(modality=scan.modality, score=score, limit=LIMIT)
    return _check(BODY_PART, score, said)


def _skull(score: float) -> Check:
    return _check(SKULL, score, NO_SKULL.format(score=score, limit=LIMIT))


def _chest(scan: Volume) -> Check:
    height, view = lung_height_mm(scan)
    least = min(LUNGS_MM, LUNGS_SHARE * view)
    found = f"{height:.0f} of {view:.0f} mm"
    fits = height >= least and height > 0
    return Check(
        BODY_PART,
        f"lungs over {found}",
        f"lungs over {least:.0f} mm",
        "show" if fits else "withhold",
        "" if fits else NO_CHEST.format(found=found),
    )


def _check(name: str, score: float, reason: str) -> Check:
    fits = score <= LIMIT
    return Check(
        name,
        f"unlikeness {score:.2f}",
        f"at most {LIMIT:.2f}",
        "show" if fits else "withhold",
        "" if fits else reason,
    )


def _filled(picture: np.ndarray, padded: np.ndarray | None, modality: str) -> Plane:
    """Put air where nothing was measured."""
    air = -1000.0 if modality == "CT" else 0.0
    plane = picture.astype(np.float64)
    return plane if padded is None else np.where(padded, air, plane)
