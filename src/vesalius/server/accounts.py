"""Accounts: who may sign in, and who is signed in; every change on the record."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from vesalius.errors import ConfigError
from vesalius.governance.audit import Event
from vesalius.server.passwords import Throttle, hashed, is_dated, is_right
from vesalius.server.roles import Role, Roles
from vesalius.server.schema import SESSIONS, USERS
from vesalius.server.settings import Settings

NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
TOKEN_BYTES = 32
SYSTEM = "system"  # who acts where nobody is signed in

Record = Callable[[Event], int]  # writes in the same transaction


class SignInError(ConfigError):
    """Name and password do not belong together, or it is too soon to try again.

    Attributes:
        wait: How long a next try must wait.
    """

    def __init__(self, message: str, wait: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.wait = wait


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
        return ".".join(sorted(self.roles)) or "none"


@dataclass(frozen=True, repr=False)
class SignedIn:
    """A session as its browser holds it; kept here only as a digest.

    Attributes:
        account: Whose.
        token: Of the cookie.
        csrf: Sent with whatever changes something.
    """

    account: Account
    token: str
    csrf: str


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
    record(_event(by, "user.added", account.id))
    return account


def list_accounts(connection: Connection) -> tuple[Account, ...]:
    """Return all accounts, by name.

    Args:
        connection: Within a block.
    """
    rows = connection.execute(select(USERS).order_by(USERS.c.name))
    return tuple(_account(row) for row in rows.mappings())


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
    account = _found(connection, user)
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
    record(_event(by, what, user))


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
    _found(connection, user)
    change = update(USERS).where(USERS.c.id == user).values(password=hashed(password))
    connection.execute(change)
    connection.execute(delete(SESSIONS).where(SESSIONS.c.user == user))
    record(_event(by, "user.password", user))


def sign_in(
    connection: Connection,
    record: Record,
    throttle: Throttle,
    name: str,
    password: str,
    now: datetime,
) -> SignedIn:
    """Begin a session.

    A failure is on the record too; the block must be committed then as well.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        throttle: Shared by all tries.
        name: As typed.
        password: As typed.
        now: The time.

    Raises:
        SignInError: They do not belong together, the account is shut out, or it is
            too soon; it is not said which of the first two.
    """
    wait = throttle.wait(name, now)
    if wait > timedelta(0):
        raise SignInError("too many tries: wait a little, then try again", wait)
    named = select(USERS).where(USERS.c.name == name)
    row = connection.execute(named).mappings().first()
    is_known = is_right(password, None if row is None else row["password"])
    if row is None or not is_known or row["disabled"]:
        throttle.failed(name, now)
        record(_event(None, "session.refused", "" if row is None else row["id"]))
        raise SignInError(
            "name and password do not belong together, or the account is shut out",
            throttle.wait(name, now),
        )
    throttle.passed(name)
    if is_dated(row["password"]):
        change = update(USERS).where(USERS.c.id == row["id"])
        connection.execute(change.values(password=hashed(password)))
    account = _account(row)
    token, csrf = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES)
    times = {"made": now.isoformat(), "seen": now.isoformat()}
    kept = {"token_sha256": _digest(token), "user": account.id, "csrf": csrf, **times}
    connection.execute(insert(SESSIONS).values(kept))
    record(_event(account, "session.begun", account.id))
    return SignedIn(account, token, csrf)


def whose(
    connection: Connection, token: str, now: datetime, settings: Settings
) -> SignedIn | None:
    """Return whose session a cookie is of, and note that it was used.

    Args:
        connection: Within a block that writes.
        token: Of the cookie.
        now: The time.
        settings: After how long sessions end.

    Returns:
        None where there is no such session, or it has ended.
    """
    chosen = SESSIONS.c.token_sha256 == _digest(token)
    both = select(SESSIONS, USERS).join(USERS, SESSIONS.c.user == USERS.c.id)
    row = connection.execute(both.where(chosen)).mappings().first()
    if row is None:
        return None
    made, seen = (datetime.fromisoformat(row[c]) for c in (SESSIONS.c.made, "seen"))
    is_over = (
        now - seen > timedelta(minutes=settings.idle_minutes)
        or now - made > timedelta(hours=settings.session_hours)
        or bool(row["disabled"])
    )
    if is_over:
        connection.execute(delete(SESSIONS).where(chosen))
        return None
    connection.execute(update(SESSIONS).where(chosen).values(seen=now.isoformat()))
    return SignedIn(_account(row), token, row["csrf"])


def is_meant(session: SignedIn, csrf: str) -> bool:
    """Say whether a change comes from a page of ours, not from another one's form.

    Args:
        session: Whose.
        csrf: As sent with the change.
    """
    return compare_digest(session.csrf.encode(), csrf.encode())


def sign_out(connection: Connection, record: Record, session: SignedIn) -> None:
    """End a session.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        session: Which.
    """
    chosen = SESSIONS.c.token_sha256 == _digest(session.token)
    connection.execute(delete(SESSIONS).where(chosen))
    record(_event(session.account, "session.ended", session.account.id))


def _account(row: Mapping[Any, Any]) -> Account:
    roles = frozenset(Role(word) for word in row["roles"].split())
    return Account(row["id"], row["name"], roles, bool(row["disabled"]))


def _found(connection: Connection, user: str) -> Account:
    chosen = select(USERS).where(USERS.c.id == user)
    row = connection.execute(chosen).mappings().first()
    if row is None:
        raise ConfigError("there is no such account")
    return _account(row)


def _is_last_administrator(connection: Connection, account: Account) -> bool:
    if Role.ADMINISTRATOR not in account.roles or account.is_disabled:
        return False
    words = f"%{Role.ADMINISTRATOR}%"
    chosen = (USERS.c.disabled == 0) & USERS.c.roles.like(words)
    count = connection.execute(select(func.count()).select_from(USERS).where(chosen))
    return int(count.scalar_one()) == 1


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _event(by: Account | None, what: str, about: str) -> Event:
    who, role = (SYSTEM, SYSTEM) if by is None else (by.id, by.role)
    return Event(who=who, role=role, what=what, about=about)
