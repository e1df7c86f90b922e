"""Serving: the desk as one process, from a data folder to the last answered request."""

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event as Signal
from threading import Thread, current_thread, main_thread
from time import monotonic, sleep
from types import FrameType

import uvicorn

from vesalius.errors import ConfigError
from vesalius.server import demo
from vesalius.server.app import create_app
from vesalius.server.desk import Desk, open_desk
from vesalius.server.executing import Apart
from vesalius.server.lock import alone
from vesalius.server.queue import waiting
from vesalius.server.running import running
from vesalius.server.settings import Settings

LOOK_EVERY_S = 0.1
PATIENCE_S = 10  # for answers that are under way when it is stopped
DEAF_S = 1.0  # a second Ctrl-C that comes with the first asks for nothing more

Said = Callable[[str], None]


def serve(settings: Settings, ready: Said, said: Said = lambda words: None) -> None:
    """Open the desk and answer until somebody stops it.

    The first signal that asks to stop ends it in order: answers that are under way are
    given, work that is not done waits for the next start. A second one ends it where
    it stands, which loses no more than a loss of power does: nothing acknowledged.

    Args:
        settings: Where, and for whom.
        ready: Hears the one address to open, once it answers there.
        said: Hears how it ends.

    Raises:
        ConfigError: The port is taken, another desk is open on the folder, the folder
            is none of a desk's, or a certificate cannot be used.
        OutputError: The folder cannot be written.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as held:
        held.enter_context(alone(settings.data))
        desk, token = open_desk(settings)
        if settings.demo:
            demo.prepare(desk)
        door = _bound(settings)
        server = _server(settings, desk)
        asked = held.enter_context(_asked_to_stop())
        with running(desk, Apart()), _filled(desk), _answering(server, door) as thread:
            ready(address(settings, door.getsockname()[1], token))
            while thread.is_alive() and not asked.wait(LOOK_EVERY_S):
                pass
            desk.stopping.set()  # those who follow a job are told to go
            said("stopping: a second Ctrl-C ends it at once")
    said(_farewell(desk))


def _server(settings: Settings, desk: Desk) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(desk),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.behind_proxy,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=PATIENCE_S,
        lifespan="off",
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        config.load()
    except OSError as error:  # ssl's own errors among them
        raise ConfigError(
            "the certificate or its key cannot be used: give --tls-cert a chain and "
            "--tls-key its key, both PEM, that this account may read"
        ) from error
    return uvicorn.Server(config)


@contextmanager
def _answering(server: uvicorn.Server, door: socket.socket) -> Iterator[Thread]:
    """Answer in a thread, so that the first one hears signals; stop it at the end.

    Raises:
        ConfigError: It does not begin to answer.
    """
    thread = Thread(target=server.run, args=([door],), name="answers")
    thread.start()
    try:
        while not server.started and thread.is_alive():
            sleep(LOOK_EVERY_S)
        if not server.started:
            raise ConfigError("the desk cannot answer at its port: start it again")
        yield thread
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def _filled(desk: Desk) -> Iterator[None]:
    """Bring the demo's scans in while the desk is open already."""
    if not desk.settings.demo:
        yield
        return
    thread = Thread(target=demo.fill, args=(desk,), name="demo")
    thread.start()
    try:
        yield
    finally:
        desk.stopping.set()
        thread.join()


@contextmanager
def _asked_to_stop() -> Iterator[Signal]:
    """Set what is yielded at the first signal that asks to stop; end at the second."""
    asked, first = Signal(), 0.0

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if asked.is_set() and monotonic() - first > DEAF_S:
            os._exit(128 + number)
        first = first or monotonic()
        asked.set()

    if current_thread() is not main_thread():  # who may not set them hears none
        yield asked
        return
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # What the caller ignores (nohup) stays ignored.
    heard = [name for name in names if signal.getsignal(name) is not signal.SIG_IGN]
    before = {name: signal.signal(name, hear) for name in heard}
    try:
        yield asked
    finally:
        for name, old in before.items():
            signal.signal(name, old)


def _farewell(desk: Desk) -> str:
    with desk.look() as connection:
        count = waiting(connection)
    jobs = "1 job waits" if count == 1 else f"{count} jobs wait"
    return f"stopped: all that was acknowledged is kept; {jobs} for the next start"


def address(settings: Settings, port: int, token: str) -> str:
    """Return what is opened in a browser.

    The token stands behind a #: browsers keep that to themselves, so it reaches no log.

    Args:
        settings: Where it listens.
        port: And at which port.
        token: Of the first start; empty where there is an account.
    """
    scheme = "https" if settings.has_tls else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    first = f"#first={token}" if token else ""
    return f"{scheme}://{host}:{port}{settings.path}/{first}"


def _bound(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((settings.host, settings.port))
        door.listen()  # who comes before the first answer waits, and is not refused
    except OSError as error:
        door.close()
        raise ConfigError(
            f"port {settings.port} of {settings.host} cannot be had "
            f"({error.strerror}): stop what holds it, or give another --port"
        ) from error
    return door
