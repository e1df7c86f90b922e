"""Laws of projection: adjoint, linear, and the way back returns the slice."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from laws import assert_adjoint
from vesalius.errors import GeometryError
from vesalius.physics.projection import (
    ParallelBeam,
    adjoint,
    beam_over,
    project,
    ram_lak,
    reconstruct,
    sharp,
    soft,
    standard,
)

sides = st.integers(min_value=1, max_value=14)
edges = st.floats(0.4, 3.0)
KERNELS = [ram_lak, sharp, standard, soft]


def disc(side: int, pixel_mm: float, radius_mm: float, centre=(0.0, 0.0)) -> np.ndarray:
    """A disc, its rim fading over two pixels: a slice cannot hold a sharper one."""
    along = (np.arange(side) - (side - 1) / 2) * pixel_mm
    apart = np.hypot(along[:, None] - centre[0], along[None] - centre[1])
    return np.clip((radius_mm - apart) / (2 * pixel_mm) + 0.5, 0, 1)


@given(
    shape=st.tuples(sides, sides),
    pixel_mm=st.tuples(edges, edges),
    detector_mm=edges,
    views=st.integers(1, 13),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=60)
def test_adjoint_is_the_adjoint_of_project(shape, pixel_mm, detector_mm, views, seed):
    beam = beam_over(shape, pixel_mm, views=views, detector_mm=detector_mm)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=beam.shape) / x_scale(beam)
    y = rng.normal(size=(beam.views, beam.detectors))
    assert_adjoint(
        lambda t: torch.from_numpy(project(t.numpy(), beam)).double(),
        lambda t: torch.from_numpy(adjoint(t.numpy(), beam)).double(),
        torch.from_numpy(x),
        torch.from_numpy(y),
    )


def x_scale(beam: ParallelBeam) -> float:
    """Keep both inner products near 1, where the law's tolerance is meant."""
    rays = beam.views * beam.detectors
    return max(1.0, np.sqrt(rays * max(beam.shape)) * max(beam.pixel_mm))


def test_project_is_linear():
    beam = beam_over((12, 9), (1.0, 1.5))
    a, b = np.random.default_rng(0).normal(size=(2, 12, 9))
    both = project(2 * a - b, beam)
    np.testing.assert_allclose(both, 2 * project(a, beam) - project(b, beam), atol=1e-4)


@pytest.mark.parametrize("pixel_mm", [(1.0, 1.0), (0.7, 1.4)])
def test_every_view_sees_the_same_mass(pixel_mm):
    beam = beam_over((64, 48), pixel_mm, detector_mm=0.5)
    image = np.zeros((64, 48))
    image[20:40, 15:30] = np.random.default_rng(0).random((20, 15))
    mass = image.sum() * pixel_mm[0] * pixel_mm[1]
    seen = project(image, beam).sum(axis=1) * beam.detector_mm
    np.testing.assert_allclose(
        seen, mass, rtol=0.02
    )  # rays sample, they do not average


def test_a_line_through_a_disc_is_as_long_as_its_chord():
    beam = beam_over((128, 128), (1.0, 1.0))
    sinogram = project(disc(128, 1.0, 40.0), beam)
    chord = 2 * np.sqrt(np.maximum(40.0**2 - beam.offsets_mm**2, 0))
    inner = np.abs(beam.offsets_mm) < 36
    np.testing.assert_allclose(
        sinogram[:, inner], chord[inner][None].repeat(beam.views, 0), atol=1.2
    )


def test_left_is_left_and_front_is_front():
    beam = beam_over((65, 65), (1.0, 1.0), views=2)
    image = np.zeros((65, 65))
    image[32 + 10, 32 - 20] = 1
    along_j, along_i = project(image, beam)
    assert beam.offsets_mm[along_j.argmax()] == pytest.approx(10, abs=1)
    assert beam.offsets_mm[along_i.argmax()] == pytest.approx(-20, abs=1)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("detector_mm", [None, 0.6])
def test_reconstruction_returns_a_smooth_slice(kernel, detector_mm):
    image = disc(96, 1.5, 50.0) + 0.5 * disc(96, 1.5, 15.0, (20.0, -10.0))
    beam = beam_over((96, 96), (1.5, 1.5), detector_mm=detector_mm, views=240)
    restored = reconstruct(project(image, beam), beam, kernel)
    flat_inside = (disc(96, 1.5, 12.0, (20.0, -10.0)) == 1) | (
        (disc(96, 1.5, 45.0) == 1) & (disc(96, 1.5, 20.0, (20.0, -10.0)) == 0)
    )
    assert np.abs(restored - image)[flat_inside].max() < 0.05  # 50 HU at worst ...
    assert abs((restored - image)[flat_inside].mean()) < 0.002  # ... 2 HU on average


def test_reconstruction_is_linear():
    beam = beam_over((20, 20), (1.0, 1.0))
    a, b = np.random.default_rng(0).normal(size=(2, beam.views, beam.detectors))
    both = reconstruct(3 * a + b, beam, standard)
    apart = 3 * reconstruct(a, beam, standard) + reconstruct(b, beam, standard)
    np.testing.assert_allclose(both, apart, atol=1e-4)


def test_kernels_stand_in_the_order_of_their_sharpness():
    frequency = np.linspace(0, 0.8, 50)
    passed = [kernel(frequency) for kernel in KERNELS]
    for sharper, softer in pairwise(passed):
        assert (sharper >= softer - 1e-12).all()
    assert all(p[0] == 1 for p in passed)


def test_another_grid_is_refused():
    beam = beam_over((8, 8), (1.0, 1.0))
    with pytest.raises(GeometryError, match="image"):
        project(np.zeros((8, 9)), beam)
    for function in (adjoint, lambda s, b: reconstruct(s, b, soft)):
        with pytest.raises(GeometryError, match="sinogram"):
            function(np.zeros((3, 3)), beam)


def test_a_beam_without_rays_is_refused():
    with pytest.raises(GeometryError, match="above zero"):
        ParallelBeam((4, 4), (1.0, 1.0), 0, 5, 1.0)
