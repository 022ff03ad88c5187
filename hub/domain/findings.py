"""What disagrees in a person's records: one small check per kind of the catalogue.

Evidence names days, departments and codes, never names or numbers of people.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.domain.births import BirthRecords, born_elsewhere, mother_local
from hub.domain.days import Day, iso
from hub.domain.discrepancies import PUBLIC_SECURITY
from hub.domain.facts import Fact
from hub.domain.limits import deadline
from hub.matching.normalise import folded
from hub.matching.numbers import canonical_number, number_valid


class Finding(NamedTuple):
    """One disagreement; (kind, subject) is unique within a person. No owner: the catalogue's."""

    kind: str
    subject: str
    records: tuple[str, ...]
    evidence: str
    owner: str | None = None


class Found(NamedTuple):
    """A finding that holds now, or the day from which it will."""

    finding: Finding | None
    due: Day | None = None


class Scene(NamedTuple):
    """All that the checks look at."""

    person: str
    facts: Sequence[Fact]
    birth: BirthRecords
    today: Day
    county: str
    sharing: Mapping[str, Sequence[str]]


def findings_of(scene: Scene) -> Iterator[Found]:
    """Everything that disagrees, or will when a day has come."""
    yield from _births(scene)
    yield from _numbers(scene)
    yield from _values(scene)
    yield from _residence(scene)


def _waiting(today: Day, last: Day, finding: Finding) -> Found:
    """The finding holds from the day after its deadline."""
    return Found(finding) if today > last else Found(None, last + 1)


def _births(scene: Scene) -> Iterator[Found]:
    certificates, voided, entries, _ = scene.birth
    live = [entry for entry in entries if "cancel_date" not in entry.fields]
    if certificates and not entries and mother_local(certificates[0], scene.county):
        first = certificates[0]
        last = deadline("birth-registration", first.fields["birth_date"])
        yield _waiting(scene.today, last, Finding(
            "birth-unregistered", scene.person, (first.record_id,),
            f"born {iso(first.fields['birth_date'])}, no household entry by {iso(last)}",
        ))  # fmt: skip
    if live and not certificates and not voided and not born_elsewhere(live[0], scene.county):
        last = deadline("certificate-arrival", live[0].fields["entry_date"])
        yield _waiting(scene.today, last, Finding(
            "birth-without-certificate", scene.person, (live[0].record_id,),
            f"entered {iso(live[0].fields['entry_date'])}, no certificate by {iso(last)}",
        ))  # fmt: skip
    if len(certificates) > 1:
        yield Found(Finding(
            "certificate-duplicate", scene.person, tuple(f.record_id for f in certificates),
            f"{len(certificates)} certificates are in force for one child",
        ))  # fmt: skip
    dead = {fact.fields["certificate_no"]: fact.record_id for fact in voided}
    for entry in live:
        cited = entry.fields.get("certificate_no")
        if cited in dead:
            yield Found(Finding(
                "certificate-void-used", scene.person, (entry.record_id, dead[cited]),
                "the household entry cites a certificate that is void",
            ))  # fmt: skip


def _numbers(scene: Scene) -> Iterator[Found]:
    valid: dict[str, list[str]] = {}
    for fact in scene.facts:
        stated = fact.fields.get("number")
        if not stated:
            continue
        number = canonical_number(stated)
        if number_valid(number):
            valid.setdefault(number, []).append(fact.record_id)
        else:
            yield Found(Finding(
                "number-invalid", fact.record_id, (fact.record_id,),
                f"the number in {fact.feed} fails its check", fact.department,
            ))  # fmt: skip
    if len(valid) > 1:
        records = tuple(sorted(record for ids in valid.values() for record in ids))
        yield Found(Finding("number-conflict", scene.person, records,
                            f"{len(valid)} valid numbers are stated"))  # fmt: skip
    for number, others in scene.sharing.items():
        # One discrepancy for all who share it, kept with the first of them.
        if number in valid and scene.person < min(others):
            yield Found(Finding("number-shared", scene.person, tuple(sorted(valid[number])),
                                f"{len(others) + 1} people are stated under one number"))  # fmt: skip


def _values(scene: Scene) -> Iterator[Found]:
    dates = [(f, f.fields["birth_date"]) for f in scene.facts if "birth_date" in f.fields]
    if len({day for _, day in dates}) > 1:
        odd = _minority(dates)
        yield Found(Finding(
            "birth-date-differs", scene.person, tuple(sorted(f.record_id for f in odd)),
            f"{len({day for _, day in dates})} birth dates are stated", odd[0].department,
        ))  # fmt: skip
    former = {folded(f.fields["former_name"]) for f in scene.facts if f.fields.get("former_name")}
    names = [(f, folded(f.fields["name"])) for f in scene.facts if f.fields.get("name")]
    names = [(fact, name) for fact, name in names if name not in former]
    if len({name for _, name in names}) > 1:
        odd = _minority(names)
        yield Found(Finding(
            "name-differs", scene.person, tuple(sorted(f.record_id for f in odd)),
            f"{len({name for _, name in names})} names are stated", odd[0].department,
        ))  # fmt: skip


def _minority(stated: Sequence[tuple[Fact, object]]) -> list[Fact]:
    """The records that stand against the most common value; the household register wins a tie."""
    counts = Counter(value for _, value in stated)
    registered = {value for fact, value in stated if fact.kind == "household_entry"}
    chosen = max(counts, key=lambda value: (counts[value], value in registered, str(value)))
    return [fact for fact, value in stated if value != chosen]


def _residence(scene: Scene) -> Iterator[Found]:
    facts = scene.facts
    registered = [f for f in facts if f.kind == "residence" and "left_on" not in f.fields]
    housed = any(f.kind == "household_entry" and "cancel_date" not in f.fields for f in facts)
    here: list[Fact] = []
    for fact in registered:
        expires = fact.fields["expires_on"]
        last = deadline("residence-renewal", expires)
        yield _waiting(scene.today, last, Finding(
            "residence-expired", fact.record_id, (fact.record_id,),
            f"expired {iso(expires)}, neither renewed nor ended by {iso(last)}",
        ))  # fmt: skip
        if scene.today <= last:
            here.append(fact)
    if len({fact.fields["place"][:9] for fact in here}) > 1:
        yield Found(Finding(
            "residence-two-places", scene.person, tuple(f.record_id for f in here),
            "registrations are open in two towns",
        ))  # fmt: skip
    if not registered and not housed:
        # Whoever has just moved out is given the same time for the work to be ended too.
        left = [f.fields[name] for f in facts for name in ("left_on", "cancel_date") if name in f.fields]
        for fact in facts:
            if fact.kind in ("employment", "business") and "ended_on" not in fact.fields:
                start = fact.fields["started_on"]
                last = deadline("residence-report", max(start, *left, start))
                yield _waiting(scene.today, last, Finding(
                    "employment-without-residence", scene.person, (fact.record_id,),
                    f"working since {iso(start)}, no residence registered by {iso(last)}",
                    PUBLIC_SECURITY,
                ))  # fmt: skip
