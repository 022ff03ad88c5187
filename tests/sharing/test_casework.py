"""Cases that several workers decide on come to the same as with one: what is asked, deadlines, hand-over, answers."""

import random

import pytest

from hub.app import Hub
from hub.domain.disclosures import Reader
from hub.domain.events import CaseActionRequested, DayClosed
from hub.log import Envelope, derive_id
from hub.projections import case_entries, case_requests, cases
from tests.conftest import settings_for
from tests.databases import new_database
from tests.sharing.workers import agrees_with_replay, digests, gathered, helpers, work_through

ACTIONS = ("accept", "mark", "settle", "hand-over", "take-over", "ask", "answer", "comment", "reopen")
SUITED = {"raised": ("accept", "accept", "hand-over"), "accepted": ("ask", "ask", "mark", "settle", "take-over"),
          "marked": ("ask", "answer", "hand-over"), "settled": ("reopen",)}  # fmt: skip


@pytest.fixture
def hub(tmp_path, postgres):
    made = Hub(settings_for(tmp_path / "hub", 4, new_database(postgres)))
    yield made
    made.close()


@pytest.fixture
def alone(tmp_path):
    made = Hub(settings_for(tmp_path / "alone", 4))
    yield made
    made.close()


def asked(hub, turn: int, seed: int) -> list[Envelope]:
    """What people ask of some cases as they stand: some of it in vain."""
    chance = random.Random(seed * 1_000 + turn)
    with hub.projection() as db:
        reading, _ = hub.casework(db, Reader("health", "clerk", "990101", "record-reconciliation"))
        rows = sorted(db.execute(cases.select()).all())
        found = []
        for row in chance.sample(rows, 30):
            action = chance.choice(SUITED.get(row.state, ACTIONS) if chance.random() < 0.8 else ACTIONS)
            if row.asking and chance.random() < 0.7:
                action = "answer"
            details = {"place": f"99010110{chance.randint(1, 3)}", "request": str(row.requests or 1)}
            if action == "answer":
                details |= {"answer": chance.choice(("corrected", "right", "not-ours"))}
                details |= {"record_version": "9", "owner": "commerce"}
            if action == "ask":
                about = reading.discrepancy(reading.case(row.case_id))
                details |= {"record": about.records[0], "field": "name", "question": "?"}
            seen = row.version - (chance.random() < 0.1)
            outcome = chance.choice(("corrected", "confirmed-right", "not-found"))
            owner = next((said[2] for said in row.asking.values()), "health")
            actor = f"{owner if action == 'answer' else 'health'}/clerk"
            found.append(CaseActionRequested(
                row.case_id, action, seen, actor, outcome, "n", "990101", details
            ))  # fmt: skip
    return [
        Envelope(event, derive_id("asked", turn, number), event.case_id, "/test")
        for number, event in enumerate(found)
    ]


def closed(day: int) -> Envelope:
    return Envelope(DayClosed(day), f"day-{day}", str(day), "/test")


def ingest(hub, source) -> None:
    with hub.ingest() as work:
        work.run(hub.connectors(source, ()), lambda _: None, close_days=True)


@pytest.mark.parametrize("others", [1, 3])
def test_cases_come_to_the_same_with_one_worker_and_with_several(hub, alone, county, others):
    ingest(hub, county)
    ingest(alone, county)
    with helpers(hub.settings, others) as helping, hub.coordinator() as coordinator:
        gathered(coordinator, others)
        work_through(coordinator, 1_000)
        with alone.runner() as runner:
            runner.run()
        for turn in range(6):
            events = asked(alone, turn, others)
            assert [e.event for e in events] == [e.event for e in asked(hub, turn, others)]
            today = 25_000 + 12 * turn
            for site, work in ((alone, None), (hub, coordinator)):
                site.log.append(events)
                _work(site, work)
                site.log.append([closed(today)])
                _work(site, work)
        assert not any(helper.thrown_out for helper in helping)
    with alone.projection() as db:
        happened = {row.event for row in db.execute(case_entries.select())}
        assert {"CaseEscalated", "CaseHandedOver", "RecordQuestioned", "RecordAnswered", "CaseCommented",
                "CaseActionRefused"} <= happened  # fmt: skip
        assert db.execute(case_requests.select()).first()
    assert digests(hub) == digests(alone)
    agrees_with_replay(hub)


def _work(site, coordinator) -> None:
    if coordinator is not None:
        work_through(coordinator, 1_000)
        return
    with site.runner() as runner:
        runner.run()
