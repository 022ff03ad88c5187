"""Births: two lists of one thing, certificates (health) and household entries (police).

Twins are not duplicates, a missing name is no mismatch, and a certificate of a
mother registered elsewhere is not proof that nobody registered the child.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.domain.facts import Fact
from hub.domain.limits import deadline


class Birth(NamedTuple):
    """What the lists together say of one birth; `delay_days` counts from birth to entry."""

    person: str
    outcome: str
    born_on: Day
    place: str | None
    sex: str | None
    registered_on: Day | None
    delay_days: int | None
    certificate_record: str | None
    entry_record: str | None
    child_record: str | None
    mother_local: bool


class BirthRecords(NamedTuple):
    """The records of one birth, by list."""

    certificates: Sequence[Fact]
    voided: Sequence[Fact]
    entries: Sequence[Fact]
    children: Sequence[Fact]


def birth_records(facts: Sequence[Fact]) -> BirthRecords:
    """Sort out which records are about the person's birth."""
    certificates = [f for f in facts if f.kind == "birth_certificate"]
    return BirthRecords(
        [f for f in certificates if f.fields.get("status") != "void"],
        [f for f in certificates if f.fields.get("status") == "void"],
        [f for f in facts if f.kind == "household_entry" and f.fields.get("entry_kind") == "birth"],
        [f for f in facts if f.kind == "child_record"],
    )


def birth_of(
    person: str, records: BirthRecords, today: Day, county: str
) -> tuple[Birth | None, Day | None]:
    """The birth, and the day on which time alone changes its outcome."""
    certificates = records.certificates or records.voided
    if not certificates and not records.entries:
        return None, None
    certificate = certificates[0] if certificates else None
    entry = records.entries[0] if records.entries else None
    main = certificate or entry
    assert main is not None
    born = main.fields["birth_date"]
    outcome, due = _outcome(certificate, entry, today, county)
    registered = entry.fields.get("entry_date") if entry else None
    place = main.fields.get("place")
    if certificate is None:
        place = main.fields.get("birth_place") or place
    return Birth(
        person, outcome, born, place, main.fields.get("sex"), registered,
        None if registered is None else registered - born,
        certificate.record_id if certificate else None, entry.record_id if entry else None,
        records.children[0].record_id if records.children else None,
        mother_local(certificate, county),
    ), due  # fmt: skip


def mother_local(certificate: Fact | None, county: str) -> bool:
    """Whether the mother's household register is in this county; an entry alone says so itself."""
    if certificate is None:
        return True
    return str(certificate.fields.get("mother_hukou_place", county)).startswith(county)


def born_elsewhere(entry: Fact, county: str) -> bool:
    """Whether a household entry says the birth happened outside the county."""
    return not str(entry.fields.get("birth_place") or county).startswith(county)


def _outcome(
    certificate: Fact | None, entry: Fact | None, today: Day, county: str
) -> tuple[str, Day | None]:
    if certificate and entry:
        same = all(
            certificate.fields.get(name) == entry.fields.get(name) for name in ("birth_date", "sex")
        )
        return ("matched" if same else "conflict"), None
    if certificate:
        if not mother_local(certificate, county):
            return "expected-elsewhere", None
        late = deadline("birth-registration", certificate.fields["birth_date"]) + 1
        return ("only-health", None) if today >= late else ("too-early", late)
    assert entry is not None
    if born_elsewhere(entry, county):
        return "expected-elsewhere", None
    late = deadline("certificate-arrival", entry.fields["entry_date"]) + 1
    return ("only-police", None) if today >= late else ("too-early", late)
