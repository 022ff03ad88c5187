"""Writing to the brokers: rounds that leave no hole behind, whatever fails.

A producer that fails in the middle may still send what it holds, and a later
event of a key would stand in the log without the earlier one. So a round never
gives a partition more than one batch, which a broker takes whole or not at
all, and the next round begins when this one is acknowledged by every replica
in sync. After a failure the producer is thrown away with all it holds and the
next append makes a new one: a sequence error heals itself, and what arrives
late is a repeat of known ids that readers drop.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

from kafka import KafkaProducer, TopicPartition
from kafka import errors as kafka_errors

from hub.errors import LogUnavailableError
from hub.log.cloudevents import Headers
from hub.log.kafka.site import Site, connected, translated
from hub.log.kafka.topics import MESSAGE_BYTES_MAX

BATCH_BYTES = 1 << 20
"""What a partition gets in a round; a single larger event makes a batch of its own."""
REQUEST_BYTES_MAX = 16 << 20
IN_FLIGHT_MAX = 5
OVERHEAD_BYTES = 40
"""Most that the format adds to a record; and a header's name with what is added to the header."""
CLOSE_SECONDS = 1


class Message(NamedTuple):
    """One record on its way to one partition."""

    partition: TopicPartition
    key: bytes
    headers: Headers
    value: bytes

    @property
    def size_bytes(self) -> int:
        """No less than the record takes in a batch."""
        attributes = sum([len(value) for _, value in self.headers])
        return OVERHEAD_BYTES * (1 + len(self.headers)) + attributes + len(self.key) + len(self.value)


class Writer:
    """The hub's one producer, remade after every failure."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = Lock()
        self._producer: Any = None
        self._begun = 0.0

    def write(self, messages: Iterable[Message]) -> list[int]:
        """The offset of each message, when all of them are acknowledged; see `hub.log.EventLog.append`."""
        offsets: list[int] = []
        with self._lock, translated("the log did not take the events"):
            try:
                pending: list[Any] = []
                room: dict[TopicPartition, int] = {}
                for message in messages:
                    size = message.size_bytes
                    if pending and room.get(message.partition, BATCH_BYTES) < size:
                        offsets += self._acknowledged(pending)
                        pending, room = [], {}
                    room[message.partition] = room.get(message.partition, BATCH_BYTES) - size
                    pending.append(self._send(message))
                offsets += self._acknowledged(pending)
            except BaseException:
                self._discard()
                raise
        return offsets

    def _send(self, message: Message) -> Any:
        if self._producer is None:
            self._producer = self._made()
        topic, number = message.partition
        sent = self._producer.send(topic, message.value, message.key, message.headers, number)
        self._begun = self._begun or time.monotonic()
        return sent

    def _acknowledged(self, pending: list[Any]) -> list[int]:
        """Send the round and wait for its offsets."""
        if not pending:
            return []
        # Had we slept for so long, a batch would have left on its own, and not be the whole round.
        if time.monotonic() - self._begun > self._site.wait_seconds / 6:
            raise LogUnavailableError("the log did not take the events: this process was held up")
        self._producer.flush(self._site.wait_seconds + CLOSE_SECONDS)
        self._begun = 0.0
        offsets = [int(future.get(timeout=0).offset) for future in pending]
        if min(offsets) < 0:
            raise kafka_errors.UnknownError("a broker acknowledged events without saying where they are")
        return offsets

    def _made(self) -> Any:
        site = self._site
        return connected(
            KafkaProducer,
            site,
            acks="all",
            enable_idempotence=True,
            max_in_flight_requests_per_connection=IN_FLIGHT_MAX,
            batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES_MAX,
            # A batch waits for `flush`, so that it holds all of a round.
            linger_ms=site.wait_ms // 3,
            delivery_timeout_ms=site.wait_ms,
            max_block_ms=site.wait_ms // 3,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )

    def _discard(self) -> None:
        """Throw the producer away with all it holds; its `close` alone would wait for acknowledgements."""
        producer, self._producer, self._begun = self._producer, None, 0.0
        if producer is not None:
            producer._sender.force_close()
            with suppress(kafka_errors.KafkaError):
                producer.close(timeout=CLOSE_SECONDS)

    def close(self) -> None:
        """Nothing is pending between two appends, so there is nothing to wait for."""
        with self._lock:
            self._discard()


assert BATCH_BYTES <= MESSAGE_BYTES_MAX, "a broker would make the client split a batch"
