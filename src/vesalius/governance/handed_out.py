"""Handed out: a file for somebody else, whole or not at all, never over another."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from vesalius.errors import OutputError


def hand_out(text: str, file: Path, *, mode: int = 0o640) -> None:
    """Write a text file that did not exist.

    Args:
        text: Its content.
        file: In a folder that exists.
        mode: Who may read it.

    Raises:
        OutputError: It exists, or cannot be written; nothing was.
    """
    with handed_out(file, mode=mode) as opened:
        opened.write(text.encode())


@contextmanager
def handed_out(file: Path, *, mode: int = 0o640) -> Iterator[IO[bytes]]:
    """Lend a file to be filled; it gets its name when the block ends well.

    Args:
        file: In a folder that exists; must not exist itself.
        mode: Who may read it.

    Raises:
        OutputError: It exists, or cannot be written; nothing was.
    """
    if file.exists():
        raise OutputError(f"{file.name} exists: choose another name")
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".draft-")
    except OSError as error:
        raise OutputError(_words(file, error)) from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        draft.chmod(mode)
        os.link(draft, file)  # unlike a rename, it writes over nothing
    except FileExistsError as error:
        raise OutputError(f"{file.name} exists: choose another name") from error
    except OSError as error:
        raise OutputError(_words(file, error)) from error
    finally:
        draft.unlink(missing_ok=True)


def _words(file: Path, error: OSError) -> str:
    return f"{file.name} cannot be written ({error.strerror}): choose another folder"
