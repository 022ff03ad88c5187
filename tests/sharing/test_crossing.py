"""What crosses partitions is found whatever partitions records come through, and in whatever order."""

import random
from datetime import date

import pytest
from sqlalchemy import func, select

from hub.app import Hub
from hub.domain.events import DayClosed, PairJudged, RecordPublished, RecordWithdrawn
from hub.log import Envelope, derive_id
from hub.matching import default_model, profile_of
from hub.matching.document import written
from hub.processing.sharing import Fresh, Newcomer
from hub.processing.sharing.crossing import ties_between
from hub.processing.sharing.layout import lay_out
from hub.projections import CROSSING, fat_blocks, profiles
from hub.projections.judgements import JUDGED
from tests.conftest import settings_for
from tests.databases import new_database
from tests.sharing.workers import agrees_with_replay, digests, gathered, helpers, work_through

MODEL = default_model()
FEEDS = ("public_security.household_entry", "health.child_record", "public_security.residence_registration")
NAMES = ("王伟", "王玮", "李芳", "欧阳明", "阿依古丽·买买提")
NUMBERS = ("990101199001020014", "990101199001020030", "990101199002010025", "99010119900102001X")
FIRST_DAY, DAYS, RECORDS, EVENTS_A_DAY = 19_700, 9, 40, 16


def published(chance: random.Random, number: int, version: int, day: int) -> RecordPublished:
    """A record that says something of few people, so that many are tied to each other."""
    fields = {
        "name": chance.choice(NAMES), "sex": "1", "birth_date": 7_306 + chance.choice((0, 0, 0, 30, 31)),
        "number": chance.choice((*NUMBERS, None)), "place": f"99010110120{chance.randrange(3)}",
        "phone": chance.choice(("10012345678", "10087654321", None)),
    }  # fmt: skip
    fields = {name: value for name, value in fields.items() if value is not None}
    return RecordPublished(f"r{number:03}", FEEDS[number % 3], version, day, str(number), fields)


def stream(seed: int, partitions: int):
    """Days of records in random partitions, which each record keeps."""
    chance = random.Random(seed)
    versions = dict.fromkeys(range(RECORDS), 0)
    for day in range(FIRST_DAY, FIRST_DAY + DAYS):
        for number in chance.sample(range(RECORDS), EVENTS_A_DAY):
            versions[number] += 1
            event = published(chance, number, versions[number], day)
            if chance.random() < 0.15:
                event = RecordWithdrawn(event.record_id, event.feed, event.version, day)
            id_ = derive_id(event.record_id, event.version)
            yield Envelope(event, id_, event.record_id, "/test", partition=number * 7 % partitions)
        yield Envelope(DayClosed(day), derive_id("day", day), str(day), "/test")


@pytest.mark.parametrize("seed", range(6))
def test_dense_ties_in_random_partitions_come_to_the_same(tmp_path, postgres, seed):
    chance = random.Random(seed)
    alone = Hub(settings_for(tmp_path / "alone", 1))
    together = Hub(settings_for(tmp_path / "together", 4, new_database(postgres)))
    alone.log.append([envelope._replace(partition=0) for envelope in stream(seed, 4)])
    with alone.runner() as runner:
        runner.run()
    with helpers(together.settings, 2) as helping, together.coordinator() as coordinator:
        gathered(coordinator, 2)
        waiting = list(stream(seed, 4))
        while waiting:
            size = chance.randrange(1, 40)
            together.log.append(waiting[:size])
            del waiting[:size]
            work_through(coordinator, chance.choice((3, 20, 1_000)))
        assert coordinator._company is not None
    assert all(helper.events and not helper.thrown_out for helper in helping)
    assert digests(together) == digests(alone)
    agrees_with_replay(together)
    alone.close()
    together.close()


def newcomer(home: int, **stated: str) -> Newcomer:
    profile = profile_of(stated)
    return Newcomer(profile.id, home, profile.dump(), MODEL.block_keys(profile))


@pytest.mark.parametrize(
    ("one", "other", "tie"),
    [
        ({"name": "王伟", "number": NUMBERS[0]}, {"name": "李芳", "number": NUMBERS[0]}, True),
        ({"name": "王伟", "birth_date": "1990-01-02"}, {"name": "王伟", "birth_date": "1990-01-02", "phone": "1"}, True),
        ({"name": "王伟", "number": NUMBERS[0]}, {"name": "李芳", "number": NUMBERS[1]}, False),
        ({"name": "王伟", "number": NUMBERS[0]}, {"name": "王伟", "number": NUMBERS[0]}, True),
    ],
    ids=["one number", "namesakes", "strangers", "one profile"],
)  # fmt: skip
def test_new_profiles_of_two_workers_are_tied_where_one_decision_may_depend_on_the_other(one, other, tie):
    here, there = newcomer(0, **one), newcomer(1, **other)
    found = ties_between({"a": Fresh([here], []), "b": Fresh([there], [])}, MODEL)
    assert found == ({"a": {here.profile}, "b": {there.profile}} if tie else {"a": set(), "b": set()})


def test_homes_are_laid_out_anew_after_steps_that_did_not_mind_them(tmp_path):
    hub = Hub(settings_for(tmp_path, 4))
    hub.log.append(list(stream(1, 4)))
    with hub.runner() as runner:
        runner.run()
    with hub.projection() as db:
        live = profiles.c.person.is_not(None)
        mixed = select(profiles.c.component).where(live).group_by(profiles.c.component).having(
            func.count(profiles.c.home.distinct()) > 1
        )  # fmt: skip
        assert db.execute(mixed).all()
        found = lay_out(db)
        crossing = db.execute(select(func.count()).where(profiles.c.home == CROSSING, live)).scalar()
        assert found == crossing > 0
        assert db.execute(mixed).all() == []
        assert lay_out(db) == found
    hub.close()


def lenient() -> bytes:
    return written(MODEL.document | {"version": "lenient", "link": 14.0, "review": 9.0})


def judged(seed: int) -> Envelope:
    """Two records that are not the same person, whatever they state, and two that are."""
    one, other = random.Random(seed).sample(range(RECORDS), 2)
    verdict = ("different", "same")[seed % 2]
    event = PairJudged(one, other, [f"r{one:03}"], [f"r{other:03}"], verdict, "seen", "test")
    return Envelope(event, f"judged-{seed}", JUDGED, "/test")


@pytest.mark.parametrize("seed", range(3))
def test_models_and_judgements_come_to_the_same_together(tmp_path, postgres, seed):
    alone = Hub(settings_for(tmp_path / "alone", 1))
    together = Hub(settings_for(tmp_path / "together", 4, new_database(postgres)))
    days = 3 * (EVENTS_A_DAY + 1)
    waiting = list(stream(seed, 4))
    with (
        alone.runner() as runner, helpers(together.settings, 2) as helping,
        together.coordinator() as coordinator,
    ):  # fmt: skip
        gathered(coordinator, 2)
        for portion, change in (
            (waiting[:days], lambda hub: hub.log.append([judged(seed), judged(seed + 1)])),
            (waiting[days : 2 * days], lambda hub: hub.adopt(lenient(), "a lower line")),
            (waiting[2 * days :], lambda hub: hub.log.append([judged(seed + 2)])),
        ):
            alone.log.append([envelope._replace(partition=0) for envelope in portion])
            together.log.append(portion)
            runner.run()
            work_through(coordinator, 20)
            change(alone)
            change(together)
            runner.run()
            work_through(coordinator, 20)
            gathered(coordinator, 2)
    assert all(helper.events and not helper.thrown_out for helper in helping)
    assert digests(together) == digests(alone)
    agrees_with_replay(together)
    with together.projection() as db:
        assert together.model(db).version == "lenient"
    alone.close()
    together.close()


def stated(record: str, version: int, name: str, born: int, partition: int) -> Envelope:
    event = RecordPublished(
        record, FEEDS[0], version, FIRST_DAY + version, record,
        {"name": name, "sex": "1", "birth_date": born},
    )  # fmt: skip
    return Envelope(event, derive_id(record, version), record, "/test", partition=partition)


def test_what_people_tied_while_one_side_was_gone_is_tied_once_it_comes_back_elsewhere(tmp_path, postgres):
    alone = Hub(settings_for(tmp_path / "alone", 1))
    together = Hub(settings_for(tmp_path / "together", 4, new_database(postgres)))
    first = [stated("ra", 1, "王伟", 7_306, 0), stated("rb", 1, "欧阳明", 7_900, 1)]
    same = PairJudged(1, 2, ["ra"], ["rb"], "same", "seen", "test")
    gone = RecordWithdrawn("ra", FEEDS[0], 2, FIRST_DAY + 2)
    withdrawn = Envelope(gone, derive_id("ra", 2), "ra", "/test", partition=0)
    back = [stated("ra", 3, "李芳", 8_000, 0), stated("rb", 2, "赵敏", 8_500, 1)]
    with (
        alone.runner() as runner, helpers(together.settings, 1) as helping,
        together.coordinator() as coordinator,
    ):  # fmt: skip
        gathered(coordinator, 1)
        for portion in (
            [*first, withdrawn, Envelope(DayClosed(FIRST_DAY + 2), "d2", "d2", "/test")],
            [Envelope(same, "judged", JUDGED, "/test")],
            [*back, Envelope(DayClosed(FIRST_DAY + 3), "d3", "d3", "/test")],
        ):
            alone.log.append([envelope._replace(partition=None) for envelope in portion])
            together.log.append(portion)
            runner.run()
            work_through(coordinator, 20)
            gathered(coordinator, 1)
    assert helping[0].events and not helping[0].thrown_out
    assert digests(together) == digests(alone)
    agrees_with_replay(together)
    alone.close()
    together.close()


def test_workers_that_meet_at_a_key_too_common_to_compare_under_do_not_wait_for_each_other(
    tmp_path, postgres
):
    hub = Hub(settings_for(tmp_path, 4, new_database(postgres)))
    years = [(date(year, 8, 8) - date(1970, 1, 1)).days for year in range(1560, 2020)]
    namesakes = [stated(f"r{n}", 1, "王伟", born, n % 2) for n, born in enumerate(years)]
    with helpers(hub.settings, 1) as helping, hub.coordinator() as coordinator:
        gathered(coordinator, 1)
        for portion in (
            namesakes[:430],
            [*namesakes[430:], Envelope(DayClosed(FIRST_DAY + 2), "d", "d", "/test")],
        ):
            hub.log.append(portion)
            work_through(coordinator, 1_000)
        assert coordinator._company is not None
    assert helping[0].events and not helping[0].thrown_out
    with hub.projection() as db:
        told = select(func.count(), func.count(fat_blocks.c.key.distinct()), func.max(fat_blocks.c.profiles))
        ((places, keys, most),) = db.execute(told).all()
    assert (places, keys) == (2, 1)
    assert 430 < most <= 460
    hub.close()
