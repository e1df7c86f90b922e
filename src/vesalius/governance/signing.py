"""Signing: the key that signs the record's roots, in a file of its own."""

import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from vesalius.errors import ConfigError, OutputError

KEY_BYTES = 32
OTHERS = stat.S_IRWXG | stat.S_IRWXO  # nobody else may read, write or look


class Signer:
    """Signs with Ed25519.

    Args:
        seed: 32 secret bytes.

    Source:
        RFC 8032 (Ed25519).
    """

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> bytes:
        """The 32 bytes that signatures are checked with; no secret."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of a signature.

        Args:
            message: Of any length.
        """
        return self._key.sign(message)


def is_signed(message: bytes, signature: bytes, public: bytes) -> bool:
    """Say whether the holder of a key has signed a message.

    Args:
        message: As signed.
        signature: 64 bytes.
        public: 32 bytes, `Signer.public`.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def make_key(file: Path) -> Signer:
    """Make a new key, readable by its owner alone.

    Args:
        file: Must not exist: an old key is never written over.

    Raises:
        OutputError: The file exists, or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    seed = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(seed)
            opened.flush()
            os.fsync(opened.fileno())
    except FileExistsError as error:
        raise OutputError(f"{file.name} exists: a key is never written over") from error
    except OSError as error:
        raise OutputError(
            f"the key {file.name} cannot be written: {error.strerror}"
        ) from error
    return Signer(seed)


def open_key(file: Path) -> Signer:
    """Open a key.

    Args:
        file: As `make_key` wrote it.

    Raises:
        ConfigError: It is not there, is not a key, or others may read it.
    """
    try:
        mode, seed = file.stat().st_mode, file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the signing key {file.name} cannot be read: {error.strerror}"
        ) from error
    if mode & OTHERS:
        raise ConfigError(
            f"others may read the signing key {file.name}: chmod 600 it, and consider "
            "it known"
        )
    if len(seed) != KEY_BYTES:
        raise ConfigError(f"{file.name} is no signing key: expected {KEY_BYTES} bytes")
    return Signer(seed)
