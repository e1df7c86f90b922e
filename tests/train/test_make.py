"""Recipe in, card out: from files to a model that denoises, on one's own data."""

import numpy as np
import pytest
from safetensors.torch import load_file

from vesalius.errors import ConfigError
from vesalius.io import write_volume
from vesalius.nets import Restorer
from vesalius.physics.noise import rician
from vesalius.physics.phantom import head
from vesalius.tasks.denoise import denoise_by
from vesalius.train import train
from vesalius.train.energy import start_meter
from vesalius.train.precision import faster_precision, machine
from vesalius.train.recipe import RECIPES, open_recipe
from vesalius.weights.cards import read_card
from vesalius.weights.models import Model

RECIPE = """
name = "own"
modality = "MR"
seed = 1
steps = 8
batch = 2
side = 32
widths = [4, 8]
depth = 1
noise = [0.02, 0.1]
targets = "phantoms"

[sets]
manifest = 0.7
phantom = 0.3

[card]
task = "denoise"
summary = "A trial."
units = "a.u."
spacing_range_mm = [0.2, 12.0]
field_of_view_mm = [40.0, 550.0]
intensity_range = [-1.0, 1e9]
contrasts = []
licence = "Apache-2.0"
limits = ["a trial"]
"""
PARTS = ("train", "train", "calibrate", "test")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.toml").write_text(RECIPE)
    lines = ["patient,file,modality,contrast,split"]
    for number, part in enumerate(PARTS):
        scan = head(shape=(112, 128, 3), spacing_mm=(1.7, 1.7, 5.0), seed=number).truth
        write_volume(scan, folder / f"{number}.nii.gz")
        lines.append(f"p{number},{number}.nii.gz,MR,T1w,{part}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def made(place):
    told = []
    folder = train(
        place / "own.toml",
        place,
        out=place / "out",
        progress=lambda step, steps, loss: told.append((step, steps)),
    )
    assert told[-1] == (8, 8)
    return folder


def test_a_training_leaves_weights_a_card_and_a_curve(made):
    names = sorted(file.name for file in made.iterdir())
    assert names == [
        "checkpoint.safetensors",
        "loss.png",
        "own.safetensors",
        "own.toml",
    ]
    card = read_card(made / "own.toml")
    assert card.training.steps == 8
    assert card.training.energy_kj >= 0
    assert [use.patients for use in card.data] == [2, 0]
    assert len(card.spread_multipliers) == 3
    assert {figure.patients for figure in card.figures} == {1}
    assert any("coverage" in figure.name for figure in card.figures)
    assert [table.title[:6] for table in card.tables] == ["Lesion", "Lesion", "False "]


def test_what_was_trained_denoises_by_its_card(made):
    card, tensors = read_card(made / "own.toml"), load_file(made / "own.safetensors")
    net = Restorer.shaped_like(tensors)
    net.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    truth = head(shape=(112, 128, 3), spacing_mm=(1.7, 1.7, 5.0), seed=9).truth
    rng = np.random.default_rng(0)
    noisy = truth.with_voxels(rician(truth.voxels, 40.0, rng))
    result = denoise_by(noisy, Model(card, net))
    assert result.verdict.outcome != "withhold"
    assert result.provenance.model == "own"
    assert result.picture.shares_grid_with(noisy)


def test_a_second_training_does_not_overwrite_the_first(made, place):
    with pytest.raises(ConfigError, match="--resume"):
        train(place / "own.toml", place, out=made)


def test_a_finished_training_gone_on_with_is_measured_again(made, place):
    before = (made / "own.safetensors").read_bytes()
    train(place / "own.toml", place, out=made, resume=True)
    assert (made / "own.safetensors").read_bytes() == before


def test_the_energy_counts_from_one_reading_to_the_next():
    read_meter = start_meter(threads=1)
    first = read_meter()
    assert first.joules >= 0
    assert first.basis in ("measured", "estimated")


def test_the_machine_is_named_and_its_precision_is_one_of_two():
    assert "thread" in machine()
    assert str(faster_precision()) in ("torch.float32", "torch.bfloat16")


def test_every_recipe_comes_after_the_one_it_starts_from():
    """`make weights` goes through them by name, and finds the start beside them."""
    names = sorted(file.stem for file in RECIPES.glob("*.toml"))
    for place, name in enumerate(names):
        plan = open_recipe(name)
        assert plan.name == name
        assert plan.start is None or plan.start in names[:place]
