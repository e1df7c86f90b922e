"""Desk: what the service holds while it runs: database, record, objects, keys."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from threading import Event as Signal

from sqlalchemy import Connection, Engine, delete, func, select

from vesalius.errors import ConfigError, OutputError
from vesalius.governance.audit import Event, append, prepare
from vesalius.governance.audit_check import DATABASE, PUBLIC
from vesalius.governance.keyfile import read_secret
from vesalius.governance.signing import Signer, make_key, open_key
from vesalius.server.accounts import SYSTEM, Record
from vesalius.server.database import executed, open_database, reading, writing
from vesalius.server.lock import LOCK
from vesalius.server.migrations import bring_up
from vesalius.server.objects import Objects
from vesalius.server.passwords import Throttle
from vesalius.server.schema import SESSIONS, USERS
from vesalius.server.settings import Settings
from vesalius.server.turns import Turns
from vesalius.server.uploads import Uploads
from vesalius.server.vault import ENVIRONMENT, Vault, open_vault

# How temporary folders' names begin.
READING, WORKING, VIEWING = "reading-", "working-", "viewing-"
ROOMS = (READING, WORKING, VIEWING)
RECORD_KEY, VAULT_KEY = "record.key", "vault.key"
RESTORED = "restored"  # a file that says so, until the desk is opened

Clock = Callable[[], datetime]


@dataclass(eq=False)
class Desk:
    """The service's own things.

    Attributes:
        settings: What it was started with.
        engine: Its database.
        signer: Signs the record.
        objects: Its files.
        vault: Who patients are.
        uploads: What is coming in.
        throttle: Slows down who guesses passwords.
        turns: Whose picture is made ready for a screen next.
        now: The clock.
        used: When each session's last use was noted, by the token's digest.
        stopping: Set when the desk is being shut: work stops where it stands.
        first: Digest of the token that may make the first administrator; empty where
            there is an account already.
    """

    settings: Settings
    engine: Engine
    signer: Signer
    objects: Objects
    vault: Vault
    uploads: Uploads
    throttle: Throttle = field(default_factory=Throttle)
    turns: Turns = field(default_factory=Turns)
    now: Clock = lambda: datetime.now(UTC)
    used: dict[str, datetime] = field(default_factory=dict)
    stopping: Signal = field(default_factory=Signal)
    first: str = ""

    @contextmanager
    def change(self) -> Iterator[tuple[Connection, Record]]:
        """Write all of a block, its record with it, or nothing of either.

        Raises:
            OutputError: The database cannot be written; nothing was done.
            RecordError: The record cannot be; nothing was done.
        """
        with writing(self.engine) as connection:
            yield connection, self.recorder(connection)

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Look at one state of the database."""
        with reading(self.engine) as connection:
            yield connection

    def left_over(self) -> Iterator[Path]:
        """Yield what a crash left of work that was under way."""
        for kind in ROOMS:
            yield from self.settings.data.glob(f"{kind}*")

    def recorder(self, connection: Connection) -> Record:
        """Return what writes the record within a block.

        Args:
            connection: The block's.
        """

        def record(event: Event) -> int:
            return append(executed(connection), self.signer, event, now=self.now)

        return record

    def may_begin(self, token: str) -> bool:
        """Say whether a token is the one that was printed at the first start.

        Args:
            token: As the link has it.
        """
        given = sha256(token.encode()).hexdigest()
        return bool(self.first) and compare_digest(given, self.first)


def open_desk(settings: Settings) -> tuple[Desk, str]:
    """Open a data folder, or make one.

    Args:
        settings: Name it.

    Returns:
        The desk, and the token of the first link; empty where there is an account.

    Raises:
        OutputError: The folder cannot be written.
        ConfigError: It holds something else, a key that others may read, work whose
            key is lost, or a newer version's work.
    """
    folder = settings.data
    _own(folder)
    key, is_new = folder / RECORD_KEY, not (folder / DATABASE).exists()
    # A new key on an old record, or old identities, would lose what the old one held.
    signer = make_key(key) if is_new and not key.exists() else open_key(key)
    if not is_new and ENVIRONMENT not in os.environ:
        read_secret(folder / VAULT_KEY)
    (folder / PUBLIC).write_text(signer.public.hex() + "\n", encoding="ascii")
    engine = open_database(folder / DATABASE)
    with writing(engine) as connection:
        bring_up(connection)
        prepare(executed(connection))
        _note_restored(connection, signer, folder)
        count = connection.execute(select(func.count()).select_from(USERS)).scalar_one()
    (folder / RESTORED).unlink(missing_ok=True)
    token = "" if count else secrets.token_urlsafe(24)
    vault = open_vault(folder / VAULT_KEY)
    most = settings.most_upload_bytes
    desk = Desk(
        settings=settings,
        engine=engine,
        signer=signer,
        objects=Objects(folder / "objects"),
        vault=vault,
        uploads=Uploads(folder / "uploads", vault, most=most),
        first=sha256(token.encode()).hexdigest() if token else "",
    )
    return desk, token


def _note_restored(connection: Connection, signer: Signer, folder: Path) -> None:
    """Say on the record that it goes on from a backup; everybody signs in anew."""
    if (folder / RESTORED).exists():
        event = Event(who=SYSTEM, role=SYSTEM, what="desk.restored")
        append(executed(connection), signer, event)
        connection.execute(delete(SESSIONS))


def _own(folder: Path) -> None:
    """Make the data folder, for its owner alone; refuse one with other things in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = {file.name for file in folder.iterdir()} - {LOCK}
    except OSError as error:
        raise OutputError(
            f"the data folder {folder.name} cannot be made or read: {error.strerror}"
        ) from error
    if found and DATABASE not in found and RECORD_KEY not in found:
        raise ConfigError(
            f"{folder.name} holds other things: give an empty or a new folder"
        )
    if not os.access(folder, os.W_OK):
        raise OutputError(f"the data folder {folder.name} may not be written")
