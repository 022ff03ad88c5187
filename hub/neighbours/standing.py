"""All that a neighbour is to know now: what the records here give rise to, as far as agreements name its fields."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from hub.connect.contracts import Feed
from hub.domain import notices
from hub.domain.agreements import Agreement, disclosed, permitted
from hub.domain.days import Day, iso
from hub.domain.disclosures import COUNTY_TRANSFER
from hub.domain.notices import (
    ANSWER,
    ARRIVAL,
    BIRTH,
    DEPARTMENT,
    DEPARTURE,
    MOVES,
    RESIDENCE,
    TOLD_AS,
    Notice,
)
from hub.domain.residence import Spell, arrived, ended_by
from hub.projections import births, profiles, records, residents
from hub.projections.position import load_progress

ASKED_MAX = 500
"""Records whose people are asked for in one query."""
HOUSEHOLD = "household_entry"
Names = tuple[str, str]
"""Kind and key of a notice."""


class Standing(NamedTuple):
    """All that a neighbour is to know now."""

    said: dict[Names, Mapping[str, Any]]
    records: dict[Names, str]
    """The record behind each notice."""
    kinds: set[str]
    """Of what it may be told: of other kinds nothing more is said, not even that they are taken back."""
    cited: list[str]
    """The agreements that allow it."""


class Held(NamedTuple):
    """One live record of the projection."""

    record_id: str
    source_key: str
    fields: Mapping[str, Any]


class Known(NamedTuple):
    """What the registers here know of the person of a record."""

    person: str
    entered: bool
    """Whether the household register holds the birth, or an entry that stands."""
    entered_on: Day | None
    spells: Sequence[Spell]


NOBODY = Known("", False, None, ())


def standing(
    db: Connection, feeds: Mapping[str, Feed], agreements: Sequence[Agreement], neighbour: str, today: Day
) -> Standing:
    """What the records give rise to, as far as agreements in force name its fields."""
    found = Standing({}, {}, set(), [])
    for feed in feeds.values():
        kinds = told_as(feed)
        about = (agreement for agreement in agreements if agreement.feed == feed.name)
        under = permitted(about, notices.receiver(neighbour), COUNTY_TRANSFER, today)
        if not kinds or not under:
            continue
        found.kinds.update(kinds)
        found.cited.extend(agreement.cited for agreement in under)
        since = min(agreement.valid_from for agreement in under)
        for notice, record_id in _notices(db, feed, neighbour, since):
            assert notice.fields is not None, "what stands says something"
            fields = _of_its_contract(notice.fields, feeds[notices.feed_of(notice.kind)])
            said = disclosed(fields, neighbour, neighbour, under)
            if said:
                found.said[notice[:2]] = _written(said, feed)
                found.records[notice[:2]] = record_id
    return found


def told_as(feed: Feed) -> Sequence[str]:
    """As which kinds of notices the records of a feed are told; empty: as none."""
    if feed.name == notices.feed_of(ANSWER):
        return (ANSWER,)
    return () if feed.department == DEPARTMENT else TOLD_AS.get(feed.kind, ())


def leaving(db: Connection, feed: Feed, neighbour: str, since: Day) -> Iterator[tuple[Held, str]]:
    """The entries that ended by moving to a neighbour from a day on, of people whom the register here holds no more.

    With each the person, empty where nobody was made out yet.
    """
    found = [held for held in live(db, feed.name) if _moved(DEPARTURE, held, neighbour, since)]
    known = people(db, [held.record_id for held in found])
    for held in found:
        left, one = held.fields["cancel_date"], known.get(held.record_id, NOBODY)
        # Whoever was entered here again is not to be waited for there.
        if not any(spell.basis == "household" and spell.arrived_on >= left for spell in one.spells):
            yield held, one.person


def _notices(db: Connection, feed: Feed, neighbour: str, since: Day) -> Iterator[tuple[Notice, str]]:
    """The notices that the records of a feed give rise to, and the record of each; moves from a day on."""
    if feed.name == notices.feed_of(ANSWER):
        yield from _answers(db, neighbour)
    elif feed.kind == HOUSEHOLD:
        for held, _ in leaving(db, feed, neighbour, since):
            yield Notice(DEPARTURE, held.source_key, held.fields), held.record_id
        for held in live(db, feed.name):
            if _moved(ARRIVAL, held, neighbour, since):
                yield Notice(ARRIVAL, held.source_key, held.fields), held.record_id
    else:
        (kind,) = told_as(feed)
        # A child whom the register here holds is nobody's to look for elsewhere.
        untold = _registered_here(db) if kind == BIRTH else _gone_quiet(db)
        for held in live(db, feed.name):
            if notices.concerns(kind, held.fields, neighbour) and held.record_id not in untold:
                yield Notice(kind, held.source_key, held.fields), held.record_id


def _moved(kind: str, held: Held, neighbour: str, since: Day) -> bool:
    """Whether an entry tells of such a move between this county and a neighbour, from a day on."""
    day = held.fields.get(MOVES[kind])
    return day is not None and day >= since and notices.concerns(kind, held.fields, neighbour)


def _registered_here(db: Connection) -> frozenset[str]:
    """The certificates of children whom the household register here holds."""
    query = (
        select(records.c.record_id)
        .join(profiles, profiles.c.profile == records.c.profile)
        .join(births, births.c.person == profiles.c.person)
        .where(records.c.live, births.c.entry_record.is_not(None))
    )
    return frozenset(record_id for (record_id,) in db.execute(query))


def _gone_quiet(db: Connection) -> frozenset[str]:
    """Registrations of which nobody has heard any more: who is not counted here is not to be missing there."""
    today = load_progress(db, "today", -1)
    rows = db.execute(select(residents.c.spells).where(residents.c.status != "resident"))
    return frozenset(
        spell["record"] for (spells,) in rows for spell in spells
        if spell.get("quiet_from") is not None and today >= spell["quiet_from"]
    )  # fmt: skip


def _answers(db: Connection, neighbour: str) -> Iterator[tuple[Notice, str]]:
    """What is answered to the notices of this neighbour, whose records are named after it."""
    today = load_progress(db, "today", -1)
    for kind in (BIRTH, RESIDENCE, DEPARTURE, ARRIVAL):
        told = [
            held for held in live(db, notices.feed_of(kind)) if held.source_key.partition("/")[0] == neighbour
        ]
        known = people(db, [held.record_id for held in told])
        for held in told:
            closed, on = _closed(kind, held.fields, known.get(held.record_id, NOBODY), today)
            key = held.source_key.partition("/")[2]
            yield notices.answer(kind, key, held.fields, closed, on), held.record_id


def _closed(kind: str, fields: Mapping[str, Any], known: Known, today: Day) -> tuple[bool, Day | None]:
    """Whether the register here has followed what was told, and since when it holds the person."""
    if kind == DEPARTURE:
        on = arrived(known.spells, fields.get("cancel_date", today))
        return on is not None, on
    if kind == ARRIVAL:
        return ended_by(known.spells, (fields.get("entry_date", today), fields.get("place", "")), today), None
    return known.entered, known.entered_on


def live(db: Connection, feed: str) -> Iterator[Held]:
    """The live records of a feed, by their keys; as many may be read as there are."""
    columns = (records.c.record_id, records.c.source_key, records.c.fields)
    query = select(*columns).where(records.c.feed == feed, records.c.live).order_by(records.c.source_key)
    for row in db.execute(query):
        yield Held(*row)


def people(db: Connection, record_ids: Sequence[str]) -> dict[str, Known]:
    """What the registers here know of the people of these records, as far as they were placed."""
    query = (
        select(
            records.c.record_id,
            profiles.c.person,
            births.c.entry_record,
            births.c.registered_on,
            residents.c.spells,
        )
        .join(profiles, profiles.c.profile == records.c.profile)
        .outerjoin(births, births.c.person == profiles.c.person)
        .outerjoin(residents, residents.c.person == profiles.c.person)
    )
    found: dict[str, Known] = {}
    for start in range(0, len(record_ids), ASKED_MAX):
        asked = record_ids[start : start + ASKED_MAX]
        for record_id, person, entry, registered_on, written in db.execute(
            query.where(records.c.record_id.in_(asked))
        ):
            spells = [Spell(**spell) for spell in written or ()]
            stands = [s.arrived_on for s in spells if s.basis == "household" and s.left_on is None]
            on = registered_on or min(stands, default=None)
            found[record_id] = Known(person, entry is not None or bool(stands), on, spells)
    return found


def _of_its_contract(fields: Mapping[str, Any], feed: Feed) -> dict[str, Any]:
    """What the contract of a notice has a place for: whatever an agreement names, nothing else is of use there."""
    known = {field.name for field in feed.fields}
    return {name: value for name, value in fields.items() if name in known}


def _written(fields: Mapping[str, Any], feed: Feed) -> dict[str, Any]:
    """Fields as a letter writes them: days as dates."""
    days = {field.name for field in feed.fields if field.kind == "date"}
    return {
        name: iso(value) if name in days else value
        for name, value in sorted(fields.items())
        if value is not None
    }
