"""Standard Webhooks signatures, version 1: HMAC-SHA256 over id, time and body (standardwebhooks.com)."""

import base64
import binascii
from collections.abc import Sequence

from hub.connect.signature import PREFIX, signature_of
from hub.errors import SettingsError

KEY_BYTES_MIN, KEY_BYTES_MAX = 24, 64
KEYS_MAX = 2
"""While a key is changed, both sign."""


def read_keys(text: str, where: str) -> list[bytes]:
    """The keys of a secret file, one a line, the new one first: `whsec_` and base64 of 24 to 64 bytes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= KEYS_MAX:
        raise SettingsError(f"{where}: expected one secret a line, at most {KEYS_MAX}")
    return [_key(line, where) for line in lines]


def _key(line: str, where: str) -> bytes:
    try:
        key = base64.b64decode(line.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not line.startswith(PREFIX) or not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise SettingsError(
            f"{where}: a secret is `{PREFIX}` and base64 of {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes"
        )
    return key


def headers(message_id: str, timestamp: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The three headers of a message sent at a time (seconds since 1970)."""
    signatures = (signature_of(key, message_id, timestamp, body) for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
