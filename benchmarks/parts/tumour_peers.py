"""Tumour peers: the traditional ways to outline a tumour, tuned on training patients.

They see what our network sees: the head in its frame, its intensities in units of
their own spread. Each is fitted to training patients and answers a head with a mask;
every dial is turned to the best mean 3-D Dice on those patients.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy import ndimage
from skimage.filters import threshold_multiotsu
from sklearn.ensemble import RandomForestClassifier
from sklearn.mixture import GaussianMixture

from parts.fitted import Fitted
from vesalius.anatomy.head_planes import HeadPlanes
from vesalius.evaluate.overlap import dice

SKULL_PIXELS = 14  # scalp and skull, in the network's frame
AIR_SHARE = 0.15  # of the way from the darkest to the head's median: below is air
PRIOR_SMOOTH = (1.0, 9.0, 9.0)  # SD of the map of where tumours lie, in depth and plane
DEPTHS = 24  # slices of that map
SAMPLES = 400  # pixels of a patient that teach the forest, of either kind
FUZZY = 2.0  # the exponent of fuzzy c-means
ROUNDS = 30
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)  # thresholds that are tried
SURER = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # a forest learned from equal halves

Block = Float32[np.ndarray, "z y x"]
Mask = Bool[np.ndarray, "z y x"]


@dataclass(frozen=True, eq=False)
class Taught:
    """A training patient: the head and the reader's outline in the frame."""

    planes: HeadPlanes
    truth: Mask


def otsu(patients: Sequence[Taught], classes: int = 4) -> Fitted:
    """Fit the brightest of several Otsu classes inside the skull, opened and closed.

    Args:
        patients: Training patients.
        classes: How many Otsu tells apart.
    """

    def found(planes: HeadPlanes, skull: int) -> tuple[Mask, float]:
        brain = _brain(planes.flair, skull)
        values = planes.flair[brain]
        if np.unique(values).size < 10 * classes:
            return brain, np.inf
        return brain, float(threshold_multiotsu(values, classes=classes)[-1])

    def outline(flair: Block, brain: Mask, level: float, opened: int) -> Mask:
        return _tidied(brain & (flair > level), opened)

    scores = {}
    for skull in (10, 14, 18):
        told = [(one, *found(one.planes, skull)) for one in patients]
        for above, opened in itertools.product((0.0, 0.3, 0.6, 1.0), (1, 2, 3)):
            scores[skull, above, opened] = np.mean(
                [
                    dice(p.truth, outline(p.planes.flair, brain, level + above, opened))
                    for p, brain, level in told
                ]
            )
    skull, above, opened = max(scores, key=lambda setting: scores[setting])

    def best(planes: HeadPlanes) -> Mask:
        brain, level = found(planes, skull)
        return outline(planes.flair, brain, level + above, opened)

    dials = {"classes": classes, "skull": skull, "above": above, "opened": opened}
    return Fitted(best, {**dials, "dice_on_training": _best_of(scores)})


def mixture(patients: Sequence[Taught], classes: int = 4) -> Fitted:
    """Fit a Gaussian mixture inside the skull, weighed by where tumours lie.

    Args:
        patients: Training patients.
        classes: Normal distributions; the brightest is tumour.

    Source:
        Juan-Albarracin et al. 2015, PLoS ONE 10(5):e0125143.
        doi:10.1371/journal.pone.0125143
    """
    prior = _prior(patients)

    def chance(planes: HeadPlanes) -> Block:
        brain = _brain(planes.flair, SKULL_PIXELS)
        values = planes.flair[brain][:, None]
        found = np.zeros(brain.shape, np.float32)
        if len(values) > 1000:
            some = values[:: max(1, len(values) // 20_000)]
            model = GaussianMixture(classes, random_state=0, max_iter=60).fit(some)
            brightest = int(model.means_[:, 0].argmax())
            found[brain] = model.predict_proba(values)[:, brightest]
        return _weighed(found, prior)

    return _thresholded(chance, patients, {"classes": classes})


def fuzzy(patients: Sequence[Taught], classes: int = 4) -> Fitted:
    """Fit fuzzy c-means inside the skull, smoothed in space, weighed by a map.

    Args:
        patients: Training patients.
        classes: Clusters; the brightest is tumour.

    Source:
        Bezdek 1981; Chuang et al. 2006, Comput Med Imaging Graph 30(1):9-15
        (memberships of neighbours). doi:10.1016/j.compmedimag.2005.10.001
    """
    prior = _prior(patients)

    def chance(planes: HeadPlanes) -> Block:
        brain = _brain(planes.flair, SKULL_PIXELS)
        values = planes.flair[brain]
        found = np.zeros(brain.shape, np.float32)
        if values.size > 1000:
            centres = _centres(values[:: max(1, values.size // 20_000)], classes)
            found[brain] = _membership(values, centres)[:, -1]
            found = ndimage.gaussian_filter(found, (0.5, 1.5, 1.5))
        return _weighed(found * brain, prior)

    return _thresholded(chance, patients, {"classes": classes})


def forest(patients: Sequence[Taught], *, trees: int = 120) -> Fitted:
    """Fit a random forest on local features of each pixel.

    Args:
        patients: Training patients.
        trees: As many.

    Source:
        Breiman 2001, Machine Learning 45:5-32. doi:10.1023/A:1010933404324
    """
    halves = (patients[::2], patients[1::2])
    # On the patients it was grown on a forest is too sure: each half tunes the other.
    grown = [_grown(half, trees) for half in halves]
    told = [
        (one.truth, other(one.planes))
        for half, other in zip(halves, grown[::-1], strict=True)
        for one in half
    ]
    dials = {"trees": trees, "tuned": "on the half that the forest had not seen"}
    return _turned(_grown(patients, trees), told, dials, levels=SURER)


def _grown(patients: Sequence[Taught], trees: int) -> Callable[[HeadPlanes], Block]:
    """Grow a forest, and return what gives its chances."""
    prior = _prior(patients)
    rng = np.random.default_rng(0)
    rows, labels = [], []
    for one in patients:
        brain = _brain(one.planes.flair, SKULL_PIXELS // 2)
        seen = _features(one.planes, prior)
        for label in (True, False):
            where = np.argwhere(brain & (one.truth == label))
            if len(where):
                chosen = where[rng.choice(len(where), min(SAMPLES, len(where)), False)]
                rows.append(seen[:, *chosen.T].T)
                labels.append(np.full(len(chosen), label))
    model = RandomForestClassifier(
        trees, min_samples_leaf=4, random_state=0, n_jobs=1
    ).fit(np.concatenate(rows), np.concatenate(labels))

    def chance(planes: HeadPlanes) -> Block:
        brain = _brain(planes.flair, SKULL_PIXELS // 2)
        found = np.zeros(brain.shape, np.float32)
        if brain.any():
            seen = _features(planes, prior)[:, brain].T
            found[brain] = model.predict_proba(seen)[:, 1]
        return ndimage.gaussian_filter(found, (0.5, 1.0, 1.0))

    return chance


OUTLINERS: dict[str, Callable[[Sequence[Taught]], Fitted]] = {
    "Otsu and morphology": otsu,
    "Gaussian mixture, spatial prior": mixture,
    "fuzzy c-means, spatial prior": fuzzy,
    "random forest": forest,
}


def _thresholded(
    chance: Callable[[HeadPlanes], Block],
    patients: Sequence[Taught],
    dials: dict[str, object],
) -> Fitted:
    """Turn threshold and opening on all patients; what gives chances saw no truth."""
    return _turned(chance, [(one.truth, chance(one.planes)) for one in patients], dials)


def _turned(
    chance: Callable[[HeadPlanes], Block],
    told: Sequence[tuple[Mask, Block]],
    dials: dict[str, object],
    *,
    levels: tuple[float, ...] = LEVELS,
) -> Fitted:
    """Turn threshold and opening to the best mean Dice of truths and chances."""
    scores = {
        (level, opened): float(
            np.mean([dice(t, _tidied(c > level, opened)) for t, c in told])
        )
        for level in levels
        for opened in (1, 2, 3)
    }
    level, opened = max(scores, key=lambda setting: scores[setting])
    found = {"level": level, "opened": opened, "dice_on_training": _best_of(scores)}
    return Fitted(
        lambda planes: _tidied(chance(planes) > level, opened), {**dials, **found}
    )


def _best_of(scores: dict[Any, Any]) -> float:
    return round(float(max(scores.values())), 4)


def _brain(flair: Block, skull: int) -> Mask:
    """Take the skull off: what lies deeper than so many pixels below the scalp."""
    air = float(flair.min())
    seen = flair > air + AIR_SHARE * (0 - air)
    inner = np.zeros(seen.shape, bool)
    for plane, out in zip(seen, inner, strict=True):
        whole = ndimage.binary_fill_holes(ndimage.binary_opening(plane, iterations=2))
        pieces, count = ndimage.label(whole)
        if count:
            sizes = np.bincount(pieces.ravel())
            sizes[0] = 0
            depth = ndimage.distance_transform_edt(pieces == sizes.argmax())
            out |= depth > skull
    return inner


def _tidied(mask: Mask, opened: int) -> Mask:
    """Open slice by slice, keep the largest piece, fill its holes."""
    plane = ndimage.generate_binary_structure(2, 1)[None]
    open_ = ndimage.binary_opening(mask, plane, iterations=opened)
    pieces, count = ndimage.label(open_)
    if count == 0:
        return np.zeros(mask.shape, bool)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    largest = pieces == sizes.argmax()
    closed = ndimage.binary_closing(largest, plane, iterations=2)
    return np.stack([ndimage.binary_fill_holes(one) for one in closed])


def _prior(patients: Sequence[Taught]) -> Block:
    """Map how often tumours lie where, feet to top in a fixed number of slices."""
    total = np.zeros((DEPTHS, *patients[0].truth.shape[1:]), np.float32)
    for one in patients:
        depth = np.linspace(0, one.truth.shape[0] - 1, DEPTHS).round().astype(int)
        both = one.truth[depth] | one.truth[depth][:, :, ::-1]
        total += both
    smooth = ndimage.gaussian_filter(total / len(patients), PRIOR_SMOOTH)
    return (smooth / max(float(smooth.max()), 1e-6)).astype(np.float32)


def _at_depths(prior: Block, count: int) -> Block:
    depth = np.linspace(0, DEPTHS - 1, count).round().astype(int)
    return prior[depth]


def _weighed(chance: Block, prior: Block) -> Block:
    """Multiply by the root of the map: it says where, not whether."""
    return chance * np.sqrt(_at_depths(prior, chance.shape[0]))


def _features(planes: HeadPlanes, prior: Block) -> Float32[np.ndarray, "f z y x"]:
    flair = planes.flair
    smooth = [ndimage.gaussian_filter(flair, (0, s, s)) for s in (1.0, 2.0, 4.0, 8.0)]
    slope = ndimage.gaussian_gradient_magnitude(flair, (0.01, 1.5, 1.5))
    curve = ndimage.gaussian_laplace(flair, (0.01, 2.0, 2.0))
    rough = np.sqrt(
        np.maximum(ndimage.uniform_filter(flair**2, (1, 7, 7)) - smooth[1] ** 2, 0)
    )
    mirror = smooth[1] - smooth[1][:, :, ::-1]
    near = [np.roll(smooth[0], step, axis=0) for step in (-1, 1)]
    count, height, width = flair.shape
    z, y, x = np.meshgrid(
        *(np.linspace(0, 1, n, dtype=np.float32) for n in (count, height, width)),
        indexing="ij",
    )
    side = np.abs(x - 0.5)
    where = _at_depths(prior, count)
    seen = [flair, *smooth, slope, curve, rough, mirror, *near, z, y, side, where]
    return np.stack(seen).astype(np.float32)


def _centres(
    values: Float32[np.ndarray, " n"], classes: int
) -> Float[np.ndarray, " c"]:
    """Find cluster centres of fuzzy c-means, rising."""
    shares = (np.arange(classes) + 0.5) / classes
    centres = np.quantile(values, shares)
    for _ in range(ROUNDS):
        weight = _membership(values, centres) ** FUZZY
        centres = (weight * values[:, None]).sum(axis=0) / weight.sum(axis=0)
    return np.sort(centres)


def _membership(
    values: Float32[np.ndarray, " n"], centres: Float[np.ndarray, " c"]
) -> Float32[np.ndarray, "n c"]:
    away = np.abs(values[:, None] - centres) + 1e-6
    share = away ** (-2 / (FUZZY - 1))
    return (share / share.sum(axis=1, keepdims=True)).astype(np.float32)
