"""The application: every route x role, sessions, forged changes, one error shape."""

import re
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("fastapi", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from fastapi import APIRouter
from fastapi.testclient import TestClient

from server.desks import WORD, quicken, sign_in
from vesalius.errors import ConfigError, OutputError
from vesalius.governance.audit import entries
from vesalius.governance.audit_check import check_folder
from vesalius.governance.signing import Signer
from vesalius.server import app as application
from vesalius.server.accounts import add_account
from vesalius.server.app import HEADERS, create_app
from vesalius.server.database import executed, reading
from vesalius.server.desk import open_desk
from vesalius.server.doors import COOKIE, CSRF
from vesalius.server.roles import ANYBODY, MATRIX, Role
from vesalius.server.settings import Settings

OTHER = "another horse battery"


class Clock:
    """A clock that tests move."""

    def __init__(self):
        self.time = datetime(2026, 1, 1, 8, tzinfo=UTC)

    def __call__(self):
        return self.time


@pytest.fixture
def quick(monkeypatch):
    quicken(monkeypatch)


@pytest.fixture
def desk(tmp_path, quick):
    desk, desk.link = open_desk(Settings(data=tmp_path / "desk"))
    desk.now = Clock()
    return desk


@pytest.fixture
def client(desk):
    return TestClient(create_app(desk), raise_server_exceptions=False)


def add(desk, name, *roles):
    with desk.change() as (connection, record):
        return add_account(connection, record, name, WORD, roles, desk.now())


def recorded(desk):
    with reading(desk.engine) as connection:
        return [event.what for _, event in entries(executed(connection))]


def test_the_first_link_makes_one_administrator_once(client, desk):
    assert client.get("/api/session").json()["begins"]
    first = {"name": "boss", "password": WORD, "token": desk.link}
    wrong = client.post("/api/session/first", json={**first, "token": "guessed"})
    assert wrong.status_code == 422
    made = client.post("/api/session/first", json=first)
    assert made.status_code == 201
    assert made.json()["account"]["roles"] == ["administrator"]
    assert client.get("/api/session").json()["account"]["name"] == "boss"
    assert not TestClient(create_app(desk)).get("/api/session").json()["begins"]
    again = client.post("/api/session/first", json={**first, "name": "other"})
    assert again.status_code == 422
    assert recorded(desk) == ["user.added", "session.begun"]


def test_a_desk_opened_again_prints_no_link(desk):
    add(desk, "boss", Role.ADMINISTRATOR)
    again, link = open_desk(desk.settings)
    assert link == ""
    assert again.signer.public == desk.signer.public


@pytest.mark.parametrize("role", [None, *Role])
def test_each_route_opens_for_its_roles_and_for_no_other(role, desk, client):
    if role is not None:
        add(desk, role.value, role)
        sign_in(client, role.value)
    last = "DELETE /api/session"  # nobody is signed in after it
    for route in (*(MATRIX.keys() - {last}), last):
        method, path = route.split()
        address = re.sub(r"\{\w+\}", "none", path.replace("{at}", "0"))
        status = client.request(method, address, json={}).status_code
        if MATRIX[route] is ANYBODY or (role is not None and role in MATRIX[route]):
            assert status not in (401, 403), (route, status)
        else:
            assert status == (401 if role is None else 403), (route, status)


def test_a_route_in_no_row_keeps_the_desk_shut(desk, monkeypatch):
    stray = APIRouter()

    @stray.get("/api/secrets")
    def secrets() -> str:
        return "all of them"

    monkeypatch.setattr(application, "ROUTERS", (*application.ROUTERS, stray))
    with pytest.raises(ConfigError, match="GET /api/secrets"):
        create_app(desk)


def test_the_cookie_is_out_of_a_pages_reach(client, desk):
    add(desk, "anna", Role.READER)
    cookie = sign_in(client, "anna").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie  # loopback has no TLS
    proxied = Settings(data=desk.settings.data, behind_proxy=True)
    desk.settings = proxied
    secure = TestClient(create_app(desk), base_url="https://desk")
    answer = sign_in(secure, "anna")
    assert "Secure" in answer.headers["set-cookie"]
    assert "Strict-Transport-Security" in answer.headers


def test_a_change_from_another_page_is_refused(client, desk):
    add(desk, "boss", Role.ADMINISTRATOR)
    sign_in(client, "boss")
    new = {"name": "anna", "password": OTHER, "roles": ["reader"]}
    for token in ("", "forged"):
        answer = client.post("/api/users", json=new, headers={CSRF: token})
        assert answer.status_code == 403
    assert "user.added" in recorded(desk)[:1]
    assert len(recorded(desk)) == 2
    assert client.post("/api/users", json=new).status_code == 201
    assert recorded(desk)[-1] == "user.added"


def test_a_session_of_yesterday_or_one_replayed_after_its_end_is_nobodys(client, desk):
    add(desk, "anna", Role.READER)
    sign_in(client, "anna")
    token = client.cookies[COOKIE]
    desk.now.time += timedelta(minutes=31)
    assert client.get("/api/session").json()["account"] is None
    sign_in(client, "anna")
    token = client.cookies[COOKIE]
    assert client.delete("/api/session").status_code == 204
    replayed = TestClient(create_app(desk), cookies={COOKIE: token})
    assert replayed.get("/api/session").json()["account"] is None
    assert replayed.delete("/api/session").status_code == 401


def test_a_clock_that_is_set_back_ends_sessions_and_leaves_the_record_sound(
    client, desk
):
    add(desk, "anna", Role.READER)
    sign_in(client, "anna")
    desk.now.time -= timedelta(minutes=1)  # as a time server does
    assert client.get("/api/session").json()["account"]["name"] == "anna"
    desk.now.time -= timedelta(days=365)
    assert client.get("/api/session").json()["account"] is None
    assert client.delete("/api/session").status_code == 401
    sign_in(client, "anna")
    assert client.get("/api/session").json()["account"]["name"] == "anna"
    assert check_folder(desk.settings.data).bad is None


def test_a_wrong_password_is_recorded_and_guessing_waits(client, desk):
    add(desk, "anna", Role.READER)
    wrong = {"name": "anna", "password": OTHER}
    statuses = [client.post("/api/session", json=wrong).status_code for _ in range(6)]
    assert statuses == [401] * 4 + [429, 429]
    assert recorded(desk).count("session.refused") == 5
    waiting = client.post("/api/session", json={**wrong, "password": WORD})
    assert waiting.status_code == 429
    assert int(waiting.headers["Retry-After"]) >= 1
    desk.now.time += timedelta(minutes=20)
    sign_in(client, "anna")


def test_ones_own_password_is_changed_with_the_old_one(client, desk):
    add(desk, "anna", Role.READER)
    sign_in(client, "anna")
    put = client.put("/api/session/password", json={"old": OTHER, "new": OTHER})
    assert put.status_code == 422
    put = client.put("/api/session/password", json={"old": WORD, "new": OTHER})
    assert put.status_code == 204
    assert client.get("/api/session").json()["account"] is None
    sign_in(client, "anna", OTHER)


def test_administrators_keep_accounts(client, desk):
    add(desk, "boss", Role.ADMINISTRATOR)
    sign_in(client, "boss")
    new = {"name": "anna", "password": OTHER, "roles": ["reader", "reviewer"]}
    made = client.post("/api/users", json=new).json()
    assert made["roles"] == ["reader", "reviewer"]
    assert client.post("/api/users", json=new).status_code == 422
    address = f"/api/users/{made['id']}"
    assert client.patch(address, json={"disabled": True}).status_code == 204
    listed = {one["name"]: one for one in client.get("/api/users").json()}
    assert listed["anna"]["disabled"]
    assert "password" not in str(listed)
    assert client.post(f"{address}/reset", json={"password": WORD}).status_code == 204
    boss = f"/api/users/{listed['boss']['id']}"
    assert client.patch(boss, json={"disabled": True}).status_code == 422
    assert check_folder(desk.settings.data).bad is None


@pytest.mark.parametrize(
    ("method", "address", "sent", "status"),
    [
        ("GET", "/api/nothing", None, 404),
        ("PATCH", "/health", None, 405),
        ("POST", "/api/session", {"name": "anna"}, 422),
        ("POST", "/api/session", {"name": "n" * 999, "password": "Doe^Jane"}, 422),
        ("GET", "/api/users", None, 401),
    ],
)
def test_every_error_has_one_shape_and_says_nothing_of_what_was_sent(
    client, method, address, sent, status
):
    answer = client.request(method, address, json=sent)
    assert answer.status_code == status
    assert set(answer.json()) == {"what", "expected", "next"}
    assert answer.json()["next"]
    assert "Jane" not in answer.text


def test_what_cannot_be_recorded_is_not_done(client, desk, monkeypatch):
    add(desk, "anna", Role.READER)
    with reading(desk.engine) as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar()

    class Broken(Signer):
        def sign(self, message):
            raise OSError("no key")

    monkeypatch.setattr(desk, "signer", Broken(b"0" * 32))
    answer = client.post("/api/session", json={"name": "anna", "password": WORD})
    assert answer.status_code == 503
    assert "nothing was done" in answer.json()["what"]
    with reading(desk.engine) as connection:
        after = connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar()
    assert after == before


def test_an_unforeseen_error_tells_nothing(client, desk, monkeypatch):
    def fall():
        raise RuntimeError("Doe^Jane")

    monkeypatch.setattr(desk.objects, "room", fall)
    answer = client.get("/ready")
    assert answer.status_code == 500
    assert "Jane" not in answer.text
    assert set(answer.json()) == {"what", "expected", "next"}


def test_health_says_no_word_of_what_the_desk_holds(client, desk, monkeypatch):
    assert client.get("/health").json() == {"ok": True, "reason": ""}
    assert client.get("/ready").json()["ok"]
    monkeypatch.setattr(desk.objects, "room", lambda: 1)
    assert "full" in client.get("/ready").json()["reason"]


def test_headers_are_on_every_answer(client):
    for address in ("/health", "/api/session", "/api/nothing"):
        answer = client.get(address)
        assert {k: answer.headers[k] for k in HEADERS} == HEADERS
    assert client.get("/api/session").headers["Cache-Control"] == "no-store"
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("key", ["record.key", "vault.key"])
def test_a_desk_whose_key_is_lost_stays_shut_until_it_is_back(desk, key, monkeypatch):
    monkeypatch.delenv("VESALIUS_VAULT_KEY", raising=False)
    file = desk.settings.data / key
    kept = file.read_bytes()
    file.unlink()
    with pytest.raises(ConfigError, match="put it back"):
        open_desk(desk.settings)
    assert not file.exists()
    file.write_bytes(kept)
    file.chmod(0o600)
    assert open_desk(desk.settings)[0].signer.public == desk.signer.public


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match="other things"):
        open_desk(Settings(data=tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(OutputError, match="cannot be made"):
        open_desk(Settings(data=tmp_path / "thesis.tex" / "desk"))


def test_a_sessions_use_is_noted_once_a_minute_not_at_each_request(client, desk):
    """A note takes the one lock that writers share."""
    add(desk, "anna", Role.READER)
    sign_in(client, "anna")
    changes = []
    real = desk.change

    def counted():
        changes.append(desk.now())
        return real()

    desk.change = counted
    for seconds in (0, 20, 59, 61, 70, 130):
        desk.now.time = datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(seconds=seconds)
        assert client.get("/api/session").json()["account"]
    assert [at.second + 60 * at.minute for at in changes] == [0, 61, 130]
    for _ in range(3):  # and what is used all day ends not before its time
        desk.now.time += timedelta(minutes=29)
        assert client.get("/api/session").json()["account"]


def test_verbs_say_what_may_be_asked_and_how_answers_are_read(client, desk):
    add(desk, "boss", Role.ADMINISTRATOR)
    sign_in(client, "boss")
    told = {one["verb"]: one for one in client.get("/api/verbs").json()}
    assert told["denoise"]["options"] == {"look": ["faithful", "sharp"]}
    assert not told["detect"]["first_read"]
    reading = {"first_read": True, "signers": 2}
    assert client.put("/api/policies/detect", json=reading).status_code == 204
    told = {one["verb"]: one for one in client.get("/api/verbs").json()}
    assert (told["detect"]["first_read"], told["detect"]["signers"]) == (True, 2)
    assert not told["denoise"]["first_read"]
