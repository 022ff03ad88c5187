"""Signatures on what is posted, after the Standard Webhooks scheme: who may post, and that nothing was changed on the way.

HMAC-SHA-256 over `id.timestamp.body`, in base64 behind `v1,`; a header may hold several. A file of
secrets holds the one in use and, while it is being replaced, the next. A moment more than five minutes
from ours is refused, so that what was once overheard cannot be posted again later.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hub.errors import SettingsError

PREFIX, VERSION = "whsec_", "v1,"
SECRET_BYTES_MIN = 24
SECRETS_MAX = 8
TOLERANCE_SECONDS = 300
ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
MOMENT = re.compile(r"[0-9]{1,11}")


class Said(NamedTuple):
    """What the headers of a request say of who sent it."""

    id: str
    timestamp: str
    signatures: tuple[bytes, ...]

    @staticmethod
    def of(headers: Mapping[str, str], now: float) -> "Said | None":
        """What well-formed headers say, of a moment near ours; None otherwise."""
        id_, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        signatures = tuple(_decoded(headers.get("webhook-signature", "")))
        if not (ID.fullmatch(id_) and MOMENT.fullmatch(moment) and signatures):
            return None
        return Said(id_, moment, signatures) if abs(int(moment) - now) <= TOLERANCE_SECONDS else None


class Check:
    """The comparison of one body, piece by piece, with what its headers say."""

    def __init__(self, said: Said, secrets: Sequence[bytes]) -> None:
        start = f"{said.id}.{said.timestamp}.".encode()
        self._said = said
        self._sums = [hmac.new(secret, start, hashlib.sha256) for secret in secrets]

    def add(self, piece: bytes) -> None:
        """The next piece of the body."""
        for each in self._sums:
            each.update(piece)

    @property
    def ok(self) -> bool:
        """Whether one of the secrets made one of the signatures; takes as long whichever it is."""
        found = [
            hmac.compare_digest(s.digest(), given) for s in self._sums for given in self._said.signatures
        ]
        return any(found)


def _decoded(header: str) -> list[bytes]:
    """The signatures of a version that is known here; others are passed over, as the scheme asks."""
    found = []
    for part in header.split()[:SECRETS_MAX]:
        if part.startswith(VERSION):
            try:
                found.append(base64.b64decode(part.removeprefix(VERSION), validate=True))
            except binascii.Error:
                continue
    return found


def signature_of(secret: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """What a sender writes into `webhook-signature`."""
    made = hmac.digest(secret, f"{id_}.{timestamp}.".encode() + body, "sha256")
    return VERSION + base64.b64encode(made).decode()


def secrets_of(path: Path, where: str) -> list[bytes]:
    """The secrets of a file, one a line; `#` begins a remark."""
    try:
        lines = [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{where}: {path.name} cannot be read") from None
    found = []
    for line in filter(None, lines):
        try:
            found.append(base64.b64decode(line.removeprefix(PREFIX), validate=True))
        except binascii.Error:
            raise SettingsError(f"{where}: a line of {path.name} is no secret: {PREFIX} and base64") from None
    if not found or len(found) > SECRETS_MAX or min(map(len, found)) < SECRET_BYTES_MIN:
        raise SettingsError(f"{where}: {path.name} holds 1 to {SECRETS_MAX} secrets of {SECRET_BYTES_MIN} bytes or more")  # fmt: skip
    return found
