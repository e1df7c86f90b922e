"""The desk by its command, as a process: one link, a demo, an end in order."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager

import httpx2 as httpx
import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("uvicorn", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from vesalius.cli import main
from vesalius.governance.audit_check import check_folder
from vesalius.server import demo
from vesalius.server.desk import open_desk
from vesalius.server.doors import CSRF
from vesalius.server.roles import Role
from vesalius.server.settings import Settings

WORD = "correct horse battery"
PATIENCE_S = 120
SERVE = "import sys; from vesalius.cli import main; main()"


@contextmanager
def served(*words):
    """`vesalius serve` in a process of its own, and the link that it prints."""
    # Into a file: a pipe that nobody empties would hold the desk up when it is full.
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            [sys.executable, "-c", SERVE, "serve", "--port", "0", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        ) as process,
    ):
        process.logged = lambda: (log.seek(0), log.read())[1]
        try:
            link = process.stdout.readline().strip()
            assert link, process.logged()
            yield process, link
        finally:
            process.kill()


@contextmanager
def client_of(link):
    with httpx.Client(base_url=link.partition("#")[0], timeout=60) as client:
        yield client


def until(look, wanted):
    """Wait until what is looked at is as wanted; return it."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = look()
        if wanted(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"still {found}")


def asked(folder, words):
    with closing(sqlite3.connect(folder / "desk.sqlite")) as database:
        return database.execute(words).fetchall()


def test_a_demo_begins_with_one_link_and_a_case_and_ends_in_order(tmp_path):
    folder, nowhere = tmp_path / "desk", tmp_path / "nowhere"
    words = ("--demo", "--data", folder, "--demo-data", nowhere)
    with served(*words) as (process, link), client_of(link) as client:
        first = {"name": "anna", "password": WORD, "token": link.partition("=")[2]}
        told = client.post("/api/session/first", json=first).json()
        client.headers[CSRF] = told["csrf"]
        assert set(told["account"]["roles"]) == set(Role)
        (project,) = client.get("/api/projects").json()
        assert (project["id"], project["name"]) == (demo.PROJECT, demo.NAME)
        where = {"project": project["id"]}
        look = lambda: client.get("/api/jobs", params=where).json()  # noqa: E731
        (job,) = until(look, lambda jobs: jobs and jobs[0]["state"] == "running")
        case = f"/api/cases/{job['case']}/identity"
        assert client.get(case).json()["name"] == "DEMO^PHANTOM"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_S) == 0
        stopping, stopped = process.stdout.read().splitlines()
        assert stopping == "stopping: a second Ctrl-C ends it at once"
        assert stopped.endswith("kept; 1 job waits for the next start")
        lines = [json.loads(line) for line in process.logged().splitlines()]
        assert {line["message"] for line in lines} == {"answered"}
        assert "/api/jobs" in {line["route"] for line in lines}
        assert job["case"] not in process.logged()
        assert "Traceback" not in process.logged()
        assert "DEMO" not in process.logged()  # patients' names
    assert asked(folder, "SELECT state, reason, tries FROM jobs") == [
        ("waiting", "desk-shut", 0)
    ]
    with served(*words) as (process, link):
        assert "#" not in link  # there is an account
        look = lambda: asked(folder, "SELECT state FROM jobs")  # noqa: E731
        until(look, lambda jobs: jobs == [("running",)])
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE_S) == 0
    assert asked(folder, "SELECT count(*) FROM scans") == [(1,)]
    assert check_folder(folder).bad is None
    assert not list(folder.glob("reading-*")) + list(folder.glob("working-*"))


def test_a_second_signal_does_not_wait_for_who_never_ends(tmp_path):
    with served("--data", tmp_path) as (process, link):
        place = link.partition("#")[0].removeprefix("http://").rstrip("/")
        host, _, port = place.partition(":")
        with socket.create_connection((host, int(port))) as door:
            head = (
                "POST /api/session HTTP/1.1\r\nHost: desk\r\nContent-Length: 99\r\n\r\n"
            )
            door.sendall(head.encode())
            time.sleep(0.5)  # it is being read, and will not end
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline().startswith("stopping")
            time.sleep(1.5)  # a second one at once would be the first one's echo
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=PATIENCE_S) == 128 + signal.SIGINT
    assert check_folder(tmp_path).bad is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--data is needed"),
        (("--data", "DIR", "--host", "0.0.0.0"), "--behind-proxy"),
        (("--data", "DIR", "--tls-cert", "cert.pem"), "belong together"),
        (("--data", "DIR", "--tls-cert", "n", "--tls-key", "n"), "cannot be used"),
        (("--data", "DIR", "--path", "desk/"), "begins with /"),
        (("--data", "DIR", "--workers", "0"), "workers must be above 0"),
        (("--data", "DIR", "--port", "99999"), "from 0 to 65535"),
    ],
)
def test_what_cannot_be_served_is_said_in_words(tmp_path, capfd, words, said):
    placed = [str(tmp_path / "desk") if word == "DIR" else word for word in words]
    if "--port" not in placed:
        placed += ["--port", "0"]
    assert main(["serve", *placed]) == 2
    told = capfd.readouterr()
    assert said in told.err
    assert told.out == ""


def test_a_port_that_is_taken_is_said(tmp_path, capfd):
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = str(door.getsockname()[1])
        assert main(["serve", "--data", str(tmp_path), "--port", port]) == 2
    assert "stop what holds it" in capfd.readouterr().err


def test_a_demo_is_refused_on_somebodys_desk(tmp_path, capfd):
    settings = Settings(data=tmp_path / "desk")
    desk, token = open_desk(settings)
    from fastapi.testclient import TestClient

    from vesalius.server.app import create_app

    with TestClient(create_app(desk)) as client:
        first = {"name": "boss", "password": WORD, "token": token}
        told = client.post("/api/session/first", json=first).json()
    assert told["account"]["roles"] == ["administrator"]
    assert main(["serve", "--demo", "--data", str(settings.data), "--port", "0"]) == 2
    assert "no demo" in capfd.readouterr().err


def test_the_link_is_opened_where_that_is_asked_for(monkeypatch, tmp_path, capsys):
    from vesalius.cli import serving as command
    from vesalius.server import serving

    opened = []
    link = "http://127.0.0.1:1/#first=abc"
    monkeypatch.setattr(serving, "serve", lambda settings, ready, said: ready(link))
    monkeypatch.setattr(command.webbrowser, "open", opened.append)
    assert main(["serve", "--data", str(tmp_path), "--open"]) == 0
    until(lambda: opened, bool)
    assert opened == [link]
    assert capsys.readouterr().out == f"{link}\n"


def test_a_demo_without_a_folder_names_the_one_it_keeps(monkeypatch, tmp_path, capsys):
    from vesalius.server import serving

    found = []

    def serve(settings, ready, said):
        found.append(settings.data)
        ready("http://127.0.0.1:1/")

    monkeypatch.setattr(serving, "serve", serve)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["serve", "--demo"]) == 0
    assert found[0].parent == tmp_path
    assert json.dumps(str(found[0]))[1:-1] in capsys.readouterr().out
