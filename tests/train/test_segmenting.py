"""From outlined heads to a segmenter with its thresholds and its card."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file
from scipy.ndimage import binary_dilation

from vesalius.anatomy.head_planes import LOWEST
from vesalius.errors import ConfigError
from vesalius.evaluate.segment import outline_and_chance
from vesalius.evaluate.split import split
from vesalius.evaluate.tumours import TumourCase, open_tumour, tumour_cases
from vesalius.io import write_volume
from vesalius.nets import Segmenter, network_of
from vesalius.nets.known import alone
from vesalius.physics.phantom import head
from vesalius.tasks.segment import segment_by
from vesalius.train import segmenting, train
from vesalius.train.courses import course_of
from vesalius.train.make import _examples
from vesalius.train.recipe import open_recipe
from vesalius.train.tumours import TumourSlices, _pasted, gather_patients
from vesalius.weights.cards import read_card
from vesalius.weights.models import Model

RECIPE = """
name = "{name}"
modality = "MR"
objective = "{objective}"
{more}
seed = 1
steps = 2
batch = 2
widths = [8, 8, 8]
targets = "phantoms"

[card]
task = "segment"
summary = "A trial."
units = "a.u."
spacing_range_mm = [0.2, 12.0]
field_of_view_mm = [40.0, 550.0]
intensity_range = [-1.0, 1e9]
contrasts = ["FLAIR"]
licence = "Apache-2.0"
limits = ["a trial"]
"""
PATIENTS = [f"p{n}" for n in range(5)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Five heads with a bright ball each; the first also in two other contrasts."""
    folder = tmp_path_factory.mktemp("glioma")
    for number, name in enumerate(PATIENTS):
        scan = head(shape=(96, 120, 4), spacing_mm=(2.0, 2.0, 6.0), seed=number).truth
        i, j, k = np.indices(scan.voxels.shape)
        ball = (i - 40) ** 2 + (j - 60) ** 2 + (4 * (k - 2)) ** 2 < 80
        voxels = np.where(ball, 0.9 * scan.voxels.max(), scan.voxels)
        home = folder / "lgg" / name
        home.mkdir(parents=True)
        ill = scan.with_voxels(voxels.astype(np.float32))
        write_volume(ill, home / "flair.nii.gz")
        outline = scan.with_voxels(ball.astype(np.float32))
        write_volume(outline, home / "tumour.nii.gz")
    for name in ("t1", "t1c"):
        write_volume(scan, folder / "lgg" / split(PATIENTS).train[0] / f"{name}.nii.gz")
    for name, objective, more in (
        ("filled", "fill", "ships = false"),
        ("pair", "judged", 'start = "filled"\nmembers = 2'),
        ("plain", "outlines", "ships = false"),
        ("tuned", "judged", 'start = "pair"\nkeep_end = true\nmembers = 2'),
        ("folded", "outlines", "members = 2\nfolds = true"),
        ("wrong", "sideways", ""),
    ):
        text = RECIPE.format(name=name, objective=objective, more=more)
        (folder / f"{name}.toml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def made(place):
    out = place / "out"
    train(place / "filled.toml", place, out=out / "filled")
    told = []
    folder = train(
        place / "pair.toml",
        place,
        out=out / "pair",
        progress=lambda step, steps, loss: told.append((step, steps)),
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    return folder


def test_batches_are_replayable_and_hold_what_they_say(place):
    patients = gather_patients(tumour_cases(place, part="train"))
    source = TumourSlices(patients)
    one, two = (source.draw(6, 0, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(one.seen, two.seen)
    assert one.seen.shape == (6, 7, 192, 160)
    assert one.tumour.shape == one.clean.shape == (6, 1, 192, 160)
    assert 0 < one.tumour.mean() < 0.2
    assert one.tumour.min() >= 0
    assert one.tumour.max() <= 1
    drawn = source.draw(24, 0, np.random.default_rng(5)).seen
    absent = (drawn[:, 5:] == 0).all(axis=(2, 3))
    assert absent.any()
    assert not absent.all()


def test_covered_slices_hide_what_is_to_be_filled_in(place):
    patients = gather_patients(tumour_cases(place, part="train"))
    batch = TumourSlices(patients, covered=True).draw(4, 0, np.random.default_rng(4))
    apart = np.abs(batch.seen[:, 1:2] - batch.clean) > 0.5
    assert apart.mean(axis=(1, 2, 3)).min() > 0.02


def test_a_bright_ball_lies_where_the_outline_is(place):
    batch = TumourSlices(gather_patients(tumour_cases(place, part="train"))).draw(
        12, 0, np.random.default_rng(0)
    )
    inside = batch.tumour[:, 0] > 0.9
    assert batch.clean[:, 0][inside].mean() > batch.clean[:, 0][~inside].mean() + 0.5


def test_members_ship_together_with_thresholds_and_figures(made):
    assert (made / "checkpoint-1.safetensors").is_file()
    card = read_card(made / "pair.toml")
    assert dict(card.calibration).keys() >= {"possible_above", "certain_above"}
    assert dict(card.calibration)["patients"] == 1
    before = read_card(made.parent / "filled" / "filled.toml").training
    assert before.steps == 2
    assert card.training.steps == 4 + before.steps  # the start's stage counts
    assert card.training.minutes >= before.minutes
    assert card.training.energy_kj >= before.energy_kj
    assert any("Dice" in figure.name for figure in card.figures)
    tensors = load_file(made / "pair.safetensors")
    one, two = (tensors[f"members.{n}.out.weight"] for n in range(2))
    assert not (one == two).all()


def test_what_was_trained_segments_by_its_card(made, place):
    net = network_of(load_file(made / "pair.safetensors"))
    model = Model(read_card(made / "pair.toml"), net)
    flair, _, _ = open_tumour(tumour_cases(place, part="test")[0])
    result = segment_by(flair, model)
    assert result.picture.units == "probability"
    assert 0 <= result.picture.voxels.min() <= result.picture.voxels.max() <= 1
    assert set(np.unique(result.spread.voxels)) <= {0.0, 1.0}
    assert result.measures[0].unit == "ml"


def test_each_member_goes_on_from_its_own_start(made, place):
    folder = train(place / "tuned.toml", place, out=made.parent / "tuned")
    before, after = (load_file(f / f"{f.name}.safetensors") for f in (made, folder))
    for number in range(2):
        own, other = (f"members.{n}.out.weight" for n in (number, 1 - number))
        # Two steps move a weight by far less than two seeds lie apart.
        near = float((after[own].float() - before[own].float()).abs().mean())
        far = float((after[own].float() - before[other].float()).abs().mean())
        assert 0 < near < 0.5 * far


def test_a_start_with_other_widths_is_refused(made, place):
    text = (place / "pair.toml").read_text().replace("[8, 8, 8]", "[8, 12]")
    (place / "narrow.toml").write_text(text.replace('"pair"', '"narrow"'))
    with pytest.raises((ConfigError, RuntimeError), match=r"widths|size mismatch"):
        train(place / "narrow.toml", place, out=made.parent / "narrow")


def test_an_objective_a_verb_does_not_have_is_refused(place):
    with pytest.raises(ConfigError, match="fill, outlines, judged"):
        train(place / "wrong.toml", place, out=place / "out" / "wrong")


def test_a_folder_without_outlines_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="flair and a tumour"):
        tumour_cases(tmp_path)


def test_one_network_alone_can_be_trained(place):
    folder = train(place / "plain.toml", place, out=place / "out" / "plain")
    assert read_card(folder / "plain.toml").figures
    assert read_card(folder / "plain.toml").training.parameters > 0


def test_in_folds_all_patients_teach_and_are_calibrated_by_who_never_saw_them(
    place, monkeypatch
):
    dealt, asked = {}, []

    def gathered(cases):
        dealt[len(dealt)] = {case.patient for case in cases}
        return gather_patients(cases)

    def watched(case, chance):
        asked.append(case.patient)
        return outline_and_chance(case, chance)

    monkeypatch.setattr(segmenting, "gather_patients", gathered)
    monkeypatch.setattr(segmenting, "outline_and_chance", watched)
    folder = train(place / "folded.toml", place, out=place / "out" / "folded")
    parts = split(PATIENTS)
    taught = {*parts.train, *parts.calibrate}
    assert set(asked) == taught
    assert len(asked) == len(taught)
    assert dealt[0] | dealt[1] == taught
    left_out = [taught - dealt[0], taught - dealt[1]]
    assert all(left_out)
    assert not left_out[0] & left_out[1]
    card = read_card(folder / "folded.toml")
    assert dict(card.calibration)["patients"] == len(taught)
    assert card.data[0].patients == len(taught)


def test_those_who_calibrate_can_be_dealt_alone(monkeypatch, place, tmp_path):
    parts = {"train": "abcd", "calibrate": "efg", "test": "hi"}
    cases = [TumourCase(p, name, place) for name, who in parts.items() for p in who]
    monkeypatch.setattr(segmenting, "tumour_cases", lambda data: tuple(cases))
    plan = replace(open_recipe(place / "folded.toml"), members=3, dealt="calibrate")
    dealt = {case.patient: fold for case, fold in segmenting._dealt(plan, place)}
    assert {p for p, fold in dealt.items() if fold is None} == set("abcd")
    assert sorted(dealt[p] for p in "efg") == [0, 1, 2]
    assert "h" not in dealt
    own = tmp_path / "own.toml"
    text = (place / "folded.toml").read_text()
    own.write_text(text.replace("folds = true", 'folds = true\ndealt = "test"'))
    with pytest.raises(ConfigError, match='"all" or "calibrate"'):
        open_recipe(own)


def test_a_pasted_tumour_may_lie_anywhere_in_the_head(place):
    """At the donor's place alone it would never reach most of the head."""
    patients = gather_patients(tumour_cases(place, part="train"))
    flair = patients[0].planes.flair
    z = flair.shape[0] // 2
    slices, none = np.repeat(flair[z][None], 3, axis=0), np.zeros_like(flair[z])
    rng = np.random.default_rng(0)
    reached = np.zeros(none.shape, bool)
    for _ in range(300):
        _, pasted = _pasted(slices, none, patients[1], rng)
        assert not (pasted > 0)[slices[1] <= LOWEST / 2].any()  # never in air
        reached |= pasted > 0
    own = patients[1].tumour.max(axis=0) > 0.5
    near = binary_dilation(own | own[:, ::-1], iterations=20)
    tissue = slices[1] > LOWEST / 2
    assert reached[tissue & ~near].mean() > 0.5


def test_each_fold_is_judged_by_its_own_network():
    net = Segmenter(7, (8, 8))
    both = {
        f"members.{n}.{k}": t + n for n in (0, 1) for k, t in net.state_dict().items()
    }
    second = alone(both, 1)
    assert set(second) == {f"members.0.{k}" for k in net.state_dict()}
    assert all((t == both[f"members.1.{k[10:]}"]).all() for k, t in second.items())


def test_folds_need_members_and_a_verb_that_has_them(place, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text((place / "folded.toml").read_text().replace("members = 2", ""))
    with pytest.raises(ConfigError, match="two members or more"):
        train(own, place, out=tmp_path / "out")
    plan = open_recipe(place / "folded.toml")
    with pytest.raises(ConfigError, match="not trained in folds"):
        _examples(plan, replace(course_of(plan), fold=None), place)
