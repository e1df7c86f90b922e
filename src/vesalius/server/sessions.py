"""Sessions: who is signed in; begun with a password, ended by time or by hand."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from vesalius.errors import ConfigError
from vesalius.server.accounts import Account, Record, account_in, event_of, is_own
from vesalius.server.passwords import Throttle, hashed, is_dated, is_right
from vesalius.server.schema import SESSIONS, USERS
from vesalius.server.settings import Settings

TOKEN_BYTES = 32
MOST_BACK = timedelta(minutes=5)  # that a time server sets a clock back


class SignInError(ConfigError):
    """Name and password do not belong together, or it is too soon to try again.

    Attributes:
        wait: How long a next try must wait.
    """

    def __init__(self, message: str, wait: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.wait = wait


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
        record(event_of(None, "session.refused", "" if row is None else row["id"]))
        raise SignInError(
            "name and password do not belong together, or the account is shut out",
            throttle.wait(name, now),
        )
    throttle.passed(name)
    if is_dated(row["password"]):
        change = update(USERS).where(USERS.c.id == row["id"])
        connection.execute(change.values(password=hashed(password)))
    account = account_in(row)
    token, csrf = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES)
    times = {"made": now.isoformat(), "seen": now.isoformat()}
    kept = {"token_sha256": digest_of(token), "user": account.id, "csrf": csrf, **times}
    connection.execute(insert(SESSIONS).values(kept))
    record(event_of(account, "session.begun", account.id))
    return SignedIn(account, token, csrf)


def whose(
    connection: Connection, token: str, now: datetime, settings: Settings
) -> SignedIn | None:
    """Return whose session a cookie is of.

    Args:
        connection: Within a block.
        token: Of the cookie.
        now: The time.
        settings: After how long sessions end.

    Returns:
        None where there is no such session, or it has ended.
    """
    chosen = SESSIONS.c.token_sha256 == digest_of(token)
    both = select(SESSIONS, USERS).join(USERS, SESSIONS.c.user == USERS.c.id)
    row = connection.execute(both.where(chosen)).mappings().first()
    if row is None or row["disabled"] or _is_over(row, now, settings):
        return None
    return SignedIn(account_in(row), token, row["csrf"])


def note_use(
    connection: Connection, token: str, now: datetime, settings: Settings
) -> None:
    """Note that a session is in use; forget those that have ended.

    Args:
        connection: Within a block that writes.
        token: Of the cookie.
        now: The time.
        settings: After how long sessions end.
    """
    columns = select(SESSIONS.c.token_sha256, SESSIONS.c.made, SESSIONS.c.seen)
    rows = connection.execute(columns).mappings()
    ended = [r["token_sha256"] for r in rows if _is_over(r, now, settings)]
    connection.execute(delete(SESSIONS).where(SESSIONS.c.token_sha256.in_(ended)))
    chosen = SESSIONS.c.token_sha256 == digest_of(token)
    connection.execute(update(SESSIONS).where(chosen).values(seen=now.isoformat()))


def _is_over(row: Mapping[Any, Any], now: datetime, settings: Settings) -> bool:
    made, seen = (datetime.fromisoformat(row[c]) for c in (SESSIONS.c.made, "seen"))
    idle, whole = settings.idle_minutes, settings.session_hours
    if seen - now > MOST_BACK:  # the clock was set back: nobody knows how old it is
        return True
    return now - seen > timedelta(minutes=idle) or now - made > timedelta(hours=whole)


def digest_of(token: str) -> str:
    """Return what is kept of a session's token."""
    return sha256(token.encode()).hexdigest()


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
    chosen = SESSIONS.c.token_sha256 == digest_of(session.token)
    connection.execute(delete(SESSIONS).where(chosen))
    record(event_of(session.account, "session.ended", session.account.id))


def confirm(
    connection: Connection,
    throttle: Throttle,
    account: Account,
    password: str,
    now: datetime,
) -> None:
    """Have somebody who is signed in type the password once more.

    Args:
        connection: Within a block.
        throttle: Shared with those who sign in: a session left open is no place to
            guess.
        account: Whose.
        password: As typed.
        now: The time.

    Raises:
        SignInError: It is not right, or it is too soon to try again.
    """
    wait = throttle.wait(account.name, now)
    if wait > timedelta(0):
        raise SignInError("too many tries: wait a little, then try again", wait)
    if not is_own(connection, account, password):
        throttle.failed(account.name, now)
        raise SignInError("the password is not right: type it again")
    throttle.passed(account.name)
