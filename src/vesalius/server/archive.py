"""Archive: what a backup of the desk is: one tar file, its own list first.

`manifest.json` names every member after it, in order, with its size and SHA-256. The
keys are in none: what is sealed stays sealed for whoever finds a backup.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vesalius.errors import ConfigError, FormatError
from vesalius.governance.audit_check import DATABASE, PUBLIC
from vesalius.governance.keyfile import KEY_BYTES

FORMAT = 1
MANIFEST = "manifest.json"
MOST_MANIFEST = 2**28  # bytes: two million members
OBJECTS, UPLOADS = "objects", "uploads"
# No other name is ever unpacked.
NAMES = re.compile(
    rf"{re.escape(DATABASE)}|{re.escape(PUBLIC)}"
    rf"|{OBJECTS}/[0-9a-f]{{2}}/[0-9a-f]{{62}}"
    rf"|{UPLOADS}/up-[0-9a-f]+/[0-9]{{16}}"
)
# Where a database names objects: files, and lists of files. Tables that a version has
# not are left out.
FILES = (
    ("scans", "object_sha256"),
    ("model_versions", "weights_sha256"),
    ("model_versions", "card_sha256"),
    ("views", "object_sha256"),
)
LISTS = (("results", "output_sha256"), ("versions", "digest"))
DIGEST = re.compile(r"[0-9a-f]{64}")
RECORD, VAULT = "record", "vault"  # in a file of keys

Told = Callable[[int, int], None]  # bytes done, of how many


@dataclass(frozen=True)
class Member:
    """One file of a backup.

    Attributes:
        name: Within the data folder.
        size: Bytes.
        sha256: Of them.
    """

    name: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        if not NAMES.fullmatch(self.name):
            raise ConfigError("a backup has no such member")
        if not isinstance(self.size, int) or self.size < 0:
            raise ConfigError("a member's size is a number of bytes")
        if not DIGEST.fullmatch(self.sha256):
            raise ConfigError("a member's SHA-256 is 64 hexadecimal digits")


@dataclass(frozen=True)
class Manifest:
    """What is in a backup.

    Attributes:
        made: When, UTC.
        version: Of this package.
        count: Entries of the record.
        root: Of the tree over them, hexadecimal.
        members: Its files, in order.
    """

    made: str
    version: str
    count: int
    root: str
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(member.size for member in self.members)


def spelled(manifest: Manifest) -> bytes:
    """Return a manifest's bytes."""
    return json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1).encode()


def read_manifest(words: bytes) -> Manifest:
    """Return the manifest that bytes spell.

    Raises:
        FormatError: They are none, or one of a later form.
    """
    try:
        told = json.loads(words)
        form = told.pop("format")
        if form != FORMAT:
            raise FormatError(
                f"this backup is of form {form}, which this version cannot read: "
                "restore it with the version that made it, or a later one"
            )
        told["members"] = tuple(Member(**one) for one in told["members"])
        return Manifest(**told)
    except (ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
        raise FormatError(f"the backup's {MANIFEST} is damaged") from error


def objects_of(
    database: sqlite3.Connection, opened: Callable[[str], bytes]
) -> frozenset[str]:
    """Return the digests of all objects that a desk's database refers to.

    Args:
        database: The desk's, as any version wrote it.
        opened: Gives an object's bytes.
    """
    single = _digests(database, FILES)
    lists = _digests(database, LISTS)
    inside = {
        digest
        for words in lists
        for digest in json.loads(opened(words))["files"].values()
    }
    return single | lists | inside


def _digests(
    database: sqlite3.Connection, places: Collection[tuple[str, str]]
) -> frozenset[str]:
    names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    tables = {name for (name,) in database.execute(names)}
    return frozenset(
        digest
        for table, column in places
        if table in tables
        for (digest,) in database.execute(f'SELECT "{column}" FROM "{table}"')
    )


def keys_text(keys: Mapping[str, bytes]) -> str:
    """Return the text of a file of keys.

    Args:
        keys: `RECORD` and `VAULT`, where they are known.
    """
    return json.dumps({name: key.hex() for name, key in keys.items()}, indent=1) + "\n"


def read_keys(words: str) -> dict[str, bytes]:
    """Return the keys that a text holds.

    Raises:
        FormatError: It holds none.
    """
    try:
        told: Any = json.loads(words)
        keys = {
            name: bytes.fromhex(told[name]) for name in (RECORD, VAULT) if told[name]
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError("this is no file of keys that a backup wrote") from error
    if any(len(key) != KEY_BYTES for key in keys.values()):
        raise FormatError("this is no file of keys that a backup wrote")
    return keys
