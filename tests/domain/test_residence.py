"""Residence: spells of living in the county."""

from domain_records import (
    BORN,
    ELSEWHERE,
    OTHER_TOWN,
    VILLAGE,
    employment,
    entry,
    fact,
    kinds,
    on,
    registration,
)  # fmt: skip

from hub.domain.findings import Finding
from hub.domain.residence import Spell

LAPSES = BORN + 182 + 30 + 1


def test_the_household_register_makes_residents_until_they_are_cancelled():
    assert on(BORN, entry(cancel_date=BORN + 90)).spells == (
        Spell(VILLAGE, BORN + 10, BORN + 90, "resident", "household"),
    )


def test_a_registration_makes_a_migrant_until_the_person_leaves():
    spell = Spell(VILLAGE, BORN, None, "migrant", "registration")
    assert on(BORN, registration()).spells == (spell,)
    assert on(BORN, registration(left_on=BORN + 9)).spells == (spell._replace(left_on=BORN + 9),)
    assert spell.town == "990101101"


def test_an_expired_registration_ends_when_its_grace_is_over():
    before, after = on(LAPSES - 1, registration()), on(LAPSES, registration())
    assert (before.spells[0].left_on, before.findings, before.due) == (None, (), LAPSES)
    assert after.spells == (Spell(VILLAGE, BORN, BORN + 182, "migrant", "expired"),)
    assert after.due is None
    assert after.findings == (
        Finding(
            "residence-expired", "residence/1", ("residence/1",),
            "expired 2024-08-30, neither renewed nor ended by 2024-09-29",
        ),
    )  # fmt: skip


def test_whoever_registered_again_did_not_leave_without_notice():
    again = registration("2", registered_on=BORN + 100, expires_on=BORN + 900)
    assert kinds(on(LAPSES, registration(), again)) == []
    household = entry(entry_kind="move_in", entry_date=BORN + 100)
    assert kinds(on(LAPSES, registration(), household)) == []


def test_a_registration_without_dates_neither_expires_nor_fails():
    bare = fact("residence", "1", place=VILLAGE)
    assert on(BORN + 9000, bare).spells == (Spell(VILLAGE, BORN, None, "migrant", "registration"),)
    lapsed = fact("residence", "1", place=VILLAGE, expires_on=BORN)
    assert kinds(on(LAPSES, lapsed)) == ["residence-expired"]


def test_other_counties_and_work_make_no_spell():
    assert on(BORN, entry(place=ELSEWHERE), registration(place=ELSEWHERE), employment()).spells == ()


def test_spells_come_in_order_of_arrival_and_may_overlap():
    late, early = entry(entry_date=BORN + 300), registration(place=OTHER_TOWN)
    spells = on(BORN, late, early).spells
    assert [spell.arrived_on for spell in spells] == [BORN, BORN + 300]
    assert [spell.left_on for spell in spells] == [None, None]


def test_open_registrations_in_two_towns_are_a_discrepancy():
    there = registration("2", place=OTHER_TOWN)
    assert on(BORN, registration(), there).findings == (
        Finding(
            "residence-two-places", "p1", ("residence/1", "residence/2"),
            "residence is registered in towns 990101101 and 990101102 at once",
        ),
    )  # fmt: skip
    assert kinds(on(BORN, registration(), registration("2"))) == []
    assert kinds(on(BORN, registration(), registration("2", place=ELSEWHERE))) == []


def test_two_places_end_on_the_day_one_is_left():
    there = registration("2", place=OTHER_TOWN, left_on=BORN + 20)
    assert kinds(on(BORN + 19, registration(), there)) == ["residence-two-places"]
    assert on(BORN + 19, registration(), there).due == BORN + 20
    assert kinds(on(BORN + 20, registration(), there)) == []


def test_work_without_residence_is_a_discrepancy_after_thirty_days():
    assert (on(BORN + 30, employment()).findings, on(BORN + 30, employment()).due) == (
        (), BORN + 31,
    )  # fmt: skip
    shop = fact("business", "b1", work_place=VILLAGE, started_on=BORN - 400)
    assert on(BORN + 31, employment(), shop).findings == (
        Finding(
            "employment-without-residence", "p1", ("business/b1", "employment/1"),
            "works here since 2023-01-26, no residence registered in the county",
        ),
    )  # fmt: skip


def test_work_that_ended_or_lies_elsewhere_asks_for_nothing():
    assert kinds(on(BORN + 90, employment(ended_on=BORN + 90))) == []
    assert kinds(on(BORN + 90, employment(work_place=ELSEWHERE))) == []
    ends = on(BORN + 89, employment(ended_on=BORN + 90))
    assert (kinds(ends), ends.due) == (["employment-without-residence"], BORN + 90)


def test_work_without_start_or_place_counts_from_publication_in_the_county():
    assert kinds(on(BORN + 31, fact("employment", "1"))) == ["employment-without-residence"]


def test_work_is_no_question_while_a_residence_is_open():
    assert kinds(on(BORN + 90, employment(), registration())) == []
    assert kinds(on(BORN + 90, employment(), entry(entry_kind="initial"))) == []


def test_whoever_moved_out_is_given_time_to_end_the_work_too():
    left = registration(left_on=BORN + 80)
    assert on(BORN + 79, employment(), left).due == BORN + 80
    assert (kinds(on(BORN + 110, employment(), left)), on(BORN + 80, employment(), left).due) == (
        [], BORN + 111,
    )  # fmt: skip
    assert kinds(on(BORN + 111, employment(), left)) == ["employment-without-residence"]
