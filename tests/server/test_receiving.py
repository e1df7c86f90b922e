"""A scan is sent, read and kept: once, sealed, for its project's members alone."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pydicom
import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from fastapi.testclient import TestClient

from server.desks import WORD, quicken, recorded, sign_in
from vesalius.errors import ConfigError
from vesalius.governance.audit_check import check_folder
from vesalius.io import read
from vesalius.io.dicom_phantom import write_phantom_dicom
from vesalius.physics.phantom import head
from vesalius.server import receiving
from vesalius.server.accounts import DESK, add_account
from vesalius.server.app import create_app
from vesalius.server.desk import open_desk
from vesalius.server.receiving import Stage, drop_forgotten, read_in, waiting
from vesalius.server.roles import Role
from vesalius.server.scans import find_scan
from vesalius.server.settings import Settings
from vesalius.server.uploads import MOST_PIECE

TOKEN = "Quetzalcoatl"
PIECE = 4000


@pytest.fixture
def desk(tmp_path, monkeypatch):
    quicken(monkeypatch)
    desk, _ = open_desk(Settings(data=tmp_path / "desk"))
    with desk.change() as (connection, record):
        for name, *roles in (
            ("anna", Role.READER, Role.STEWARD),
            ("otto", Role.READER, Role.STEWARD),
            ("boss", Role.ADMINISTRATOR),
        ):
            now = datetime(2026, 1, 1, tzinfo=UTC)
            add_account(connection, record, name, WORD, roles, now)
    return desk


@pytest.fixture
def enter(desk):
    def signed_in(name):
        client = TestClient(create_app(desk), raise_server_exceptions=False)
        client.id = sign_in(client, name).json()["account"]["id"]
        return client

    return signed_in


@pytest.fixture
def anna(enter):
    client = enter("anna")
    made = client.post("/api/projects", json={"name": "Glioma study"})
    assert made.status_code == 201, made.text
    client.project = made.json()["id"]
    return client


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A zip of a series, and the scan as it reads."""
    folder = tmp_path_factory.mktemp(TOKEN)
    scan = head(shape=(24, 32, 3), spacing_mm=(8.0, 8.0, 8.0)).truth
    write_phantom_dicom(scan, folder, seed=1)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in sorted(folder.iterdir()):
            header = pydicom.dcmread(file)
            header.PatientName, header.PatientID = f"{TOKEN}^A", f"{TOKEN}-4711"
            header.PatientBirthDate = "19370501"
            header.save_as(file)
            archive.write(file, f"{TOKEN}/{file.name}")
    return content.getvalue(), read(folder)


def begin(client, content, ending=".zip", **more):
    wish = {"project": client.project, "ending": ending, "size": len(content), **more}
    return client.post("/api/uploads", json=wish)


def send(client, content, upto=None, **more):
    upload = begin(client, content, **more).json()["id"]
    for at in range(0, len(content), PIECE)[:upto]:
        piece = content[at : at + PIECE]
        answer = client.put(f"/api/uploads/{upload}/pieces/{at}", content=piece)
        assert answer.json() == {"received": at + len(piece)}, answer.text
    return upload


def finish(desk, client, upload):
    answer = client.post(f"/api/uploads/{upload}/end")
    assert answer.json()["stage"] == "reading", answer.text
    assert waiting(desk) == (upload,)
    return read_in(desk, upload)


def test_a_series_is_sent_read_and_kept(desk, anna, packed):
    content, truth = packed
    upload = send(anna, content)
    done = finish(desk, anna, upload)
    assert (done.stage, done.reason) == (Stage.KEPT, "")
    (told,) = anna.get("/api/scans", params={"project": anna.project}).json()
    assert (told["modality"], told["shape"]) == ("MR", [24, 32, 3])
    assert told["case"].startswith("case-")
    with desk.look() as connection:
        scan = receiving.find(connection, upload).scans[0]
        kept = find_scan(connection, scan)
    assert kept.scan_sha256 == truth.sha256
    assert anna.get(f"/api/scans/{scan}").json() == told
    who = anna.get(f"/api/cases/{told['case']}/identity").json()
    assert who == {"name": f"{TOKEN}^A", "number": f"{TOKEN}-4711", "born": "19370501"}
    assert anna.get(f"/api/uploads/{upload}").json()["scans"] == [scan]
    story = [event.what for event in recorded(desk)]
    assert story[-5:] == [
        "upload.begun",
        "upload.ended",
        "scan.kept",
        "upload.kept",
        "identity.shown",
    ]
    assert check_folder(desk.settings.data).bad is None


def test_the_patient_is_nowhere_in_clear(desk, anna, packed, caplog):
    upload = send(anna, packed[0], upto=2)
    files = [f for f in desk.settings.data.rglob("*") if f.is_file()]
    finish_all = send(anna, packed[0])
    finish(desk, anna, finish_all)
    files += [f for f in desk.settings.data.rglob("*") if f.is_file()]
    for file in files:
        if file.exists():
            content = file.read_bytes()
            assert TOKEN.encode() not in content, file.name
            assert b"19370501" not in content, file.name
        assert TOKEN not in file.name
    assert TOKEN not in caplog.text
    assert not list(desk.settings.data.glob("reading-*"))
    assert anna.delete(f"/api/uploads/{upload}").status_code == 204


def test_the_same_scan_is_kept_once_and_said_to_be(desk, anna, packed):
    first = finish(desk, anna, send(anna, packed[0]))
    again = finish(desk, anna, send(anna, packed[0]))
    assert again.scans == first.scans
    assert again.reason == "1 of them are here already"
    assert len(anna.get("/api/scans", params={"project": anna.project}).json()) == 1


def test_a_dropped_connection_is_gone_on_with(desk, anna, packed):
    content, _ = packed
    upload = send(anna, content, upto=2)
    told = anna.get(f"/api/uploads/{upload}").json()
    assert (told["stage"], told["received"]) == ("coming", 2 * PIECE)
    early = anna.post(f"/api/uploads/{upload}/end")
    assert early.status_code == 422
    assert "send the rest first" in early.json()["what"]
    at = told["received"]
    gap = anna.put(f"/api/uploads/{upload}/pieces/{at + 1}", content=b"x")
    assert gap.status_code == 422
    rest = content[at:]
    anna.put(f"/api/uploads/{upload}/pieces/{at}", content=rest)
    assert finish(desk, anna, upload).stage is Stage.KEPT


def test_an_upload_that_never_returns_is_given_up_after_a_week(desk, anna, packed):
    content, _ = packed
    early, read = send(anna, content, upto=2), finish(desk, anna, send(anna, content))

    def days_later(days):
        return replace(desk, now=lambda: datetime.now(UTC) + timedelta(days=days))

    assert drop_forgotten(days_later(6)) == 0
    assert desk.uploads.received(early) > 0
    assert drop_forgotten(days_later(8)) == 1
    assert drop_forgotten(days_later(8)) == 0
    told = anna.get(f"/api/uploads/{early}").json()
    assert told["stage"] == "refused"
    assert "send it again" in told["reason"]
    with pytest.raises(ConfigError, match="no such upload"):
        desk.uploads.received(early)
    assert anna.get(f"/api/uploads/{read.id}").json()["stage"] == "kept"
    given_up = [event for event in recorded(desk) if event.what == "upload.given-up"]
    assert [(event.who, event.about) for event in given_up] == [(DESK.id, early)]
    assert check_folder(desk.settings.data).bad is None


def test_what_is_no_scan_is_refused_and_says_why(desk, anna):
    done = finish(desk, anna, send(anna, b"no zip at all"))
    assert done.stage is Stage.REFUSED
    assert "damaged or cut short" in done.reason
    assert recorded(desk)[-1].what == "upload.refused"
    told = anna.get(f"/api/uploads/{done.id}").json()
    assert told["stage"] == "refused"
    late = anna.put(f"/api/uploads/{done.id}/pieces/0", content=b"more")
    assert late.status_code == 422


def test_an_upload_interrupted_by_a_crash_is_read_again(
    desk, anna, packed, monkeypatch
):
    upload = send(anna, packed[0])
    anna.post(f"/api/uploads/{upload}/end")
    with monkeypatch.context() as patch:
        patch.setattr(receiving, "keep_scan", lambda *_: 1 / 0)  # the power goes
        with pytest.raises(ZeroDivisionError):
            read_in(desk, upload)
    again, _ = open_desk(desk.settings)
    assert waiting(again) == (upload,)
    assert read_in(again, upload).stage is Stage.KEPT
    assert waiting(again) == ()


def test_strangers_are_answered_as_if_nothing_was_there(desk, anna, enter, packed):
    upload = send(anna, packed[0])
    done = finish(desk, anna, upload)
    case = anna.get(f"/api/scans/{done.scans[0]}").json()["case"]
    otto = enter("otto")
    absent = otto.get("/api/scans/s-none")
    assert absent.status_code == 404
    for address in (
        f"/api/scans/{done.scans[0]}",
        f"/api/uploads/{upload}",
        f"/api/scans?project={anna.project}",
        f"/api/cases/{case}/identity",
    ):
        answer = otto.get(address)
        assert (answer.status_code, answer.json()) == (404, absent.json()), address
    otto.project = anna.project
    assert begin(otto, b"x").status_code == 404
    member = f"/api/projects/{anna.project}/members/{otto.id}"
    assert otto.put(member).status_code == 404  # nobody lets himself in
    assert anna.put(member).status_code == 204
    assert otto.get(f"/api/scans/{done.scans[0]}").status_code == 200
    assert [p["name"] for p in otto.get("/api/projects").json()] == ["Glioma study"]
    assert anna.delete(member).status_code == 204
    assert otto.get(f"/api/scans/{done.scans[0]}").status_code == 404
    assert enter("boss").get(f"/api/scans/{done.scans[0]}").status_code == 403


def test_too_much_is_refused_before_it_fills_anything(desk, anna):
    desk.uploads._most = 1000
    assert begin(anna, bytes(1001)).status_code == 422
    assert begin(anna, b"").status_code == 422
    assert begin(anna, b"x", ending=".exe").status_code == 422
    upload = begin(anna, bytes(900)).json()["id"]
    large = bytes(MOST_PIECE + 1)
    answer = anna.put(f"/api/uploads/{upload}/pieces/0", content=large)
    assert answer.status_code == 422
    assert "a piece has" in answer.json()["what"]
    assert anna.get(f"/api/uploads/{upload}").json()["received"] == 0


def test_the_same_patient_has_one_case_in_a_project_and_another_elsewhere(
    desk, anna, packed
):
    first = finish(desk, anna, send(anna, packed[0]))
    other = anna.post("/api/projects", json={"name": "Other"}).json()["id"]
    cases = {anna.get(f"/api/scans/{first.scans[0]}").json()["case"]}
    anna.project = other
    second = finish(desk, anna, send(anna, packed[0]))
    cases.add(anna.get(f"/api/scans/{second.scans[0]}").json()["case"])
    assert len(cases) == 2
    assert len(list(desk.objects.all())) == 1  # the file itself lies there once
