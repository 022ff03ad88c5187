"""Events that rules fail on: set aside alone, named, passed over by every replay (F09, F10)."""

import random

import pytest

from hub.app import Hub
from hub.audit import replay
from hub.domain.disclosures import Reader
from hub.domain.events import DECISIONS, RECORDS, DayClosed, EventSetAside, RecordPublished
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
    good = [e for n, e in enumerate(sent) if n not in bad]
    clean.log.append([*good[:300], closed(19_100), *good[300:], closed(19_101)])
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


def chokes_on_evaluation(monkeypatch, record: str) -> None:
    """A rule with a bug: it fails on one person."""
    whole = reconciliation.evaluate

    def evaluate(person, facts, *rest, **named):
        if any(fact.record_id == record for fact in facts):
            raise ZeroDivisionError("林晓")
        return whole(person, facts, *rest, **named)

    monkeypatch.setattr(reconciliation, "evaluate", evaluate)


def test_f10_what_can_be_neither_applied_nor_set_aside_stops_the_runner(hub, monkeypatch):
    hub.log.append([child(5)])
    run(hub)
    chokes_on_evaluation(monkeypatch, "r5")
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
