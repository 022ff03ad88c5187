"""What only a measurement does to brokers: the bare client's loop, and removing the topics it made."""

import time
from collections.abc import Callable

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from hub.domain.events import RECORDS
from hub.log.kafka.reader import FETCH_BYTES_MAX
from hub.log.kafka.site import Site, connected, translated

PAGE = 2_000
POLL_MS = 1_000


def read_bare(site: Site, decode: Callable[[bytes], object]) -> int:
    """Consume and decode every record with nothing of the hub around the client; how many there were."""
    with translated("the bare loop could not read"):
        consumer = connected(
            KafkaConsumer, site, group_id=None, enable_auto_commit=False, auto_offset_reset="none",
            max_partition_fetch_bytes=FETCH_BYTES_MAX, metrics_enabled=False,
        )  # fmt: skip
        try:
            places = [TopicPartition(site.topic(RECORDS), n) for n in range(site.partitions)]
            consumer.assign(places)
            for place in places:
                consumer.seek(place, 0)
            ends, count = consumer.end_offsets(places), 0
            deadline = time.monotonic() + site.wait_seconds
            while any(consumer.position(place) < ends[place] for place in places):
                for messages in consumer.poll(POLL_MS, PAGE).values():
                    for message in messages:
                        decode(message.value)
                    count += len(messages)
                    deadline = time.monotonic() + site.wait_seconds
                if time.monotonic() > deadline:
                    raise TimeoutError("the brokers gave nothing more")
            return count
        finally:
            consumer.close()


def remove_topics(site: Site) -> None:
    """Remove every topic under this prefix with all it holds."""
    with translated("the topics could not be removed"):
        admin = connected(KafkaAdminClient, site)
        try:
            admin.delete_topics([name for name in admin.list_topics() if name.startswith(site.topic(""))])
        finally:
            admin.close()
