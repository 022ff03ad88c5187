"""What reading and appending through the port cost on a real broker, against the bare client in the same run.

Run by hand: `python tests/bench/kafka_log.py --events 100000`. Rates are events
per second of this process's CPU time, all its threads together.
"""

import argparse
import tempfile
import time
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from deploy.kafka.broker import Broker
from hub.app import Hub
from hub.collector import tune_collector
from hub.domain.events import RECORDS, RecordPublished
from hub.log import Envelope, derive_id
from hub.log.cloudevents import headers_of, now
from hub.log.kafka.reader import FETCH_BYTES_MAX
from hub.settings import HubSettings, LogSettings, Settings

PAGE = 2_000
FEED = "health.birth_certificate"


def envelopes(count: int) -> list[Envelope]:
    made = []
    for n in range(count):
        key = f"{n:032x}"
        fields = {"mother_name": f"林晓{n}", "born_on": 19_000 + n % 300, "hospital": "county hospital no. 1"}
        event = RecordPublished(key, FEED, 1, 19_500, f"C-{n:09d}", fields)
        made.append(Envelope(event, derive_id(key, 1), key, "/health/birth_certificate", key, 19_000,
                             "990101001001", correlation_id="b" * 32))  # fmt: skip
    return made


def rate(count: int, started: float) -> float:
    """By this process's own CPU time, so that neighbours and the broker do not blur the ratio."""
    return count / (time.process_time() - started)


def bare_read(address: str, topic: str, partitions: int, decode) -> tuple[int, float]:
    consumer = KafkaConsumer(
        bootstrap_servers=address, group_id=None, enable_auto_commit=False, auto_offset_reset="none",
        max_partition_fetch_bytes=FETCH_BYTES_MAX, metrics_enabled=False,
    )  # fmt: skip
    places = [TopicPartition(topic, n) for n in range(partitions)]
    consumer.assign(places)
    for place in places:
        consumer.seek(place, 0)
    wanted = sum(consumer.end_offsets(places).values())
    count, started = 0, time.process_time()
    while count < wanted:
        for records in consumer.poll(1_000, PAGE).values():
            for record in records:
                decode(record.value)
            count += len(records)
    found = rate(count, started)
    consumer.close()
    return count, found


def bare_write(address: str, topic: str, messages: list[tuple[bytes, bytes, list]]) -> float:
    producer = KafkaProducer(
        bootstrap_servers=address, acks="all", enable_idempotence=True, batch_size=1 << 20, linger_ms=5,
        metrics_enabled=False,
    )  # fmt: skip
    started = time.process_time()
    for key, value, headers in messages:
        producer.send(topic, value, key, headers, 0)
    producer.flush()
    found = rate(len(messages), started)
    producer.close()
    return found


def port_read(log) -> tuple[int, float]:
    count, started = 0, time.process_time()
    for partition in log.partitions(RECORDS):
        after = -1
        while page := log.read(partition, after, PAGE):
            count += len(page)
            after = page[-1].position.offset
    return count, rate(count, started)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--partitions", type=int, default=4)
    chosen = parser.parse_args()
    tune_collector()  # as the runner does
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        broker = Broker(folder / "kafka").start()
        url = f"kafka://{broker.address}/bench"
        log = LogSettings(url=url, partitions=chosen.partitions, accept_single_copy=True)
        hub = Hub(Settings(hub=HubSettings(data=str(folder / "data")), log=log))
        try:
            codec = hub.log._codec
            sent = envelopes(chosen.events)
            started = time.process_time()
            for start in range(0, len(sent), PAGE):
                hub.log.append(sent[start : start + PAGE])
            append = rate(len(sent), started)
            messages = [(e.key.encode(), codec.encode(e.event), headers_of(e, now())) for e in sent]
            bare = bare_write(broker.address, "bench.actions", messages)
            print(
                f"bare produce {bare:,.0f}/s, append in batches of {PAGE} {append:,.0f}/s, {append / bare:.2f}"
            )
            for _ in range(3):
                for name, decode in (("count", lambda value: None), ("decode+count", codec.decode)):
                    count, bare = bare_read(broker.address, "bench.records", chosen.partitions, decode)
                    read, port = port_read(hub.log)
                    assert count == read == len(sent)
                    print(f"bare consume+{name} {bare:,.0f}/s, read {port:,.0f}/s, {port / bare:.2f}")
        finally:
            hub.close()
            broker.stop()


if __name__ == "__main__":
    main()
