"""The desk at work: sent, read, asked, followed, done; after kill -9 as well."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx2 as httpx
import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("uvicorn", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from fastapi.testclient import TestClient

from server.desks import WORD, recorded, sign_in
from vesalius.errors import ConfigError
from vesalius.governance.audit_check import check_folder
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head
from vesalius.physics.phantom import scan as scanned
from vesalius.server import running as module
from vesalius.server.accounts import add_account
from vesalius.server.app import create_app
from vesalius.server.desk import open_desk
from vesalius.server.executing import Here
from vesalius.server.lock import alone
from vesalius.server.performing import GivenUp
from vesalius.server.roles import Role
from vesalius.server.running import running
from vesalius.server.serving import address
from vesalius.server.settings import Settings

PATIENCE_S = 90
SERVE = """
import sys
from pathlib import Path
from vesalius.server.serving import serve
from vesalius.server.settings import Settings
serve(Settings(data=Path(sys.argv[1]), port=0), lambda words: print(words, flush=True))
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    truth = head(shape=(40, 48, 4), spacing_mm=(5.0, 5.0, 8.0), contrast="T1w")
    write_phantom_dicom(scanned(truth, noise=0.05), folder, seed=1)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return content.getvalue()


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)
    desk, _ = open_desk(Settings(data=tmp_path / "desk"))
    with desk.change() as (connection, record):
        roles = [Role.READER, Role.STEWARD]
        now = datetime(2026, 1, 1, tzinfo=UTC)
        add_account(connection, record, "anna", WORD, roles, now)
    return desk


def enter(client):
    sign_in(client, "anna")
    made = client.post("/api/projects", json={"name": "Study"})
    found = client.get("/api/projects").json()
    assert made.status_code in (201, 422)
    return found[0]["id"]


def send(client, project, content):
    wish = {"project": project, "ending": ".zip", "size": len(content)}
    upload = client.post("/api/uploads", json=wish).json()["id"]
    client.put(f"/api/uploads/{upload}/pieces/0", content=content)
    client.post(f"/api/uploads/{upload}/end")
    return upload


def until(look, wanted):
    """Wait until what is looked at is as wanted; return it."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = look()
        if wanted(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"still {found}")


def kept(client, upload):
    found = until(
        lambda: client.get(f"/api/uploads/{upload}").json(),
        lambda told: told["stage"] not in ("coming", "reading"),
    )
    assert found["stage"] == "kept", found
    return found["scans"][0]


def ended(client, job):
    over = ("done", "failed", "cancelled")
    look = lambda: client.get(f"/api/jobs/{job}").json()  # noqa: E731
    return until(look, lambda told: told["state"] in over)


def test_an_open_desk_gives_up_what_never_ends(desk, packed):
    late = replace(desk, now=lambda: datetime.now(UTC) + timedelta(days=8))
    with TestClient(create_app(desk)) as client:
        project = enter(client)
        wish = {"project": project, "ending": ".zip", "size": len(packed)}
        upload = client.post("/api/uploads", json=wish).json()["id"]
        with running(late, Here()):
            until(
                lambda: client.get(f"/api/uploads/{upload}").json()["stage"],
                lambda stage: stage == "refused",
            )


def test_a_scan_goes_from_the_sender_to_a_result(desk, packed):
    with running(desk, Here()), TestClient(create_app(desk)) as client:
        project = enter(client)
        scan = kept(client, send(client, project, packed))
        asked = client.post("/api/jobs", json={"scan": scan, "verb": "denoise"})
        assert asked.status_code == 201, asked.text
        job = asked.json()["id"]
        with client.stream("GET", f"/api/jobs/{job}/events") as stream:
            lines = [line for line in stream.iter_lines() if line.startswith("data:")]
        assert json.loads(lines[-1][5:]) == "done"
        told = json.loads(lines[-2][5:])
        assert told["state"] == "done"
        assert told["result"].startswith("r-")
        assert told == ended(client, job)
        (listed,) = client.get("/api/jobs", params={"project": project}).json()
        assert listed == told
        wrong = client.post("/api/jobs", json={"scan": scan, "verb": "guess"})
        assert wrong.status_code == 422
        late = client.post(f"/api/jobs/{job}/cancel")
        assert late.status_code == 422
    assert check_folder(desk.settings.data).bad is None


def test_a_job_waits_says_how_long_and_is_given_up_and_tried_again(desk, packed):
    with TestClient(create_app(desk)) as client:  # nobody works yet
        project = enter(client)
        with running(desk, Here()):
            scan = kept(client, send(client, project, packed))
        wish = {"scan": scan, "verb": "denoise"}
        first, second = (client.post("/api/jobs", json=wish).json() for _ in range(2))
        assert (first["ahead"], second["ahead"]) == (0, 1)
        given_up = client.post(f"/api/jobs/{first['id']}/cancel").json()
        assert (given_up["state"], given_up["ahead"]) == ("cancelled", None)
        assert client.get(f"/api/jobs/{second['id']}").json()["ahead"] == 0
        silent = client.post(f"/api/jobs/{first['id']}/retry", json={"reason": "?!"})
        assert silent.status_code == 422
        why = {"reason": "asked-again"}
        waits = client.post(f"/api/jobs/{first['id']}/retry", json=why).json()
        assert waits["state"] == "waiting"
        with running(desk, Here()):
            assert ended(client, first["id"])["state"] == "done"
            assert ended(client, second["id"])["state"] == "done"


class Endless:
    """Works until it is told to stop."""

    def run(self, task, told):
        while told("stuck", 0, 0):
            time.sleep(0.02)
        raise GivenUp


def test_a_desk_that_is_shut_lets_its_work_wait(desk, packed):
    client = TestClient(create_app(desk))
    project = enter(client)
    with running(desk, Endless()):
        scan = kept(client, send(client, project, packed))
        wish = {"scan": scan, "verb": "denoise"}
        job = client.post("/api/jobs", json=wish).json()["id"]
        look = lambda: client.get(f"/api/jobs/{job}").json()  # noqa: E731
        until(look, lambda told: told["stage"] == "stuck")
    told = client.get(f"/api/jobs/{job}").json()
    assert (told["state"], told["reason"]) == ("waiting", "desk-shut")
    assert recorded(desk)[-1].what == "job.interrupted"


def test_two_desks_on_one_folder_are_refused(tmp_path):
    with (
        alone(tmp_path),
        pytest.raises(ConfigError, match="another desk"),
        alone(tmp_path),
    ):
        pass
    with alone(tmp_path):  # and let go of afterwards
        pass


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, "http://127.0.0.1:80/#first=abc"),
        ({"host": "::1"}, "http://[::1]:80/#first=abc"),
        (
            {"behind_proxy": True, "path": "/desk"},
            "http://127.0.0.1:80/desk/#first=abc",
        ),
    ],
)
def test_the_link_keeps_its_token_from_the_log(tmp_path, settings, found):
    assert address(Settings(data=tmp_path, **settings), 80, "abc") == found
    assert "#" not in address(Settings(data=tmp_path), 80, "")


@contextmanager
def begun(folder):
    """A desk in a process of its own, and a client of it."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:
        try:
            link = process.stdout.readline().strip()
            assert link, process.stderr.read()
            with httpx.Client(base_url=link.partition("#")[0], timeout=60) as client:
                yield process, client
        finally:
            process.kill()


def test_after_kill_9_nothing_is_lost_and_the_job_is_done(desk, packed):
    with begun(desk.settings.data) as (process, client):
        project = enter(client)
        scan = kept(client, send(client, project, packed))
        wish = {"scan": scan, "verb": "denoise"}
        job = client.post("/api/jobs", json=wish).json()["id"]
        look = lambda: client.get(f"/api/jobs/{job}").json()  # noqa: E731
        until(look, lambda told: told["state"] == "running")
        second = send(client, project, packed)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert check_folder(desk.settings.data).bad is None
    with begun(desk.settings.data) as (process, client):
        enter(client)
        assert ended(client, job)["state"] == "done"
        assert kept(client, second) == scan
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) in (0, -signal.SIGTERM)
        assert "Traceback" not in process.stderr.read()
    assert check_folder(desk.settings.data).bad is None
    assert not list(desk.settings.data.glob("working-*"))
