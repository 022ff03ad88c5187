"""Signatures by Ed25519 (RFC 8032): whoever has a site's public key can tell what it signed, offline."""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hub.errors import SettingsError

SEED_BYTES = 32


class Signer:
    """Signs with a site's private key; the same bytes have the same signature always."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, content: bytes) -> str:
        """The signature of these bytes, in base64."""
        return base64.b64encode(self._key.sign(content)).decode()


class Verifier:
    """Tells what the holder of one private key signed."""

    def __init__(self, public: str) -> None:
        """SettingsError for what is no public key in base64."""
        try:
            raw = base64.b64decode(public.strip(), validate=True)
            self._key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError:
            raise SettingsError("a public key is 32 bytes in base64") from None
        self.key_id = key_id(public)

    def signed(self, content: bytes, signature: str) -> bool:
        """Whether the holder signed exactly these bytes."""
        try:
            self._key.verify(base64.b64decode(signature, validate=True), content)
        except (InvalidSignature, ValueError):
            return False
        return True


def key_id(public: str) -> str:
    """The short name of a public key: the beginning of its SHA-256."""
    return hashlib.sha256(base64.b64decode(public.strip())).hexdigest()[:16]


def load_signer(path: Path, *, make: bool) -> Signer:
    """The signer of a key file; `make` one where there is none, readable by its owner only."""
    if make and not path.exists():
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as stream:
            stream.write(os.urandom(SEED_BYTES))
    try:
        seed = path.read_bytes()
    except OSError:
        raise SettingsError(f"the signing key {path.name} cannot be read") from None
    if len(seed) != SEED_BYTES:
        raise SettingsError(f"the signing key {path.name} is not {SEED_BYTES} bytes")
    return Signer(seed)
