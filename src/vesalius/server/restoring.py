"""Restoring: a desk from a backup, checked as a whole before it gets its name."""

import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BufferedWriter
from pathlib import Path

from vesalius.errors import ConfigError, FormatError, OutputError, RecordError
from vesalius.governance.audit import Checkpoint
from vesalius.governance.audit_check import DATABASE, PUBLIC, check_folder
from vesalius.governance.signing import Signer
from vesalius.server.archive import (
    MANIFEST,
    MOST_MANIFEST,
    RECORD,
    VAULT,
    Manifest,
    Member,
    Told,
    read_keys,
    read_manifest,
)
from vesalius.server.desk import RECORD_KEY, RESTORED, VAULT_KEY
from vesalius.server.objects import AT_ONCE, Readable, words_of
from vesalius.server.vault import Vault

KEYS: Mapping[str, str] = {RECORD: RECORD_KEY, VAULT: VAULT_KEY}


@dataclass(frozen=True)
class Restored:
    """What came of it.

    Attributes:
        manifest: Of the backup.
        missing: Files of keys that must be put into the folder before it is served.
    """

    manifest: Manifest
    missing: tuple[str, ...]


def restore(
    file: Path,
    folder: Path,
    told: Told,
    *,
    keys: Path | None = None,
    kept: Checkpoint | None = None,
) -> Restored:
    """Make a desk's data folder from a backup, whole or not at all.

    Args:
        file: As `back_up` wrote it.
        folder: Must be empty, or not there.
        told: Hears how far it is.
        keys: The file of keys that the backup wrote beside it.
        kept: A checkpoint of the record that was exported before the backup.

    Raises:
        OutputError: The folder is not empty, or cannot be written.
        FormatError: The backup is cut short or changed; the member is named.
        RecordError: Its record is not sound, or not what the checkpoint says.
        ConfigError: The keys are another desk's.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder.name} is not empty: restore into a new folder")
    held = {} if keys is None else _read_keys(keys)
    try:
        room = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    except OSError as error:
        raise OutputError(words_of(error)) from error
    try:
        with _opened(file) as archive:
            manifest = _manifest(archive, file)
            _unpack(archive, manifest, room, told)
        _check(room, manifest, kept)
        missing = _put_keys(room, held)
        (room / RESTORED).write_text(f"{manifest.made}\n", encoding="ascii")
        room.replace(folder)
    except OSError as error:
        raise OutputError(words_of(error)) from error
    finally:
        shutil.rmtree(room, ignore_errors=True)
    return Restored(manifest, missing)


def _read_keys(file: Path) -> dict[str, bytes]:
    try:
        return read_keys(file.read_text(encoding="ascii"))
    except (OSError, UnicodeError) as error:
        raise FormatError(f"{file.name} cannot be read as a file of keys") from error


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        archive = tarfile.open(file, "r:")  # noqa: SIM115  (closed below)
    except (OSError, tarfile.TarError) as error:
        raise FormatError(f"{file.name} is no backup of a desk") from error
    with archive:
        yield archive


def _manifest(archive: tarfile.TarFile, file: Path) -> Manifest:
    entry = _next(archive, MANIFEST)
    if entry.size > MOST_MANIFEST:
        raise FormatError(f"{file.name} is no backup of a desk")
    opened = archive.extractfile(entry)
    try:
        words = b"" if opened is None else opened.read()
    except tarfile.TarError as error:
        raise FormatError(f"the backup is cut short within {MANIFEST}") from error
    return read_manifest(words)


def _next(archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    try:
        entry = archive.next()
    except (tarfile.TarError, OSError, ValueError) as error:
        raise FormatError(f"the backup is damaged at {name}") from error
    if entry is None:
        raise FormatError(f"the backup is cut short: {name} is missing")
    if entry.name != name or not entry.isreg():
        raise FormatError(f"the backup was changed: {name} is not where it should be")
    return entry


def _unpack(
    archive: tarfile.TarFile, manifest: Manifest, room: Path, told: Told
) -> None:
    if shutil.disk_usage(room).free < manifest.size:
        raise OutputError(
            f"the disk has no room for this desk: {manifest.size} bytes are needed"
        )
    done = 0
    for member in manifest.members:
        told(done, manifest.size)
        entry = _next(archive, member.name)
        source = archive.extractfile(entry)
        if source is None or entry.size != member.size:
            raise FormatError(f"the backup was changed: {member.name} has another size")
        place = room / member.name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as onto:
            _copy(source, onto, member)
        done += member.size
    told(done, manifest.size)


def _copy(source: Readable, onto: BufferedWriter, member: Member) -> None:
    found = sha256()
    try:
        while part := source.read(AT_ONCE):
            found.update(part)
            onto.write(part)
    except tarfile.TarError as error:
        raise FormatError(f"the backup is cut short within {member.name}") from error
    if onto.tell() != member.size:
        raise FormatError(f"the backup is cut short within {member.name}")
    if found.hexdigest() != member.sha256:
        raise FormatError(f"the backup was changed: {member.name} is not what it was")
    onto.flush()
    os.fsync(onto.fileno())
    Path(onto.name).chmod(0o440 if member.name.count("/") else 0o600)


def _check(room: Path, manifest: Manifest, kept: Checkpoint | None) -> None:
    try:
        with closing(sqlite3.connect(room / DATABASE)) as database:
            (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise FormatError(f"the backup's {DATABASE} is damaged") from error
    if found != "ok":
        raise FormatError(f"the backup's {DATABASE} is damaged")
    record = check_folder(room, kept)
    if record.bad is not None:
        raise RecordError(f"entry {record.bad} is not sound: {record.reason}")
    if (record.count, record.root) != (manifest.count, manifest.root):
        raise RecordError(f"the record is not the one that {MANIFEST} tells of")


def _put_keys(room: Path, held: Mapping[str, bytes]) -> tuple[str, ...]:
    """Put keys into their files if they are this desk's; return which are missing."""
    if RECORD in held:
        public = (room / PUBLIC).read_text(encoding="ascii").strip()
        if Signer(held[RECORD]).public.hex() != public:
            raise ConfigError("the key of the record is another desk's")
    if VAULT in held:
        _try_vault(room, held[VAULT])
    for name, secret in held.items():
        handle = os.open(room / KEYS[name], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(secret)
            opened.flush()
            os.fsync(opened.fileno())
    return tuple(file for name, file in KEYS.items() if name not in held)


def _try_vault(room: Path, secret: bytes) -> None:
    with closing(sqlite3.connect(room / DATABASE)) as database:
        row = database.execute("SELECT sealed, id FROM cases LIMIT 1").fetchone()
    if row is None:
        return
    try:
        Vault(secret).unseal(*row)
    except FormatError as error:
        raise ConfigError("the key of the vault is another desk's") from error
