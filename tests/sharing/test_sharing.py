"""Several workers decide one step together: the outcome is that of one (promises 2, 3, 4 and 9)."""

import random
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from hub.app import Hub
from hub.domain.events import DECISIONS, CaseActionRequested, CaseMoved
from hub.log import Envelope, derive_id
from hub.log.subscription import Subscription
from hub.processing.sharing import ANNOUNCE, DONE, FRESH, GO, READY, VERDICT
from hub.projections import CROSSING, cases, people, profiles
from tests.conftest import settings_for
from tests.databases import new_database
from tests.faults.test_poison import aside, child, closed, poisoned
from tests.sharing.workers import (
    DiedError,
    Helper,
    agrees_with_replay,
    at_moment,
    die,
    digests,
    gathered,
    helpers,
    work_through,
)  # fmt: skip


@pytest.fixture
def hub(tmp_path, postgres):
    """A hub with the log in files of four partitions and its projection on a real server."""
    made = Hub(settings_for(tmp_path / "hub", 4, new_database(postgres)))
    yield made
    made.close()


def ingest(hub, source) -> None:
    with hub.ingest() as work:
        work.run(hub.connectors(source, ()), lambda _: None, close_days=True)


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("others", "limit"), [(1, 10_000), (1, 400), (3, 150)])
def test_workers_together_come_to_the_same_as_one(hub, county, worked, others, limit):
    ingest(hub, county)
    with helpers(hub.settings, others) as helping, hub.coordinator() as coordinator:
        gathered(coordinator, others)
        work_through(coordinator, limit)
    assert all(helper.events and helper.decisions and not helper.thrown_out for helper in helping)
    assert digests(hub) == digests(worked)
    agrees_with_replay(hub)
    with hub.projection() as db:
        crossing = db.execute(select(func.count()).where(profiles.c.home == CROSSING)).scalar()
        whole = db.execute(select(func.count()).select_from(profiles)).scalar()
        mixed = select(profiles.c.person).where(profiles.c.person.is_not(None)).group_by(profiles.c.person).having(
            func.count(profiles.c.home.distinct()) > 1
        )  # fmt: skip
        assert 0 < crossing < whole / 5
        assert db.execute(mixed).all() == []
        unlike = select(func.count()).select_from(people.join(profiles, profiles.c.person == people.c.person))
        assert db.execute(unlike.where(people.c.home != profiles.c.home)).scalar() == 0


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(3))
def test_workers_may_come_and_go_at_any_moment(hub, county, worked, seed):
    chance = random.Random(seed)
    ingest(hub, county)
    with helpers(hub.settings, 1) as helping, hub.coordinator() as coordinator:
        gathered(coordinator, 1)

        def come_or_go() -> None:
            coordinator._looked = coordinator._alone_until = 0.0
            if chance.random() < 0.2:
                helping.pop().leave() if helping else helping.extend(
                    stack.enter_context(helpers(hub.settings, 1))
                )

        from contextlib import ExitStack

        with ExitStack() as stack:
            work_through(coordinator, 200, come_or_go)
    assert digests(hub) == digests(worked)
    agrees_with_replay(hub)


def expel_all(coordinator) -> None:
    for name in coordinator._exchange.others():
        coordinator._exchange.expel(name)


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", [ANNOUNCE, FRESH, VERDICT, GO])
def test_helpers_are_thrown_out_before_the_coordinator_says(hub, county, worked, kind):
    ingest(hub, county)
    with helpers(hub.settings, 2) as helping, hub.coordinator() as coordinator:
        gathered(coordinator, 2)
        at_moment(
            coordinator._exchange, "send", lambda attempt, said, *_: said == kind and attempt.endswith("/2"),
            lambda: expel_all(coordinator),
        )  # fmt: skip
        work_through(coordinator, 300)
    assert all(helper.thrown_out for helper in helping)
    assert digests(hub) == digests(worked)
    agrees_with_replay(hub)


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", [ANNOUNCE, FRESH, VERDICT, GO])
def test_the_coordinator_dies_before_it_says(hub, county, worked, kind):
    ingest(hub, county)
    with helpers(hub.settings, 2):
        with suppress(DiedError), hub.coordinator() as coordinator:
            gathered(coordinator, 2)
            at_moment(
                coordinator._exchange,
                "send",
                lambda attempt, said, *_: said == kind and attempt.endswith("/2"),
                die,
            )
            work_through(coordinator, 300)
            pytest.fail("it should have died")
        with hub.coordinator() as coordinator:
            gathered(coordinator, 2)
            work_through(coordinator, 300)
    assert digests(hub) == digests(worked)
    agrees_with_replay(hub)


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
@pytest.mark.parametrize("moment", [FRESH, READY, DONE, "append"])
def test_a_helper_dies_before_it_says_or_appends(hub, county, worked, moment):
    ingest(hub, county)

    def mortal(participant) -> None:
        if moment == "append":
            at_moment(participant._log, "append", lambda _: True, die)
        else:
            at_moment(participant._exchange, "send", lambda attempt, said, *_: said == moment, die)

    dying = Helper(hub.settings, mortal)
    dying.start()
    with helpers(hub.settings, 1), hub.coordinator() as coordinator:
        gathered(coordinator, 2)
        work_through(coordinator, 300)
    dying.leave()
    assert dying.thrown_out
    assert digests(hub) == digests(worked)
    agrees_with_replay(hub)


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
def test_a_rebuild_beside_helpers_that_stand_by_is_not_held_up_and_they_are_found_again(hub, county, worked):
    ingest(hub, county)
    with helpers(hub.settings, 1) as helping:
        with hub.coordinator() as coordinator:
            gathered(coordinator, 1)
            work_through(coordinator, 1_000)
        assert hub.rebuild(lambda _: None)["ok"]
        hub.log.append([closed(25_000)])
        with hub.coordinator() as coordinator:
            gathered(coordinator, 1)
            work_through(coordinator, 1_000)
            assert coordinator._company is not None
    assert helping[0].events and not helping[0].thrown_out
    agrees_with_replay(hub)


def test_what_is_asked_of_a_case_is_decided_by_one_worker_wherever_its_person_lives(hub, county):
    ingest(hub, county)
    with helpers(hub.settings, 1), hub.coordinator() as coordinator:
        gathered(coordinator, 1)
        work_through(coordinator, 500)
        with hub.projection() as db:
            columns = cases.c.case_id, cases.c.version, people.c.home
            query = select(*columns).join(people, people.c.person == cases.c.person)
            rows = db.execute(query.where(cases.c.state == "raised")).all()
        seen = {row.case_id: row.version for row in rows}
        chosen = [next(row.case_id for row in rows if row.home == home) for home in range(4)]
        asked = [
            Envelope(
                CaseActionRequested(case, "accept", seen.get(case, 0), "clerk", None, None),
                derive_id(case),
                case,
                "/test",
            )
            for case in [*chosen, "nobody's"]
        ]
        hub.log.append(asked)
        assert work_through(coordinator, 500) == 1
    moved = {r.envelope.event.case_id for r in Subscription(hub.log, (DECISIONS,), {}).take(10**6).events
             if isinstance(r.envelope.event, CaseMoved) and r.envelope.event.state == "accepted"}  # fmt: skip
    assert moved == set(chosen)
    agrees_with_replay(hub)


def test_what_rules_fail_on_is_found_by_one_worker_alone_and_set_aside(hub):
    events = [poisoned(n) if n in (5, 31) else child(n) for n in range(60)]
    hub.log.append([*events[:30], closed(19_100), *events[30:], closed(19_101)])
    with helpers(hub.settings, 1) as helping, hub.coordinator() as coordinator:
        gathered(coordinator, 1)
        work_through(coordinator, 500)
        hub.log.append([child(n, version=2) for n in range(60)])
        gathered(coordinator, 1)
        work_through(coordinator, 500)
    assert helping[0].events
    assert aside(hub) == {events[5].id, events[31].id}
    agrees_with_replay(hub)
