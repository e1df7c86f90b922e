"""Accounts: who may sign in; every change on the record."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from vesalius.errors import ConfigError
from vesalius.governance.audit import Event
from vesalius.server.passwords import hashed, is_right
from vesalius.server.roles import Role, Roles
from vesalius.server.schema import SESSIONS, USERS

NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
SYSTEM = "system"  # who acts where nobody is signed in

Record = Callable[[Event], int]  # writes in the same transaction


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in.

    Attributes:
        id: Stands for the account on the record.
        name: Typed to sign in.
        roles: What it is for.
        is_disabled: Whether it may not sign in any more.
    """

    id: str
    name: str
    roles: Roles
    is_disabled: bool = False

    @property
    def role(self) -> str:
        """Its roles as one code, for the record."""
        return ".".join(sorted(self.roles)) or (SYSTEM if self.id == SYSTEM else "none")


DESK = Account(SYSTEM, SYSTEM, frozenset())  # the desk itself; nobody signs in as it


def add_account(
    connection: Connection,
    record: Record,
    name: str,
    password: str,
    roles: Iterable[Role],
    now: datetime,
    *,
    by: Account | None = None,
) -> Account:
    """Add an account.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        name: 2 to 40 small letters, digits, dots, dashes; begins with a letter.
        password: 12 characters or more.
        roles: At least one.
        now: The time.
        by: Who adds it; None where nobody is signed in, at the very first.

    Raises:
        ConfigError: The name is taken or no name, the password is too plain, or
            there is no role.
    """
    kept = frozenset(roles)
    if not NAME.fullmatch(name):
        raise ConfigError(
            "a name has 2 to 40 small letters, digits, dots and dashes, and begins "
            "with a letter"
        )
    if not kept:
        raise ConfigError("an account needs at least one role")
    account = Account(f"u-{secrets.token_hex(8)}", name, kept)
    row = {
        "id": account.id,
        "name": name,
        "password": hashed(password),
        "roles": " ".join(sorted(kept)),
        "made": now.isoformat(),
    }
    try:
        connection.execute(insert(USERS).values(row))
    except IntegrityError as error:
        raise ConfigError("this name is taken: choose another") from error
    record(event_of(by, "user.added", account.id))
    return account


def list_accounts(connection: Connection) -> tuple[Account, ...]:
    """Return all accounts, by name.

    Args:
        connection: Within a block.
    """
    rows = connection.execute(select(USERS).order_by(USERS.c.name))
    return tuple(account_in(row) for row in rows.mappings())


def account_of(connection: Connection, user: str) -> Account:
    """Return an account.

    Args:
        connection: Within a block.
        user: Its id.

    Raises:
        ConfigError: There is none.
    """
    chosen = select(USERS).where(USERS.c.id == user)
    row = connection.execute(chosen).mappings().first()
    if row is None:
        raise ConfigError("there is no such account")
    return account_in(row)


def named(connection: Connection, name: str) -> Account:
    """Return the account of a name.

    Args:
        connection: Within a block.
        name: As typed to sign in.

    Raises:
        ConfigError: There is none.
    """
    row = connection.execute(select(USERS).where(USERS.c.name == name)).mappings()
    found = row.first()
    if found is None:
        raise ConfigError("there is no such account")
    return account_in(found)


def set_disabled(
    connection: Connection,
    record: Record,
    user: str,
    is_disabled: bool,
    *,
    by: Account | None = None,
) -> None:
    """Shut an account out, at once, or let it in again.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        user: The account's id.
        is_disabled: Whether it is shut out.
        by: Who does it.

    Raises:
        ConfigError: There is no such account, or it is the last administrator's.
    """
    account = account_of(connection, user)
    if is_disabled and _is_last_administrator(connection, account):
        raise ConfigError(
            "this is the last administrator: make another one first, or nobody could "
            "keep the accounts"
        )
    change = update(USERS).where(USERS.c.id == user).values(disabled=int(is_disabled))
    connection.execute(change)
    if is_disabled:
        connection.execute(delete(SESSIONS).where(SESSIONS.c.user == user))
    what = "user.disabled" if is_disabled else "user.enabled"
    record(event_of(by, what, user))


def is_own(connection: Connection, account: Account, password: str) -> bool:
    """Say whether a password is an account's.

    Args:
        connection: Within a block.
        account: Whose.
        password: As typed.
    """
    kept = select(USERS.c.password).where(USERS.c.id == account.id)
    return is_right(password, connection.execute(kept).scalar())


def set_password(
    connection: Connection,
    record: Record,
    user: str,
    password: str,
    *,
    by: Account | None = None,
) -> None:
    """Give an account another password; its sessions end.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        user: The account's id.
        password: 12 characters or more.
        by: Who does it.

    Raises:
        ConfigError: There is no such account, or the password is too plain.
    """
    account_of(connection, user)
    change = update(USERS).where(USERS.c.id == user).values(password=hashed(password))
    connection.execute(change)
    connection.execute(delete(SESSIONS).where(SESSIONS.c.user == user))
    record(event_of(by, "user.password", user))


def account_in(row: Mapping[Any, Any]) -> Account:
    """Return the account that a row of the table is."""
    roles = frozenset(Role(word) for word in row["roles"].split())
    return Account(row["id"], row["name"], roles, bool(row["disabled"]))


def _is_last_administrator(connection: Connection, account: Account) -> bool:
    if Role.ADMINISTRATOR not in account.roles or account.is_disabled:
        return False
    words = f"%{Role.ADMINISTRATOR}%"
    chosen = (USERS.c.disabled == 0) & USERS.c.roles.like(words)
    count = connection.execute(select(func.count()).select_from(USERS).where(chosen))
    return int(count.scalar_one()) == 1


def event_of(by: Account | None, what: str, about: str) -> Event:
    """Return what is recorded of a deed on an account."""
    who, role = (SYSTEM, SYSTEM) if by is None else (by.id, by.role)
    return Event(who=who, role=role, what=what, about=about)
