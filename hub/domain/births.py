"""Births: two lists of one thing, certificates (health) and household entries (police).

Twins are not duplicates, a missing value is no disagreement, and a certificate
of a mother registered elsewhere is no proof that nobody registered the child.

Certificates are issued for live births, and no feed tells of deaths before a
child is entered: a child who dies before the entry stays a birth on the list
of health alone, and the registrar says so when asked. A stillborn twin counts
in the plurality of the certificate and leaves no record, which is answered the
same way. An entry that is cancelled by a death remains the entry of the birth.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.domain.facts import Fact
from hub.domain.limits import BIRTH_REGISTRATION, CERTIFICATE_ARRIVAL, Clock
from hub.domain.notices import CLOSED, MOVES

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "matched": ("两边一致", "matched"),
    "only-health": ("仅卫健", "only health"),
    "only-police": ("仅公安", "only police"),
    "conflict": ("信息冲突", "conflict"),
    "expected-elsewhere": ("应在外地登记", "expected elsewhere"),
    "registered-elsewhere": ("外地已登记", "registered elsewhere"),
    "too-early": ("未到期限", "too early"),
    "foundling": ("弃婴登记", "foundling"),
}
"""What a birth can come to, in Chinese and English."""


class Birth(NamedTuple):
    """What the lists together say of one birth.

    `place` is where the birth counts: the mother's household register if that
    is in the county, else the child's, else where the birth happened.
    `registered_on` and `delay_days` are known only from an entry of the birth.
    `plurality` (children of the delivery) and `in_facility` only from a certificate:
    one that names no facility is of a birth outside them.
    """

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
    plurality: int | None
    in_facility: bool | None


class BirthRecords(NamedTuple):
    """The records that may speak of one birth; certificates are those in force."""

    certificates: Sequence[Fact]
    entries: Sequence[Fact]
    children: Sequence[Fact]
    answers: Sequence[Fact] = ()
    """What neighbouring counties answered to what they were told of the birth."""


def is_void(certificate: Fact) -> bool:
    """Whether the health bureau declared this certificate void."""
    return certificate.fields.get("status") == "void"


def in_force(certificates: Sequence[Fact]) -> Sequence[Fact]:
    """Certificates neither void nor replaced, if only by way of others; all of them where none is left."""
    if len(certificates) < 2:
        return certificates
    issued = [fact for fact in certificates if not is_void(fact)]
    gone = replaced_by(issued, certificates)
    live = [fact for fact in issued if fact.fields.get("certificate_no") not in gone]
    return live or certificates


def replaced_by(issued: Sequence[Fact], certificates: Sequence[Fact]) -> set[str]:
    """The numbers that these replace, and that what they replace replaced before."""
    before: dict[str, str] = {
        fact.fields["certificate_no"]: fact.fields["replaces"]
        for fact in certificates
        if "replaces" in fact.fields and "certificate_no" in fact.fields
    }
    gone: set[str] = set()
    waiting = [fact.fields["replaces"] for fact in issued if "replaces" in fact.fields]
    while waiting:
        number = waiting.pop()
        if number not in gone:
            gone.add(number)
            if number in before:
                waiting.append(before[number])
    return gone


def reconcile(person: str, records: BirthRecords, county: str, clock: Clock) -> Birth | None:
    """The birth of a person, if either list holds it."""
    entry = entry_of_birth(records)
    certificate = _certificate(records.certificates, entry)
    child = records.children[0] if records.children else None
    stated = [fact.fields for fact in (certificate, entry, child) if fact is not None]
    born = next((fields["birth_date"] for fields in stated if "birth_date" in fields), None)
    if born is None or (certificate is None and entry is None):
        return None
    elsewhere = registered_elsewhere(records.answers)
    registered: Day | None = None if elsewhere is None else elsewhere.fields.get("entered_on")
    said = certificate.fields if certificate is not None else {}
    if entry is not None and entry.fields.get("entry_kind") == "birth":
        registered = entry.fields.get("entry_date")
    return Birth(
        person,
        _outcome(records, certificate, entry, county, clock),
        born,
        _place(certificate, entry, county),
        next((fields["sex"] for fields in stated if "sex" in fields), None),
        registered,
        None if registered is None or registered < born else registered - born,
        None if certificate is None else certificate.record_id,
        None if entry is None else entry.record_id,
        None if child is None else child.record_id,
        mother_local(certificate, county),
        said.get("plurality"),
        None if certificate is None else bool(said.get("facility")),
    )


def entry_of_birth(records: BirthRecords) -> Fact | None:
    """The entry that registers the birth.

    Any entry shows that a certified child is on the register, even one that
    moved in later; without a certificate only an entry of a birth speaks of one.
    """
    births = [fact for fact in records.entries if fact.fields.get("entry_kind") == "birth"]
    found = births or (records.entries if records.certificates else ())
    if len(found) < 2:
        return found[0] if found else None
    return min(found, key=_standing_first)


def _standing_first(entry: Fact) -> tuple[bool, Day, str]:
    fields = entry.fields
    return "cancel_date" in fields, fields.get("entry_date", entry.published_on), entry.record_id


def _certificate(certificates: Sequence[Fact], entry: Fact | None) -> Fact | None:
    """The one that the entry cites, else the one issued last."""
    if len(certificates) < 2:
        return certificates[0] if certificates else None
    cited = entry.fields.get("certificate_no", "") if entry else ""
    return max(
        certificates,
        key=lambda fact: (
            fact.fields.get("certificate_no") == cited,
            fact.fields.get("issued_on", fact.published_on),
            fact.record_id,
        ),
    )


def registration_due(records: BirthRecords, clock: Clock) -> Day:
    """The last day on which the household entry of a certified birth is in time.

    The entry needs a certificate: a first one that was issued only after the limit, or whose birth
    date is a slip, leaves the same time from its issue. Another in its place does not. Where
    certificates differ on the day of birth, the latest counts: nobody is reminded early.
    """
    where = records.certificates[0].fields.get("mother_hukou_place", "")
    last = clock.deadline(BIRTH_REGISTRATION, max(_days_of_birth(records)), where)
    first = [fact for fact in records.certificates if "replaces" not in fact.fields]
    issued = min((fact.fields.get("issued_on", fact.published_on) for fact in first), default=last)
    return last if issued <= last else clock.deadline(BIRTH_REGISTRATION, issued, where)


def certificate_due(entry: Fact, clock: Clock) -> Day:
    """The last day on which the certificate of an entered birth is in time."""
    entered = entry.fields.get("entry_date", entry.published_on)
    return clock.deadline(CERTIFICATE_ARRIVAL, entered, entry.fields.get("place", ""))


def _days_of_birth(records: BirthRecords) -> Sequence[Day]:
    """By certificates, or where none of them says, by child records."""
    for facts in (records.certificates, records.children):
        if said := [fact.fields["birth_date"] for fact in facts if "birth_date" in fact.fields]:
            return said
    return ()


def mother_local(certificate: Fact | None, county: str) -> bool:
    """Whether the mother's household register is here; an entry alone shows that a parent's is."""
    if certificate is None:
        return True
    return str(certificate.fields.get("mother_hukou_place", county)).startswith(county)


def registered_elsewhere(answers: Sequence[Fact]) -> Fact | None:
    """A neighbour's answer that its household register holds the child, be it asked of the birth or of where it lives."""
    found = (fact for fact in answers if fact.fields.get("about") not in MOVES)
    return next((fact for fact in found if fact.fields.get("state") == CLOSED), None)


def is_foundling(entry: Fact) -> bool:
    """Whether an entry of a birth names neither parent nor certificate: nobody knows of either."""
    return not any(
        entry.fields.get(name) for name in ("mother_name", "mother_number", "father_number", "certificate_no")
    )


def born_elsewhere(entry: Fact, county: str) -> bool:
    """Whether an entry says that the birth happened outside the county."""
    return not str(entry.fields.get("birth_place", county)).startswith(county)


def _place(certificate: Fact | None, entry: Fact | None, county: str) -> str | None:
    candidates: list[str | None] = []
    if certificate is not None and mother_local(certificate, county):
        candidates.append(certificate.fields.get("mother_hukou_place"))
    if entry is not None:
        candidates.append(entry.fields.get("place"))
    if certificate is not None:
        candidates.append(certificate.fields.get("place"))
    return next((place for place in candidates if place), None)


def _outcome(
    records: BirthRecords, certificate: Fact | None, entry: Fact | None, county: str, clock: Clock
) -> str:
    if certificate is not None and entry is not None:
        return "matched" if _agree(certificate, entry) else "conflict"
    if certificate is not None:
        if not mother_local(certificate, county):
            return "registered-elsewhere" if registered_elsewhere(records.answers) else "expected-elsewhere"
        return "only-health" if clock.passed(registration_due(records, clock)) else "too-early"
    assert entry is not None, "a birth has a certificate or an entry"
    if is_foundling(entry):
        return "foundling"
    if born_elsewhere(entry, county):
        return "expected-elsewhere"
    return "only-police" if clock.passed(certificate_due(entry, clock)) else "too-early"


def _agree(certificate: Fact, entry: Fact) -> bool:
    """Both say the same day and sex; what one of them does not say cannot disagree."""
    left, right = certificate.fields, entry.fields
    return all(
        left.get(name) == right.get(name) or name not in left or name not in right
        for name in ("birth_date", "sex")
    )
