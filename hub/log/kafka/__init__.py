"""The log in Apache Kafka, for sites that outgrow one machine; see `hub.log.EventLog`.

Three topics hold the events (records, decisions, actions), a fourth the schemas
they were written with. We choose the partition ourselves, by the same function
as the SQLite log, so that no client's partitioner can move a key. A barrier is
written to every partition, after all that was appended before it is durable:
whoever finds one knows that nothing before it is missing.

Why no leaf hash is stored: the frame holds the offset, and the broker chooses
that after the bytes have left us. A hash sent beforehand could not cover the
place; one written afterwards would be another message that can be lost or
forged as easily as the event. So the frame is made of what the broker holds
(topic, partition, offset, key, headers, value, byte for byte) whenever it is
needed (`frames`), and a sealer that follows each partition keeps the leaves in
its Merkle tree under a signed checkpoint: from then on a changed event no
longer fits. The frame names the hub's topic, not the broker's, so that a copy
under another prefix proves the same.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

from kafka import TopicPartition

from hub.domain.events import TOPICS
from hub.errors import (
    RetryableError,
    SchemaMismatchError,
    SchemaUnknownError,
    SettingsError,
)
from hub.log import Envelope, Partition, Position, Recorded, partition_of
from hub.log.cloudevents import envelope_of, headers_of, now
from hub.log.codec import CONFLUENT, Codec, undecodable
from hub.log.frame import frame
from hub.log.kafka.reader import Reader
from hub.log.kafka.site import Site
from hub.log.kafka.topics import SCHEMAS, ensure
from hub.log.kafka.writer import Message, Writer

PAGE = 2_000
NUMBER = "registry-number"
"""Header of a kept schema: the number that Confluent's wire format names it by."""


class KafkaLog:
    """The log on a site's brokers."""

    def __init__(self, site: Site, codec: Codec) -> None:
        if importlib.util.find_spec("crc32c") is None:
            raise SettingsError(
                "log.url: install the extra 'kafka' whole; without crc32c it is eight times slower"
            )
        ensure(site)
        self._site, self._codec = site, codec
        self._partitions = {topic: [Partition(topic, n) for n in range(site.partitions)] for topic in TOPICS}
        self._places = {
            p: TopicPartition(site.topic(p.topic), p.number) for ps in self._partitions.values() for p in ps
        }
        self._schemas = TopicPartition(site.topic(SCHEMAS), 0)
        self._reader = Reader(site, [*self._places.values(), self._schemas])
        self._writer = Writer(site)
        self._kept: set[tuple[bytes, int | None]] = set()
        self._schemas_read = -1
        try:
            self._learn()
        except BaseException:
            self.close()
            raise

    def append(self, envelopes: Sequence[Envelope]) -> list[Position]:
        """Keep these events; a crash or LogUnavailableError before the end may leave a first part of them."""
        encoded = [self._codec.encode(envelope.event) for envelope in envelopes]
        self._keep_schemas(encoded)
        recorded = now()
        positions: list[Position] = []
        pairs = zip(envelopes, encoded, strict=True)
        # A round is durable before the next begins, so what concludes stands in a round of its own.
        for (_, barrier, _), part in groupby(pairs, key=_round):
            for group in ([pair] for pair in part) if barrier else (list(part),):
                positions += self._write(group, recorded)
        return positions

    def _write(self, group: Sequence[tuple[Envelope, bytes]], recorded: str) -> list[Position]:
        targets: list[Partition] = []
        messages: list[Message] = []
        for envelope, value in group:
            key, headers = envelope.key.encode(), headers_of(envelope, recorded)
            partitions = self._partitions[envelope.event.TOPIC]
            for partition in partitions if envelope.event.BARRIER else (_chosen(envelope, partitions),):
                targets.append(partition)
                messages.append(Message(self._places[partition], key, headers, value))
        return list(map(Position, targets, self._writer.write(messages)))

    def partitions(self, topic: str) -> Sequence[Partition]:
        return self._partitions[topic]

    def read(self, partition: Partition, after: int, limit: int) -> list[Recorded]:
        read: list[Recorded] = []
        for record in self._reader.page(self._places[partition], after, limit):
            try:
                envelope = envelope_of(self._decode(record.value), record.key.decode(), record.headers)
            except Exception as error:
                raise undecodable(f"{partition} offset {record.offset}", error) from None
            read.append(Recorded(Position(partition, record.offset), envelope))
        return read

    def frames(self, partition: Partition, after: int, limit: int) -> Iterator[tuple[int, bytes]]:
        """Offset and stored frame of events behind `after`, for those who seal or prove them."""
        for record in self._reader.page(self._places[partition], after, limit):
            headers = [(name, value.decode()) for name, value in record.headers]
            yield (
                record.offset,
                frame(
                    partition.topic,
                    partition.number,
                    record.offset,
                    record.key.decode(),
                    headers,
                    record.value,
                ),
            )

    def _decode(self, value: bytes) -> Any:
        try:
            return self._codec.decode(value)
        except (SchemaUnknownError, RetryableError):
            # Another process may write with a schema that is newer than this one's start.
            if not self._learn():
                raise
            return self._codec.decode(value)

    def _learn(self) -> bool:
        """Learn the schemas others kept since we looked; whether there were any."""
        before = self._schemas_read
        while page := self._reader.page(self._schemas, self._schemas_read, PAGE):
            for record in page:
                number = dict(record.headers).get(NUMBER)
                # The schema of an event that a newer hub brought: this one meets it when it reads such an event.
                with suppress(SchemaMismatchError):
                    self._codec.learn(record.value.decode(), None if number is None else int(number))
                self._kept.add((record.key, None if number is None else int(number)))
            self._schemas_read = page[-1].offset
        return self._schemas_read > before

    def _keep_schemas(self, encoded: Sequence[bytes]) -> None:
        """A schema is durable before the first event that names it, with the registry's number if it has one."""
        prefixes = {value[:5] if value[:1] == CONFLUENT else value[:10] for value in encoded}
        found = [named for prefix in prefixes if (named := self._codec.named(prefix))]
        missing = [(s, number) for s, number in found if (s.sha256, number) not in self._kept]
        if missing:
            self._writer.write(
                Message(
                    self._schemas,
                    schema.sha256,
                    [] if number is None else [(NUMBER, b"%d" % number)],
                    schema.text.encode(),
                )
                for schema, number in missing
            )
            self._kept.update((schema.sha256, number) for schema, number in missing)

    def head(self) -> dict[Partition, int]:
        ends = self._reader.heads()
        return {p: ends[place] - 1 for p, place in self._places.items() if ends[place]}

    def close(self) -> None:
        self._writer.close()
        self._reader.close()


def _chosen(envelope: Envelope, partitions: Sequence[Partition]) -> Partition:
    named = envelope.partition
    return partitions[partition_of(envelope.key, len(partitions)) if named is None else named]


def _round(pair: tuple[Envelope, bytes]) -> tuple[str, bool, bool]:
    event = pair[0].event
    return event.TOPIC, event.BARRIER, event.CONCLUDES
