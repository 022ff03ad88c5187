"""What stood at the close of a past day: as the live views said right then, however the run was cut (promise 4)."""

import json

import pytest
from click.testing import CliRunner

from hub.app import Hub
from hub.audit import replay
from hub.cli import cli
from hub.domain.days import iso
from hub.domain.events import ACTIONS, RECORDS, CaseActionRequested, DayClosed
from hub.errors import NotFoundError
from hub.log import Envelope, derive_id
from hub.log.subscription import Subscription
from hub.projections import cases, held
from hub.projections.databases import open_sqlite
from hub.projections.position import load_checkpoint
from tests.conftest import settings_for, work_through
from tests.databases import new_database
from tests.replay.test_adoption import halves, model, queries, small  # noqa: F401  # fixtures
from tests.sharing.workers import gathered, helpers
from tests.sharing.workers import work_through as work_together

STEP_SIZES = (37, 900, 10_000)


def digests(hub):
    with hub.projection() as db:
        return replay.digests(db)


def then(hub, day):
    """Digests and position of a past day."""
    with hub.past(day, lambda _: None) as (db, position):
        return replay.digests(db), position


def days(hub):
    # A model that is adopted comes alone, so one page is not all.
    events = Subscription(hub.log, (RECORDS,), {}).read_until(hub.log.head())
    return sorted({r.envelope.event.day for r in events if isinstance(r.envelope.event, DayClosed)})


def run(hub, limit=10_000):
    with hub.runner() as runner:
        while runner.step(limit) is not None:
            pass
        runner.refresh()


def ingest(hub, source):
    with hub.ingest() as work:
        work.run(hub.connectors(source, ()), lambda _: None, close_days=True)


def judge(hub):
    """A word on a pair that people must look at, where there is one, and a step of a case."""
    with hub.projection() as db:
        pair = db.execute(held.select().order_by(held.c.pair)).mappings().first()
        case = db.execute(cases.select().order_by(cases.c.case_id)).mappings().first()
        event = queries(hub, db).judgement(pair["pair"], "different", "seen") if pair else None
    if event is not None:
        with hub.ingest() as work:
            name = derive_id("pair-judged", event.pair)
            work.announce(Envelope(event, name, event.pair, "/hub/identity", event.pair))
    asked = CaseActionRequested(case["case_id"], "accept", case["version"], "health/analyst", None, None)
    hub.log.append(
        [Envelope(asked, derive_id("accepted", case["case_id"]), case["case_id"], "/hub/cases", "")]
    )


def story(hub, halves, model, limit):  # noqa: F811
    """Half of a county, a word of people, another model, and the rest; digests of the live views at both ends."""
    first, whole = halves
    ingest(hub, first)
    run(hub, limit)
    middle = days(hub)[-1], digests(hub)
    judge(hub)
    run(hub, limit)
    hub.adopt(model, "learnt")
    run(hub, limit)
    ingest(hub, whole)
    run(hub, limit)
    return middle, (days(hub)[-1], digests(hub))


@pytest.fixture(scope="module", params=(1, 4))
def told(request, tmp_path_factory, halves, model):  # noqa: F811
    """The story, its steps cut in three ways; what was seen of it at each of a few days."""
    found = []
    for limit in STEP_SIZES:
        hub = Hub(settings_for(tmp_path_factory.mktemp("told"), request.param))
        middle, end = story(hub, halves, model, limit)
        found.append((hub, middle, end))
    yield found
    for hub, _, _ in found:
        hub.close()


def test_a_day_is_seen_as_the_live_views_said_at_its_close(told):
    for hub, middle, end in told:
        for day, live in (middle, end):
            assert then(hub, day)[0] == live


def test_how_the_live_run_cut_its_steps_cannot_be_seen(told):
    all_days = days(told[0][0])
    for day in all_days[:: len(all_days) // 6]:
        views, positions = zip(*(then(hub, day) for hub, _, _ in told), strict=True)
        assert views[1:] == views[:-1]
        records = [{p: o for p, o in place.items() if p.topic == RECORDS} for place in positions]
        assert records[1:] == records[:-1] and records[0]


def test_the_position_is_that_of_the_closed_day_and_of_the_actions_before_it(told):
    hub, middle, end = told[0]
    for day, _ in (middle, end):
        position = then(hub, day)[1]
        for partition in hub.log.partitions(RECORDS):
            last = hub.log.read(partition, position[partition] - 1, 1)[0].envelope.event
            assert isinstance(last, DayClosed) and last.day == day
    assert not [p for p in then(hub, middle[0])[1] if p.topic == ACTIONS]
    assert [p for p in then(hub, end[0])[1] if p.topic == ACTIONS]


def test_each_day_is_what_a_hub_saw_that_stopped_there(tmp_path, small):  # noqa: F811
    hub = Hub(settings_for(tmp_path / "daily"))
    ingest(hub, small)
    seen = {}
    with hub.runner() as runner:
        while (result := runner.step(50)) is not None:
            closed = runner._processor.today
            at = {p: o for p, o in load_checkpoint(runner._db).items() if p.topic == RECORDS}
            last = [hub.log.read(p, o - 1, 1)[0].envelope.event for p, o in at.items()]
            if result.events and all(isinstance(e, DayClosed) for e in last):
                seen[closed] = replay.digests(runner._db)
    assert len(seen) >= 3
    for day in list(seen)[:: max(1, len(seen) // 5)]:
        assert then(hub, day)[0] == seen[day], iso(day)
    hub.close()


def test_several_days_in_one_replay_are_each_what_a_replay_of_its_own_says(told):
    """Days of one step, of the step after, at the end of a step, after another model, and the last one."""
    for hub, (middle, _), (end, _) in told[1:]:
        all_days = days(hub)
        at = all_days.index(middle)
        chosen = sorted({all_days[2], all_days[3], middle, all_days[at + 1], all_days[-2], end})
        facts = []
        with hub.pasts(chosen, lambda _: None, facts.extend) as pasts:
            found = [(replay.digests(db), position, len(facts)) for db, position in pasts]
        assert [one[:2] for one in found] == [then(hub, day) for day in chosen]
        assert len({fact.envelope.id for fact in facts}) == len(facts) == found[-1][2]
        for day, (_, _, seen) in zip(chosen, found, strict=True):
            closed = [
                fact.envelope.event for fact in facts[:seen] if isinstance(fact.envelope.event, DayClosed)
            ]
            assert max(one.day for one in closed) == day


def test_several_workers_are_one(tmp_path, small, postgres):  # noqa: F811
    alone = Hub(settings_for(tmp_path / "alone", 4))
    work_through(alone, small)
    many = Hub(settings_for(tmp_path / "many", 4, new_database(postgres)))
    ingest(many, small)
    with helpers(many.settings, 2), many.coordinator() as coordinator:
        gathered(coordinator, 2)
        work_together(coordinator, 150)
    all_days = days(alone)
    for day in all_days[:: len(all_days) // 4]:
        assert then(alone, day) == then(many, day)
    alone.close()
    many.close()


def test_what_was_decided_at_a_close_stands_whatever_rules_came_later(told):
    """The first half's only step ends with its last day: nothing of it is decided again."""
    hub, (day, live), _ = told[-1]
    elsewhere = hub.rules._replace(county="990199")
    with open_sqlite(":memory:").connect() as scratch:
        next(replay.closes(hub.log, scratch, elsewhere, (day,), lambda _: None))
        assert replay.digests(scratch) == live
    with open_sqlite(":memory:").connect() as scratch:
        assert replay.verify(hub.log, scratch, elsewhere, lambda _: None).differences > 0


def test_a_day_that_was_not_closed_is_refused(told):
    hub, _, (last, _) = told[0]
    with pytest.raises(NotFoundError, match="was not closed yet"):
        then(hub, last + 1)


def test_the_command_says_what_stood(told, tmp_path):
    hub, (day, live), _ = told[0]
    config = tmp_path / "hub.toml"
    config.write_text(f'[hub]\ndata = "{hub.data.absolute()}"\n', encoding="utf-8")
    said = CliRunner().invoke(cli, ["--config", str(config), "replay", "as-of", iso(day), "--json"])
    assert said.exit_code == 0, said.output
    answer = json.loads(said.output)
    assert (answer["today"], answer["digest"]) == (iso(day), live)
    assert answer["log"] and "caught_up" not in answer
    assert not list(hub.data.glob("past-*"))
    shown = CliRunner().invoke(cli, ["--config", str(config), "replay", "as-of", iso(day)])
    assert iso(day) in shown.output
