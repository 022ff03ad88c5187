"""Reading by position: no consumer group, no commits, no reset.

The place of a reader lies in its own database; a broker's opinion of it is
never asked. One consumer has one partition assigned at a time: going on in the same
one is free, going to another costs one fetch. Whether a partition is read to its end is asked from
the broker, so an empty page means: nothing more was acknowledged before.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka import errors as kafka_errors

from hub.errors import IntegrityError, LogUnavailableError
from hub.log import Partition
from hub.log.kafka.site import Site, connected, translated
from hub.log.kafka.topics import MESSAGE_BYTES_MAX

FETCH_BYTES_MAX = 2 * MESSAGE_BYTES_MAX
FETCH_WAIT_MS = 10
"""We fetch only what we know is there; a fetch that waits would hold up the next partition."""
POLL_MS = 10
CLOSE_MS = 5_000


def reading() -> dict[str, Any]:
    """What every consumer is made with."""
    return {
        "group_id": None, "enable_auto_commit": False, "auto_offset_reset": "none",
        "isolation_level": "read_committed", "max_partition_fetch_bytes": FETCH_BYTES_MAX,
        "fetch_max_wait_ms": FETCH_WAIT_MS, "allow_auto_create_topics": False, "metrics_enabled": False,
    }  # fmt: skip


class Reader:
    """The hub's one consumer, remade after every failure."""

    def __init__(self, site: Site, partitions: Sequence[TopicPartition]) -> None:
        self._site = site
        self._partitions = list(partitions)
        self._lock = Lock()
        self._consumer: Any = None
        self._watcher: Any = None
        """Knows all topics and is asked for ends only: the client forgets topics it has nothing to read of."""
        self._at: tuple[TopicPartition, int] | None = None
        self._ends: dict[TopicPartition, int] = {}

    def page(self, place: TopicPartition, after: int, limit: int) -> list[Any]:
        """At most `limit` records behind the offset `after`; fewer only at the end.

        IntegrityError when the broker's log ends before `after` or begins behind it.
        """
        with self._lock, translated("the log could not be read", Partition(*place)):
            try:
                return self._page(place, after + 1, limit)
            except BaseException:
                self._discard()
                raise

    def _page(self, place: TopicPartition, start: int, limit: int) -> list[Any]:
        self._ready()
        if self._ends.get(place, 0) <= start:
            self._ends[place] = self._asked([place])[place]
        consumer = self._ready()
        end = self._ends[place]
        if end < start:
            raise IntegrityError(
                f"{place.topic} partition {place.partition} ends at {end - 1} on the broker, "
                f"and events up to {start - 1} were read: it was cut, made anew, or is another cluster's"
            )
        if end == start:
            return []
        if self._at != (place, start):
            # Assigned one at a time: a partition that was paused and resumed may never be fetched again,
            # since the client does not look for what it parked while it holds the rest of another.
            consumer.assign([place])
            consumer.seek(place, start)
        return self._polled(consumer, place, start, end, limit)

    def _polled(self, consumer: Any, place: TopicPartition, start: int, end: int, limit: int) -> list[Any]:
        records: list[Any] = []
        deadline = time.monotonic() + self._site.wait_seconds
        # A poll that waits may find nothing to wait for, and then sleeps for all of its time, up to 100 ms,
        # beside what has just arrived: hence many short ones.
        while len(records) < limit and start < end:
            found = consumer.poll(POLL_MS, limit - len(records)).get(place)
            if found:
                records += found
            # Offsets that hold no event (a foreign transaction's marks) are passed over.
            start = found[-1].offset + 1 if found else consumer.position(place)
            if not found and start < end and time.monotonic() >= deadline:
                raise LogUnavailableError(f"{place.topic} partition {place.partition} did not answer")
        self._at = place, start
        return records

    def heads(self) -> dict[TopicPartition, int]:
        """The end of every partition: the offset its next event will have."""
        with self._lock, translated("the log's end could not be read"):
            try:
                self._ready()
                return self._asked(self._partitions)
            except BaseException:
                self._discard()
                raise

    def _asked(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The ends of these partitions, asked from their leaders."""
        try:
            return dict(self._watcher.end_offsets(places, timeout_ms=self._site.wait_ms // 6))
        except kafka_errors.KafkaTimeoutError:
            # Where a leader has moved, the client asks the old one over and over instead of looking for the new.
            self._discard()
            self._ready()
            return dict(self._watcher.end_offsets(places, timeout_ms=self._site.wait_ms // 2))

    def _ready(self) -> Any:
        """The consumer, assigned to nothing yet when it is new."""
        if self._consumer is None:
            self._watcher = self._connected()
            self._watcher.assign(self._partitions)
            self._at, self._ends = None, {}
            self._consumer = self._connected()
        return self._consumer

    def _connected(self) -> Any:
        return connected(KafkaConsumer, self._site, **reading())

    def _discard(self) -> None:
        both = self._consumer, self._watcher
        self._consumer = self._watcher = None
        for consumer in both:
            if consumer is not None:
                with suppress(kafka_errors.KafkaError):
                    consumer.close(autocommit=False, timeout_ms=CLOSE_MS)

    def close(self) -> None:
        """Give back connections."""
        with self._lock:
            self._discard()
