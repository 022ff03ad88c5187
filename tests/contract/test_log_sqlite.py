"""What the SQLite log promises beyond the port."""

import sqlite3

import pytest

from hub.app import Hub
from hub.log.frame import frame, leaf_hash
from tests.conftest import settings_for
from tests.contract.test_log import envelope


@pytest.fixture(params=[1, 4], ids=["sqlite", "sqlite-4-partitions"])
def hub(request, tmp_path):
    made = Hub(settings_for(tmp_path, request.param))
    yield made
    made.close()


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
