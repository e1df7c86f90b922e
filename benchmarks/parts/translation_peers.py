"""Translation peers: the traditional ways from MR to CT, fitted to training pairs.

They are given the data set's own outline of the head, which ours is not. Each is
fitted on training pairs of one plane and answers an MR slice and its outline with HU.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import SimpleITK
from jaxtyping import Bool, Float32
from scipy import ndimage, optimize
from sklearn.ensemble import RandomForestRegressor

from parts.fitted import Fitted
from vesalius.evaluate.pairs import LOWEST_HU, Pair

BRIGHT = 95  # percentile of the MR inside the outline: its unit
KNOTS = 12  # of the curve from intensity to HU
DEPTHS_MM = (0.0, 6.0, 10.0, 14.0, 20.0, 30.0, 200.0)  # layers from scalp to brain
SIDE = 5  # pixels of a patch
SAMPLES = 1500  # pixels of a pair that teach the forest
ATLASES = 7  # most alike pairs that are registered
GRID_MM = 24.0  # between the points of a B-spline

Plane = Float32[np.ndarray, "y x"]
Mask = Bool[np.ndarray, "y x"]


def curve(pairs: Sequence[Pair]) -> Fitted:
    """Fit one piecewise-linear curve from MR intensity to HU.

    Args:
        pairs: Training pairs.
    """
    seen = np.concatenate([_unit(p.mr, p.mask)[p.mask][::7] for p in pairs])
    true = np.concatenate([p.ct[p.mask][::7] for p in pairs])
    knots, heights = _median_curve(seen, true)
    return Fitted(
        lambda mr, mask: _masked(np.interp(_unit(mr, mask), knots, heights), mask),
        {"knots": _rounded(knots), "hu": _rounded(heights)},
    )


def curve_by_depth(pairs: Sequence[Pair]) -> Fitted:
    """Fit one piecewise-linear curve for each layer below the outline's rim.

    Args:
        pairs: Training pairs.
    """
    tables = []
    for low, high in itertools.pairwise(DEPTHS_MM):
        seen, true = [], []
        for p in pairs:
            depth = ndimage.distance_transform_edt(p.mask)
            layer = p.mask & (depth > low) & (depth <= high)
            seen.append(_unit(p.mr, p.mask)[layer][::5])
            true.append(p.ct[layer][::5])
        tables.append(_median_curve(np.concatenate(seen), np.concatenate(true)))

    def translate(mr: Plane, mask: Mask) -> Plane:
        depth, value = ndimage.distance_transform_edt(mask), _unit(mr, mask)
        which = np.digitize(depth, DEPTHS_MM[1:-1])
        layers = [np.interp(value, *table) for table in tables]
        return _masked(np.choose(which, layers), mask)

    return Fitted(translate, {"layers_mm": DEPTHS_MM, "knots": KNOTS})


def bulk_density(pairs: Sequence[Pair]) -> Fitted:
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
        depth, value = ndimage.distance_transform_edt(mask), _unit(mr, mask)
        hollow = mask & (ndimage.gaussian_filter(value, 0.7) < dark)
        bone = hollow & (depth > low) & (depth < high)
        return np.where(bone, 2, np.where(hollow, 0, 1))

    def fitted(dials: np.ndarray) -> tuple[float, np.ndarray]:
        true = np.concatenate([p.ct[p.mask] for p in pairs])
        which = np.concatenate([classes(dials, p.mr, p.mask)[p.mask] for p in pairs])
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
        lambda mr, mask: _masked(values[classes(found, mr, mask)], mask),
        {**dials, "hu_of_air_tissue_bone": _rounded(values)},
    )


def atlas(pairs: Sequence[Pair]) -> Fitted:
    """Register the most alike training pair, and carry its CT over.

    Args:
        pairs: Training pairs.
    """
    return _atlases(pairs, 1)


def atlases(pairs: Sequence[Pair]) -> Fitted:
    """Register the seven most alike training pairs, and take their CTs' median.

    Args:
        pairs: Training pairs.

    Source:
        Burgos et al. 2014, IEEE TMI 33(12):2332-2341. doi:10.1109/TMI.2014.2340135
    """
    return _atlases(pairs, ATLASES)


def patch_forest(pairs: Sequence[Pair], *, trees: int = 60) -> Fitted:
    """Fit a regression forest from a patch of MR and its place to HU.

    Args:
        pairs: Training pairs.
        trees: As many.

    Source:
        Huynh et al. 2016, IEEE TMI 35(1):174-183. doi:10.1109/TMI.2015.2461533
    """
    rng = np.random.default_rng(0)
    rows, wanted = [], []
    for p in pairs:
        where = np.flatnonzero(p.mask)
        some = rng.choice(where, min(SAMPLES, where.size), replace=False)
        rows.append(_patches(p.mr, p.mask)[some])
        wanted.append(p.ct.ravel()[some])
    model = RandomForestRegressor(
        trees, min_samples_leaf=5, max_features=0.4, random_state=0, n_jobs=1
    ).fit(np.concatenate(rows), np.concatenate(wanted))

    def translate(mr: Plane, mask: Mask) -> Plane:
        made = np.full(mr.shape, LOWEST_HU, np.float32)
        made[mask] = model.predict(_patches(mr, mask)[mask.ravel()])
        return made

    return Fitted(translate, {"trees": trees, "side": SIDE, "pixels_a_pair": SAMPLES})


TRANSLATORS: dict[str, Callable[[Sequence[Pair]], Fitted]] = {
    "intensity curve": curve,
    "intensity and depth": curve_by_depth,
    "bulk density": bulk_density,
    "registered atlas": atlas,
    "multi-atlas": atlases,
    "patch regression forest": patch_forest,
}


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 3) for value in values]


def _unit(mr: Plane, mask: Mask) -> Plane:
    bright = float(np.percentile(mr[mask], BRIGHT)) if mask.any() else 1.0
    return (mr / max(bright, 1e-6)).astype(np.float32)


def _masked(hu: np.ndarray, mask: Mask) -> Plane:
    return np.where(mask, hu, LOWEST_HU).astype(np.float32)


def _median_curve(seen: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return knots at quantiles of what is seen, and the median HU around each."""
    edges = np.unique(np.quantile(seen, np.linspace(0, 1, KNOTS + 1)))
    which = np.clip(np.digitize(seen, edges) - 1, 0, edges.size - 2)
    kept = [n for n in range(edges.size - 1) if (which == n).any()]
    knots = np.array([np.median(seen[which == n]) for n in kept])
    return knots, np.array([np.median(true[which == n]) for n in kept])


def _patches(mr: Plane, mask: Mask) -> Float32[np.ndarray, "n f"]:
    value, half = _unit(mr, mask), SIDE // 2
    shifted = [
        ndimage.shift(value, (y, x), order=0, mode="nearest").ravel()
        for y in range(-half, half + 1)
        for x in range(-half, half + 1)
    ]
    smooth = [ndimage.gaussian_filter(value, s).ravel() for s in (3.0, 8.0)]
    depth = ndimage.distance_transform_edt(mask).ravel()
    rows, columns = (n.ravel() for n in np.indices(mr.shape, np.float32))
    held = np.argwhere(mask)
    (top, left), (bottom, right) = held.min(axis=0), held.max(axis=0)
    place = [(rows - top) / (bottom - top + 1), (columns - left) / (right - left + 1)]
    return np.stack([*shifted, *smooth, depth, *place], axis=1).astype(np.float32)


def _atlases(pairs: Sequence[Pair], count: int) -> Fitted:
    def translate(mr: Plane, mask: Mask) -> Plane:
        here = _unit(mr, mask)
        ranked = sorted(pairs, key=lambda p: _unlike(here, mask, p))[:count]
        made = [_carried(here, pair) for pair in ranked]
        return _masked(np.median(np.stack(made), axis=0), mask)

    return Fitted(translate, {"atlases": count, "grid_mm": GRID_MM})


def _unlike(here: Plane, mask: Mask, pair: Pair) -> float:
    """Return how little two slices resemble each other, at a coarse size."""
    thumbs = []
    for value, inside in ((here, mask), (_unit(pair.mr, pair.mask), pair.mask)):
        held = np.argwhere(inside)
        (top, left), (bottom, right) = held.min(axis=0), held.max(axis=0) + 1
        part = (value * inside)[top:bottom, left:right]
        scale = [32 / n for n in part.shape]
        thumbs.append(ndimage.zoom(part, scale, order=1)[:32, :32])
    return -float(np.corrcoef(thumbs[0].ravel(), thumbs[1].ravel())[0, 1])


def _carried(here: Plane, pair: Pair) -> Plane:
    """Register a pair's MR to a slice, affinely and then by B-splines; carry its CT."""
    fixed = SimpleITK.GetImageFromArray(here)
    moving = SimpleITK.GetImageFromArray(_unit(pair.mr, pair.mask))
    start = SimpleITK.CenteredTransformInitializer(
        fixed, moving, SimpleITK.AffineTransform(2)
    )
    affine = _registered(fixed, moving, start, 120)
    cells = [max(2, round(n / GRID_MM)) for n in fixed.GetSize()]
    bent = SimpleITK.BSplineTransformInitializer(fixed, cells)
    both = SimpleITK.CompositeTransform([affine])
    method = _method(40)
    method.SetMovingInitialTransform(affine)
    method.SetInitialTransform(bent, inPlace=True)
    method.Execute(fixed, moving)
    both.AddTransform(bent)
    ct = SimpleITK.GetImageFromArray(pair.ct)
    carried = SimpleITK.Resample(ct, fixed, both, SimpleITK.sitkLinear, LOWEST_HU)
    return SimpleITK.GetArrayFromImage(carried).astype(np.float32)


def _registered(
    fixed: SimpleITK.Image,
    moving: SimpleITK.Image,
    start: SimpleITK.Transform,
    steps: int,
) -> SimpleITK.Transform:
    method = _method(steps)
    method.SetInitialTransform(start, inPlace=False)
    return method.Execute(fixed, moving)


def _method(steps: int) -> SimpleITK.ImageRegistrationMethod:
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.3, 1)  # else the clock is its seed
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetOptimizerAsGradientDescentLineSearch(1.0, steps, 1e-5, 8)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SetNumberOfThreads(1)
    return method
