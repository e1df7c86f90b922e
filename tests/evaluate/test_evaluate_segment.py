"""A segmenter whose outline is known gets the figures it deserves."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from vesalius.anatomy.head_planes import CHANNELS
from vesalius.card import Card
from vesalius.errors import ConfigError, OutputError, ScanError
from vesalius.evaluate import evaluate_segment
from vesalius.evaluate.segment import COLUMNS, promises
from vesalius.evaluate.split import split
from vesalius.io import write_volume
from vesalius.nets import Segmenter
from vesalius.physics.phantom import head
from vesalius.result import Measure, Provenance, Result, Verdict
from vesalius.tasks.segment import segment_by
from vesalius.weights.models import Model

PATIENTS = tuple(f"p{n}" for n in range(5))
SHAPE, EDGES = (48, 56, 6), (3.6, 3.6, 8.0)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Heads whose tumour is what is brighter than all else."""
    folder = tmp_path_factory.mktemp("glioma")
    for number, patient in enumerate(PATIENTS):
        scan = head(SHAPE, EDGES, seed=number).truth
        ball = tumour(number)
        home = folder / "lgg" / patient
        home.mkdir(parents=True)
        voxels = np.where(ball, 2 * scan.voxels.max(), scan.voxels)
        write_volume(scan.with_voxels(voxels.astype(np.float32)), home / "flair.nii.gz")
        outline = scan.with_voxels(ball.astype(np.float32))
        write_volume(outline, home / "tumour.nii.gz")
    return folder


def tumour(number):
    i, j, k = np.indices(SHAPE)
    away = (i - 20) ** 2 + (j - 28) ** 2 + (2 * (k - 3)) ** 2
    return away < 16 + 4 * number


def segmenter(grown=0.0):
    """Return one that outlines what is bright, from the first voxel along i on."""

    def segment(scan):
        chance = scan.voxels > 0.75 * scan.voxels.max()
        if grown:
            chance[int(np.argwhere(chance)[:, 0].mean()) :] = False
        return answered(scan, chance.astype(np.float32))

    return segment


def answered(scan, chance):
    place = replace(scan, units="probability", padding=None)
    ml = float((chance > 0.5).sum() * np.prod(scan.spacing_mm)) / 1000
    ends = (("volume", ml), ("low", 0.9 * ml), ("high", 1.1 * ml))
    return Result(
        picture=place.with_voxels(chance),
        spread=place.with_voxels(np.zeros_like(chance)),
        verdict=Verdict("show"),
        measures=tuple(Measure(name, value, "ml", "") for name, value in ends),
        provenance=origin(scan),
    )


def origin(scan):
    return Provenance(
        task="segment",
        weights_sha256=None,
        input_sha256=scan.sha256,
        seed=0,
        options=(),
        version="0",
    )


def test_the_readers_outline_is_perfect(data):
    found = evaluate_segment(data, task=segmenter(), part="all")
    (cell,) = found["cells"]
    assert (cell["cases"], cell["withheld"], cell["patients"]) == (5, 0, 5)
    assert cell["dice"]["value"] == cell["sensitivity"]["value"] == 1
    assert cell["hausdorff_95_mm"]["value"] == cell["missed"]["value"] == 0
    assert {p["value"] for p in cell["promises"].values()} == {1.0}
    volumes = [row["true_ml"] for row in found["rows"]]
    expected = [tumour(n).sum() * np.prod(EDGES) / 1000 for n in range(5)]
    assert volumes == pytest.approx(expected, rel=1e-5)
    json.dumps(found)


def test_half_an_outline_has_the_dice_of_half(data):
    found = evaluate_segment(data, task=segmenter(grown=0.5))
    (row,) = found["rows"]
    share = row["outlined_ml"] / row["true_ml"]
    assert 0.3 < share < 0.7
    assert row["dice"] == pytest.approx(2 * share / (1 + share))
    assert row["sensitivity"] == pytest.approx(share)
    assert row["missed"] == pytest.approx(1 - share)
    assert row["volume_error"] == pytest.approx(share - 1)
    kept = found["cells"][0]["promises"]
    assert kept["volume_held"]["value"] == kept["at_most_a_tenth_missed"]["value"] == 0
    assert kept["at_most_a_tenth_false"]["value"] == 1


def test_only_the_part_asked_for_is_measured(data):
    parts = split(PATIENTS)
    for part in ("train", "calibrate", "test"):
        rows = evaluate_segment(data, task=segmenter(), part=part)["rows"]
        assert {row["patient"] for row in rows} == set(getattr(parts, part))


def test_the_csv_has_a_row_a_patient_and_is_never_overwritten(data, tmp_path):
    file, told = tmp_path / "rows.csv", []
    found = evaluate_segment(
        data,
        task=segmenter(),
        predictions=file,
        part="all",
        progress=lambda *done: told.append(done),
    )
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["patient"] for row in rows] == list(PATIENTS)
    assert float(rows[2]["dice"]) == found["rows"][2]["dice"]
    assert told[-1] == (5, 5)
    with pytest.raises(OutputError, match=r"rows\.csv exists"):
        evaluate_segment(data, task=segmenter(), predictions=file)


def test_what_is_withheld_or_refused_is_counted_and_not_averaged(data):
    turn = iter(range(5))

    def choosy(scan):
        number = next(turn)
        if number == 0:
            verdict = Verdict("withhold", ("not this one",))
            return Result(verdict=verdict, provenance=origin(scan))
        if number == 1:
            raise ScanError("there is no head to be seen")
        return segmenter()(scan)

    found = evaluate_segment(data, task=choosy, part="all")
    (cell,) = found["cells"]
    assert (cell["cases"], cell["withheld"], cell["patients"]) == (5, 2, 3)
    assert cell["dice"] == {"value": 1.0, "low": 1.0, "high": 1.0, "count": 3}
    assert cell["promises"]["volume_held"]["count"] == 3
    assert [row["verdict"] for row in found["rows"]][:2] == ["withhold", "refused"]
    assert promises([{"patient": "a", "verdict": "withhold"}]) == {}


def test_nothing_to_measure_is_refused(tmp_path):
    home = tmp_path / "one"
    home.mkdir()
    scan = head(SHAPE, EDGES, seed=0).truth
    for name in ("flair", "tumour"):
        write_volume(scan, home / f"{name}.nii.gz")
    with pytest.raises(ConfigError, match="part test"):
        evaluate_segment(tmp_path, task=segmenter())


def test_a_network_of_ones_own_goes_the_verbs_way(data):
    torch.manual_seed(0)
    net = Segmenter(CHANNELS, (8, 8, 8)).eval().requires_grad_(False)
    card = Card(
        name="trial",
        task="segment",
        summary="A trial.",
        modalities=("MR",),
        units="a.u.",
        spacing_range_mm=(0.4, 12.0),
        field_of_view_mm=(40.0, 400.0),
        intensity_range=(-1.0, 1e9),
        contrasts=("FLAIR",),
        licence="Apache-2.0",
        limits=("a trial",),
        calibration=(("volume_low", 0.5), ("volume_high", 2.0)),
    )
    model = Model(card, torch.nn.Sequential(net, torch.nn.Sigmoid()))
    found = evaluate_segment(data, task=lambda scan: segment_by(scan, model))
    (row,) = found["rows"]
    assert row["verdict"] in ("show", "warn")
    assert 0 <= row["dice"] < 0.5
    narrow = Model(replace(card, contrasts=("T1w",)), model.net)
    (row,) = evaluate_segment(data, task=lambda s: segment_by(s, narrow))["rows"]
    assert row["verdict"] == "withhold"
    assert "T1w" in row["reason"]
