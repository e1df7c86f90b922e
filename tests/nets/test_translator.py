"""Laws of the translator: sizes agree, widths are not negative, weights come back."""

import pytest
import torch

from vesalius.nets import Translator, network_of

WIDTHS = (8, 8, 16)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Translator(9, WIDTHS).eval()


def seen(shape=(32, 24)):
    return torch.rand(2, 9, *shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(32, 24), (16, 40)])
def test_the_answer_has_the_inputs_size(net, shape):
    answer = net(seen(shape))
    assert answer.shape == (2, 3, *shape)
    assert answer[:, 1:].min() >= 0
    assert net.multiple == 4


def test_widths_train_without_the_picture(net):
    net(seen())[:, 1:].sum().backward()
    assert not net.stem.weight.grad.any()
    assert net.doubt[0].weight.grad.any()


def test_weights_come_back(net):
    again = network_of(dict(net.state_dict()))
    assert isinstance(again, Translator)
    torch.testing.assert_close(again(seen()), net(seen()))


def test_a_pixel_knows_of_one_far_away(net):
    one, two = seen((64, 64)), seen((64, 64))
    two[:, 0, 0, 0] += 5
    apart = (net(one) - net(two))[:, 0].abs()
    assert apart[:, 60, 60].max() > 0  # the attention at the bottom
