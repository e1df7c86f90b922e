"""Heads for the translators' tests."""

import numpy as np
import pytest
from PIL import Image

from vesalius.physics.phantom import head

SHAPE = (100, 120, 90)
PLANES = (("axial", 2, 45), ("coronal", 1, 60), ("sagittal", 0, 50))


@pytest.fixture(scope="session")
def paired_heads(tmp_path_factory):
    """Five heads: an MR, and a CT that is a simple curve of it; five centres."""
    folder = tmp_path_factory.mktemp("pairs")
    for number in range(5):
        truth = head(shape=SHAPE, spacing_mm=(2.0, 2.0, 2.0), seed=number).truth
        grey = np.clip(255 * truth.voxels / truth.voxels.max(), 0, 255)
        home = folder / "mr_ct_pairs" / f"{number}AB00{number}"
        home.mkdir(parents=True)
        for plane, axis, at in PLANES:
            cut = grey.take(at, axis)
            mask = cut > 20
            ct = np.where(mask, 90 + 0.4 * cut, 0)
            for kind, picture in (("mri", cut), ("ct", ct), ("mask", 255 * mask)):
                made = Image.fromarray(picture.astype(np.uint8))
                made.save(home / f"{kind}_{plane}.png")
    return folder
