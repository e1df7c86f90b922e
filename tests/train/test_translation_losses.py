"""The translators' losses go down, and teach the network they are meant to teach."""

import numpy as np
import pytest
import torch

from vesalius.nets import Critic, Translator
from vesalius.train.loop import fit
from vesalius.train.pairs import OUTLINE, PairBatch
from vesalius.train.recipe import Recipe
from vesalius.train.translating_lanes import judged_ct, judged_mr
from vesalius.train.translation_losses import (
    Duel,
    adversarial,
    median_and_quantiles,
)

CHANNELS, SIDE = 9, 32


def batch(seed=0):
    """Truth is twice what is seen, with a texture that nothing seen tells."""
    rng = np.random.default_rng(seed)
    seen = rng.random((2, CHANNELS, SIDE, SIDE), np.float32)
    seen[:, OUTLINE] = 1
    grain = 0.2 * (rng.integers(0, 2, (2, 1, SIDE, SIDE)) - 0.5)
    wanted = (2 * seen[:, :1] + grain).astype(np.float32)
    return PairBatch(seen, wanted, np.ones_like(wanted))


class Same:
    """Draws from a few batches for ever."""

    def draw(self, count, side, rng):
        """Return one of four."""
        return batch(int(rng.integers(4)))


@pytest.fixture
def translator():
    torch.manual_seed(0)
    return Translator(CHANNELS, (8, 8))


def duel_of(translator, warm_up=0):
    torch.manual_seed(1)
    return Duel(translator, Critic(8), judged_mr, warm_up)


def trained(net, loss, steps, folder):
    plan = Recipe(name="t", modality="MR", steps=steps, batch=2, side=SIDE, warm=2)
    return fit(net, loss, Same(), plan, file=folder / "checkpoint.safetensors")


def taught(module):
    return any(p.grad is not None and p.grad.any() for p in module.parameters())


def test_the_median_is_learnt(translator, tmp_path):
    before = median_and_quantiles(translator, batch(9)).item()
    trained(translator, median_and_quantiles, 20, tmp_path)
    assert median_and_quantiles(translator, batch(9)).item() < 0.7 * before


def test_the_translator_learns_in_every_second_step_and_the_critic_in_all(translator):
    duel = duel_of(translator)
    told = []
    for _ in range(4):
        duel.zero_grad()
        adversarial(duel, batch()).backward()
        told.append((taught(duel.translator), taught(duel.critic)))
    assert told == [(True, True), (False, True), (True, True), (False, True)]
    assert int(duel.turn) == 4


def test_at_first_the_critic_teaches_nothing(translator):
    median_and_quantiles(translator, batch()).backward()
    alone = [p.grad.clone() for p in translator.parameters()]
    apart = {}
    for warm_up in (0, 9):
        translator.zero_grad()
        adversarial(duel_of(translator, warm_up), batch()).backward()
        found = [p.grad for p in translator.parameters()]
        apart[warm_up] = max(
            float((one - other).abs().max())
            for one, other in zip(found, alone, strict=True)
        )
    assert apart[9] == 0
    assert apart[0] > 0


def test_the_translators_loss_teaches_the_critic_nothing(translator):
    """With the translator in play or not, the critic's gradient is the same."""
    alone, beside = duel_of(translator, warm_up=9), duel_of(translator)
    for duel in (alone, beside):
        torch.manual_seed(3)
        adversarial(duel, batch()).backward()
    for one, other in zip(
        alone.critic.parameters(), beside.critic.parameters(), strict=True
    ):
        torch.testing.assert_close(one.grad, other.grad)


def test_the_critic_comes_to_tell_a_smooth_picture_from_a_grainy_truth(
    translator, tmp_path
):
    duel = duel_of(translator, warm_up=1000)
    left = trained(duel, adversarial, 40, tmp_path)
    assert float(duel.right) > 0.55  # a running mean that began at chance
    assert "right" in left.weights  # the checkpoint says how the duel stands


def test_what_lies_outside_the_head_is_not_shown_to_the_critic(translator):
    """A holder that CT shows and MR does not would be told apart for ever."""
    one, two = batch(), batch()
    for part in (one, two):
        part.seen[:, OUTLINE, :, SIDE // 2 :] = 0
    two.wanted[:, :, :, SIDE // 2 :] += 3
    losses = []
    for part in (one, two):
        torch.manual_seed(5)
        duel = duel_of(translator)
        duel.turn += 1  # the critic's turn alone
        losses.append(adversarial(duel, part).item())
    assert losses[0] == losses[1]


def test_the_critic_sees_soft_tissue_in_fine_steps():
    kilo = torch.tensor([1.05, 1.06, 2.05, 2.06])
    steps = judged_ct(kilo)
    assert steps[1] - steps[0] > 5 * (steps[3] - steps[2])
    assert torch.all(judged_ct(torch.linspace(0, 4, 200)).diff() > 0)
