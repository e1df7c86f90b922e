"""Place: axes and affines from what headers say, and whether they can be used."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from vesalius.errors import FormatError, GeometryError

FLATTEST = 1e-3  # determinant of the axes' directions: below, they span no space
LONE_SLICE_MM = 1.0
LONE_SLICE_NOTE = (
    "The thickness of this single slice is not known; 1 mm stands in for it."
)

Affine = Float[np.ndarray, "4 4"]


def three_axes(lengths: list[int]) -> tuple[int, int, int]:
    """Make two or three lengths three.

    Raises:
        FormatError: A length is no length.
        GeometryError: It is a line, or several volumes.
    """
    if min(lengths) < 1:
        raise FormatError("the header's sizes make no sense; the file is damaged")
    while len(lengths) > 3 and lengths[-1] == 1:
        lengths = lengths[:-1]
    if len(lengths) > 3:
        several = int(np.prod(lengths[3:], dtype=object))
        raise GeometryError(
            f"the file is {len(lengths)}-D: it holds {several} volumes; save the one "
            "you mean to a file of its own"
        )
    if len(lengths) < 2:
        raise GeometryError("the file holds one line of voxels, not a picture")
    i, j, *k = lengths
    return i, j, k[0] if k else 1


def spans_space(affine: Affine) -> bool:
    """Whether the affine gives every voxel a place of its own."""
    axes = affine[:3, :3]
    edges = np.linalg.norm(axes, axis=0)
    if not np.isfinite(affine).all() or edges.min() <= 0:
        return False
    return bool(abs(np.linalg.det(axes / edges)) >= FLATTEST)


def thickened(affine: Affine, thickness_mm: float) -> Affine:
    """Give a lone slice without a third axis one along its normal.

    Args:
        affine: Its third column may be zero; any other is returned as it is.
        thickness_mm: Length of the new edge.
    """
    axes = affine[:3, :3]
    normal = np.cross(axes[:, 0], axes[:, 1])
    length = float(np.linalg.norm(normal))
    if axes[:, 2].any() or not length > 0:
        return affine
    whole = affine.copy()
    whole[:3, 2] = normal / length * thickness_mm
    return whole


def edges_only(
    edges_mm: Sequence[float], slices: int
) -> tuple[Affine | None, tuple[str, ...]]:
    """Make an affine that carries the spacing and nothing else.

    Args:
        edges_mm: Two or three lengths, 0 where the header has none.
        slices: A lone slice may lack the third.

    Returns:
        The affine, None where a length is missing, and what is worth telling.
    """
    known = [abs(edge) if np.isfinite(edge) else 0.0 for edge in edges_mm]
    notes: tuple[str, ...] = ()
    if slices == 1 and (len(known) == 2 or known[2] == 0):
        known, notes = [*known[:2], LONE_SLICE_MM], (LONE_SLICE_NOTE,)
    if len(known) != 3 or min(known) <= 0:
        return None, ()
    return np.diag([*known, 1.0]), notes
