"""What a person's live records mean together on a day.

A pure function of the set of facts and the day, so the order of arrival
cannot matter; `due` is the next day on which time alone may change anything.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from hub.domain.births import Birth, BirthRecords, in_force, is_void, reconcile
from hub.domain.days import Day
from hub.domain.divisions import NOWHERE, Divisions
from hub.domain.facts import Fact
from hub.domain.findings import Check, Finding, Scene, Sharing
from hub.domain.findings.births import births, child_records, deliveries
from hub.domain.findings.certificates import certificates, citations, replacements
from hub.domain.findings.moves import arrivals, departures
from hub.domain.findings.numbers import contradictions, numbers
from hub.domain.findings.places import places
from hub.domain.findings.registers import deaths, entered_twice
from hub.domain.findings.residence import households, quiet, residence
from hub.domain.findings.statements import birth_dates, names, orders, parents, sexes
from hub.domain.findings.work import insured_after_end, work
from hub.domain.limits import Clock, Limits
from hub.domain.notices import ARRIVAL, DEPARTURE, RESIDENCE
from hub.domain.residence import ELSEWHERE, Spell, lapses, spells_of
from hub.domain.work import works_here

_record_id = attrgetter("record_id")
_NONE: tuple[Fact, ...] = ()
CHECKS: tuple[Check, ...] = (
    births, deliveries, child_records, certificates, replacements, citations, numbers, contradictions,
    birth_dates, sexes, parents, orders, names, places, entered_twice, deaths,
    residence, households, quiet, work, insured_after_end, arrivals, departures,
)  # fmt: skip


class Evaluation(NamedTuple):
    """Birth, residence and findings of one person; `due` None: time alone changes nothing."""

    birth: Birth | None
    spells: tuple[Spell, ...]
    findings: tuple[Finding, ...]
    due: Day | None
    bound_for: str | None = None
    """The village here to which a neighbour told that the person moves."""


def evaluate(
    person: str,
    facts: Sequence[Fact],
    today: Day,
    county: str,
    limits: Limits,
    sharing: Sharing,
    *,
    siblings: Sequence[str] = (),
    namesake: bool = False,
    divisions: Divisions = NOWHERE,
) -> Evaluation:
    """Conclude from a person's records.

    `sharing` holds valid identity numbers and certificate numbers stated for others
    too, by whom and in which records; `siblings` are others born of the same delivery; `namesake`
    says that the registers hold somebody else of the same name, sex and birth date.
    """
    ordered = sorted(facts, key=_record_id)
    kinds: dict[str, list[Fact]] = {}
    for fact in ordered:
        kinds.setdefault(fact.kind, []).append(fact)
    clock = Clock(today, limits)
    entries = kinds.get("household_entry", _NONE)
    residences = kinds.get("residence", _NONE)
    all_certificates = kinds.get("birth_certificate", _NONE)
    records = BirthRecords(
        in_force(all_certificates),
        entries,
        kinds.get("child_record", _NONE),
        kinds.get("answer", _NONE),
    )
    birth = reconcile(person, records, county, clock)
    works = works_here(kinds, county)
    elsewhere = _told(kinds)
    spells = clock.steady(
        lapses((*residences, *elsewhere), limits),
        lambda day: spells_of(entries, residences, works, county, limits, day, elsewhere),
    )
    scene = Scene(
        person,
        ordered,
        kinds,
        all_certificates,
        records,
        _stating(ordered, all_certificates, records.certificates),
        birth,
        [spell for spell in spells if spell.status != ELSEWHERE] if elsewhere else spells,
        works,
        county,
        sharing,
        siblings,
        namesake,
        clock,
        divisions,
    )
    findings = tuple(finding for check in CHECKS for finding in check(scene))
    return Evaluation(birth, spells, findings, clock.due, _bound_for(elsewhere, county))


def _stating(facts: Sequence[Fact], certificates: Sequence[Fact], standing: Sequence[Fact]) -> Sequence[Fact]:
    """The facts that count as statements: of certificates those in force."""
    said = {fact.record_id for fact in standing if not is_void(fact)}
    silent = {fact.record_id for fact in certificates} - said
    return [fact for fact in facts if fact.record_id not in silent] if silent else facts


def _told(kinds: Mapping[str, Sequence[Fact]]) -> Sequence[Fact]:
    """What neighbours tell of where the person lives."""
    found = [fact for kind in (RESIDENCE, ARRIVAL, DEPARTURE) for fact in kinds.get(kind, _NONE)]
    return found or _NONE


def _bound_for(told: Sequence[Fact], county: str) -> str | None:
    places = (fact.fields.get("moved_to", "") for fact in told if fact.kind == DEPARTURE)
    return next((place for place in places if place.startswith(county)), None)
