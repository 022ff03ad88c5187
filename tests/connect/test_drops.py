"""Drops: what is new, what is read again, what waits, and what is no drop at all."""

import csv
import os
import sqlite3
from dataclasses import replace

import pytest

from hub.app import Hub
from hub.domain.days import day_of
from hub.domain.events import RECORDS, BatchReceived, DayClosed, RecordPublished, RecordQuarantined
from hub.errors import SettingsError, SourceUnavailableError
from hub.log.subscription import Subscription
from hub.projections.intake import Reading
from hub.settings import FeedSettings
from tests.conftest import settings_for
from tests.connect.samples import (
    CONTRACT,
    EMPLOYMENT,
    GOOD,
    HEADINGS,
    HOUSEHOLD,
    LIVES,
    RESIDENCE,
    WORKS,
    complaints,
    database,
    events,
    ingest,
    place_of,
    workbook,
    write,
)


@pytest.fixture(params=[1, 4], ids=["sqlite", "sqlite-4-partitions"])
def hub(tmp_path, request):
    made = Hub(settings_for(tmp_path / "hub", request.param))
    yield made
    made.close()


def again(hub: Hub) -> Hub:
    """The same hub in its next process."""
    hub.close()
    return Hub(hub.settings)


# --- refused and repaired -----------------------------------------------------------------


def test_a_refused_drop_is_told_once_and_read_when_it_is_repaired(hub, tmp_path):
    write(tmp_path / "in", [GOOD], encoding="utf-16")
    assert complaints(ingest(hub, tmp_path / "in")) == [(0, "", "wrong-encoding")]
    assert ingest(hub, tmp_path / "in") == []
    path = write(tmp_path / "in", [GOOD], encoding="utf-16")
    os.utime(path, (1, 1))
    assert ingest(hub, tmp_path / "in") == []
    write(tmp_path / "in", [GOOD])
    (receipt,) = ingest(hub, tmp_path / "in")
    assert (receipt.drop, receipt.accepted, receipt.rows) == ("2024-01-01.csv", 1, [])
    assert ingest(hub, tmp_path / "in") == []
    assert hub.intake.balance()[HOUSEHOLD] == {
        "batches": 2, "received": 2, "accepted": 1, "unchanged": 0, "quarantined": 1, "warnings": 0,
    }  # fmt: skip


def test_every_refusal_of_a_drop_is_an_event_of_its_own(hub, tmp_path):
    for lost in ("性别", "出生日期"):
        write(tmp_path / "in", [GOOD], [h for h in HEADINGS if h != lost])
        ingest(hub, tmp_path / "in")
    write(tmp_path / "in", [GOOD | {"性别": "X"}])
    ingest(hub, tmp_path / "in")
    refused = events(hub, RecordQuarantined)
    assert [(event.row, event.reasons[0]["field"]) for event in refused] == [
        (0, "sex"),
        (0, "birth_date"),
        (2, "sex"),
    ]
    assert len({event.batch_id for event in refused}) == 3


def test_a_drop_that_broke_off_may_say_other_things_when_it_is_repaired(hub, tmp_path):
    write(tmp_path / "in", [GOOD, GOOD | {"登记编号": "HR2"}])
    path = workbook(tmp_path / "in", [LIVES, ["JZ2", *LIVES[1:]]])
    whole = path.read_bytes()
    path.write_bytes(whole[:-200])
    assert complaints(ingest(hub, tmp_path / "in", RESIDENCE)) == [(0, "", "not-a-workbook")]
    workbook(tmp_path / "in", [LIVES, ["JZ2", *LIVES[1:2], "李娜", *LIVES[3:]]])
    (receipt,) = ingest(hub, tmp_path / "in", RESIDENCE)
    assert (receipt.accepted, receipt.quarantined) == (2, 0)


def test_what_was_refused_is_remembered_by_the_log_alone(hub, tmp_path):
    write(tmp_path / "in", [GOOD], encoding="utf-16")
    ingest(hub, tmp_path / "in")
    for kept in hub.data.glob("intake.db*"):
        kept.unlink()
    assert ingest(hub, tmp_path / "in") == []
    (batch,) = events(hub, BatchReceived)
    reading = Reading.of(batch.cursor)
    assert (reading.drop, reading.attempt, reading.reached) == ("2024-01-01.csv", 1, "!")
    assert reading.cursor == batch.cursor


def test_a_dated_drop_that_was_read_is_corrected_by_a_later_one_only(hub, tmp_path):
    write(tmp_path / "in", [GOOD])
    ingest(hub, tmp_path / "in")
    write(tmp_path / "in", [GOOD | {"姓名": "李娜"}])
    assert ingest(hub, tmp_path / "in") == []


def test_an_older_drop_that_comes_late_does_not_undo_a_newer_one(hub, tmp_path):
    write(tmp_path / "in", [GOOD], name="2024-01-05.csv")
    ingest(hub, tmp_path / "in")
    write(
        tmp_path / "in",
        [GOOD | {"姓名": "李娜"}, GOOD | {"登记编号": "HR2"}, GOOD],
        name="2024-01-02.csv",
    )
    (receipt,) = ingest(hub, tmp_path / "in")
    assert (receipt.accepted, receipt.unchanged, receipt.quarantined) == (1, 0, 2)
    write(tmp_path / "in", [GOOD | {"姓名": "李四"}], name="2024-01-03.csv")
    (receipt,) = ingest(hub, tmp_path / "in")
    assert complaints([receipt]) == [(2, "entry_no", "superseded")]
    assert [event.version for event in events(hub, RecordPublished)] == [1, 1]


def test_the_names_of_files_stand_in_no_attribute(hub, tmp_path):
    write(tmp_path / "in", [GOOD, GOOD | {"登记编号": ""}], name="2024-01-01 王伟.csv")
    assert ingest(hub, tmp_path / "in")[0].drop == "2024-01-01 王伟.csv"
    for recorded in Subscription(hub.log, (RECORDS,), {}).take(100).events:
        assert "王伟" not in " ".join(map(str, recorded.envelope[1:]))


# --- locked -------------------------------------------------------------------------------


def test_a_locked_database_is_tried_later_and_nothing_is_marked_as_read(hub, tmp_path):
    path = database(tmp_path / "in", [WORKS])
    database(tmp_path / "in", [WORKS | {"started_on": "2024-01-02"}], "2024-02-01.sqlite")
    write(tmp_path / "in", [GOOD])
    write(tmp_path / "in", [GOOD | {"登记编号": "HR2"}], name="2024-01-02.csv")
    told = []
    with sqlite3.connect(path) as owner:
        owner.execute("BEGIN EXCLUSIVE")
        with hub.ingest() as work, pytest.raises(SourceUnavailableError, match="locked"):
            work.run(hub.connectors(tmp_path / "in", ()), told.append, close_days=True)
    owner.close()
    # The day's other feeds are read; the day stays open, and no later one is begun.
    assert [(receipt.feed, receipt.drop) for receipt in told] == [(HOUSEHOLD, "2024-01-01.csv")]
    assert events(hub, DayClosed) == []
    told = ingest(hub, tmp_path / "in", EMPLOYMENT, HOUSEHOLD, close_days=True)
    assert [receipt.drop for receipt in told] == ["2024-01-01.sqlite", "2024-01-02.csv", "2024-02-01.sqlite"]
    assert [receipt.accepted for receipt in told] == [1, 1, 1]
    assert [event.day for event in events(hub, DayClosed)] == list(
        range(day_of("2024-01-01"), day_of("2024-02-01") + 1)
    )


# --- no drops at all ----------------------------------------------------------------------


def test_strays_are_told_and_are_no_events(hub, tmp_path):
    folder = write(tmp_path / "in", [GOOD]).parent
    for name in ("notes.csv", "2024-01-02.xls", "2024-13-01.csv", "2024-01-011.csv"):
        (folder / name).write_text("x")
    for name in (".2024-01-03.csv.part", "~$2024-01-02.xlsx", "Thumbs.db"):
        (folder / name).write_text("x")
    receipts = ingest(hub, tmp_path / "in")
    strays = {r.drop: r.rows[0]["message"] for r in receipts if r.reasons == {"stray-file": 1}}
    assert set(strays) == {"notes.csv", "2024-01-02.xls", "2024-13-01.csv", "2024-01-011.csv"}
    assert strays["2024-01-02.xls"] == "not a file ending in .csv"
    assert strays["notes.csv"] == "its name does not begin with a day, as in 2024-01-31"
    assert not any(receipt.clean for receipt in receipts if receipt.drop in strays)
    assert [event.drop for event in events(hub, BatchReceived)] == ["2024-01-01.csv"]
    assert len(ingest(hub, tmp_path / "in")) == 4


def test_a_name_far_in_the_future_does_not_close_the_days_before_it(hub, tmp_path):
    write(tmp_path / "in", [GOOD])
    write(tmp_path / "in", [GOOD | {"登记编号": "HR2"}], name="2204-01-02.csv")
    today = day_of("2024-01-03")
    receipts = ingest(hub, tmp_path / "in", close_days=True, today=today)
    assert [(r.drop, r.reasons) for r in receipts if not r.clean] == [("2204-01-02.csv", {"day-ahead": 1})]
    assert [event.day for event in events(hub, DayClosed)] == [day_of("2024-01-01")]


def test_endings_in_capitals_and_packed_files_are_drops(hub, tmp_path):
    write(tmp_path / "in", [GOOD], name="2024-01-01.CSV")
    assert [receipt.accepted for receipt in ingest(hub, tmp_path / "in")] == [1]


# --- one file that is kept up to date -----------------------------------------------------


def test_a_single_file_is_read_again_whenever_it_has_changed(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    feed = FeedSettings(contract=str(tmp_path / "members.yaml"), path=str(tmp_path / "members.csv"))
    settings = replace(settings_for(tmp_path / "hub"), feeds={"town.members": feed})
    hub, counts = Hub(settings), []
    for rows in (["1,Anna", "2,Jon"], ["1,Anna", "2,Jon"], ["2,John", "1,Anna"], ["2,John"]):
        with (tmp_path / "members.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([("id", "given_name"), *(row.split(",") for row in rows)])
        receipts = ingest(hub, None, "town.members")
        counts.append([(r.accepted, r.unchanged, r.quarantined) for r in receipts])
        hub = again(hub)
    assert counts == [[(2, 0, 0)], [], [(1, 1, 0)], [(0, 1, 0)]]
    assert [event.version for event in events(hub, RecordPublished)] == [1, 1, 2]
    hub.close()


def test_a_feed_that_has_delivered_nothing_yet_is_no_mistake_but_a_folder_without_any_feed_is(hub, tmp_path):
    with pytest.raises(SettingsError, match=r"holds no drops: they lie in .*business_registration"):
        ingest(hub, tmp_path)
    place_of(tmp_path, HOUSEHOLD, "x")
    assert ingest(hub, tmp_path) == []
    with pytest.raises(SettingsError, match="--source"):
        ingest(hub, None)
