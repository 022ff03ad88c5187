"""Discrepancies of numbers, certificates, dates and names; and the catalogue of all kinds."""

import re

from domain_records import (
    BORN,
    COUNTY,
    ELSEWHERE,
    LIMITS,
    OTHER_TOWN,
    certificate,
    employment,
    entry,
    fact,
    kinds,
    number,
    on,
    registration,
)  # fmt: skip

from hub.domain.discrepancies import CATALOGUE, KINDS, SEVERITIES
from hub.domain.evaluation import evaluate
from hub.domain.findings import RECORDS_MAX, Finding


def home(key="1", **fields):
    """An entry that is no birth, so that nothing but its values can be wrong."""
    return entry(key, **({"entry_kind": "initial", "birth_date": None, "sex": None} | fields))


def test_the_catalogue_describes_each_kind_in_full():
    assert len(CATALOGUE) == len(KINDS) == 38
    for kind in KINDS:
        assert all(said for name, said in kind._asdict().items() if name != "fields"), kind.code
        assert kind.severity in SEVERITIES
        assert kind.owner in ("public_security", "health", "human_resources")
        assert 0 < kind.deadline_working_days <= 30
        assert re.search("[一-鿿]", kind.zh) and re.search("[一-鿿]", kind.closes_zh)
        assert kind.en.isascii() and kind.closes_en.isascii()
        assert kind.closes == f"{kind.closes_zh} · {kind.closes_en}"


def test_a_number_that_fails_its_check_is_its_department_s_to_correct():
    bad = number()[:-1] + ("0" if number()[-1] != "0" else "1")
    assert on(BORN, home(number=number()), employment(number=bad)).findings == (
        Finding(
            "number-invalid", "employment/1", ("employment/1",),
            "malformed or failing its check digit in human_resources.employment: number",
                "human_resources",
        ),
    )  # fmt: skip


def test_one_number_in_two_ways_of_writing_is_one_number():
    other = employment(number=f" {number().lower()} ")
    assert on(BORN, home(number=number()), other).findings == ()


def test_two_valid_numbers_of_one_person_are_in_conflict():
    assert on(BORN, home(number=number(1)), employment(number=number(3))).findings == (
        Finding(
            "number-conflict", "p1", ("employment/1", "household_entry/1"),
            "2 different valid identity numbers are stated for one person",
        ),
    )  # fmt: skip


def test_a_shared_number_is_kept_with_the_first_who_states_it():
    first = on(BORN, home(number=number()), sharing={number(): {"p3": ("x/3",), "p2": ("x/2", "a/2")}})
    assert kinds(first) == ["number-shared"]
    assert first.findings[0].records == ("a/2", "household_entry/1", "x/2", "x/3"), "of all sides"
    assert first.findings[0].evidence == "records of 3 people state one identity number"
    assert number() not in repr(first.findings)
    second = on(
        BORN, home(number=number()), person="p2", sharing={number(): {"p1": ("x/1",), "p3": ("x/3",)}}
    )
    assert second.findings == ()


def test_of_a_number_that_everybody_states_the_first_records_are_enough():
    crowd = {f"p{n}": (f"x/{n}",) for n in range(2, 2 * RECORDS_MAX)}
    [found] = on(BORN, home(number=number()), sharing={number(): crowd}).findings
    assert len(found.records) == RECORDS_MAX + 1 and "household_entry/1" in found.records


def test_a_number_that_nobody_states_any_more_is_not_shared():
    assert on(BORN, home(), sharing={number(): {"p2": ("x/2",)}}).findings == ()
    assert on(BORN, home(number=number()), sharing={number(): {}}).findings == ()


def test_two_shared_numbers_are_two_discrepancies():
    two = on(BORN, home(number=number(1)), employment(number=number(3)),
             sharing={number(1): {"p2": ("x/2",)}, number(3): {"p3": ("x/3",)}})  # fmt: skip
    assert kinds(two) == ["number-conflict", "number-shared", "number-shared"]
    assert len({finding.subject for finding in two.findings}) == 3


def test_two_certificates_in_force_are_the_health_bureau_s():
    found = on(BORN, certificate("A000000001"), certificate("A000000002")).findings
    assert found == (
        Finding(
            "certificate-duplicate", "p1",
            ("birth_certificate/A000000001", "birth_certificate/A000000002"),
            "2 certificates are in force for one child",
        ),
    )  # fmt: skip
    assert CATALOGUE["certificate-duplicate"].owner == "health"


def test_an_entry_that_cites_a_void_certificate_is_found_with_and_without_replacement():
    void = certificate("A000000001", status="void")
    cites, expected = entry(certificate_no="A000000001"), Finding(
        "certificate-void-used", "household_entry/1",
        ("birth_certificate/A000000001", "household_entry/1"),
        "the household entry cites a birth certificate that is void",
    )  # fmt: skip
    assert expected in on(BORN, void, cites).findings
    assert on(BORN, void, cites, certificate("A000000002")).findings == (expected,)
    assert on(BORN, void, entry(), certificate("A000000002")).findings == ()
    other = on(BORN, void, entry(certificate_no="B000000009"))
    assert kinds(other) == ["certificate-void-alone", "certificate-number-differs"]


def test_the_minority_owns_a_differing_birth_date():
    child = fact("child_record", "c1", birth_date=BORN)
    found = on(BORN, certificate(), child, entry(birth_date=BORN + 1)).findings
    assert found == (
        Finding(
            "birth-date-differs", "p1",
            ("birth_certificate/A000000001", "child_record/c1", "household_entry/1"),
            "birth dates differ: 2024-03-01 (health), 2024-03-02 (public_security)",
            "public_security",
        ),
    )  # fmt: skip


def test_public_security_wins_a_tie_and_the_rarest_value_is_asked_first():
    pair = on(BORN, certificate(), entry(birth_date=BORN + 1)).findings
    assert [finding.owner for finding in pair] == ["health"]
    crowd = on(BORN, home("1", birth_date=1), registration("2", birth_date=1, expires_on=None),
               registration("3", birth_date=2, expires_on=None, place=ELSEWHERE), employment(birth_date=3))  # fmt: skip
    assert [finding.owner for finding in crowd.findings] == ["human_resources"]


def test_a_void_certificate_beside_a_good_one_states_nothing():
    wrong = certificate("A000000001", status="void", birth_date=BORN + 3, name="阿一")
    assert on(BORN, wrong, certificate("A000000002", name="阿二"), entry()).findings == ()


def test_names_that_differ_under_one_number_are_found():
    police, work = home(name="张三", number=number()), employment(name="张山", number=number())
    assert on(BORN, police, work).findings == (
        Finding(
            "name-differs", "p1", ("employment/1", "household_entry/1"),
            "names differ under one identity or certificate number, in records of "
            "human_resources, public_security", "human_resources",
        ),
    )  # fmt: skip


def test_names_that_differ_under_one_certificate_are_found():
    named = entry(name="王小明", certificate_no="A000000001")
    assert kinds(on(BORN, certificate(name="王晓明"), named)) == ["name-differs"]


def test_names_that_no_number_ties_together_may_differ():
    assert on(BORN, home(name="张三"), employment(name="张山")).findings == ()
    bad = home(name="张三", number=number(1)), employment(name="张山", number=number(3))
    assert kinds(on(BORN, *bad)) == ["number-conflict"]


def test_a_former_name_and_no_name_are_not_different():
    now = home(name="张三", former_name="张二", number=number())
    assert on(BORN, now, employment(name="张二", number=number())).findings == ()
    assert on(BORN, now, employment(number=number())).findings == ()


def test_blanks_and_width_do_not_make_another_name():
    wide = employment(name="Ａｎ　Ｌｉ", number=number())
    assert on(BORN, home(name="an li", number=number()), wide).findings == ()


def test_a_parent_s_number_that_fails_its_check_is_a_finding_of_the_same_record():
    wrong = certificate(mother_number=number(1)[:-1] + "#", father_number=number(3))
    found = on(BORN + 3, wrong).findings
    assert [(f.kind, f.subject, f.owner) for f in found] == [("number-invalid", wrong.record_id, "health")]
    assert found[0].evidence.endswith(": mother_number")


def test_two_registrations_are_open_only_while_both_are_valid():
    first = registration("1", expires_on=BORN + 10)
    second = registration("2", place=OTHER_TOWN, registered_on=BORN + 2, expires_on=BORN + 300)
    assert "residence-two-places" in kinds(on(BORN + 10, first, second))
    assert "residence-two-places" not in kinds(on(BORN + 11, first, second))


def test_work_says_nothing_of_somebody_whom_the_registers_may_know_under_another_number():
    work = employment()
    assert kinds(on(BORN + 60, work)) == ["employment-without-residence"]
    assert evaluate("p1", [work], BORN + 60, COUNTY, LIMITS, {}, namesake=True).findings == ()
