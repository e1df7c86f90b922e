"""Laws of the restorer: scale does not matter, and it begins by changing nothing."""

import pytest
import torch

from vesalius.nets import Coded, Critic, Drawn, Restorer, network_of

WIDTHS = (4, 6, 8)


@pytest.fixture
def net():
    torch.manual_seed(0)
    made = Restorer(WIDTHS, depth=1)
    torch.nn.init.normal_(made.mean.weight, std=0.1)
    return made.eval()


def scene(seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(2, 3, 16, 24, generator=rng), torch.full((2, 1, 16, 24), 0.1)


@pytest.mark.parametrize("scale", [1e-2, 7.0, 3000.0])
def test_a_scan_in_another_unit_gives_the_answer_in_that_unit(net, scale):
    slices, noise = scene()
    expected = scale * net(slices, noise)
    # float32 over some hundred terms a pixel
    torch.testing.assert_close(
        net(scale * slices, scale * noise), expected, rtol=1e-3, atol=1e-4 * scale
    )


def test_an_untrained_restorer_returns_the_middle_slice():
    slices, noise = scene()
    answer = Restorer(WIDTHS, depth=1)(slices, noise)
    torch.testing.assert_close(answer[:, 0], slices[:, 1])


def test_widths_are_not_negative_and_train_without_the_mean(net):
    slices, noise = scene()
    answer = net(slices, noise)
    assert (answer[:, 1:] >= 0).all()
    answer[:, 1:].sum().backward()
    assert not net.stem.weight.grad.any(), "doubt must not shape the features"
    assert net.doubt[0].weight.grad.any()


def test_the_same_network_is_built_from_its_weights(net):
    again = Restorer.shaped_like(net.state_dict())
    assert (again.widths, again.depth, again.multiple) == (WIDTHS, 1, net.multiple)
    again.load_state_dict(net.state_dict())


def test_a_side_that_does_not_fold_is_refused(net):
    with pytest.raises(RuntimeError):
        net(torch.zeros(1, 3, 15, 16), torch.ones(1, 1, 15, 16))


def test_the_critic_scores_patches_and_sees_the_scan():
    torch.manual_seed(0)
    critic, picture = Critic(4), torch.rand(1, 1, 48, 48)
    one, other = critic(picture, picture), critic(picture, 1 - picture)
    assert one.shape[2:] == (10, 10)
    assert not torch.allclose(one, other)


def test_a_coded_restorer_starts_at_the_restorers_estimate(net):
    torch.manual_seed(1)
    coded, (slices, noise) = Coded(net), scene()
    features, estimate = coded.condition(slices, noise)
    torch.testing.assert_close(estimate, net(slices, noise)[:, :1])
    prior = coded.encode(features)
    change, log_sd = coded.decode(prior.mean, features)
    assert torch.equal(change, torch.zeros_like(change))
    assert log_sd.shape == estimate.shape


def test_the_posterior_sees_the_truth_and_the_prior_does_not(net):
    torch.manual_seed(1)
    coded, (slices, noise) = Coded(net), scene()
    features, estimate = coded.condition(slices, noise)
    blind, seeing = coded.encode(features), coded.encode(features, estimate)
    assert blind.mean.shape == seeing.mean.shape
    other = coded.encode(features, estimate + 1)
    assert not torch.allclose(seeing.mean, other.mean)


def test_drawing_is_replayable_and_scales_with_the_scan(net):
    torch.manual_seed(1)
    coded = Coded(net)
    torch.nn.init.normal_(coded.mean.weight, std=0.1)
    drawn, (slices, noise) = Drawn(coded, draws=3).eval(), scene()
    answer = drawn(slices, noise)
    assert torch.equal(answer, drawn(slices, noise))
    assert (answer[:, 1:] > 0).all()
    torch.testing.assert_close(
        drawn(50 * slices, 50 * noise), 50 * answer, rtol=1e-3, atol=1e-2
    )


def test_a_network_is_known_by_its_weights(net):
    plain, coded = net.state_dict(), Coded(net).state_dict()
    assert isinstance(network_of(plain), Restorer)
    assert isinstance(network_of(coded), Drawn)
    with pytest.raises(KeyError):
        network_of({"other.weight": torch.ones(1)})
