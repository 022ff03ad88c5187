"""What the truth says of a county, and that it is worked out apart from the hub's rules."""

import ast
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from hub.domain.days import day_of, iso
from hub.domain.discrepancies import CATALOGUE
from hub.simulate import truth as truth_package
from hub.simulate.ledger import CERTIFICATE, CHILD, EMPLOYMENT, HOUSEHOLD, RESIDENCE
from hub.simulate.places import valid_on
from hub.simulate.truth.standing import Known, in_force
from hub.simulate.truth.standing.births import births, on_no_list, unnumbered
from hub.simulate.truth.standing.certificates import (
    certificates,
    citations,
    replacements,
    unknown_replaced,
    void_alone,
)
from hub.simulate.truth.standing.numbers import contradictions, numbers
from hub.simulate.truth.standing.registers import deaths, entered_twice
from hub.simulate.truth.standing.residence import households, quiet, residence, running_out
from hub.simulate.truth.standing.statements import names, orders, parents, places, sexes
from hub.simulate.truth.standing.work import insured_after_end, work
from hub.simulate.truth.statements import Placed, Statement
from hub.simulate.truth.ties import groups, tied

NOTHING = Known(None, born_here=False, mother_local=False)
HERE = "990101101201"
OTHER_TOWN = "990101102201"
FIRST, LAST = day_of("2024-03-01"), day_of("2024-12-31")
NUMBER, OTHER_NUMBER = "990101199003071018", "990101199003071026"


def test_the_truth_imports_nothing_of_the_rules():
    allowed = ("hub.simulate", "hub.domain.days", "hub.domain.discrepancies", "hub.matching.numbers")
    for path in Path(truth_package.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hub"):
                assert node.module.startswith(allowed), f"{path.name} imports {node.module}"


def test_intervals_and_records_of_discrepancies_are_consistent(noisy):
    first_seen, last_day = {}, max(day for _, day, _ in noisy.rows)
    for record, day, _ in noisy.rows:
        first_seen.setdefault(record, day)
    found = noisy.truth("discrepancies")
    # What the hub itself cannot tell is nothing that truly stands; and here no neighbour tells of moves.
    told = {"arrival-unregistered", "moved-away-uncancelled"}
    assert {one["kind"] for one in found} == set(CATALOGUE) - {"identity-unclear"} - told
    for one in found:
        records = one["record_ids"].split()
        assert records and records == sorted(records)
        assert min(first_seen[record] for record in records) <= one["first_day"] <= last_day
        assert one["last_day"] == "" or one["first_day"] <= one["last_day"] < last_day
        assert (one["detectable"] == "no") == bool(one["reason"])


def test_one_kind_does_not_stand_twice_at_once_on_the_same_records(noisy):
    stood = defaultdict(list)
    for one in noisy.truth("discrepancies"):
        stood[one["kind"], one["record_ids"]].append((one["first_day"], one["last_day"] or "9999"))
    for spans in stood.values():
        spans.sort()
        assert all(before[1] < after[0] for before, after in pairwise(spans))


def test_spells_of_one_person_cover_the_life_here_without_gap_or_overlap(noisy):
    people = {person["entity_id"]: person for person in noisy.truth("people")}
    spells = defaultdict(list)
    for spell in noisy.truth("residence"):
        spells[spell["entity_id"]].append(spell)
    moved = 0
    for entity, mine in spells.items():
        for before, after in pairwise(mine):
            assert before["to"] == after["from"] and before["place"] != ""
            moved += 1
        assert all(spell["to"] == "" or spell["from"] < spell["to"] for spell in mine)
        assert people[entity]["born"] <= mine[0]["from"]
        if died := people[entity]["died"]:
            assert mine[-1]["to"] == died
    assert moved > 20


def test_spells_follow_a_village_under_its_new_code_from_the_day_of_the_change(noisy):
    follow = {
        row["entity_id"]
        for row in noisy.truth("residence")
        if row["place"] == OLD and row["to"] == iso(MERGER)
    }
    there = {
        row["entity_id"]
        for row in noisy.truth("residence")
        if row["place"] == NEW and row["from"] == iso(MERGER)
    }
    assert follow and follow <= there
    for spell in noisy.truth("residence"):
        assert valid_on(spell["place"], day_of(spell["from"]))
        assert not spell["to"] or valid_on(spell["place"], day_of(spell["to"]) - 1)
    # The household register writes the new code into its entries, and nobody has moved by that.
    entries = [rows for rows in noisy.by_record().values() if "户号" in rows[0][1]]
    recoded = [
        rows for rows in entries if any(day == iso(MERGER) and row["地址代码"] == NEW for day, row in rows)
    ]
    assert len(recoded) > 20
    assert not any(
        row["由何地迁来"] == OLD for rows in recoded for _, row in rows if row["登记类别"] != "迁入"
    )


def test_who_lives_here_on_a_register_is_resident_or_migrant(noisy):
    registered = {spell["registered"] for spell in noisy.truth("residence")}
    assert registered == {"resident", "migrant", "no"}


@pytest.mark.parametrize("kind", ["late-registration", "never-registered"])
def test_a_late_birth_is_a_true_discrepancy(noisy, kind):
    entities = {row["record_id"]: row["entity_id"] for row in noisy.truth("records")}
    births_ = {row["entity_id"]: row for row in noisy.truth("births")}
    unregistered = {
        entities[record]
        for one in noisy.truth("discrepancies") if one["kind"] == "birth-unregistered"
        for record in one["record_ids"].split()
    }  # fmt: skip
    certified = {r.split("/")[0] + e for r, e in entities.items()}
    late = {error["entity_id"] for error in noisy.truth("errors") if error["kind"] == kind}
    # Of whose certificate comes later than the entry, nobody knew before that one was missing.
    late -= {error["entity_id"] for error in noisy.truth("errors") if error["kind"] == "certificate-late"}
    last_day = max(day for _, day, _ in noisy.rows)
    asked = [
        entity for entity in late
        if births_[entity]["mother_local"] == "yes" and CERTIFICATE + entity in certified
        and day_of(births_[entity]["born_on"]) + 40 < day_of(last_day)
    ]  # fmt: skip
    story_begins = min(day for _, day, _ in noisy.rows)
    for entity in asked:
        registered = births_[entity]["registered_on"]
        assert entity in unregistered or registered <= story_begins


# --- each check by itself -------------------------------------------------------------------


def stood(check, live, known=NOTHING):
    return [
        (one.kind, one.first, one.last) for one in check(live, known, FIRST, LAST) if one.first <= one.last
    ]


def test_a_birth_is_unregistered_from_the_day_after_the_month():
    live = {"c": Statement(CERTIFICATE, "", born=FIRST, certificate="X000000001")}
    assert stood(births, live, Known(FIRST, born_here=True, mother_local=True)) == [
        ("birth-registration-due", day_of("2024-03-25"), day_of("2024-04-01")),
        ("birth-unregistered", day_of("2024-04-02"), LAST),
    ]
    assert stood(births, live, Known(FIRST, born_here=True, mother_local=False)) == []


def test_an_entry_misses_its_certificate_until_it_ends():
    entry = Statement(HOUSEHOLD, "", begins=FIRST, ends=FIRST + 100, of_birth=True)
    known = Known(FIRST, born_here=True, mother_local=True)
    assert stood(births, {"e": entry}, known) == [("birth-without-certificate", FIRST + 31, FIRST + 99)]
    assert stood(births, {"e": entry}, known._replace(born_here=False)) == []


def test_two_numbers_are_no_conflict_when_one_is_invalid():
    a, b = Statement(EMPLOYMENT, "王伟", number=NUMBER), Statement(RESIDENCE, "王伟", number=OTHER_NUMBER)
    assert stood(numbers, {"a": a, "b": b}) == [("number-conflict", FIRST, LAST)]
    assert stood(numbers, {"a": a, "b": b._replace(number=NUMBER[:-1] + "0")}) == []


def test_a_former_name_is_no_other_name():
    old, new = Statement(EMPLOYMENT, "王伟", number=NUMBER), Statement(HOUSEHOLD, "王玮", number=NUMBER)
    assert [kind for kind, _, _ in stood(names, {"a": old, "b": new})] == ["name-differs"]
    assert stood(names, {"a": old, "b": new._replace(former_name="王伟")}) == []


OLD, NEW, MERGER = "990101104203", "990101104209", day_of("2025-07-01")
"""A village, what it was merged into, and the first day of that."""


def stood_around(said):
    spans = places({"r": said}, NOTHING, MERGER - 50, MERGER + 50)
    return [(one.first - MERGER, one.last - MERGER) for one in spans if one.first <= one.last]


def test_a_place_stands_as_not_valid_where_no_village_bore_the_code_on_its_day():
    said = Statement(RESIDENCE, "", placed=(Placed(OLD, MERGER, lasts=True),))
    assert stood_around(said) == [(-50, 50)]
    assert stood_around(said._replace(ends=MERGER + 9)) == [(-50, 8)]
    assert stood_around(said._replace(days=(FIRST, FIRST - 1))) == [], "another discrepancy comes first"
    assert stood_around(said._replace(placed=(Placed(OLD, MERGER - 1, lasts=True),))) == []
    early = Placed(NEW, MERGER - 1, lasts=True)
    assert stood_around(said._replace(placed=(early,))) == [(-50, -1)], "right once it is in force"
    assert stood_around(said._replace(placed=(early._replace(lasts=False),))) == [(-50, 50)]
    assert stood_around(said._replace(placed=(Placed(HERE[:9] + "399", MERGER, lasts=True),))) == [(-50, 50)]
    assert stood_around(said._replace(placed=(Placed("990202104399", MERGER, lasts=True),))) == []


def test_two_towns_stand_until_one_registration_expires():
    a = Statement(RESIDENCE, "王伟", place=HERE, begins=FIRST, expires=FIRST + 50)
    b = Statement(RESIDENCE, "王伟", place=OTHER_TOWN, begins=FIRST + 1, expires=FIRST + 400)
    assert stood(residence, {"a": a, "b": b}) == [("residence-two-places", FIRST, FIRST + 50)]
    assert stood(running_out, {"a": a}) == [
        ("residence-expired", FIRST + 81, LAST), ("residence-renewal-due", FIRST + 43, FIRST + 80),
    ]  # fmt: skip


def test_two_registrations_in_one_town_stand_until_one_ends():
    a = Statement(RESIDENCE, "王伟", place=HERE, begins=FIRST, ends=FIRST + 50)
    live = {"a": a, "b": a._replace(begins=FIRST + 1, ends=None)}
    assert stood(residence, live) == [("residence-registered-twice", FIRST, FIRST + 49)]


def test_both_registers_stand_side_by_side_after_a_month():
    entry = Statement(HOUSEHOLD, "王伟", place=HERE, begins=FIRST)
    stranger = Statement(
        RESIDENCE, "王伟", place=HERE, begins=FIRST, expires=FIRST + 50, hukou="990202101201"
    )
    assert stood(households, {"a": entry, "b": stranger}) == [
        ("household-and-residence-both", FIRST + 31, FIRST + 50)
    ]
    assert stood(households, {"a": entry, "b": stranger._replace(hukou=OTHER_TOWN)}) == []


def test_a_registration_is_quiet_eight_months_after_the_last_month_insured():
    home = Statement(RESIDENCE, "王伟", place=HERE, begins=FIRST, arrives=FIRST, expires=FIRST + 365)
    job = Statement(EMPLOYMENT, "王伟", begins=FIRST, insured=day_of("2024-03-01"))
    assert stood(quiet, {"a": home, "j": job}) == [("residence-gone-quiet", day_of("2024-12-01"), LAST)]
    assert stood(quiet, {"a": home, "j": job._replace(ends=FIRST + 30)}) == []
    assert stood(quiet, {"a": home._replace(shown=day_of("2024-04-01")), "j": job}) == []


def test_months_after_the_end_of_a_job_stand_while_they_are_stated():
    job = Statement(EMPLOYMENT, "王伟", begins=FIRST, ends=FIRST + 9, insured=day_of("2024-04-01"))
    assert stood(insured_after_end, {"j": job}) == [("insured-after-job-ended", FIRST, LAST)]


def test_work_without_residence_stands_from_the_31st_day_until_the_work_ends():
    job = Statement(EMPLOYMENT, "王伟", begins=FIRST, ends=FIRST + 60)
    assert stood(work, {"j": job}) == [("employment-without-residence", FIRST + 31, FIRST + 59)]
    home = Statement(HOUSEHOLD, "王伟", place=HERE, begins=FIRST)
    assert stood(work, {"j": job, "h": home}) == []


def test_work_outlasts_a_cancelled_entry_by_the_months_insured():
    gone = Statement(HOUSEHOLD, "王伟", place=HERE, begins=FIRST - 900, ends=FIRST + 10)
    job = Statement(EMPLOYMENT, "王伟", begins=FIRST - 400, insured=day_of("2024-06-01"))
    assert stood(work, {"j": job, "h": gone}) == [("cancelled-but-working", FIRST, LAST)]
    assert stood(work, {"j": job._replace(insured=day_of("2024-05-01")), "h": gone}) == []


def test_months_of_one_person_follow_each_other_and_count_who_lives_here(noisy):
    runs = defaultdict(list)
    for row in noisy.truth("residence_months"):
        assert row["first_month"] <= row["last_month"] and row["town"].startswith("990101")
        runs[row["entity_id"]].append(row)
    for mine in runs.values():
        assert all(before["last_month"] < after["first_month"] for before, after in pairwise(mine))
    found = {row["class"] for rows in runs.values() for row in rows}
    assert found == {
        "resident", "usual", "migrant", "inflow", "outflow", "moved", "born", "died", "quiet",
    }  # fmt: skip
    spells = noisy.truth("residence")
    last = max(row["last_month"] for rows in runs.values() for row in rows)
    here = {row["entity_id"] for row in spells if row["from"][:7] <= last and (not row["to"] or row["to"][:7] > last)
            and row["registered"] == "resident"}  # fmt: skip
    counted = {e for e, rows in runs.items() if rows[-1]["last_month"] == last and rows[-1]["class"] not in (
        "outflow", "died", "quiet")}  # fmt: skip
    assert here <= counted


def test_without_noise_nobody_is_left_behind_on_a_register(clean):
    assert "quiet" not in {row["class"] for row in clean.truth("residence_months")}


def test_what_ties_records_together():
    a = Statement(EMPLOYMENT, "王伟", born=FIRST, phone="10000000001")
    assert tied(a, a._replace(feed=RESIDENCE, phone="10000000001"))
    assert not tied(a, a._replace(feed=RESIDENCE, phone="10000000002"))
    child = Statement(CHILD, "", sex="1", born=FIRST, parents=(NUMBER,))
    paper = Statement(CERTIFICATE, "", sex="1", born=FIRST, parents=(NUMBER,), certificate="X000000001")
    assert tied(child, paper)
    assert not tied(child, paper._replace(several=True)), "of twins nothing tells which"
    assert len(groups({"a": a, "b": child, "c": paper})) == 2


A, B, C = "X000000001", "X000000002", "X000000003"


def paper(number=A, **more):
    return Statement(CERTIFICATE, "", sex="1", born=FIRST, certificate=number, begins=FIRST + 1, **more)


def test_the_last_of_a_chain_is_in_force_and_the_first_is_to_be_declared_void():
    chain = {"a": paper(A), "b": paper(B, replaces=A, void=True), "c": paper(C, replaces=B)}
    assert in_force(chain) == ["c"]
    assert stood(certificates, chain) == []
    pair = {"a": paper(A), "b": paper(B, replaces=A)}
    assert stood(replacements, pair) == [("certificate-not-voided", FIRST, LAST)]
    assert stood(certificates, {"a": paper(A), "b": paper(B)}) == [("certificate-duplicate", FIRST, LAST)]
    assert stood(void_alone, {"a": paper(void=True)}) == [("certificate-void-alone", FIRST, LAST)]
    assert stood(void_alone, {"a": paper(void=True), "b": paper(B)}) == []
    lost = {"b": paper(B, replaces=A)}
    assert stood(unknown_replaced, lost) == [("certificate-replaces-unknown", FIRST + 32, LAST)]


def test_a_citation_is_wrong_where_the_child_has_another_certificate():
    entry = Statement(HOUSEHOLD, "", certificate=B)
    assert stood(citations, {"a": paper(), "e": entry}) == [("certificate-number-differs", FIRST, LAST)]
    assert stood(citations, {"e": entry}) == stood(citations, {"a": paper(B), "e": entry}) == []


def test_a_child_known_to_child_health_alone_and_one_without_its_number():
    child = Statement(CHILD, "", begins=FIRST)
    assert stood(on_no_list, {"c": child}) == [("child-without-birth", FIRST + 61, LAST)]
    assert stood(on_no_list, {"c": child, "a": paper()}) == []
    entry = Statement(HOUSEHOLD, "", number=NUMBER, begins=FIRST + 9, ends=FIRST + 200)
    assert stood(unnumbered, {"c": child, "e": entry}) == [("child-without-number", FIRST + 100, FIRST + 199)]
    assert stood(unnumbered, {"c": child._replace(number=NUMBER), "e": entry}) == []


def test_what_records_of_one_person_state_differently():
    a = Statement(CHILD, "", sex="1", mother=NUMBER, days=(FIRST, FIRST - 1))
    b = Statement(HOUSEHOLD, "", sex="2", mother=OTHER_NUMBER, days=(FIRST, FIRST))
    assert stood(sexes, {"a": a, "b": b}) == [("sex-differs", FIRST, LAST)]
    assert stood(parents, {"a": a, "b": b}) == [("parent-number-differs", FIRST, LAST)]
    assert stood(orders, {"a": a, "b": b}) == [("dates-out-of-order", FIRST, LAST)]
    void = paper(void=True)._replace(sex="2", mother=OTHER_NUMBER)
    assert stood(sexes, {"a": a, "v": void}) == stood(parents, {"a": a, "v": void}) == []


def test_a_number_holds_a_birth_date_and_a_sex():
    said = Statement(EMPLOYMENT, "", sex="1", born=day_of("1990-03-07"), number=NUMBER)
    assert stood(contradictions, {"a": said}) == []
    wrong = {"a": said._replace(sex="2", born=FIRST)}
    assert [kind for kind, _, _ in stood(contradictions, wrong)] == [
        "number-contradicts-birth-date", "number-contradicts-sex",
    ]  # fmt: skip


def test_two_entries_stand_until_the_last_but_one_ends_and_the_dead_do_not_work():
    one, other = Statement(HOUSEHOLD, "", ends=FIRST + 30), Statement(HOUSEHOLD, "")
    assert stood(entered_twice, {"a": one, "b": other}) == [("entered-twice", FIRST, FIRST + 29)]
    assert stood(entered_twice, {"a": one}) == []
    died, job = one._replace(died=True), Statement(EMPLOYMENT, "", begins=FIRST)
    assert stood(deaths, {"a": died, "j": job}) == [("died-but-active", FIRST + 91, LAST)]
    assert (
        stood(deaths, {"a": died, "j": job._replace(ends=FIRST + 31)})
        == stood(work, {"a": died, "j": job})
        == []
    )
