"""A judge whose scores are known gets the figures it deserves."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from vesalius.card import Card
from vesalius.errors import ConfigError, OutputError
from vesalius.evaluate import evaluate_detect
from vesalius.evaluate.candidates import BLOCK, open_candidates, parts_of
from vesalius.evaluate.detect import score_patches
from vesalius.nets import NoduleCoder, NoduleCoders
from vesalius.nets.nodule_coder import Said
from vesalius.tasks.detect import detect_by
from vesalius.volume import Volume
from vesalius.weights.models import Model

COUNT = 400
CARD = Card(
    name="trial",
    task="detect",
    summary="A trial.",
    modalities=("CT",),
    units="HU",
    spacing_range_mm=(0.4, 5.0),
    field_of_view_mm=(40.0, 650.0),
    intensity_range=(-3100.0, 30000.0),
    contrasts=(),
    licence="Apache-2.0",
    limits=("a trial",),
    calibration=(("threshold", 0.75),),
)


class Bright(torch.nn.Module):
    """A judge whose probability is the brightness of a patch's middle."""

    def forward(self, patches):
        middle = patches[:, 0, 20:28, 20:28].mean(dim=(1, 2))
        return Said(torch.logit(middle, eps=1e-4), patches, middle, middle)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Nodules have a bright middle, but for one in ten; the rest is dark likewise."""
    rng = np.random.default_rng(0)
    nodule = rng.random(COUNT) < 0.3
    bright = np.where(nodule, 220, 120)
    bright[::10] = np.where(nodule[::10], 120, 220)
    image = np.zeros((COUNT, 50, 50), np.uint8)
    image[:, 15:35, 15:35] = bright[:, None, None]
    place = tmp_path_factory.mktemp("lung_nodule_patches") / "patches.npz"
    np.savez(
        place,
        image=image,
        nodule=nodule.astype(np.uint8),
        candidate_row=np.sort(rng.choice(40 * BLOCK, COUNT, replace=False)),
    )
    return place


@pytest.fixture(scope="module")
def model():
    return Model(CARD, Bright())


def test_sensitivity_and_specificity_are_those_of_the_scores(file, model):
    found = evaluate_detect(file, model=model, part="all")
    (cell,) = found["cells"]
    nodule = open_candidates(file).nodule
    wrong = np.arange(COUNT) % 10 == 0
    assert (cell["candidates"], cell["nodules"]) == (COUNT, nodule.sum())
    assert cell["threshold"] == 0.75
    assert cell["blocks"] == cell["area"]["count"] > 30
    for name, kind in (("sensitivity", nodule), ("specificity", ~nodule)):
        share = 1 - wrong[kind].mean()
        assert cell[name]["value"] == pytest.approx(share)
        assert cell[f"{name}_wilson"]["value"] == pytest.approx(share)
        assert cell[name]["low"] < share < cell[name]["high"]
        assert cell[f"{name}_wilson"]["count"] == kind.sum()
    json.dumps(found)


def test_the_csv_names_item_score_and_call(file, model, tmp_path):
    place, told = tmp_path / "p.csv", []
    found = evaluate_detect(
        file.parent,
        model=model,
        predictions=place,
        progress=lambda *done: told.append(done),
    )
    with place.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ["item", "score", "call"]
    row = np.load(file)["candidate_row"]
    expected = np.flatnonzero(parts_of(row) == "test")
    assert [int(r["item"]) for r in rows] == expected.tolist()
    image = np.load(file)["image"]
    for one in rows:
        bright = image[int(one["item"]), 25, 25] / 255
        assert float(one["score"]) == pytest.approx(bright, abs=1e-5)
        assert one["call"] == str(int(bright >= 0.75))
    assert len(found["rows"]) == len(rows) == told[-1][0] == told[-1][1]
    with pytest.raises(OutputError, match=r"p\.csv exists"):
        evaluate_detect(file, model=model, predictions=place)


def test_all_takes_those_between_the_parts_too(file, model):
    whole = evaluate_detect(file, model=model, part="all")["rows"]
    assert [row["item"] for row in whole] == list(range(COUNT))
    parts = [
        evaluate_detect(file, model=model, part=part)["rows"]
        for part in ("train", "calibrate", "test")
    ]
    items = [row["item"] for rows in parts for row in rows]
    assert len(set(items)) == len(items) < COUNT


def test_one_kind_alone_is_scored_and_has_no_area(tmp_path, model):
    np.savez(
        tmp_path / "patches.npz",
        image=np.full((3, 50, 50), 255, np.uint8),
        nodule=np.ones(3, np.uint8),
        candidate_row=np.arange(3),
    )
    found = evaluate_detect(tmp_path, model=model, part="all")
    (cell,) = found["cells"]
    assert [row["call"] for row in found["rows"]] == [1, 1, 1]
    assert cell["sensitivity_wilson"]["value"] == 1
    assert "area" not in cell
    assert "specificity_wilson" not in cell
    with pytest.raises(ConfigError, match="part test"):
        evaluate_detect(tmp_path, model=model)


def test_a_patch_is_judged_as_the_verb_judges_it():
    torch.manual_seed(0)
    coders = [NoduleCoder((8, 8, 8, 16)).eval() for _ in range(2)]
    net = NoduleCoders(coders).eval().requires_grad_(False)
    shape, edges = (150, 120, 30), (2.0, 2.0, 4.0)
    i, j, k = (n * e for n, e in zip(np.indices(shape), edges, strict=True))
    hu = np.full(shape, -1000.0, np.float32)
    hu[np.hypot((i - 150) / 135, (j - 120) / 100) < 1] = 40
    for middle in (90, 210):
        away = ((i - middle) / 45) ** 2 + ((j - 120) / 70) ** 2 + ((k - 60) / 90) ** 2
        hu[away < 1] = -850
    hu[np.sqrt((i - 90) ** 2 + (j - 120) ** 2 + (k - 60) ** 2) < 10] = 30
    hu += np.random.default_rng(1).normal(0, 10, shape)
    scan = Volume(hu.astype(np.float32), np.diag([*edges, 1.0]), "HU", "CT")
    eager = replace(CARD, calibration=(("threshold", 0.0),))
    found = detect_by(scan, Model(eager, net)).findings
    assert found
    for finding in found:
        x, y, z = (
            round(p / e) for p, e in zip(finding.position_mm, edges, strict=True)
        )
        padded = np.pad(scan.voxels[:, :, z], 25, mode="edge")
        patch = np.clip((padded[x : x + 50, y : y + 50] + 1000) / 1400, 0, 1)
        (score,) = score_patches(net, patch[None].astype(np.float32))
        # single precision, in another batch
        assert finding.probability == pytest.approx(score, abs=1e-5)
