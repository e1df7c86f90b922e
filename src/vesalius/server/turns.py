"""Turns: one picture at a time is made ready, and few wait for theirs.

A request that waits holds a thread. Thirty readers who open cases at once must not take
all threads from those whose pictures are ready.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import BoundedSemaphore, Lock

from vesalius.errors import OutputError

MOST_WAITING = 4  # requests that wait for one child: others are told to come again
COME_AGAIN = timedelta(seconds=2)


class NotReadyError(OutputError):
    """A volume is being made ready; it can be had in a moment.

    Attributes:
        wait: After how long to ask again.
    """

    def __init__(self) -> None:
        super().__init__("this picture is being made ready: ask again in a moment")
        self.wait = COME_AGAIN


class Turns:
    """Lets one child make pictures at a time, and a few requests wait for it."""

    def __init__(self) -> None:
        self._one, self._few = Lock(), BoundedSemaphore(MOST_WAITING)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for one's turn.

        Raises:
            NotReadyError: Too many wait already.
        """
        if not self._few.acquire(blocking=False):
            raise NotReadyError
        try:
            with self._one:
                yield
        finally:
            self._few.release()
