"""Laws of the nodule coder: it rebuilds, judges, and learns from what it is shown."""

import numpy as np
import pytest
import torch

from vesalius.errors import ConfigError
from vesalius.evaluate.candidates import Candidates
from vesalius.nets.nodule_coder import SIDE, NoduleCoder, centred
from vesalius.train.nodules import NodulePatches, judged_and_rebuilt

WIDTHS = (8, 8, 8, 16)


def blobs(count=40):
    """Dim noise; every other patch with a bright ball in its middle."""
    rng = np.random.default_rng(0)
    y, x = np.indices((50, 50)) - 24.5
    ball = np.hypot(y, x) < 7
    pictures = 0.15 + 0.05 * rng.random((count, 50, 50))
    pictures[::2] += 0.6 * ball
    nodule = np.arange(count) % 2 == 0
    where = np.arange(count)
    return Candidates(where, pictures.astype(np.float32), nodule, where)


def test_patches_come_back_in_their_size_and_judged():
    torch.manual_seed(0)
    said = NoduleCoder(WIDTHS)(torch.rand(3, 1, SIDE, SIDE))
    assert said.rebuilt.shape == (3, 1, SIDE, SIDE)
    assert said.log_odds.shape == (3,)
    assert 0 <= said.rebuilt.min() <= said.rebuilt.max() <= 1


@pytest.mark.parametrize("side", [40, 48, 50, 61])
def test_patches_of_any_size_are_cut_around_their_middle(side):
    patch = torch.zeros(1, 1, side, side)
    patch[0, 0, side // 2, side // 2] = 1
    cut = centred(patch)
    assert cut.shape == (1, 1, SIDE, SIDE)
    place = cut[0, 0].nonzero()[0]
    assert (place - SIDE // 2).abs().max() <= 1


def test_weights_tell_their_shape():
    net = NoduleCoder(WIDTHS)
    again = NoduleCoder.shaped_like(net.state_dict())
    again.load_state_dict(net.state_dict())
    with pytest.raises(KeyError):
        NoduleCoder.shaped_like({})


def test_a_few_steps_tell_a_ball_from_noise():
    torch.manual_seed(0)
    net, source = NoduleCoder(WIDTHS), NodulePatches(blobs())
    fast = torch.optim.Adam(net.parameters(), 3e-3)
    for step in range(25):
        loss = judged_and_rebuilt(net, source.draw(16, 0, np.random.default_rng(step)))
        fast.zero_grad()
        loss.backward()
        fast.step()
    known = blobs()
    net.eval()
    said = net(centred(torch.from_numpy(known.pictures)[:, None])).log_odds
    nodule = torch.from_numpy(known.nodule)
    assert said[nodule].min() > said[~nodule].max()


def test_batches_are_replayable_and_need_both_kinds():
    source = NodulePatches(blobs())
    one, two = (source.draw(8, 0, np.random.default_rng(2)) for _ in range(2))
    assert np.array_equal(one.patches, two.patches)
    known = blobs()
    alone = Candidates(known.item, known.pictures, ~known.nodule & False, known.block)
    with pytest.raises(ConfigError):
        NodulePatches(alone)
