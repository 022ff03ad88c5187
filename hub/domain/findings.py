"""What disagrees in a person's records: one small check per family of the catalogue.

Evidence names days, departments, feeds and counts, never names or numbers of
people. Every question about time goes to the scene's clock.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain
from typing import Any, NamedTuple

from hub.domain.births import Birth, BirthRecords, is_void, registration_due
from hub.domain.days import Day, iso
from hub.domain.discrepancies import PUBLIC_SECURITY
from hub.domain.facts import Fact
from hub.domain.limits import (
    CERTIFICATE_ARRIVAL,
    RESIDENCE_RENEWAL,
    RESIDENCE_REPORT,
    Clock,
    deadline,
)  # fmt: skip
from hub.domain.residence import Spell, lapsed
from hub.matching.numbers import canonical_number, number_valid

NUMBERS = ("number", "mother_number", "father_number")


class Finding(NamedTuple):
    """One disagreement; (kind, subject) is unique within a person. No owner: the catalogue's."""

    kind: str
    subject: str
    records: tuple[str, ...]
    evidence: str
    owner: str | None = None


class Scene(NamedTuple):
    """All that the checks look at, in the order of record ids."""

    person: str
    facts: Sequence[Fact]
    kinds: Mapping[str, Sequence[Fact]]
    certificates: Sequence[Fact]
    """All of them; those in force are in `records`."""
    records: BirthRecords
    birth: Birth | None
    spells: Sequence[Spell]
    county: str
    sharing: Mapping[str, Sequence[str]]
    namesake: bool
    clock: Clock


Statements = Sequence[tuple[Any, Fact]]
"""What each record states of one thing."""


def findings_of(scene: Scene) -> Iterator[Finding]:
    """Everything that disagrees in the scene."""
    for check in CHECKS:
        yield from check(scene)


def _birth(scene: Scene) -> Iterator[Finding]:
    birth = scene.birth
    if birth is None:
        return
    if birth.outcome == "only-health":
        certificate = next(c for c in scene.certificates if c.record_id == birth.certificate_record)
        last = registration_due(certificate, birth.born_on)
        yield Finding(
            "birth-unregistered", scene.person, _ids(birth.certificate_record),
            f"born {iso(birth.born_on)}, no household entry by {iso(last)}",
        )  # fmt: skip
    elif birth.outcome == "only-police":
        entry = next(e for e in scene.records.entries if e.record_id == birth.entry_record)
        if not scene.clock.over(entry.fields.get("cancel_date")):
            entered = entry.fields.get("entry_date", entry.published_on)
            last = deadline(CERTIFICATE_ARRIVAL, entered)
            yield Finding(
                "birth-without-certificate", scene.person, _ids(birth.entry_record),
                f"entered {iso(entered)}, no birth certificate by {iso(last)}",
            )  # fmt: skip


def _certificates(scene: Scene) -> Iterator[Finding]:
    if not scene.certificates:
        return
    issued = [fact.record_id for fact in scene.records.certificates if not is_void(fact)]
    if len(issued) > 1:
        yield Finding(
            "certificate-duplicate", scene.person, tuple(issued),
            f"{len(issued)} certificates are in force for one child",
        )  # fmt: skip
    void = {fact.fields.get("certificate_no"): fact.record_id for fact in scene.certificates if is_void(fact)}
    for entry in scene.records.entries if void else ():
        cited = entry.fields.get("certificate_no")
        if cited is not None and cited in void:
            yield Finding(
                "certificate-void-used", entry.record_id, (void[cited], entry.record_id),
                "the household entry cites a birth certificate that is void",
            )  # fmt: skip


def _numbers(scene: Scene) -> Iterator[Finding]:
    valid: dict[str, list[str]] = {}
    for fact in scene.facts:
        wrong = [name for name in NUMBERS if name in fact.fields and not _is_valid(fact.fields[name])]
        if wrong:
            yield Finding(
                "number-invalid", fact.record_id, (fact.record_id,),
                f"malformed or failing its check digit in {fact.feed}: {', '.join(wrong)}",
                fact.department,
            )  # fmt: skip
        if "number" in fact.fields and "number" not in wrong:
            valid.setdefault(canonical_number(fact.fields["number"]), []).append(fact.record_id)
    if len(valid) > 1:
        yield Finding(
            "number-conflict", scene.person, tuple(sorted(chain.from_iterable(valid.values()))),
            f"{len(valid)} different valid identity numbers are stated for one person",
        )  # fmt: skip
    for number in sorted(scene.sharing.keys() & valid.keys()):
        others = scene.sharing[number]
        # One discrepancy for all who share a number: it is kept with the first of them.
        if others and scene.person < min(others):
            yield Finding(
                "number-shared", _digest(number), tuple(valid[number]),
                f"records of {len(set(others)) + 1} people state one identity number",
            )  # fmt: skip


def _birth_dates(scene: Scene) -> Iterator[Finding]:
    stated = [(fact.fields["birth_date"], fact) for fact in _stating(scene) if "birth_date" in fact.fields]
    if len({day for day, _ in stated}) < 2:
        return
    said = sorted({(day, fact.department) for day, fact in stated})
    yield Finding(
        "birth-date-differs", scene.person, tuple(fact.record_id for _, fact in stated),
        "birth dates differ: " + ", ".join(f"{iso(day)} ({where})" for day, where in said),
        _dissenter(stated),
    )  # fmt: skip


def _names(scene: Scene) -> Iterator[Finding]:
    named = [fact for fact in _stating(scene) if fact.fields.get("name")]
    if len({fact.fields["name"] for fact in named}) < 2:
        return
    former = {_plain(fact.fields.get("former_name", "")) for fact in named}
    groups: dict[str, list[tuple[str, Fact]]] = {}
    for fact in named:
        name = _plain(fact.fields["name"])
        for key in _strong_keys(fact) if name not in former else ():
            groups.setdefault(key, []).append((name, fact))
    apart: dict[str, tuple[str, Fact]] = {}
    for group in groups.values():
        if len({name for name, _ in group}) > 1:
            apart.update((fact.record_id, (name, fact)) for name, fact in group)
    if apart:
        stated = [apart[record_id] for record_id in sorted(apart)]
        where = ", ".join(sorted({fact.department for _, fact in stated}))
        yield Finding(
            "name-differs", scene.person, tuple(fact.record_id for _, fact in stated),
            f"names differ under one identity or certificate number, in records of {where}",
            _dissenter(stated),
        )  # fmt: skip


def _residence(scene: Scene) -> Iterator[Finding]:
    registrations = scene.kinds.get("residence", ())
    open_: list[Fact] = []
    for fact in registrations:
        if not lapsed(fact, scene.clock):
            if fact.fields.get("place", "").startswith(scene.county):
                open_.append(fact)
        elif not _registered_since(fact, registrations, scene.records.entries):
            expired = fact.fields["expires_on"]
            last = deadline(RESIDENCE_RENEWAL, expired)
            yield Finding(
                "residence-expired", fact.record_id, (fact.record_id,),
                f"expired {iso(expired)}, neither renewed nor ended by {iso(last)}",
            )  # fmt: skip
    if len({fact.fields["place"][:9] for fact in open_}) > 1:
        open_ = [fact for fact in open_ if not _ended(fact, scene.clock)]
        towns = {fact.fields["place"][:9] for fact in open_}
        if len(towns) > 1:
            yield Finding(
                "residence-two-places", scene.person, tuple(fact.record_id for fact in open_),
                f"residence is registered in towns {' and '.join(sorted(towns))} at once",
            )  # fmt: skip


def _ended(registration: Fact, clock: Clock) -> bool:
    """Whether a registration is no longer valid: ended, or past the day it expires on."""
    expires: Day | None = registration.fields.get("expires_on")
    return clock.over(registration.fields.get("left_on")) or (expires is not None and clock.passed(expires))


def _registered_since(fact: Fact, registrations: Sequence[Fact], entries: Sequence[Fact]) -> bool:
    """Whether the person registered anywhere in the county after this registration."""
    since = _registered_on(fact), fact.record_id
    return any((_registered_on(other), other.record_id) > since for other in registrations) or any(
        entry.fields.get("entry_date", entry.published_on) > since[0] for entry in entries
    )


def _registered_on(registration: Fact) -> Day:
    day: Day = registration.fields.get("registered_on", registration.published_on)
    return day


def _work(scene: Scene) -> Iterator[Finding]:
    works = [
        fact
        for kind in ("business", "employment")
        for fact in scene.kinds.get(kind, ())
        if fact.fields.get("work_place", scene.county).startswith(scene.county)
    ]
    clock = scene.clock
    # Who may be somebody the registers know under another number must be identified first.
    if not works or scene.namesake or any(not clock.over(spell.left_on) for spell in scene.spells):
        return
    # Whoever has just moved out is given the same time for the work to be ended too.
    left = max((spell.left_on or 0 for spell in scene.spells), default=0)
    late = [
        fact
        for fact in works
        if not clock.over(fact.fields.get("ended_on"))
        and clock.passed(deadline(RESIDENCE_REPORT, max(_started_on(fact), left)))
    ]
    if late:
        start = min(map(_started_on, late))
        yield Finding(
            "employment-without-residence", scene.person, tuple(fact.record_id for fact in late),
            f"works here since {iso(start)}, no residence registered in the county",
        )  # fmt: skip


def _started_on(work: Fact) -> Day:
    day: Day = work.fields.get("started_on", work.published_on)
    return day


def _stating(scene: Scene) -> Sequence[Fact]:
    """The facts that count as statements: a void or replaced certificate says nothing any more."""
    if len(scene.records.certificates) == len(scene.certificates):
        return scene.facts
    return [
        fact for fact in scene.facts if fact.kind != "birth_certificate" or fact in scene.records.certificates
    ]


def _dissenter(stated: Statements) -> str:
    """The department whose record stands against most; public security wins a tie."""
    counts = Counter(value for value, _ in stated)
    police = {value for value, fact in stated if fact.department == PUBLIC_SECURITY}
    kept = max(counts, key=lambda value: (counts[value], value in police))
    against = [
        (counts[value], fact.department == PUBLIC_SECURITY, fact.record_id, fact.department)
        for value, fact in stated
        if value != kept
    ]
    return min(against)[-1]


def _is_valid(stated: str) -> bool:
    return number_valid(canonical_number(stated))


def _strong_keys(fact: Fact) -> Iterator[str]:
    """What makes two records be about one person beyond doubt."""
    number = canonical_number(fact.fields.get("number", ""))
    if number_valid(number):
        yield number
    if certificate := fact.fields.get("certificate_no"):
        yield certificate


def _plain(name: str) -> str:
    """A name without what typing alone makes different."""
    return "".join(unicodedata.normalize("NFKC", name).replace("·", "").split()).casefold()


def _digest(number: str) -> str:
    """Tells shared numbers apart in a subject, which is shown where the number may not be."""
    return blake2b(number.encode(), digest_size=8, person=b"number-shared").hexdigest()


def _ids(record_id: str | None) -> tuple[str, ...]:
    return () if record_id is None else (record_id,)


CHECKS: tuple[Callable[[Scene], Iterator[Finding]], ...] = (
    _birth, _certificates, _numbers, _birth_dates, _names, _residence, _work,
)  # fmt: skip
