"""Signing: the key that signs the record's roots, in a file of its own."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vesalius.governance.keyfile import make_secret, read_secret


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
    return Signer(make_secret(file))


def open_key(file: Path) -> Signer:
    """Open a key.

    Args:
        file: As `make_key` wrote it.

    Raises:
        ConfigError: It is not there, is not a key, or others may read it.
    """
    return Signer(read_secret(file))
