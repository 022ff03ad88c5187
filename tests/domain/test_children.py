"""Discrepancies of children, their certificates and registers: each kind, when it stands and when it ends."""

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
    number,
    on,
    registration,
)  # fmt: skip

OTHER, THIRD = "A000000002", "A000000003"


def child(key="c1", **fields):
    said = {"birth_date": BORN, "sex": "female", "place": VILLAGE, "established_on": BORN + 30}
    return fact("child_record", key, **(said | fields))


def standing(kind, first, last, *facts, **around):
    """The days between two on which a kind stands."""
    return [day for day in range(first, last) if kind in kinds(on(day, *facts, **around))]


# --- certificates ---------------------------------------------------------------------------


def test_a_void_certificate_alone_asks_for_another():
    void = certificate(status="void")
    assert "certificate-void-alone" in kinds(on(BORN + 5, void))
    assert kinds(on(BORN + 5, void, certificate(OTHER))) == []
    assert "certificate-void-alone" in kinds(on(BORN + 5, void, certificate(OTHER, status="void")))


def test_a_replacement_of_what_is_not_on_file_stands_after_thirty_days():
    lost = certificate(OTHER, replaces="A000000001", issued_on=BORN + 10)
    kind = "certificate-replaces-unknown"
    assert standing(kind, BORN, BORN + 60, lost) == [*range(BORN + 41, BORN + 60)]
    assert kind not in kinds(on(BORN + 60, lost, certificate(status="void")))
    assert kind not in kinds(on(BORN + 60, certificate(OTHER, replaces="A000000001", status="void")))


def test_a_number_that_is_none_of_the_child_s_is_its_department_s_to_correct():
    found = on(
        BORN, certificate(), entry(certificate_no="A000000091"), child(certificate_no="A000000081")
    ).findings
    assert [(f.kind, f.subject, f.owner) for f in found] == [
        ("certificate-number-differs", "household_entry/1", "public_security"),
        ("certificate-number-differs", "child_record/c1", "health"),
    ]
    assert kinds(on(BORN, entry(certificate_no="A000000091"))) == []
    assert kinds(on(BORN, certificate(), certificate(OTHER, status="void"), entry(certificate_no=OTHER))) == [
        "certificate-void-used"
    ]


def test_one_certificate_number_of_two_children_is_kept_with_the_first():
    cites = entry(certificate_no=OTHER)
    first = on(BORN, certificate(OTHER), cites, sharing={OTHER: {"p2": ("child_record/9",)}})
    assert kinds(first) == ["certificate-number-reused"]
    assert first.findings[0].records == (
        "birth_certificate/A000000002",
        "child_record/9",
        "household_entry/1",
    )
    assert OTHER not in first.findings[0].subject + first.findings[0].evidence
    assert kinds(on(BORN, cites, person="p2", sharing={OTHER: {"p1": ("x/1",)}})) == []


# --- children -------------------------------------------------------------------------------


def test_twins_of_whom_one_is_unknown_stand_thirty_days_after_the_certificate():
    twin = certificate(plurality=2, birth_order=1)
    assert standing("plurality-incomplete", BORN, BORN + 40, twin) == [*range(BORN + 33, BORN + 40)]
    assert standing("plurality-incomplete", BORN, BORN + 40, twin, siblings=("p2",)) == []
    assert on(BORN + 40, certificate(plurality=3), siblings=("p2",)).findings[-1].evidence == (
        "a delivery of 3 children, records of 2 by 2024-04-02"
    )
    assert standing("plurality-incomplete", BORN, BORN + 40, certificate(plurality=2, status="void"),
                    certificate(OTHER)) == []  # fmt: skip


def test_an_issue_before_the_birth_asks_for_no_twin_early():
    slip = certificate(plurality=2, issued_on=BORN - 365)
    assert standing("plurality-incomplete", BORN, BORN + 40, slip) == [*range(BORN + 31, BORN + 40)]


def test_a_child_on_no_list_of_births_stands_after_sixty_days():
    kind = "child-without-birth"
    assert standing(kind, BORN, BORN + 100, child()) == [*range(BORN + 91, BORN + 100)]
    for known in (entry(), certificate(), entry(entry_kind="move_in")):
        assert kind not in kinds(on(BORN + 100, child(), known))
    assert kinds(on(BORN + 100, child(place=ELSEWHERE))) == []


def test_a_number_not_noted_stands_ninety_days_after_entry_and_record():
    entered = entry(number=number(2), birth_date=None)
    kind = "child-without-number"
    assert standing(kind, BORN, BORN + 130, child(), entered) == [*range(BORN + 121, BORN + 130)]
    assert standing(kind, BORN, BORN + 130, child(number=number(2)), entered) == []
    assert standing(kind, BORN, BORN + 130, child(), entry()) == []
    gone = entry(number=number(2), birth_date=None, cancel_date=BORN + 125)
    assert standing(kind, BORN, BORN + 130, child(), gone) == [*range(BORN + 121, BORN + 125)]


# --- statements -----------------------------------------------------------------------------


def test_sexes_that_differ_are_found_by_department():
    found = on(BORN, certificate(), entry(sex="male")).findings
    assert [(f.kind, f.evidence) for f in found] == [
        ("sex-differs", "sex differs: female (health), male (public_security)")
    ]


@pytest.mark.parametrize("parent", ["mother", "father"])
def test_valid_numbers_of_a_parent_that_differ_are_found(parent):
    name = f"{parent}_number"
    found = on(BORN, certificate(**{name: number(1)}), entry(**{name: number(3)})).findings
    assert [(f.kind, f.subject) for f in found] == [("parent-number-differs", parent)]
    assert number(1) not in repr(found[0].evidence)
    slip = number(3)[:-1] + "#"
    assert kinds(on(BORN, certificate(**{name: number(1)}), entry(**{name: slip}))) == ["number-invalid"]


def test_a_number_that_contradicts_its_record_is_found():
    said = {"number": number(1), "sex": "female", "birth_date": BORN}
    assert kinds(on(BORN, registration(**said))) == [
        "number-contradicts-birth-date",
        "number-contradicts-sex",
    ]
    assert kinds(on(BORN, registration(number=number(1), sex="male", birth_date=7305))) == []
    assert kinds(on(BORN, registration(number=number(1)[:-1] + "#", sex="female"))) == ["number-invalid"]


@pytest.mark.parametrize(
    "record",
    [
        entry(entry_date=BORN - 1), entry(cancel_date=BORN + 5), certificate(issued_on=BORN - 1),
        child(established_on=BORN - 1), registration(left_on=BORN - 1), employment(ended_on=BORN - 9),
        fact("business", "b1", birth_date=BORN, started_on=BORN - 1),
    ],
)  # fmt: skip
def test_days_that_cannot_follow_each_other_are_found(record):
    found = [f for f in on(BORN + 5, record).findings if f.kind == "dates-out-of-order"]
    assert [(f.subject, f.owner) for f in found] == [(record.record_id, record.department)]


# --- registers ------------------------------------------------------------------------------


def test_two_entries_stand_at_once_until_one_is_cancelled():
    two = entry("1"), entry("2", entry_kind="move_in", place=OTHER_TOWN)
    assert kinds(on(BORN + 20, *two)) == ["entered-twice"]
    ended = entry("1", cancel_date=BORN + 30), two[1]
    assert standing("entered-twice", BORN + 20, BORN + 40, *ended) == [*range(BORN + 20, BORN + 30)]


@pytest.mark.parametrize(
    "record", [employment(), fact("business", "b1", started_on=BORN), registration(expires_on=None)]
)
def test_a_record_that_goes_on_after_a_death_stands_sixty_days_later(record):
    died = entry(entry_kind="initial", cancel_date=BORN + 20, cancel_reason="death")
    assert standing("died-but-active", BORN, BORN + 90, died, record) == [*range(BORN + 81, BORN + 90)]
    assert "employment-without-residence" not in kinds(on(BORN + 90, died, record))
    moved = entry(entry_kind="initial", cancel_date=BORN + 20, cancel_reason="moved_out")
    assert "died-but-active" not in kinds(on(BORN + 90, moved, record))
    end = "left_on" if record.kind == "residence" else "ended_on"
    over = record._replace(fields=record.fields | {end: BORN + 25})
    assert "died-but-active" not in kinds(on(BORN + 90, died, over))
