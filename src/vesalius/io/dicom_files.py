"""DICOM files: found in folders and archives, parsed in bounded memory, in silence.

pydicom quotes field values in its warnings and logs, and a value may be a name: both
are kept off every stream here.
"""

import gc
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import NullHandler, getLogger
from pathlib import Path
from typing import BinaryIO, cast

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from vesalius.errors import FormatError, ScanError
from vesalius.io.archives import StoredFile, inflated, open_zip

getLogger("pydicom").addHandler(NullHandler())
getLogger("pydicom").propagate = False

PIXEL_TAGS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
UNDEFINED = 0xFFFFFFFF  # length of pixel data in fragments
LONGEST_DEFLATED_HEADER = 2**23  # an enhanced header of 1000 frames has about 2 MiB
MOST_ELEMENTS = 10_000  # outside of sequences; a scanner writes some hundred
_PREAMBLE = 128
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")  # of files without a preamble
_PLAIN_NAME = re.compile(
    r"(im|img|image|i|ct|mr|pt|us|sl|slice|file|z)?[-_ ]?\d{1,6}([-_.]\d{1,4})?"
    r"(\.(dcm|ima))?",
    re.IGNORECASE,
)

Stop = Callable[[BaseTag, str | None, int], bool]
Tags = list[BaseTag | int]


@contextmanager
def open_files(path: Path) -> Iterator[tuple[StoredFile, ...]]:
    """Lend every file at a place: a folder at any depth, a file, or what a zip holds.

    Args:
        path: Links to folders inside it are not followed: they may loop.

    Raises:
        ScanError: The folder is empty or may not be opened.
        FormatError: The archive is damaged.
    """
    with _uncollected():
        if path.is_dir():
            yield _files_below(path)
        elif zipfile.is_zipfile(path):
            with open_zip(path) as files:
                yield files
        else:
            yield (_on_disk(path, (path.name,)),)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave cyclic garbage lying meanwhile: headers make none.

    Looking for it took a quarter of the time that ten thousand headers need.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def called(file: StoredFile, number: int, total: int) -> str:
    """Name a file in a message: by its name only where that can name nobody.

    Args:
        file: The one that is meant.
        number: Its place among all of them, from 1.
        total: How many there are.
    """
    if total == 1:
        return "the file"
    if _PLAIN_NAME.fullmatch(file.name):
        return f"the file {file.name}"
    return f"file {number} of {total} (in order of their names)"


def dicom_start(file: StoredFile) -> str | None:
    """Tell how a file begins: "DICM" after a preamble, "bare" without one.

    Returns:
        None where it does not begin as DICOM does.
    """
    with file.open() as stream:
        start = stream.read(_PREAMBLE + 4)
    if start[_PREAMBLE:] == b"DICM":
        return "DICM"
    return "bare" if start[:2] in _FIRST_GROUPS else None


def read_header(
    file: StoredFile, keep: Tags | None = None
) -> tuple[Dataset, int | None]:
    """Parse what stands before the pixels.

    Args:
        file: Lent by `open_files`.
        keep: Elements to keep; None keeps all.

    Returns:
        The header with its `file_meta`, and the bytes of pixel data that are there:
        None without any, `UNDEFINED` where they come in fragments.

    Raises:
        FormatError: The header goes on beyond all measure, or is damaged.
    """
    found: list[tuple[int, int]] = []
    count = 0

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS:
            raise FormatError(
                f"the header has more than {MOST_ELEMENTS} elements: it is damaged"
            )
        if tag in PIXEL_TAGS:
            found.append((length, 8 if vr is None else 12))
        return bool(found)

    with _body(file, LONGEST_DEFLATED_HEADER) as body:
        header = _parsed(body, at_pixels, keep)
        if not found:
            _refuse_endless(body)
            return header, None
        length, before = found[0]
        if length == UNDEFINED or body.size is None:
            return header, length
        return header, min(length, max(body.size - body.stream.tell() - before, 0))


def read_pixels(file: StoredFile, keep: Tags | None, most: int) -> Dataset:
    """Parse what the decoder needs, with the pixels.

    Args:
        file: Lent by `open_files`.
        keep: Elements to keep, the pixel data among them; None keeps all before them.
        most: Bytes of pixel data that are expected; bounds what is inflated.
    """
    pixels_seen = False

    def past_pixels(tag: BaseTag, _: str | None, __: int) -> bool:
        nonlocal pixels_seen
        is_past, pixels_seen = pixels_seen, tag in PIXEL_TAGS
        return is_past

    with _body(file, LONGEST_DEFLATED_HEADER + most) as body:
        return _parsed(body, past_pixels, keep)


@dataclass(frozen=True)
class _Body:
    """What follows the file meta, inflated where it is deflated as a whole."""

    stream: io.BufferedIOBase
    size: int | None  # None: there is more than was inflated
    meta: FileMetaDataset
    is_implicit: bool
    is_little: bool


@contextmanager
def _body(file: StoredFile, most: int) -> Iterator[_Body]:
    with file.open() as stream:
        start = stream.read(_PREAMBLE + 4)
        stream.seek(len(start) if start[_PREAMBLE:] == b"DICM" else 0)
        meta = FileMetaDataset(
            read_dataset(
                cast(BinaryIO, stream),
                False,
                True,
                stop_when=lambda t, *_: t >> 16 != 2,
            )
        )
        syntax = meta.get("TransferSyntaxUID")
        if syntax == DeflatedExplicitVRLittleEndian:
            plain, whole = inflated(stream.read(), most)
            size = len(plain) if whole else None
            yield _Body(io.BytesIO(plain), size, meta, False, True)
            return
        if syntax is None:
            is_implicit, is_little = _guessed_encoding(stream)
        else:
            is_implicit = syntax == ImplicitVRLittleEndian
            is_little = syntax != ExplicitVRBigEndian
        yield _Body(stream, file.size, meta, is_implicit, is_little)


def _guessed_encoding(stream: io.BufferedIOBase) -> tuple[bool, bool]:
    """Implicit, little-endian: told by the first element, as there is no file meta."""
    place = stream.tell()
    start = stream.read(6)
    stream.seek(place)
    return not start[4:].isalpha(), start[:1] != b"\0"


def _parsed(body: _Body, stop: Stop | None, keep: Tags | None) -> Dataset:
    parsed = read_dataset(
        cast(BinaryIO, body.stream),
        body.is_implicit,
        body.is_little,
        stop_when=stop,
        specific_tags=keep,
    )
    parsed.file_meta = body.meta
    return parsed


def _refuse_endless(body: _Body) -> None:
    if body.size is None:
        raise FormatError(
            f"the deflated header inflates beyond {LONGEST_DEFLATED_HEADER >> 20} MiB: "
            "it is damaged, or made to fill the memory"
        )


def _files_below(folder: Path) -> tuple[StoredFile, ...]:
    found = []
    for place, folders, names in os.walk(folder, onerror=_refuse_closed):
        folders.sort()
        below = Path(place).relative_to(folder).parts
        for name in sorted(names):
            file = Path(place, name)
            if file.is_file():  # no link into nowhere, no pipe
                found.append(_on_disk(file, (*below, name)))
    if not found:
        raise ScanError("the folder is empty; give the one that holds the scan")
    return tuple(found)


def _refuse_closed(error: OSError) -> None:
    raise ScanError(
        "a folder of this scan may not be opened; ask its owner for read permission"
    ) from error


def _on_disk(path: Path, parts: tuple[str, ...]) -> StoredFile:
    return StoredFile(parts, path.stat().st_size, lambda: path.open("rb"))
