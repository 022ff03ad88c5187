"""A topic of another system's, read by position as the hub's own are: no group, nothing committed, nothing made."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from hub.errors import SourceUnavailableError
from hub.log import Partition
from hub.log.kafka.reader import Reader, reading
from hub.log.kafka.site import Site, connected, translated

PAGE = 500


class Message(NamedTuple):
    """One message: its place, the millisecond it was written, and its bytes."""

    offset: int
    written_ms: int
    key: bytes | None
    value: bytes | None


class ForeignTopic:
    """One topic; what transactions took back is not seen."""

    def __init__(self, site: Site, name: str) -> None:
        self._site, self.name = site, name
        self._places: list[TopicPartition] = []
        self._reader: Reader | None = None

    def bounds(self) -> dict[int, tuple[int, int]]:
        """Of each partition the first offset that is still there, and the one behind the last."""
        with translated(f"the topic {self.name} could not be read"):
            consumer = connected(KafkaConsumer, self._site, **reading())
            try:
                numbers = consumer.partitions_for_topic(self.name)
                if not numbers:
                    raise SourceUnavailableError(f"there is no topic {self.name} on its brokers")
                self._places = [TopicPartition(self.name, number) for number in sorted(numbers)]
                consumer.assign(self._places)
                first = consumer.beginning_offsets(self._places, timeout_ms=self._site.wait_ms)
                end = consumer.end_offsets(self._places, timeout_ms=self._site.wait_ms)
            finally:
                consumer.close(autocommit=False)
        return {place.partition: (first[place], end[place]) for place in self._places}

    def messages(self, partition: int, first: int, end: int) -> Iterator[Message]:
        """The messages from `first` up to, and without, `end`; IntegrityError if they are gone."""
        if self._reader is None:
            self._reader = Reader(self._site, self._places)
        place, after = TopicPartition(self.name, partition), first - 1
        while after + 1 < end:
            page = self._reader.page(place, after, min(PAGE, end - after - 1))
            for record in page:
                if record.offset >= end:
                    return
                yield _message(record)
            if not page:
                return
            after = page[-1].offset

    def place(self, partition: int) -> str:
        """How a partition is named to people."""
        return str(Partition(self.name, partition))

    def close(self) -> None:
        """Give back connections."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _message(record: Any) -> Message:
    return Message(record.offset, record.timestamp, record.key, record.value)
