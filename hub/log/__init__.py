"""The log: the one truth of the hub, and the port its adapters keep.

Promises, each one a test that every adapter passes:

1. events of one key come back in the order they were appended; across keys
   nothing is promised;
2. when `append` returns, all of it is durable; a crash before that may leave
   a part of it, so nobody relies on a batch being whole; but an event that
   concludes is never durable without all that stands before it in the batch;
3. an event id appended twice reaches a subscription's handler once;
4. what was read once reads the same for ever.

Why no expected version: Kafka cannot keep it, and a port promises only what
both adapters keep. The version a caller saw travels in the request, and the
rule refuses it.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from hub.domain.days import Day
from hub.domain.events import Event


class Partition(NamedTuple):
    """One parallel part of a topic."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.number}"


class Position(NamedTuple):
    """A place in the log."""

    partition: Partition
    offset: int


Checkpoint = Mapping[Partition, int]
"""Partition to the offset of the last event handled; a partition that is absent: nothing yet."""


class Envelope(NamedTuple):
    """An event with the CloudEvents attributes it travels with.

    `key` and every attribute hold pseudonyms at most, never a personal identifier.
    """

    event: Event
    id: str
    key: str
    source: str
    subject: str = ""
    occurred_on: Day | None = None
    jurisdiction: str = ""
    actor: str = ""
    correlation_id: str = ""
    causation_id: str = ""
    agreement: str = ""
    partition: int | None = None
    """Which part of its topic it goes to; None: the one of its key. Nothing that was read says so."""


class Recorded(NamedTuple):
    """An envelope at its place in the log."""

    position: Position
    envelope: Envelope


class EventLog(Protocol):
    """Where events are kept; see the module's promises."""

    def append(self, envelopes: Sequence[Envelope]) -> list[Position]:
        """Keep these events for ever; return when all of them are durable.

        Whoever names a partition names the same one for all events of that key.
        """

    def partitions(self, topic: str) -> Sequence[Partition]:
        """The parts of a topic, in order of their numbers."""

    def read(self, partition: Partition, after: int, limit: int) -> list[Recorded]:
        """At most `limit` events of one partition behind the offset `after` (-1: from the start)."""

    def head(self) -> dict[Partition, int]:
        """The offset of the last event in each partition that holds any."""

    def close(self) -> None:
        """Give back files and connections; a closed log is not used again."""


# Copied for each id: to set one up costs more than to fill it.
EMPTY_ID = hashlib.blake2b(digest_size=16, person=b"hub-event-id")


def partition_of(text: str, count: int) -> int:
    """The one of so many partitions that a text falls to, the same in every adapter and for ever."""
    return zlib.crc32(text.encode()) % count


def derive_id(*parts: object) -> str:
    """An event id that the same cause always yields again, so that repeating is harmless."""
    digest = EMPTY_ID.copy()
    digest.update("\x1f".join(map(str, parts)).encode())
    return digest.hexdigest()
