"""The promises of the log's port, on every adapter: each name is one of them."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.domain.events import (
    ACTIONS,
    DECISIONS,
    RECORDS,
    TOPICS,
    CaseActionRequested,
    CaseMoved,
    DayClosed,
    RecordPublished,
    RecordWithdrawn,
)
from hub.errors import SchemaMismatchError
from hub.log import Envelope, Partition, derive_id
from hub.log.frame import frame, framer
from hub.log.subscription import Subscription
from tests.conftest import kafka_settings, settings_for

SQLITE = {"sqlite": 1, "sqlite-4-partitions": 4}


@pytest.fixture(params=[*SQLITE, pytest.param("kafka", marks=pytest.mark.kafka)])
def hub(request, tmp_path):
    if request.param == "kafka":
        settings = kafka_settings(tmp_path, request.getfixturevalue("broker"))
    else:
        settings = settings_for(tmp_path, SQLITE[request.param])
    made = Hub(settings)
    yield made
    made.close()


def envelope(number: int, key: str = "k") -> Envelope:
    event = RecordWithdrawn(key, "health.child_record", number, 1)
    return Envelope(event, derive_id(key, number), key, "/test")


def read_all(log, topic=RECORDS):
    return [r.envelope for r in Subscription(log, (topic,), {}).take(10_000).events]


def test_events_of_one_key_come_back_in_the_order_appended(hub):
    written = [envelope(n, key=f"k{n % 3}") for n in range(30)]
    hub.log.append(written)
    for key in ("k0", "k1", "k2"):
        assert [e for e in read_all(hub.log) if e.key == key] == [e for e in written if e.key == key]


def test_an_event_that_names_a_partition_goes_there_whatever_its_key(hub):
    partitions = hub.log.partitions(RECORDS)
    written = [envelope(n, key=f"k{n}")._replace(partition=partitions[-1].number) for n in range(9)]
    assert {position.partition for position in hub.log.append(written)} == {partitions[-1]}
    assert read_all(hub.log) == [e._replace(partition=None) for e in written]


def test_events_of_one_key_keep_their_order_across_appends_of_any_size(hub):
    sizes = [1, 700, 3, 1, 2_500, 1]
    written = [envelope(n) for n in range(sum(sizes))]
    start = 0
    for size in sizes:
        hub.log.append(written[start : start + size])
        start += size
    assert read_all(hub.log) == written


def test_what_append_acknowledged_is_there_for_another_reader(hub):
    hub.log.append([envelope(n) for n in range(5)])
    other = Hub(hub.settings)
    assert [e.event.version for e in read_all(other.log)] == [0, 1, 2, 3, 4]
    other.close()


def test_append_says_where_each_event_lies(hub):
    written = [envelope(n, key=f"k{n}") for n in range(40)]
    for position, sent in zip(hub.log.append(written), written, strict=True):
        found = hub.log.read(position.partition, position.offset - 1, 1)
        assert [(r.position, r.envelope) for r in found] == [(position, sent)]


def test_everything_of_an_envelope_comes_back(hub):
    event = RecordPublished("r1", "health.child_record", 3, 19_000, "关键 key", {"name": "林晓"})
    full = Envelope(
        event, "i1", "r1", "/health", "r1", 19_000, "990101000000", "clerk", "corr", "cause", "a-7"
    )  # fmt: skip
    bare = Envelope(event, "i2", "r1", "/health")
    hub.log.append([full, bare])
    assert read_all(hub.log) == [full, bare]


def test_an_id_appended_twice_reaches_a_handler_once(hub):
    batch = [envelope(n, key=f"k{n}") for n in range(10)]
    hub.log.append(batch)
    hub.log.append(batch)
    assert sorted(e.id for e in read_all(hub.log)) == sorted(e.id for e in batch)


def test_an_id_appended_twice_is_dropped_by_a_reader_that_starts_between(hub):
    batch = [envelope(n, key=f"k{n}") for n in range(10)]
    hub.log.append(batch)
    first = Subscription(hub.log, (RECORDS,), {}).take(100)
    hub.log.append(batch)
    assert Subscription(hub.log, (RECORDS,), first.checkpoint).take(100).events == []


def test_reading_twice_reads_the_same(hub):
    hub.log.append([envelope(n, key=f"k{n % 4}") for n in range(50)])
    assert read_all(hub.log) == read_all(hub.log)


def test_reading_in_pages_of_any_size_reads_the_same(hub):
    hub.log.append([envelope(n, key=f"k{n % 9}") for n in range(300)])
    for partition in hub.log.partitions(RECORDS):
        whole = hub.log.read(partition, -1, 1_000)
        for size in (1, 7, 100):
            read, after = [], -1
            while page := hub.log.read(partition, after, size):
                assert len(page) <= size
                read += page
                after = page[-1].position.offset
            assert read == whole


def test_two_readers_at_different_places_do_not_disturb_each_other(hub):
    hub.log.append([envelope(n, key=f"k{n % 9}") for n in range(300)])
    for partition in hub.log.partitions(RECORDS):
        whole = hub.log.read(partition, -1, 1_000)
        for ahead, behind in zip(whole, [None, *whole], strict=False):
            assert hub.log.read(partition, ahead.position.offset - 1, 1) == [ahead]
            if behind is not None:
                assert hub.log.read(partition, behind.position.offset - 1, 1) == [behind]


def test_an_empty_page_means_that_nothing_more_was_appended_before(hub):
    for number in range(20):
        (position,) = hub.log.append([envelope(number)])
        assert [r.position for r in hub.log.read(position.partition, position.offset - 1, 9)] == [position]
        assert hub.log.read(position.partition, position.offset, 9) == []


def test_head_names_the_last_event_of_each_partition_that_holds_any(hub):
    assert hub.log.head() == {}
    last = {p.partition: p.offset for p in hub.log.append([envelope(n, f"k{n}") for n in range(9)])}
    assert hub.log.head() == last


def test_partitions_are_numbered_from_zero_in_every_topic(hub):
    for topic in TOPICS:
        expected = [Partition(topic, n) for n in range(hub.settings.log.partitions)]
        assert list(hub.log.partitions(topic)) == expected


def test_a_key_lies_in_the_same_partition_on_every_adapter(hub):
    positions = hub.log.append([envelope(0, key) for key in ("a", "b", "c", "林", "k-17")])
    expected = {1: [0, 0, 0, 0, 0], 4: [3, 1, 3, 3, 0]}[hub.settings.log.partitions]
    assert [p.partition.number for p in positions] == expected


def test_a_barrier_is_read_once_after_everything_before_it(hub):
    before = [envelope(n, key=f"k{n}") for n in range(20)]
    after = [envelope(n, key=f"k{n}") for n in range(20, 40)]
    closed = Envelope(DayClosed(7), "day-7", "7", "/test")
    hub.log.append([*before, closed, *after])
    ids = [e.id for e in read_all(hub.log)]
    assert set(ids[:20]) == {e.id for e in before}
    assert ids[20] == "day-7"
    assert set(ids[21:]) == {e.id for e in after}


def test_each_topic_keeps_its_own_events(hub):
    moved = Envelope(CaseMoved("c", 1, "raised", None, "a", 1, None), "m", "c", "/test")
    asked = Envelope(CaseActionRequested("c", "accept", 1, "clerk", None, None), "q", "c", "/test")
    hub.log.append([moved, envelope(1), asked])
    assert [read_all(hub.log, topic) for topic in (RECORDS, DECISIONS, ACTIONS)] == [
        [envelope(1)], [moved], [asked],
    ]  # fmt: skip


def test_two_writers_lose_nothing_and_keep_the_order_of_each(hub):
    written = {key: [envelope(n, key) for n in range(200)] for key in ("one", "two")}

    def write(key):
        own = Hub(hub.settings)
        for start in range(0, 200, 10):
            own.log.append(written[key][start : start + 10])
        own.close()

    writers = [threading.Thread(target=write, args=(key,)) for key in written]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    read = read_all(hub.log)
    for key, expected in written.items():
        assert [e for e in read if e.key == key] == expected


def test_a_payload_that_does_not_fit_its_schema_is_refused_and_nothing_is_kept(hub):
    wrong = Envelope(CaseMoved("c", "not a number", "raised", None, "a", 1, None), "i", "c", "/test")
    with pytest.raises(SchemaMismatchError):
        hub.log.append([wrong])
    assert read_all(hub.log, DECISIONS) == []


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_frames_of_different_values_differ(a, b):
    one, two = (frame("t", 0, 1, "k", [], value) for value in (a, b))
    assert (one == two) == (a == b)


@given(st.text(max_size=60), st.lists(st.text(max_size=12), min_size=3, max_size=3), st.binary(max_size=30))
def test_the_fast_way_to_a_frame_gives_the_same_bytes(key, texts, value):
    names = ["ce_type", "ce_id", "ce_source"]
    expected = frame("t", 3, 12, key, zip(names, texts, strict=True), value)
    assert framer("t", names)(3, 12, key, texts, value) == expected
