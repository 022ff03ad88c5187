"""Two hubs with two logs: births that concern both are counted once, whatever happens to the letters."""

import json
import random
import shutil

import pytest
from sqlalchemy import select

from hub.app import Hub
from hub.audit import replay
from hub.demo_counties import FIRST_TOLD, agree, compare, exchange, pair, work
from hub.domain.events import ACTIONS, LetterSent
from hub.domain.notices import ARRIVAL, BIRTH, DEPARTURE, RESIDENCE, feed_of
from hub.log.subscription import Subscription
from hub.neighbours import digest
from hub.projections import births, discrepancies
from hub.projections.databases import open_sqlite
from hub.simulate import simulate
from hub.simulate.places import COUNTY, NEIGHBOUR


@pytest.fixture(scope="module")
def drops(tmp_path_factory):
    home = tmp_path_factory.mktemp("lives")
    simulate(home / COUNTY, 1_500, 14, seed=32, neighbour=home / NEIGHBOUR)
    return home / COUNTY, home / NEIGHBOUR


@pytest.fixture
def sites(tmp_path):
    made = pair(tmp_path)
    for site in made:
        agree(site)
    return made


def mail(sites):
    return sites[0].folder / next(iter(sites[0].neighbours.values())).inbox


def letters_of(site):
    hub = Hub(site)
    events = Subscription(hub.log, (ACTIONS,), {}).take(10_000).events
    hub.close()
    return [item.envelope.event for item in events if isinstance(item.envelope.event, LetterSent)]


def outcomes(site):
    hub = Hub(site)
    with hub.projection() as db:
        rows = db.execute(select(births.c.outcome, births.c.born_on, births.c.mother_local)).all()
    hub.close()
    return sorted(map(tuple, rows))


def standing(site, kind):
    """How many discrepancies of a kind stand."""
    hub = Hub(site)
    with hub.projection() as db:
        query = select(discrepancies.c.kind).where(
            discrepancies.c.kind == kind, discrepancies.c.status == "standing"
        )
        found = len(db.execute(query).all())
    hub.close()
    return found


@pytest.fixture(scope="module")
def quiet(drops, tmp_path_factory):
    """What both come to when nothing goes wrong."""
    made = pair(tmp_path_factory.mktemp("quiet"))
    for site in made:
        agree(site)
    exchange(made, drops)
    return made


def test_every_birth_of_both_is_counted_once_in_the_right_county(quiet, drops):
    found = compare(quiet, drops)
    assert found["births_of_both"] >= 5
    assert found["wrong"] == []
    assert found["notices"][COUNTY]["birth_certificate closed"] >= 1
    assert sum(found["notices"][NEIGHBOUR].values()) >= 1
    assert found["people_of_both"] >= 20
    assert (found["people_twice"], found["people_dropped"]) == (0, 0)


def test_whoever_moves_is_counted_in_one_county_or_shown_by_both_as_between(quiet, drops):
    found = compare(quiet, drops)
    assert (found["ok"], found["misplaced"]) == (True, [])
    assert found["people_moved"] >= 5
    left, expected = found["between"][COUNTY], found["between"][NEIGHBOUR]
    assert left["left"] == expected["expected"] >= 2
    assert left["left_late"] == expected["expected_late"] >= 1
    assert left["by_state"] == {"accepted": left["left"]}
    assert found["notices"][COUNTY]["departure closed"] >= 1
    assert found["notices"][COUNTY]["arrival closed"] >= 1
    assert standing(quiet[1], "arrival-unregistered") == left["left_late"]


def test_without_letters_some_are_dropped(drops, tmp_path):
    alone = pair(tmp_path)
    for site, source in zip(alone, drops, strict=True):
        work(site, source)
    found = compare(alone, drops)
    assert found["wrong"]
    assert found["people_twice"] >= 10
    assert found["misplaced"]


def test_the_log_holds_every_letter_as_it_was_signed(quiet):
    for site in quiet:
        sent = letters_of(site)
        assert [event.number for event in sent] == list(range(1, len(sent) + 1))
        assert all(digest(event.content) == event.digest for event in sent)
        assert all(event.agreements for event in sent)


def test_both_logs_replay(quiet):
    for site in quiet:
        hub = Hub(site)
        with open_sqlite(":memory:").connect() as scratch:
            assert replay.verify(hub.log, scratch, hub.rules, lambda _: None).differences == 0
        assert hub.rebuild(lambda _: None)["ok"]
        hub.close()


def test_nothing_is_told_twice_once_it_was_told(quiet, drops):
    before = [len(letters_of(site)) for site in quiet]
    assert [work(site, source) for site, source in zip(quiet, drops, strict=True)] == [0, 0]
    assert [work(site, source) for site, source in zip(quiet, drops, strict=True)] == [0, 0]
    after = [len(letters_of(site)) for site in quiet]
    # An acknowledgement at most, which asks for none in its turn.
    assert all(now - then <= 1 for then, now in zip(before, after, strict=True))


@pytest.mark.parametrize("seed", range(2))
def test_letters_that_are_lost_doubled_or_late_change_nothing(quiet, drops, sites, tmp_path, seed):
    chance = random.Random(seed)
    aside = tmp_path / "carrier"
    aside.mkdir()
    for _ in range(6):
        order = list(zip(sites, drops, strict=True))
        chance.shuffle(order)
        for each in order:
            work(*each)
            for path in sorted(mail(sites).glob("*.json")):
                match chance.randrange(4):
                    case 0:
                        path.unlink()  # lost: it lies in the outbox again after the next round
                    case 1:
                        shutil.copy(path, aside / path.name)
            for path in aside.iterdir():
                if chance.random() < 0.5:
                    shutil.move(path, mail(sites) / path.name)  # late, or once more
    exchange(sites, drops)
    assert compare(sites, drops) == compare(quiet, drops)
    assert [outcomes(site) for site in sites] == [outcomes(site) for site in quiet]


def test_a_cut_off_round_is_completed_by_the_next(drops, sites, monkeypatch):
    """The log has the letter, and the process died before the file was there."""

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("hub.neighbours.outbox.deliver", dies)
        with pytest.raises(KeyboardInterrupt):
            work(sites[0], drops[0])
    assert not list(mail(sites).glob("*.json"))
    assert len(letters_of(sites[0])) == 1
    assert work(sites[0], drops[0]) == 0
    assert len(list(mail(sites).glob("*.json"))) == 1


def test_only_the_agreed_fields_leave(drops, sites):
    work(sites[0], drops[0])
    hub = Hub(sites[0])
    agreed = {a.feed: set(a.fields) for a in hub.intake.agreements()}
    (event,) = letters_of(sites[0])
    said = json.loads(event.content)["notices"]
    assert said
    assert {kind for kind, _, _ in said} >= {BIRTH, RESIDENCE, DEPARTURE, ARRIVAL}
    for kind, _, fields in said:
        assert set(fields) <= agreed[FIRST_TOLD[kind]]
        assert set(fields) <= {field.name for field in hub.feeds[feed_of(kind)].fields}
        assert "phone" not in fields and "address" not in fields
    hub.close()
