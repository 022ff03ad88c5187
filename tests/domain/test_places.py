"""Place codes judged on the day they are stated of: not yet in force, abolished, unknown."""

import pytest
from domain_records import (
    BORN,
    BORNE,
    COUNTY,
    DIVISIONS,
    ELSEWHERE,
    LIMITS,
    OTHER_TOWN,
    VILLAGE,
    certificate,
    employment,
    entry,
    fact,
    registration,
)

from hub.domain.discrepancies import CATALOGUE
from hub.domain.evaluation import evaluate
from hub.domain.facts import READ
from hub.domain.findings import Finding
from hub.domain.findings.places import ENDS, STATED

MERGED, INTO, RENAMED, RENAMED_TO, SPLIT, PART = (BORNE[name] for name in (
    "merged", "into", "renamed", "renamed_to", "split", "part"))  # fmt: skip
CHANGE = BORN + 60
"""The first day on which the new codes are in force."""


def found(today, *facts, divisions=DIVISIONS):
    evaluation = evaluate("p1", facts, today, COUNTY, LIMITS, {}, divisions=divisions)
    return [one for one in evaluation.findings if one.kind == "place-not-valid"]


def evidence(today, *facts):
    return [one.evidence for one in found(today, *facts)]


def lives(place, day, **more):
    """A registration made on a day that never expires."""
    return registration(place=place, arrival_date=day, registered_on=day, expires_on=None, **more)


def test_a_code_used_after_its_last_day_is_its_department_s_to_correct():
    assert found(CHANGE + 9, lives(MERGED, CHANGE)) == [Finding(
        "place-not-valid", "residence/1", ("residence/1",),
        f"place abolished on 2024-04-30 (use {INTO}) in public_security.residence", "public_security",
    )]  # fmt: skip
    assert (
        found(CHANGE + 9, employment(work_place=MERGED, started_on=CHANGE + 5))[0].owner == "human_resources"
    )


def test_a_code_that_was_abolished_later_is_right():
    assert (
        found(CHANGE + 900, lives(MERGED, CHANGE - 1), entry(place=RENAMED), certificate(place=SPLIT)) == []
    )


def test_a_code_in_force_on_its_day_is_right():
    assert found(CHANGE + 9, lives(INTO, CHANGE - 1), lives(RENAMED_TO, CHANGE), entry(entry_date=CHANGE, place=PART)) == []  # fmt: skip


def test_a_code_not_yet_in_force_is_wrong_until_it_is_and_what_names_it_by_then_is_told():
    early = lives(RENAMED_TO, CHANGE - 20)
    said = f"place not-yet on 2024-04-10 (use {RENAMED}) in public_security.residence"
    assert evidence(CHANGE - 1, early) == [said]
    # Whoever renames a village writes its new code into the register: from then on that is right.
    assert evidence(CHANGE, early) == []
    assert evaluate("p1", [early], CHANGE - 1, COUNTY, LIMITS, {}, divisions=DIVISIONS).due == CHANGE


def test_what_is_about_one_day_alone_stays_wrong():
    paper = certificate(mother_hukou_place=RENAMED_TO, birth_date=CHANGE - 20, issued_on=CHANGE - 19)
    said = f"mother_hukou_place not-yet on 2024-04-10 (use {RENAMED}) in health.birth_certificate"
    assert evidence(CHANGE + 400, paper) == [said]


def test_where_several_villages_may_be_meant_none_is_told():
    assert evidence(CHANGE, lives(SPLIT, CHANGE)) == [
        "place abolished on 2024-04-30 in public_security.residence"
    ]


def test_a_number_that_no_village_of_a_listed_town_has_is_unknown():
    assert evidence(BORN + 9, entry(place=VILLAGE[:9] + "399", birth_place=VILLAGE[:6] + "999201")) == [
        "place unknown on 2024-03-11, birth_place unknown on 2024-03-01 in public_security.household_entry"
    ]


def test_what_no_table_lists_is_not_judged():
    assert found(BORN + 9, lives(ELSEWHERE, BORN), entry(birth_place=ELSEWHERE)) == []
    assert evidence(CHANGE, lives(MERGED, CHANGE)) and not found(
        CHANGE, lives(MERGED, CHANGE), divisions=type(DIVISIONS)()
    )


@pytest.mark.parametrize("now", [
    {"place": INTO}, {"registered_on": CHANGE - 1, "arrival_date": CHANGE - 2}, {"left_on": CHANGE + 3},
    {"place": None}, {"place": OTHER_TOWN},
])  # fmt: skip
def test_it_is_closed_by_a_valid_code_or_a_right_day_or_the_end_of_the_record(now):
    wrong = {"place": MERGED, "registered_on": CHANGE, "arrival_date": CHANGE, "expires_on": None}
    assert found(CHANGE + 5, registration(**wrong))
    assert found(CHANGE + 5, registration(**(wrong | now))) == []


def test_a_record_that_ends_is_closed_on_that_day():
    wrong = lives(MERGED, CHANGE, left_on=CHANGE + 50)
    assert found(CHANGE + 49, wrong) and not found(CHANGE + 50, wrong)


def test_the_latest_of_its_days_counts_and_where_it_moved_from_the_day_before():
    moved = entry(place=RENAMED_TO, entry_date=BORN + 5, address_since=CHANGE, moved_from=MERGED)
    assert found(CHANGE + 5, moved) == []
    late = entry(place=RENAMED_TO, entry_date=BORN + 5, address_since=CHANGE + 1, moved_from=MERGED)
    assert evidence(CHANGE + 5, late) == [
        f"moved_from abolished on 2024-04-30 (use {INTO}) in public_security.household_entry"
    ]


def test_of_days_that_contradict_each_other_and_of_void_certificates_nothing_is_said():
    twisted = registration(place=MERGED, arrival_date=CHANGE + 30, registered_on=CHANGE, expires_on=None)
    assert found(CHANGE + 40, twisted) == []
    assert (
        found(CHANGE + 40, certificate(place=MERGED, birth_date=CHANGE, issued_on=CHANGE, status="void"))
        == []
    )


def test_every_field_that_is_judged_is_read_and_makes_evidence():
    fields = {name for stated in STATED.values() for one in stated for name in (one.field, *one.days)}
    assert fields == set(CATALOGUE["place-not-valid"].fields)
    assert fields | set(ENDS) <= set(READ)


def test_a_child_s_place_is_judged_on_the_day_of_its_record():
    assert evidence(CHANGE, fact("child_record", "1", place=MERGED, established_on=CHANGE)) == [
        f"place abolished on 2024-04-30 (use {INTO}) in health.child_record"
    ]
