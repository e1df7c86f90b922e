"""From pairs of pictures to a translator with its calibration and its card."""

import numpy as np
import pytest
from safetensors.torch import load_file

from vesalius.errors import ConfigError
from vesalius.evaluate.pairs import open_pair, pair_cases
from vesalius.nets import network_of
from vesalius.physics.phantom import head
from vesalius.tasks.translate import translate_by
from vesalius.train import train
from vesalius.train.courses import course_of
from vesalius.train.recipe import open_recipe
from vesalius.weights.cards import read_card
from vesalius.weights.models import Model

RECIPE = """
name = "pairs"
modality = "MR"
objective = "median"
seed = 1
steps = 2
batch = 2
side = 64
widths = [8, 8, 16]
targets = "phantoms"

[card]
task = "translate"
summary = "A trial."
units = "a.u."
spacing_range_mm = [0.2, 12.0]
field_of_view_mm = [40.0, 550.0]
intensity_range = [-1.0, 1e9]
contrasts = []
licence = "Apache-2.0"
limits = ["a trial"]
"""


@pytest.fixture(scope="module")
def place(paired_heads, tmp_path_factory):
    """The heads, and a recipe beside them."""
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "mr_ct_pairs").symlink_to(paired_heads / "mr_ct_pairs")
    (folder / "pairs.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def made(place):
    return train(place / "pairs.toml", place, out=place / "out")


def test_every_patient_has_three_slices_in_one_part(place):
    cases = pair_cases(place)
    assert len(cases) == 15
    parts = {case.patient: set() for case in cases}
    for case in cases:
        parts[case.patient].add(case.part)
    assert all(len(part) == 1 for part in parts.values())
    assert {case.centre for case in cases} == {f"{n}AB" for n in range(5)}
    pair = open_pair(cases[0])
    assert pair.mr.shape == pair.ct.shape == pair.mask.shape
    assert pair.ct[~pair.mask].max() == -1024


def test_batches_are_replayable_and_pictures_stay_together(place):
    plan = open_recipe(place / "pairs.toml")
    source = course_of(plan).source(plan, place)
    one, two = (source.draw(6, 64, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.seen, two.seen)
    assert one.seen.shape == (6, 9, 64, 64)
    assert one.seen.min() >= -1.5
    head_pixels = one.weight[:, 0] > 0.99
    inside = one.wanted[:, 0][head_pixels].mean()
    assert inside > one.wanted[:, 0][one.weight[:, 0] < 0.11].mean() + 0.5
    assert np.allclose(one.seen[:, 1], np.sqrt(one.seen[:, 0]), atol=1e-5)


def test_a_training_leaves_a_calibrated_translator(made, place):
    card = read_card(made / "pairs.toml")
    assert card.spread_multipliers[0][1] > 0
    said = {figure.name for figure in card.figures}
    assert "axial: MAE in the mask" in said
    assert "sagittal: coverage of the 90 % interval" in said
    assert any("centre" in name for name in said)


def opened(made):
    net = network_of(load_file(made / "pairs.safetensors"))
    return Model(read_card(made / "pairs.toml"), net)


@pytest.mark.parametrize("fuse", [False, True])
def test_a_volume_of_any_orientation_is_translated_onto_its_grid(made, fuse):
    model = Model(
        read_card(made / "pairs.toml"),
        network_of(load_file(made / "pairs.safetensors")),
    )
    scan = head(shape=(40, 48, 20), spacing_mm=(4.0, 4.0, 4.0), seed=8).truth
    told = []
    result = translate_by(
        scan, model, fuse=fuse, progress=lambda done, all_: told.append((done, all_))
    )
    assert result.picture.shares_grid_with(scan)
    assert result.picture.units == "HU"
    assert result.picture.modality == "CT"
    assert result.imagined is result.picture
    assert result.spread.voxels.min() >= 0
    assert told[-1] == ((108, 108) if fuse else (20, 20))


def test_long_voxels_are_not_fused(made):
    model = Model(
        read_card(made / "pairs.toml"),
        network_of(load_file(made / "pairs.safetensors")),
    )
    scan = head(shape=(40, 48, 6), spacing_mm=(4.0, 4.0, 9.0), seed=8).truth
    with pytest.raises(ConfigError, match="cubic"):
        translate_by(scan, model, fuse=True)


def test_a_folder_without_pairs_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="mri_axial"):
        pair_cases(tmp_path)
