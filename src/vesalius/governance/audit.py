"""Audit: the record of what was done, each entry bound to all before it.

An entry is a line of JSON. Beside it stand the root of the tree over all entries so
far and a signature of that root, so that whoever changes, drops, adds or swaps one has
to sign anew, and whoever cuts the end off or goes back is betrayed by any checkpoint
that was exported before. Entries lie in the database of what they tell of: a change
and its entry are committed together, or neither is.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from vesalius.errors import ConfigError, RecordError, VesaliusError
from vesalius.governance.merkle import Frontier, Hash, leaf_hash
from vesalius.governance.signing import Signer, is_signed

# What a database does with a statement and its values: the caller's transaction.
Execute = Callable[[str, Sequence[Any]], Sequence[Sequence[Any]]]

TABLE = """
CREATE TABLE IF NOT EXISTS audit (
  number INTEGER PRIMARY KEY,
  entry BLOB NOT NULL,
  peaks BLOB NOT NULL,
  root BLOB NOT NULL,
  signature BLOB NOT NULL
) STRICT
"""
HASH_BYTES = 32
SIGNED = b"vesalius audit root v1\x00"  # so that no other signature can pass for one
CODE = re.compile(r"[a-z0-9][a-z0-9._:-]{0,79}")  # words of ours, never a person's
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that somebody did.

    Attributes:
        who: The account's id; "system" for what nobody asked for.
        role: In which role.
        what: A code as `review.signed`.
        why: A code; free words stay with what they are about.
        about: The id of what it was done to, where that is no case.
        case: The case's pseudonym.
        input_sha256: Of what was worked on.
        output_sha256: Of what came of it.
        weights_sha256: Of the model.
        version: Of this package.
        when: UTC, ISO 8601, to the microsecond.
    """

    who: str
    role: str
    what: str
    why: str = ""
    about: str = ""
    case: str = ""
    input_sha256: str = ""
    output_sha256: str = ""
    weights_sha256: str = ""
    version: str = ""
    when: str = ""

    def __post_init__(self) -> None:
        for name in ("who", "role", "what"):
            if not CODE.fullmatch(getattr(self, name)):
                raise ConfigError(f"an event's {name} is a code, lower case, no spaces")
        for name in ("why", "about", "case", "version"):
            value = getattr(self, name)
            if value and not CODE.fullmatch(value):
                raise ConfigError(f"an event's {name} is a code, lower case, no spaces")
        for name in ("input_sha256", "output_sha256", "weights_sha256"):
            value = getattr(self, name)
            if value and not DIGEST.fullmatch(value):
                raise ConfigError(f"an event's {name} is 64 hexadecimal digits")


@dataclass(frozen=True)
class Checkpoint:
    """What an outsider keeps: how long the record was, its root, who signed it.

    Attributes:
        count: Entries.
        root: Of the tree over them, hexadecimal.
        public: The key's public half, hexadecimal.
        signature: Of count and root, hexadecimal.
    """

    count: int
    root: str
    public: str
    signature: str


def prepare(execute: Execute) -> None:
    """Make the record's table where there is none.

    Args:
        execute: Runs a statement in the caller's transaction.
    """
    execute(TABLE, ())


def append(
    execute: Execute,
    signer: Signer,
    event: Event,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Write one event, in the caller's transaction.

    Time never goes back in a record: where the clock was set back, an entry takes the
    time of the one before it.

    Args:
        execute: Runs a statement in the caller's transaction.
        signer: Signs the new root.
        event: Its `when` is set here.
        now: The clock.

    Returns:
        The entry's number, from 0.

    Raises:
        RecordError: The record cannot be written: give up what it would tell of.
    """
    try:
        last = execute(
            "SELECT number, entry, peaks FROM audit ORDER BY number DESC LIMIT 1", ()
        )
        number, before, frontier = _after(last)
        when = max(now().isoformat(timespec="microseconds"), before)
        entry = spelled(event, when)
        frontier.append(leaf_hash(entry))
        root = frontier.root
        signature = signer.sign(signed_words(number + 1, root))
        execute(
            "INSERT INTO audit (number, entry, peaks, root, signature) "
            "VALUES (?, ?, ?, ?, ?)",
            (number, entry, b"".join(frontier.peaks), root, signature),
        )
    except VesaliusError:
        raise
    except Exception as error:  # whatever the database raises
        raise RecordError(
            "the record cannot be written, so nothing was done; look at the disk's "
            "room and rights"
        ) from error
    return number


def entries(execute: Execute, *, case: str = "") -> Iterator[tuple[int, Event]]:
    """Read the record, oldest first.

    Args:
        execute: Runs a statement.
        case: Only what tells of this pseudonym; empty takes all.

    Yields:
        Number and event.
    """
    for number, entry in execute("SELECT number, entry FROM audit ORDER BY number", ()):
        event = read_entry(entry)
        if not case or event.case == case:
            yield int(number), event


def checkpoint(execute: Execute, signer: Signer) -> Checkpoint:
    """Return what an outsider should keep of the record as it is now.

    Args:
        execute: Runs a statement.
        signer: Whose signature it bears.
    """
    rows = execute("SELECT number, root FROM audit ORDER BY number DESC LIMIT 1", ())
    count, root = (int(rows[0][0]) + 1, rows[0][1]) if rows else (0, Frontier().root)
    signature = signer.sign(signed_words(count, root))
    return Checkpoint(count, root.hex(), signer.public.hex(), signature.hex())


def is_genuine(kept: Checkpoint) -> bool:
    """Say whether a checkpoint bears the signature of the key that it names.

    Args:
        kept: As it was exported.
    """
    try:
        root, public = bytes.fromhex(kept.root), bytes.fromhex(kept.public)
        signature = bytes.fromhex(kept.signature)
    except ValueError:
        return False
    return is_signed(signed_words(kept.count, root), signature, public)


def signed_words(count: int, root: Hash) -> bytes:
    """Return the bytes that a signature of the record is of.

    Args:
        count: Entries.
        root: Of the tree over them.
    """
    return SIGNED + count.to_bytes(8, "big") + root


def spelled(event: Event, when: str) -> bytes:
    """Return an entry's bytes: JSON with sorted keys, what is empty left out.

    Args:
        event: Its own `when` is not looked at.
        when: Written in its place.
    """
    told = {**asdict(event), "when": when}
    kept = {name: value for name, value in told.items() if value}
    return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode("ascii")


def read_entry(entry: bytes) -> Event:
    """Return the event that an entry's bytes tell.

    Raises:
        RecordError: They are no entry.
    """
    try:
        told = json.loads(entry)
        names = {field.name for field in fields(Event)}
        if not isinstance(told, dict) or not told.keys() <= names:
            raise ValueError("other keys")
        return Event(**told)
    except (ValueError, TypeError, ConfigError) as error:
        raise RecordError("an entry of the record is no entry") from error


def _after(last: Sequence[Sequence[Any]]) -> tuple[int, str, Frontier]:
    """Return the next entry's number, the last one's time, and the tree so far."""
    if not last:
        return 0, "", Frontier()
    number, entry, peaks = last[0]
    steps = range(0, len(peaks), HASH_BYTES)
    held = [bytes(peaks[at : at + HASH_BYTES]) for at in steps]
    count = int(number) + 1
    return count, read_entry(entry).when, Frontier.of(count, held)
