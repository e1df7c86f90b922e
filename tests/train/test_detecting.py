"""From patches to a detector with its threshold, its card, and findings in a chest."""

import numpy as np
import pytest
from safetensors.torch import load_file

from vesalius.evaluate.candidates import BLOCK, open_candidates, open_fold
from vesalius.evaluate.detect import score_patches
from vesalius.nets import NoduleCoders, network_of
from vesalius.tasks.detect import detect_by
from vesalius.train import detecting, train
from vesalius.volume import Volume
from vesalius.weights.cards import read_card
from vesalius.weights.models import Model

RECIPE = """
name = "balls"
modality = "CT"
objective = "judged"
members = 2
seed = 1
steps = 60
batch = 16
widths = [8, 8, 8, 16]
rate = 3e-3
matrix_rate = 3e-3
targets = "drawn balls"

[card]
task = "detect"
summary = "A trial."
units = "HU"
spacing_range_mm = [0.2, 12.0]
field_of_view_mm = [40.0, 650.0]
intensity_range = [-3100.0, 30000.0]
contrasts = []
licence = "Apache-2.0"
limits = ["a trial"]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Patches of lung, every third with a ball in its middle; and their detector."""
    folder = tmp_path_factory.mktemp("balls")
    rng = np.random.default_rng(0)
    y, x = np.indices((50, 50)) - 24.5
    nodule = np.arange(300) % 3 == 0
    pictures = 27 + rng.normal(0, 2, (300, 50, 50)).clip(-9, 9)
    radius = rng.uniform(4, 10, 300)[:, None, None]
    pictures[nodule] += (160 * (np.hypot(y, x) < radius))[nodule]
    np.savez(
        folder / "patches.npz",
        image=pictures.astype(np.uint8),
        nodule=nodule.astype(np.uint8),
        candidate_row=np.sort(rng.choice(30 * BLOCK, 300, replace=False)),
    )
    (folder / "balls.toml").write_text(RECIPE)
    return train(folder / "balls.toml", folder, out=folder / "out")


@pytest.fixture(scope="module")
def model(made):
    net = network_of(load_file(made / "balls.safetensors"))
    assert isinstance(net, NoduleCoders)
    return Model(read_card(made / "balls.toml"), net)


def chest(*nodules, lungs=True):
    """A body with two lungs and nodules at given voxels, with diameters in mm."""
    shape, edges = (150, 120, 30), (2.0, 2.0, 4.0)
    i, j, k = (n * e for n, e in zip(np.indices(shape), edges, strict=True))
    hu = np.full(shape, -1000.0, np.float32)
    hu[np.hypot((i - 150) / 135, (j - 120) / 100) < 1] = 40
    for middle in (90, 210):
        away = ((i - middle) / 45) ** 2 + ((j - 120) / 70) ** 2 + ((k - 60) / 90) ** 2
        hu[(away < 1) & lungs] = -850
    for place, diameter in nodules:
        a, b, c = (p * e for p, e in zip(place, edges, strict=True))
        hu[np.sqrt((i - a) ** 2 + (j - b) ** 2 + (k - c) ** 2) < diameter / 2] = 30
    hu += np.random.default_rng(1).normal(0, 10, shape)
    return Volume(hu.astype(np.float32), np.diag([*edges, 1.0]), "HU", "CT")


def test_a_threshold_and_figures_are_on_the_card(model):
    assert 0 < dict(model.card.calibration)["threshold"] < 1
    assert {figure.unit for figure in model.card.figures} == {"%", "1"}


def test_a_nodule_is_found_where_it_is_and_as_large(model):
    scan = chest(((45, 60, 15), 24.0))
    result = detect_by(scan, model)
    assert result.picture is scan
    assert result.findings
    first = result.findings[0]
    assert np.abs(np.subtract(first.position_mm, (90, 120, 60))).max() <= 4
    assert 14 <= first.size_mm <= 38
    assert first.interval[0] <= first.probability <= first.interval[1]


def test_lungs_without_nodules_have_no_findings(model):
    assert detect_by(chest(), model).findings == ()


def test_a_scan_without_lungs_is_withheld(model):
    result = detect_by(chest(lungs=False), model)
    assert result.verdict.outcome == "withhold"
    assert "No lungs" in result.verdict.reasons[0]
    assert result.picture is None


def test_in_folds_all_blocks_teach_and_the_threshold_comes_of_those_unseen(
    made, tmp_path, monkeypatch
):
    data = made.parent
    own = tmp_path / "folds.toml"
    text = RECIPE.replace('"balls"', '"folds"').replace(
        "members = 2", "members = 2\nfolds = true"
    )
    own.write_text(text.replace("steps = 60", "steps = 3"))
    scored = []

    def watched(net, pictures, progress=None):
        scored.append(len(pictures))
        return score_patches(net, pictures, progress)

    monkeypatch.setattr(detecting, "score_patches", watched)
    folder = train(own, data, out=tmp_path / "out")
    held = [open_fold(data, number, 2)[1].item for number in (0, 1)]
    tested = open_candidates(data, part="test").item
    assert scored == [len(held[0]), len(held[1]), len(tested)]
    assert not set(held[0].tolist()) & set(held[1].tolist())
    blocks = {
        b for p in ("train", "calibrate") for b in open_candidates(data, part=p).block
    }
    card = read_card(folder / "folds.toml")
    assert card.data[0].patients == len(blocks)
    assert 0 < dict(card.calibration)["threshold"] < 1
