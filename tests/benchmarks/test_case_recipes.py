"""The recipes of the case studies' peers: stopped, gone on with, run by hand alone."""

import re
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from parts import pix2pix_run
from parts.fitted import Fitted
from parts.peer_costs import Meter
from parts.pix2pix import Unet256
from safetensors.torch import save_file
from torch import nn

from vesalius import weights
from vesalius.nets.segmenter import Segmenter
from vesalius.train.pairs import PairBatch
from vesalius.weights.models import Model

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


def test_pix2pix_stops_by_the_clock_and_goes_on_from_its_checkpoint(tmp_path, thin):
    file, heard = tmp_path / "small.safetensors", []
    net = Small()
    plan = pix2pix_run.Plan(minutes=1 / 60)
    steps, worked = pix2pix_run.train(net, Ring(), plan, file, heard.append)
    assert steps >= 1
    assert worked > 0
    assert len(heard) == steps
    again = Small()
    more, _ = pix2pix_run.train(again, Ring(), plan, file, heard.append)
    assert more == steps  # the minutes were over
    for one, other in zip(net.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    longer = pix2pix_run.Plan(minutes=2 / 60)
    assert pix2pix_run.train(again, Ring(), longer, file, heard.append)[0] > steps


def test_what_lies_outside_the_outline_is_air_to_pix2pix():
    seen, wanted = pix2pix_run._drawn(Ring(), pix2pix_run.Plan(1), 0)
    assert (wanted[seen[:, :1] == 0] == -1).all()
    inside = wanted[seen[:, :1] > 0]
    hu = (inside + 1) * pix2pix_run.HALF_RANGE - 1024
    assert hu.mean().item() == pytest.approx(236, abs=1)


def test_pix2pix_is_asked_for_the_pixels_around_a_head_of_any_size():
    torch.manual_seed(0)
    y, x = np.indices((231, 268))
    mr = np.where(np.hypot(y - 120, x - 150) < 80, 100, 0).astype(np.float32)
    net = Unet256(9, width=4)
    one, other = (pix2pix_run.asked(net, mr, "axial") for _ in range(2))
    assert one.shape == mr.shape
    np.testing.assert_array_equal(one, other)
    assert (one[:, :20] == -1024).all()  # beyond the 256 pixels
    assert one[120, 150] != -1024


def test_our_network_speaks_pix2pixs_units():
    class Air(nn.Module):
        def forward(self, seen):
            return torch.full((1, 3, 4, 4), 1.024)  # water

    made = pix2pix_run.AsPicture(Air())(torch.zeros(1, 9, 4, 4))
    hu = (made + 1) * pix2pix_run.HALF_RANGE - 1024
    torch.testing.assert_close(hu, torch.zeros(1, 1, 4, 4), atol=1e-3, rtol=0)


def test_bench_runs_claims_and_no_recipe():
    claims = {file.name for file in (ROOT / "benchmarks").glob("*.py")}
    assert "casestudies.py" in claims
    assert not {"casepeers.py", "pix2pix_train.py", "ablations.py"} & claims
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    assert {"casestudies", "casepeers"} <= set(phony)


def test_every_peer_that_the_case_studies_read_has_a_recipe(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks" / "peers"), *sys.path])
    import casestudies

    recipe, trained = import_module("casepeers"), import_module("pix2pix_train")
    without = import_module("ablations")
    made = {study: set(peers) for study, (_, peers) in recipe.STUDIES.items()}
    made["translation"] |= set(trained.NAMES)
    made["tumour"] |= {ablation.name for ablation in without.ABLATIONS}
    assert made == {study: set(peers) for study, peers in casestudies.PEERS.items()}


def test_an_ablation_takes_all_networks_of_a_training_or_the_first(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks" / "peers"), *sys.path])
    recipe = import_module("ablations")
    one = Segmenter(7, (8, 16)).state_dict()
    three = {f"members.{n}.{k}": t + n for n in range(3) for k, t in one.items()}
    monkeypatch.setattr(recipe, "read_card", lambda file: weights.card("detect-nodule"))
    home = tmp_path / "outline-tumours"
    home.mkdir()
    save_file(three, home / "outline-tumours.safetensors")
    counts = [len(recipe.opened(a, tmp_path).net.members) for a in recipe.ABLATIONS[:2]]
    assert counts == [3, 1]
    with pytest.raises(SystemExit, match="outline-tumours-random is not trained"):
        recipe.opened(recipe.ABLATIONS[2], tmp_path)


def test_an_ablation_says_what_its_own_networks_took(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks" / "peers"), *sys.path])
    recipe = import_module("ablations")
    card = weights.card("detect-nodule")
    model = Model(
        replace(card, training=replace(card.training, minutes=60.0)), nn.Identity()
    )
    whole, part, _ = recipe.ABLATIONS
    assert recipe.minutes_of(whole, model) == 60.0
    assert recipe.minutes_of(part, model) == 20.0


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
