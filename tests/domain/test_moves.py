"""Moves between two counties' registers: counted in one, or known to be between, and asked about when late."""

from domain_records import (
    BORN,
    COUNTY,
    ELSEWHERE,
    LIMITS,
    OTHER_TOWN,
    VILLAGE,
    arrival,
    departure,
    entry,
    fact,
    kinds,
    on,
    registration,
)  # fmt: skip
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.evaluation import evaluate
from hub.domain.findings import Finding
from hub.domain.population import cell_on, stays_of
from hub.domain.residence import arrived, ended_by

DUE = BORN + 30
THERE = ELSEWHERE[:6]


def home(**said):
    return entry(entry_kind="initial", birth_date=BORN - 9_000, entry_date=BORN - 900, **said)


def counted(evaluation, day):
    return cell_on(stays_of(evaluation.spells, day), day) is not None


def test_whoever_is_to_arrive_is_counted_nowhere_and_offered_registration_after_the_limit():
    assert kinds(on(DUE, departure())) == []
    late = on(DUE + 1, departure())
    assert late.spells == ()
    assert late.findings == (
        Finding(
            "arrival-unregistered", f"departure/{THERE}/1", (f"departure/{THERE}/1",),
            "moved here out of a neighbour's register on 2024-03-01, registered nowhere here by 2024-03-31",
        ),
    )  # fmt: skip
    assert (on(BORN, departure()).due, late.bound_for) == (DUE + 1, OTHER_TOWN)


def test_any_registration_here_closes_it_and_an_earlier_life_here_does_not():
    for found in (entry(entry_date=BORN + 3), registration(), home()):
        assert "arrival-unregistered" not in kinds(on(DUE + 1, departure(), found))
    assert "arrival-unregistered" in kinds(on(DUE + 1, departure(), home(cancel_date=BORN - 90)))


def test_a_departure_without_a_day_or_to_elsewhere_asks_for_nothing():
    assert kinds(on(DUE + 99, departure(cancel_date=None))) == []
    assert on(DUE + 99, departure(moved_to=ELSEWHERE)).bound_for is None


def test_whoever_was_entered_next_door_is_not_counted_here_and_the_old_entry_is_asked_about():
    both = home(), arrival()
    assert counted(on(BORN + 49, *both), BORN + 49)
    assert not counted(on(BORN + 50, *both), BORN + 50)
    assert kinds(on(BORN + 80, *both)) == []
    assert on(BORN + 81, *both).findings == (
        Finding(
            "moved-away-uncancelled", f"arrival/{THERE}/2", ("household_entry/1",),
            "entered in county 990202 on 2024-04-20, the entry here stands after 2024-05-20",
        ),
    )  # fmt: skip
    assert kinds(on(BORN + 99, home(cancel_date=BORN + 45), arrival())) == []


def test_whoever_comes_back_is_counted_here_again():
    for back in (
        entry("9", entry_kind="move_in", entry_date=BORN + 200),
        registration(arrival_date=BORN + 200, registered_on=BORN + 200, expires_on=BORN + 400),
        departure(cancel_date=BORN + 200),
    ):
        after = on(BORN + 201, home(), arrival(), back)
        assert counted(after, BORN + 201)
        assert not counted(after, BORN + 100)
        assert "moved-away-uncancelled" not in kinds(after)


def test_an_entry_that_followed_its_household_is_no_return():
    moved = home(address_since=BORN + 90, moved_from=VILLAGE)
    assert not counted(on(BORN + 99, moved, arrival()), BORN + 99)


def test_an_arrival_told_of_a_place_here_says_nothing():
    assert counted(on(BORN + 99, home(), arrival(place=OTHER_TOWN)), BORN + 99)


def test_what_closes_a_notice():
    spells = on(BORN + 99, home(cancel_date=BORN + 60)).spells
    assert arrived(spells, BORN + 59) == BORN - 900
    assert arrived(spells, BORN + 60) is None
    assert not ended_by(spells, (BORN + 50, ELSEWHERE), BORN + 59)
    assert ended_by(spells, (BORN + 50, ELSEWHERE), BORN + 60)
    assert not ended_by((), (BORN + 50, ELSEWHERE), BORN + 60)


days = st.integers(0, 60)


@given(days, days, st.none() | days, st.none() | days)
def test_two_counties_never_count_one_person_both(first, second, first_ends, second_ends):
    """Each register holds one entry, which may or may not have been cancelled; both tell each other."""

    def held(place, since, ends, other):
        return fact("household_entry", place, entry_kind="move_in", entry_date=BORN + since, place=place,
                    came_from=other, cancel_date=None if ends is None else BORN + max(since, ends),
                    moved_to=None if ends is None else other)  # fmt: skip

    sides = {
        COUNTY: held(VILLAGE, first, first_ends, ELSEWHERE),
        THERE: held(ELSEWHERE, second, second_ends, VILLAGE),
    }
    told = {}
    for county, own in sides.items():
        said = [fact("arrival", f"{county}/1", **own.fields)]
        if "cancel_date" in own.fields:
            said.append(fact("departure", f"{county}/1", **own.fields))
        told[county] = said
    for day in range(BORN, BORN + 70):
        counts = [
            counted(evaluate("p", [own, *told[other]], day, county, LIMITS, {}), day)
            for (county, own), other in zip(sides.items(), (THERE, COUNTY), strict=True)
        ]
        standing = [
            own.fields["entry_date"] <= day < own.fields.get("cancel_date", day + 1) for own in sides.values()
        ]
        assert sum(counts) <= 1
        assert sum(counts) == 1 or not any(standing) or _between(sides, day)


def _between(sides, day):
    """Whether the register that was come to last has ended its entry, so that the person is on the way."""
    last = max(
        (own for own in sides.values() if own.fields["entry_date"] <= day),
        key=lambda own: (own.fields["entry_date"], own.fields["place"]),
    )
    return last.fields.get("cancel_date", day + 1) <= day
