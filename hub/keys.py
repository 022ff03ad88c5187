"""The keys of a hub: each from the file that settings name, or made once and kept for its owner only."""

import os
import secrets
from pathlib import Path

from hub.errors import SettingsError
from hub.settings import Settings
from hub.signing import Signer, make_signer, read_signer

PSEUDONYM_KEY_BYTES = 32


class Keys:
    """The keys that settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def signer(self) -> Signer:
        """The key that signs receipts and letters."""
        path = self._path("signing_key_file", self._settings.secrets.signing_key_file, "signing.key")
        return read_signer(path) if path.exists() else make_signer(path)

    def pseudonyms(self) -> bytes:
        """The key of record pseudonyms."""
        path = self._path("pseudonym_key_file", self._settings.secrets.pseudonym_key_file, "pseudonym.key")
        if not path.exists():
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "wb") as stream:
                stream.write(secrets.token_bytes(PSEUDONYM_KEY_BYTES))
        key = path.read_bytes()
        if len(key) < PSEUDONYM_KEY_BYTES:
            raise SettingsError(f"the pseudonym key has fewer than {PSEUDONYM_KEY_BYTES} bytes")
        return key

    def _path(self, setting: str, named: str, own: str) -> Path:
        """Where a key lies; only one that nobody named may be missing yet."""
        path = self._settings.folder / named if named else self._settings.data / own
        if named and not path.exists():
            raise SettingsError(f"secrets.{setting}: {named} does not exist")
        return path
