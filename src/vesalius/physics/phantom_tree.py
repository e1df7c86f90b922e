"""Phantom tree: vessels that branch until every corner of an organ is reached."""

import numpy as np
from jaxtyping import Float

from vesalius.physics.phantom_canvas import Point, Tube

MURRAY = 2.7  # radius^2.7 is what a vessel's branches share, measured in lungs


def grow(
    root: Point,
    tips: Float[np.ndarray, "n 3"],
    rng: np.random.Generator,
    *,
    tip_mm: float,
    root_mm: float,
) -> list[Tube]:
    """Return tubes that lead from a root to every tip, thicker where more hang on them.

    Tips join the tree one after the other, the nearest to the root first, each at the
    node that costs the least new length and detour.

    Args:
        root: Where the tree starts, in millimetres.
        tips: Where its ends lie.
        rng: Bends the branches.
        tip_mm: Radius at a tip.
        root_mm: The largest radius anywhere.

    Source:
        Murray 1926, PNAS 12(3):207-214, why radii branch so. doi:10.1073/pnas.12.3.207
    """
    order = np.argsort(np.linalg.norm(tips - np.asarray(root), axis=1))
    nodes, parents, lengths = [np.asarray(root, float)], [-1], [0.0]
    for tip in tips[order]:
        places = np.array(nodes)
        apart = np.linalg.norm(places - tip, axis=1)
        best = int(np.argmin(apart + 0.3 * np.array(lengths)))
        bend = rng.normal(0, 0.08 * apart[best], 3)
        middle = 0.55 * places[best] + 0.45 * tip + bend
        for place in (middle, tip):
            step = float(np.linalg.norm(place - nodes[best]))
            nodes.append(place)
            parents.append(best)
            lengths.append(lengths[best] + step)
            best = len(nodes) - 1
    load = np.ones(len(nodes))
    for child in range(len(nodes) - 1, 0, -1):
        load[parents[child]] += load[child] / 2  # two nodes lead to a tip
    radii = np.minimum(tip_mm * load ** (1 / MURRAY), root_mm)
    return [
        (
            _point(nodes[p]),
            _point(nodes[c]),
            float(min(radii[p], 1.25 * radii[c])),
            float(radii[c]),
        )
        for c, p in enumerate(parents)
        if p >= 0
    ]


def beside(
    parts: list[Tube], shift: Point, share: float, least_mm: float
) -> list[Tube]:
    """Return a copy of the thick part of a tree, moved, as airways run by arteries.

    Args:
        parts: The arteries.
        shift: Millimetres to move by, for a vessel of 1 mm radius.
        share: Radius of an airway over its artery's.
        least_mm: Arteries thinner than this have none.
    """
    return [
        (_moved(a, shift, r), _moved(b, shift, s), share * r, share * s)
        for a, b, r, s in parts
        if s >= least_mm
    ]


def _moved(place: Point, shift: Point, times: float) -> Point:
    x, y, z = (p + times * d for p, d in zip(place, shift, strict=True))
    return x, y, z


def _point(place: Float[np.ndarray, "3"]) -> Point:
    return float(place[0]), float(place[1]), float(place[2])
