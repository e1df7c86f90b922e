"""Accounts and sessions: who gets in, for how long, and what is written of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="of the extra 'server'")
pytest.importorskip("argon2", reason="of the extra 'server'")

from argon2 import PasswordHasher

from vesalius.errors import ConfigError
from vesalius.server import passwords
from vesalius.server.accounts import (
    add_account,
    list_accounts,
    set_disabled,
    set_password,
)
from vesalius.server.database import open_database, writing
from vesalius.server.passwords import FREE_TRIES, Throttle
from vesalius.server.roles import Role
from vesalius.server.schema import METADATA
from vesalius.server.sessions import (
    SignInError,
    is_meant,
    note_use,
    sign_in,
    sign_out,
    whose,
)
from vesalius.server.settings import Settings

NOW = datetime(2026, 1, 1, 8, tzinfo=UTC)
SETTINGS = Settings(data=Path("desk"), idle_minutes=30.0, session_hours=12.0)
WORD, OTHER = "correct horse battery", "another horse battery"


class Desk:
    """A database, its record as a list, and a throttle."""

    def __init__(self, connection):
        self.connection, self.events, self.throttle = connection, [], Throttle()

    def record(self, event):
        self.events.append(event)
        return len(self.events) - 1

    @property
    def told(self):
        return [event.what for event in self.events]

    def add(self, name="anna", *roles, password=WORD, by=None):
        wanted = roles or (Role.READER,)
        args = (self.connection, self.record, name, password, wanted, NOW)
        return add_account(*args, by=by)

    def sign_in(self, name="anna", password=WORD, now=NOW):
        args = (self.connection, self.record, self.throttle, name, password, now)
        return sign_in(*args)

    def whose(self, token, now=NOW):
        found = whose(self.connection, token, now, SETTINGS)
        note_use(self.connection, token, now, SETTINGS)
        return found


@pytest.fixture
def desk(tmp_path, monkeypatch):
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", quick)
    monkeypatch.setattr(passwords, "_NOBODYS", quick.hash("nobody's"))
    engine = open_database(tmp_path / "db")
    METADATA.create_all(engine)
    with writing(engine) as connection:
        yield Desk(connection)


def test_an_account_signs_in_is_known_and_signs_out(desk):
    anna = desk.add("anna", Role.READER, Role.REVIEWER)
    session = desk.sign_in()
    assert session.account == anna
    assert desk.whose(session.token).account == anna
    assert is_meant(session, session.csrf)
    assert not is_meant(session, session.token)
    assert not is_meant(session, "")
    sign_out(desk.connection, desk.record, session)
    assert desk.whose(session.token) is None
    assert desk.told == ["user.added", "session.begun", "session.ended"]
    assert desk.events[1].who == anna.id
    assert desk.events[1].role == "reader.reviewer"


def test_neither_password_nor_token_is_kept_in_clear(desk, tmp_path):
    desk.add()
    session = desk.sign_in()
    rows = desk.connection.exec_driver_sql(
        "SELECT u.*, s.token_sha256 FROM users u JOIN sessions s ON s.user = u.id"
    ).fetchall()
    assert WORD not in str(rows)
    assert session.token not in str(rows)
    assert session.token not in repr(session)


@pytest.mark.parametrize(("name", "word"), [("anna", OTHER), ("ben", WORD), ("", "")])
def test_a_wrong_name_or_password_says_the_same_and_is_recorded(desk, name, word):
    desk.add()
    with pytest.raises(SignInError, match="do not belong together") as refused:
        desk.sign_in(name, word)
    assert refused.value.wait == timedelta(0)
    assert desk.told[-1] == "session.refused"


def test_guessing_is_slowed_down_even_for_the_right_password(desk):
    desk.add()
    for _ in range(FREE_TRIES):
        with pytest.raises(SignInError):
            desk.sign_in(password=OTHER)
    with pytest.raises(SignInError, match="too many") as refused:
        desk.sign_in()
    assert refused.value.wait == timedelta(seconds=2)
    assert desk.sign_in(now=NOW + timedelta(seconds=3)).account.name == "anna"


def test_a_session_ends_idle_or_at_the_latest(desk):
    desk.add()
    session = desk.sign_in()
    assert desk.whose(session.token, NOW + timedelta(minutes=29))
    assert desk.whose(session.token, NOW + timedelta(minutes=58))
    assert desk.whose(session.token, NOW + timedelta(minutes=90)) is None
    busy = desk.sign_in()
    last = None
    for minutes in range(0, 13 * 60, 20):
        if desk.whose(busy.token, NOW + timedelta(minutes=minutes)) is None:
            break
        last = minutes
    assert last == 12 * 60


def test_a_token_that_was_made_up_is_nobodys(desk):
    assert desk.whose("made-up") is None


def test_who_is_shut_out_is_out_at_once(desk):
    anna = desk.add()
    session = desk.sign_in()
    set_disabled(desk.connection, desk.record, anna.id, True)
    assert desk.whose(session.token) is None
    with pytest.raises(SignInError, match="shut out"):
        desk.sign_in()
    assert list_accounts(desk.connection) == (replace(anna, is_disabled=True),)
    set_disabled(desk.connection, desk.record, anna.id, False)
    assert desk.sign_in().account == anna


def test_another_password_ends_all_sessions(desk):
    anna = desk.add()
    session = desk.sign_in()
    set_password(desk.connection, desk.record, anna.id, OTHER, by=anna)
    assert desk.whose(session.token) is None
    assert desk.sign_in(password=OTHER)
    assert desk.events[2].who == anna.id


def test_the_last_administrator_stays(desk):
    boss = desk.add("boss", Role.ADMINISTRATOR)
    with pytest.raises(ConfigError, match="last administrator"):
        set_disabled(desk.connection, desk.record, boss.id, True)
    desk.add("other", Role.ADMINISTRATOR, by=boss)
    set_disabled(desk.connection, desk.record, boss.id, True)
    assert desk.told[-1] == "user.disabled"


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("anna", OTHER, "taken"),
        ("A", OTHER, "2 to 40"),
        ("1anna", OTHER, "2 to 40"),
        ("ben", "short", "password"),
    ],
)
def test_what_is_no_account_is_refused(desk, name, password, said):
    desk.add()
    with pytest.raises(ConfigError, match=said):
        desk.add(name, password=password)
    with pytest.raises(ConfigError, match="one role"):
        add_account(desk.connection, desk.record, "carl", WORD, (), NOW)
    with pytest.raises(ConfigError, match="no such account"):
        set_disabled(desk.connection, desk.record, "u-none", True)


def test_a_dated_password_is_hashed_anew(desk):
    anna = desk.add()
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(WORD)
    desk.connection.exec_driver_sql("UPDATE users SET password = ?", (weak,))
    assert desk.sign_in().account == anna
    kept = desk.connection.exec_driver_sql("SELECT password FROM users").scalar()
    assert kept != weak
    assert desk.sign_in().account == anna
