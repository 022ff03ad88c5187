"""Events that rules fail on: set aside alone, named, passed over by every replay (F09, F10)."""

import random
import shutil

import pytest

from hub.app import Hub
from hub.audit import replay
from hub.domain.disclosures import Reader
from hub.domain.events import (
    DECISIONS,
    RECORDS,
    DayClosed,
    EventSetAside,
    RecordPublished,
    RecordSetAside,
    RecordWithdrawn,
)
from hub.errors import UndecidedError
from hub.log import Envelope, derive_id
from hub.log.subscription import Subscription
from hub.processing import poison, reconciliation
from hub.projections.databases import open_sqlite
from hub.queries import Queries
from tests.conftest import settings_of

FEED = "health.child_record"
FAR = 2**31 - 1
"""A day that no calendar holds: the schema allows it, the rules do not expect it."""
VARIANTS = ["sqlite", "sqlite-4-partitions", pytest.param("kafka-postgres", marks=pytest.mark.kafka)]


@pytest.fixture(params=VARIANTS)
def hub(request, tmp_path):
    made = Hub(settings_of(request.param, tmp_path, request))
    yield made
    made.close()


def child(number: int, version: int = 1, **fields) -> Envelope:
    record = f"r{number}"
    said = {"name": "林晓", "sex": "1", "birth_date": 19_000 + number} | fields
    event = RecordPublished(record, FEED, version, 19_100, str(number), said)
    return Envelope(event, derive_id(record, version), record, "/test", record)


def poisoned(number: int) -> Envelope:
    return child(number, birth_date=FAR)


def closed(day: int) -> Envelope:
    return Envelope(DayClosed(day), f"day-{day}", str(day), "/test")


def run(hub) -> None:
    with hub.runner() as runner:
        runner.run()


def aside(hub) -> set[str]:
    """The ids of the events that were set aside, by the log; a projection that says otherwise fails."""
    events = [r.envelope.event for r in Subscription(hub.log, (DECISIONS,), {}).take(10**6).events]
    found = [event for event in events if isinstance(event, EventSetAside)]
    for event in found:
        assert (event.event_type, event.error) == ("RecordPublished", "OverflowError")
        partition = next(p for p in hub.log.partitions(RECORDS) if str(p) == event.partition)
        (named,) = hub.log.read(partition, event.offset - 1, 1)
        assert named.envelope.id == event.event_id
    ids = {event.event_id for event in found}
    assert len(ids) == len(found)
    return ids


def digests(hub) -> dict[str, str]:
    with hub.projection() as db:
        return replay.digests(db)


def check_replays(hub) -> None:
    before = digests(hub)
    with open_sqlite(":memory:").connect() as scratch:
        found = replay.verify(hub.log, scratch, hub.rules, lambda _: None)
    assert (found.differences, found.examples) == (0, [])
    assert hub.rebuild(lambda _: None)["ok"]
    hub.database.swap(hub.database.beside())
    with hub.runner():
        assert digests(hub) == before


def without_places(found: dict[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in found.items() if name != "set_aside"}


@pytest.mark.parametrize("seed", [1, 2])
def test_f09_poison_is_set_aside_alone_and_every_replay_passes_over_it(hub, tmp_path, request, seed):
    chance = random.Random(seed)
    bad = set(chance.sample(range(900), 7))
    sent = [poisoned(n) if n in bad else child(n) for n in range(900)]
    hub.log.append([*sent[:300], closed(19_100), *sent[300:], closed(19_101)])
    run(hub)
    assert aside(hub) == {sent[n].id for n in bad}
    check_replays(hub)
    clean = Hub(settings_of("sqlite", tmp_path / "clean", request))
    first, second = ([sent[n] for n in part if n not in bad] for part in (range(300), range(300, 900)))
    clean.log.append([*first, closed(19_100), *second, closed(19_101)])
    run(clean)
    assert without_places(digests(clean)) == without_places(digests(hub))
    clean.close()


def test_f09_the_next_version_of_a_record_that_was_set_aside_is_heard(hub):
    hub.log.append([child(1), poisoned(2), closed(19_100)])
    run(hub)
    hub.log.append([child(2, version=2), closed(19_101)])
    run(hub)
    assert aside(hub) == {poisoned(2).id}
    with hub.projection() as db:
        shelf = db.exec_driver_sql("SELECT record_id, version FROM records ORDER BY record_id").all()
    assert [tuple(row) for row in shelf] == [("r1", 1), ("r2", 2)]
    check_replays(hub)


def test_f09_a_record_that_makes_the_days_close_fail_is_set_aside_and_the_day_is_closed(hub, monkeypatch):
    """Rules conclude at the close of a day, so that is where a record may choke them."""
    chokes_on_evaluation(monkeypatch, "r5")
    hub.log.append([*map(child, range(9)), closed(19_100), *map(child, range(20, 25))])
    run(hub)
    with hub.projection() as db:
        found = db.exec_driver_sql("SELECT event_id, event_type, error FROM set_aside").all()
    assert [tuple(row) for row in found] == [(child(5).id, "RecordPublished", "ZeroDivisionError")]
    assert digests(hub)["records"]
    check_replays(hub)


def chokes_on_evaluation(monkeypatch, *records: str, together: int = 1, since: int = -1) -> None:
    """A rule with a bug: from a day on it fails on people with so many of these records, if written so."""
    whole = reconciliation.evaluate

    def evaluate(person, facts, today, *rest, **named):
        bad = [f for f in facts if f.record_id in records and f.fields.get("sex") == "1"]
        if len(bad) >= together and today >= since:
            raise ZeroDivisionError("林晓")
        return whole(person, facts, today, *rest, **named)

    monkeypatch.setattr(reconciliation, "evaluate", evaluate)


def taken_back(hub) -> set[tuple[str, int]]:
    """The record versions that were set aside after they had been read; log and projection say the same."""
    events = [r.envelope.event for r in Subscription(hub.log, (DECISIONS,), {}).take(10**6).events]
    found = [(e.record_id, e.version, e.error) for e in events if isinstance(e, RecordSetAside)]
    with hub.projection() as db:
        rows = db.exec_driver_sql("SELECT place, error FROM set_aside WHERE event_id = ''").all()
    assert sorted(map(tuple, rows)) == sorted((f"{r}/{v}", e) for r, v, e in found)
    assert len(found) == len(set(found)) and {error for _, _, error in found} <= {"ZeroDivisionError"}
    return {(record, version) for record, version, _ in found}


def live(hub) -> set[str]:
    with hub.projection() as db:
        return set(db.exec_driver_sql("SELECT record_id FROM records WHERE live").scalars())


def test_f09_a_record_of_an_earlier_step_that_makes_a_close_fail_is_set_aside_alone(hub, monkeypatch):
    """Rules may choke on what time brings about, when the record has long been read."""
    hub.log.append(list(map(child, range(9))))
    run(hub)
    chokes_on_evaluation(monkeypatch, "r2", "r5", since=19_100)
    hub.log.append([*map(child, range(20, 25)), closed(19_100), child(25), closed(19_101)])
    run(hub)
    assert taken_back(hub) == {("r2", 1), ("r5", 1)} and aside(hub) == set()
    assert live(hub) == {f"r{n}" for n in (*range(9), *range(20, 26)) if n not in (2, 5)}
    check_replays(hub)
    monkeypatch.undo()
    check_replays(hub)  # what was set aside stays so, whatever today's rules would make of it


def test_f09_a_record_of_an_earlier_step_that_makes_a_refresh_fail_is_set_aside_alone(hub, monkeypatch):
    with hub.runner() as runner:
        hub.log.append(list(map(child, range(9))))
        runner.step()
        chokes_on_evaluation(monkeypatch, "r5")
        assert runner.refresh() is not None
        assert runner.refresh() is None, "the views are up to date"
    assert taken_back(hub) == {("r5", 1)}
    check_replays(hub)
    hub.log.append([child(9), closed(19_100)])
    run(hub)
    assert taken_back(hub) == {("r5", 1)}
    check_replays(hub)


def test_f09_of_records_that_fail_together_the_later_is_set_aside(hub, monkeypatch):
    same = {"birth_date": 19_000}
    hub.log.append([child(1, **same), child(2, **same), child(3)])
    run(hub)
    chokes_on_evaluation(monkeypatch, "r1", "r2", together=2, since=19_100)
    hub.log.append([closed(19_100)])
    run(hub)
    assert taken_back(hub) == {("r2", 1)}
    check_replays(hub)


def test_f09_the_next_version_of_a_record_set_aside_later_is_heard(hub, monkeypatch):
    hub.log.append([child(1), child(2)])
    run(hub)
    chokes_on_evaluation(monkeypatch, "r2", since=19_100)
    hub.log.append([closed(19_100)])
    run(hub)
    assert taken_back(hub) == {("r2", 1)} and live(hub) == {"r1"}
    hub.log.append([child(2, version=2, sex="2"), closed(19_101)])
    run(hub)
    assert taken_back(hub) == {("r2", 1)} and live(hub) == {"r1", "r2"}
    check_replays(hub)
    gone = RecordWithdrawn("r2", FEED, 3, 19_101)
    hub.log.append([Envelope(gone, "gone", "r2", "/test"), closed(19_102)])
    run(hub)
    assert live(hub) == {"r1"}
    check_replays(hub)


def test_f09_in_one_step_the_next_version_is_heard_though_the_one_before_it_is_set_aside(hub, monkeypatch):
    hub.log.append([child(1), child(2)])
    run(hub)
    chokes_on_evaluation(monkeypatch, "r2", since=19_100)
    hub.log.append([closed(19_100), child(2, version=2, sex="2"), poisoned(4), closed(19_101)])
    run(hub)
    assert taken_back(hub) == {("r2", 1)} and aside(hub) == {poisoned(4).id}
    assert live(hub) == {"r1", "r2"}
    check_replays(hub)


def test_rules_that_fail_on_what_was_decided_before_are_told_by_verify_without_what_records_say(
    hub, monkeypatch
):
    hub.log.append([*map(child, range(3)), closed(19_100)])
    run(hub)
    chokes_on_evaluation(monkeypatch, "r1")
    with open_sqlite(":memory:").connect() as scratch, pytest.raises(UndecidedError) as stopped:
        replay.verify(hub.log, scratch, hub.rules, lambda _: None)
    assert "step 1 cannot be decided again: ZeroDivisionError at test_poison.py:" in str(stopped.value)
    assert "林晓" not in str(stopped.value) and stopped.value.__context__ is None


def test_f09_an_older_copy_follows_what_was_set_aside(tmp_path, request, monkeypatch):
    hub = Hub(settings_of("sqlite", tmp_path, request))
    hub.log.append(list(map(child, range(9))))
    run(hub)
    shutil.copy(hub.database.path, tmp_path / "older.db")
    chokes_on_evaluation(monkeypatch, "r5")
    hub.log.append([closed(19_100)])
    run(hub)
    before = digests(hub)
    monkeypatch.undo()
    for path in hub.data.glob("projection.db*"):
        path.unlink()
    shutil.copy(tmp_path / "older.db", hub.database.path)
    with hub.runner():
        assert digests(hub) == before
    hub.close()


def test_f10_what_can_be_neither_applied_nor_set_aside_stops_the_runner(hub, monkeypatch):
    """Rules that fail on a person without any record: nothing is left to blame."""
    hub.log.append([child(5)])
    run(hub)
    chokes_on_evaluation(monkeypatch, together=0)
    before = hub.log.head()
    hub.log.append([child(6), closed(19_100)])
    for _ in range(2):
        with pytest.raises(UndecidedError) as stopped, hub.runner() as runner:
            runner.run()
        assert "ZeroDivisionError at test_poison.py:" in str(stopped.value)
        assert "林晓" not in str(stopped.value) and stopped.value.__context__ is None
    assert {p: n for p, n in hub.log.head().items() if p.topic == DECISIONS} == {
        p: n for p, n in before.items() if p.topic == DECISIONS
    }


def test_f09_more_poison_than_may_be_stops_the_runner_before_anything_is_kept(hub, monkeypatch):
    monkeypatch.setattr(poison, "SET_ASIDE_MAX", 3)
    hub.log.append([child(1), *map(poisoned, range(10, 14)), child(2)])
    with pytest.raises(UndecidedError, match="more than 3 events of one step fail: OverflowError"):
        run(hub)
    assert not any(p.topic == DECISIONS for p in hub.log.head())
    monkeypatch.undo()
    run(hub)
    assert aside(hub) == {poisoned(n).id for n in range(10, 14)}
    check_replays(hub)


@pytest.mark.kafka
def test_f09_text_that_the_database_cannot_hold_is_set_aside(tmp_path, request):
    """PostgreSQL refuses NUL in text: the error comes from the database, the fault lies in the data."""
    hub = Hub(settings_of("kafka-postgres", tmp_path, request))
    bad = child(3)
    bad = bad._replace(event=RecordPublished("r3", FEED, 1, 19_100, "3\0", dict(bad.event.fields)))
    hub.log.append([*map(child, range(3)), bad, *map(child, range(4, 200))])
    run(hub)
    with hub.projection() as db:
        assert [row[0] for row in db.exec_driver_sql("SELECT event_id FROM set_aside")] == [bad.id]
    check_replays(hub)
    hub.close()


def test_status_counts_what_was_set_aside(tmp_path, request):
    hub = Hub(settings_of("sqlite", tmp_path, request))
    hub.log.append([child(1), poisoned(2), poisoned(3)])
    run(hub)
    reader = Reader("health", "analyst", "990101", "record-reconciliation")
    with hub.projection() as db:
        status = Queries(db, hub.log, reader, hub.rules.county, hub.rules.model).status()
    assert status["set_aside"] == {"RecordPublished": 2}
    hub.close()
