"""Figures that are given out: on record before they are, compared with what was given before, in every replay."""

import json

import pytest
from click.testing import CliRunner

from hub.app import Hub
from hub.audit.aggregates import Asked, Scope, Source
from hub.audit.replay import verify
from hub.cli import cli
from hub.domain.days import day_of
from hub.domain.disclosures import Reader
from hub.domain.events import ACTIONS, FiguresReleased
from hub.log.subscription import Subscription
from hub.projections.databases import open_sqlite
from hub.projections.releases import history
from hub.reports.periodic import TABLES, Made, report
from hub.reports.periodic.page import page
from hub.simulate import simulate
from hub.simulate.places import COUNTY
from hub.statistics.disclosure import Release
from hub.statistics.disclosure.attack import bounds
from hub.statistics.periods import due, period
from hub.statistics.publication import Safety
from hub.statistics.releases import given
from tests.conftest import settings_for, work_through

READER = Reader("health", "analyst", COUNTY, "vital-statistics")
MADE = Made(READER, Safety(), None)
GIVEN_OUT = (
    ("half-month", "2024-05-2"), ("month", "2024-05"), ("half-month", "2024-06-1"), ("month", "2024-06"),
    ("half-year", "2024-H1"), ("month", "2024-08"), ("year", "2024"),
)  # fmt: skip


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    source = tmp_path_factory.mktemp("county")
    simulate(source, persons=1_500, months=15, seed=8, noise=1)
    found = Hub(settings_for(tmp_path_factory.mktemp("releases")))
    work_through(found, source)
    yield found
    found.close()


def made(hub, kind, when, release="first"):
    wanted = period(kind, when)
    return report(hub, wanted, due(wanted, release, day_of("2025-03-31")), MADE, lambda _: None)


@pytest.fixture(scope="module")
def given_out(hub):
    """Reports as a bureau makes them, one after the other, and their pages."""
    return {f"{kind}/{when}/first": page(made(hub, kind, when), "en") for kind, when in GIVEN_OUT}


def on_record(hub):
    events = Subscription(hub.log, (ACTIONS,), {}).take(10_000).events
    return [r.envelope.event for r in events if isinstance(r.envelope.event, FiguresReleased)]


def test_each_release_is_on_record_once_and_made_again_gives_the_same(hub, given_out):
    names = [event.name for event in on_record(hub)]
    assert names[: len(GIVEN_OUT)] == list(given_out)
    for kind, when in (GIVEN_OUT[1], GIVEN_OUT[0]):
        assert page(made(hub, kind, when), "en") == given_out[f"{kind}/{when}/first"]
    assert [event.name for event in on_record(hub)] == names
    assert all(event.actor == "health/analyst" for event in on_record(hub))


def test_how_things_stand_is_given_to_nobody(hub, given_out):
    before = len(on_record(hub))
    made(hub, "month", "2025-03", "current")
    assert len(on_record(hub)) == before


def test_an_attack_on_everything_that_was_given_out_recovers_nothing_withheld(hub, given_out):
    with hub.projection() as db:
        before = history(db, hub.log)
        assert before.keys() >= given_out.keys()
        # All of it counted by what is known today: no attacker knows as much.
        source = Source(db, hub.rules, {}, day_of("2025-03-31"), before)
        asked = Asked(TABLES, period=period("year", "2024"))
        families = Scope(source, asked, day_of("2025-03-31"), Safety()).families()
    known = given(before)
    for family in families:
        counts = {k: t.counts[k] for t in family.tables for k in t.counts} | dict(family.others)
        values = {
            key: sum(family.tables[0].people.get(n, 1) for n in numbers) for key, numbers in counts.items()
        }
        told = {key for key in counts if values[key] in known.told.get(key, ())}
        # What was told and is so no longer says nothing of today.
        hidden = [key for key in counts if key in known.withheld and key not in told]
        release = Release({key: counts[key] for key in (*told, *hidden)}, family.tables[0].people)
        small = {release.keys[i] for i in release.small(Safety().threshold)}
        found = bounds(release, hidden, [key for key in hidden if key in small])
        assert len(found) > 100
        assert [key for key, (low, high) in found.items() if high - low < 1] == []


def test_what_was_given_out_is_a_projection_like_any_other(hub, given_out, tmp_path):
    with hub.projection() as db:
        at_the_end = history(db, hub.log)
    with hub.runner() as runner:
        runner.run()
    with hub.projection() as db:
        assert history(db, hub.log) == at_the_end
    assert hub.rebuild(lambda _: None)["ok"]
    with hub.projection() as db:
        assert history(db, hub.log) == at_the_end
    with open_sqlite(tmp_path / "again.db").connect() as scratch:
        assert verify(hub.log, scratch, hub.rules, lambda _: None).differences == 0


def test_an_export_is_given_out_and_a_look_is_not(hub, given_out, tmp_path):
    settings = tmp_path / "hub.toml"
    settings.write_text(f'[hub]\ndata = "{hub.data}"\ncounty = "{COUNTY}"\n', "utf-8")

    def run(*words):
        done = CliRunner().invoke(cli, ["--config", str(settings), *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    before = len(on_record(hub))
    run("statistics", "births", "--months", "6", "--json")
    assert len(on_record(hub)) == before
    folder = tmp_path / "out"
    run("statistics", "export", str(folder), "--format", "csv", "--months", "6", "--json")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    run("statistics", "export", str(folder), "--format", "csv", "--months", "6", "--json")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert [event.name.rpartition("/")[0] for event in on_record(hub)[before:]] == [
        "statistics/2025-03-31/6/2"
    ]
