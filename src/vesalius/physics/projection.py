"""Projection: line integrals through a slice, their adjoint, and the way back.

A slice is indexed (i, j) and centred on the axis of rotation. A ray of angle a meets
the points where x cos a + y sin a = t, with x along i and y along j, in millimetres.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from vesalius.errors import GeometryError

Kernel = Callable[[Float[np.ndarray, " f"]], Float[np.ndarray, " f"]]


@dataclass(frozen=True)
class ParallelBeam:
    """Where the rays of one slice run.

    Attributes:
        shape: Pixels of the slice along i and j.
        pixel_mm: Edge lengths of a pixel along i and j.
        views: Angles, spread evenly over half a turn, the first along j.
        detectors: Rays a view, centred on the axis of rotation.
        detector_mm: Distance of neighbouring rays.

    Raises:
        GeometryError: A number is not above 0.
    """

    shape: tuple[int, int]
    pixel_mm: tuple[float, float]
    views: int
    detectors: int
    detector_mm: float

    def __post_init__(self) -> None:
        lengths = (*self.shape, *self.pixel_mm, self.views, self.detectors)
        if min(*lengths, self.detector_mm) <= 0:
            raise GeometryError("a beam has pixels, views and rays, all above zero")

    @property
    def angles(self) -> Float[np.ndarray, " a"]:
        """Of the views, in radians from 0 to pi."""
        return np.arange(self.views) * np.pi / self.views

    @property
    def offsets_mm(self) -> Float[np.ndarray, " d"]:
        """Distance of each ray from the axis of rotation."""
        return (np.arange(self.detectors) - (self.detectors - 1) / 2) * self.detector_mm


@dataclass(frozen=True)
class _March:
    """How one view crosses the slice, line of pixels by line of pixels.

    Attributes:
        along_j: Whether the lines follow each other along j (else along i).
        side: Pixels of each line.
        start: Where the first ray meets each line, in pixels.
        stride: From one ray to the next on a line, in pixels, of either sign.
        step_mm: Length of a ray between two lines.
    """

    along_j: bool
    side: int
    start: Float[np.ndarray, " m"]
    stride: float
    step_mm: float


def beam_over(
    shape: tuple[int, int],
    pixel_mm: tuple[float, float],
    *,
    views: int | None = None,
    detector_mm: float | None = None,
) -> ParallelBeam:
    """Return a beam whose rays cover the whole slice.

    Args:
        shape: Pixels along i and j.
        pixel_mm: Edge lengths of a pixel along i and j.
        views: Angles over half a turn; None for as many as the pixels need (pi / 2
            times the longer side).
        detector_mm: Distance of neighbouring rays; None for the shorter edge.
    """
    edge = detector_mm or min(pixel_mm)
    diagonal = np.hypot(shape[0] * pixel_mm[0], shape[1] * pixel_mm[1])
    enough = views or int(np.ceil(np.pi / 2 * max(shape)))
    return ParallelBeam(
        shape, pixel_mm, enough, int(np.ceil(diagonal / edge)) + 3, edge
    )


def project(
    image: Float[np.ndarray, "i j"], beam: ParallelBeam
) -> Float32[np.ndarray, "a d"]:
    """Integrate a slice along every ray.

    Args:
        image: Attenuation in 1/mm, or any density per millimetre.
        beam: Where the rays run.

    Returns:
        The sinogram: one line integral a view and ray, without unit for 1/mm.

    Raises:
        GeometryError: The image does not lie on the beam's grid.

    Limits:
        Parallel rays of no width, one energy, no scatter.

    Source:
        Joseph 1982, IEEE TMI 1(3):192-196, the interpolation along a ray.
        doi:10.1109/TMI.1982.4307572
    """
    _refuse_other(image.shape, beam.shape, "image")
    flat = {True: _padded(image.T), False: _padded(image)}
    sinogram = np.empty((beam.views, beam.detectors), np.float32)
    for view, march in enumerate(_marches(beam)):
        place = np.add.outer(march.start + 1, march.stride * np.arange(beam.detectors))
        place = np.clip(place, 0, march.side + 1).astype(np.float32)
        index = place.astype(np.int32)
        place -= index
        lines = np.arange(len(march.start), dtype=np.int32)
        index += (lines * (march.side + 3))[:, None]
        low = flat[march.along_j].take(index)
        low += place * (flat[march.along_j].take(index + 1) - low)
        sinogram[view] = low.sum(axis=0) * march.step_mm
    return sinogram


def adjoint(
    sinogram: Float[np.ndarray, "a d"], beam: ParallelBeam
) -> Float32[np.ndarray, "i j"]:
    """Smear a sinogram back along the rays: the exact adjoint of `project`.

    Args:
        sinogram: One number a view and ray.
        beam: Where the rays run.

    Returns:
        The slice x for which <project(y), s> = <y, x> whatever y is.

    Raises:
        GeometryError: The sinogram does not fit the beam.

    Limits:
        No reconstruction: it is what an iterative one needs; see `reconstruct`.
    """
    _refuse_other(sinogram.shape, (beam.views, beam.detectors), "sinogram")
    sums = {along_j: np.zeros(beam.shape, np.float32) for along_j in (True, False)}
    margin = int(np.ceil(max(beam.pixel_mm) * np.sqrt(2) / beam.detector_mm)) + 1
    last = beam.detectors + 2 * margin - 1
    for view, march in enumerate(_marches(beam)):
        values = np.pad(sinogram[view] * march.step_mm, margin).astype(np.float32)
        reach = 1 / abs(march.stride)  # a ray reaches the pixels less than 1 away
        ray = np.add.outer(np.arange(march.side), -march.start) / march.stride
        first = np.floor(ray - reach).astype(np.int32) + 1
        ray = (ray - first).astype(np.float32)
        total = sums[march.along_j] if march.along_j else sums[march.along_j].T
        for further in range(int(np.ceil(2 * reach))):
            near = np.maximum(1 - np.abs(ray - further) / np.float32(reach), 0)
            near *= values.take(np.clip(first + (further + margin), 0, last))
            total += near
    return sums[True] + sums[False]


def reconstruct(
    sinogram: Float[np.ndarray, "a d"], beam: ParallelBeam, kernel: Kernel
) -> Float32[np.ndarray, "i j"]:
    """Turn line integrals into a slice by filtered back projection.

    Args:
        sinogram: As `project` returns it.
        beam: Where the rays ran.
        kernel: What is kept of each spatial frequency (in 1/mm), 1 for all: `sharp`,
            `standard`, `soft`.

    Returns:
        The slice, in the unit that was projected. Linear in the sinogram.

    Raises:
        GeometryError: The sinogram does not fit the beam.

    Limits:
        Streaks where views are fewer than about pi / 2 times the longer side. Rays
        that a body overhangs are cut, which brightens the rim.

    Source:
        Kak and Slaney 1988, Principles of Computerized Tomographic Imaging, ch. 3.
        doi:10.1137/1.9780898719277
    """
    _refuse_other(sinogram.shape, (beam.views, beam.detectors), "sinogram")
    filtered = _ramp_filtered(sinogram, beam, kernel)
    x, y = (_places_mm(n, e) for n, e in zip(beam.shape, beam.pixel_mm, strict=True))
    picture = np.zeros(beam.shape, np.float32)
    centre = (beam.detectors - 1) / 2
    for values, angle in zip(filtered, beam.angles, strict=True):
        across = x * (np.cos(angle) / beam.detector_mm) + centre
        along = y * (np.sin(angle) / beam.detector_mm)
        place = np.add.outer(across.astype(np.float32), along.astype(np.float32))
        np.clip(place, 0, beam.detectors - 1.001, out=place)
        index = place.astype(np.int32)
        place -= index
        place *= np.diff(values).take(index)
        picture += values.take(index)
        picture += place
    return picture * np.float32(np.pi / beam.views)


def ram_lak(per_mm: Float[np.ndarray, " f"]) -> Float[np.ndarray, " f"]:
    """Keep every frequency: no window at all."""
    return np.ones_like(per_mm)


def sharp(per_mm: Float[np.ndarray, " f"]) -> Float[np.ndarray, " f"]:
    """Keep fine detail, as for bone and lung: half is left at 0.7 per mm."""
    return np.cos(np.pi / 2 * np.minimum(per_mm / 1.05, 1))


def standard(per_mm: Float[np.ndarray, " f"]) -> Float[np.ndarray, " f"]:
    """Keep what soft tissue shows: a Hann window, half is left at 0.4 per mm."""
    return 0.5 * (1 + np.cos(np.pi * np.minimum(per_mm / 0.8, 1)))


def soft(per_mm: Float[np.ndarray, " f"]) -> Float[np.ndarray, " f"]:
    """Smooth for low contrast: a Hann window, half is left at 0.28 per mm."""
    return 0.5 * (1 + np.cos(np.pi * np.minimum(per_mm / 0.56, 1)))


def _marches(beam: ParallelBeam) -> Iterator[_March]:
    """Yield, a view, the way its rays take through the lines of pixels."""
    (rows, columns), (di, dj) = beam.shape, beam.pixel_mm
    x, y, t = _places_mm(rows, di), _places_mm(columns, dj), beam.offsets_mm[0]
    for angle in beam.angles:
        c, s = np.cos(angle), np.sin(angle)
        if abs(c) >= abs(s):
            start = (t - y * s) / (c * di) + (rows - 1) / 2
            yield _March(True, rows, start, beam.detector_mm / (c * di), dj / abs(c))
        else:
            start = (t - x * c) / (s * dj) + (columns - 1) / 2
            yield _March(
                False, columns, start, beam.detector_mm / (s * dj), di / abs(s)
            )


def _ramp_filtered(
    sinogram: Float[np.ndarray, "a d"], beam: ParallelBeam, kernel: Kernel
) -> Float32[np.ndarray, "a d"]:
    """Filter each view by |f| times the kernel, the ramp sampled in space.

    Sampled in frequency instead, its zero at DC would darken the whole slice.
    """
    d, length = beam.detector_mm, 1 << int(2 * beam.detectors - 1).bit_length()
    n = np.fft.fftfreq(length, 1 / length)
    ramp = np.zeros(length)
    odd = n % 2 == 1
    ramp[odd] = -1 / (np.pi * n[odd] * d) ** 2
    ramp[0] = 1 / (4 * d**2)
    passed = np.fft.rfft(ramp).real * d * kernel(np.fft.rfftfreq(length, d))
    spectrum = np.fft.rfft(sinogram, length, axis=1) * passed
    return np.fft.irfft(spectrum, length, axis=1)[:, : beam.detectors].astype(
        np.float32
    )


def _places_mm(count: int, edge_mm: float) -> Float[np.ndarray, " n"]:
    return (np.arange(count) - (count - 1) / 2) * edge_mm


def _padded(image: Float[np.ndarray, "m n"]) -> Float32[np.ndarray, " p"]:
    return np.pad(image, ((0, 0), (1, 2))).astype(np.float32).ravel()


def _refuse_other(found: tuple[int, ...], wanted: tuple[int, ...], name: str) -> None:
    if found != wanted:
        raise GeometryError(f"the {name} is {found}, but the beam is made for {wanted}")
