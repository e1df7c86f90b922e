"""translate and detect as words: what is passed on, what is refused."""

import numpy as np
import pytest

from vesalius.cli import main
from vesalius.io import write_volume
from vesalius.volume import Volume


@pytest.fixture
def task(monkeypatch, answer):
    """Stand in for a task and remember what it was given."""
    given = []

    def fake(scan, **options):
        given.append((scan, options))
        return answer("show")

    for name in ("segment", "translate", "detect"):
        monkeypatch.setattr(f"vesalius.tasks.{name}", fake)
    return given


def scan(path, edge=1.0):
    voxels = np.random.default_rng(0).random((6, 5, 4), np.float32)
    affine = np.diag([edge, 1.0, 2.0, 1.0])
    write_volume(Volume(voxels, affine, "a.u.", "MR"), path)
    return str(path)


def called(calls, number=0):
    """Open the scan as the pipeline would, and run the task that it was given."""
    call = calls[number]
    return call["task"](call["open_scan"](call["source"]))


@pytest.mark.parametrize("to", ["ct", "mr"])
def test_translate_passes_where_to_and_how(tmp_path, pipeline, task, to):
    calls = pipeline("show")
    head = scan(tmp_path / "head.nii.gz")
    words = ["translate", head, "--to", to, "--modality", "MR", "--look", "sharp"]
    assert main([*words, "--fuse", "-o", str(tmp_path / "out")]) == 0
    called(calls)
    options = task[0][1]
    assert (options["to"], options["look"], options["fuse"]) == (to, "sharp", True)


def test_translate_needs_to_know_where_to(tmp_path, capfd):
    head = scan(tmp_path / "head.nii.gz")
    assert main(["translate", head, "-o", str(tmp_path / "out")]) == 2
    assert "--to" in capfd.readouterr().err


def test_detect_passes_each_scan(tmp_path, pipeline, task):
    calls = pipeline("show", "show")
    a, b = (scan(tmp_path / f"{n}.nii.gz") for n in "ab")
    words = ["detect", a, b, "--modality", "CT", "-o", str(tmp_path / "out")]
    assert main(words) == 0
    called(calls, 0)
    called(calls, 1)
    assert [given[0].modality for given in task] == ["CT", "CT"]
