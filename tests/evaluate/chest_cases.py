"""A chest of two ellipsoids of lung in an ellipse of soft tissue, for the detector."""

import numpy as np

from vesalius.volume import Volume

SHAPE, EDGES_MM = (150, 120, 30), (2.0, 2.0, 4.0)


def chest(shape=SHAPE, edges=EDGES_MM, noise=10.0):
    """Draw it: nothing in the lungs."""
    i, j, k = (
        (np.arange(n) - (n - 1) / 2) * e for n, e in zip(shape, edges, strict=True)
    )
    i, j, k = np.meshgrid(i, j, k, indexing="ij")
    hu = np.full(shape, -1000.0)
    hu[np.hypot(i / 135, j / 100) < 1] = 40
    for middle in (-60, 60):
        hu[((i - middle) / 50) ** 2 + (j / 75) ** 2 + (k / 90) ** 2 < 1] = -850
    hu += np.random.default_rng(1).normal(0, noise, shape)
    return Volume(hu.astype(np.float32), np.diag([*edges, 1.0]), "HU", "CT")
