"""A training can be stopped, gone on with, and repeated."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vesalius.errors import ConfigError, WeightsError
from vesalius.nets import Coded, Critic, Restorer
from vesalius.train.checkpoint import load_checkpoint
from vesalius.train.degrade import ct_noise, leave, mr_noise, recolour
from vesalius.train.descent import orthogonalise
from vesalius.train.examples import Anatomy, Examples
from vesalius.train.loop import fit, rate_at
from vesalius.train.objectives import (
    Duel,
    adversarial,
    mean_and_quantiles,
    variational,
)
from vesalius.train.recipe import Recipe, open_recipe

RECIPE = Recipe(
    name="tiny",
    modality="MR",
    seed=3,
    steps=6,
    batch=2,
    side=16,
    widths=(4, 6),
    depth=1,
    warm=2,
    noise=(0.02, 0.1),
    sets={"own": 1.0},
    keep_every=2,
)


@pytest.fixture(scope="module")
def examples():
    ramp = np.linspace(0, 1, 24, dtype=np.float32)
    cube = np.sqrt(ramp[:, None, None] * ramp[None, :, None] * ramp[None, None])
    anatomy = Anatomy(np.ascontiguousarray(cube, np.float32), (0, 1, 2), 0.06)
    return Examples([[anatomy]], (1.0,), RECIPE.noise, mr_noise, recolour, 0.2)


def tiny():
    torch.manual_seed(0)
    return Restorer(RECIPE.widths, RECIPE.depth)


def test_the_loss_falls(examples, tmp_path):
    net, batch = tiny(), examples.draw(24, 16, np.random.default_rng(9))
    before = mean_and_quantiles(net, batch).item()
    recipe = replace(RECIPE, steps=150, batch=4)
    file = tmp_path / "c.safetensors"
    trained = fit(net, mean_and_quantiles, examples, recipe, file=file)
    assert trained.steps == 150
    assert mean_and_quantiles(net, batch).item() < 0.9 * before


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(examples, tmp_path):
    whole = fit(
        tiny(), mean_and_quantiles, examples, RECIPE, file=tmp_path / "w.safetensors"
    )

    def stop(step, steps, loss):
        if step == 5:
            raise KeyboardInterrupt

    file = tmp_path / "s.safetensors"
    with pytest.raises(KeyboardInterrupt):
        fit(tiny(), mean_and_quantiles, examples, RECIPE, file=file, progress=stop)
    assert load_checkpoint(file).step == 4
    gone_on = fit(tiny(), mean_and_quantiles, examples, RECIPE, file=file)
    assert gone_on.steps == whole.steps == RECIPE.steps
    for name, tensor in whole.weights.items():
        torch.testing.assert_close(gone_on.weights[name], tensor, rtol=0, atol=0)


def test_another_seed_is_another_training(examples, tmp_path):
    one, two = (
        fit(
            tiny(),
            mean_and_quantiles,
            examples,
            replace(RECIPE, seed=seed),
            file=tmp_path / f"{seed}.safetensors",
        ).weights["stem.weight"]
        for seed in (1, 2)
    )
    assert not torch.equal(one, two)


def test_a_spent_budget_of_minutes_ends_the_training(examples, tmp_path):
    recipe = replace(RECIPE, steps=10_000, minutes=0.02)
    file = tmp_path / "c.safetensors"
    trained = fit(tiny(), mean_and_quantiles, examples, recipe, file=file)
    assert 1 <= trained.steps < 10_000
    assert trained.minutes >= 0.02
    assert trained.joules > 0


def test_a_duel_trains_both_and_a_coded_restorer_leaves_its_start_alone(
    examples, tmp_path
):
    duel = Duel(tiny(), Critic(4))
    before = {name: p.clone() for name, p in duel.state_dict().items()}
    recipe = replace(RECIPE, side=48, steps=2)
    fit(duel, adversarial, examples, recipe, file=tmp_path / "d.safetensors")
    moved = {n for n, p in duel.state_dict().items() if not torch.equal(p, before[n])}
    assert any(name.startswith("critic.") for name in moved)
    assert any(name.startswith("restorer.") for name in moved)

    coded = Coded(tiny())
    start = coded.restorer.stem.weight.clone()
    head = coded.prior[0].weight.clone()
    fit(coded, variational, examples, RECIPE, file=tmp_path / "v.safetensors")
    assert torch.equal(coded.restorer.stem.weight, start)
    assert not torch.equal(coded.prior[0].weight, head)


def test_a_damaged_checkpoint_is_refused(examples, tmp_path):
    file = tmp_path / "c.safetensors"
    file.write_bytes(b"no checkpoint")
    with pytest.raises(WeightsError, match="without --resume"):
        fit(tiny(), mean_and_quantiles, examples, RECIPE, file=file)


def test_the_rate_rises_holds_and_falls():
    options = {"warm": 10, "hold": 0.5}
    rates = [rate_at(step / 100, step, **options) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[20] == rates[49] == 1.0
    assert rates[75] == pytest.approx(0.5)
    assert rates[-1] < 0.05


def test_examples_are_replayable_and_hold_what_they_say(examples):
    one = examples.draw(6, 16, np.random.default_rng(5))
    two = examples.draw(6, 16, np.random.default_rng(5))
    assert np.array_equal(one.noisy, two.noisy)
    assert one.noisy.shape == (6, 3, 16, 16)
    assert one.level.shape == one.clean.shape == (6, 1, 16, 16)
    assert one.level.min() > 0


@pytest.mark.parametrize(
    ("noise", "mean", "sigma"), [(mr_noise, 100.0, 4.0), (ct_noise, 1000.0, 30.0)]
)
def test_the_noise_has_the_sd_it_says(noise, mean, sigma):
    clean = np.full((3, 64, 64), mean, np.float32)
    off = []
    for seed in range(40):
        seen, spread = noise(clean, sigma, np.random.default_rng(seed))
        off.append(np.mean(((seen - clean) / spread) ** 2))
        assert spread.mean() == pytest.approx(sigma, rel=1e-3)
    # coloured noise of few independent pixels scatters by some per cent a draw
    assert np.mean(off) == pytest.approx(1.0, abs=0.1)


def test_another_contrast_keeps_air_and_range():
    crop = np.linspace(0, 1, 300, dtype=np.float32).reshape(3, 10, 10)
    made = recolour(crop, np.random.default_rng(0))
    assert made[0, 0, 0] == 0
    assert made.min() >= 0
    assert made.max() <= 1
    assert not np.allclose(made, crop)
    assert leave(crop, np.random.default_rng(0)) is crop


@pytest.mark.parametrize(
    "wrong",
    [{"steps": 0}, {"batch": 0}, {"side": 18}, {"noise": (0.2, 0.1)}],
)
def test_a_recipe_that_cannot_be_is_refused(wrong):
    with pytest.raises(ConfigError, match="tiny"):
        replace(RECIPE, **wrong)


def test_shipped_recipes_open_and_an_unknown_one_is_named():
    assert open_recipe("denoise-mr").card_of().task == "denoise"
    with pytest.raises(ConfigError, match="known are denoise-ct"):
        open_recipe("denoise-xx")


def test_an_orthogonalised_matrix_keeps_directions_and_loses_sizes():
    rng = torch.Generator().manual_seed(0)
    for rows, columns in ((8, 40), (40, 8)):
        matrix = torch.randn(rows, columns, generator=rng)
        sizes = torch.linalg.svdvals(orthogonalise(matrix))
        # five rounds of the quintic end between 0.68 and 1.14, Jordan 2024
        assert sizes.min() > 0.6
        assert sizes.max() < 1.25
        overlap = (orthogonalise(matrix) * matrix).sum()
        assert overlap > 0.9 * torch.linalg.svdvals(matrix).sum() * sizes.min()
