"""Children: processes that may be lost, and that end when the desk does."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

SILENCE_S = 1.0
ORPHANED = 70  # exit code
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PATH": ""}


@contextmanager
def child(
    module: str, wish: Mapping[str, Any], *, files: Collection[int] = ()
) -> Iterator["subprocess.Popen[str]"]:
    """Start a module as a process of its own; it is gone when the block ends.

    What it writes to stderr goes nowhere: libraries quote what they read. It has a
    process group of its own, so that Ctrl-C at a terminal asks the desk alone.

    Args:
        module: Its `main` calls `live_with_parent`.
        wish: Told it as one line of JSON.
        files: Descriptors that it inherits.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT,
        pass_fds=tuple(files),
        process_group=0,
    )
    try:
        assert process.stdin is not None  # noqa: S101  (it is a pipe)
        process.stdin.write(json.dumps(wish) + "\n")
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def said_by(process: "subprocess.Popen[str]") -> Iterator[str]:
    """Yield what a child says, line by line, until it is gone.

    Args:
        process: As `child` yields it.

    Yields:
        A line; an empty one after a second of silence, so that whoever listens can
        look up.
    """
    heard: SimpleQueue[str | None] = SimpleQueue()

    def listen() -> None:
        for line in process.stdout or ():
            heard.put(line)
        heard.put(None)

    listener = Thread(target=listen, daemon=True)
    listener.start()
    try:
        while True:
            try:
                line = heard.get(timeout=SILENCE_S)
            except Empty:
                yield ""
                continue
            if line is None:
                return
            yield line
    finally:
        process.kill()
        listener.join()


def live_with_parent() -> dict[str, Any]:
    """In the child: hear the wish, and end when the desk does, not when it is asked to.

    Returns:
        What was told.
    """
    # A service manager asks all of a service's processes to end: the desk decides.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    wish: dict[str, Any] = json.loads(sys.stdin.readline())
    Thread(target=_end_with_parent, daemon=True).start()
    return wish


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(ORPHANED)
