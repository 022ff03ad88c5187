"""Kills between the steps of a snapshot and of its confirmation: whoever goes on comes to the same result."""

import random

import pytest

from hub.connect import ingest as ingestion
from hub.connect import vanished as deciding
from hub.connect.drops import Folder
from hub.connect.ingest import Ingest
from hub.connect.odcs import load_contract
from hub.connect.sources import delimited
from hub.connect.vanished import Vanished
from hub.domain.events import RECORDS, RecordWithdrawn, VanishedProposed
from hub.errors import LogUnavailableError
from hub.log.subscription import Subscription
from hub.projections import vanished
from hub.projections.databases import open_sqlite
from hub.projections.store import content_digest
from tests.conftest import KEY
from tests.connect.test_vanished import FEED, SNAPSHOT, drop, row
from tests.faults.test_partial_appends import Rounds

TABLES = (vanished.vanished, vanished.proposals, vanished.snapshots)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    monkeypatch.setattr(ingestion, "BATCH_ROWS", 17)
    monkeypatch.setattr(vanished, "PAGE_ROWS", 3)
    monkeypatch.setattr(deciding, "APPEND_EVENTS", 2)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "members.yaml").write_text(SNAPSHOT.replace("0.05", "0.2"))
    (tmp_path / "in").mkdir()
    drop(tmp_path, 1, map(row, range(100)))
    drop(tmp_path, 2, map(row, range(90)))
    drop(tmp_path, 3, [row(95, "Ana"), *map(row, range(87)), row(96)])
    return tmp_path


def work(site, log, name):
    """Read the snapshots and confirm the proposal, as often as it takes."""
    connector = Folder(load_contract(site / "members.yaml"), site / "in", (".csv",), delimited.read)
    for _ in range(1_000):
        engine = open_sqlite(site / name)
        try:
            with engine.connect() as db:
                made = Ingest(log, db, KEY, append_events=11)
                made.run([connector], lambda receipt: None, close_days=True)
                found = vanished.standing(db, FEED)[0]
                if found.proposal.decision:
                    return [content_digest(db, table) for table in TABLES], found
                Vanished(made.memory, "somebody").confirm(FEED, found.proposal.proposal_id, "gone")
        except LogUnavailableError:
            pass
        finally:
            engine.dispose()
    raise AssertionError("it never came to an end")


def said(log):
    found, stream = [], Subscription(log, (RECORDS,), {})
    while page := stream.take(5_000).events:
        found += [r.envelope.event for r in page]
    proposed = {
        (e.proposal_id, r, v) for e in found if isinstance(e, VanishedProposed) for r, v in e.records.items()
    }
    return proposed, {e.record_id for e in found if isinstance(e, RecordWithdrawn)}


def test_a_crash_at_any_append_changes_nothing(site):
    quiet = Rounds()
    expected, found = work(site, quiet, "quiet.db")
    assert (found.proposal.vanished, found.left) == (11, 0)
    assert len(said(quiet)[1]) == 11
    failures = 0
    for seed in range(12):
        log = Rounds(random.Random(seed))
        assert work(site, log, f"disturbed-{seed}.db")[0] == expected
        assert said(log) == said(quiet)
        failures += log.failures
    assert failures > 20


def test_what_is_remembered_is_a_fold_of_the_log(site):
    log = Rounds()
    expected, _ = work(site, log, "first.db")
    assert work(site, log, "refilled.db")[0] == expected
