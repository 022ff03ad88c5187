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

from hub.domain.days import day_of
from hub.domain.findings import Finding
from hub.domain.residence import Spell

LAPSES = BORN + 182 + 30 + 1


def spell(**said):
    """A migrant's spell at the village, unless it is said otherwise."""
    usual = {"place": VILLAGE, "arrived_on": BORN, "left_on": None, "status": "migrant", "basis": "registration",
             "record": "residence/1", "began": "arrival"}  # fmt: skip
    return Spell(**(usual | said))


def household(**said):
    return spell(
        **(
            {"status": "resident", "basis": "household", "record": "household_entry/1", "began": "birth"}
            | said
        )
    )


def test_the_household_register_makes_residents_from_birth_until_they_are_cancelled():
    assert on(BORN, entry(cancel_date=BORN + 90, cancel_reason="death")).spells == (
        household(left_on=BORN + 90, ended="death"),
    )
    came = entry(entry_kind="move_in", household_no="H1", relation="户主", moved_from=ELSEWHERE)
    assert on(BORN, came).spells == (
        household(arrived_on=BORN + 10, began="move_in", origin=ELSEWHERE, household="H1", relation="户主"),
    )


def test_an_entry_that_followed_its_household_makes_two_spells():
    moved = entry(place=OTHER_TOWN, address_since=BORN + 50, moved_from=VILLAGE)
    assert on(BORN, moved).spells == (
        household(left_on=BORN + 50, ended="moved"),
        household(place=OTHER_TOWN, arrived_on=BORN + 50, began="moved", origin=VILLAGE),
    )


def test_a_registration_makes_a_migrant_until_the_person_leaves():
    assert on(BORN, registration(hukou_place=ELSEWHERE)).spells == (spell(origin=ELSEWHERE),)
    assert on(BORN, registration(left_on=BORN + 9)).spells == (spell(left_on=BORN + 9, ended="left"),)
    assert spell().town == "990101101"


def test_nobody_registers_before_arriving():
    late = registration(arrival_date=BORN + 367)
    assert on(BORN, late).spells == (spell(arrived_on=BORN + 2),)
    assert kinds(on(BORN, late)) == ["dates-out-of-order"]


def test_an_expired_registration_ends_when_its_grace_is_over():
    before, after = on(LAPSES - 1, registration()), on(LAPSES, registration())
    assert (before.spells[0].left_on, kinds(before), before.due) == (None, ["residence-renewal-due"], LAPSES)
    assert after.spells == (spell(left_on=BORN + 182, basis="expired", ended="expired"),)
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
    assert on(BORN + 9000, bare).spells == (spell(),)
    lapsed = fact("residence", "1", place=VILLAGE, expires_on=BORN)
    assert kinds(on(LAPSES, lapsed)) == ["residence-expired"]


def test_other_counties_and_work_make_no_spell():
    assert on(BORN, entry(place=ELSEWHERE), registration(place=ELSEWHERE), employment()).spells == ()


def test_spells_come_in_order_of_arrival_and_may_overlap():
    late, early = entry(entry_kind="move_in", entry_date=BORN + 300), registration(place=OTHER_TOWN)
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
    assert on(BORN, registration(), registration("2")).findings == (
        Finding(
            "residence-registered-twice", "990101101", ("residence/1", "residence/2"),
            "2 registrations are in force in town 990101101 at once",
        ),
    )  # fmt: skip
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
    assert on(BORN + 79, employment(), left).due == BORN + 111
    assert (kinds(on(BORN + 110, employment(), left)), on(BORN + 80, employment(), left).due) == (
        [], BORN + 111,
    )  # fmt: skip
    assert kinds(on(BORN + 111, employment(), left)) == ["employment-without-residence"]


def test_a_registration_is_a_reminder_before_it_counts_as_expired():
    stood = {day: kinds(on(day, registration())) for day in range(BORN + 170, LAPSES + 5)}
    due = ["residence-renewal-due"]
    assert stood == {
        day: [] if day < BORN + 175 else due if day < LAPSES else ["residence-expired"] for day in stood
    }


# --- corroboration --------------------------------------------------------------------------

INSURED = employment(last_month="202404")
"""Until the end of April, of which is heard until the end of December."""
HEARD, SPEAKS = day_of("2024-04-30"), day_of("2024-12-30")
YEAR = registration(expires_on=BORN + 365)


def test_work_corroborates_a_registration_and_fades():
    (found,) = on(BORN, YEAR, INSURED).spells
    assert found == spell(heard_on=HEARD, speaks_until=SPEAKS, quiet_from=SPEAKS + 1)
    assert found.evidence_on(SPEAKS) == "corroborated"
    assert found.evidence_on(SPEAKS + 1) == "gone-quiet"
    assert spell().evidence_on(BORN) == "registered-only"
    assert on(BORN, entry(), INSURED).spells == (household(),), "the household register needs no other word"


def test_work_that_ended_says_nothing_more_and_that_is_no_silence():
    (found,) = on(BORN, YEAR, employment(last_month="202404", ended_on=HEARD)).spells
    assert (found.speaks_until, found.quiet_from) == (SPEAKS, None)
    assert found.evidence_on(SPEAKS + 1) == "registered-only"
    assert kinds(on(SPEAKS + 1, YEAR, employment(last_month="202404", ended_on=HEARD))) == []


def test_whoever_came_to_renew_after_the_evidence_stopped_has_not_gone_quiet():
    (found,) = on(BORN, registration(expires_on=BORN + 600, endorsed_on=HEARD + 1), INSURED).spells
    assert found.quiet_from is None


def test_a_registration_goes_quiet_when_its_evidence_broke_off():
    before = on(SPEAKS, YEAR, INSURED)
    assert (kinds(before), before.due) == ([], SPEAKS + 1)
    after = on(SPEAKS + 1, YEAR, INSURED)
    assert after.findings == (
        Finding(
            "residence-gone-quiet", "residence/1", ("residence/1",),
            "registered here, insured until 2024-04-30 and not since, no end of work was told",
        ),
    )  # fmt: skip
    assert kinds(on(SPEAKS + 1, YEAR, employment(last_month="202405"))) == []
    assert kinds(on(SPEAKS + 1, YEAR, INSURED, entry(entry_kind="move_in"))) == []
    expired = on(BORN + 365 + 31, YEAR, INSURED)
    assert kinds(expired) == ["residence-expired", "employment-without-residence"]


# --- both registers, and work ---------------------------------------------------------------


def test_a_migrant_in_the_household_register_is_to_be_in_one_of_them():
    stranger, local = registration(hukou_place=ELSEWHERE), registration(hukou_place=OTHER_TOWN)
    moved_in = entry(entry_kind="move_in")
    assert kinds(on(BORN + 40, stranger, moved_in)) == []
    assert kinds(on(BORN + 41, stranger, moved_in)) == ["household-and-residence-both"]
    assert kinds(on(BORN + 41, local, moved_in)) == [], "who moved within the county may live elsewhere in it"
    assert kinds(on(BORN + 60, stranger, entry(entry_kind="move_in", cancel_date=BORN + 60))) == []


def test_work_that_outlasts_a_cancelled_entry_is_for_the_employer_s_register():
    gone = entry(
        entry_kind="initial",
        cancel_date=BORN + 10,
        cancel_reason="moved_out",
        entry_date=BORN - 900,
        birth_date=None,
    )
    assert kinds(on(BORN + 200, gone, employment(last_month="202405"))) == []
    assert on(BORN + 200, gone, employment(last_month="202406")).findings == (
        Finding(
            "cancelled-but-working", "p1", ("employment/1",),
            "the household entry was cancelled on 2024-03-11, work here goes on after 2024-05-10",
        ),
    )  # fmt: skip
    shop = fact("business", "b1", work_place=VILLAGE, started_on=BORN - 400)
    assert (kinds(on(BORN + 70, gone, shop)), on(BORN + 70, gone, shop).due) == ([], BORN + 71)
    assert kinds(on(BORN + 71, gone, shop)) == ["cancelled-but-working"]
    later = employment(started_on=BORN + 40)
    assert kinds(on(BORN + 71, gone, later)) == ["employment-without-residence"]


def test_months_after_the_end_of_a_job_contradict_it():
    assert on(BORN, entry(entry_kind="initial"), employment(ended_on=BORN + 9, last_month="202405")).findings == (
        Finding(
            "insured-after-job-ended", "employment/1", ("employment/1",),
            "the job ended 2024-03-10, the last month insured is 2024-05",
        ),
    )  # fmt: skip
    assert (
        kinds(on(BORN, entry(entry_kind="initial"), employment(ended_on=BORN + 9, last_month="202403"))) == []
    )
