"""One line on stderr, the answer on stdout, and nothing from anybody else."""

import gc
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesalius.cli import running
from vesalius.cli.progress import progress
from vesalius.cli.table import table
from vesalius.cli.terminal import LONGEST_LINE, STDERR, hushed, one_line, say, tell

SOURCE = Path(__file__).parents[2] / "src"


def run(*words, shell="", **surroundings):
    """Run the command line in a process of its own; `shell` redirects its streams."""
    path = os.pathsep.join([str(SOURCE), *map(os.path.abspath, sys.path)])
    program = "import sys; from vesalius.cli import main; main()"
    return subprocess.run(
        ["sh", "-c", f'"$@" {shell}', "-", sys.executable, "-c", program, *words],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **surroundings},
        capture_output=True,
        timeout=60,
    )


# What is said


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_message_becomes_one_printable_line(text, arguments):
    line = one_line(text, arguments)
    assert line.isprintable()
    assert line == " ".join(line.split())
    assert len(line.encode(errors="replace")) <= LONGEST_LINE


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=300))
def test_a_long_message_is_cut_between_characters(text):
    line = one_line(text, [])
    assert line.endswith("...")
    assert text.startswith(line.removesuffix("..."))


def test_of_a_path_only_the_last_component_is_repeated():
    words = ["denoise", "/home/doe/scans", "/home/doe"]
    said = one_line("/home/doe/scans and /home/doe are one", words)
    assert said == "scans and doe are one"


def test_a_terminal_is_not_steered_by_what_a_file_holds():
    assert one_line("a\x1b[2Jb\r\nc\u202ed", []) == "a [2Jb c d"


def test_libraries_are_not_heard_and_we_are(capfd):
    with hushed() as stderr:
        os.write(2, b"PatientName Quillfeather^Ottoline is not valid")
        tell("error: what we say", stderr)
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "error: what we say\nafter\n"


def test_who_left_early_is_no_fault(capfd):
    kept = os.dup(1)
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, 1)
    try:
        say("x" * 100_000)
        say("and on")
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(writer)


def test_columns_stand_one_below_the_other():
    rows = table(("model", "for"), [("denoise-mr", "MR"), ("ct", "CT")]).splitlines()
    words = ("for", "MR", "CT")
    assert {row.index(word) for row, word in zip(rows, words, strict=True)} == {12}


# A bar only where a person watches


def test_no_bar_in_a_script(capfd):
    with hushed(), progress("denoise") as advance:
        advance(1, 2)
    assert capfd.readouterr() == ("", "")


def test_a_bar_on_a_terminal():
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as terminal:
        lent = STDERR.set(terminal)
        with progress("denoise") as advance:
            advance(1, 2)
            advance(2, 2)
        STDERR.reset(lent)
    shown = b""
    with suppress(OSError):  # Linux's word for the end, after all that was written
        while some := os.read(master, 10_000):
            shown += some
    os.close(master)
    assert b"denoise" in shown


# Surroundings


@pytest.mark.parametrize(
    "surroundings",
    [
        {},
        {"HOME": "/nonexistent"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8"},
        {"PYTHONIOENCODING": "ascii"},
        {"TERM": "dumb", "COLUMNS": "60"},
    ],
    ids=str,
)
def test_in_any_surroundings_help_is_help(surroundings):
    done = run("denoise", "--help", **surroundings)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"--strength" in done.stdout


@pytest.mark.parametrize("shell", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", "| true"])
def test_closed_streams_are_no_fault(shell):
    done = run("--help", shell=shell)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_under_stdout_is_said_in_one_line():
    done = run("--help", shell="> /dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: the disk is full")
    assert done.stderr.count(b"\n") == 1


def test_a_missing_import_is_no_traceback(tmp_path):
    (tmp_path / "torch.py").write_text("raise ValueError('Quillfeather')")
    path = os.pathsep.join([str(tmp_path), str(SOURCE), *sys.path])
    done = run("denoise", "x", "-o", str(tmp_path / "out"), PYTHONPATH=path)
    assert done.returncode == 1
    assert done.stderr.startswith(b"internal error: ValueError in cli/threads.py:")
    assert b"Quillfeather" not in done.stderr


def test_python_searches_for_rubbish_seldom_while_a_command_runs(monkeypatch):
    before, during = gc.get_threshold(), []
    monkeypatch.setattr(
        running, "_invoke", lambda words: during.append(gc.get_threshold()) or 0
    )
    assert running.run(["--help"], []) == 0
    assert during[0][0] > before[0]
    assert gc.get_threshold() == before
