"""The promises of the log's port, on every adapter."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.domain.events import DECISIONS, RECORDS, CaseMoved, DayClosed, RecordWithdrawn
from hub.errors import SchemaMismatchError
from hub.log import Envelope, derive_id
from hub.log.frame import frame, framer, leaf_hash
from hub.log.subscription import Subscription
from tests.conftest import settings_for


@pytest.fixture(params=[1, 4], ids=["sqlite", "sqlite-4-partitions"])
def hub(request, tmp_path):
    made = Hub(settings_for(tmp_path, request.param))
    yield made
    made.close()


def envelope(number: int, key: str = "k") -> Envelope:
    event = RecordWithdrawn(key, "health.child_record", number, 1)
    return Envelope(event, derive_id(key, number), key, "/test")


def read_all(log, topic=RECORDS):
    return [r.envelope for r in Subscription(log, (topic,), {}).take(10_000).events]


def test_events_of_one_key_come_back_in_order(hub):
    written = [envelope(n, key=f"k{n % 3}") for n in range(30)]
    hub.log.append(written)
    for key in ("k0", "k1", "k2"):
        assert [e for e in read_all(hub.log) if e.key == key] == [e for e in written if e.key == key]


def test_what_append_acknowledged_is_there_for_another_reader(hub, tmp_path):
    hub.log.append([envelope(n) for n in range(5)])
    other = Hub(hub.settings)
    assert [e.event.version for e in read_all(other.log)] == [0, 1, 2, 3, 4]
    other.close()


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


def test_a_barrier_is_read_once_after_everything_before_it(hub):
    before = [envelope(n, key=f"k{n}") for n in range(20)]
    after = [envelope(n, key=f"k{n}") for n in range(20, 40)]
    closed = Envelope(DayClosed(7), "day-7", "7", "/test")
    hub.log.append([*before, closed, *after])
    ids = [e.id for e in read_all(hub.log)]
    assert set(ids[:20]) == {e.id for e in before}
    assert ids[20] == "day-7"
    assert set(ids[21:]) == {e.id for e in after}


def test_events_cannot_be_changed_or_deleted(hub):
    hub.log.append([envelope(1)])
    db = sqlite3.connect(hub.data / "log" / "records.db")
    for statement in ("UPDATE event SET key = 'x'", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement)
    db.close()


def test_each_event_carries_the_leaf_hash_of_its_stored_frame(hub):
    hub.log.append([envelope(n, key=f"k{n}") for n in range(8)])
    db = sqlite3.connect(hub.data / "log" / "records.db")
    columns = "partition, offset, key, value, leaf, id, type, source, subject, time, jurisdiction, actor, correlationid, causationid, agreement, recordedtime"
    rows = db.execute(f"SELECT {columns} FROM event").fetchall()
    db.close()
    names = columns.split(", ")[5:]
    assert len(rows) == 8
    for partition, offset, key, value, leaf, *attributes in rows:
        headers = [(f"ce_{name}", text) for name, text in zip(names, attributes, strict=True)]
        assert leaf == leaf_hash(frame("records", partition, offset, key, headers, value))


def test_a_payload_that_does_not_fit_its_schema_is_refused(hub):
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
