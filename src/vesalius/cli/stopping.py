"""How a command is stopped: Ctrl-C and a polite kill end it the same way, cleanly."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

STOPS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
]
SOON_SECONDS = 0.02
DEAF_SECONDS = 2.0  # a second Ctrl-C must not break the clearing up after the first


@contextmanager
def stoppable() -> Iterator[list[signal.Signals]]:
    """Turn signals that ask to stop into KeyboardInterrupt while the block runs.

    Yields:
        The numbers of the signals that came, the first one first.
    """
    received: list[signal.Signals] = []
    last = 0.0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last
        again = bool(received) and monotonic() - last < DEAF_SECONDS
        last = monotonic()
        if not again:
            received.append(signal.Signals(number))
            raise KeyboardInterrupt

    def once_more(lost: "sys.UnraisableHookArgs") -> None:
        """Ask again, soon: the interruption fell into a callback that swallows all."""
        if received and isinstance(lost.exc_value, KeyboardInterrupt):
            first = threading.main_thread().ident
            again = [first, received.pop()]
            threading.Timer(SOON_SECONDS, signal.pthread_kill, again).start()

    hook, sys.unraisablehook = sys.unraisablehook, once_more
    # What the caller ignores (nohup, a job in the background) stays ignored.
    heard = [n for n in _settable() if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield received
    finally:
        for number, old in before.items():
            signal.signal(number, old)
        sys.unraisablehook = hook


def past_stopping() -> None:
    """Stop listening: everything is in its place, and only words are left."""
    for number in _settable():
        signal.signal(number, signal.SIG_IGN)


def _settable() -> list[int]:
    """Only a process's first thread may say what signals do."""
    here = threading.current_thread() is threading.main_thread()
    return list(STOPS) if here else []
