"""The database: all of a block or nothing, and the record with it."""

import sqlite3
import threading

import pytest

pytest.importorskip("sqlalchemy", reason="of the extra 'server'")
pytest.importorskip("cryptography", reason="of the extra 'server'")

from vesalius.errors import OutputError, RecordError
from vesalius.governance.audit import Event, append, entries, prepare
from vesalius.governance.audit_check import DATABASE, PUBLIC, check_folder
from vesalius.governance.signing import Signer
from vesalius.server import database
from vesalius.server.database import executed, open_database, reading, writing

SIGNER = Signer(b"\x01" * 32)
OPENED = Event(who="u-1", role="reader", what="case.opened", case="case-1")


@pytest.fixture
def engine(tmp_path):
    engine = open_database(tmp_path / DATABASE)
    (tmp_path / PUBLIC).write_text(SIGNER.public.hex())
    with writing(engine) as connection:
        prepare(executed(connection))
        connection.exec_driver_sql("CREATE TABLE cases (name TEXT)")
    return engine


def cases(engine):
    with reading(engine) as connection:
        rows = connection.exec_driver_sql("SELECT name FROM cases").fetchall()
    return [name for (name,) in rows]


def add(connection, name):
    connection.exec_driver_sql("INSERT INTO cases VALUES (?)", (name,))


def change(engine, name, *, fails=False):
    """Add a case and its record in one block."""
    with writing(engine) as connection:
        add(connection, name)
        append(executed(connection), SIGNER, OPENED)
        if fails:
            raise RuntimeError("power")


def recorded(engine):
    with reading(engine) as connection:
        return len(list(entries(executed(connection))))


def test_a_change_and_its_record_are_kept_together(engine, tmp_path):
    change(engine, "a")
    assert cases(engine) == ["a"]
    assert check_folder(tmp_path).count == 1
    assert check_folder(tmp_path).bad is None


def test_or_neither_is(engine):
    with pytest.raises(RuntimeError, match="power"):
        change(engine, "a", fails=True)
    assert cases(engine) == []
    assert recorded(engine) == 0


def test_without_its_record_a_change_is_not_made(engine):
    with writing(engine) as connection:
        connection.exec_driver_sql("DROP TABLE audit")
    with pytest.raises(RecordError):
        change(engine, "a")
    assert cases(engine) == []


def test_a_reader_sees_one_state_and_no_half_of_the_next(engine):
    with reading(engine) as before:
        count = before.exec_driver_sql("SELECT count(*) FROM cases").scalar()
        with writing(engine) as connection:
            add(connection, "a")
        again = before.exec_driver_sql("SELECT count(*) FROM cases").scalar()
    assert count == again == 0
    assert cases(engine) == ["a"]


def test_writers_take_turns(engine):
    def write(name):
        with writing(engine) as connection:
            held = connection.exec_driver_sql("SELECT count(*) FROM cases").scalar()
            add(connection, f"{name}-{held}")
            append(executed(connection), SIGNER, OPENED)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(name.split("-")[1]) for name in cases(engine)) == list(range(8))
    assert recorded(engine) == 8


def test_a_writer_that_never_ends_is_not_waited_for_forever(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "WAIT_S", 0.2)
    engine = open_database(tmp_path / "db")
    other = sqlite3.connect(tmp_path / "db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutputError, match="try again"), writing(engine):
        pass
    other.execute("ROLLBACK")
    other.close()
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE t (a)")


@pytest.mark.parametrize(
    "limit", ["PRAGMA max_page_count = 1", "PRAGMA query_only = ON"]
)
def test_a_disk_that_is_full_or_read_only_in_the_middle_is_said(engine, limit):
    change(engine, "before")

    def too_much():
        with writing(engine) as connection:
            add(connection, "first")
            connection.exec_driver_sql(limit)
            add(connection, "x" * 10**6)

    with pytest.raises(OutputError, match="disk's room and rights"):
        too_much()
    assert cases(engine) == ["before"]
    change(engine, "after")
    assert cases(engine) == ["before", "after"]


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(OutputError, match="cannot be opened"):
        open_database(tmp_path / "none" / "db")


def test_what_is_committed_is_synchronised_and_keys_are_kept(engine):
    with reading(engine) as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
