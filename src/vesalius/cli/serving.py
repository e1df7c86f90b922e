"""The desk's own command: serve."""

import logging
import tempfile
import webbrowser
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from vesalius.cli.ending import DONE
from vesalius.cli.needed import needs
from vesalius.cli.terminal import STDERR, say

LIBRARIES = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "argon2", "cryptography")


Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="The desk's data folder; made if absent. A demo makes one of its own "
        "where none is given.",
    ),
]
Host = Annotated[str, typer.Option(metavar="HOST", help="Address to listen at.")]
Port = Annotated[
    int, typer.Option(metavar="PORT", help="And port; 0 takes a free one.")
]
Certificate = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Certificate chain, PEM; with --tls-key."),
]
Key = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The certificate's key, PEM.")
]
BehindProxy = Annotated[
    bool, typer.Option("--behind-proxy", help="A proxy on this machine does TLS.")
]
Prefix = Annotated[
    str, typer.Option(metavar="PREFIX", help="Where the proxy shows the desk: /desk.")
]
Workers = Annotated[
    int, typer.Option(metavar="N", help="Jobs at a time, one thread each.")
]
Demo = Annotated[
    bool,
    typer.Option(
        "--demo", help="Begin with cases of invented patients, to be decided."
    ),
]
DemoData = Annotated[
    Path,
    typer.Option(metavar="DIR", help="Data sets that a demo takes real scans from."),
]
Open = Annotated[bool, typer.Option("--open", help="Open the link in a browser.")]


def serve(
    data: Data = None,
    host: Host = "127.0.0.1",
    port: Port = 8765,
    tls_cert: Certificate = None,
    tls_key: Key = None,
    behind_proxy: BehindProxy = False,
    path: Prefix = "",
    workers: Workers = 1,
    demo: Demo = False,
    demo_data: DemoData = Path("../shared/data"),
    open_: Open = False,
) -> int:
    """Open the clinic's desk, and print the link to it."""
    for library in LIBRARIES:
        needs(library, "server")
    if data is None and not demo:
        raise typer.BadParameter("--data is needed: where the desk keeps its things")
    from vesalius.server.serving import serve as run  # late, so that --help is instant
    from vesalius.server.settings import Settings

    _log_to_stderr()
    folder = data or Path(tempfile.mkdtemp(prefix="vesalius-desk-"))
    settings = Settings(
        data=folder, host=host, port=port, demo=demo, demo_data=demo_data,
        tls_cert=tls_cert, tls_key=tls_key, behind_proxy=behind_proxy, path=path,
        workers=workers,
    )  # fmt: skip

    def ready(link: str) -> None:
        say(link)
        if data is None:
            say(f"this demo is kept in {folder}; --data {folder} goes on with it")
        if open_:
            Thread(target=_open, args=(link,), daemon=True).start()

    run(settings, ready, say)
    return DONE


def _open(link: str) -> None:
    with suppress(webbrowser.Error, OSError):  # the link was printed, too
        webbrowser.open(link)


def _log_to_stderr() -> None:
    """Let our own words through, as lines of JSON; libraries' still go nowhere."""
    from vesalius.server.logbook import JsonLines  # late, as the desk itself

    stream = STDERR.get()
    if stream is not None:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(JsonLines())
        logging.getLogger("vesalius").setLevel(logging.INFO)
        logging.getLogger("vesalius").addHandler(handler)
