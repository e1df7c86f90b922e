"""The case studies are recomputed from files to page, with fakes in place of models."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

pytest.importorskip("matplotlib", reason="pictures need the extra 'bench'")

import casestudies
from parts import nodule_study, ours_cases, translation_study, tumour_study
from parts.case_summary import best_traditional, by_cell, summarised
from parts.kept_answers import Kept, save
from parts.ours import open_card

from vesalius.evaluate import detect
from vesalius.io import write_volume
from vesalius.nets.nodule_coder import Said
from vesalius.physics.phantom import head
from vesalius.weights.models import Model

PATIENTS = 5  # one of them trains... three do, one calibrates, one tests


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Heads, pairs and patches, small and drawn."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for number in range(PATIENTS):
        _tumour_patient(root / "lgg" / f"p{number}", number)
        _pair_patient(root / "mr_ct_pairs" / f"1B{'AB'[number % 2]}{number}", rng)
    _patches(root / "lung_nodule_patches", rng)
    return root


def _tumour_patient(folder, seed):
    folder.mkdir(parents=True)
    scan = head(shape=(64, 80, 4), spacing_mm=(2.5, 2.5, 8.0), seed=seed).truth
    ball = np.zeros(scan.voxels.shape, np.float32)
    ball[28:36, 36:46, 1:3] = 1
    bright = np.where(ball > 0, scan.voxels.max(), 0.6 * scan.voxels)
    write_volume(scan.with_voxels(bright.astype(np.float32)), folder / "flair.nii.gz")
    write_volume(scan.with_voxels(ball), folder / "tumour.nii.gz")


def _pair_patient(folder, rng):
    folder.mkdir(parents=True)
    y, x = np.indices((48, 40))
    away = np.hypot(y - 24, x - 20)
    for plane in ("axial", "coronal", "sagittal"):
        mr = np.where(away < 17, 120, 0) + np.where(away < 14, 60, 0)
        ct = np.where(away < 17, 200, 0) - np.where(away < 14, 110, 0)
        ct = ct + (away < 17) * rng.integers(0, 4, ct.shape)
        mask = np.where(away < 19, 255, 0)
        for kind, grey in (("mri", mr), ("ct", ct), ("mask", mask)):
            file = folder / f"{kind}_{plane}.png"
            Image.fromarray(grey.astype(np.uint8)).save(file)


def _patches(folder, rng):
    folder.mkdir(parents=True)
    count = 240
    row = np.arange(count) * 400  # twenty blocks of twelve
    nodule = np.arange(count) % 4 == 0
    y, x = np.indices((50, 50)) - 24.5
    image = rng.integers(0, 40, (count, 50, 50))
    image += np.where(nodule[:, None, None], 150, 0) * (np.hypot(y, x) < 7)
    np.savez(
        folder / "patches.npz",
        image=image.astype(np.uint8),
        nodule=nodule.astype(np.uint8),
        candidate_row=row,
    )


class Bright(nn.Module):
    """Takes what is bright for tumour."""

    def forward(self, seen):
        return torch.sigmoid(4 * (seen[:, 1:2] - 1.0))


class Flat(nn.Module):
    """Says soft tissue wherever there is signal."""

    multiple = 1

    def forward(self, seen):
        made = torch.where(seen[:, :1] > 0.1, 1.05, 0.0)
        return torch.cat([made, torch.ones_like(made), torch.ones_like(made)], 1)


class Middle(nn.Module):
    """Takes a bright middle for a nodule."""

    def forward(self, patches):
        bright = patches[:, 0, 20:28, 20:28].mean((1, 2))
        return Said(20 * (bright - 0.3), patches, bright, bright)


NETS = {
    "tumour": (Bright, "MR"),
    "translation": (Flat, "MR"),
    "nodules": (Middle, "CT"),
}


def fake(study):
    net, modality = NETS[study]
    card = replace(open_card(modality), weights_sha256="0" * 64)
    return Model(card, net())


def peers(folder, data):
    """Two traditional peers a study: one that is right, one that sees nothing."""
    tumours, slices = (s.cases_of(data) for s in (tumour_study, translation_study))
    tested = nodule_study.cases_of(data)
    quiet = lambda words: None  # noqa: E731
    made = {
        ("tumour", "Otsu and morphology"): tumour_study.answers(
            lambda flair: flair.voxels > 0.9 * flair.voxels.max(), tumours, quiet
        ),
        ("tumour", "random forest"): tumour_study.answers(
            lambda flair: np.zeros(flair.voxels.shape), tumours, quiet
        ),
        ("translation", "bulk density"): translation_study.answers(
            lambda mr, mask, plane: np.where(mask, 40, -1024).astype(np.float32),
            slices,
            quiet,
        ),
        ("nodules", "hand-made features, random forest"): nodule_study.answers(
            lambda pictures: pictures[:, 20:30, 20:30].mean((1, 2)), 0.4, tested, quiet
        ),
    }
    for (study, name), arrays in made.items():
        told = {"name": name, "kind": "traditional", "fit_minutes": 0.5}
        save(folder, study, Kept(arrays, {**told, "seconds_a_case": 0.1}))


@pytest.fixture(scope="module")
def results(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    peers(out / "peers", data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(casestudies, "in_the_box", fake)
        patch.setattr(nodule_study, "DRAWS", 50)
        patch.setattr(detect, "DRAWS", 50)
        words = ["--data", str(data), "--out", str(out), "--peers", str(out / "peers")]
        assert casestudies.main(words) == 2  # most peers are missing
    return out


def test_three_studies_are_measured_with_intervals_and_differences(results):
    found = json.loads((results / "casestudies.json").read_text())["studies"]
    assert set(found) == {"tumour", "translation", "nodules"}
    tumour = found["tumour"]["methods"]
    assert tumour["Otsu and morphology"]["dice"]["value"] > 0.9
    assert tumour["random forest"]["dice"]["value"] == 0
    less = tumour["random forest"]["ours_minus"]["dice"]["value"]
    assert less == pytest.approx(tumour["ours"]["dice"]["value"], abs=1e-3)
    assert "calibration_error" in tumour["ours"]
    assert "calibration_error" not in tumour["random forest"]
    assert found["tumour"]["best_traditional"] == "Otsu and morphology"
    for study in found.values():
        for method in study["methods"].values():
            assert 0 <= method["repeated"]["value"] <= 1


def test_translations_stand_by_plane_and_centre_beside_their_ceilings(results):
    found = json.loads((results / "casestudies.json").read_text())["studies"]
    study = found["translation"]
    cells = {(cell["plane"], cell["centre"]) for cell in study["cells"]}
    assert {("coronal", "all"), ("sagittal", "all")} < cells
    assert 0 < study["ceilings"]["outside_air"]["value"] <= 1
    assert "mae_bone_hu" in study["methods"]["ours"]


def test_nodules_are_told_by_blocks(results):
    found = json.loads((results / "casestudies.json").read_text())["studies"]["nodules"]
    ours = found["methods"]["ours"]
    assert ours["sensitivity"]["value"] == ours["specificity"]["value"] == 1
    assert ours["area"]["count"] == found["blocks"]
    other = found["methods"]["hand-made features, random forest"]
    assert set(other["ours_minus"]) == {"sensitivity", "specificity", "area"}


def test_the_page_stands_alone_and_says_what_is_missing(results):
    page = (results / "casestudies.html").read_text()
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    assert "http" not in page
    assert "without Gaussian mixture" in page
    assert "published, generative" in page
    text = (results / "casestudies.md").read_text()
    assert "| ours |" in text
    assert "0.94" in text
    with Image.open(results / "casestudies.png") as picture:
        assert picture.size[0] > 1000


def test_a_missing_model_leaves_its_study_out_with_a_note(data, tmp_path, monkeypatch):
    monkeypatch.setattr(casestudies, "in_the_box", lambda study: None)
    words = ["--data", str(data), "--out", str(tmp_path), "--peers", str(tmp_path)]
    assert casestudies.main(words) == 2
    assert casestudies.main([*words, "--allow-missing"]) == 0
    found = json.loads((tmp_path / "casestudies.json").read_text())
    assert found["studies"] == {}
    assert len(found["left_out"]) == 3
    assert (
        "segment-tumour is not in the box" in (tmp_path / "casestudies.md").read_text()
    )


def test_a_scan_that_the_checks_withhold_is_answered_and_counted():
    asked = []

    def verb(scan, model):
        asked.append(model.card.unfamiliarity_limit)
        strict = model.card.unfamiliarity_limit is not None
        return SimpleNamespace(picture=None if strict else scan)

    card = replace(open_card("MR"), unfamiliarity_limit=0.5, region="head")
    ask = ours_cases.Asked(verb, Model(card, nn.Identity()))
    assert ask("scan") == "scan"
    assert asked == [0.5, None]
    assert ask.told(2.0)["withheld"] == 1


def test_the_box_without_a_model_is_no_error(monkeypatch):
    monkeypatch.setitem(ours_cases.MODELS, "tumour", "no-such-model")
    assert ours_cases.in_the_box("tumour") is None


def test_differences_are_of_the_same_patients():
    row = {"patient": "a", "centre": "1BA", "plane": "axial"}
    keys = [key for key, _, _ in casestudies_measures()]
    rows = {
        name: [
            {**row, **dict.fromkeys(keys, level + n / 10), "patient": f"p{n}"}
            for n in range(3)
        ]
        for name, level in (("ours", 0.5), ("peer", 0.3))
    }
    rows["peer"][0]["mae_air_hu"] = None
    methods = summarised("translation", rows)
    less = methods["peer"]["ours_minus"]
    assert less["mae_hu"]["value"] == pytest.approx(0.2)
    assert less["mae_hu"]["low"] == pytest.approx(0.2)
    assert less["mae_air_hu"]["count"] == 2
    assert [c["centre"] for c in by_cell(rows)] == ["all", "1BA"]
    for name in methods:
        methods[name]["kind"] = "traditional" if name == "peer" else "generative"
    assert best_traditional("translation", methods) == "peer"


def casestudies_measures():
    from parts.case_summary import MEASURES

    return MEASURES["translation"]
