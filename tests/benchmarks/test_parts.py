"""A benchmark that cannot be trusted proves nothing: its parts are tested too."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesalius.io import write_volume
from vesalius.physics.noise import rician, unbias_mean
from vesalius.volume import Volume

pytest.importorskip("pywt", reason="the wavelet peer needs the extra 'bench'")

from parts import cells, tuning
from parts.cache import remembered
from parts.cells import Cell, cases_of, degraded, shares, spread_out
from parts.peers import MR_PEERS, Noise, Peer
from parts.rows import Run, measured, pairs_of
from parts.scores import best_of, differences, scored, summary
from parts.table import draw, page
from parts.tuning import Setting

SIGMA = 0.08
FAST = tuple(peer for peer in MR_PEERS if not peer.slow)


def head(side: int = 48, slices: int = 6) -> Volume:
    i, j = np.indices((side, side)) - side / 2
    disc = np.where(np.hypot(i, j) < side / 3, 0.5, 0.0) + np.where(
        np.hypot(i - 4, j) < side / 8, 0.4, 0.0
    )
    voxels = np.repeat(disc[:, :, None], slices, 2).astype(np.float32)
    return Volume(voxels, np.diag([1.0, 1.0, 3.0, 1.0]), "a.u.", "MR")


@pytest.fixture
def data(tmp_path):
    """A manifest with one patient who tests and one who trains."""
    lines = ["patient,file,modality,contrast,split"]
    for number, part in enumerate(("test", "train")):
        write_volume(head(), tmp_path / f"scan{number}.nii.gz")
        lines.append(f"patient{number},scan{number}.nii.gz,MR,,{part}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def cell(monkeypatch):
    monkeypatch.setitem(tuning.PEERS, "MR", (slow_blur, double_blur))
    monkeypatch.setattr("parts.rows.PEERS", tuning.PEERS)
    return Cell("manifest", "2-scan0", "MR", SIGMA)


def blurred(noisy, noise, dial):
    return FAST[-1].clean(noisy, noise, dial)


double_blur = Peer("blur", blurred, (0.5, 5.0), "pixels")
slow_blur = Peer("BM3D", blurred, (1.0,), "pixels", slow=True)


@given(st.integers(1, 40), st.integers(1, 60))
def test_every_patient_is_measured_and_no_slice_is_lost(patients, slices):
    counts = shares(patients, slices)
    assert len(counts) == patients
    assert min(counts) >= 1
    assert sum(counts) == max(patients, slices)
    assert max(counts) - min(counts) <= 1


@given(st.integers(0, 40), st.integers(1, 30), st.integers(1, 50))
def test_chosen_slices_hold_body_and_differ(before, full, wanted):
    mask = np.zeros((2, 2, before + full + 3), bool)
    mask[..., before : before + full] = True
    chosen = spread_out(mask, wanted)
    assert len(set(chosen)) == len(chosen) <= wanted
    assert len(chosen) == min(wanted, full)
    assert all(before <= k < before + full for k in chosen)


@pytest.mark.parametrize("peer", FAST, ids=lambda peer: peer.name)
def test_a_peer_removes_noise_and_answers_alike_twice(peer):
    truth = head().voxels[:, :, 0].astype(np.float64)
    noisy = truth + np.random.default_rng(0).normal(0, SIGMA, truth.shape)
    answers = [peer.clean(noisy, Noise(SIGMA), 0.9) for _ in range(2)]
    np.testing.assert_array_equal(*answers)
    # Half the noise's variance is the least that any of them takes away here.
    assert np.mean((answers[0] - truth) ** 2) < 0.5 * SIGMA**2


@pytest.mark.parametrize("name", ["bm3d", "bm3d_coloured"])
def test_bm3d_told_a_flat_spectrum_or_its_level_answers_alike(name):
    pytest.importorskip("bm3d", reason="BM3D is in the extra 'bench'")
    from parts import peers

    truth = head(32).voxels[:, :, 0].astype(np.float64)
    noisy = truth + np.random.default_rng(0).normal(0, SIGMA, truth.shape)
    flat = np.full(truth.shape, SIGMA**2 * truth.size)
    answer = getattr(peers, name)(noisy, Noise(SIGMA, flat), 1.0)
    assert np.mean((answer - truth) ** 2) < 0.5 * SIGMA**2
    np.testing.assert_allclose(answer, peers.bm3d(noisy, Noise(SIGMA), 1.0), atol=1e-6)
    assert not hasattr(np, "trapz") or np.lib.NumpyVersion(np.__version__) < "2.4.0"


def test_the_cache_asks_once_and_anew_when_the_question_changes(tmp_path):
    asked = []

    def ask():
        asked.append(1)
        return np.full((2, 2), float(len(asked)))

    first = remembered(tmp_path, "peer", {"sigma": 1.0}, ask)
    again = remembered(tmp_path, "peer", {"sigma": 1.0}, ask)
    other = remembered(tmp_path, "peer", {"sigma": 2.0}, ask)
    assert (first.picture[0, 0], again.picture[0, 0], other.picture[0, 0]) == (1, 1, 2)
    assert first.seconds == again.seconds


def test_noise_is_the_same_each_time_and_of_the_level_that_is_told(data, cell):
    (case,) = cases_of(cell, data, "test")
    one, two = (degraded(case, cell, 2, 0, data / "cache") for _ in range(2))
    other = degraded(case, cell, 2, 1, data / "cache")
    np.testing.assert_array_equal(one.noisy.voxels, two.noisy.voxels)
    assert not np.array_equal(one.noisy.voxels, other.noisy.voxels)
    assert one.sigma == pytest.approx(SIGMA * 0.9)
    # Rayleigh noise in air: its mean square is twice the variance of a channel.
    air = one.noisy.voxels[one.truth.voxels == 0]
    assert np.mean(air**2) == pytest.approx(2 * one.sigma**2, rel=0.05)


def test_a_perfect_picture_scores_best_and_beats_a_worse_one(data, cell):
    (case,) = cases_of(cell, data, "test")
    pair = degraded(case, cell, 2, 0, data / "cache")
    truth = pair.at_chosen(pair.truth.voxels)
    near, noisy = (
        scored(pair, truth + 1e-3),
        scored(pair, pair.at_chosen(pair.noisy.voxels)),
    )
    assert near["rmse"] == pytest.approx(1e-3, rel=1e-3)
    assert near["psnr"] > noisy["psnr"]
    assert near["ssim"] > noisy["ssim"]
    # Rician noise in the body is close to normal of the SD that was told.
    assert noisy["psnr"] == pytest.approx(-20 * np.log10(SIGMA), abs=0.3)
    gain = differences([near], [noisy])["psnr"]
    assert gain["value"] == pytest.approx(near["psnr"] - noisy["psnr"], abs=1e-3)
    assert summary([near, near])["psnr"]["count"] == 2
    assert best_of(("a", "b"), {"a": [noisy], "b": [near]}) == "b"


def test_tuning_finds_the_better_dial_on_training_patients_and_keeps_it(data, cell):
    trained = Cell("manifest", "3-scan1", "MR", SIGMA)
    file = data / "tuning.json"
    heard = []
    settings = tuning.tuned(trained, data, data / "cache", file, heard.append)
    assert settings["blur"].dial == 0.5
    assert heard
    heard.clear()
    assert tuning.tuned(trained, data, data / "cache", file, heard.append) == settings
    assert not heard


def test_a_cell_is_measured_from_scan_to_page(data, cell, tmp_path):
    run = Run(data=data, cache=data / "cache", slices=3)
    assert len(pairs_of(cell, run)) == 1

    def perfect(noisy: Volume) -> Volume:
        return noisy.with_voxels(head().voxels + np.float32(1e-4))

    row = measured(cell, run, {"blur": Setting(0.5, True)}, perfect, lambda words: None)
    methods = row["methods"]
    assert row["slices"] == 3
    assert set(methods) == {"noisy", "BM3D", "BM3D, Rician-corrected", "blur", "ours"}
    assert all(
        m["ours_minus"]["psnr"]["low"] > 0 for n, m in methods.items() if n != "ours"
    )
    machine = {"processor": "one", "threads": 2, "load_average": 0.1}
    cost = {"ours": {"seconds": 0.1, "processor_seconds": 0.2, "peak_mb": 100}}
    results = {"machine": machine, "cells": [row], "cost": cost}
    assert json.loads(json.dumps(results)) == results
    assert "| ours | 0.100 | 0.200 | 100 |" in page(results)
    pytest.importorskip("matplotlib", reason="pictures need the extra 'bench'")
    draw(results, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 1000


def test_taking_the_floor_off_brings_an_average_back_to_the_truth():
    rng = np.random.default_rng(0)
    for truth in (0.1, 0.5):
        mean = rician(np.full((200, 200), truth), SIGMA, rng).mean()
        assert unbias_mean(np.array([mean]), SIGMA)[0] == pytest.approx(
            truth, abs=0.003
        )
    assert cells.MAX_SLICES == 24  # what the issue allows the slow peers
