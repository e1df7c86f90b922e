"""A real desk and what a browser needs to be taken through its pages."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("uvicorn", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")


ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
BUILT = ROOT / "src/vesalius/server/static/index.html"
WORD = "correct horse battery"
PATIENCE_S = 600  # a journey on a machine that does other things: a guard, no measure
SERVE = """
import sys
from pathlib import Path
from vesalius.server.serving import serve
from vesalius.server.settings import Settings
serve(Settings(data=Path(sys.argv[1]), port=0), lambda words: print(words, flush=True))
"""
# The same where work does not end before it is given up.
ENDLESS = f"""
import time
from vesalius.server import serving
from vesalius.server.performing import GivenUp
class Endless:
    def run(self, task, told):
        while told("starting", 0, 0):
            time.sleep(0.1)
        raise GivenUp
serving.Apart = Endless
{SERVE}"""


def node() -> str | None:
    beside = Path(sys.executable).parent / "node"
    return str(beside) if beside.exists() else shutil.which("node")


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


@dataclass(frozen=True)
class Served:
    """A desk that answers."""

    folder: Path
    link: str

    @property
    def url(self) -> str:
        return self.link.split("#")[0]


@contextmanager
def serving(folder: Path, program: str = SERVE):
    """Start a desk in a process of its own; stop it as an administrator would."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        link = process.stdout.readline().strip()
        assert link.startswith("http"), "the desk did not start"
        yield Served(folder, link)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=180)
        process.stdout.close()
