"""Passwords: kept as argon2id, tried at a price, never compared in clear."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vesalius.errors import ConfigError

LEAST, MOST = 12, 200  # characters
FREE_TRIES = 5  # before waiting begins
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=15)
FORGOTTEN = timedelta(hours=1)  # after which failures no longer count
# argon2-cffi's own defaults: RFC 9106's choice for little memory.
_HASHER = PasswordHasher()
_NOBODYS = _HASHER.hash("a password that no account has")


def hashed(password: str) -> str:
    """Return what is kept of a password.

    Args:
        password: 12 to 200 characters, any.

    Raises:
        ConfigError: It is too short, too long, or one character over and over.

    Source:
        RFC 9106 (argon2id).
    """
    if not LEAST <= len(password) <= MOST:
        raise ConfigError(f"a password has {LEAST} to {MOST} characters")
    if len(set(password)) < LEAST // 3:
        raise ConfigError("this password is too plain: use more different characters")
    return _HASHER.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Say whether a password is an account's, in the same time whether there is one.

    Args:
        password: As typed.
        kept: As `hashed` returned it; None where there is no such account.
    """
    try:
        matches = _HASHER.verify(_NOBODYS if kept is None else kept, password[:MOST])
    except (VerificationError, InvalidHashError):
        return False
    return matches and kept is not None


def is_dated(kept: str) -> bool:
    """Say whether a password should be hashed anew, with today's cost."""
    return _HASHER.check_needs_rehash(kept)


@dataclass
class Throttle:
    """Slows down who guesses: each failure after the fifth doubles the wait.

    Attributes:
        failures: By what was tried, an account's name or an address: how many, and
            when the last was.
    """

    failures: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def wait(self, key: str, now: datetime) -> timedelta:
        """Return how long a next try must wait; nothing if it need not.

        Args:
            key: What is tried.
            now: The time.
        """
        count, last = self.failures.get(key, (0, now))
        if now - last > FORGOTTEN:
            self.failures.pop(key, None)
            return timedelta(0)
        if count < FREE_TRIES:
            return timedelta(0)
        doubled = FIRST_WAIT * 2 ** min(count - FREE_TRIES, 20)
        # No longer than that where the clock was set back since.
        waits = min(doubled, LONGEST_WAIT)
        return min(waits, max(timedelta(0), last + waits - now))

    def failed(self, key: str, now: datetime) -> None:
        """Count a failure.

        Args:
            key: What was tried.
            now: The time.
        """
        count, last = self.failures.get(key, (0, now))
        begun = 0 if now - last > FORGOTTEN else count
        self.failures[key] = (begun + 1, now)
        self._forget(now)

    def passed(self, key: str) -> None:
        """Forget the failures of what has succeeded.

        Args:
            key: What was tried.
        """
        self.failures.pop(key, None)

    def _forget(self, now: datetime) -> None:
        """Drop old failures, so that names tried at random fill no memory."""
        if len(self.failures) > 10_000:
            self.failures = {
                key: (count, last)
                for key, (count, last) in self.failures.items()
                if now - last <= FORGOTTEN
            }
