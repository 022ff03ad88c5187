"""Promises of `evaluate`: order does not matter, and nothing changes before `due`."""

import re
from functools import partial
from typing import ClassVar

from domain_records import (
    BORN,
    BORNE,
    COUNTY,
    DEPARTMENTS,
    DIVISIONS,
    ELSEWHERE,
    LIMITS,
    OTHER_TOWN,
    VILLAGE,
    fact,
    number,
)  # fmt: skip
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain import evaluation
from hub.domain.discrepancies import CATALOGUE
from hub.domain.evaluation import Evaluation
from hub.domain.facts import READ

evaluate = partial(evaluation.evaluate, divisions=DIVISIONS)
DAYS = st.integers(BORN - 40, BORN + 80)
NUMBERS = st.sampled_from([number(1), number(3), number(1)[:-1] + "#"])
CERTIFICATES = st.sampled_from(["A000000001", "A000000002", "A000000003"])
PLACES = st.sampled_from([VILLAGE, OTHER_TOWN, ELSEWHERE, *BORNE.values(), VILLAGE[:9] + "399"])
FIELDS = {
    "birth_date": st.sampled_from([BORN, BORN + 1]), "sex": st.sampled_from(["male", "female"]),
    "name": st.sampled_from(["张三", "张山", "李四"]), "former_name": st.just("张山"),
    "number": NUMBERS, "place": PLACES, "work_place": PLACES, "birth_place": PLACES, "mother_hukou_place": PLACES,
    "entry_kind": st.sampled_from(["initial", "birth", "move_in"]), "entry_date": DAYS,
    "cancel_date": DAYS, "arrival_date": DAYS, "registered_on": DAYS, "expires_on": DAYS,
    "left_on": DAYS, "started_on": DAYS, "ended_on": DAYS, "issued_on": DAYS,
    "status": st.sampled_from(["issued", "void"]), "certificate_no": CERTIFICATES,
    "replaces": CERTIFICATES, "address_since": DAYS, "endorsed_on": DAYS, "moved_from": PLACES, "hukou_place": PLACES,
    "household_no": st.sampled_from(["H1", "H2"]),
    "relation": st.just("户主"), "last_month": st.sampled_from(["202312", "202403", "202405", "202407"]),
    "established_on": DAYS, "plurality": st.sampled_from([1, 2, 3]),
    "mother_number": NUMBERS, "father_number": NUMBERS, "mother_name": st.just("王芳"),
    "facility": st.just("县人民医院"), "cancel_reason": st.sampled_from(["death", "moved_out"]),
}  # fmt: skip
RARE = frozenset((
    "cancel_date", "left_on", "ended_on", "replaces", "former_name", "birth_place", "address_since", "endorsed_on",
))  # fmt: skip


RESIDENCE = ("household_entry", "residence", "employment", "business")
OF_BIRTHS = frozenset(("birth_date", "entry_kind"))


KINDS = tuple(sorted(DEPARTMENTS))


@st.composite
def fact_sets(draw, among=KINDS, but=frozenset()):
    """Up to six records of one person, saying anything or nothing."""
    facts = []
    for index in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(among))
        said = {
            name: draw(values)
            for name, values in FIELDS.items()
            if name not in but and draw(st.integers(0, 3)) > (2 if name in RARE else 0)
        }
        facts.append(fact(kind, str(index), **said))
    return facts


OF_OTHERS = ("x/1", "x/2")
SHARING = st.sampled_from([
    {}, {number(1): {"p2": OF_OTHERS}}, {number(3): {"p0": OF_OTHERS}}, {"A000000001": {"p2": OF_OTHERS}},
])  # fmt: skip
SIBLINGS = st.sampled_from([(), ("p2",), ("p0", "p2")])


@given(fact_sets(), st.randoms(use_true_random=False), DAYS, SHARING)
@settings(max_examples=150, deadline=None)
def test_the_order_of_records_does_not_matter(facts, random, today, sharing):
    shuffled = random.sample(facts, len(facts))
    assert evaluate("p1", shuffled, today, COUNTY, LIMITS, sharing) == evaluate(
        "p1", facts, today, COUNTY, LIMITS, sharing
    )


@given(fact_sets(), DAYS, SHARING, SIBLINGS)
@settings(max_examples=150, deadline=None)
def test_nothing_changes_before_it_is_due(facts, today, sharing, siblings):
    """Every day for half a year, which is longer than any limit here can last."""
    now = evaluate("p1", facts, today, COUNTY, LIMITS, sharing, siblings=siblings)
    assert now.due is None or now.due > today
    for day in range(today + 1, today + 260 if now.due is None else now.due):
        assert evaluate("p1", facts, day, COUNTY, LIMITS, sharing, siblings=siblings) == now


@given(fact_sets(), DAYS)
@settings(max_examples=100, deadline=None)
def test_an_offer_and_what_it_warned_of_never_stand_together(facts, today):
    for day in range(today, today + 60):
        found = {finding.kind for finding in evaluate("p1", facts, day, COUNTY, LIMITS, {}).findings}
        assert not {"birth-registration-due", "birth-unregistered"} <= found


@given(fact_sets(RESIDENCE, OF_BIRTHS), DAYS)
@settings(max_examples=300, deadline=None)
def test_of_residence_and_work_something_changes_on_the_very_day(facts, today):
    """Stepping from day to day: `due` is the next day on which anything but itself is another, and none later."""
    now = evaluate("p1", facts, today, COUNTY, LIMITS, {})
    found = next(
        (day for day in range(today + 1, today + 450)
         if evaluate("p1", facts, day, COUNTY, LIMITS, {})._replace(due=None) != now._replace(due=None)),
        None,
    )  # fmt: skip
    assert now.due == found


@given(fact_sets(), DAYS, SHARING)
@settings(max_examples=150, deadline=None)
def test_findings_are_of_known_kinds_unique_and_about_these_records(facts, today, sharing):
    found = evaluate("p1", facts, today, COUNTY, LIMITS, sharing).findings
    assert len({(finding.kind, finding.subject) for finding in found}) == len(found)
    for finding in found:
        assert finding.kind in CATALOGUE
        assert finding.records
        assert set(finding.records) <= {*(item.record_id for item in facts), *OF_OTHERS}


@given(fact_sets(), DAYS, SHARING)
@settings(max_examples=100, deadline=None)
def test_evidence_names_nobody(facts, today, sharing):
    for finding in evaluate("p1", facts, today, COUNTY, LIMITS, sharing).findings:
        assert finding.evidence.isascii(), "no Chinese names"
        # A division code is nobody's number, and the one to use is told.
        told = re.sub(r"\b990101\d{6}\b", "", finding.evidence)
        assert not re.search(r"\d{10,}|[A-Z]\d{9}", told), "no numbers"
        assert number(1) not in finding.subject


def test_nobody_s_records_mean_nothing():
    assert evaluate("p1", [], BORN, COUNTY, LIMITS, {}) == Evaluation(None, (), (), None)


class Watched(dict):
    """Fields that remember which of them were asked for."""

    asked: ClassVar[set[str]] = set()

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)

    def __contains__(self, name):
        self.asked.add(name)
        return super().__contains__(name)


@given(fact_sets(), DAYS, SHARING)
@settings(max_examples=150, deadline=None)
def test_rules_read_only_fields_that_are_listed(facts, today, sharing):
    watched = [one._replace(fields=Watched(one.fields)) for one in facts]
    evaluate("p1", watched, today, COUNTY, LIMITS, sharing)
    assert Watched.asked <= set(READ)
