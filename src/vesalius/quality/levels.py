"""Levels: a scan has many grey values, a mask few, and a window's greys are no HU."""

import numpy as np
from jaxtyping import Int

from vesalius.quality.windows import slice_axis
from vesalius.result import Check
from vesalius.volume import Volume

SLICES = 24  # looked at, evenly spread
FEW = 16  # values that a mask may have
NEARLY_ALL = 0.999  # of the pixels: a few odd ones, as at a seam, do not make a scan
# Neighbours in a label map are alike in 70 % or more, and where not, their values are
# any two. In scans of 8 bits up to 57 % are alike; the others are a level or two apart.
ALIKE, NEAR = 0.62, 0.2
STEPS = 2  # levels: values so close to each other are near
GREY_HU = (-1.0, 256.0)  # between them lie the values of 8 grey bits
NAME, EXPECTED = "grey values", "those of a scan"

MASK = (
    "The picture has only {found}: it looks like a mask or a label map, not like a "
    "scan; give the scan itself"
)
PATCHES = (
    "The picture is made of flat patches ({found}): it looks like a label map, not "
    "like a scan; give the scan itself"
)
WINDOW = (
    "The values run from {found}, as grey levels of a window do: the HU are lost, and "
    "with them air and bone; export the series with its HU, as DICOM or NIfTI"
)


def check_levels(scan: Volume) -> Check:
    """Look whether the values are those of a scan.

    Args:
        scan: As read.

    Returns:
        Withheld where there are 16 values or fewer, where most of the picture is
        made of flat patches, and where a CT's values are 0 to 255.

    Limits:
        A mask that was resampled with blurred edges has many values and passes. A
        scan enlarged three times without interpolation is taken for a label map, a
        CT that holds nothing darker than water and nothing denser than soft tissue
        for grey levels.
    """
    axis = slice_axis(scan)
    count = scan.voxels.shape[axis]
    chosen = np.unique(np.linspace(0, count - 1, SLICES).round().astype(int))
    planes = np.moveaxis(scan.voxels, axis, 0)[chosen]
    values, levels, counts = np.unique(planes, return_inverse=True, return_counts=True)
    low, high = float(values[0]), float(values[-1])
    if np.sort(counts)[::-1][:FEW].sum() >= NEARLY_ALL * planes.size:
        few = min(len(values), FEW)
        return _refused(MASK, f"{few} different value{'s' if few > 1 else ''}")
    alike, near = _neighbours(levels.reshape(planes.shape), counts)
    if alike > ALIKE and near < NEAR:
        return _refused(PATCHES, f"{100 * alike:.0f} % of neighbours are alike")
    if scan.modality == "CT" and GREY_HU[0] <= low and high <= GREY_HU[1]:
        return _refused(WINDOW, f"{low:.4g} to {high:.4g} HU")
    return Check(NAME, f"{len(values)} different values", EXPECTED, "show")


def _refused(reason: str, found: str) -> Check:
    return Check(NAME, found, EXPECTED, "withhold", reason.format(found=found))


def _neighbours(
    levels: Int[np.ndarray, "s a b"], counts: Int[np.ndarray, " v"]
) -> tuple[float, float]:
    """Return the share of neighbours in a row that are alike, and of the others near.

    Pixels at the lowest, the highest and the commonest value are left out: air and
    what was cut off are flat in scans too.
    """
    left_out = (levels == 0) | (levels == len(counts) - 1) | (levels == counts.argmax())
    both = ~(left_out[..., 1:] | left_out[..., :-1])
    apart = np.abs(np.diff(levels, axis=-1))[both]
    others = apart[apart > 0]
    if others.size == 0:
        return float(apart.size > 0), 0.0
    return 1 - others.size / apart.size, float((others <= STEPS).mean())
