"""Several scans in one command: each its own folder, one ending."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesalius.cli import main
from vesalius.cli.ending import DONE, NO_WEIGHTS, UNUSABLE, WITHHELD, gravest
from vesalius.cli.several import folder_names
from vesalius.errors import ScanError, WeightsError


def denoise(folder, count, *more):
    paths = [str(folder / f"scan-{n}.nii.gz") for n in range(count)]
    return main(["denoise", *paths, "--out", str(folder / "out"), *more])


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1))
def test_every_scan_has_a_folder_of_its_own(stems):
    names = folder_names([Path(f"{stem}.nii.gz") for stem in stems])
    # Not even on a disk that does not tell capitals from small letters.
    assert len({name.casefold() for name in names}) == len(stems)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/t1.nii.gz", "t1"),
        ("a/t1.mha", "t1"),
        ("a/series.zip", "series"),
        ("a/IM0001", "IM0001"),
        ("a/1.2.840.5", "1.2.840"),
    ],
)
def test_a_folder_is_named_after_its_scan(path, name):
    assert folder_names([Path(path)]) == [name]


def test_a_folder_of_slices_keeps_its_whole_name(tmp_path, monkeypatch):
    (tmp_path / "1.2.840.5").mkdir()
    monkeypatch.chdir(tmp_path / "1.2.840.5")
    assert folder_names([tmp_path / "1.2.840.5", Path()]) == [
        "1.2.840.5",
        "1.2.840.5-2",
    ]


def test_each_goes_to_its_own_folder(pipeline, tmp_path, capfd):
    calls = pipeline("show", "warn")
    assert denoise(tmp_path, 2) == 0
    assert [call["out"] for call in calls] == [
        tmp_path / "out" / "scan-0",
        tmp_path / "out" / "scan-1",
    ]
    said = capfd.readouterr().out
    assert "scan-0:\ndenoise" in said
    assert "scan-1:\ndenoise" in said


@pytest.mark.parametrize(
    ("endings", "code"),
    [
        (["show", "withhold"], 3),
        ([ScanError("damaged"), "show"], 2),
        (["withhold", ScanError("damaged"), "show"], 2),
        ([ScanError("damaged"), WeightsError("altered"), "withhold"], 4),
    ],
    ids=str,
)
def test_one_that_fails_stops_no_other_and_the_gravest_counts(
    pipeline, tmp_path, capfd, endings, code
):
    calls = pipeline(*endings)
    assert denoise(tmp_path, len(endings)) == code
    assert len(calls) == len(endings)
    assert capfd.readouterr().err.count("\n") == (0 if code == 3 else 1)


def test_the_line_counts_what_failed_and_names_the_gravest(pipeline, tmp_path, capfd):
    pipeline(ScanError("damaged"), "show", WeightsError("altered"))
    denoise(tmp_path, 3)
    assert capfd.readouterr().err == (
        "error: 2 of 3 scans could not be carried through; scan-2: altered\n"
    )


def test_an_interruption_stops_them_all(pipeline, tmp_path):
    calls = pipeline("show", KeyboardInterrupt(), "show")
    assert denoise(tmp_path, 3) == 130
    assert len(calls) == 2


def test_json_is_one_array(pipeline, tmp_path, capfd):
    pipeline("show", ScanError("damaged"), "withhold")
    denoise(tmp_path, 3, "--json")
    outcomes = [one["verdict"]["outcome"] for one in json.loads(capfd.readouterr().out)]
    assert outcomes == ["show", "withhold"]


def test_a_place_that_holds_something_is_refused_before_the_work(pipeline, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    calls = pipeline("show", "show")
    assert denoise(tmp_path, 2) == 2
    assert calls == []
    assert denoise(tmp_path, 2, "--overwrite") == 0
    assert calls[0]["overwrite"]


def test_what_is_graver():
    assert gravest([DONE, WITHHELD]) == WITHHELD
    assert gravest([UNUSABLE, WITHHELD]) == UNUSABLE
    assert gravest([UNUSABLE, NO_WEIGHTS, DONE]) == NO_WEIGHTS
