"""What a projection does when it and the log come apart: F03, F04 and F34 of the fault matrix."""

import shutil

import pytest

from hub.app import Hub
from hub.audit import replay
from hub.domain.events import DECISIONS, StepCompleted
from hub.log.subscription import Subscription
from hub.projections.position import open_engine
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
    with open_engine("sqlite:///:memory:").connect() as scratch:
        found = replay.verify(hub.log, scratch, hub.rules, lambda _: None)
    return found.differences, found.examples


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


def test_f34_an_older_copy_of_the_projection_follows_what_was_decided_since(tmp_path, county, worked):
    hub = ingested(tmp_path, county)
    with hub.runner() as runner:
        runner.step(300)
    shutil.copy(hub.projection_path, tmp_path / "older.db")
    with hub.runner() as runner:
        runner.step(500)
        runner.step(800)
    decided = hub.log.head()
    for path in hub.data.glob("projection.db*"):
        path.unlink()
    shutil.copy(tmp_path / "older.db", hub.projection_path)
    with hub.runner() as runner:
        assert hub.log.head() == decided
        runner.run()
    assert verified(hub) == (0, [])
    assert digests(hub) == digests(worked)
    hub.close()


def test_f34_a_lost_projection_is_followed_from_the_start(worked, tmp_path):
    before = digests(worked)
    for path in worked.data.glob("projection.db*"):
        path.unlink()
    steps = load_steps(worked)
    with worked.runner():
        assert load_steps(worked) == steps
    assert digests(worked) == before
