"""Windows: which intensities become black and which white, and why those.

CT has named windows; the content decides which two. Elsewhere percentiles of the scan
decide. Before and after are always seen through the same window.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from scipy.ndimage import binary_dilation, uniform_filter

from vesalius.report.words import FIXED_SPACE, amount, number
from vesalius.volume import Volume

SAMPLE_VOXELS = 2_000_000  # enough for a percentile, little beside a scan
BODY_FROM_HU = -500.0  # halfway between air and tissue
BODY_FROM = 0.06  # of the bright end: the project's mask for scans that are not CT
BRIGHT_END = 99.5  # percentile; a few hot voxels may not darken a picture
LUNG_HU = (-930.0, -550.0)
OUTSIDE_BELOW_HU = -930.0
LUNG_SHARE = 0.08  # of the body
# Centre and width, HU.
CT_WINDOWS = {"Lung": (-600, 1500), "Soft tissue": (40, 400), "Bone": (400, 1800)}
BONE_FROM_HU, BONE_SHARE, MOSTLY_BONE = 300.0, 0.05, 0.4


@dataclass(frozen=True)
class Window:
    """The range of intensities a picture shows.

    Attributes:
        name: For the reader, "Soft tissue".
        low: Shown black, in the volume's units.
        high: Shown white.
        told: The sentence that says what the window is and why it was chosen.
    """

    name: str
    low: float | int
    high: float | int
    told: str


@dataclass(frozen=True, eq=False)
class Sample:
    """Every n-th voxel of a volume, the share that is looked at before painting.

    Attributes:
        steps: Every how many voxels, along i, j and k.
        voxels: Their intensities.
        measured: Whether the scanner measured them.
        body: Whether they belong to the body.
    """

    steps: tuple[int, int, int]
    voxels: Float32[np.ndarray, "a b c"]
    measured: Bool[np.ndarray, "a b c"]
    body: Bool[np.ndarray, "a b c"]

    @property
    def indices(self) -> Int[np.ndarray, "3 n"]:
        """Voxel indices of what belongs to the body, in the whole volume."""
        return np.array(np.nonzero(self.body)) * np.array(self.steps)[:, None]

    def of(self, values: Float32[np.ndarray, "i j k"]) -> Float32[np.ndarray, "a b c"]:
        """Take the same voxels from another volume on the same grid."""
        i, j, k = self.steps
        return values[::i, ::j, ::k]


def sample_of(volume: Volume) -> Sample:
    """Take every n-th voxel, so that a large scan costs no more than a small one.

    Limits:
        The body is what is brighter than air. A structure thinner than the step may
        be missed; nothing but windows, scales and the choice of slices rests on it.
    """
    longest_first = np.argsort(volume.voxels.shape)[::-1]
    steps = [1, 1, 1]
    shape = np.array(volume.voxels.shape)
    turn = 0
    while np.prod(np.ceil(shape / steps)) > SAMPLE_VOXELS:
        steps[longest_first[turn % 3]] += 1
        turn += 1
    i, j, k = steps
    voxels = volume.voxels[::i, ::j, ::k]
    measured = np.ones(voxels.shape, bool)
    if volume.padding is not None:
        measured = ~volume.padding[::i, ::j, ::k]
    if not measured.any():
        measured = np.ones(voxels.shape, bool)
    body = (voxels > body_from(voxels[measured], volume.units)) & measured
    return Sample((i, j, k), voxels, measured, body if body.any() else measured)


def body_from(voxels: Float32[np.ndarray, " n"], units: str) -> float:
    """Say above which intensity a voxel belongs to the body and not to the air.

    Args:
        voxels: What the scanner measured.
        units: Of the intensities.
    """
    if units == "HU":
        return BODY_FROM_HU
    return BODY_FROM * float(np.percentile(voxels, BRIGHT_END))


def windows_of(volume: Volume, sample: Sample) -> tuple[Window, ...]:
    """Choose how to show a volume.

    Args:
        volume: Says the units.
        sample: Of it.

    Returns:
        At least one window, the one to begin with first; two where a CT has content
        that one of them hides.
    """
    if volume.units == "HU":
        return _for_ct(sample)
    if volume.units == "probability":
        told = "Black is a probability of 0, white of 1."
        return (Window("Probability", 0.0, 1.0, told),)
    values = sample.voxels[sample.measured]
    low, high = (float(np.percentile(values, p)) for p in (0.5, BRIGHT_END))
    if high <= low:
        high = low + 1.0
    told = (
        f"Black is {amount(low, volume.units)}, white {amount(high, volume.units)}: "
        f"the 0.5th and {number(BRIGHT_END)}th percentile of the scan."
    )
    return (Window("Percentiles", low, high, told),)


def scale_limit(
    values: Float[np.ndarray, " n"], percentile: float = 99.0, least: float = 1e-6
) -> float:
    """Choose where a colour scale ends: a round number beyond nearly all values.

    Args:
        values: What will be painted, without padding and air.
        percentile: How many of the magnitudes the scale covers, 0 to 100.
        least: The shortest scale.

    Example:
        >>> scale_limit(np.array([0.0, -37.0, 3.0]), percentile=100.0)
        40.0
    """
    reach = max(least, float(np.percentile(np.abs(values), percentile)))
    power = 10.0 ** np.floor(np.log10(reach))
    steps = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return float(next(s for s in steps if s * power >= reach * (1 - 1e-9)) * power)


def _for_ct(sample: Sample) -> tuple[Window, ...]:
    # Noise of single voxels would pass for lung: the mean of 3 x 3 x 3 does not.
    smooth = uniform_filter(sample.voxels, size=3, mode="nearest")
    # Half air and half skin would pass for lung too: lung has no air beside it.
    beside_air = binary_dilation(smooth < OUTSIDE_BELOW_HU, iterations=2)
    lung_like = (smooth > LUNG_HU[0]) & (smooth < LUNG_HU[1]) & ~beside_air
    lung_like, smooth = lung_like[sample.measured], smooth[sample.measured]
    inside = max(1, int((smooth > OUTSIDE_BELOW_HU).sum()))
    lung = int(lung_like.sum()) / inside
    tissue = max(1, int((smooth > BODY_FROM_HU).sum()))
    bone = int((smooth > BONE_FROM_HU).sum()) / tissue
    if lung >= LUNG_SHARE:
        why = f"about {number(100 * lung, 2)}{FIXED_SPACE}% of it is lung-like air"
        return ct_window("Lung", why), ct_window("Soft tissue")
    if bone >= MOSTLY_BONE:
        return ct_window("Bone", "most of it is bone"), ct_window("Soft tissue")
    if bone >= BONE_SHARE:
        why = f"about {number(100 * bone, 2)}{FIXED_SPACE}% is bone, the rest is not"
        return ct_window("Soft tissue", why), ct_window("Bone")
    return (ct_window("Soft tissue", "there is little lung or bone"),)


def ct_window(name: str, why: str = "") -> Window:
    """Take one of CT's named windows.

    Args:
        name: "Lung", "Soft tissue" or "Bone".
        why: What it was chosen for, where the content decided.
    """
    centre_hu, width_hu = CT_WINDOWS[name]
    told = f"{name} window, centre {number(centre_hu)}, width {number(width_hu)} HU"
    told += f", chosen because {why}." if why else "."
    return Window(name, centre_hu - width_hu / 2, centre_hu + width_hu / 2, told)
