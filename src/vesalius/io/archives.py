"""Archives: what lies in a zip, read in bounded memory and never unpacked to disk."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vesalius.errors import FormatError, ScanError
from vesalius.io.streams import ALWAYS_ALLOWED_BYTES, MOST_INFLATION

MOST_MEMBERS = 200_000  # a whole study has some thousand


@dataclass(frozen=True)
class StoredFile:
    """One file, on disk or in an archive.

    Attributes:
        parts: Its folders and its name, below the place that was given.
        size: Length in bytes once unpacked.
        open: Opens it for reading; it can seek.
    """

    parts: tuple[str, ...]
    size: int
    open: Callable[[], io.BufferedIOBase]

    @property
    def name(self) -> str:
        """The last component of its path. It may name a patient: never print it."""
        return self.parts[-1]


@contextmanager
def open_zip(path: Path) -> Iterator[tuple[StoredFile, ...]]:
    """Lend the files in a zip, in order of their names.

    Args:
        path: The archive; it stays open as long as its files are lent.

    Raises:
        FormatError: It is damaged, or made to fill the memory.
        ScanError: It is empty, or encrypted.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FormatError(
            "the zip archive is damaged or cut short; copy it again"
        ) from error
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > MOST_MEMBERS:
            raise FormatError(
                f"the zip archive holds {len(entries)} files, more than any study; "
                "pack the scan alone"
            )
        if not entries:
            raise ScanError("the zip archive is empty; pack the scan again")
        entries.sort(key=lambda entry: entry.filename)
        yield tuple(_stored(archive, entry) for entry in entries)


def inflated(packed: bytes, most: int) -> tuple[bytes, bool]:
    """Inflate a raw deflate stream, but not beyond a limit.

    Args:
        packed: The compressed bytes, without a zlib header (RFC 1951).
        most: Bytes that are enough.

    Returns:
        At most `most` bytes, and whether that was all of it.

    Raises:
        FormatError: The stream is damaged, or ends too early.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(packed, most)
    except zlib.error as error:
        raise FormatError(
            "the deflated part of the file is damaged; copy it again"
        ) from error
    if not inflater.eof and len(plain) < most:
        raise FormatError("the deflated part of the file is cut short; copy it again")
    return plain, inflater.eof


def _stored(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> StoredFile:
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts or ("",)
    return StoredFile(parts, entry.file_size, lambda: _opened(archive, entry))


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> io.BufferedIOBase:
    if entry.flag_bits & 1:
        raise ScanError("the zip archive is encrypted; unpack it with its password")
    if entry.file_size > max(
        ALWAYS_ALLOWED_BYTES, MOST_INFLATION * entry.compress_size
    ):
        raise FormatError(
            f"a file in the zip archive is said to grow from {entry.compress_size} to "
            f"{entry.file_size} bytes: it is damaged, or made to fill the memory"
        )
    try:
        return archive.open(entry)  # type: ignore[return-value]
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise FormatError(
            "the zip archive is damaged, or packed in a way we do not read; unpack it "
            "and give the folder"
        ) from error
