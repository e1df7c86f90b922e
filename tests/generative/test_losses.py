"""Each loss is least where it should be."""

import pytest
import torch

from vesalius.generative.adversarial import (
    critic_loss,
    generator_loss,
    gradient_penalty,
    share_told_apart,
)
from vesalius.generative.regression import balanced_square, pinball
from vesalius.generative.unpaired import round_trip, weighted_distance
from vesalius.generative.variational import divergence, draw_code


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_pinball_is_least_at_the_quantile(share):
    torch.manual_seed(0)
    errors = torch.randn(20_000)
    widths = torch.linspace(-3, 3, 121)
    losses = torch.stack([pinball(errors, width, share).mean() for width in widths])
    # 120 steps over 6 SD, and the error of a quantile of 20,000 draws
    assert abs(widths[losses.argmin()] - errors.quantile(share)) <= 0.06


def test_the_balanced_square_is_least_at_the_mean_and_ignores_what_has_no_weight():
    truth = torch.tensor([1.0, 2.0, 6.0, 99.0]).reshape(1, 1, 1, 4)
    weight = torch.tensor([1.0, 1.0, 1.0, 0.0]).reshape(1, 1, 1, 4)
    level = torch.ones_like(truth)
    at = [
        balanced_square(torch.full_like(truth, x), truth, level, weight)
        for x in (2.0, 3.0, 4.0)
    ]
    assert at[1] < at[0]
    assert at[1] < at[2]


def test_a_noisier_scan_may_err_more():
    truth, weight = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    quiet, loud = (
        balanced_square(truth + 1, truth, torch.full_like(truth, level), weight)
        for level in (1.0, 2.0)
    )
    assert quiet > loud


def test_critic_and_generator_want_the_opposite():
    low, high = torch.zeros(8), torch.ones(8)
    assert critic_loss(high, low) < critic_loss(low, high)
    assert generator_loss(high, low) > generator_loss(low, high)


def test_the_penalty_is_the_square_of_the_slope():
    pictures = torch.rand(3, 1, 4, 4)
    penalty = gradient_penalty(lambda x: 2 * x.sum(dim=(1, 2, 3)), pictures)
    torch.testing.assert_close(penalty, torch.tensor(4.0 * 16))


def test_equal_codes_do_not_diverge_and_others_do():
    mean, log_sd = torch.randn(2, 4), torch.randn(2, 4)
    code = (mean, log_sd)
    torch.testing.assert_close(divergence(code, code), torch.tensor(0.0))
    moved = divergence((mean + 1, torch.zeros(2, 4)), (mean, torch.zeros(2, 4)))
    torch.testing.assert_close(moved, torch.tensor(0.5))


def test_a_drawn_code_has_the_mean_and_sd_it_was_given():
    unit = torch.tensor([-1.0, 0.0, 1.0])
    drawn = draw_code(torch.full((3,), 5.0), torch.full((3,), 2.0).log(), unit)
    torch.testing.assert_close(drawn, torch.tensor([3.0, 5.0, 7.0]))


def test_a_critic_at_chance_tells_half_apart_and_a_good_one_all():
    low, high = torch.zeros(8), torch.ones(8)
    assert share_told_apart(high, low) == 1
    assert share_told_apart(low, high) == 0
    assert share_told_apart(low, low) == 0.5


def test_what_comes_home_unchanged_costs_nothing():
    real, weight = torch.rand(2, 1, 4, 4), torch.ones(2, 1, 4, 4)
    made, home = round_trip(real, lambda x: 2 * x, lambda x: x / 2)
    torch.testing.assert_close(made, 2 * real)
    assert weighted_distance(home, real, weight) == 0
    torch.testing.assert_close(
        weighted_distance(real + 3, real, weight), torch.tensor(3.0)
    )


def test_what_has_no_weight_costs_nothing():
    one, other = torch.zeros(1, 1, 1, 2), torch.tensor([[[[1.0, 9.0]]]])
    weight = torch.tensor([[[[1.0, 0.0]]]])
    assert weighted_distance(one, other, weight) == 1
