"""Key file: 32 secret bytes that their owner alone may read."""

import os
import stat
from pathlib import Path

from vesalius.errors import ConfigError, OutputError

KEY_BYTES = 32
OTHERS = stat.S_IRWXG | stat.S_IRWXO  # nobody else may read, write or look


def make_secret(file: Path) -> bytes:
    """Draw a secret and keep it.

    Args:
        file: Must not exist: an old key is never written over.

    Raises:
        OutputError: The file exists, or cannot be written.
    """
    secret = os.urandom(KEY_BYTES)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(secret)
            opened.flush()
            os.fsync(opened.fileno())
    except FileExistsError as error:
        raise OutputError(f"{file.name} exists: a key is never written over") from error
    except OSError as error:
        raise OutputError(
            f"the key {file.name} cannot be written: {error.strerror}; look at the "
            "folder's rights and the disk's room"
        ) from error
    return secret


def read_secret(file: Path) -> bytes:
    """Read a secret.

    Args:
        file: As `make_secret` wrote it.

    Raises:
        ConfigError: It is not there, is no key, or others may read it.
    """
    try:
        mode, secret = file.stat().st_mode, file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the key {file.name} cannot be read ({error.strerror}): put it back from "
            "where keys are kept"
        ) from error
    if mode & OTHERS:
        raise ConfigError(
            f"others may read the key {file.name}: chmod 600 it, and consider it known"
        )
    if len(secret) != KEY_BYTES:
        raise ConfigError(f"{file.name} is no key: expected {KEY_BYTES} bytes")
    return secret
