"""Resample: a scan on another scan's grid. Nothing else here ever does it unasked."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from vesalius.errors import GeometryError
from vesalius.volume import Volume

# A voxel of s old ones, seen as a Gaussian whose width at half height is its edge.
FULL_WIDTH = 2 * np.sqrt(2 * np.log(2))


def resample(scan: Volume, *, onto: Volume) -> Volume:
    """Return a scan on the grid of another, by linear interpolation.

    Where the other's voxels are longer the scan is blurred first, so that nothing
    finer than they are folds into them.

    Args:
        scan: What is wanted there; its intensities, contrast and units stay.
        onto: Whose grid it shall have.

    Returns:
        The scan on that grid. What it did not measure has its lowest intensity and
        is marked as padding.

    Raises:
        GeometryError: The two do not overlap.

    Limits:
        Both must lie in one frame of reference, the same body in the same position:
        nothing is registered. Linear interpolation softens noise and fine detail.

    Example:
        >>> from vesalius.physics.phantom import head
        >>> fine, coarse = (head(shape=(n, n, 4), seed=0).truth for n in (64, 32))
        >>> resample(fine, onto=coarse).shares_grid_with(coarse)
        True

    Source:
        Cardoso et al. 2015, MICCAI, 81-88 (the blur that fits two voxel sizes).
        doi:10.1007/978-3-319-24571-3_10
    """
    turn = np.linalg.inv(scan.affine) @ onto.affine
    ratio = np.linalg.norm(turn[:3, :3], axis=1)  # new voxels' reach in old ones
    blur = np.sqrt(np.maximum(ratio**2 - 1, 0)) / FULL_WIDTH
    soft = ndimage.gaussian_filter(scan.voxels, blur, mode="nearest")
    shape, lowest = onto.voxels.shape, float(scan.voxels.min())
    voxels = ndimage.affine_transform(
        soft, turn, output_shape=shape, order=1, mode="nearest"
    )
    measured = np.ones(scan.voxels.shape, np.float32)
    if scan.padding is not None:
        measured -= scan.padding
    seen = ndimage.affine_transform(
        np.pad(measured, 1, mode="edge"),  # half a voxel beyond the last centre
        turn[:3, :3],
        turn[:3, 3] + 1,
        output_shape=shape,
        order=0,
        cval=0,
    )
    padding = seen < 0.5
    if padding.all():
        raise GeometryError(
            "the two scans do not overlap: they are not of one place, or their frames "
            "of reference differ; register them first"
        )
    return replace(
        scan,
        voxels=np.where(padding, np.float32(lowest), voxels).astype(np.float32),
        affine=onto.affine,
        sides_known=scan.sides_known and onto.sides_known,
        padding=padding if padding.any() else None,
        notes=(*scan.notes, "Resampled onto another scan's grid."),
    )
