"""Two events of one id that say different things: the first stays, the second is named (F15)."""

import random

import pytest

from hub.app import Hub
from hub.audit import replay
from hub.domain.disclosures import Reader
from hub.domain.events import DECISIONS, ID_COLLISION, RECORDS, EventSetAside, RecordPublished
from hub.log import Envelope
from hub.log.subscription import Subscription
from hub.projections.databases import open_sqlite
from hub.queries import Queries
from tests.conftest import VARIANTS, settings_of
from tests.faults.history import Seen, k3_applied_twice, k4_offset_agreement, k8_digest
from tests.faults.load import FIRST_DAY, closed, published, seen, whole


@pytest.fixture(params=VARIANTS)
def hub(request, tmp_path):
    made = Hub(settings_of(request.param, tmp_path, request))
    yield made
    made.close()


def run(hub) -> None:
    with hub.runner() as runner:
        runner.run()


def another(first: Envelope) -> Envelope:
    """An event under the id of `first` that says something else."""
    said = dict(first.event.fields) | {"name": "另一个"}
    return first._replace(event=RecordPublished(first.key, first.event.feed, 9, FIRST_DAY, "x", said))


def collisions(hub) -> list[EventSetAside]:
    """What the log says of collisions; every one names the place of an event that is not the first."""
    events = [r.envelope.event for r in Subscription(hub.log, (DECISIONS,), {}).take(10**6).events]
    found = [e for e in events if isinstance(e, EventSetAside)]
    assert {e.error for e in found} <= {ID_COLLISION}
    for event in found:
        partition = next(p for p in hub.log.partitions(RECORDS) if str(p) == event.partition)
        (named,) = hub.log.read(partition, event.offset - 1, 1)
        assert named.envelope.id == event.event_id and named.envelope.event.version == 9
        assert "另一个" not in repr(event)
    return found


def check(hub, clean: Hub) -> None:
    """Projection, replay and rebuild are as if the second event had never been written."""
    read: list[Seen] = [seen(r) for r in Subscription(hub.log, (RECORDS,), {}).take(10**6).events]
    assert k3_applied_twice(s.id for s in read) == []
    assert k4_offset_agreement([read, [seen(r) for r in whole(hub.log, RECORDS)]]) == []
    with hub.projection() as db, clean.projection() as other:
        live, plain = replay.digests(db), replay.digests(other)
    del live["set_aside"], plain["set_aside"]
    assert k8_digest(live, plain) == []
    with open_sqlite(":memory:").connect() as scratch:
        again = replay.verify(hub.log, scratch, hub.rules, lambda _: None)
    assert (again.differences, again.examples) == (0, [])
    assert hub.rebuild(lambda _: None)["ok"]


@pytest.mark.parametrize("seed", [15])
def test_f15_the_first_of_two_events_with_one_id_stays_and_the_second_is_named(hub, tmp_path, request, seed):
    chance = random.Random(seed)
    clean = Hub(settings_of("sqlite", tmp_path / "clean", request))
    events = [published(n) for n in range(200)]
    taken = set(chance.sample(range(200), 6))
    for start in range(0, 200, 50):
        batch = events[start : start + 50]
        clean.log.append(batch)
        hub.log.append(batch)
        if chance.random() < 0.5:
            run(hub)
        # A writer that repeats its batch, as it may, and gets some of it wrong, as it may not.
        hub.log.append([another(e) if start + n in taken else e for n, e in enumerate(batch)])
    for each in (hub, clean):
        each.log.append([closed(FIRST_DAY)])
        run(each)
    assert {e.event_id for e in collisions(hub)} == {events[n].id for n in taken}
    assert len(collisions(hub)) == len(taken)
    check(hub, clean)
    clean.close()


def test_f15_a_collision_alone_is_told_at_once_and_once(hub):
    hub.log.append([published(0)])
    run(hub)
    hub.log.append([another(published(0))])
    run(hub)
    run(hub)
    assert [e.event_id for e in collisions(hub)] == [published(0).id]
    assert len(whole(hub.log, RECORDS)) == 2, "what was appended stays where it is, for whoever looks"
    reader = Reader("health", "analyst", "990101", "record-reconciliation")
    with hub.projection() as db:
        status = Queries(db, hub.log, reader, hub.rules.county, hub.rules.model).status()
        assert status["records"] == 1
    assert (status["set_aside"], status["id_collisions"]) == ({"RecordPublished": 1}, 1)
