"""What a projection does when it and the log come apart: F03 and F34 of the fault matrix."""

import itertools
import shutil

import pytest

from hub.app import Hub
from hub.audit import replay
from hub.domain.events import DECISIONS, RECORDS, DayClosed, StepCompleted
from hub.log.subscription import Subscription
from hub.projections.databases import open_sqlite
from tests.conftest import settings_for


class PowerCut(Exception):
    """The machine stops here."""


class CutLog:
    """A real log whose next append keeps only the first few events, then the power is gone."""

    def __init__(self, log, kept):
        self._log, self._kept = log, kept

    def __getattr__(self, name):
        return getattr(self._log, name)

    def append(self, envelopes):
        if self._kept:
            self._log.append(envelopes[: self._kept])
        raise PowerCut


def ingested(folder, county, partitions=1):
    hub = Hub(settings_for(folder, partitions))
    with hub.ingest() as work:
        work.run(hub.connectors(county, ()), lambda receipt: None, close_days=True)
    return hub


def load_steps(hub):
    batch = Subscription(hub.log, (DECISIONS,), {}).take(10**6)
    return sum(isinstance(r.envelope.event, StepCompleted) for r in batch.events)


def digests(hub):
    with hub.projection() as db:
        return replay.digests(db)


def verified(hub):
    with open_sqlite(":memory:").connect() as scratch:
        found = replay.verify(hub.log, scratch, hub.rules, lambda _: None)
    return found.differences, found.examples


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("kept", [0, 1, 700])
def test_f03_decisions_of_a_committed_step_reach_the_log_whole_and_once(
    tmp_path, county, worked, kept, partitions
):
    hub = ingested(tmp_path, county, partitions)
    whole = hub.log
    hub.log = CutLog(whole, kept)
    with pytest.raises(PowerCut), hub.runner() as runner:
        runner.step()
    hub.log = whole
    with hub.runner() as runner:
        runner.run()
    ids = [r.envelope.id for p in whole.partitions(DECISIONS) for r in whole.read(p, -1, 10**6)]
    barriers = [r for r in Subscription(whole, (DECISIONS,), {}).take(10**6).events
                if isinstance(r.envelope.event, StepCompleted)]  # fmt: skip
    assert len(ids) - len(set(ids)) == len(barriers) * (partitions - 1)
    assert verified(hub) == (0, [])
    assert digests(hub) == digests(worked)
    hub.close()


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
def test_f34_an_older_copy_of_the_projection_follows_what_was_decided_since(tmp_path, county, worked):
    hub = ingested(tmp_path, county)
    with hub.runner() as runner:
        runner.step(300)
    shutil.copy(hub.database.path, tmp_path / "older.db")
    with hub.runner() as runner:
        runner.step(500)
        runner.step(800)
    decided = hub.log.head()
    for path in hub.data.glob("projection.db*"):
        path.unlink()
    shutil.copy(tmp_path / "older.db", hub.database.path)
    with hub.runner() as runner:
        assert hub.log.head() == decided
        runner.run()
    assert verified(hub) == (0, [])
    assert digests(hub) == digests(worked)
    hub.close()


def test_f34_a_lost_projection_is_followed_from_the_start(worked, tmp_path):
    before = digests(worked)
    worked.database.swap(worked.database.beside())
    steps = load_steps(worked)
    with worked.runner():
        assert load_steps(worked) == steps
    assert digests(worked) == before


class CutBetweenDays(CutLog):
    """Keeps what comes before one of the days that nothing was published on."""

    def __init__(self, log, day):
        super().__init__(log, 0)
        self._day = day

    def append(self, envelopes):
        quiet = [
            index
            for index, (envelope, after) in enumerate(itertools.pairwise(envelopes))
            if isinstance(envelope.event, DayClosed) and isinstance(after.event, DayClosed)
        ]
        self._kept = quiet[len(quiet) * self._day // 10] + 1
        super().append(envelopes)


def told(hub):
    """The ids of all records and closed days, as the log holds them."""
    return [r.envelope.id for r in Subscription(hub.log, (RECORDS,), {}).take(10**6).events]


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
@pytest.mark.parametrize("day", [0, 3, 7])
def test_days_without_a_drop_are_closed_before_what_comes_later_is_read(tmp_path, county, worked, day):
    """As on a site that reads its drops as they come, or one that was cut off between them."""
    hub = Hub(settings_for(tmp_path))
    real, hub.log = hub.log, CutBetweenDays(hub.log, day)
    with pytest.raises(PowerCut), hub.ingest() as work:
        work.run(hub.connectors(county, ()), lambda receipt: None, close_days=True)
    hub.log = real
    with hub.ingest() as work:
        work.run(hub.connectors(county, ()), lambda receipt: None, close_days=True)
    assert told(hub) == told(worked)
    hub.close()
