"""Stored values: intensities as DICOM's whole numbers, so wide that none is lost."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Integer
from pydicom.valuerep import format_number_as_ds

from vesalius.errors import OutputError

# Exact in binary or in the decimal strings DICOM keeps them as. 65,536 steps of 1/16 HU
# hold 4,096 HU, all that 12 bits can carry; steps of 0.1 hold the -3024 HU of padding
# beside the 3071 HU of bone.
_STEPS_HU = (0.0625, 0.1, 0.125, 0.25, 0.5, 1.0)
# An odd number of these make 1, which keeps whole numbers whole when they are mirrored.
_STEPS_MIRRORED = (0.008, 0.04, 0.2, 1.0)
_LONGEST_WHOLE = 1e15  # a sign and 15 digits
_WIDEST = 2.0**110  # float32 ends at 2^128
_HALVINGS = 6  # of an odd slope: 1/64 of a usual one is finer than any noise
_BITS = 16  # CT and MR Image Storage have no room for more (PS3.3 C.8.2.1, C.8.3.1)
# A step of 1 in 250 of the brightest is below the noise of any MR: then whole numbers
# do, as scanners store them: MR Image Storage has no rescale, and viewers miss it.
_FINE_ENOUGH = 250.0


@dataclass(frozen=True)
class Stored:
    """How intensities become whole numbers: intensity = slope * stored + intercept.

    Attributes:
        slope: One step, in the intensities' unit.
        intercept: The intensity stored as 0.
        signed: Whether what is stored may be below zero.
    """

    slope: float
    intercept: float
    signed: bool

    @property
    def lowest(self) -> int:
        """Smallest number that can be stored."""
        return -(2 ** (_BITS - 1)) if self.signed else 0

    @property
    def highest(self) -> int:
        """Largest number that can be stored."""
        return 2 ** (_BITS - 1) - 1 if self.signed else 2**_BITS - 1

    @property
    def is_plain(self) -> bool:
        """Whether what is stored is the intensity itself."""
        return self.slope == 1 and self.intercept == 0

    def holds(self, low: float, high: float) -> bool:
        """Whether all intensities between two fit."""
        ends = [np.rint((end - self.intercept) / self.slope) for end in (low, high)]
        return bool(self.lowest <= ends[0] and ends[1] <= self.highest)

    def number(self, intensity: float) -> int | None:
        """Return the number an intensity is stored as; None where it does not fit."""
        if not self.holds(intensity, intensity):
            return None
        return int(np.rint((intensity - self.intercept) / self.slope))

    def numbers(
        self, intensities: Float32[np.ndarray, "i j"]
    ) -> Integer[np.ndarray, "i j"]:
        """Return what is stored, 16 bits each, little end first.

        Args:
            intensities: Between those the step was chosen for.
        """
        exact = (intensities.astype(np.float64) - self.intercept) / self.slope
        return np.rint(exact).astype("<i2" if self.signed else "<u2")


def stored_hounsfield(
    low: float,
    high: float,
    padding: float | None,
    grid: tuple[float, float] | None = None,
) -> Stored:
    """Choose how CT numbers are stored.

    Args:
        low: Lowest of the volume, in HU.
        high: Highest of the volume.
        padding: What stands where nothing was measured; stored exactly.
        grid: Slope and intercept of the source, if all its slices have the same. An
            odd slope is then halved until it is fine enough, so that what was kept
            from the source falls on a step again.

    Returns:
        The finest step that holds the range, 0.1 HU or better up to 6,553 HU.

    Raises:
        OutputError: The range is beyond all measure.
    """
    odd = grid is not None and all(_off(grid[0], step) for step in (0.0625, 0.1))
    if grid is not None and odd:
        halved = (grid[0] / 2**times for times in range(_HALVINGS, -1, -1))
        fine = _fits(low, high, halved, grid[1])
        if fine is not None:
            return fine
    return _finest(low, high, _doubling(_STEPS_HU), padding, signed=True)


def stored_signal(
    low: float, high: float, padding: float | None, *, rescaled: bool
) -> Stored:
    """Choose how MR intensities are stored.

    Args:
        low: Lowest of the volume.
        high: Highest of the volume.
        padding: What stands where nothing was measured; stored exactly.
        rescaled: Whether the source gave a slope, so that its readers know one.

    Returns:
        Whole numbers as they are where they are fine enough, else the finest step.

    Raises:
        OutputError: The range is beyond all measure.
    """
    if not rescaled and max(abs(low), abs(high)) >= _FINE_ENOUGH:
        steps = _doubling((1.0,))
    else:
        steps = _doubling((2.0**-24,))
    return _finest(low, high, steps, padding, signed=low < 0)


def stored_mirrored(
    low: float, high: float, mirror: float, *, rescaled: bool
) -> Stored:
    """Choose how intensities are stored where white is low (MONOCHROME1).

    A reader that turns the picture mirrors it at the middle of what can be stored, so
    that middle is laid where the source has it: both read alike.

    Args:
        low: Lowest of the volume as stored, white.
        high: Highest of it, black.
        mirror: Sum of an intensity and the one it is turned into.
        rescaled: Whether the source gave a slope.

    Raises:
        OutputError: The range is beyond all measure.
    """
    whole = not rescaled and max(abs(low), abs(high)) >= _FINE_ENOUGH
    for step in _doubling((1.0,) if whole else _STEPS_MIRRORED):
        found = Stored(step, float(decimal((mirror + step) / 2)), signed=True)
        if found.holds(low, high):
            return found
    raise _too_wide(low, high)


def decimal(number: float) -> str:
    """Write a number as a decimal string: at most 16 characters (PS3.5, DS)."""
    if number == int(number) and abs(number) < _LONGEST_WHOLE:
        return str(int(number))
    return format_number_as_ds(float(number))


def _off(slope: float, step: float) -> bool:
    return abs(slope / step - round(slope / step)) > 1e-6


def _fits(
    low: float, high: float, slopes: Iterator[float], origin: float
) -> Stored | None:
    """Return the first slope that holds the range with the origin on a step."""
    for slope in slopes:
        step = float(decimal(slope))
        middle = np.floor(((low + high) / 2 - origin) / step)
        found = Stored(step, float(decimal(origin + step * middle)), signed=True)
        if found.holds(low, high):
            return found
    return None


def _finest(
    low: float,
    high: float,
    steps: Iterator[float],
    padding: float | None,
    *,
    signed: bool,
) -> Stored:
    for step in steps:
        slope = float(decimal(step))
        for intercept in _intercepts(low, high, slope, padding, signed=signed):
            found = Stored(slope, float(decimal(intercept)), signed)
            if found.holds(low, high):
                return found
    raise _too_wide(low, high)


def _intercepts(
    low: float, high: float, slope: float, padding: float | None, *, signed: bool
) -> Iterator[float]:
    """Zero if that will do; else the range in the middle, the padding on a step."""
    anchor = 0.0 if padding is None else padding
    if abs(anchor / slope - round(anchor / slope)) < 1e-6:
        yield 0.0
    start = (low + high) / 2 if signed else low
    yield anchor + slope * np.floor((start - anchor) / slope)


def _doubling(steps: tuple[float, ...]) -> Iterator[float]:
    yield from steps
    step = steps[-1]
    while step < _WIDEST:
        step *= 2
        yield step


def _too_wide(low: float, high: float) -> OutputError:
    return OutputError(
        f"intensities from {low:.3g} to {high:.3g} do not fit DICOM's 16 bits; write "
        "NIfTI (--format nifti)"
    )
