"""segment, translate, detect as words: what is passed on, what is refused."""

import numpy as np
import pytest

from vesalius.cli import main
from vesalius.io import write_volume
from vesalius.volume import Study, Volume


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


def test_segment_passes_a_study_where_contrasts_lie_beside(tmp_path, pipeline, task):
    calls = pipeline("show")
    flair, t1, t1c = (scan(tmp_path / f"{n}.nii.gz") for n in ("flair", "t1", "t1c"))
    words = ["segment", flair, "--contrast", "flair", "--modality", "MR"]
    out = ["--t1", t1, "--t1c", t1c, "-o", str(tmp_path / "out")]
    assert main([*words, *out]) == 0
    called(calls)
    study, options = task[0]
    assert isinstance(study, Study)
    assert [v.contrast for v in study.volumes] == ["FLAIR", "T1w", "T1ce"]
    assert options["seed"] == 0


def test_segment_passes_the_scan_alone_otherwise(tmp_path, pipeline, task):
    calls = pipeline("show")
    flair = scan(tmp_path / "flair.nii.gz")
    words = ["segment", flair, "--contrast", "flair", "--modality", "mr", "--seed", "3"]
    assert main([*words, "-o", str(tmp_path / "out")]) == 0
    called(calls)
    assert isinstance(task[0][0], Volume)
    assert task[0][1]["seed"] == 3


def test_contrasts_beside_several_patients_are_refused(tmp_path, capfd):
    a, b = (scan(tmp_path / f"{n}.nii.gz") for n in "ab")
    words = ["segment", a, b, "--t1", a, "-o", str(tmp_path / "out")]
    assert main(words) == 2
    assert "one patient" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


def test_contrasts_on_another_grid_are_refused_with_the_remedy(tmp_path, capfd):
    flair, t1 = scan(tmp_path / "flair.nii.gz"), scan(tmp_path / "t1.nii.gz", edge=1.5)
    words = ["segment", flair, "--contrast", "flair", "--modality", "MR", "--t1", t1]
    assert main([*words, "-o", str(tmp_path / "out")]) == 2
    said = capfd.readouterr().err
    assert "vesalius.resample" in said
    assert "vesalius resample" in said
    assert not (tmp_path / "out").exists()
    moved = str(tmp_path / "moved.nii.gz")
    assert main(["resample", t1, "--onto", flair, "-o", moved, "--modality", "MR"]) == 0
    assert main(["resample", t1, "--onto", flair, "-o", moved, "--modality", "MR"]) == 2
    assert "exists already" in capfd.readouterr().err


def test_a_scan_without_a_contrast_is_refused_with_the_option(tmp_path, capfd):
    flair = scan(tmp_path / "flair.nii.gz")
    out = str(tmp_path / "out")
    assert main(["segment", flair, "--modality", "MR", "-o", out]) == 2
    assert "--contrast flair" in capfd.readouterr().err


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
