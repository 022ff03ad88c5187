"""Which partition a record goes to: records of one birth date meet, and a record stays where it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.connect.partitioning import home_of
from hub.domain.events import RECORDS, RecordPublished
from tests.conftest import KEY, settings_for
from tests.connect.samples import GOOD, events, ingest, write

NUMBER = "990101199001011237"


@pytest.fixture
def hub(tmp_path):
    made = Hub(settings_for(tmp_path / "hub", 4))
    yield made
    made.close()


def homes(hub) -> dict[str, set[int]]:
    """By record, the partitions its versions lie in."""
    found: dict[str, set[int]] = {}
    for partition in hub.log.partitions(RECORDS):
        for recorded in hub.log.read(partition, -1, 1_000):
            if isinstance(event := recorded.envelope.event, RecordPublished):
                found.setdefault(event.record_id, set()).add(partition.number)
    return found


@given(st.text(max_size=12), st.text(max_size=12), st.integers(1, 64))
def test_records_of_one_birth_date_meet(one, other, partitions):
    stated = {"birth_date": "1990-01-01", "name": "张三"}
    found = {
        home_of(KEY, one, stated, partitions),
        home_of(KEY, other, stated | {"name": "李四"}, partitions),
    }
    assert len(found) == 1
    assert found <= set(range(partitions))


def test_a_number_says_the_birth_date_where_nothing_else_does():
    by_number = [home_of(KEY, record, {"number": NUMBER}, 64) for record in ("a", "b")]
    assert by_number == [home_of(KEY, "c", {"birth_date": "1990-01-01"}, 64)] * 2


def test_records_without_either_are_spread_and_another_key_spreads_dates_otherwise():
    assert len({home_of(KEY, f"r{n}", {}, 64) for n in range(500)}) > 50
    dates = [{"birth_date": f"1990-01-{day:02}"} for day in range(1, 29)]
    assert [home_of(KEY, "r", d, 64) for d in dates] != [home_of(KEY[::-1], "r", d, 64) for d in dates]


def test_a_record_stays_where_its_first_version_went(hub, tmp_path):
    rows = [GOOD | {"登记编号": f"HR{n}"} for n in range(20)]
    write(tmp_path / "in", rows)
    ingest(hub, tmp_path / "in")
    (tmp_path / "hub/data/intake.db").unlink()
    later = [row | {"出生日期": f"199001{n + 3:02}", "公民身份号码": ""} for n, row in enumerate(rows)]
    write(tmp_path / "in", later, name="2024-01-02.csv")
    ingest(hub, tmp_path / "in")
    assert len(events(hub, RecordPublished)) == 40
    found = homes(hub)
    assert len(found) == 20
    assert all(len(partitions) == 1 for partitions in found.values())
    assert len(set.union(*found.values())) == 1
