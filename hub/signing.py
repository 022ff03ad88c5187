"""Signatures: what the hub gives out can be told from what somebody else wrote or changed (Ed25519, RFC 8032).

The same words signed with the same key give the same bytes, so whatever is
made anew from the log is signed the same again. A key is known by its id, a
fingerprint of its public half; whoever is to verify is given that half once.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from hub.errors import SettingsError

KEY_BYTES_MAX = 16_384
ID_CHARACTERS = 32
"""128 bits of the SHA-256 of the 32 bytes of a public key, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key."""

    _public: Ed25519PublicKey

    @property
    def key_id(self) -> str:
        """By which the key is known."""
        raw = self._public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()[:ID_CHARACTERS]

    @property
    def pem(self) -> str:
        """The public half, to be given to whoever verifies."""
        return self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def fits(self, signature: bytes, message: bytes) -> bool:
        """Whether the key's other half signed exactly this."""
        try:
            self._public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs."""

    _private: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """The half that may be given away."""
        return Verifier(self._private.public_key())

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes that only this key can make of this message."""
        return self._private.sign(message)


def read_verifier(path: Path) -> Verifier:
    """A public key from its PEM file; SettingsError if it is none."""
    try:
        key = load_pem_public_key(_bytes_of(path))
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"{path.name} holds no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(f"{path.name} holds another kind of key than Ed25519")
    return Verifier(key)


def read_signer(path: Path) -> Signer:
    """A private key from its PEM file; SettingsError if it is none."""
    try:
        key = load_pem_private_key(_bytes_of(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(f"{path.name} holds no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{path.name} holds another kind of key than Ed25519")
    return Signer(key)


def make_signer(path: Path) -> Signer:
    """A new key, kept for its owner only; FileExistsError where another process was faster."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(made, "wb") as stream:
        stream.write(pem)
        stream.flush()
        os.fsync(stream.fileno())
    return Signer(key)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(KEY_BYTES_MAX)
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read: {error.strerror}") from None
