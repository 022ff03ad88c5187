"""Births: what certificates and household entries say together."""

import pytest
from domain_records import (
    BORN,
    ELSEWHERE,
    OTHER_TOWN,
    VILLAGE,
    certificate,
    employment,
    entry,
    fact,
    kinds,
    on,
)  # fmt: skip

from hub.domain.births import Birth
from hub.domain.days import day_of
from hub.domain.findings import Finding

LIMIT = day_of("2024-04-01")
DUE = "birth-registration-due"


def outcome(today, *facts):
    birth = on(today, *facts).birth
    return birth and birth.outcome


def test_a_certificate_and_an_entry_that_agree_match():
    birth = on(BORN + 10, certificate(), entry(), fact("child_record", "c1")).birth
    assert birth == Birth(
        "p1", "matched", BORN, VILLAGE, "female", BORN + 10, 10,
        "birth_certificate/A000000001", "household_entry/1", "child_record/c1", True, 1, True,
    )  # fmt: skip


@pytest.mark.parametrize("said", [{"birth_date": BORN + 1}, {"sex": "male"}])
def test_a_certificate_and_an_entry_that_differ_are_in_conflict(said):
    assert outcome(BORN + 10, certificate(), entry(**said)) == "conflict"


def test_what_is_not_stated_cannot_disagree():
    assert outcome(BORN + 10, certificate(sex=None), entry()) == "matched"
    assert outcome(BORN + 10, certificate(), entry(birth_date=None)) == "matched"


def test_a_birth_is_unregistered_on_the_day_after_the_legal_month():
    in_time, late = on(LIMIT, certificate()), on(LIMIT + 1, certificate())
    assert (in_time.birth.outcome, kinds(in_time), in_time.due) == ("too-early", [DUE], LIMIT + 1)
    assert (late.birth.outcome, late.due) == ("only-health", None)
    assert late.findings == (
        Finding(
            "birth-unregistered", "p1", ("birth_certificate/A000000001",),
            "born 2024-03-01, no household entry by 2024-04-01",
        ),
    )  # fmt: skip


def test_a_birth_to_a_mother_of_another_county_is_expected_there():
    there = on(LIMIT + 900, certificate(mother_hukou_place=ELSEWHERE))
    assert there.birth.outcome == "expected-elsewhere"
    assert (there.birth.mother_local, there.birth.place) == (False, OTHER_TOWN)
    assert (there.findings, there.due) == ((), None)


def test_an_entry_without_certificate_is_given_thirty_days():
    in_time, late = on(BORN + 40, entry()), on(BORN + 41, entry())
    assert (in_time.birth.outcome, in_time.findings, in_time.due) == ("too-early", (), BORN + 41)
    assert late.birth.outcome == "only-police"
    assert late.findings == (
        Finding(
            "birth-without-certificate", "p1", ("household_entry/1",),
            "entered 2024-03-11, no birth certificate by 2024-04-10",
        ),
    )  # fmt: skip


def test_a_cancelled_entry_asks_for_no_certificate_from_the_day_of_its_end():
    ends = entry(cancel_date=BORN + 50, cancel_reason="moved_out")
    assert kinds(on(BORN + 49, ends)) == ["birth-without-certificate"]
    assert on(BORN + 49, ends).due == BORN + 50
    assert kinds(on(BORN + 50, ends)) == []


def test_an_entry_of_a_birth_elsewhere_asks_for_no_certificate_here():
    assert outcome(BORN + 900, entry(birth_place=ELSEWHERE)) == "expected-elsewhere"
    assert outcome(BORN + 900, entry(birth_place=VILLAGE)) == "only-police"


def test_an_entry_that_is_no_birth_registers_a_certified_child_and_makes_no_birth_alone():
    moved = entry(entry_kind="move_in", entry_date=BORN + 400)
    assert on(BORN + 900, moved).birth is None
    birth = on(BORN + 900, moved, certificate()).birth
    assert (birth.outcome, birth.registered_on, birth.delay_days) == ("matched", None, None)


def test_neither_work_nor_a_child_record_alone_is_a_birth():
    assert on(BORN, employment(), fact("child_record", "c1", birth_date=BORN)).birth is None


def test_a_birth_whose_day_nobody_states_is_none():
    assert on(BORN, certificate(birth_date=None)).birth is None


def test_the_child_record_fills_what_the_lists_leave_open():
    child = fact("child_record", "c1", birth_date=BORN, sex="male")
    birth = on(BORN, certificate(birth_date=None, sex=None), child).birth
    assert (birth.born_on, birth.sex) == (BORN, "male")


def test_a_birth_without_any_place_or_sex_is_still_a_birth():
    bare = certificate(place=None, mother_hukou_place=None, sex=None)
    birth = on(BORN, bare).birth
    assert (birth.place, birth.sex, birth.mother_local) == (None, None, True)


def test_an_entry_without_date_counts_from_its_publication():
    bare = on(BORN + 31, entry(entry_date=None))
    assert (bare.birth.outcome, bare.birth.registered_on) == ("only-police", None)
    assert kinds(bare) == ["birth-without-certificate"]


def test_a_void_certificate_counts_only_while_no_other_is_issued():
    void = certificate("A000000001", status="void", birth_date=BORN + 5)
    good = certificate("A000000002", replaces="A000000001")
    assert on(BORN, void).birth.certificate_record == "birth_certificate/A000000001"
    both = on(BORN, void, good)
    assert both.birth.certificate_record == "birth_certificate/A000000002"
    assert both.findings == ()


def test_a_replaced_certificate_is_not_in_force_even_if_nobody_declared_it_void():
    both = on(BORN, certificate("A000000001"), certificate("A000000002", replaces="A000000001"))
    assert both.birth.certificate_record == "birth_certificate/A000000002"
    assert kinds(both) == ["certificate-not-voided"]


def test_a_chain_of_replacements_leaves_the_last_in_force():
    first, last = certificate("A000000001"), certificate("A000000003", replaces="A000000002")
    between = certificate("A000000002", replaces="A000000001", status="void")
    whole = on(BORN, first, between, last)
    assert whole.birth.certificate_record == "birth_certificate/A000000003"
    assert kinds(whole) == []
    assert kinds(on(BORN, first, last)) == ["certificate-duplicate"]


def test_certificates_that_replace_each_other_are_all_there_is():
    ring = certificate("A000000001", replaces="A000000002"), certificate("A000000002", replaces="A000000001")
    assert on(BORN, *ring).birth.certificate_record == "birth_certificate/A000000002"


def test_registration_is_offered_a_week_before_the_limit_and_the_offer_ends_with_it():
    days = range(BORN, LIMIT + 60)
    offered = [day for day in days if DUE in kinds(on(day, certificate()))]
    missing = [day for day in days if "birth-unregistered" in kinds(on(day, certificate()))]
    assert (offered, missing) == ([*range(LIMIT - 7, LIMIT + 1)], [*range(LIMIT + 1, LIMIT + 60)])
    assert on(BORN, certificate()).due == LIMIT - 7
    assert kinds(on(LIMIT, certificate(), entry())) == []
    assert kinds(on(LIMIT, certificate(mother_hukou_place=ELSEWHERE))) == []


def test_where_certificates_differ_on_the_day_of_birth_nobody_is_reminded_early():
    child = fact("child_record", "c1", birth_date=BORN + 20, place=VILLAGE)
    assert DUE in kinds(on(LIMIT, certificate(), child))
    assert DUE not in kinds(on(LIMIT, certificate(), certificate("A000000002", birth_date=BORN + 20)))
    assert on(LIMIT, certificate(birth_date=None), child).birth.outcome == "too-early"
    assert on(LIMIT + 30, certificate(birth_date=None), child).birth.outcome == "only-health"


def test_a_certificate_in_place_of_another_leaves_no_more_time():
    void = certificate("A000000001", status="void")
    good = certificate("A000000002", replaces="A000000001", issued_on=LIMIT + 20)
    assert outcome(LIMIT + 21, void, good) == "only-health"


def test_a_child_entered_without_parents_and_certificate_was_found():
    found = entry(mother_number=None)
    assert outcome(BORN + 400, found) == "foundling"
    assert kinds(on(BORN + 400, found)) == []
    assert outcome(BORN + 400, entry(mother_number=None, mother_name="王芳")) == "only-police"
    assert outcome(BORN + 400, entry(mother_number=None, certificate_no="A000000001")) == "only-police"


def test_a_birth_outside_facilities_is_one_whose_certificate_names_none():
    assert on(BORN, certificate()).birth.in_facility is True
    assert on(BORN, certificate(facility=None)).birth.in_facility is False
    assert on(BORN, entry()).birth.in_facility is None
    assert on(BORN, certificate(plurality=2), entry()).birth.plurality == 2


def test_an_entry_dated_before_the_birth_tells_of_no_delay():
    birth = on(BORN + 10, certificate(), entry(entry_date=BORN - 365)).birth
    assert (birth.registered_on, birth.delay_days) == (BORN - 365, None)


def test_of_two_certificates_the_cited_one_counts_else_the_newest():
    first, second = certificate("A000000001"), certificate("A000000002", issued_on=BORN + 9)
    cites = entry(certificate_no="A000000001")
    newest, cited = on(BORN, first, second), on(BORN, first, second, cites)
    assert newest.birth.certificate_record == "birth_certificate/A000000002"
    assert cited.birth.certificate_record == "birth_certificate/A000000001"
    assert kinds(newest) == ["certificate-duplicate"]


def test_of_two_entries_the_standing_one_counts_then_the_earlier():
    first, second = entry("1", entry_date=BORN + 5), entry("2", entry_date=BORN + 9)
    assert on(BORN, first, second).birth.entry_record == "household_entry/1"
    gone = entry("1", entry_date=BORN + 5, cancel_date=BORN + 6)
    assert on(BORN, gone, second).birth.entry_record == "household_entry/2"


def test_a_certificate_issued_after_the_limit_leaves_a_month_from_its_issue():
    late = certificate(issued_on=BORN + 100)
    assert on(BORN + 125, late).birth.outcome == "too-early"
    assert on(BORN + 140, late).birth.outcome == "only-health"
