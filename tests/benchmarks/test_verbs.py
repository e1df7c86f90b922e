"""The verbs are timed as a user runs them, each in a process of its own."""

import json
import sys

import pytest

pytest.importorskip("matplotlib", reason="of the extra 'bench'")

import verbs
from parts.launched import launched


def test_time_and_memory_are_those_of_one_process():
    small, large = (
        launched([sys.executable, "-c", f"x = bytearray({size})"], {})
        for size in (1, 300_000_000)
    )
    assert small["code"] == 0
    assert large["peak_mb"] > small["peak_mb"] + 200
    again = launched([sys.executable, "-c", "raise SystemExit(3)"], {})
    assert again["code"] == 3
    assert again["peak_mb"] < 100  # neither the largest so far nor this process's
    assert again["total_s"] > 0


def test_the_words_are_those_of_a_user(tmp_path):
    scan = verbs.Scan(tmp_path / "s.nii.gz", {"modality": "MR"}, "drawn")
    words = verbs.command_of(verbs.VERBS[0], scan, tmp_path / "out")
    assert words[1:3] == ["translate", str(tmp_path / "s.nii.gz")]
    assert words[-4:] == ["--to", "ct", "--modality", "MR"]


@pytest.mark.parametrize(
    ("code", "seconds", "ends"), [(0, 1.0, 0), (0, 99.0, 1), (3, 1.0, 1)]
)
def test_a_bar_that_is_missed_or_a_refusal_ends_in_1(
    code, seconds, ends, tmp_path, monkeypatch
):
    cost = {"code": code, "total_s": seconds, "processor_s": 1.0, "peak_mb": 900}
    alone = {"read_s": 0.1, "first_s": 0.9, "verb_s": 0.5}
    verb = verbs.Verb("denoise", "denoise-mr", 20.0, (), _scan)
    monkeypatch.setattr(verbs, "VERBS", (verb,))
    monkeypatch.setattr(verbs, "launched", lambda command, environment: cost)
    monkeypatch.setattr(verbs, "bare", lambda *asked: alone)
    assert verbs.main(["--out", str(tmp_path)]) == ends
    (row,) = json.loads((tmp_path / "verbs.json").read_text())["verbs"]
    assert row["bare"] == alone
    assert row["within"] is (ends == 0)
    text = (tmp_path / "verbs.md").read_text()
    assert "| denoise | drawn |" in text
    assert ("exit code 3" in text) is (code == 3)


def test_a_missing_model_is_said(tmp_path, monkeypatch):
    verb = verbs.Verb("fly", "no-such-model", 1.0, (), _scan)
    monkeypatch.setattr(verbs, "VERBS", (verb,))
    assert verbs.main(["--out", str(tmp_path)]) == 2
    assert verbs.main(["--out", str(tmp_path), "--allow-missing"]) == 0
    assert "no no-such-model in the box" in (tmp_path / "verbs.md").read_text()


def _scan(folder, data):
    return verbs.Scan(folder / "scan.nii.gz", {}, "drawn")
