"""Reading by position: no consumer group, no commits, no reset.

The place of a reader lies in its own database; a broker's opinion of it is
never asked. One consumer has every partition assigned and all but the one
being read paused, so that a page costs one fetch and what came for another
partition is kept for it. Whether a partition is read to its end is asked from
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
CLOSE_MS = 1_000


class Reader:
    """The hub's one consumer, remade after every failure."""

    def __init__(self, site: Site, partitions: Sequence[TopicPartition]) -> None:
        self._site = site
        self._partitions = list(partitions)
        self._lock = Lock()
        self._consumer: Any = None
        self._places: dict[TopicPartition, int] = {}
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
        consumer = self._ready()
        if self._ends.get(place, 0) <= start:
            self._ends[place] = consumer.end_offsets([place], timeout_ms=self._site.wait_ms)[place]
        end = self._ends[place]
        if end < start:
            raise IntegrityError(
                f"{place.topic} partition {place.partition} ends at {end - 1} on the broker, "
                f"and events up to {start - 1} were read: it was cut, made anew, or is another cluster's"
            )
        if end == start:
            return []
        if self._places.get(place) != start:
            consumer.seek(place, start)
            self._places[place] = start
        consumer.resume(place)
        try:
            return self._polled(consumer, place, end, limit)
        finally:
            consumer.pause(place)

    def _polled(self, consumer: Any, place: TopicPartition, end: int, limit: int) -> list[Any]:
        records: list[Any] = []
        deadline = time.monotonic() + self._site.wait_seconds
        # The first poll does not wait: it only parks what the client holds of the partition read before.
        # One that waits may find nothing to wait for, and then sleeps for all of its time, up to 100 ms,
        # beside what is parked for us or has just arrived: hence many short ones.
        wait_ms = 0
        while len(records) < limit and self._places[place] < end:
            found = consumer.poll(wait_ms, limit - len(records)).get(place)
            if found:
                records += found
            # Offsets that hold no event (a foreign transaction's marks) are passed over.
            self._places[place] = found[-1].offset + 1 if found else consumer.position(place)
            if not found and self._places[place] < end and time.monotonic() >= deadline:
                raise LogUnavailableError(f"{place.topic} partition {place.partition} did not answer")
            wait_ms = POLL_MS
        return records

    def heads(self) -> dict[TopicPartition, int]:
        """The end of every partition: the offset its next event will have."""
        with self._lock, translated("the log's end could not be read"):
            try:
                return dict(self._ready().end_offsets(self._partitions, timeout_ms=self._site.wait_ms))
            except BaseException:
                self._discard()
                raise

    def _ready(self) -> Any:
        """The consumer, all partitions assigned and at rest."""
        if self._consumer is None:
            consumer = connected(
                KafkaConsumer,
                self._site,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                isolation_level="read_committed",
                max_partition_fetch_bytes=FETCH_BYTES_MAX,
                fetch_max_wait_ms=FETCH_WAIT_MS,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
            consumer.assign(self._partitions)
            for place in self._partitions:
                consumer.seek(place, 0)
            consumer.pause(*self._partitions)
            self._places = dict.fromkeys(self._partitions, 0)
            self._ends = {}
            self._consumer = consumer
        return self._consumer

    def _discard(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with suppress(kafka_errors.KafkaError):
                consumer.close(autocommit=False, timeout_ms=CLOSE_MS)

    def close(self) -> None:
        """Give back connections."""
        with self._lock:
            self._discard()
