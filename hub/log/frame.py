"""The stored frame of an event and its RFC 6962 leaf hash.

The frame covers what is stored, as stored: place, key, attributes and sealed
payload, each with its length, never a re-encoding. Its leaf hash lies beside
each event, so that Merkle trees and proofs can be built over any old log.
"""

import hashlib
from collections.abc import Iterable

FRAME_VERSION = 1


def frame(
    topic: str, partition: int, offset: int, key: str, headers: Iterable[tuple[str, str]], value: bytes
) -> bytes:
    """Version, topic, partition, offset, key, headers sorted by name, value; each length-prefixed."""
    parts = [topic.encode(), b"%d" % partition, b"%d" % offset, key.encode()]
    for name, text in sorted(headers):
        parts += (name.encode(), text.encode())
    parts.append(value)
    return b"%c" % FRAME_VERSION + b"".join([b"%d:%b" % (len(part), part) for part in parts])


def leaf_hash(framed: bytes) -> bytes:
    """SHA-256 of 0x00 and the frame (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + framed).digest()
