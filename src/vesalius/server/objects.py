"""Objects: files named by what is in them, so that none can change unnoticed."""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from hashlib import sha256
from io import BufferedWriter
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from vesalius.errors import ConfigError, FormatError, OutputError

DIGEST = re.compile(r"[0-9a-f]{64}")
AT_ONCE = 2**20  # bytes in memory
DRAFTS = "drafts"
SHELF = 2  # first digits of a name: a folder of its own holds few files


@runtime_checkable
class Readable(Protocol):
    """Whatever gives bytes until it gives none."""

    def read(self, size: int, /) -> bytes:
        """Return at most as many bytes; none at the end."""


class Stored(NamedTuple):
    """An object that is kept now.

    Attributes:
        digest: SHA-256, its name.
        size: Bytes.
        is_new: Whether it was not there before.
    """

    digest: str
    size: int
    is_new: bool


class Objects:
    """A folder of objects.

    Args:
        folder: Made if it is not there.

    Raises:
        OutputError: It cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            (folder / DRAFTS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(words_of(error)) from error

    def put(self, stream: Readable, *, most: int | None = None) -> Stored:
        """Keep what a stream holds, whole or not at all.

        Once this returns, a loss of power loses nothing of it.

        Args:
            stream: Read to its end.
            most: Bytes that are taken; None sets no limit.

        Raises:
            OutputError: The disk is full, or may not be written.
            FormatError: The stream holds more than `most`.
        """
        try:
            handle, name = tempfile.mkstemp(dir=self._folder / DRAFTS)
        except OSError as error:
            raise OutputError(words_of(error)) from error
        draft = Path(name)
        try:
            with os.fdopen(handle, "wb") as opened:
                digest, size = _copied(stream, opened, most)
                opened.flush()
                os.fsync(opened.fileno())
            return self._kept(draft, digest, size)
        except OSError as error:
            raise OutputError(words_of(error)) from error
        finally:
            draft.unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        """Return where an object lies; do not write there.

        Args:
            digest: As `put` returned it.

        Raises:
            ConfigError: That is no digest, or nothing is kept under it.
        """
        file = self._place(digest)
        if not self.has(digest):
            raise ConfigError(f"nothing is kept as {digest[:12]}...")
        return file

    def has(self, digest: str) -> bool:
        """Say whether an object is kept.

        Args:
            digest: As `put` returned it.
        """
        return self._place(digest).is_file()

    def is_whole(self, digest: str) -> bool:
        """Say whether an object still is what its name says.

        Args:
            digest: As `put` returned it.

        Raises:
            ConfigError: Nothing is kept under it.
        """
        with self.path(digest).open("rb") as opened:
            found = sha256()
            while part := opened.read(AT_ONCE):
                found.update(part)
        return found.hexdigest() == digest

    def all(self) -> Iterator[str]:
        """Yield the digests of all that is kept."""
        for shelf in sorted(self._folder.iterdir()):
            if shelf.is_dir() and shelf.name != DRAFTS:
                for file in sorted(shelf.iterdir()):
                    digest = shelf.name + file.name
                    if DIGEST.fullmatch(digest):
                        yield digest

    def clear_drafts(self) -> int:
        """Remove what a crash left half-written; only while nobody writes.

        Returns:
            How many files.
        """
        left = list((self._folder / DRAFTS).iterdir())
        for file in left:
            file.unlink(missing_ok=True)
        return len(left)

    def drop_all_but(self, wanted: Collection[str]) -> int:
        """Remove objects that nobody refers to; only while nobody writes.

        Args:
            wanted: Digests to keep.

        Returns:
            How many were removed.
        """
        unwanted = [digest for digest in self.all() if digest not in wanted]
        for digest in unwanted:
            self._place(digest).unlink()
        return len(unwanted)

    def room(self) -> int:
        """Return how many bytes the disk still takes."""
        return shutil.disk_usage(self._folder).free

    def _place(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise ConfigError("an object is named by 64 hexadecimal digits")
        return self._folder / digest[:SHELF] / digest[SHELF:]

    def _kept(self, draft: Path, digest: str, size: int) -> Stored:
        file = self._place(digest)
        if file.exists():
            return Stored(digest, size, is_new=False)
        file.parent.mkdir(exist_ok=True)
        draft.chmod(0o440)
        draft.replace(file)
        for folder in (file.parent, self._folder):  # the names must last, too
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        return Stored(digest, size, is_new=True)


def _copied(
    stream: Readable, onto: BufferedWriter, most: int | None
) -> tuple[str, int]:
    found, size = sha256(), 0
    while part := stream.read(AT_ONCE):
        size += len(part)
        if most is not None and size > most:
            raise FormatError(f"this holds more than the {most} bytes that are taken")
        found.update(part)
        onto.write(part)
    return found.hexdigest(), size


def words_of(error: OSError) -> str:
    """Say what the disk refused, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: make room, then send it again; nothing was kept"
    return f"the data folder cannot be written ({error.strerror}); nothing was kept"
