"""Appearance: what a slice looks like, in some fifty numbers.

Numbers that tell a body seen by MR or CT from a photograph, a radiograph, an
ultrasound picture, a negative or a jumble; not which body or which disease.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import uniform_filter, zoom

THUMB = 48  # pixels along each side of the thumbnail
SMALLEST = 16  # a slice with a shorter side says too little
LARGEST = 512  # longer sides are thinned by averaging
BLOCK = 8  # pixels along a side of the blocks that texture is measured in
HU_EDGES = (-1100.0, -900.0, -650.0, -140.0, -40.0, 15.0, 90.0, 200.0, 500.0, 1500.0)
HU_SCALE = 1000.0

Plane = Float[np.ndarray, "x y"]
Small = Float[np.ndarray, "u v"]


def describe(
    picture: Plane, padded: Bool[np.ndarray, "x y"] | None, modality: str
) -> Float[np.ndarray, " n"] | None:
    """Describe one slice.

    Args:
        picture: Intensities.
        padded: Where nothing was measured.
        modality: "CT": intensities are HU and count as they are; else only their
            ratio to the slice's bright end counts.

    Returns:
        As many numbers for every slice of one modality, most of them about -5 to 5;
        None where the slice is blank or too small.
    """
    if min(picture.shape) < SMALLEST:
        return None
    kept = picture if padded is None else picture[~padded]
    if kept.size < SMALLEST**2 or np.ptp(kept) <= 0:
        return None
    plane = _levelled(_thinned(picture.astype(np.float64)), kept, modality)
    thumb = _shrunk(plane)
    parts = (
        _histogram(picture, kept, modality),
        _layout(thumb),
        _coherence(thumb),
        _texture(plane),
        _seams(plane),
        _quiet_corner(plane),
    )
    return np.concatenate(parts)


def order(stack: Float[np.ndarray, "n x y"]) -> tuple[float, float]:
    """Say how much more a slice resembles its neighbours than slices further off.

    Args:
        stack: Thumbnails of consecutive slices, five at least.

    Returns:
        Log of the mean difference two to five slices apart over that of neighbours:
        about 0 for slices in random order, above 0.3 for a body. And that
        difference over the SD within slices: below 0.1 all slices are alike, and no
        order can be told.
    """
    small = uniform_filter(stack, (0, 3, 3))[:, 1::3, 1::3]

    def apart(steps: int) -> np.ndarray:
        return np.abs(small[steps:] - small[:-steps]).mean((1, 2))

    far = np.concatenate([apart(k) for k in range(2, min(6, len(small) - 1))]).mean()
    near = apart(1).mean()
    within = small.std((1, 2)).mean()
    return float(np.log((far + 1e-6) / (near + 1e-6))), float(far / (within + 1e-6))


def thumbnail(picture: Plane, modality: str) -> Small:
    """Shrink one slice to a square of `THUMB` pixels, scaled as `describe` does."""
    plane = picture.astype(np.float64)
    return _shrunk(_levelled(_thinned(plane), plane, modality))


def _thinned(picture: Plane) -> Small:
    step = -(-max(picture.shape) // LARGEST)
    if step == 1:
        return picture
    a, b = (n // step for n in picture.shape)
    return picture[: a * step, : b * step].reshape(a, step, b, step).mean((1, 3))


def _levelled(plane: Plane, kept: np.ndarray, modality: str) -> Plane:
    """Scale so that a body spans about 0 to 1."""
    if modality == "CT":
        return ((plane + HU_SCALE) / (1.5 * HU_SCALE)).clip(-0.2, 2.5)
    low = min(0.0, float(np.quantile(kept, 0.001)))
    bright = float(np.quantile(kept, 0.99)) - low
    return ((plane - low) / max(bright, 1e-9)).clip(-0.2, 2.5)


def _shrunk(plane: Plane) -> Small:
    """Average down to a square, stretched."""
    size = [max(1, n // THUMB) for n in plane.shape]
    smooth = uniform_filter(plane, size)
    factors = [THUMB / n for n in plane.shape]
    small = zoom(smooth, factors, order=1, grid_mode=True, mode="nearest")
    return small[:THUMB, :THUMB]


def _histogram(picture: Plane, kept: np.ndarray, modality: str) -> np.ndarray:
    if modality == "CT":
        counts = np.histogram(kept, (-np.inf, *HU_EDGES, np.inf))[0] / kept.size
        marks = np.quantile(kept, [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
        return np.concatenate([_share(counts), (marks / 500).clip(-4, 6)])
    low = min(0.0, float(np.quantile(kept, 0.001)))
    scaled = (kept - low) / max(float(np.quantile(kept, 0.99)) - low, 1e-9)
    edges = (-np.inf, 0.03, 0.08, 0.16, 0.3, 0.5, 0.7, 0.9, 1.1, np.inf)
    counts = np.histogram(scaled, edges)[0] / scaled.size
    marks = np.quantile(scaled, [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999]).clip(0, 4)
    return np.concatenate([_share(counts), 3 * marks])


def _share(counts: np.ndarray) -> np.ndarray:
    return np.log10(counts + 1e-3) + 1.5


def _layout(thumb: Plane) -> np.ndarray:
    """Where it is bright: rim, corners, rings; and how alike its halves are."""
    line = np.linspace(-1, 1, len(thumb))
    radius = np.maximum(*np.abs(np.meshgrid(line, line, indexing="ij")))
    rim, middle = thumb[radius > 0.92], thumb[radius < 0.5]
    rings = [
        thumb[(radius >= a) & (radius < a + 0.25)].mean()
        for a in (0.0, 0.25, 0.5, 0.75)
    ]
    n = len(thumb) // 8
    corners = [thumb[:n, :n], thumb[:n, -n:], thumb[-n:, :n], thumb[-n:, -n:]]
    means = sorted(float(c.mean()) for c in corners)
    alike = [_correlation(thumb, thumb[::-1]), _correlation(thumb, thumb[:, ::-1])]
    return np.array(
        [
            *(3 * r for r in rings),
            *(3 * m for m in means),
            3 * float(np.median(rim)),
            5 * float(rim.std()),
            5 * float(middle.std()),
            float((rim < 0.1).mean()) * 2,
            float((rim > 0.5).mean()) * 2,
            2 * max(alike),
            2 * min(alike),
        ]
    )


def _coherence(thumb: Plane) -> np.ndarray:
    """How far the thumbnail resembles itself when shifted, and how steep it is."""
    shifts = [
        _correlation(thumb[step:], thumb[:-step])
        + _correlation(thumb[:, step:], thumb[:, :-step])
        for step in (1, 2, 4, 8)
    ]
    steep = np.hypot(*np.gradient(thumb))
    spread = max(float(thumb.std()), 1e-6)
    return np.array(
        [
            *(1.5 * s for s in shifts),
            4 * float(steep.mean()) / spread,
            np.log(float(steep.std()) / max(float(steep.mean()), 1e-9) + 1e-3) * 2,
            4 * float(np.quantile(steep, 0.5)) / spread,
            float(((thumb - thumb.mean()) ** 3).mean()) / spread**3,
            np.log(float(((thumb - thumb.mean()) ** 4).mean()) / spread**4 + 1e-3),
        ]
    )


def _texture(plane: Plane) -> np.ndarray:
    """Energy by scale and direction, and whether bright places are the rough ones."""
    energies = []
    small = plane
    for _ in range(3):
        a, b = small.shape[0] // 2 * 2, small.shape[1] // 2 * 2
        p, q = small[:a:2, :b:2], small[1:a:2, :b:2]
        r, s = small[:a:2, 1:b:2], small[1:a:2, 1:b:2]
        across, along, both = p + q - r - s, p - q + r - s, p - q - r + s
        energies += [float((d**2).mean()) / 4 for d in (across + along, both)]
        energies.append(
            abs(np.log((across**2).mean() + 1e-9) - np.log((along**2).mean() + 1e-9))
        )
        small = (p + q + r + s) / 4
    logs = np.log10(np.array(energies).reshape(3, 3)[:, :2] + 1e-8)
    lean = np.array(energies).reshape(3, 3)[:, 2]
    levels = np.append(logs[:, 0], np.log10(small.var() + 1e-8))
    return np.concatenate(
        [levels + 2, np.diff(levels) * 2, (logs[:, 1] - logs[:, 0]) * 2, lean]
    )


def _seams(plane: Plane) -> np.ndarray:
    """Straight lines at which the picture jumps, as between pieces of a puzzle."""
    found = []
    for axis in (0, 1):
        jumps = np.abs(np.diff(plane, axis=axis))
        profile = np.median(jumps, axis=1 - axis)
        mean = jumps.mean(axis=1 - axis)
        around = uniform_filter(mean, 9, mode="nearest") + 1e-6
        # A blank picture jumps nowhere: the floor keeps its logarithm finite.
        excess = np.maximum(np.sort(mean / around)[::-1], 1e-4)
        found += [
            np.log(excess[0]),
            np.log(excess[: max(2, len(excess) // 32)].mean()),
            np.log((profile.max() + 1e-4) / (np.median(profile) + 1e-4)),
        ]
    return np.array(found) * 2


def _quiet_corner(plane: Plane) -> np.ndarray:
    """How rough the darkest, the middling and the brightest blocks are."""
    a, b = plane.shape[0] // BLOCK, plane.shape[1] // BLOCK
    blocks = plane[: a * BLOCK, : b * BLOCK].reshape(a, BLOCK, b, BLOCK)
    mean = blocks.mean((1, 3)).ravel()
    rough = np.log10(blocks.std((1, 3)).ravel() + 1e-4)
    flat = np.log10(np.abs(np.diff(blocks, axis=1)).mean((1, 3)).ravel() + 1e-4)
    ranks = np.argsort(mean, kind="stable")
    fifth = max(1, len(ranks) // 5)
    dark, middle, light = (
        ranks[:fifth],
        ranks[2 * fifth : 3 * fifth],
        ranks[-fifth:],
    )
    chosen = [(dark, rough), (middle, rough), (light, rough)]
    levels = [float(np.median(values[where])) for where, values in chosen]
    levels += [float(np.quantile(flat, q)) for q in (0.05, 0.25, 0.5, 0.75)]
    scaled = mean - mean.mean()
    against = float((scaled * (rough - rough.mean())).mean())
    link = against / (max(mean.std(), 1e-6) * max(rough.std(), 1e-6))
    return np.array([*(2 * (level + 2) for level in levels), 2 * link])


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    x, y = a - a.mean(), b - b.mean()
    scale = np.sqrt((x**2).mean() * (y**2).mean())
    return float((x * y).mean() / scale) if scale > 1e-9 else 0.0
