"""A function carried over slices sees what it would see alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vesalius.generative import slices as module
from vesalius.generative.slices import mirrored, over_slices


def sum_of_three(seen, level):
    return torch.cat([seen.sum(1, keepdim=True), level], dim=1)


def carry(function, stack, multiple=1, **options):
    def level_of(z):
        return np.full(stack.shape[1:], z, np.float32)

    answers = over_slices(
        function, stack, level_of, channels=2, multiple=multiple, **options
    )
    return np.stack([answer for _, answer in answers])


@given(
    z=st.integers(1, 4), y=st.integers(1, 20), x=st.integers(1, 20), m=st.integers(1, 8)
)
def test_every_slice_sees_its_neighbours_and_the_ends_see_themselves(z, y, x, m):
    rng = np.random.default_rng(z * 1000 + y * 40 + x)
    stack = rng.standard_normal((z, y, x)).astype(np.float32)
    around = np.concatenate([stack[:1], stack, stack[-1:]])
    expected = around[:-2] + around[1:-1] + around[2:]
    answer = carry(sum_of_three, stack, m)
    np.testing.assert_allclose(answer[:, 0], expected, rtol=1e-5, atol=1e-5)
    assert (answer[:, 1] == np.arange(z)[:, None, None]).all()


def test_tiles_meet_without_a_seam(monkeypatch):
    stack = np.random.default_rng(0).random((2, 90, 70), np.float32)

    def blurred(seen, level):
        near = torch.nn.functional.avg_pool2d(seen[:, 1:2], 5, 1, 2)
        return torch.cat([near, level], 1)

    whole = carry(blurred, stack)
    monkeypatch.setattr(module, "TILE", 32)
    monkeypatch.setattr(module, "OVERLAP", 4)
    np.testing.assert_allclose(carry(blurred, stack), whole, rtol=1e-5)


@pytest.mark.parametrize("turns", [1, 2, 4])
def test_mirror_images_are_turned_back(turns):
    seen, level = torch.rand(1, 3, 8, 12), torch.rand(1, 1, 8, 12)
    torch.testing.assert_close(
        mirrored(sum_of_three, turns)(seen, level), sum_of_three(seen, level)
    )


def test_mirror_images_cancel_what_depends_on_direction():
    def shifted(seen, level):
        return torch.cat([seen[:, 1:2].roll(1, 3), level], 1)

    seen, level = torch.zeros(1, 3, 5, 9), torch.zeros(1, 1, 5, 9)
    seen[..., 4] = 1
    answer = mirrored(shifted, 4)(seen, level)
    torch.testing.assert_close(answer, answer.flip(3))
