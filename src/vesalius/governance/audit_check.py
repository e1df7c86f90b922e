"""Audit check: is the record whole, in order, and signed by whom it should be?

It trusts nothing that stands beside an entry: every root is computed anew. It needs
the database file alone, read only, and no server.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from vesalius.errors import ConfigError, FormatError, RecordError
from vesalius.governance.audit import (
    Checkpoint,
    is_genuine,
    read_entry,
    signed_words,
)
from vesalius.governance.merkle import EMPTY_ROOT, Frontier, Hash, leaf_hash
from vesalius.governance.signing import is_signed

DATABASE, PUBLIC = "desk.sqlite", "record.pub"

Row = tuple[int, bytes, bytes, bytes, bytes]


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        count: Entries that were read.
        root: Of the tree over those that are sound, hexadecimal.
        bad: Number of the first entry that is not what was written, or is missing;
            None where the record is sound.
        reason: What is wrong with it; empty where nothing is.
    """

    count: int
    root: str
    bad: int | None = None
    reason: str = ""


def check_folder(folder: Path, kept: Checkpoint | None = None) -> Verdict:
    """Check the record in a data folder.

    Args:
        folder: Holds the database, and the public key where no checkpoint does.
        kept: A checkpoint that was exported before: without one nobody can see that
            the end was cut off, or everything signed anew with another key.

    Raises:
        ConfigError: There is no record, or no key to check it with.
        FormatError: The database cannot be read.
    """
    with closing(opened_record(folder)) as database:
        public = _public(folder, kept)
        try:
            return check_rows(_rows(database), public, kept)
        except sqlite3.Error as error:
            raise FormatError(
                f"{DATABASE} cannot be read as a database: {error}"
            ) from error


def opened_record(folder: Path) -> sqlite3.Connection:
    """Open the database that a record lies in, to be read alone.

    Args:
        folder: The desk's.

    Raises:
        ConfigError: There is none.
        FormatError: It cannot be opened.
    """
    file = folder / DATABASE
    if not file.is_file():
        raise ConfigError(f"there is no record in {folder.name}: expected {DATABASE}")
    try:
        return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise FormatError(
            f"{DATABASE} cannot be read as a database: {error}"
        ) from error


def exported(folder: Path) -> str:
    """Return the record as it stands, and the checkpoint that proves it, as JSON.

    The checkpoint is the last entry's own signature: no key is needed to take it out.

    Args:
        folder: The desk's.

    Returns:
        Text that `read_checkpoint` reads too.

    Raises:
        ConfigError: There is no record, or nothing in it.
        RecordError: It is not sound: what is bent is not passed on as proof.
    """
    found = check_folder(folder)
    if found.bad is not None:
        raise RecordError(f"entry {found.bad} is not sound: {found.reason}")
    with closing(opened_record(folder)) as database:
        rows = [row for row in _rows(database) if row[0] < found.count]
    if not rows:
        raise ConfigError(f"the record in {folder.name} is empty")
    _, _, _, root, signature = rows[-1]
    public = _public(folder, None)
    kept = Checkpoint(len(rows), root.hex(), public.hex(), signature.hex())
    told = {
        "checkpoint": asdict(kept),
        "entries": [json.loads(entry) for _, entry, _, _, _ in rows],
    }
    return json.dumps(told, indent=1) + "\n"


def check_rows(
    rows: Iterable[Row], public: bytes, kept: Checkpoint | None = None
) -> Verdict:
    """Check the record's rows.

    Args:
        rows: Number, entry, peaks, root, signature; by number.
        public: Of the key that signed.
        kept: As in `check_folder`.
    """
    frontier, count, time = Frontier(), 0, ""
    kept_root = EMPTY_ROOT if kept is not None and kept.count == 0 else None
    for row in rows:
        count += 1
        reason, time = _wrong(row, frontier, time, public)
        if reason:
            return Verdict(count, frontier.root.hex(), count - 1, reason)
        if kept is not None and frontier.count == kept.count:
            kept_root = frontier.root
    found = Verdict(count, frontier.root.hex())
    return found if kept is None else _against(found, kept, kept_root)


def read_checkpoint(file: Path) -> Checkpoint:
    """Read a checkpoint, by itself or in an exported record.

    Raises:
        FormatError: It is none, or its own signature does not hold.
    """
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        told = told.get("checkpoint", told)
        kept = Checkpoint(**{f.name: told[f.name] for f in fields(Checkpoint)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"{file.name} is no checkpoint of a record") from error
    if not isinstance(kept.count, int) or kept.count < 0 or not is_genuine(kept):
        raise FormatError(f"the signature of the checkpoint {file.name} does not hold")
    return kept


def written(kept: Checkpoint) -> str:
    """Return a checkpoint as the text that `read_checkpoint` reads."""
    return json.dumps(asdict(kept), indent=1) + "\n"


def _wrong(row: Row, frontier: Frontier, time: str, public: bytes) -> tuple[str, str]:
    """Take an entry into the tree; say what is wrong with it, and when it was."""
    number, entry, peaks, root, signature = row
    if number != frontier.count:
        return "entries are missing here, or were put in", time
    try:
        when = read_entry(entry).when
    except RecordError:
        return "this is no entry", time
    after = Frontier.of(frontier.count, frontier.peaks)
    after.append(leaf_hash(entry))
    reason = ""
    if after.root != root or b"".join(after.peaks) != peaks:
        reason = "it is not what was written, or one before it is not"
    elif not is_signed(signed_words(after.count, root), signature, public):
        reason = "it is not signed with the record's key"
    elif when < time:
        reason = "its time lies before that of the entry before it"
    if not reason:
        frontier.append(leaf_hash(entry))
    return reason, when


def _against(found: Verdict, kept: Checkpoint, root: Hash | None) -> Verdict:
    if root is None:
        words = (
            f"the end was cut off: there were {kept.count} entries when the checkpoint "
            f"was made, and there are {found.count}"
        )
        return Verdict(found.count, found.root, found.count, words)
    if root.hex() != kept.root:
        words = (
            "this entry or one before it was changed after the checkpoint was made, "
            "and signed anew"
        )
        return Verdict(found.count, found.root, max(kept.count - 1, 0), words)
    return found


def _public(folder: Path, kept: Checkpoint | None) -> bytes:
    if kept is not None:
        return bytes.fromhex(kept.public)
    try:
        return bytes.fromhex((folder / PUBLIC).read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"there is no key to check the record with: expected {PUBLIC} in "
            f"{folder.name}, or a checkpoint"
        ) from error


def _rows(database: sqlite3.Connection) -> Iterator[Row]:
    found: Any = database.execute(
        "SELECT number, entry, peaks, root, signature FROM audit ORDER BY number"
    )
    for number, *parts in found:
        entry, peaks, root, signature = (_bytes(part) for part in parts)
        yield number, entry, peaks, root, signature


def _bytes(part: Any) -> bytes:
    return part if isinstance(part, bytes) else str(part).encode()
