"""A job becomes a result, here or apart: whole, bound to its files, or not at all."""

import json
import os
import signal
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from server.desks import quicken, recorded
from vesalius.errors import ConfigError
from vesalius.governance.audit_check import check_folder
from vesalius.io import read, write_volume
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned
from vesalius.server import queue
from vesalius.server.accounts import add_account
from vesalius.server.desk import open_desk
from vesalius.server.executing import Apart, Executor, Here, WorkError
from vesalius.server.intake import Arrived
from vesalius.server.job import JobState, Wish
from vesalius.server.model_versions import note_model
from vesalius.server.performing import GivenUp, Task, checked
from vesalius.server.projects import add_project
from vesalius.server.results import files_of, results_of
from vesalius.server.roles import Role
from vesalius.server.scans import Sender, keep_scan
from vesalius.server.settings import Settings
from vesalius.server.vault import Identity
from vesalius.server.working import work_once

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def truth():
    return scanned(head(shape=(48, 56, 4), spacing_mm=(4.0, 4.0, 8.0)), noise=0.05)


@pytest.fixture
def desk(tmp_path, monkeypatch, truth):
    """A desk with a reader, a project and one MR."""
    quicken(monkeypatch)
    desk, _ = open_desk(Settings(data=tmp_path / "desk"))
    file = tmp_path / "scan.nii.gz"
    write_volume(truth, file)
    with file.open("rb") as opened:
        digest = desk.objects.put(opened).digest
    with desk.change() as (connection, record):
        word = "correct horse battery"
        anna = add_account(connection, record, "anna", word, [Role.READER], NOW)
        project = add_project(connection, record, "Study", NOW, anna)
        arrived = Arrived(
            file=file,
            form="nifti",
            uid="",
            modality="MR",
            contrast="T1w",
            shape=truth.voxels.shape,
            spacing_mm=truth.spacing_mm,
            sha256=truth.sha256,
            notes=(),
            identity=Identity("A", "1", ""),
            taken="{}",
        )
        sender = Sender(project.id, "up-1", anna, NOW)
        desk.scan, _ = keep_scan(
            connection, record, desk.vault, arrived, digest, sender
        )
        desk.anna = anna
    note_model(desk, "denoise-mr")
    return desk


def ask(desk, verb="denoise", **options):
    with desk.change() as (connection, record):
        scan = desk.scan
        wish = Wish(scan.project, scan.case, verb, scan.scan_sha256, options, scan.id)
        return queue.submit(connection, record, wish, desk.anna, desk.now())


def test_both_ways_keep_the_contract():
    assert isinstance(Here(), Executor)
    assert isinstance(Apart(), Executor)


@pytest.mark.parametrize("executor", [Here(), Apart()], ids=["here", "apart"])
def test_a_job_becomes_a_result_bound_to_its_files(desk, truth, executor, tmp_path):
    asked = ask(desk)
    job = work_once(desk, executor, "w-1")
    assert (job.id, job.state, job.reason) == (asked.id, JobState.DONE, "")
    with desk.look() as connection:
        (found,) = results_of(connection, desk.scan.id)
    assert (found.verb, found.model) == ("denoise", "denoise-mr")
    assert found.output_sha256 == job.output_sha256
    files = files_of(desk.objects, found.output_sha256)
    assert {"picture.nii.gz", "spread.nii.gz", "result.json", "report.html"} <= set(
        files
    )
    assert all(desk.objects.is_whole(digest) for digest in files.values())
    link = tmp_path / "picture.nii.gz"
    link.symlink_to(desk.objects.path(files["picture.nii.gz"]))
    picture = read(link, modality="MR")
    assert picture.voxels.shape == truth.voxels.shape
    assert not np.array_equal(picture.voxels, truth.voxels)
    told = [event.what for event in recorded(desk)]
    assert told[-4:] == ["job.queued", "job.begun", "job.done", "result.kept"]
    last = recorded(desk)[-1]
    assert last.weights_sha256 == found.weights_sha256
    assert last.input_sha256 == truth.sha256
    assert work_once(desk, executor, "w-1") is None
    assert check_folder(desk.settings.data).bad is None
    assert not list(desk.settings.data.glob("working-*"))


@pytest.mark.parametrize("executor", [Here(), Apart()], ids=["here", "apart"])
def test_what_cannot_be_done_fails_with_a_reason(desk, executor):
    ask(desk, "segment")  # a T1w head has no FLAIR
    job = work_once(desk, executor, "w-1")
    assert (job.state, job.reason) == (JobState.FAILED, "refused")
    assert recorded(desk)[-1].what == "job.failed"
    with desk.look() as connection:
        assert results_of(connection, desk.scan.id) == ()


class Stuck:
    """Works until it is told to stop."""

    def __init__(self):
        self.begun = threading.Event()

    def run(self, task, told):
        self.begun.set()
        for step in range(10_000):
            if not told("stuck", step, 10_000):
                raise GivenUp
            time.sleep(0.01)


def test_a_job_given_up_stops_and_leaves_nothing(desk, monkeypatch):
    monkeypatch.setattr("vesalius.server.working.TOLD_EVERY_S", 0.0)
    asked = ask(desk)
    done, stuck = [], Stuck()
    worker = threading.Thread(target=lambda: done.append(work_once(desk, stuck, "w")))
    worker.start()
    assert stuck.begun.wait(timeout=60)
    with desk.change() as (connection, record):
        queue.cancel(connection, record, asked.id, desk.anna, desk.now())
    worker.join(timeout=60)
    assert done[0].state is JobState.CANCELLED
    with desk.look() as connection:
        assert results_of(connection, desk.scan.id) == ()


def test_a_result_that_comes_too_late_is_dropped(desk):
    asked = ask(desk)

    class Late:
        def run(self, task, told):
            Here().run(task, told)
            with desk.change() as (connection, record):
                queue.cancel(connection, record, asked.id, desk.anna, desk.now())

    assert work_once(desk, Late(), "w-1").state is JobState.CANCELLED
    with desk.look() as connection:
        assert results_of(connection, desk.scan.id) == ()


def task(desk, tmp_path):
    source = tmp_path / "given.nii.gz"
    source.symlink_to(desk.objects.path(desk.scan.object_sha256))
    return Task("denoise", source, tmp_path / "out", {"modality": "MR"}, {})


def test_a_child_that_is_killed_is_told_so(desk, tmp_path):
    def kill(stage, done, total):
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):  # others end, too
                words = (place / "cmdline").read_bytes()
                parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
                if b"work_child" in words and int(parent) == os.getpid():
                    os.kill(int(place.name), signal.SIGKILL)
        return True

    with pytest.raises(WorkError, match="gone") as lost:
        Apart().run(task(desk, tmp_path), kill)
    assert lost.value.code == "lost"
    assert not (tmp_path / "out").exists()


def test_a_child_is_stopped_when_its_time_is_over(desk, tmp_path):
    with pytest.raises(WorkError, match="too long") as slow:
        Apart(seconds=0.2).run(task(desk, tmp_path), lambda *_: True)
    assert slow.value.code == "too-slow"


def test_a_child_has_no_more_memory_than_it_may(desk, tmp_path):
    with pytest.raises(WorkError) as large:
        Apart(memory=60 * 2**20).run(task(desk, tmp_path), lambda *_: True)
    assert large.value.code in ("lost", "too-large")


@pytest.mark.parametrize(
    ("verb", "options", "said"),
    [
        ("guess", {}, "no verb"),
        ("denoise", {"strength": "1"}, "no option"),
        ("translate", {"to": "pet"}, "one of ct, mr"),
    ],
)
def test_what_no_verb_has_is_refused(verb, options, said):
    with pytest.raises(ConfigError, match=said):
        checked(verb, options)
    assert checked("translate", {}) == {"to": "ct", "look": "faithful"}


def test_a_listing_says_what_is_in_it(desk):
    ask(desk)
    job = work_once(desk, Here(), "w-1")
    listed = json.loads(desk.objects.path(job.output_sha256).read_text())
    record = json.loads(desk.objects.path(listed["files"]["result.json"]).read_text())
    assert record["ai_output"] is True
