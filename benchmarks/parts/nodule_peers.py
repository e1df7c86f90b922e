"""Nodule peers: hand-made features of a patch, and what learns from them."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from scipy import ndimage
from skimage.feature import hog, local_binary_pattern, shape_index
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from parts.fitted import Fitted

MIDDLE = 32  # pixels a side of the part that HOG and LBP look at
SIGMAS = (1.0, 1.5, 2.5, 4.0, 6.0, 9.0)  # of the Laplacians, in pixels
FOLDS = 4

Pictures = Float32[np.ndarray, "n y x"]


def features_of(pictures: Pictures) -> Float32[np.ndarray, "n f"]:
    """Describe patches by hand.

    Args:
        pictures: From 0, at -1000 HU, to 1, at 400 HU.

    Returns:
        Laplacians and differences of Gaussians at the middle and their maxima,
        oriented gradients, binary patterns, shape index and curvedness at the
        middle, intensities in rings.

    Source:
        Dalal and Triggs 2005, CVPR (HOG); Ojala et al. 2002, IEEE TPAMI (LBP);
        Koenderink and van Doorn 1992 (shape index). doi:10.1109/CVPR.2005.177
    """
    return np.stack([_described(picture) for picture in pictures]).astype(np.float32)


def support_vectors(
    seen: Float32[np.ndarray, "n f"],
    nodule: Bool[np.ndarray, " n"],
    block: Int[np.ndarray, " n"],
) -> Fitted:
    """Fit a support vector machine, its two dials turned by blocks held out.

    Args:
        seen: Features of training patches.
        nodule: What readers saw.
        block: Whole blocks are held out.
    """
    dials = {"svc__C": (1.0, 4.0, 16.0), "svc__gamma": (1e-3, 3e-3, 1e-2)}
    model = make_pipeline(
        StandardScaler(), SVC(class_weight="balanced", random_state=0)
    )
    best, found = _searched(model, dials, seen, nodule, block)
    return Fitted(lambda told: best.decision_function(features_of(told)), found)


def forest(
    seen: Float32[np.ndarray, "n f"],
    nodule: Bool[np.ndarray, " n"],
    block: Int[np.ndarray, " n"],
    trees: int = 400,
) -> Fitted:
    """Fit a random forest, its dials turned by blocks held out.

    Args:
        seen: Features of training patches.
        nodule: What readers saw.
        block: Whole blocks are held out.
        trees: As many.
    """
    dials = {"min_samples_leaf": (1, 3, 8), "max_features": ("sqrt", 0.2)}
    model = RandomForestClassifier(
        trees, class_weight="balanced_subsample", random_state=0, n_jobs=1
    )
    best, found = _searched(model, dials, seen, nodule, block)
    found = {**found, "trees": trees}
    return Fitted(lambda told: best.predict_proba(features_of(told))[:, 1], found)


JUDGES = {
    "hand-made features, support vectors": support_vectors,
    "hand-made features, random forest": forest,
}


def _searched(model, dials, seen, nodule, block) -> tuple[Any, dict[str, object]]:
    search = GridSearchCV(model, dials, scoring="roc_auc", cv=GroupKFold(FOLDS))
    search.fit(seen, nodule, groups=block)
    area = round(float(search.best_score_), 4)
    return search.best_estimator_, {**search.best_params_, "area_on_training": area}


def _described(picture: Float32[np.ndarray, "y x"]) -> Float[np.ndarray, " f"]:
    height, width = picture.shape
    y, x = height // 2, width // 2
    near = (slice(y - 3, y + 4), slice(x - 3, x + 4))
    told: list[float] = []
    for sigma in SIGMAS:
        curve = -(sigma**2) * ndimage.gaussian_laplace(picture, sigma)
        narrow, wide = (ndimage.gaussian_filter(picture, s * sigma) for s in (1, 1.6))
        told += [curve[y, x], curve[near].max(), (narrow - wide)[y, x]]
    for sigma in SIGMAS[:4]:
        index = np.nan_to_num(shape_index(picture, sigma=sigma))
        told += [index[y, x], index[near].mean(), index[near].std()]
    rows, columns = np.indices(picture.shape)
    away = np.hypot(rows - y, columns - x)
    for inner, outer in ((0, 3), (3, 6), (6, 10), (10, 15), (15, 24)):
        ring = picture[(away >= inner) & (away < outer)]
        told += [ring.mean(), ring.std()]
    half = MIDDLE // 2
    middle = picture[y - half : y + half, x - half : x + half]
    grid = hog(middle, 9, pixels_per_cell=(8, 8), cells_per_block=(2, 2))
    pattern = local_binary_pattern((255 * middle).astype(np.uint8), 8, 1, "uniform")
    counts = np.bincount(pattern.astype(int).ravel(), minlength=10) / pattern.size
    return np.concatenate([told, grid, counts])
