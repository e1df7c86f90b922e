"""The claims about the desk: bombs, readers under load, a slow line."""

import random
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

import bombs
import desk
import slow_line
from parts.bomb_files import BOMBS
from parts.readers import SLICE, WORKLIST, Clock, Open

from vesalius.errors import FormatError
from vesalius.server.intake import Limits, read_upload

MEGABYTE = 2**20
# Made within a second; the benchmark sends them all.
SMALL = (
    "zip in zip",
    "zip of one file many times",
    "gzip nifti",
    "rle dicom more",
    "rle dicom frames",
    "j2k dicom",
    "j2k dicom hidden",
    "native dicom frames",
    "nested dicom",
)
ROW = {
    "bomb": "a bomb",
    "mb": 1.0,
    "seconds": 2.0,
    "peak_mb": 100,
    "words": "this is damaged",
}


@pytest.mark.parametrize("name", SMALL)
def test_a_bomb_is_refused_in_words_and_leaves_nothing(name, tmp_path):
    content, ending = BOMBS[name]()
    may = Limits(memory=512 * MEGABYTE, seconds=60)
    with tempfile.TemporaryFile() as upload:
        upload.write(content)
        upload.seek(0)
        with pytest.raises(FormatError) as refused:
            read_upload(upload, ending, tmp_path, said={"modality": "MR"}, limits=may)
    assert len(str(refused.value)) > 20
    assert list(tmp_path.iterdir()) == []


def clock(*seconds, refused=()):
    made = Clock(refused=list(refused))
    made.spans[SLICE] += seconds
    return made


@pytest.mark.parametrize(
    ("within", "meanwhile", "refused", "is_alive", "holds"),
    [
        (True, 0.019, (), True, True),
        (False, 0.019, (), True, False),  # a bomb that was taken, or too late
        (True, 0.021, (), True, False),  # the other user waits more than twice as long
        (True, 0.019, ("slice: 503",), True, False),
        (True, 0.019, (), False, False),  # the server is gone
    ],
)
def test_the_claim_about_bombs_can_fail(within, meanwhile, refused, is_alive, holds):
    rows = [{**ROW, "within": True}, {**ROW, "within": within}]
    later = clock(meanwhile, refused=refused)
    found = bombs._judged(clock(0.01), later, rows, is_alive=is_alive)
    assert found["holds"] is holds
    machine = {"processor": "P", "threads": 2, "load_average": 0.1}
    page = bombs.page({**found, "machine": machine})
    assert page.startswith(f"# Bombs: {'holds' if holds else 'misses'}")
    assert "| a bomb | 1.00 | 2.0 | 100 | yes | this is damaged |" in page


def test_a_process_that_reads_is_watched_and_another_is_not():
    assert list(bombs._held()) == []
    with bombs.watched() as peak:
        pass
    assert peak == [0.0]


def test_a_slice_is_a_share_of_the_volume_within_it():
    scan = Open("/api/scans/s/volume", 1000, 7)
    rng = random.Random(1)
    asked = {scan.part(rng) for _ in range(200)}
    assert len(asked) == 7
    for words in asked:
        first, last = map(int, words.removeprefix("bytes=").split("-"))
        assert last - first + 1 == 142
        assert last < scan.size


def test_the_page_of_the_load_tells_rest_from_crowd():
    idle, loaded = clock(0.01, 0.03), clock(0.02, 0.06)
    loaded.spans[WORKLIST].append(0.5)
    results = {
        "machine": {"processor": "P", "threads": 2, "load_average": 0.1},
        "readers": 30,
        "seconds": 60.0,
        "pause_s": 0.5,
        "holds": True,
        "slice_bytes": 262_000,
        "idle": idle.told(),
        "loaded": loaded.told(),
        "refused": [],
    }
    page = desk.page(results)
    assert "| slice | 1, at rest | 2 | 20.0 | 29.0 | 30.0 |" in page
    assert "| slice | 30, and a job | 2 | 40.0 | 58.0 | 60.0 |" in page
    assert "| worklist | 30, and a job | 1 | 500.0 | 500.0 | 500.0 |" in page
    assert "A slice is 262 kB." in page


def reading(first_ms=800.0, cut_ms=50.0):
    told = dict.fromkeys(("page", "picture", "whole", "read"), 1000000.0)
    return {
        "picture": {"ms": first_ms, "quality": "preview"},
        "preview_ms": [5.0, 110.0, 600.0],
        "cuts_meanwhile_ms": [cut_ms] * 20,
        "cuts_whole_ms": [10.0] * 20,
        "whole_s": 30.0,
        **{f"{name}_bytes": size for name, size in told.items()},
    }


@pytest.mark.parametrize(
    ("first_ms", "cut_ms", "holds"),
    [(800.0, 50.0, True), (1001.0, 50.0, False), (800.0, 201.0, False)],
)
def test_the_slowest_reading_decides_about_the_line(first_ms, cut_ms, holds):
    found = slow_line.summary([reading(), reading(first_ms, cut_ms), reading()])
    assert found["readings"] == 3
    assert found["holds"] is (holds)
    machine = {"processor": "P", "threads": 2, "load_average": 0.1}
    page = slow_line.page(
        {**found, "machine": machine, "megabits": 10.0, "delay_ms": 100.0}
    )
    assert f"| 0.80, {first_ms / 1000:.2f}, 0.80 | 1 |" in page
    assert "bytes are there, s | 0.60, 0.60, 0.60 |" in page


def test_what_a_slow_line_needs_is_named(tmp_path):
    assert "lidc_0001" in slow_line._lacking(Path(tmp_path))
