"""Tables of a real MariaDB as a department has one: days that do not exist, large numbers, a busy owner."""

import os
import subprocess
import sys
from contextlib import closing

import pytest

from hub.connect.sources import sql
from hub.domain.days import iso
from hub.domain.events import RecordPublished, RecordQuarantined
from hub.errors import SourceUnavailableError
from tests.connect.samples import complaints, events, ingest
from tests.connect.test_sources import hub_of, take
from tests.databases import new_mariadb

TABLE = """CREATE TABLE members (
    id bigint unsigned, given_name varchar(40), surname varchar(40), dob date,
    changed_at datetime, stamped timestamp NULL DEFAULT NULL, seq bigint
)"""
LARGE = 2**64 - 1


@pytest.fixture
def table(mariadb, tmp_path):
    """The department's own connection to its table; a hub may read it by the address in `url`."""
    db, url = new_mariadb(mariadb)
    (tmp_path / "url").write_text(url)
    run(db, TABLE)
    yield db
    db.close()


def run(db, statement, *values):
    with db.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def add(
    db, key, given="伟", surname="王", dob="1990-01-02", changed="2024-01-01 08:00:00", seq=1, stamped=None
):
    run(db, "DELETE FROM members WHERE id = %s", key)
    run(db, "INSERT INTO members VALUES (%s, %s, %s, %s, %s, %s, %s)", key, given, surname, dob, changed, stamped, seq)  # fmt: skip


def hub_at(folder, said=""):
    return hub_of(folder, f'url_file = "url"\ntable = "members"\n{said}')


def test_what_a_lax_server_holds_is_read_as_it_stands_and_what_is_no_day_is_set_aside(tmp_path, table):
    add(table, LARGE, given="𠮷👶")
    add(table, 2, dob="0000-00-00")
    run(table, "SET sql_mode = 'ALLOW_INVALID_DATES'")
    add(table, 3, dob="2023-02-30")
    with closing(hub_at(tmp_path)) as hub:
        receipts = ingest(hub, None, "town.members")
        assert complaints(receipts) == [(1, "born", "impossible-date"), (2, "born", "impossible-date")]
        (event,) = events(hub, RecordPublished)
        assert (event.source_key, event.fields["given_name"]) == (str(LARGE), "𠮷👶")
        assert ['"dob":"0000-00-00"' in e.content for e in events(hub, RecordQuarantined)] == [True, False]


def test_only_the_days_are_read_on_which_something_changed_and_a_day_that_is_none_hides_no_row(
    tmp_path, table
):
    add(table, 1)
    add(table, 2, changed="2024-01-02 23:59:59")
    add(table, 3, changed="0000-00-00")
    add(table, 4, changed=None)
    with closing(hub_at(tmp_path, 'cursor = "changed_at"\nday = "2023-01-01"')) as hub:
        assert take(hub) == [(1, 0, 0)] * 4
        assert take(hub) == []
        add(table, 3, changed="0000-00-00", surname="李")
        add(table, 5, changed="0000-00-00")
        assert take(hub) == [(2, 0, 0)]
        said = {(e.source_key, e.version): iso(e.published_on) for e in events(hub, RecordPublished)}
        assert said["2", 1] == "2024-01-02" and said["3", 1] == said["5", 1] == "2023-01-01"


def test_numbers_below_zero_lie_in_a_range_too(tmp_path, table):
    for key, seq in enumerate((-100_001, -100_000, -1, 0, 5, 99_999, 100_000)):
        add(table, key, seq=seq)
    with closing(hub_at(tmp_path, 'cursor = "seq"')) as hub:
        assert sorted(take(hub)) == [(1, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0)]
        assert take(hub) == []


def test_a_key_beyond_63_bits_may_be_the_change_column(tmp_path, table):
    for key in (1, 2, LARGE):
        add(table, key)
    with closing(hub_at(tmp_path, 'cursor = "id"')) as hub:
        assert take(hub) == [(2, 0, 0), (1, 0, 0)]
        assert take(hub) == []


def test_the_owner_goes_on_writing_and_altering_while_the_table_is_read(tmp_path, table):
    for key in range(50):
        add(table, key)
    with closing(hub_at(tmp_path)) as hub:
        (connector,) = hub.connectors(None, ["town.members"])
        (drop,) = connector.drops()
        _, rows = connector.read(drop)
        assert next(rows).kept["surname"] == "王"
        run(table, "SET lock_wait_timeout = 2, innodb_lock_wait_timeout = 2")
        run(table, "UPDATE members SET surname = 'X'")
        # What is read is one state of the table, that of when the reading began.
        assert {row.kept["surname"] for row in rows} == {"王"}


def test_days_are_those_of_the_servers_clock_wherever_the_hub_runs(tmp_path, table):
    add(table, 1, stamped="2024-01-01 23:30:00")
    code = "from hub.cli import main; main()"
    with closing(hub_at(tmp_path, 'cursor = "stamped"')):
        for zone in ("Asia/Shanghai", "America/New_York", "UTC"):
            done = subprocess.run(
                [sys.executable, "-c", code, "feeds", "discover", "--json"],
                cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"TZ": zone},
            )  # fmt: skip
            assert '"members@2024-01-01"' in done.stdout, done.stderr


def test_a_large_table_is_never_held_whole(tmp_path, table):
    run(
        table,
        "INSERT INTO members SELECT seq, REPEAT('x', 40), REPEAT('y', 40), '1990-01-02', NULL, NULL, seq FROM seq_1_to_60000",
    )
    tracked = """
import resource, sys
from pathlib import Path
from hub.app import Hub
from hub.settings import load
hub = Hub(load(Path("hub.toml"), {}))
(connector,) = hub.connectors(None, ["town.members"])
(drop,) = connector.drops()
_, rows = connector.read(drop)
next(rows)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = 1 + sum(1 for _ in rows)
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
hub.close()
"""
    with closing(hub_at(tmp_path)):
        done = subprocess.run([sys.executable, "-c", tracked], cwd=tmp_path, capture_output=True, text=True)
        rows, kibibytes = map(int, done.stdout.split())
        assert rows == 60_000 and kibibytes < 16_000, done.stderr


def test_a_server_that_is_away_is_tried_later_and_one_that_will_not_is_no_reason_to_wait(
    tmp_path, table, mariadb
):
    add(table, 1)
    (tmp_path / "url").write_text("mysql://hub@127.0.0.1:9/x")
    with closing(hub_at(tmp_path)) as hub, pytest.raises(SourceUnavailableError, match="does not answer"):
        ingest(hub, None, "town.members")
    (tmp_path / "url").write_text(f"mysql://nobody@127.0.0.1:{mariadb.port}/x")
    with closing(hub_at(tmp_path)) as hub:
        assert complaints(ingest(hub, None, "town.members")) == [(0, "", "source-unreadable")]


def test_a_lock_that_its_owner_holds_keeps_nobody_from_reading(tmp_path, table):
    add(table, 1)
    table.begin()
    run(table, "SELECT * FROM members FOR UPDATE")
    with closing(hub_at(tmp_path)) as hub:
        assert take(hub) == [(1, 0, 0)]
    table.rollback()


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql"])
def test_an_address_needs_no_drivers_name(scheme):
    engine = sql.engine_of(f"{scheme}://hub@127.0.0.1:9/x")
    assert engine.driver == "pymysql" and engine.dialect.name in sql.DRIVERS
