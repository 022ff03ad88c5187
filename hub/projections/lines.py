"""Lines for statistics, read from projections: one query for each kind of line.

Everything that statistics know of these tables is here. A record counts once it had been delivered by the day
the figures are as of; what it says is what it says now (the state of a past day as it was then is a replay).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from hub.domain.days import Day
from hub.domain.population import stays_of
from hub.domain.residence import ELSEWHERE as AWAY
from hub.domain.residence import QUIET, RESIDENT, Spell
from hub.projections import births, profiles, records, residents
from hub.statistics.completeness import ELSEWHERE
from hub.statistics.flows import MIGRANT, alike
from hub.statistics.lines import LOCAL, OTHER, UNKNOWN, BirthLine, DeliveredLine, Stay, StayLine
from hub.statistics.revisions import BirthSeen
from hub.statistics.spans import Span
from hub.statistics.stays_revised import PeopleSeen, PersonSeen, StaySeen

COMPARED = ("birth_date", "sex", "certificate_no", "mother_number", "mother_name")
"""Fields that certificate and entry both have."""
STATED = {
    "household_entry": "entry_date", "residence": "registered_on", "birth_certificate": "issued_on",
    "employment": "started_on", "business": "started_on", "child_record": "established_on",
}  # fmt: skip
"""Kind of record to the field with the day of what it states."""
EXPIRED = "expired"
ROWS_AT_ONCE = 10_000
NEVER = 10**9
THIRD_ONLY = "third-list-only"
Kinds = Mapping[str, str]
"""Feed to the kind of its records."""


def birth_lines(db: Connection, county: str, after: Day, as_of: Day) -> list[BirthLine]:
    """Births after a day until another, as their records tell of them by then."""
    certificate, entry = records.alias("certificate"), records.alias("entry")
    query = (
        select(
            births, certificate.c.first_on.label("certified"), certificate.c.fields.label("certificate"),
            entry.c.first_on.label("entered"), entry.c.fields.label("entry"),
        )
        .outerjoin(certificate, certificate.c.record_id == births.c.certificate_record)
        .outerjoin(entry, entry.c.record_id == births.c.entry_record)
        .where(births.c.born_on > after, births.c.born_on <= as_of)
    )  # fmt: skip
    rows = sorted(db.execute(query).mappings(), key=lambda row: str(row["person"]))
    found = (_birth(number, row, county, as_of) for number, row in enumerate(rows))
    return [line for line in found if line.health or line.police]


def _birth(number: int, row: RowMapping, county: str, as_of: Day) -> BirthLine:
    health, police = (row[day] is not None and row[day] <= as_of for day in ("certified", "entered"))
    certificate: Mapping[str, Any] = row["certificate"] if health else {}
    entry: Mapping[str, Any] = row["entry"] if police else {}
    registered = row["registered_on"] if police else None
    return BirthLine(
        number,
        row["born_on"],
        row["sex"] or "unknown",
        row["place"] or UNKNOWN,
        certificate.get("place") or entry.get("birth_place") or UNKNOWN,
        LOCAL if row["mother_local"] else OTHER,
        row["outcome"],
        health,
        police,
        row["child_record"] is not None,
        registered if registered is None or registered <= as_of else None,
        {
            name: certificate[name] == entry[name]
            for name in COMPARED
            if name in certificate and name in entry
        },
    )


def births_seen(db: Connection) -> list[BirthSeen]:
    """All births that are known, by the records they rest on, for comparing two days."""
    certificate, entry = records.alias("certificate"), records.alias("entry")
    query = (
        select(births, certificate.c.first_on.label("certified"), entry.c.first_on.label("entered"))
        .outerjoin(certificate, certificate.c.record_id == births.c.certificate_record)
        .outerjoin(entry, entry.c.record_id == births.c.entry_record)
    )  # fmt: skip
    return [_seen(row) for row in db.execute(query.execution_options(yield_per=ROWS_AT_ONCE)).mappings()]


def _seen(row: RowMapping) -> BirthSeen:
    health, police = row["certified"] is not None, row["entered"] is not None
    return BirthSeen(
        frozenset(record for record in (row["certificate_record"], row["entry_record"]) if record),
        min(day for day in (row["certified"], row["entered"], NEVER) if day is not None),
        row["born_on"],
        health or (police and row["outcome"] != ELSEWHERE),
        row["outcome"], row["sex"] or "unknown", row["place"] or UNKNOWN, row["registered_on"],
    )  # fmt: skip


def withdrawn_records(db: Connection) -> frozenset[str]:
    """Records that stand no longer."""
    return frozenset(db.execute(select(records.c.record_id).where(~records.c.live)).scalars())


def people_seen(db: Connection, kinds: Kinds, span: Span) -> PeopleSeen:
    """Everybody who lives here at some time, by the records their stays rest on, for comparing two days."""
    feeds = [feed for feed, kind in kinds.items() if kind == "residence"]
    query = select(records.c.record_id, records.c.first_on).where(records.c.feed.in_(feeds))
    delivered = {str(record): int(day) for record, day in db.execute(query)}
    people: list[PersonSeen] = []
    settled: set[str] = set()
    rows = db.execute(select(residents.c.spells).execution_options(yield_per=ROWS_AT_ONCE)).scalars()
    for row in rows:
        spells = [Spell(**spell) for spell in row]
        named = frozenset(intern(spell.record) for spell in spells)
        if _settled(spells, span):
            settled |= named
        else:
            people.append(PersonSeen(named, _stays_seen(spells, span.last, delivered)))
    # In which order a database hands out rows may not decide on who is paired off with whom.
    people.sort(key=lambda person: sorted(person.records))
    return PeopleSeen(people, frozenset(settled))


def _settled(spells: Sequence[Spell], span: Span) -> bool:
    """Whether somebody is nothing but a resident, from before a span until after it."""
    return any(
        spell.arrived_on < span.first and (spell.left_on is None or spell.left_on > span.last)
        for spell in spells
    ) and all(spell.status == RESIDENT for spell in spells)


def _stays_seen(spells: Sequence[Spell], today: Day, delivered: Mapping[str, Day]) -> tuple[StaySeen, ...]:
    """The stays of a person, and the spells that neighbours tell of, in order of days."""
    found = []
    for stay in stays_of(spells, today):
        named = frozenset(
            intern(spell.record)
            for spell in spells
            if spell.status == stay.status == MIGRANT and spell.place == stay.place
            and (stay.until is None or spell.arrived_on < stay.until)
            and (spell.left_on is None or spell.left_on > stay.since)
        )  # fmt: skip
        counted = Stay(stay.place, stay.since, stay.until, stay.status, UNKNOWN)
        first_on = min((delivered.get(record, -1) for record in named), default=-1)
        found.append(StaySeen(counted, stay.ended in (QUIET, EXPIRED), named, first_on))
    for spell in spells:
        if spell.status == AWAY:
            away = Stay(spell.place, spell.arrived_on, spell.left_on, AWAY, UNKNOWN)
            found.append(StaySeen(away, False, frozenset(), NEVER))
    return tuple(sorted(found, key=lambda seen: seen.stay.arrived_on))


def third_lines(db: Connection, kinds: Kinds, after: Day, as_of: Day) -> list[BirthLine]:
    """Children that only the third list tells of; where their mothers are registered nobody says: taken as here."""
    feeds = [feed for feed, kind in kinds.items() if kind == "child_record"]
    query = (
        select(profiles.c.person, records.c.fields)
        .join(profiles, profiles.c.profile == records.c.profile)
        .outerjoin(births, births.c.person == profiles.c.person)
        .where(records.c.feed.in_(feeds), records.c.live, records.c.first_on <= as_of, births.c.person.is_(None))
    )  # fmt: skip
    people = {str(person): fields for person, fields in db.execute(query)}
    born = ((fields.get("birth_date"), fields) for _, fields in sorted(people.items()))
    return [
        BirthLine(-1 - number, day, fields.get("sex", "unknown"), fields.get("place", UNKNOWN), UNKNOWN, LOCAL,
                  THIRD_ONLY, health=False, police=False, third=True, registered_on=None, agree={})
        for number, (day, fields) in enumerate(born)
        if day is not None and after < day <= as_of
    ]  # fmt: skip


def stay_lines(db: Connection, kinds: Kinds, first: Day, last: Day) -> list[StayLine]:
    """Spells of everybody, those alike together; the origin of migrants is in their registrations."""
    origins = _origins(db, kinds)
    rows = db.execute(
        select(residents.c.person, residents.c.spells).execution_options(yield_per=ROWS_AT_ONCE)
    )
    return alike((_stays(spells, origins.get(person, UNKNOWN), last) for person, spells in rows), first, last)


def _stays(spells: list[dict[str, Any]], origin: str, today: Day) -> tuple[Stay, ...]:
    """What `population` makes of the spells, less what nobody has heard of any more."""
    stays = stays_of([Spell(**spell) for spell in spells], today)
    return tuple(
        Stay(
            stay.place, stay.since, stay.until, stay.status,
            stay.origin or origin if stay.status == MIGRANT else UNKNOWN,
        )
        for stay in stays if stay.status != QUIET
    )  # fmt: skip


def _origins(db: Connection, kinds: Kinds) -> dict[str, str]:
    """Person to where the household register is, as the newest registration says."""
    feeds = [feed for feed, kind in kinds.items() if kind == "residence"]
    query = (
        select(profiles.c.person, records.c.published_on, records.c.record_id, records.c.fields)
        .join(profiles, profiles.c.profile == records.c.profile)
        .where(records.c.feed.in_(feeds), records.c.live)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )  # fmt: skip
    newest: dict[str, tuple[Day, str, str]] = {}
    for person, day, record, fields in db.execute(query):
        said = (day, record, fields.get("hukou_place") or UNKNOWN)
        newest[person] = max(newest.get(person, said), said)
    return {person: place for person, (_, _, place) in newest.items()}


def delivered_lines(db: Connection, kinds: Kinds, as_of: Day) -> list[DeliveredLine]:
    """When records were first delivered, and the day that they state."""
    query = select(records.c.feed, records.c.first_on, records.c.fields).where(records.c.first_on <= as_of)
    found = Counter[tuple[str, Day, Day]]()
    for feed, first_on, fields in db.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        stated = fields.get(STATED.get(kinds.get(feed, ""), ""))
        if isinstance(stated, int):
            found[feed, first_on, stated] += 1
    return [DeliveredLine(*key, found[key]) for key in sorted(found)]
