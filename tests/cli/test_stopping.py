"""Ctrl-C and a polite kill: one word, the right code, at any moment."""

import os
import signal
import subprocess
import sys
import time

import pytest

from vesalius.cli.stopping import past_stopping, stoppable

# What torch may be doing when the signal comes; each says that it is there, then waits.
ASLEEP = "time.sleep(60)"
RENAMES = """
try:
    time.sleep(60)
except KeyboardInterrupt:
    raise ImportError("numpy.core failed")
"""
# An exception in a destructor is swallowed by Python itself.
SWALLOWS = """
class Grave:
    def __del__(self):
        time.sleep(60)

Grave()
time.sleep(60)
"""


@pytest.fixture
def start(tmp_path):
    """Start `vesalius denoise` with a torch of our own, up to where it waits."""
    running = []

    def begin(body, *, ignored=()):
        ready = tmp_path / "ready"
        lines = ["import pathlib, time", f"pathlib.Path({str(ready)!r}).touch()", body]
        (tmp_path / "torch.py").write_text("\n".join(lines))
        words = ["denoise", "scan.nii.gz", "-o", str(tmp_path / "out")]
        script = f"import sys; sys.argv[1:] = {words}; from vesalius.cli import main; "

        def before():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                default = signal.SIG_DFL
                if number == signal.SIGINT:
                    default = signal.default_int_handler
                signal.signal(number, signal.SIG_IGN if number in ignored else default)

        path = os.pathsep.join([str(tmp_path), *map(os.path.abspath, sys.path)])
        process = subprocess.Popen(
            [sys.executable, "-c", f"{script}main()"],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=before,
        )
        running.append(process)
        while not ready.exists() and process.poll() is None:
            time.sleep(0.01)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("body", "number", "code"),
    [
        (ASLEEP, signal.SIGINT, 130),
        (ASLEEP, signal.SIGTERM, 143),
        (ASLEEP, signal.SIGHUP, 129),
        (RENAMES, signal.SIGINT, 130),
        (SWALLOWS, signal.SIGINT, 130),
    ],
    ids=["interrupted", "terminated", "hung-up", "renamed", "swallowed"],
)
def test_while_torch_is_imported(start, body, number, code):
    process = start(body)
    process.send_signal(number)
    said, complained = process.communicate(timeout=50)
    assert (process.returncode, complained.decode()) == (code, "interrupted\n")
    assert said == b""


def test_what_the_caller_ignores_stays_ignored(start):
    process = start("time.sleep(0.5); raise SystemExit(5)", ignored=[signal.SIGHUP])
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=50)
    assert process.returncode == 5


def test_a_second_signal_does_not_break_the_clearing_up():
    cleared = False
    with stoppable() as received:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
            cleared = True
    assert cleared
    assert received == [signal.SIGINT]


def test_what_is_delivered_is_not_taken_back():
    with stoppable() as received:
        past_stopping()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
    assert received == []


def test_the_handlers_of_the_caller_come_back():
    before = signal.getsignal(signal.SIGINT), sys.unraisablehook
    with stoppable():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook) == before
