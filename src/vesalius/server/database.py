"""Database: SQLite that a power cut cannot tear, one writer at a time."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from vesalius.errors import OutputError
from vesalius.governance.audit import Execute

WAIT_S = 15.0  # for another writer
UNWRITABLE = (
    "the desk's database cannot be written now, and nothing was; try again, and look "
    "at the disk's room and rights if it stays so"
)


def open_database(file: Path) -> Engine:
    """Open a database, or make an empty one.

    What was committed lasts: the write-ahead log is synchronised at each commit.

    Args:
        file: In a folder that exists.

    Raises:
        OutputError: It cannot be written.
    """
    engine = create_engine(
        f"sqlite:///{file}", connect_args={"timeout": WAIT_S}, poolclass=NullPool
    )

    @event.listens_for(engine, "connect")
    def set_up(raw: Any, _: Any) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA trusted_schema = OFF")
        cursor.close()

    try:
        with engine.connect():
            pass
    except OperationalError as error:
        raise OutputError(
            "the desk's database cannot be opened for writing; look at the data "
            "folder's rights and at the disk's room"
        ) from error
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Look at one state of the database, whatever is written meanwhile.

    Args:
        engine: As `open_database` returns it.
    """
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            connection.exec_driver_sql("ROLLBACK")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write all of a block, or nothing of it.

    The lock is taken at once, so that what the block reads still holds when it writes.

    Args:
        engine: As `open_database` returns it.

    Raises:
        OutputError: Another writer did not end in time, or the disk is full or may
            not be written; nothing was.
    """
    with engine.connect() as connection:
        _said(connection, "BEGIN IMMEDIATE")
        try:
            yield connection
        except OperationalError as error:  # in the middle: no room, or no right
            _undo(connection)
            raise OutputError(UNWRITABLE) from error
        except BaseException:
            _undo(connection)
            raise
        _said(connection, "COMMIT")


def executed(connection: Connection) -> Execute:
    """Turn a connection into what the record writes with, in the same transaction.

    Args:
        connection: Within `reading` or `writing`.
    """

    def execute(statement: str, values: Any) -> list[Any]:
        found = connection.exec_driver_sql(statement, tuple(values))
        return list(found.fetchall()) if found.returns_rows else []

    return execute


def _said(connection: Connection, words: str) -> None:
    try:
        connection.exec_driver_sql(words)
    except OperationalError as error:
        if words == "COMMIT":
            _undo(connection)
        raise OutputError(UNWRITABLE) from error


def _undo(connection: Connection) -> None:
    with suppress(OperationalError):  # a full disk has it undone already
        connection.exec_driver_sql("ROLLBACK")
