"""What each model's input check withholds is counted and held against its bars."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="of the extra 'bench'")

import refusals

from vesalius import weights
from vesalius.evaluate.refusals import Trial
from vesalius.volume import Volume


def scan(fill, shape=(64, 64, 1)):
    voxels = np.full(shape, fill, np.float32)
    return Volume(voxels, np.diag([4.0, 4.0, 4.0, 1.0]), "HU", "CT")


def trials(*foreign):
    """Yield a scan for each word: whether it is foreign, and whether it is withheld."""
    return [
        Trial(is_foreign, "drawn", scan(1.0 if out else 0.0))
        for is_foreign, out in foreign
    ]


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ([(False, False), (True, True)], 0),
        ([(False, True), (True, True)], 1),
        ([(False, False), (True, False)], 1),
    ],
)
def test_a_valid_scan_withheld_or_a_foreign_one_shown_misses(
    given, ends, tmp_path, monkeypatch
):
    monkeypatch.setattr(refusals.weights, "names", lambda: ("detect-nodule",))
    monkeypatch.setattr(refusals, "verb_trials", lambda data, card: trials(*given))
    monkeypatch.setattr(
        refusals, "is_withheld", lambda scan, card: bool(scan.voxels.max())
    )
    assert refusals.main(["--out", str(tmp_path)]) == ends
    found = json.loads((tmp_path / "refusals.json").read_text())["models"]
    assert found["detect-nodule"]["within"] is (ends == 0)
    said = (tmp_path / "refusals.md").read_text()
    assert ("detect-nodule: holds" in said) is (ends == 0)
    assert "| **foreign, all** | 1 |" in said


def test_a_detector_withholds_a_scan_without_lungs_whatever_its_card_lets_through():
    card = weights.card("detect-nodule")
    open_to_all = replace(
        card,
        region=None,
        unfamiliarity_limit=None,
        spacing_range_mm=(0.01, 100.0),
        field_of_view_mm=(1.0, 1e4),
    )
    assert refusals.is_withheld(scan(40.0), open_to_all)
    assert not refusals.is_withheld(scan(40.0), replace(open_to_all, task="denoise"))
