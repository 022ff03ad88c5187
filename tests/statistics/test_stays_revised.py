"""Between two releases every migrant counted at an end, coming or going is accounted for, each for one reason."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.days import day_of
from hub.domain.residence import ELSEWHERE, MIGRANT, QUIET, RESIDENT
from hub.statistics.flows import balances, by_county
from hub.statistics.lines import Stay, StayLine
from hub.statistics.spans import month
from hub.statistics.stays_revised import (
    ADDED,
    APART,
    CAME_LATER,
    CHANGED,
    DATED,
    END,
    HEARD,
    INS,
    LAPSED,
    LEFT,
    LEFT_BACK,
    MEASURES,
    MERGED,
    OF_STATUS,
    OUTS,
    PLACED,
    START,
    TAKEN_OUT,
    WITHDRAWN,
    PeopleSeen,
    PersonSeen,
    StaySeen,
    stay_revisions,
)  # fmt: skip

COUNTY, TOWNS = "990101", ("990101101", "990101102")
JUNE = month("2026-06")
BEFORE, LONG_AFTER = JUNE.first - 400, JUNE.last + 400
IN_JUNE = day_of("2026-06-10")
KNOWN_ON = day_of("2026-07-15")
LATER_ON = KNOWN_ON + 30
NAMES = dict(zip(MEASURES, ("start", "in", "in-status", "out", "out-status", "end"), strict=True))


def stay(since=BEFORE, until=None, status=MIGRANT, *, town=0, unsaid=False, records=("r",), first_on=BEFORE):
    said = Stay(TOWNS[town] + "000", since, until, status, "_U")
    return StaySeen(said, unsaid, frozenset(records), first_on)


def person(*stays, also=()):
    return PersonSeen(frozenset(also).union(*(one.records for one in stays)), stays)


def seen(*people, settled=()):
    return PeopleSeen(people, frozenset(settled))


def found(earlier, later, withdrawn=()):
    """Measure to what changed in it: what was added, and what was taken out with a minus."""
    made = stay_revisions(earlier, later, COUNTY, JUNE, KNOWN_ON, frozenset(withdrawn))
    told = {}
    for measure, one in made.items():
        assert one.earlier + sum(one.added.values()) - sum(one.taken_out.values()) == one.later
        said = {**one.added, **{f"-{name}": count for name, count in one.taken_out.items()}, **one.changed}
        if said := {name: count for name, count in said.items() if count}:
            told[NAMES[measure]] = said
    return told


def reasons(*names):
    return dict.fromkeys(names, 1)


def test_who_is_reported_late():
    late = stay(IN_JUNE, first_on=LATER_ON)
    assert found(seen(), seen(person(late))) == {"in": {CAME_LATER: 1}, "end": {CAME_LATER: 1}}


def test_who_left_is_told_late_and_taken_back():
    here, left = person(stay()), person(stay(until=IN_JUNE))
    assert found(seen(here), seen(left)) == {"out": {LEFT: 1}, "end": {f"-{LEFT}": 1}}
    assert found(seen(left), seen(here)) == {"out": {f"-{LEFT_BACK}": 1}, "end": {LEFT_BACK: 1}}


def test_who_left_before_the_period_is_in_no_count_of_it():
    before = person(stay(until=JUNE.first - 20))
    assert found(seen(person(stay())), seen(before)) == {"start": {f"-{LEFT}": 1}, "end": {f"-{LEFT}": 1}}


def test_a_registration_lapses_or_is_renewed_late():
    here, lapsed = person(stay()), person(stay(until=IN_JUNE, unsaid=True))
    quiet = person(stay(until=IN_JUNE, unsaid=True), stay(IN_JUNE, status=QUIET, records=()))
    for gone in (lapsed, quiet):
        assert found(seen(here), seen(gone)) == {"out": {LAPSED: 1}, "end": {f"-{LAPSED}": 1}}
        assert found(seen(gone), seen(here)) == {"out": {f"-{HEARD}": 1}, "end": {HEARD: 1}}


def test_days_are_corrected_into_and_out_of_the_period():
    june, may, july = (person(stay(day)) for day in (IN_JUNE, JUNE.first - 9, JUNE.last + 9))
    assert found(seen(june), seen(may)) == {"start": {DATED: 1}, "in": {f"-{DATED}": 1}, "end": {"day": 1}}
    assert found(seen(june), seen(july)) == {"in": {f"-{DATED}": 1}, "end": {f"-{DATED}": 1}}
    assert found(seen(july), seen(june)) == {"in": {DATED: 1}, "end": {DATED: 1}}
    left, earlier = (person(stay(until=day)) for day in (IN_JUNE, JUNE.first - 9))
    assert found(seen(left), seen(earlier)) == {"start": {f"-{LEFT}": 1}, "out": {f"-{DATED}": 1}}


def test_a_class_changes():
    migrant, resident = person(stay()), person(stay(status=RESIDENT), also=["r"])
    for local in (seen(resident), seen(settled=["r"])):
        assert found(seen(migrant), local) == {"start": {f"-{OF_STATUS}": 1}, "end": {f"-{OF_STATUS}": 1}}
        assert found(local, seen(migrant)) == {"start": {OF_STATUS: 1}, "end": {OF_STATUS: 1}}
    settles = person(stay(until=IN_JUNE), stay(IN_JUNE, status=RESIDENT, records=()))
    assert found(seen(migrant), seen(settles)) == {"out-status": {OF_STATUS: 1}, "end": {f"-{OF_STATUS}": 1}}
    left = person(stay(until=IN_JUNE))
    assert found(seen(left), seen(settles)) == {"out": {f"-{OF_STATUS}": 1}, "out-status": {OF_STATUS: 1}}


def test_a_place_turns_out_to_be_elsewhere():
    here = person(stay())
    away = person(stay(until=IN_JUNE), stay(IN_JUNE, status=ELSEWHERE, records=()))
    assert found(seen(here), seen(away)) == {"out": {PLACED: 1}, "end": {f"-{PLACED}": 1}}
    assert found(seen(here), seen()) == {"start": {f"-{PLACED}": 1}, "end": {f"-{PLACED}": 1}}
    assert found(seen(), seen(here)) == {"start": {PLACED: 1}, "end": {PLACED: 1}}


def test_records_are_withdrawn_though_the_person_stays():
    then, now = person(stay(IN_JUNE), also=["e"]), person(stay(status=RESIDENT, records=()), also=["e"])
    assert found(seen(then), seen(now), ["r"]) == {"in": {f"-{WITHDRAWN}": 1}, "end": {f"-{WITHDRAWN}": 1}}


def test_people_are_merged_and_told_apart():
    one, other = person(stay(records=["a"])), person(stay(records=["b"]))
    both = person(stay(records=["a", "b"]))
    assert found(seen(one, other), seen(both)) == {"start": {f"-{MERGED}": 1}, "end": {f"-{MERGED}": 1}}
    assert found(seen(both), seen(one, other)) == {"start": {APART: 1}, "end": {APART: 1}}


def test_what_stays_may_be_said_otherwise_of():
    there = person(stay(BEFORE + 1, town=1))
    assert found(seen(person(stay())), seen(there)) == {
        "start": reasons("town", "day"), "end": reasons("town", "day"),
    }  # fmt: skip
    days = (person(stay(day)) for day in (IN_JUNE, IN_JUNE + 1))
    assert found(*map(seen, days)) == {"in": {"day": 1}, "end": {"day": 1}}


def test_the_unchanged_one_of_two_steps_is_told_from_the_changed_one():
    twice = stay(until=IN_JUNE - 5), stay(IN_JUNE, IN_JUNE + 3), stay(IN_JUNE + 6)
    once = stay(until=IN_JUNE - 5), stay(IN_JUNE + 6)
    assert found(seen(person(*twice)), seen(person(*once))) == {
        "in": {f"-{DATED}": 1}, "out": {f"-{DATED}": 1},
    }  # fmt: skip


days = st.integers(JUNE.first - 40, JUNE.last + 40)


@st.composite
def lives(draw):
    """A few stays that do not overlap, and the records behind them."""
    bounds = sorted(draw(st.sets(days, min_size=2, max_size=6)))
    stays = []
    for since, until in pairwise(bounds):
        status = draw(st.sampled_from([None, MIGRANT, MIGRANT, RESIDENT, QUIET, ELSEWHERE]))
        if status is not None:
            stays.append(
                (since, until, status, draw(st.integers(0, 1)), draw(st.booleans()), draw(st.booleans()))
            )
    return stays


@st.composite
def counties(draw):
    """People who share no record: each takes a few of those that are left."""
    left = draw(st.lists(st.integers(0, 12).map(str), unique=True, max_size=12))
    people = []
    while left:
        take = draw(st.integers(1, 3))
        mine, left = left[:take], left[take:]
        stays = tuple(
            stay(since, until, status, town=town, unsaid=unsaid,
                 records=draw(st.sets(st.sampled_from(mine), min_size=1)) if status == MIGRANT else (),
                 first_on=LATER_ON if late else BEFORE)
            for since, until, status, town, unsaid, late in draw(lives())
        )  # fmt: skip
        people.append(person(*stays, also=mine))
    settled = draw(st.sets(st.integers(9, 15).map(str))) - {r for one in people for r in one.records}
    return PeopleSeen(people, frozenset(settled))


def counts(known):
    """What stock and flow are published as."""
    lines = [
        StayLine(number, tuple(s.stay for s in one.stays if s.stay.status in (MIGRANT, RESIDENT)))
        for number, one in enumerate(known.people)
    ]
    (cells,) = balances(lines, [(JUNE.first - 1, JUNE.last)], by_county(COUNTY))
    cell = cells.get((COUNTY, MIGRANT))
    if cell is None:
        return dict.fromkeys(MEASURES, 0)
    flows = {("IN", other): len(n) for other, n in cell.came.items()}
    flows |= {("OUT", other): len(n) for other, n in cell.left.items()}
    return {
        START: len(cell.stock_1), END: len(cell.stock_2),
        **{one: flows[one[0], one[1].removeprefix("migrant/")] for one in (*INS, *OUTS)},
    }  # fmt: skip


@given(counties(), counties(), st.frozensets(st.integers(0, 12).map(str)))
def test_earlier_and_added_less_taken_out_is_later_in_every_measure(earlier, later, withdrawn):
    made = stay_revisions(earlier, later, COUNTY, JUNE, KNOWN_ON, withdrawn)
    then, now = counts(earlier), counts(later)
    assert tuple(made) == MEASURES
    for measure, one in made.items():
        assert (one.earlier, one.later) == (then[measure], now[measure])
        assert one.earlier + sum(one.added.values()) - sum(one.taken_out.values()) == one.later
        assert (tuple(one.added), tuple(one.taken_out), tuple(one.changed)) == (ADDED, TAKEN_OUT, CHANGED)
        assert min(*one.added.values(), *one.taken_out.values()) >= 0
        assert all(0 <= count <= min(one.earlier, one.later) for count in one.changed.values())


@given(counties())
def test_nothing_is_revised_of_what_is_known_alike(known):
    for one in stay_revisions(known, known, COUNTY, JUNE, KNOWN_ON, frozenset()).values():
        assert not any({**one.added, **one.taken_out, **one.changed}.values())
