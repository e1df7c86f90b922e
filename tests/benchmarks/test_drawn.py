"""Drawn nodules and lesions: the benchmark's page, its example, its cards."""

import json
from argparse import Namespace

import pytest

pytest.importorskip("matplotlib", reason="of the extra 'bench'")

import drawn

from vesalius.card import Table


def measured(asked, told):
    told("at work")
    rows = [
        {"place": 1, "probability": 0.9, "size_mm": 5.0, "readers": []},
        {"place": 2, "probability": 0.8, "size_mm": 9.0, "readers": [1, 3]},
    ]
    table = Table("nodules drawn into 2 lung slices, found", ("a", "b"), (("1", "2"),))
    return {"example": {"series": "lidc_0001", "findings": rows}}, [table]


def test_tables_example_and_weights_are_written_and_cards_only_when_asked(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(drawn, "MEASURES", {"detect-nodule": measured})
    put = []
    monkeypatch.setattr(drawn, "put", lambda tables, model: put.append((model, tables)))
    assert drawn.main(["--out", str(tmp_path)]) == 0
    assert not put
    kept = json.loads((tmp_path / "drawn.json").read_text())
    assert len(kept["weights_sha256"]["detect-nodule"]) == 64
    said = (tmp_path / "drawn.md").read_text()
    assert "### nodules drawn into 2 lung slices, found" in said
    assert "| 1 | 2 |" in said
    assert "2 findings; the first that a reader outlined is place 2 of them" in said
    assert drawn.main(["--out", str(tmp_path), "--card"]) == 0
    assert [model for model, _ in put] == ["detect-nodule"]


def test_an_example_without_a_hit_says_so():
    row = {"place": 1, "probability": 0.9, "size_mm": 5.0, "readers": []}
    assert "none of them" in drawn.said({"findings": [row]})


def test_a_quick_look_goes_on_no_card(tmp_path):
    with pytest.raises(SystemExit):
        drawn.main(["--out", str(tmp_path), "--card", "--quick"])


def test_without_the_series_there_is_no_example(tmp_path):
    assert drawn._example(tmp_path) is None


def test_lesions_of_two_slices_are_laid_out_for_the_card(monkeypatch, tmp_path):
    asked = Namespace(data=tmp_path, quick=True)
    monkeypatch.setattr(drawn, "pair_cases", lambda *a, **k: ())
    found, tables = drawn._lesions(asked, lambda words: None)
    assert found["structures"]["slices"] == 0
    assert [len(table.columns) for table in tables] == [5, 2]
