"""Appends of which a broker kept a part: whatever part that is, ingestion begins anew and nothing is missing (F04, F05)."""

import random

import pytest

from hub.app import Hub
from hub.connect import memory
from hub.connect.ingest import Ingest
from hub.domain.events import RECORDS, BatchReceived, DayClosed, RecordPublished, RecordWithdrawn
from hub.errors import LogUnavailableError
from hub.log import Partition, Position, Recorded, partition_of
from hub.log.subscription import Subscription
from hub.projections.databases import open_sqlite
from tests.conftest import KEY, settings_for

PARTITIONS, FAILING = 4, 0.25


class Rounds:
    """A log in memory that writes in rounds as brokers are written to; a round may reach some partitions only."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance
        self._kept = {Partition(RECORDS, n): [] for n in range(PARTITIONS)}
        self.failures = 0

    def partitions(self, topic):
        return list(self._kept)

    def read(self, partition, after, limit):
        page = self._kept[partition][after + 1 : after + 1 + limit]
        return [Recorded(Position(partition, after + 1 + n), envelope) for n, envelope in enumerate(page)]

    def append(self, envelopes):
        fails = self._chance is not None and self._chance.random() < FAILING
        last = self._chance.randrange(len(envelopes)) if fails else None
        positions, done = [], 0
        for group in self._rounds(envelopes):
            if fails and done <= last < done + len(group):
                self.failures += 1
                self._write(group, {p for p in self._kept if self._chance.random() < 0.5})
                raise LogUnavailableError("a part of it was kept")
            positions += self._write(group, set(self._kept))
            done += len(group)
        return positions

    def _rounds(self, envelopes):
        groups = []
        for envelope in envelopes:
            event, before = envelope.event, groups[-1][-1].event if groups else None
            alone = before is None or event.BARRIER or before.BARRIER or event.CONCLUDES != before.CONCLUDES
            groups.append([envelope]) if alone else groups[-1].append(envelope)
        return groups

    def _write(self, group, reached):
        positions = []
        for envelope in group:
            named = (
                partition_of(envelope.key, PARTITIONS) if envelope.partition is None else envelope.partition
            )
            for partition in self._kept if envelope.event.BARRIER else [Partition(RECORDS, named)]:
                if partition in reached:
                    self._kept[partition].append(envelope._replace(partition=None))
                    positions.append(Position(partition, len(self._kept[partition]) - 1))
        return positions


def days(log) -> dict[int | None, set]:
    """By closed day, the versions published and the receipts given since the day before."""
    found, current, stream = {}, set(), Subscription(log, (RECORDS,), {})
    while events := stream.take(5_000).events:
        for recorded in events:
            match recorded.envelope.event:
                case DayClosed(day):
                    found[day], current = current, set()
                case RecordPublished() | RecordWithdrawn() as event:
                    current.add((event.record_id, event.version))
                case BatchReceived() as event:
                    assert event.received == event.accepted + event.unchanged + event.quarantined
                    current.add(event.batch_id)
    return found | {None: current}


def ingest(log, folder, source, append_events: int = memory.APPEND_EVENTS) -> int:
    """Begin again until it is done; how often."""
    hub = Hub(settings_for(folder, PARTITIONS))
    begun = 0
    while True:
        begun += 1
        engine = open_sqlite(folder / "intake.db")
        try:
            with engine.connect() as db:
                Ingest(log, db, KEY, append_events).run(
                    hub.connectors(source, ()), lambda _: None, close_days=True
                )
                hub.close()
                return begun
        except LogUnavailableError:
            pass
        finally:
            engine.dispose()


@pytest.fixture(scope="module")
def undisturbed(county, tmp_path_factory):
    log = Rounds()
    assert ingest(log, tmp_path_factory.mktemp("undisturbed"), county) == 1
    return days(log)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_part_of_an_append_is_kept_each_version_is_published_once_on_its_day(
    tmp_path, county, undisturbed, seed
):
    chance = random.Random(seed)
    log = Rounds(chance)
    assert ingest(log, tmp_path, county, (7, 60)[seed % 2]) > 1
    assert log.failures
    assert days(log) == undisturbed
