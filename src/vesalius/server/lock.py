"""Lock: one desk on one data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vesalius.errors import ConfigError, OutputError

LOCK = "desk.lock"
OPEN = "another desk is open on this folder: stop it first"


@contextmanager
def alone(folder: Path, name: str = LOCK, words: str = OPEN) -> Iterator[None]:
    """Hold a data folder for this process; it is let go however the process ends.

    Args:
        folder: The desk's.
        name: Of the lock's file: one for each thing that is done once at a time.
        words: Said where another process holds it.

    Raises:
        ConfigError: Another process holds it.
        OutputError: It cannot be written.
    """
    try:
        handle = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OutputError(
            f"the data folder {folder.name} may not be written: {error.strerror}"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(words) from error
        yield
    finally:
        os.close(handle)
