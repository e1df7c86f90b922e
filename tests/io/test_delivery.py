"""A folder arrives whole or not at all, and nobody else's file is touched."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from vesalius.errors import OutputError
from vesalius.io import deliver, exchange


def content(folder):
    """Every path below, and what the files hold."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else 0
        for path in sorted(folder.rglob("*"))
    }


def record(*files):
    names = sorted({*files, "result.json"})
    return json.dumps({"verdict": {}, "provenance": {}, "files": names})


def answer(draft, word="new", dicom=2):
    """Fill a draft as a run would."""
    names = ["report.html", *(f"dicom/{k}.dcm" for k in range(dicom))]
    (draft / "dicom").mkdir()
    for name in names:
        (draft / name).write_text(f"{word} {name}")
    (draft / "result.json").write_text(record(*names))


def run(out, work, **options):
    with deliver(out, **options) as draft:
        work(draft)


# It arrives


def test_files_and_parents_arrive_together(tmp_path):
    out = tmp_path / "Müller, Jürgen" / "first scan" / "out"
    with deliver(str(out)) as draft:
        assert not out.exists()
        assert draft.parent.parent == out.parent
        answer(draft)
    assert set(content(tmp_path)) >= {"Müller, Jürgen/first scan/out/dicom/1.dcm"}
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_an_empty_folder_is_kept_and_filled(tmp_path):
    inode = tmp_path.stat().st_ino
    with deliver(tmp_path) as draft:
        answer(draft)
    assert tmp_path.stat().st_ino == inode
    assert len(content(tmp_path)) == 5


def test_a_link_to_a_folder_is_followed(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    with deliver(tmp_path / "out") as draft:
        answer(draft)
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "disk" / "report.html").exists()


# Nothing is left


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_fails_leaves_neither_files_nor_parents(tmp_path, stop):
    def fail(draft):
        answer(draft)
        raise stop

    with pytest.raises(stop):
        run(tmp_path / "a" / "b" / "out", fail)
    assert content(tmp_path) == {}


def test_parents_that_others_use_meanwhile_stay(tmp_path):
    def fail(draft):
        (tmp_path / "a" / "note.txt").write_text("mine")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        run(tmp_path / "a" / "out", fail)
    assert set(content(tmp_path)) == {"a", "a/note.txt"}


def test_a_full_disk_is_named(tmp_path):
    with pytest.raises(OutputError, match="disk of the output folder is full"):
        run(tmp_path / "out", lambda _: Path("/dev/full").write_bytes(b"x"))
    assert content(tmp_path) == {}


def test_other_errors_of_the_system_are_not_ours(tmp_path):
    with pytest.raises(FileNotFoundError):
        run(tmp_path / "out", lambda _: (tmp_path / "scan").read_bytes())


# The place is tried first


def refuses(match, out, **options):
    entered = []
    with pytest.raises(OutputError, match=match) as caught:
        run(out, entered.append, **options)
    assert not entered, "it must be refused before the work"
    assert len(str(caught.value)) < 500
    assert "/" not in str(caught.value)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("mine")
    refuses("is a file", tmp_path / "out")
    refuses("a file stands where a folder", tmp_path / "out" / "deeper")
    assert content(tmp_path) == {"out": b"mine"}


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 300])
def test_names_no_disk_takes(tmp_path, name):
    refuses("name", f"{tmp_path}/{name}" if name else "")
    assert content(tmp_path) == {}


def test_a_circle_of_links(tmp_path):
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    refuses("circle|is a file", tmp_path / "one" / "out")
    refuses("circle|is a file", tmp_path / "one")


def test_a_folder_that_holds_something(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    refuses("not empty.*--overwrite", tmp_path)
    assert content(tmp_path) == {"note.txt": b"mine"}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("out", "how"),
    [("study/scan", "itself"), ("study", "holds"), ("study/scan/out", "inside")],
)
def test_the_input_is_never_written_over(tmp_path, out, how, overwrite):
    (tmp_path / "study" / "scan").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "study")
    target, scan = tmp_path / out, tmp_path / "study" / "scan"
    refuses(how, target, source=scan, overwrite=overwrite)
    refuses(how, target, source=tmp_path / "link" / "scan", overwrite=overwrite)
    refuses(how, target, source=["elsewhere", scan], overwrite=overwrite)


def test_a_file_given_alone_shields_its_folder(tmp_path):
    (tmp_path / "scan.nii").write_text("mine")
    refuses("holds the input", tmp_path, source=tmp_path / "scan.nii", overwrite=True)


@contextmanager
def nobody():
    """Root may write everywhere; nobody may not."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def public():
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_we_may_not_write(public):
    (public / "there").mkdir(mode=0o555)
    if os.geteuid() != 0:
        public.chmod(0o555)
    with nobody():
        refuses("permission denied", public / "out")
        refuses("permission denied", public / "a" / "out")
        refuses("permission denied", public / "there")
    assert set(content(public)) == {"there"}


def test_a_folder_of_ours_where_we_may_write_nothing_beside_it(public):
    out = public / "out"
    out.mkdir()
    if os.geteuid() == 0:
        os.chown(out, 65534, 65534)
    else:
        public.chmod(0o555)
    with nobody():
        with deliver(out) as draft:
            answer(draft)
        with deliver(out, overwrite=True) as draft:
            answer(draft, "newer")
    assert len(content(out)) == 5
    assert (out / "report.html").read_text() == "newer report.html"


# Two at once


def test_two_runs_into_one_folder(tmp_path):
    with deliver(tmp_path / "out") as draft:
        answer(draft)
        refuses("another run is writing", tmp_path / "out")
        refuses("another run is writing", tmp_path / "out", overwrite=True)
    assert len(content(tmp_path / "out")) == 5


def test_what_somebody_puts_there_meanwhile_stays(tmp_path):
    def work(draft):
        answer(draft)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "note.txt").write_text("mine")

    with pytest.raises(OutputError, match="not empty"):
        run(tmp_path / "out", work)
    assert content(tmp_path) == {"out": 0, "out/note.txt": b"mine"}


# Killed

RUN = """
import sys, time, pathlib
from vesalius.io import deliver
with deliver(sys.argv[1], overwrite=True) as draft:
    (draft / "half.nii.gz").write_bytes(b"half")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("there", [False, True])
def test_a_run_that_is_killed(tmp_path, number, there):
    out = tmp_path / "out"
    if there:
        with deliver(out) as draft:
            answer(draft, "old")
    before = content(out) if there else None
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
        },
    )
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    process.wait(timeout=50)
    process.stdout.close()
    assert (content(out) if there else None) == before
    assert out.exists() == there
    if number == signal.SIGINT:
        assert [path.name for path in tmp_path.iterdir()] == ["out"] * there
    with deliver(out, overwrite=True) as draft:
        answer(draft)
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "the draft is cleared"
    assert (out / "report.html").read_text() == "new report.html"


# Overwriting


@pytest.fixture
def earlier(tmp_path):
    """An answer of an earlier run, a stranger's files beside and inside it."""
    out = tmp_path / "out"
    with deliver(out) as draft:
        answer(draft, "old", dicom=3)
    (out / "note.txt").write_text("mine")
    (out / "dicom" / "mine.dcm").write_text("mine")
    return out


def test_only_what_a_run_wrote_is_replaced(earlier):
    with deliver(earlier, overwrite=True) as draft:
        answer(draft)
    found = content(earlier)
    assert found["report.html"] == b"new report.html"
    assert found["note.txt"] == found["dicom/mine.dcm"] == b"mine"
    assert "dicom/2.dcm" not in found


def test_a_withheld_answer_leaves_no_old_picture(earlier):
    (earlier / "dicom" / "mine.dcm").unlink()
    with deliver(earlier, overwrite=True) as draft:
        (draft / "result.json").write_text(record())
    assert set(content(earlier)) == {"note.txt", "result.json"}


@pytest.mark.parametrize("name", ["report.html", "result.json", "picture.nii.gz"])
def test_a_strangers_file_of_that_name_is_refused_before_the_work(tmp_path, name):
    (tmp_path / name).write_text('{"files": ["note.txt"]}')
    (tmp_path / "note.txt").write_text("mine")
    refuses(f"holds a {name}", tmp_path, overwrite=True)
    assert set(content(tmp_path)) == {name, "note.txt"}


def test_a_strangers_file_found_at_the_end(earlier):
    def work(draft):
        answer(draft)
        (draft / "dicom" / "mine.dcm").write_text("ours")

    before = content(earlier)
    with pytest.raises(OutputError, match=r"holds a mine\.dcm"):
        run(earlier, work, overwrite=True)
    assert content(earlier) == before


@pytest.mark.parametrize("name", ["../outside", "{tmp}/outside", "a/../../outside"])
def test_a_record_cannot_make_us_delete_elsewhere(tmp_path, name):
    (tmp_path / "outside").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "result.json").write_text(record(name.format(tmp=tmp_path)))
    (out / "linked").symlink_to(tmp_path)
    with deliver(out, overwrite=True) as draft:
        answer(draft)
    assert (tmp_path / "outside").read_text() == "mine"


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "dicom").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="holds a"):
        run(out, answer, overwrite=True)
    assert content(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("at", range(9))
def test_an_exchange_that_is_stopped_is_undone(earlier, monkeypatch, at, stop):
    before, moves, move = content(earlier), 0, exchange._move

    def stopped(file, target):
        nonlocal moves
        moves += 1
        if moves == at + 1:
            raise stop
        move(file, target)
        if moves == at + 1:
            raise stop

    monkeypatch.setattr(exchange, "_move", stopped)

    with pytest.raises(stop):
        run(earlier, answer, overwrite=True)
    assert content(earlier) == before
    assert [path.name for path in earlier.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("at", range(9))
def test_an_exchange_that_is_killed_is_undone_by_the_next_run(earlier, monkeypatch, at):
    before, moves, move = content(earlier), 0, exchange._move

    def killed(file, target):
        nonlocal moves
        if moves == at:
            raise KeyboardInterrupt
        moves += 1
        move(file, target)

    with monkeypatch.context() as patched:
        patched.setattr(exchange, "_move", killed)
        patched.setattr(exchange, "undo", lambda workshop, place: None)
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            run(earlier, answer, overwrite=True)
    assert at == 0 or content(earlier) != before
    with pytest.raises(FileNotFoundError):
        run(earlier, lambda _: Path("absent").read_text(), overwrite=True)
    assert content(earlier) == before
    assert [path.name for path in earlier.parent.iterdir()] == ["out"]
