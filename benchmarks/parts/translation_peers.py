"""Translation peers: the traditional ways between MR and CT, fitted to training pairs.

They are given the data set's own outline of the head, which ours is not. Each is
fitted on training pairs of one plane and answers a slice and its outline with the
other modality.
"""

import itertools
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage, optimize
from sklearn.ensemble import RandomForestRegressor

from parts.atlas_peers import atlas, atlases
from parts.fitted import Fitted
from parts.shown_pairs import FROM_CT, FROM_MR, Sense, Shown

KNOTS = 12  # of the curve from intensity to HU
DEPTHS_MM = (0.0, 6.0, 10.0, 14.0, 20.0, 30.0, 200.0)  # layers from scalp to brain
SIDE = 5  # pixels of a patch
SAMPLES = 1500  # pixels of a pair that teach the forest

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]


def curve(pairs: Sequence[Shown], sense: Sense = FROM_MR) -> Fitted:
    """Fit one piecewise-linear curve from intensity to the other modality's.

    Args:
        pairs: Training pairs.
        sense: Which way.
    """
    seen = np.concatenate([_inside(p, sense)[::7] for p in pairs])
    true = np.concatenate([p.target[p.mask][::7] for p in pairs])
    knots, heights = _median_curve(seen, true)

    def translate(source: Plane, mask: Mask) -> Plane:
        made = np.interp(sense.unit(source, mask), knots, heights)
        return _masked(made, mask, sense)

    return Fitted(translate, {"knots": _rounded(knots), "heights": _rounded(heights)})


def curve_by_depth(pairs: Sequence[Shown], sense: Sense = FROM_MR) -> Fitted:
    """Fit one piecewise-linear curve for each layer below the outline's rim.

    Args:
        pairs: Training pairs.
        sense: Which way.
    """
    tables = []
    for low, high in itertools.pairwise(DEPTHS_MM):
        seen, true = [], []
        for p in pairs:
            depth = ndimage.distance_transform_edt(p.mask)
            layer = p.mask & (depth > low) & (depth <= high)
            seen.append(sense.unit(p.source, p.mask)[layer][::5])
            true.append(p.target[layer][::5])
        tables.append(_median_curve(np.concatenate(seen), np.concatenate(true)))

    def translate(source: Plane, mask: Mask) -> Plane:
        depth = ndimage.distance_transform_edt(mask)
        value = sense.unit(source, mask)
        which = np.digitize(depth, DEPTHS_MM[1:-1])
        layers = [np.interp(value, *table) for table in tables]
        return _masked(np.choose(which, layers), mask, sense)

    return Fitted(translate, {"layers_mm": DEPTHS_MM, "knots": KNOTS})


def bulk_density(pairs: Sequence[Shown]) -> Fitted:
    """Fit two thresholds and three values: air, soft tissue, bone.

    Bone is dark in MR and near the rim; air is dark and elsewhere.

    Args:
        pairs: Training pairs.

    Source:
        Lee et al. 2003, Radiother Oncol 66(2):203-216 (bulk densities).
        doi:10.1016/S0167-8140(02)00440-1
    """

    def classes(dials: np.ndarray, mr: Plane, mask: Mask) -> np.ndarray:
        dark, low, high = dials
        depth, value = ndimage.distance_transform_edt(mask), FROM_MR.unit(mr, mask)
        hollow = mask & (ndimage.gaussian_filter(value, 0.7) < dark)
        bone = hollow & (depth > low) & (depth < high)
        return np.where(bone, 2, np.where(hollow, 0, 1))

    def fitted(dials: np.ndarray) -> tuple[float, np.ndarray]:
        true = np.concatenate([p.target[p.mask] for p in pairs])
        which = np.concatenate(
            [classes(dials, p.source, p.mask)[p.mask] for p in pairs]
        )
        values = np.array(
            [np.median(true[which == n]) if (which == n).any() else 0 for n in range(3)]
        )
        return float(np.abs(true - values[which]).mean()), values

    start = np.array([0.2, 8.0, 24.0])
    steps = np.array([[0, 0, 0], [0.1, 0, 0], [0, 3, 0], [0, 0, 6.0]])
    found = optimize.minimize(
        lambda dials: fitted(dials)[0],
        start,
        method="Nelder-Mead",
        options={"initial_simplex": start + steps, "maxfev": 60},
    ).x
    values = fitted(found)[1]
    dials = dict(zip(("dark", "from_mm", "to_mm"), _rounded(found), strict=True))
    return Fitted(
        lambda mr, mask: _masked(values[classes(found, mr, mask)], mask, FROM_MR),
        {**dials, "hu_of_air_tissue_bone": _rounded(values)},
    )


def patch_forest(
    pairs: Sequence[Shown], sense: Sense = FROM_MR, *, trees: int = 60
) -> Fitted:
    """Fit a regression forest from a patch and its place to the other modality.

    Args:
        pairs: Training pairs.
        sense: Which way.
        trees: As many.

    Source:
        Huynh et al. 2016, IEEE TMI 35(1):174-183. doi:10.1109/TMI.2015.2461533
    """
    rng = np.random.default_rng(0)
    rows, wanted = [], []
    for p in pairs:
        where = np.flatnonzero(p.mask)
        some = rng.choice(where, min(SAMPLES, where.size), replace=False)
        rows.append(_patches(p.source, p.mask, sense)[some])
        wanted.append(p.target.ravel()[some])
    model = RandomForestRegressor(
        trees, min_samples_leaf=5, max_features=0.4, random_state=0, n_jobs=1
    ).fit(np.concatenate(rows), np.concatenate(wanted))

    def translate(source: Plane, mask: Mask) -> Plane:
        made = np.full(source.shape, sense.outside, np.float32)
        made[mask] = model.predict(_patches(source, mask, sense)[mask.ravel()])
        return made

    return Fitted(translate, {"trees": trees, "side": SIDE, "pixels_a_pair": SAMPLES})


Translators = dict[str, Callable[[Sequence[Shown]], Fitted]]
TRANSLATORS: Translators = {
    "intensity curve": curve,
    "intensity and depth": curve_by_depth,
    "bulk density": bulk_density,
    "registered atlas": atlas,
    "multi-atlas": atlases,
    "patch regression forest": patch_forest,
}
BACK: Translators = {  # from CT to MR: a bulk density is what a CT begins with
    "intensity curve": partial(curve, sense=FROM_CT),
    "intensity and depth": partial(curve_by_depth, sense=FROM_CT),
    "registered atlas": partial(atlas, sense=FROM_CT),
    "multi-atlas": partial(atlases, sense=FROM_CT),
    "patch regression forest": partial(patch_forest, sense=FROM_CT),
}


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 3) for value in values]


def _inside(pair: Shown, sense: Sense) -> np.ndarray:
    return sense.unit(pair.source, pair.mask)[pair.mask]


def _masked(made: np.ndarray, mask: Mask, sense: Sense) -> Plane:
    return np.where(mask, made, sense.outside).astype(np.float32)


def _median_curve(seen: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return knots at quantiles of what is seen, and the truth's median around each."""
    if np.ptp(seen) == 0:  # as HU in a layer of air
        return seen[:1], np.array([np.median(true)])
    edges = np.unique(np.quantile(seen, np.linspace(0, 1, KNOTS + 1)))
    which = np.clip(np.digitize(seen, edges) - 1, 0, edges.size - 2)
    kept = [n for n in range(edges.size - 1) if (which == n).any()]
    knots = np.array([np.median(seen[which == n]) for n in kept])
    return knots, np.array([np.median(true[which == n]) for n in kept])


def _patches(source: Plane, mask: Mask, sense: Sense) -> Float32[np.ndarray, "n f"]:
    value, half = sense.unit(source, mask), SIDE // 2
    shifted = [
        ndimage.shift(value, (y, x), order=0, mode="nearest").ravel()
        for y in range(-half, half + 1)
        for x in range(-half, half + 1)
    ]
    smooth = [ndimage.gaussian_filter(value, s).ravel() for s in (3.0, 8.0)]
    depth = ndimage.distance_transform_edt(mask).ravel()
    rows, columns = (n.ravel() for n in np.indices(source.shape, np.float32))
    held = np.argwhere(mask)
    (top, left), (bottom, right) = held.min(axis=0), held.max(axis=0)
    place = [(rows - top) / (bottom - top + 1), (columns - left) / (right - left + 1)]
    return np.stack([*shifted, *smooth, depth, *place], axis=1).astype(np.float32)
