"""What the Kafka log promises beyond the port: it refuses what could lose events, and says why."""

import json
import threading
import time

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource

from hub.app import Hub
from hub.domain.events import DECISIONS, RECORDS, CaseMoved, DayClosed
from hub.errors import IntegrityError, LogUnavailableError, SettingsError
from hub.log import Envelope, Partition
from hub.log.frame import frame, leaf_hash
from hub.log.kafka.topics import MESSAGE_BYTES_MAX, Topic, faults
from hub.log.subscription import Subscription
from hub.settings import LogSettings, load
from tests.conftest import kafka_settings
from tests.contract.test_log import envelope, read_all
from tests.test_repository import ROOT

pytestmark = pytest.mark.kafka

SAFE = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "max.message.bytes": str(MESSAGE_BYTES_MAX),
    "unclean.leader.election.enable": "false",
    "min.insync.replicas": "2",
    "flush.messages": "9223372036854775807",
}
UNSAFE = {
    "retention.ms": ("604800000", "brokers would delete old events"),
    "retention.bytes": ("1000000000", "brokers would delete old events"),
    "cleanup.policy": ("compact", "compaction would drop all but the last event"),
    "unclean.leader.election.enable": ("true", "acknowledged events vanish"),
    "max.message.bytes": ("1000000", "would not fit"),
    "flush.messages": ("1000", "a power cut loses"),
}


@pytest.fixture
def settings(broker, tmp_path):
    return kafka_settings(tmp_path, broker)


@pytest.fixture
def admin(broker):
    made = KafkaAdminClient(bootstrap_servers=broker.address)
    yield made
    made.close()


def topic_of(settings, name=RECORDS):
    return f"{settings.log.url.rsplit('/', 1)[1]}.{name}"


def alter(admin, topic, **config):
    admin.alter_configs([ConfigResource("TOPIC", topic, config)])


@pytest.mark.parametrize("name", UNSAFE)
def test_a_topic_that_may_lose_events_is_refused_at_the_start(settings, admin, name):
    Hub(settings).close()
    value, why = UNSAFE[name]
    alter(admin, topic_of(settings), **{name: value})
    with pytest.raises(SettingsError) as refused:
        Hub(settings)
    message = str(refused.value)
    assert f"{name} is {value}" in message and why in message and "set" in message


def test_another_partition_count_is_refused_with_the_one_to_set(settings, broker, tmp_path):
    Hub(settings).close()
    other = kafka_settings(tmp_path, broker, partitions=3, url=settings.log.url)
    with pytest.raises(SettingsError, match=r"set log\.partitions = 4"):
        Hub(other)


def test_one_copy_is_refused_unless_the_site_accepts_it(settings, broker, tmp_path):
    Hub(settings).close()
    strict = kafka_settings(tmp_path, broker, url=settings.log.url, accept_single_copy=False)
    with pytest.raises(SettingsError, match=r"one lost disk loses acknowledged events.*accept_single_copy"):
        Hub(strict)


def test_three_copies_cannot_be_made_on_one_broker(broker, tmp_path):
    with pytest.raises(SettingsError, match=r"fewer brokers than log\.replication"):
        Hub(kafka_settings(tmp_path, broker, accept_single_copy=False))


def test_less_than_three_copies_is_not_a_setting(broker, tmp_path):
    with pytest.raises(SettingsError, match=r"log\.replication: at least 3"):
        Hub(kafka_settings(tmp_path, broker, accept_single_copy=False, replication=2))


@pytest.mark.parametrize(
    ("replicas", "isr", "accepted", "expected"),
    [
        (3, 2, False, 0), (3, 1, False, 1), (2, 2, False, 1), (1, 1, False, 1),
        (3, 2, True, 0), (1, 1, True, 1), (3, 4, False, 1), (5, 3, False, 0),
    ],
)  # fmt: skip
def test_copies_and_acknowledgements_are_judged_together(replicas, isr, accepted, expected):
    topic = Topic("t", 4, replicas, SAFE | {"min.insync.replicas": str(isr)})
    assert len(list(faults(topic, 4, accepted))) == expected


def test_a_topic_as_the_adapter_creates_it_is_flushed_before_it_is_acknowledged(settings, admin):
    Hub(settings).close()
    described = admin.describe_configs([ConfigResource("TOPIC", topic_of(settings))], config_filter="all")
    found = described["topic"][topic_of(settings)]
    expected = SAFE | {"min.insync.replicas": "1", "flush.messages": "1"}
    assert {name: str(found[name]["value"]) for name in expected} == expected


def test_a_log_shorter_than_what_was_read_stops_the_reader(settings, admin):
    hub = Hub(settings)
    hub.log.append([envelope(n) for n in range(10)])
    place, head = next(iter(hub.log.head().items()))
    hub.close()
    admin.delete_topics([topic_of(settings)])
    remade = Hub(settings)
    with pytest.raises(IntegrityError, match="ends at -1 on the broker, and events up to 9 were read"):
        Subscription(remade.log, (RECORDS,), {place: head}).take(10)
    remade.log.append([envelope(0)])
    with pytest.raises(IntegrityError, match="ends at 0 on the broker"):
        remade.log.read(place, head, 100)
    remade.close()


def test_a_log_without_its_first_events_stops_a_reader_who_needs_them(settings, admin):
    hub = Hub(settings)
    hub.log.append([envelope(n) for n in range(10)])
    ((place, head),) = hub.log.head().items()
    alter(admin, topic_of(settings), **{"cleanup.policy": "delete"})
    admin.delete_records({TopicPartition(topic_of(settings), place.number): 5})
    assert [r.position.offset for r in hub.log.read(place, 4, 100)] == [5, 6, 7, 8, 9]
    assert hub.log.read(place, head, 100) == []
    for after in (-1, 3):
        with pytest.raises(IntegrityError, match="no longer holds"):
            hub.log.read(place, after, 100)
    hub.close()


def test_no_broker_is_try_later_and_takes_no_longer_than_was_set(tmp_path):
    class Nowhere:
        address = "127.0.0.1:9"

    threads = threading.active_count()
    started = time.monotonic()
    with pytest.raises(LogUnavailableError):
        Hub(kafka_settings(tmp_path, Nowhere(), wait_seconds=3))
    assert time.monotonic() - started < 6
    assert threading.active_count() <= threads


def test_an_address_that_is_none_is_refused(broker, tmp_path):
    for url in ("kafka:///x", "kafka://h:1/a/b", "kafka://h:1/ä", "redis://h:1"):
        with pytest.raises(SettingsError, match=r"log\.url"):
            Hub(kafka_settings(tmp_path, broker, url=url))


def test_the_example_settings_are_the_defaults(tmp_path):
    example = load(ROOT / "deploy/hub.example.toml", {})
    (tmp_path / "hub.toml").write_text("")
    assert example.log == load(tmp_path / "hub.toml", {}).log == LogSettings()


def test_the_environment_can_name_brokers_and_the_waiver(tmp_path):
    environ = {"HUB__LOG__URL": "kafka://b:9092/county", "HUB__LOG__ACCEPT_SINGLE_COPY": "true"}
    (tmp_path / "hub.toml").write_text("[log]\npartitions = 8\n")
    log = load(tmp_path / "hub.toml", environ).log
    assert (log.url, log.accept_single_copy, log.partitions) == ("kafka://b:9092/county", True, 8)
    with pytest.raises(SettingsError, match=r"log\.accept_single_copy: expected bool"):
        load(tmp_path / "hub.toml", environ | {"HUB__LOG__ACCEPT_SINGLE_COPY": "perhaps"})


def test_an_event_travels_as_a_cloudevent_in_binary_mode(settings, broker):
    hub = Hub(settings)
    hub.log.append([envelope(7, "k")])
    consumer = KafkaConsumer(
        topic_of(settings), bootstrap_servers=broker.address, auto_offset_reset="earliest", consumer_timeout_ms=9_000
    )  # fmt: skip
    record = next(iter(consumer))
    consumer.close()
    headers = {name: value.decode() for name, value in record.headers}
    recorded = headers.pop("ce_recordedtime")
    assert headers == {
        "ce_specversion": "1.0", "content-type": "application/avro", "ce_id": envelope(7, "k").id,
        "ce_type": "county.hub.RecordWithdrawn", "ce_source": "/test",
    }  # fmt: skip
    assert record.key == b"k" and record.value[:2] == b"\xc3\x01" and recorded.endswith("Z")
    hub.close()


def test_the_stored_frame_gives_the_same_leaf_to_every_reader(settings):
    hub = Hub(settings)
    hub.log.append([envelope(n) for n in range(20)])
    place = next(iter(hub.log.head()))
    other = Hub(settings)
    leaves = [(offset, leaf_hash(framed)) for offset, framed in hub.log.frames(place, -1, 100)]
    assert leaves == [(offset, leaf_hash(framed)) for offset, framed in other.log.frames(place, -1, 100)]
    assert [offset for offset, _ in leaves] == list(range(20))
    assert len({leaf for _, leaf in leaves}) == 20
    (record, *_) = hub.log._reader.page(hub.log._places[place], -1, 1)
    headers = [(name, value.decode()) for name, value in record.headers]
    assert leaves[0][1] == leaf_hash(frame(RECORDS, place.number, 0, "k", headers, record.value))
    for log in (hub, other):
        log.close()


def test_the_log_explains_itself_to_a_hub_that_lacks_a_schema(settings):
    hub, late = Hub(settings), Hub(settings)
    moved = Envelope(CaseMoved("c", 1, "raised", None, "a", 1, None), "m", "c", "/test")
    for codec in (late.codec,):
        codec._by_fingerprint.clear()
    hub.log.append([moved, envelope(1)])
    assert read_all(late.log, DECISIONS) == [moved]
    assert read_all(late.log, RECORDS) == [envelope(1)]
    for log in (hub, late):
        log.close()


def test_a_barrier_is_written_only_when_all_before_it_is_durable(settings):
    hub = Hub(settings)
    positions = hub.log.append(
        [envelope(1, "a"), Envelope(DayClosed(3), "d3", "3", "/test"), envelope(2, "a")]
    )
    lengths = {p: offset + 1 for p, offset in hub.log.head().items()}
    assert [p.partition for p in positions[1:5]] == [Partition(RECORDS, n) for n in range(4)]
    assert sum(lengths.values()) == 6
    hub.close()


def test_a_payload_at_the_limit_is_taken_and_read(settings):
    hub = Hub(settings)
    note = json.dumps(["x" * 900_000])
    moved = Envelope(CaseMoved("c", 1, "raised", None, note, 1, None), "m", "c", "/test")
    hub.log.append([moved, moved._replace(id="n"), moved._replace(id="o")])
    assert [e.id for e in read_all(hub.log, DECISIONS)] == ["m", "n", "o"]
    hub.close()
