"""Backup: the whole desk as one file, consistent while the desk goes on.

The database is copied as it was at one moment, in which what is being sent is held as
well. Objects never change and are never removed while a desk runs, so they are copied
afterwards: what the copied database refers to is there.
"""

import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import IO

from vesalius.errors import ConfigError, FormatError, OutputError
from vesalius.governance.audit import Event, Execute, append
from vesalius.governance.audit_check import DATABASE, PUBLIC, check_folder
from vesalius.governance.handed_out import hand_out, handed_out
from vesalius.governance.keyfile import read_secret
from vesalius.governance.signing import open_key
from vesalius.server.accounts import SYSTEM
from vesalius.server.archive import (
    MANIFEST,
    OBJECTS,
    RECORD,
    UPLOADS,
    VAULT,
    Manifest,
    Member,
    Told,
    keys_text,
    objects_of,
    spelled,
)
from vesalius.server.database import WAIT_S
from vesalius.server.desk import RECORD_KEY, VAULT_KEY
from vesalius.server.lock import alone
from vesalius.server.objects import AT_ONCE, SHELF, Objects

ROOM, LOCK = "backing-up-", "backup.lock"


def back_up(
    folder: Path, out: Path, told: Told, *, keys: Path | None = None
) -> Manifest:
    """Write a desk into one file, whole or not at all; that it was done is recorded.

    Args:
        folder: The desk's data; it may be open.
        out: The file; must not exist.
        told: Hears how far it is.
        keys: A file for the keys; must not exist. None leaves them out.

    Returns:
        What is in it.

    Raises:
        ConfigError: There is no desk, its keys are missing, or another backup is under
            way.
        FormatError: A file of the desk is missing, or is not what it was.
        RecordError: The record is not sound.
        OutputError: A file exists, or cannot be written.
    """
    if not (folder / DATABASE).is_file():
        raise ConfigError(
            f"{folder.name} is no desk's data folder: no {DATABASE} in it"
        )
    for file in (out, keys):
        if file is not None and file.exists():
            raise OutputError(f"{file.name} exists: choose another name")
    held = _keys(folder)
    with alone(folder, LOCK, "another backup of this desk is under way: wait for it"):
        for left in folder.glob(f"{ROOM}*"):  # of one that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=ROOM) as place:
            room = Path(place)
            _record(folder)
            _hold(folder, room)
            manifest = _listed(folder, room)
            with handed_out(out, mode=0o600) as opened:
                _pack(folder, room, manifest, opened, told)
    if keys is not None:
        hand_out(keys_text(held), keys, mode=0o600)
    return manifest


def _keys(folder: Path) -> dict[str, bytes]:
    files = {RECORD: folder / RECORD_KEY, VAULT: folder / VAULT_KEY}
    return {name: read_secret(file) for name, file in files.items() if file.exists()}


@contextmanager
def _locked(folder: Path) -> Iterator[sqlite3.Connection]:
    """Hold the database's one place for a writer."""
    file = folder / DATABASE
    try:
        with closing(sqlite3.connect(file, WAIT_S, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            yield database
    except sqlite3.Error as error:
        raise OutputError(
            f"{DATABASE} cannot be read and written now ({error}): try again, and look "
            "at the disk's room and rights"
        ) from error


def _record(folder: Path) -> None:
    signer = open_key(folder / RECORD_KEY)
    event = Event(who=SYSTEM, role=SYSTEM, what="desk.backed-up")
    with _locked(folder) as database:
        execute: Execute = lambda words, values: database.execute(  # noqa: E731
            words, values
        ).fetchall()
        append(execute, signer, event)
        database.execute("COMMIT")


def _hold(folder: Path, room: Path) -> None:
    """Take the database, and what is being sent, as they are at one moment.

    A piece is dropped only after the database says that the upload was read: with
    its lock held, what it says is still coming is there.
    """
    with _locked(folder) as writer:
        for home in sorted((folder / UPLOADS).glob("up-*")):
            (room / UPLOADS / home.name).mkdir(parents=True)
            for piece in home.glob("[0-9]" * 16):
                _link(piece, room / UPLOADS / home.name / piece.name)
        file = folder / DATABASE
        with closing(sqlite3.connect(file, WAIT_S, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM audit").fetchall()  # the moment
            writer.execute("ROLLBACK")
            with closing(sqlite3.connect(room / DATABASE)) as copy:
                reader.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, not three
    shutil.copyfile(folder / PUBLIC, room / PUBLIC)


def _link(piece: Path, onto: Path) -> None:
    try:
        os.link(piece, onto)
    except OSError:  # a file system without links
        shutil.copyfile(piece, onto)


def _listed(folder: Path, room: Path) -> Manifest:
    record = check_folder(room)
    if record.bad is not None:
        raise FormatError(
            f"entry {record.bad} of the record is not sound: {record.reason}; copy the "
            "folder as it is, and find out why"
        )
    objects = Objects(folder / OBJECTS)
    there = frozenset(objects.all())
    try:
        with closing(sqlite3.connect(room / DATABASE)) as database:
            wanted = objects_of(database, lambda d: objects.path(d).read_bytes())
        missing = sorted(wanted - there)
    except ConfigError as error:
        raise FormatError(f"a file of the desk is missing: {error}") from error
    if missing:
        raise FormatError(f"a file of the desk is missing: {missing[0]}")
    pieces = sorted((room / UPLOADS).rglob("[0-9]" * 16))
    files = [room / DATABASE, room / PUBLIC, *pieces]
    names = [(file, file.relative_to(room).as_posix()) for file in files]
    members = [Member(name, file.stat().st_size, _digest(file)) for file, name in names]
    members += [
        Member(_place(digest), objects.path(digest).stat().st_size, digest)
        for digest in sorted(there)
    ]
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return Manifest(
        made, version("vesalius"), record.count, record.root, tuple(members)
    )


def _pack(
    folder: Path, room: Path, manifest: Manifest, opened: IO[bytes], told: Told
) -> None:
    done, words = 0, spelled(manifest)
    with tarfile.open(fileobj=opened, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_entry(MANIFEST, len(words)), io.BytesIO(words))
        for member in manifest.members:
            told(done, manifest.size)
            home = folder if member.name.startswith(OBJECTS) else room
            with (home / member.name).open("rb") as source:
                watched = _Watched(source)
                archive.addfile(_entry(member.name, member.size), watched)
            if watched.digest != member.sha256:
                raise FormatError(
                    f"{member.name} is not what it was when it was kept: its disk may "
                    "be failing; take the last sound backup"
                )
            done += member.size
    told(done, manifest.size)


class _Watched(io.RawIOBase):
    """A file whose digest is known once it was read."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__()
        self._source, self._found = source, sha256()

    def read(self, size: int = -1) -> bytes:
        part = self._source.read(size)
        self._found.update(part)
        return part

    @property
    def digest(self) -> str:
        return self._found.hexdigest()


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _place(digest: str) -> str:
    return f"{OBJECTS}/{digest[:SHELF]}/{digest[SHELF:]}"


def _digest(file: Path) -> str:
    found = sha256()
    with file.open("rb") as opened:
        while part := opened.read(AT_ONCE):
            found.update(part)
    return found.hexdigest()
