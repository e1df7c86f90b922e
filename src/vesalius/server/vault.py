"""Vault: who a patient is, sealed, and the pseudonym that stands for them elsewhere."""

import base64
import hmac
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vesalius.errors import ConfigError, FormatError
from vesalius.governance.keyfile import KEY_BYTES, make_secret, read_secret

ENVIRONMENT = "VESALIUS_VAULT_KEY"
NONCE_BYTES = 12
FORM = b"\x01"  # of what is sealed: a later form has another
SEAL_BYTES = len(FORM) + NONCE_BYTES + 16  # more than what is sealed: GCM's tag is 16
PSEUDONYM_BYTES = 10  # 80 bits: no two patients share one


@dataclass(frozen=True, repr=False)
class Identity:
    """Who a patient is. Never shown by `repr`, so that no log holds it.

    Attributes:
        name: As the scan's file says it.
        number: The hospital's.
        born: Birth date, as the file says it.
    """

    name: str = ""
    number: str = ""
    born: str = ""

    def __repr__(self) -> str:
        """Say nothing."""
        return "Identity(sealed)"


class Vault:
    """Seals identities, and what holds some, with AES-256-GCM, bound to its case.

    Args:
        secret: 32 bytes.

    Limits:
        A nonce is drawn at random: at most 2^32 may be sealed with one secret.

    Source:
        NIST SP 800-38D (GCM); RFC 5869 (HKDF).
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ConfigError(f"the vault's key has {KEY_BYTES} bytes")
        self._sealing = AESGCM(_derived(secret, b"identity"))
        self._naming = _derived(secret, b"pseudonym")

    def pseudonym(self, number: str, project: str) -> str:
        """Return what stands for a patient in one project.

        The same patient has the same pseudonym in one project and another in the next;
        without the key nobody can tell which patient it is of.

        Args:
            number: The hospital's, or whatever tells patients apart.
            project: The project's id.
        """
        words = json.dumps([project, number]).encode()
        digest = hmac.new(self._naming, words, "sha256").digest()[:PSEUDONYM_BYTES]
        return "case-" + base64.b32encode(digest).decode("ascii").lower()

    def seal(self, identity: Identity, case: str) -> bytes:
        """Return an identity that only this vault can read, for this case alone.

        Args:
            identity: Of the patient.
            case: The case's id; must be said again to unseal.
        """
        return self.seal_bytes(json.dumps(asdict(identity)).encode(), case)

    def unseal(self, sealed: bytes, case: str) -> Identity:
        """Return who a case is of.

        Args:
            sealed: As `seal` returned it.
            case: The case it was sealed for.

        Raises:
            FormatError: It was altered, is another case's, or another vault's.
        """
        return Identity(**json.loads(self.unseal_bytes(sealed, case)))

    def seal_bytes(self, content: bytes, about: str) -> bytes:
        """Return bytes that only this vault can read, for this purpose alone.

        Args:
            content: At most 2^31 bytes.
            about: What they are of; must be said again to unseal.
        """
        nonce = os.urandom(NONCE_BYTES)
        return FORM + nonce + self._sealing.encrypt(nonce, content, about.encode())

    def unseal_bytes(self, sealed: bytes, about: str) -> bytes:
        """Return what `seal_bytes` sealed.

        Args:
            sealed: As it was returned.
            about: What it was sealed for.

        Raises:
            FormatError: It was altered, is about something else, or another vault's.
        """
        nonce = sealed[len(FORM) : len(FORM) + NONCE_BYTES]
        kept = sealed[len(FORM) + NONCE_BYTES :]
        try:
            if not sealed.startswith(FORM):
                raise InvalidTag
            return self._sealing.decrypt(nonce, kept, about.encode())
        except (InvalidTag, ValueError) as error:
            raise FormatError(
                "what was sealed was altered, or belongs to another case or key"
            ) from error


def open_vault(file: Path, *, environment: str = ENVIRONMENT) -> Vault:
    """Open the vault with the key of a file, or of the environment.

    Args:
        file: 32 bytes, readable by its owner alone; made where there is none.
        environment: A variable that may hold the key instead, in hexadecimal.

    Raises:
        ConfigError: The key is no key, or others may read its file.
        OutputError: There is no key, and none can be written.
    """
    told = os.environ.get(environment)
    if told is not None:
        try:
            return Vault(bytes.fromhex(told))
        except ValueError as error:
            raise ConfigError(f"{environment} is not hexadecimal") from error
    return Vault(read_secret(file) if file.exists() else make_secret(file))


def _derived(secret: bytes, use: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"vesalius " + use).derive(secret)
