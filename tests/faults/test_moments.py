"""Cut at every moment: between a step's commit and its append (F03), in its transaction (F04), around ingestion's
append (F05, F06); two at once (F08), replay in the middle of writing (F20), an older copy put back (F34)."""

import threading

import psycopg
import pytest
from sqlalchemy import event

from hub.app import Hub
from hub.audit import replay
from hub.domain.events import (
    DECISIONS,
    RECORDS,
    BatchMeasured,
    FeedDiscrepancyCleared,
    FeedDiscrepancyDetected,
    StepCompleted,
)
from hub.errors import BusyError, ProjectionUnavailableError
from hub.log.subscription import Subscription
from hub.projections.databases import open_sqlite
from hub.projections.position import load_progress
from tests.conftest import VARIANTS, settings_for, settings_of, work_through
from tests.faults.history import k3_applied_twice, k4_offset_agreement, k8_digest
from tests.faults.load import FIRST_DAY, closed, published, seen, wait_for, whole
from tests.faults.test_recovery import CutLog, PowerCut

CUTS_MAX = 400


@pytest.fixture(params=VARIANTS)
def hub(request, tmp_path):
    made = Hub(settings_of(request.param, tmp_path / "hub", request))
    yield made
    made.close()


def stream(days: int = 3) -> list:
    events = [published(n) for n in range(days * 60)]
    return [e for day in range(days) for e in (*events[day * 60 : day * 60 + 60], closed(FIRST_DAY + day))]


def run(hub) -> None:
    with hub.runner() as runner:
        runner.run()


def digests(hub) -> dict[str, str]:
    with hub.projection() as db:
        return replay.digests(db)


def check(hub) -> None:
    """One chain of steps, none decided twice; projection, fold and verification agree."""
    read = Subscription(hub.log, (DECISIONS,), {}).take(10**6).events
    numbers = [r.envelope.event.number for r in read if isinstance(r.envelope.event, StepCompleted)]
    assert k3_applied_twice(map(str, numbers)) == []
    records = [seen(r) for r in whole(hub.log, RECORDS)]
    assert k4_offset_agreement([records, [seen(r) for r in whole(hub.log, RECORDS)]]) == []
    with open_sqlite(":memory:").connect() as scratch:
        replay.refill(hub.log, scratch, hub.rules, lambda _: None)
        assert k8_digest(digests(hub), replay.digests(scratch)) == []
    with open_sqlite(":memory:").connect() as scratch:
        found = replay.verify(hub.log, scratch, hub.rules, lambda _: None)
    assert (found.differences, found.examples) == (0, [])


@pytest.mark.parametrize("kept", [0, 1, 40])
def test_f03_decisions_of_a_committed_step_reach_the_log_once_though_the_append_was_cut_off(
    hub, tmp_path, kept
):
    hub.log.append(stream())
    real, hub.log = hub.log, CutLog(hub.log, kept)
    with pytest.raises(PowerCut), hub.runner() as runner:
        runner.step()
    hub.log = real
    committed = digests(hub)
    with hub.runner():
        assert digests(hub) == committed, "what the step did is there, and is not done again"
    run(hub)
    check(hub)
    clean = Hub(settings_for(tmp_path / "clean"))
    clean.log.append(stream())
    run(clean)
    assert k8_digest(digests(hub), digests(clean)) == []
    clean.close()


@pytest.mark.kafka
def test_f34_an_older_copy_of_the_database_follows_what_was_decided_since(tmp_path, request):
    hub = Hub(settings_of("kafka-postgres", tmp_path / "hub", request))
    hub.log.append(stream()[:61])
    run(hub)
    server, _, name = hub.settings.projection.url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}_older TEMPLATE {name}")
    hub.log.append(stream()[61:])
    run(hub)
    decided, after = hub.log.head(), digests(hub)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as db:
        db.execute(f"DROP DATABASE {name}")
        db.execute(f"ALTER DATABASE {name}_older RENAME TO {name}")
    with hub.runner():
        assert (hub.log.head(), digests(hub)) == (decided, after), "what was decided stays decided"
    run(hub)
    assert digests(hub) == after
    check(hub)
    hub.close()


class Cutting:
    """Ends the runner's own session on the server right before its n-th statement."""

    def __init__(self, url: str, runner, number: int) -> None:
        self._url, self._left, self._db = url, number, runner._db
        self._pid = runner._db.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        runner._db.rollback()
        event.listen(self._db, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            with psycopg.connect(self._url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (self._pid,))


@pytest.mark.kafka
@pytest.mark.timeout(280)
def test_f04_a_session_cut_before_any_statement_of_a_step_leaves_all_of_it_or_nothing(tmp_path, request):
    """Before the first, the second, the third … until a step needs no more of them."""
    hub = Hub(settings_of("kafka-postgres", tmp_path / "hub", request))
    clean = Hub(settings_for(tmp_path / "clean"))
    events = stream()
    for each in (hub, clean):
        each.log.append(events[:61])
        run(each)
        each.log.append(events[61:])
    run(clean)
    before, cut = hub.log.head(), 0
    while cut < CUTS_MAX:
        cut += 1
        try:
            with hub.runner() as runner:
                Cutting(hub.settings.projection.url, runner, cut)
                runner.step()
            break
        except ProjectionUnavailableError:
            assert hub.log.head() == before, "a step that was not committed decided nothing"
    assert 10 < cut < CUTS_MAX, "the step has been cut at each of its statements"
    run(hub)
    assert k8_digest(digests(hub), digests(clean)) == []
    check(hub)
    hub.close()
    clean.close()


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "kept", [pytest.param(0, id="f05-before"), pytest.param(700, id="f06-within"), pytest.param(None, id="f06-after")]
)  # fmt: skip
def test_f05_f06_ingestion_cut_off_around_its_append_reads_on_and_doubles_nothing(hub, county, worked, kept):
    real, hub.log = hub.log, CutLog(hub.log, 10**9 if kept is None else kept)
    with pytest.raises(PowerCut), hub.ingest() as work:
        work.run(hub.connectors(county, ()), lambda receipt: None, close_days=True)
    hub.log = real
    work_through(hub, county)
    assert sorted(told(hub)) == sorted(told(worked))
    assert k8_digest(digests(hub), digests(worked)) == []


def told(hub) -> list[str]:
    """The ids of all records and closed days, each once.

    What a batch looked like is measured once: one that was kept in part is not measured again.
    """
    events = Subscription(hub.log, (RECORDS,), {}).take(10**6).events
    watched = (BatchMeasured, FeedDiscrepancyDetected, FeedDiscrepancyCleared)
    return [r.envelope.id for r in events if not isinstance(r.envelope.event, watched)]


def test_f08_a_second_owner_is_turned_away_while_the_first_works(hub):
    hub.log.append(stream())
    second = Hub(hub.settings)
    with hub.runner() as runner:
        runner.step(50)
        with pytest.raises(BusyError), second.runner():
            pass
        runner.run()
    run(second)
    second.close()
    check(hub)


def test_f20_a_replay_in_the_middle_of_writing_is_the_projection_at_that_step(hub):
    """Writer and runner go on while the log is replayed, again and again."""
    at: dict[int, dict[str, str]] = {}
    failures: list[BaseException] = []

    def work() -> None:
        try:
            live = Hub(hub.settings)
            events = stream(5)
            for start in range(0, len(events), 15):
                live.log.append(events[start : start + 15])
                with live.runner() as runner:
                    while (result := runner.step()) is not None:
                        at[result.number] = digests(live)
            live.close()
        except BaseException as failure:
            failures.append(failure)

    writing = threading.Thread(target=work)
    writing.start()
    compared = set()
    while writing.is_alive():
        with open_sqlite(":memory:").connect() as scratch:
            replay.refill(hub.log, scratch, hub.rules, lambda _: None)
            step, found = load_progress(scratch, "step", 0), replay.digests(scratch)
        if step:
            wait_for(lambda step=step: step in at or failures, "the runner to note its digests")
            assert failures == [] and k8_digest(at[step], found) == []
            compared.add(step)
    writing.join()
    assert failures == [] and len(compared) >= 2, "some replays ended in the middle"
    check(hub)
