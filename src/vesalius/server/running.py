"""Running: what the desk does while it is open: reads, works, recovers."""

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event as Signal
from threading import Thread

from vesalius.errors import VesaliusError
from vesalius.server import queue
from vesalius.server.desk import Desk
from vesalius.server.executing import Executor
from vesalius.server.model_versions import note_models
from vesalius.server.receiving import drop_forgotten, read_in, waiting
from vesalius.server.viewing import prepare
from vesalius.server.working import work_once

LOOK_EVERY_S = 1.0
AFTER_TROUBLE_S = 10.0
SWEEP_EVERY = timedelta(hours=1)  # for uploads that never end

_log = logging.getLogger(__name__)


@contextmanager
def running(desk: Desk, executor: Executor) -> Iterator[None]:
    """Work in threads beside the requests, as long as the block lasts.

    Begins with what a crash left: half-written files go, jobs whose workers are gone
    wait again, uploads that were all there are read, and what no screen can show yet is
    made ready; then keeps a copy of the models that are new in the box. At the end a
    job that is not done is stopped and waits for
    the next start.

    Args:
        desk: Open, and no other process's.
        executor: Where jobs are done.
    """
    stop = desk.stopping
    stop.clear()
    _recover(desk)
    for room in desk.left_over():
        shutil.rmtree(room, ignore_errors=True)
    desk.objects.clear_drafts()
    for words in note_models(desk).values():
        _log.warning("%s", words)
    names = [f"worker-{number}" for number in range(desk.settings.workers)]
    threads = [Thread(target=_reading, args=(desk, stop), name="reader")]
    threads += [Thread(target=_viewing, args=(desk, stop), name="viewer")]
    threads += [
        Thread(target=_working, args=(desk, executor, name, stop), name=name)
        for name in names
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        _recover(desk, in_order=True)


def _recover(desk: Desk, alive: Sequence[str] = (), *, in_order: bool = False) -> None:
    with desk.change() as (connection, record):
        queue.recover(connection, record, alive, desk.now(), in_order=in_order)


def _reading(desk: Desk, stop: Signal) -> None:
    looked: datetime | None = None

    def step() -> bool:
        nonlocal looked
        if looked is None or abs(desk.now() - looked) > SWEEP_EVERY:
            looked = desk.now()
            drop_forgotten(desk)
        names = waiting(desk)
        for name in names[:1]:
            read_in(desk, name)
        return bool(names)

    _repeated(step, stop)


def _working(desk: Desk, executor: Executor, name: str, stop: Signal) -> None:
    is_left = False  # a job that this worker had, and could not end

    def step() -> bool:
        nonlocal is_left
        if is_left:
            others = [f"worker-{n}" for n in range(desk.settings.workers)]
            others.remove(name)
            _recover(desk, others)
        is_left = True
        found = work_once(desk, executor, name)
        is_left = False
        return found is not None

    _repeated(step, stop)


def _viewing(desk: Desk, stop: Signal) -> None:
    done: set[str] = set()
    _repeated(lambda: prepare(desk, done), stop)


def _repeated(step: Callable[[], bool], stop: Signal) -> None:
    """Do one thing after the other; wait where there is none, or where it failed."""
    while not stop.is_set():
        try:
            if not step():
                stop.wait(LOOK_EVERY_S)
        except VesaliusError as error:
            _log.warning("%s: %s", type(error).__name__, error)
            stop.wait(AFTER_TROUBLE_S)
        except Exception as error:  # noqa: BLE001  (the desk must go on)
            _log.error("%s: it will be tried again", type(error).__name__)
            stop.wait(AFTER_TROUBLE_S)
