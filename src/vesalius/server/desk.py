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

from sqlalchemy import Connection, Engine, func, select

from vesalius.errors import ConfigError, OutputError
from vesalius.governance.audit import Event, append, prepare
from vesalius.governance.audit_check import DATABASE, PUBLIC
from vesalius.governance.keyfile import read_secret
from vesalius.governance.signing import Signer, make_key, open_key
from vesalius.server.accounts import Record
from vesalius.server.database import executed, open_database, writing
from vesalius.server.objects import Objects
from vesalius.server.passwords import Throttle
from vesalius.server.schema import METADATA, USERS
from vesalius.server.settings import Settings
from vesalius.server.vault import ENVIRONMENT, Vault, open_vault

RECORD_KEY, VAULT_KEY = "record.key", "vault.key"

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
        throttle: Slows down who guesses passwords.
        now: The clock.
        first: Digest of the token that may make the first administrator; empty where
            there is an account already.
    """

    settings: Settings
    engine: Engine
    signer: Signer
    objects: Objects
    vault: Vault
    throttle: Throttle = field(default_factory=Throttle)
    now: Clock = lambda: datetime.now(UTC)
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
        ConfigError: It holds something else, a key that others may read, or work
            whose key is lost.
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
    METADATA.create_all(engine)
    with writing(engine) as connection:
        prepare(executed(connection))
        count = connection.execute(select(func.count()).select_from(USERS)).scalar_one()
    token = "" if count else secrets.token_urlsafe(24)
    desk = Desk(
        settings=settings,
        engine=engine,
        signer=signer,
        objects=Objects(folder / "objects"),
        vault=open_vault(folder / VAULT_KEY),
        first=sha256(token.encode()).hexdigest() if token else "",
    )
    return desk, token


def _own(folder: Path) -> None:
    """Make the data folder, for its owner alone; refuse one with other things in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = {file.name for file in folder.iterdir()}
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
