"""The recipes of the case studies' peers: stopped, gone on with, run by hand alone."""

import re
import sys
import time
from dataclasses import replace
from importlib import import_module
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from parts import back_study, pix2pix_run
from parts.fitted import Fitted
from parts.peer_costs import Meter
from parts.pix2pix import Unet256
from safetensors.torch import save_file
from torch import nn

from vesalius import weights
from vesalius.nets.segmenter import Segmenter
from vesalius.tasks.ways import CT_TO_MR, MR_TO_CT
from vesalius.train.pairs import PairBatch
from vesalius.train.recipe import open_recipe
from vesalius.weights.models import open_model

ROOT = Path(__file__).parents[2]


def test_an_answer_is_asked_for_once_and_costs_are_added(tmp_path):
    asked = []

    def ask():
        asked.append(1)
        return np.ones(3)

    for run in range(2):
        meter = Meter(tmp_path, "a peer")
        fitted = meter.fitted(lambda: Fitted(lambda: 0, {"dial": 1}))
        meter.answered(fitted, np.zeros(2), ask)
        meter.answered(fitted, np.ones(2), ask)
        assert len(asked) == 2, f"run {run} asked again"
    told = meter.told(fitted.dials)
    assert told["dials"] == {"dial": 1}
    assert told["seconds_a_case"] >= 0
    other = meter.fitted(lambda: Fitted(lambda: 0, {"dial": 2}))
    meter.answered(other, np.zeros(2), ask)
    assert len(asked) == 3


class Ring:
    """Pairs of a bright disc and its CT."""

    def draw(self, count, side, rng):
        y, x = np.indices((side, side)) - side / 2
        disc = (np.hypot(y, x) < rng.uniform(60, 90)).astype(np.float32)
        seen = np.repeat(disc[None, None], 9, 1).repeat(count, 0)
        wanted = (1.06 * disc + 0.2)[None, None].repeat(count, 0)
        return PairBatch(seen, wanted.astype(np.float32), np.maximum(seen[:, :1], 0.1))


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(9, 1, 1)

    def forward(self, seen):
        return torch.tanh(self.one(seen))


@pytest.fixture
def thin(monkeypatch):
    full = pix2pix_run.Patches70
    monkeypatch.setattr(pix2pix_run, "Patches70", lambda n: full(n, width=2))


def test_pix2pix_stops_by_the_clock_and_goes_on_from_its_checkpoint(
    tmp_path, thin, monkeypatch
):
    ticks = count(0.0, 0.2)  # seconds, however busy the machine is
    clock = SimpleNamespace(
        perf_counter=lambda: next(ticks), process_time=time.process_time
    )
    monkeypatch.setattr(pix2pix_run, "time", clock)
    file, heard = tmp_path / "small.safetensors", []
    net = Small()
    plan = pix2pix_run.Plan(minutes=1 / 60)
    steps, worked = pix2pix_run.train(net, Ring(), plan, file, heard.append, MR_TO_CT)
    assert steps >= 1
    assert worked > 0
    assert len(heard) == steps
    again = Small()
    more, _ = pix2pix_run.train(again, Ring(), plan, file, heard.append, MR_TO_CT)
    assert more == steps  # the minutes were over
    for one, other in zip(net.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    longer = pix2pix_run.Plan(minutes=2 / 60)
    assert (
        pix2pix_run.train(again, Ring(), longer, file, heard.append, MR_TO_CT)[0]
        > steps
    )


def test_what_lies_outside_the_outline_is_air_to_pix2pix():
    seen, wanted = pix2pix_run._drawn(Ring(), pix2pix_run.Plan(1), 0, MR_TO_CT)
    assert (wanted[seen[:, :1] == 0] == -1).all()
    inside = wanted[seen[:, :1] > 0]
    hu = (inside + 1) * 2012 - 1024
    assert hu.mean().item() == pytest.approx(236, abs=1)


def test_pix2pix_is_asked_for_the_pixels_around_a_head_of_any_size():
    torch.manual_seed(0)
    y, x = np.indices((231, 268))
    mr = np.where(np.hypot(y - 120, x - 150) < 80, 100, 0).astype(np.float32)
    net = Unet256(9, width=4)
    one, other = (pix2pix_run.asked(net, mr, "axial", MR_TO_CT) for _ in range(2))
    assert one.shape == mr.shape
    np.testing.assert_array_equal(one, other)
    assert (one[:, :20] == -1024).all()  # beyond the 256 pixels
    assert one[120, 150] != -1024


def test_pix2pix_from_ct_to_mr_sees_hu_and_says_arbitrary_units():
    torch.manual_seed(0)
    y, x = np.indices((180, 170))
    away = np.hypot(y - 90, x - 85)
    hu = np.select([away < 70, away < 76], [35.0, 900.0], -1000.0).astype(np.float32)
    net = pix2pix_run.generator(False, (), CT_TO_MR)
    made = pix2pix_run.asked(net, hu, "axial", CT_TO_MR)
    assert made.shape == hu.shape
    assert 0 <= made.min() <= made.max() <= 3000


def test_our_network_speaks_pix2pixs_units():
    class Air(nn.Module):
        def forward(self, seen):
            return torch.full((1, 3, 4, 4), 1.024)  # water

    made = pix2pix_run.AsPicture(Air(), MR_TO_CT)(torch.zeros(1, 9, 4, 4))
    hu = (made + 1) * 2012 - 1024
    torch.testing.assert_close(hu, torch.zeros(1, 1, 4, 4), atol=1e-3, rtol=0)


def test_bench_runs_claims_and_no_recipe():
    claims = {file.name for file in (ROOT / "benchmarks").glob("*.py")}
    assert "casestudies.py" in claims
    assert not {"casepeers.py", "left_out_centres.py", "ablations.py"} & claims
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    assert {"casestudies", "casepeers"} <= set(phony)


def test_every_peer_that_the_case_studies_read_has_a_recipe(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks" / "peers"), *sys.path])
    import casestudies
    import synthetic_mr

    recipe, trained = import_module("casepeers"), import_module("pix2pix_train")
    without = import_module("ablations")
    made = {study: set(peers) for study, (_, peers) in recipe.STUDIES.items()}
    made["translation"] |= set(trained.NAMES)
    made["tumour"] |= {ablation.name for ablation in without.ABLATIONS}
    back = made.pop(back_study.NAME) | set(trained.STUDIES["mr"][1])
    assert made == {study: set(peers) for study, peers in casestudies.PEERS.items()}
    assert back == set(synthetic_mr.PEERS)


def test_an_ablation_takes_a_training_or_one_network_of_the_box(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks" / "peers"), *sys.path])
    recipe = import_module("ablations")
    whole = open_model("segment-tumour").net.members
    *box, trial, _, _ = recipe.ABLATIONS
    assert len(box) == len(whole) == 3
    for one, member in zip(box, whole, strict=True):
        (found,) = recipe.opened(one, tmp_path).net.members
        for name, tensor in member.state_dict().items():
            assert torch.equal(found.state_dict()[name], tensor)
    with pytest.raises(SystemExit, match="trial-outlines-judged is not trained"):
        recipe.opened(trial, tmp_path)
    home = tmp_path / trial.training
    home.mkdir()
    save_file(
        Segmenter(7, (8, 16)).state_dict(), home / f"{trial.training}.safetensors"
    )
    monkeypatch.setattr(recipe, "read_card", lambda file: weights.card("detect-nodule"))
    assert len(recipe.opened(trial, tmp_path).net.members) == 1


def test_the_short_trials_differ_in_the_part_left_out_alone(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks" / "peers"), *sys.path])
    recipe = import_module("ablations")
    whole, critic, pretraining = (
        open_recipe(one.training) for one in recipe.ABLATIONS[3:]
    )
    same = {"card": {}, "objective": "", "start": None, "name": ""}
    assert replace(whole, **same) == replace(critic, **same)
    assert replace(whole, **same) == replace(pretraining, **same)
    assert (whole.objective, critic.objective) == ("judged", "outlines")
    assert whole.start == critic.start
    begun, at_random = open_recipe(whole.start), open_recipe(pretraining.start)
    assert (begun.start, at_random.start) == ("fill-heads", None)
    assert replace(begun, **same) == replace(at_random, **same)


def test_what_a_part_is_worth_stands_beside_the_whole_trial(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks" / "peers"), *sys.path])
    recipe = import_module("ablations")

    def told(value, **more):
        found = {"value": value, "low": value - 0.1, "high": value + 0.1, "count": 9}
        shown = dict.fromkeys(recipe.SHOWN, found)
        return {"fit_minutes": 30.4, "dials": {"steps": 1180}, **shown, **more}

    less = told(0.8, ours_minus={"dice": told(0.02)["dice"]})
    methods = {recipe.WHOLE: told(0.82), "short trial, not pretrained": less}
    page = recipe.page({"patients": 9, "methods": methods})
    assert "| short trial, nothing left out | 1180 | 30 | 0.820 (0.720 to" in page
    assert page.rstrip().endswith("| 0.020 (-0.080 to 0.120) |")


def test_a_method_is_asked_for_by_its_name_or_a_part_of_it(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks" / "peers"), *sys.path])
    recipe = import_module("pix2pix_train")
    wanted = {
        only: [recipe.is_wanted(name, only) for name in recipe.NAMES]
        for only in ("", "pix2pix", "our network", "other")
    }
    assert list(wanted.values()) == [
        [True, True],
        [True, False],
        [False, True],
        [False, False],
    ]


def test_a_centre_left_out_stands_beside_as_short_a_trial(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks" / "peers"), *sys.path])
    recipe = import_module("left_out_centres")
    with pytest.raises(SystemExit, match="translate-mr-ct-no-1ba is not trained"):
        recipe.opened(tmp_path, recipe.without("1BA"))
    same = {"card": {}, "name": "", "leave_out": None}
    short = open_recipe("translate-mr-ct-short")
    for centre in recipe.CENTRES:
        trial = open_recipe(recipe.without(centre))
        assert trial.leave_out == centre
        assert replace(trial, **same) == replace(short, **same)

    def told(value, steps, **more):
        found = {"value": value, "low": value - 1, "high": value + 1, "count": 9}
        measured = {key: found for key, _, _ in recipe.COLUMNS}
        return {"steps": steps, **measured, **more}

    less = {"mae_hu": told(-12.0, 0)["mae_hu"]}
    models = {
        recipe.SHORT: told(68.0, 800),
        recipe.STRANGER: told(80.0, 800, ours_minus=less),
    }
    page = recipe.page({"centres": {"1BA": {"patients": 9, "models": models}}})
    assert "| 1BA, 9 patients | short trial, all centres | 800 | 68.0 (67.0 to" in page
    assert "| short trial, without the centre | 800 | 80.0 (79.0 to 81.0) |" in page
    assert page.rstrip().endswith("| -12.0 (-13.0 to -11.0) |")
