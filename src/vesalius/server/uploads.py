"""Uploads: what comes in piece by piece, sealed while it waits to be read.

A scan as it comes from a hospital names its patient. So no piece of it ever lies in
the data folder in clear: each is sealed as it arrives, and put together only into a
file without a name, which is gone when it is closed.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from vesalius.errors import ConfigError, FormatError, OutputError
from vesalius.server.objects import words_of
from vesalius.server.vault import SEAL_BYTES, Vault

MOST_PIECE = 2**23  # bytes
DIGITS = 16  # of the place where a piece begins, so that names sort
DRAFT = ".draft"


class Uploads:
    """A folder of uploads that have begun.

    Args:
        folder: Made if it is not there.
        vault: Seals the pieces.
        most: Bytes of one upload.
        spare: Bytes of the disk that an upload must leave free.

    Raises:
        OutputError: The folder cannot be made.
    """

    def __init__(
        self, folder: Path, vault: Vault, *, most: int, spare: int = 2**28
    ) -> None:
        self._folder, self._vault = folder, vault
        self._most, self._spare = most, spare
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(words_of(error)) from error

    def begin(self, name: str, size: int) -> None:
        """Make room for an upload.

        Args:
            name: Its id: small letters, digits and dashes.
            size: Bytes that are to come.

        Raises:
            ConfigError: It is too large, or empty.
            OutputError: The disk has no room for it.
        """
        if not 0 < size <= self._most:
            raise ConfigError(
                f"an upload has 1 to {self._most} bytes; this one would have {size}"
            )
        # Twice: while it is put together there are two of it.
        if shutil.disk_usage(self._folder).free < 2 * size + self._spare:
            raise OutputError(
                "the disk has no room for this upload: nothing was kept of it; make "
                "room, then send it again"
            )
        try:
            self._home(name).mkdir()
        except FileExistsError as error:
            raise ConfigError("this upload has begun already") from error
        except OSError as error:
            raise OutputError(words_of(error)) from error

    def add(self, name: str, at: int, piece: bytes, *, size: int) -> int:
        """Take the next piece; once this returns, a loss of power loses nothing of it.

        Args:
            name: The upload's.
            at: Where the piece begins.
            piece: At most 8 MB.
            size: Bytes of the whole.

        Returns:
            Bytes that are there now: where the next piece begins. The same for a
            piece that is there already, so that one whose answer was lost can be sent
            again.

        Raises:
            ConfigError: There is no such upload, or the piece does not fit on to what
                is there; the message says where the next one begins.
            OutputError: The disk is full, or may not be written.
        """
        there = self.received(name)
        if not 0 < len(piece) <= MOST_PIECE:
            raise ConfigError(f"a piece has 1 to {MOST_PIECE} bytes")
        if at < there and self._is_there(name, at, piece):
            return there
        if at != there or there + len(piece) > size:
            raise ConfigError(
                f"{there} of {size} bytes are there: the next piece begins at {there} "
                "and ends with the upload"
            )
        self._keep(
            self._home(name), at, self._vault.seal_bytes(piece, _about(name, at))
        )
        return there + len(piece)

    def received(self, name: str) -> int:
        """Return how many bytes are there.

        Args:
            name: The upload's.

        Raises:
            ConfigError: There is no such upload.
        """
        pieces = self._pieces(name)
        if not pieces:
            return 0
        last = pieces[-1]
        return int(last.name) + last.stat().st_size - SEAL_BYTES

    @contextmanager
    def whole(self, name: str) -> Iterator[IO[bytes]]:
        """Lend an upload as one file without a name, which is gone afterwards.

        Args:
            name: The upload's.

        Yields:
            The file, at its beginning.

        Raises:
            ConfigError: There is no such upload.
            FormatError: A piece was altered.
            OutputError: The disk is full.
        """
        with tempfile.TemporaryFile(dir=self._folder) as together:
            for piece in self._pieces(name):
                try:
                    together.write(self._opened(name, piece))
                except OSError as error:
                    raise OutputError(words_of(error)) from error
            together.flush()
            together.seek(0)
            yield together

    def drop(self, name: str) -> None:
        """Forget an upload, if it is there."""
        shutil.rmtree(self._home(name), ignore_errors=True)

    def left(self, before: datetime) -> tuple[str, ...]:
        """List uploads to which nothing was added for long.

        Args:
            before: Nothing since then.
        """
        return tuple(
            home.name
            for home in sorted(self._folder.iterdir())
            if home.is_dir() and home.stat().st_mtime < before.timestamp()
        )

    def _home(self, name: str) -> Path:
        if not name.replace("-", "").isalnum() or not name.isascii():
            raise ConfigError("there is no such upload")
        return self._folder / name

    def _pieces(self, name: str) -> list[Path]:
        home = self._home(name)
        if not home.is_dir():
            raise ConfigError("there is no such upload")
        return sorted(file for file in home.iterdir() if file.suffix != DRAFT)

    def _opened(self, name: str, piece: Path) -> bytes:
        return self._vault.unseal_bytes(
            piece.read_bytes(), _about(name, int(piece.name))
        )

    def _is_there(self, name: str, at: int, piece: bytes) -> bool:
        file = self._home(name) / f"{at:0{DIGITS}d}"
        try:
            return file.is_file() and self._opened(name, file) == piece
        except FormatError:
            return False

    def _keep(self, home: Path, at: int, sealed: bytes) -> None:
        file = home / f"{at:0{DIGITS}d}"
        draft = file.with_suffix(DRAFT)
        try:
            with draft.open("wb") as opened:
                opened.write(sealed)
                opened.flush()
                os.fsync(opened.fileno())
            draft.replace(file)
            handle = os.open(home, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise OutputError(words_of(error)) from error


def _about(name: str, at: int) -> str:
    return f"upload {name} at {at}"
