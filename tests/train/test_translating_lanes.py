"""Every way: what trains it, what it is measured on, and what its card says."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from vesalius.errors import ConfigError
from vesalius.evaluate.pairs import pair_cases
from vesalius.nets import network_of
from vesalius.tasks.translate import CT_TO_MR, MR_TO_CT
from vesalius.train import train
from vesalius.train.courses import course_of
from vesalius.train.pairs_pet import COLOURS, KNOTS, PET, pet_pairs, uptake
from vesalius.train.pairs_views import CT_VIEWS
from vesalius.train.recipe import open_recipe
from vesalius.train.translating_lanes import lane_of
from vesalius.weights.cards import read_card

NAMES = (
    "translate-mr-ct",
    "translate-ct-mr",
    "translate-mr-ct-sharp",
    "translate-ct-mr-sharp",
    "translate-mr-ct-no-1ba",
    "translate-mr-ct-no-1bb",
    "translate-mr-ct-no-1bc",
    "translate-mr-ct-unpaired",
    "translate-mr-pet",
    "translate-pet-mr",
)
SMALL = {
    "steps": 2,
    "batch": 1,
    "side": 64,
    "widths": (8, 8, 16),
}


def small(name, **changes):
    """A recipe as it ships, but for its size."""
    return replace(open_recipe(name), **SMALL, **changes)


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    """Two cases of two slices: uptake that is a ramp inside a bright head."""
    folder = tmp_path_factory.mktemp("atlas")
    bar = bar_of(128)
    for case in ("case025", "case030"):
        home = folder / PET / case
        home.mkdir(parents=True)
        for number in range(2):
            y, x = np.indices((90, 80))
            away = np.hypot((y - 45) / 38, (x - 40) / (30 + number))
            place = np.where(away < 0.8, np.clip(x * 127 // 80, 0, 127), 0)
            Image.fromarray(bar[place]).save(home / f"{number}_pet.png")
            mr = np.where(away < 1, 200 - x, 0).astype(np.uint8)
            Image.fromarray(mr).save(home / f"{number}_mri.png")
    return folder


def bar_of(count):
    at = np.linspace(0, KNOTS[-1], count)
    bands = [np.interp(at, KNOTS, band) for band in zip(*COLOURS, strict=True)]
    return np.stack(bands, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_has_a_course_and_a_card(name):
    plan = open_recipe(name)
    assert plan.objective in course_of(plan).objectives
    assert plan.card_of().units == ("HU" if plan.modality == "CT" else "a.u.")
    assert plan.ships == (name in NAMES[:4])


def test_the_modality_tells_the_way():
    assert lane_of(open_recipe("translate-mr-ct")).way is MR_TO_CT
    assert lane_of(open_recipe("translate-ct-mr")).way is CT_TO_MR
    with pytest.raises(ConfigError, match="US"):
        lane_of(replace(open_recipe("translate-mr-ct"), modality="US"))


def test_a_centre_left_out_neither_trains_nor_calibrates(paired_heads):
    cases = pair_cases(paired_heads, plane="axial")
    by_part = {part: [c for c in cases if c.part == part] for part in ("train", "test")}
    gone = by_part["train"][0]
    plan = small("translate-mr-ct-no-1ba", leave_out=gone.centre)
    course, lane = course_of(plan), lane_of(plan)
    drawn = course.source(plan, paired_heads).patients
    assert drawn == {c.patient for c in by_part["train"]} - {gone.patient}
    assert course.patients(plan, paired_heads) == {"mr_ct_pairs": len(drawn)}
    tested = by_part["test"][0]
    for part in ("train", "calibrate"):
        pairs = lane.pairs(paired_heads, part, tested.centre)
        assert tested.centre not in {pair.centre for pair in pairs}
    pairs = list(lane.pairs(paired_heads, "test", tested.centre))
    assert {pair.centre for pair in pairs} == {tested.centre}
    assert not list(lane.pairs(paired_heads, "test", gone.centre))


def test_a_target_mr_fills_its_range(paired_heads):
    lane = lane_of(open_recipe("translate-ct-mr"))
    pair = next(lane.pairs(paired_heads, "train", None))
    ends = np.percentile(pair.target[pair.mask], [1, 99])
    assert ends.tolist() == pytest.approx([0, 1000], abs=0.1)
    assert pair.source[~pair.mask].max() == -1024
    volume = lane.volume(pair.source, pair.plane)
    assert (volume.modality, volume.units, volume.contrast) == ("CT", "HU", None)


def test_another_ct_scanner_differs_by_a_few_percent():
    rng = np.random.default_rng(0)
    kilo = np.full((32, 32), 1.06, np.float32)
    kilo[:8] = 0
    made = [CT_VIEWS.altered(kilo, rng) for _ in range(40)]
    water = np.array([m[16:].mean() for m in made]) / 1.06
    assert 0.005 < water.std() < 0.04
    assert abs(water - 1).max() < 0.06
    assert min(m.min() for m in made) >= 0


@pytest.mark.parametrize("steps", [128, 256])
def test_uptake_is_the_order_of_a_colour_on_the_bar(steps):
    found = uptake(bar_of(steps)[None])[0]
    assert found[0] == 0
    assert found[-1] == 1
    # a colour between two entries goes to either: half a step
    assert np.abs(found - np.linspace(0, 1, steps)).max() <= 1 / 127


def test_pet_and_mr_lie_as_the_other_pairs_do(atlas):
    (one, _) = list(pet_pairs(atlas, "train"))
    assert one.source.shape == (80, 90)  # the picture's columns run first
    inside = one.target > 0
    assert one.mask[inside].all()
    assert np.corrcoef(one.source[inside], one.target[inside])[0, 1] < -0.99
    parts = [{p.patient for p in pet_pairs(atlas, part)} for part in ("train", "test")]
    assert len(parts[0]) == len(parts[1]) == 1
    assert parts[0] != parts[1]
    with pytest.raises(ConfigError, match=PET):
        next(pet_pairs(atlas / PET, "train"))


def recipe_file(folder, name, **changes):
    """Write a small copy of a recipe, as a user would."""
    lines = []
    said = {**SMALL, **changes}
    for line in open_text(name).splitlines():
        key = line.split(" = ")[0]
        lines.append(f"{key} = {spelt(said[key])}" if key in said else line)
    file = folder / f"{name}.toml"
    file.write_text("\n".join(lines))
    return file


def open_text(name):
    from vesalius.train.recipe import RECIPES

    return (RECIPES / f"{name}.toml").read_text()


def spelt(value):
    return str(list(value)) if isinstance(value, tuple) else repr(value)


def test_from_ct_a_median_then_a_sharp_one_and_their_cards(paired_heads, tmp_path):
    cards = {}
    for name in ("translate-ct-mr", "translate-ct-mr-sharp"):
        changes = {"unfamiliarity_limit": 1.0, "field_of_view_mm": (40.0, 400.0)}
        file = recipe_file(tmp_path, name, **changes)
        folder = train(file, paired_heads, out=tmp_path / name)
        cards[name] = read_card(folder / f"{name}.toml")
        net = network_of(load_file(folder / f"{name}.safetensors"))
        assert net.channels == CT_TO_MR.channels
    for card in cards.values():
        said = {figure.name: figure.unit for figure in card.figures}
        (mae,) = [n for n in said if n.startswith("axial: MAE in the mask, share")]
        assert said[mae] == "%"
        assert "coronal: coverage of the 90 % interval" in said
        assert any("centre" in name for name in said)
        assert card.modalities == ("CT",)
        assert card.spread_multipliers[0][1] > 0
    assert "made up" in cards["translate-ct-mr-sharp"].limits[0]


@pytest.mark.parametrize("name", ["translate-mr-pet", "translate-pet-mr"])
def test_a_demonstration_says_that_it_is_one(atlas, tmp_path, name):
    file = recipe_file(tmp_path, name, field_of_view_mm=(40.0, 400.0))
    folder = train(file, atlas, out=tmp_path / name)
    card = read_card(folder / f"{name}.toml")
    assert "demonstration on two patients" in card.limits[0]
    assert card.spread_multipliers == ()  # nobody was left to calibrate on
    assert card.data[0].patients == 1
    assert card.data[0].licence == "research and education"
    assert {figure.patients for figure in card.figures} == {1}
