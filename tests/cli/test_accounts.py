"""Accounts from the command line: added, listed, shut out, given another password."""

import io
import json

import pytest

pytest.importorskip("argon2", reason="of the extra 'server'")
pytest.importorskip("alembic", reason="of the extra 'server'")

from argon2 import PasswordHasher

from vesalius.cli import main
from vesalius.cli.needed import needs
from vesalius.errors import ConfigError
from vesalius.governance.audit import entries
from vesalius.server import passwords
from vesalius.server.accounts import is_own, named
from vesalius.server.database import executed, reading
from vesalius.server.desk import open_desk
from vesalius.server.settings import Settings

WORD, OTHER = "correct horse battery", "another horse battery"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    desk, _ = open_desk(Settings(data=tmp_path / "desk"))
    return desk


@pytest.fixture
def run(desk, monkeypatch):
    def call(*words, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return main(["user", *words, "--data", str(desk.settings.data)])

    return call


def knows(desk, name, password):
    with reading(desk.engine) as connection:
        return is_own(connection, named(connection, name), password)


def test_an_account_is_added_listed_shut_out_and_let_in(run, desk, capfd):
    roles = ("--role", "administrator", "--role", "auditor")
    assert run("add", "boss", *roles, typed=f"{WORD}\n") == 0
    assert knows(desk, "boss", WORD)
    assert run("add", "anna", "--role", "reader", typed=WORD) == 0
    assert run("disable", "anna") == 0
    capfd.readouterr()
    assert run("list", "--json") == 0
    assert json.loads(capfd.readouterr().out) == [
        {"name": "anna", "roles": ["reader"], "disabled": True},
        {"name": "boss", "roles": ["administrator", "auditor"], "disabled": False},
    ]
    assert run("disable", "anna", "--undo") == 0
    assert run("reset", "anna", typed=f"{OTHER}\n") == 0
    assert knows(desk, "anna", OTHER)
    with reading(desk.engine) as connection:
        told = [event for _, event in entries(executed(connection))]
    assert [event.what for event in told] == [
        "user.added",
        "user.added",
        "user.disabled",
        "user.enabled",
        "user.password",
    ]
    assert {event.who for event in told} == {"system"}


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("add", "anna", "--role", "reader"), "short", "12 to 200"),
        (("add", "Anna B", "--role", "reader"), WORD, "small letters"),
        (("add", "anna", "--role", "boss"), WORD, "boss"),
        (("disable", "nobody"), "", "no such account"),
        (("reset", "nobody"), WORD, "no such account"),
    ],
)
def test_what_cannot_be_is_refused(run, capfd, words, typed, said):
    assert run(*words, typed=typed) == 2
    assert said in capfd.readouterr().err


def test_the_last_administrator_stays(run, capfd):
    assert run("add", "boss", "--role", "administrator", typed=WORD) == 0
    assert run("disable", "boss") == 2
    assert "last administrator" in capfd.readouterr().err


def test_a_mistyped_folder_makes_no_desk(tmp_path, capfd):
    assert main(["user", "list", "--data", str(tmp_path)]) == 2
    assert "no desk's data folder" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_named_with_how_to_get_it():
    with pytest.raises(ConfigError, match=r"pip install 'vesalius\[server\]'"):
        needs("no_such_library", "server")


def test_a_person_reads_a_table(run, capfd):
    assert run("add", "anna", "--role", "reader", typed=WORD) == 0
    assert run("disable", "anna") == 0
    capfd.readouterr()
    assert run("list") == 0
    assert "shut out" in capfd.readouterr().out
