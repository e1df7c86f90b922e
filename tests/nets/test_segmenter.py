"""Laws of the segmenters: sizes agree, weights come back, several are averaged."""

import pytest
import torch

from vesalius.nets import Segmenter, Segmenters, network_of

WIDTHS = (8, 8, 12)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Segmenter(5, WIDTHS).eval()


def seen(seed=0):
    return torch.rand(2, 5, 32, 24, generator=torch.Generator().manual_seed(seed))


def test_answers_come_at_full_size_and_at_coarser_ones(net):
    full, coarse = net.at_every_size(seen())
    assert full.shape == (2, 1, 32, 24)
    assert coarse.shape == (2, 1, 8, 6)
    assert net.multiple == 8
    torch.testing.assert_close(net(seen()), full)


def weights_of(*nets):
    return {
        f"members.{n}.{name}": tensor
        for n, net in enumerate(nets)
        for name, tensor in net.state_dict().items()
        if tensor.is_floating_point()
    }


def test_members_come_back_and_are_averaged(net):
    torch.manual_seed(1)
    other = Segmenter(5, WIDTHS).eval()
    both = network_of(weights_of(net, other))
    assert isinstance(both, Segmenters)
    expected = (net(seen()).sigmoid() + other(seen()).sigmoid()) / 2
    torch.testing.assert_close(both(seen()), expected)
    assert not any(p.requires_grad for p in both.parameters())


def test_a_missing_weight_is_no_network(net):
    broken = weights_of(net)
    del broken["members.0.down.0.first.weight"]
    with pytest.raises(RuntimeError):
        network_of(broken)
