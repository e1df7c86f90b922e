"""Train, evaluate, manifest: the words reach the work, and the answer is printed."""

import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

import vesalius
from vesalius.cli import main
from vesalius.cli.threads import use_threads
from vesalius.errors import ConfigError

VERBS = ("denoise", "translate", "segment", "detect")


@pytest.fixture
def rooms(monkeypatch):
    """Stand in for what trains and measures; remembers what it was given."""
    calls = {}

    def train(recipe, data, *, minutes, resume, out, progress):
        calls["train"] = (recipe, data, minutes, resume, out)
        progress(1, 10, 0.5)
        return Path("out/train/denoise-mr")

    def measure(verb):
        def evaluate(data, *, predictions, part, progress, **only):
            assert only == ({"to": "ct"} if verb == "translate" else {})
            if not data.exists():
                raise ConfigError("no scans to work on")
            progress(1, 3)
            calls["evaluate"] = (verb, data, predictions, part)
            return {"patients": 3}

        return evaluate

    measures = {f"evaluate_{verb}": measure(verb) for verb in VERBS}
    for name, functions in (("train", {"train": train}), ("evaluate", measures)):
        room = ModuleType(f"vesalius.{name}")
        vars(room).update(functions)
        monkeypatch.setitem(sys.modules, room.__name__, room)
        # `import vesalius.evaluate as` looks at the package, if it was loaded before.
        monkeypatch.setattr(vesalius, name, room, raising=False)
    monkeypatch.setattr("vesalius.cli.training.use_threads", lambda count: 1)
    return calls


def test_train_passes_all_on(rooms, capfd):
    words = "train denoise-mr --data d --minutes 1.5 --resume -o w"
    assert main(words.split()) == 0
    assert rooms["train"] == ("denoise-mr", Path("d"), 1.5, True, Path("w"))
    assert "denoise-mr" in capfd.readouterr().out


def test_train_by_default_follows_the_recipe(rooms):
    assert main(["train", "my.toml", "--data", "d"]) == 0
    assert rooms["train"] == ("my.toml", Path("d"), None, False, None)


@pytest.mark.parametrize("verb", VERBS)
def test_evaluate_prints_json(rooms, tmp_path, capfd, verb):
    words = ["evaluate", verb, "--data", str(tmp_path), "--predictions", "p.csv"]
    assert main(words) == 0
    assert json.loads(capfd.readouterr().out) == {"patients": 3}
    assert rooms["evaluate"] == (verb, tmp_path, Path("p.csv"), "test")


@pytest.mark.parametrize("part", ["train", "calibrate", "test", "all"])
def test_evaluate_measures_the_part_asked_for(rooms, tmp_path, part):
    words = ["evaluate", "segment", "--data", str(tmp_path), "--part", part]
    assert main(words) == 0
    assert rooms["evaluate"] == ("segment", tmp_path, None, part)


@pytest.mark.parametrize("words", [["upsample"], ["detect", "--part", "half"]])
def test_evaluate_refuses_what_it_cannot_measure(rooms, tmp_path, words):
    assert main(["evaluate", *words, "--data", str(tmp_path)]) == 2
    assert rooms == {}


def test_evaluate_without_scans_is_2(rooms, tmp_path, capfd):
    assert main(["evaluate", "denoise", "--data", str(tmp_path / "absent")]) == 2
    assert capfd.readouterr().err == "error: no scans to work on\n"


@pytest.mark.parametrize("words", [[], ["--minutes", "0"], ["--minutes", "soon"]])
def test_train_refuses_what_cannot_be(rooms, words):
    data = ["--data", "d"] if words else []
    assert main(["train", "denoise-mr", *data, *words]) == 2
    assert rooms == {}


def test_the_template_is_written_once(tmp_path, capfd):
    file = tmp_path / "mine.csv"
    assert main(["manifest", str(file)]) == 0
    assert file.read_text().startswith("patient,file,modality,contrast,split")
    before = file.read_bytes()
    assert main(["manifest", str(file)]) == 2
    assert "mine.csv" in capfd.readouterr().err
    assert file.read_bytes() == before


# Threads


@pytest.fixture
def one_thread_again(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield
    torch.set_num_threads(1)


def test_threads_are_what_was_asked_for(one_thread_again):
    assert use_threads(2) == torch.get_num_threads() == 2
    assert os.environ["OMP_NUM_THREADS"] == "2"


@pytest.mark.parametrize(("said", "count"), [("1", 1), ("1,4", 1), ("3", 3)])
def test_threads_follow_the_surroundings(one_thread_again, monkeypatch, said, count):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert use_threads(None) == torch.get_num_threads() == count


@pytest.mark.parametrize("said", ["", "many", "0", "-1"])
def test_threads_are_else_one_a_processor(one_thread_again, monkeypatch, said):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert use_threads(None) == len(os.sched_getaffinity(0))


def test_only_translate_has_a_direction(rooms, tmp_path, capfd):
    words = ["evaluate", "segment", "--data", str(tmp_path), "--to", "mr"]
    assert main(words) == 2
    assert "--to says what translate makes" in capfd.readouterr().err
