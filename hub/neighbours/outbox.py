"""What a neighbour is told: a fold of the letters in the log, and what stands in the projection.

A letter is an event before it is a file. Whatever the log holds and the neighbour has not seen yet
lies in the outbox after each round, so a crash between the two is healed by the next one.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, or_, select

from hub.connect.contracts import Feed
from hub.domain import notices
from hub.domain.agreements import Agreement, disclosed, permitted
from hub.domain.days import Day, iso
from hub.domain.disclosures import COUNTY_TRANSFER
from hub.domain.events import ACTIONS, LetterSent
from hub.domain.notices import ANSWER, DEPARTMENT, TOLD_AS, Notice
from hub.log import Envelope, EventLog, derive_id
from hub.log.subscription import Subscription
from hub.neighbours import NOTICES_MAX, Letter, digest, notices_of, write
from hub.projections import births, profiles, records, residents
from hub.projections.position import load_progress
from hub.signing import Signer

PAGE_EVENTS = 5_000
Names = tuple[str, str]
"""Kind and key of a notice."""


class Told(NamedTuple):
    """What one neighbour was told so far."""

    number: int
    """Of the last letter; 0 before the first."""
    seen: int
    """The number of the neighbour's letter up to which ours have said that they were read."""
    standing: dict[Names, Mapping[str, Any]]
    letters: dict[int, bytes]


def told(log: EventLog, neighbour: str) -> Told:
    """Fold the letters to a neighbour."""
    number, seen, letters = 0, 0, {}
    standing: dict[Names, Mapping[str, Any]] = {}
    source = Subscription(log, (ACTIONS,), {})
    while page := source.take(PAGE_EVENTS).events:
        for recorded in page:
            event = recorded.envelope.event
            if isinstance(event, LetterSent) and event.receiver == neighbour:
                number, seen = max(number, event.number), max(seen, event.seen)
                letters[event.number] = event.content
                for notice in notices_of(event.content):
                    if notice.fields is None:
                        standing.pop(notice[:2], None)
                    else:
                        standing[notice[:2]] = notice.fields
    return Told(number, seen, standing, letters)


class Standing(NamedTuple):
    """All that a neighbour is to know now."""

    said: dict[Names, Mapping[str, Any]]
    records: dict[Names, str]
    """The record behind each notice."""
    kinds: set[str]
    """Of what it may be told: of other kinds nothing more is said, not even that they are taken back."""
    cited: list[str]
    """The agreements that allow it."""


def standing(
    db: Connection, feeds: Mapping[str, Feed], agreements: Sequence[Agreement], neighbour: str, today: Day
) -> Standing:
    """What the records give rise to, as far as agreements in force name its fields."""
    found = Standing({}, {}, set(), [])
    for feed in feeds.values():
        kind = _told_as(feed)
        about = (agreement for agreement in agreements if agreement.feed == feed.name)
        under = permitted(about, notices.receiver(neighbour), COUNTY_TRANSFER, today)
        if not kind or not under:
            continue
        found.kinds.add(kind)
        found.cited.extend(agreement.cited for agreement in under)
        for notice, record_id in _notices(db, feed, kind, neighbour):
            assert notice.fields is not None, "what stands says something"
            said = disclosed(notice.fields, neighbour, neighbour, under)
            if said:
                found.said[notice[:2]] = _written(said, feed)
                found.records[notice[:2]] = record_id
    return found


def _told_as(feed: Feed) -> str:
    """As which kind of notice the records of a feed are told; empty: as none."""
    if feed.name == notices.feed_of(ANSWER):
        return ANSWER
    return "" if feed.department == DEPARTMENT else TOLD_AS.get(feed.kind, "")


def _notices(db: Connection, feed: Feed, kind: str, neighbour: str) -> Iterator[tuple[Notice, str]]:
    """The notices that the records of a feed give rise to, and the record of each."""
    if kind == ANSWER:
        yield from _answers(db, neighbour)
        return
    # A child whom the register here holds is nobody's to look for elsewhere.
    untold = _registered_here(db) if kind == notices.BIRTH else _gone_quiet(db)
    for record in _live(db, feed.name):
        if notices.concerns(feed.kind, record.fields, neighbour) and record.record_id not in untold:
            yield Notice(kind, record.source_key, record.fields), record.record_id


def _registered_here(db: Connection) -> frozenset[str]:
    """The certificates of children whom the household register here holds."""
    query = (
        select(records.c.record_id)
        .join(profiles, profiles.c.profile == records.c.profile)
        .join(births, births.c.person == profiles.c.person)
        .where(records.c.live, births.c.entry_record.is_not(None))
    )
    return frozenset(record_id for (record_id,) in db.execute(query))


class Held(NamedTuple):
    """One live record of the projection."""

    record_id: str
    source_key: str
    fields: Mapping[str, Any]


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
    for kind in (notices.BIRTH, notices.RESIDENCE):
        people = _people(db, notices.feed_of(kind))
        for record in _live(db, notices.feed_of(kind)):
            sender, _, key = record.source_key.partition("/")
            if sender == neighbour:
                registered, on = people.get(record.record_id, (False, None))
                yield notices.answer(kind, key, record.fields, registered, on), record.record_id


def _live(db: Connection, feed: str) -> list[Held]:
    columns = (records.c.record_id, records.c.source_key, records.c.fields)
    query = select(*columns).where(records.c.feed == feed, records.c.live).order_by(records.c.source_key)
    return [Held(*row) for row in db.execute(query)]


def _people(db: Connection, feed: str) -> dict[str, tuple[bool, Day | None]]:
    """Record to whether the household register here holds its person, and since when it holds the birth."""
    query = (
        select(records.c.record_id, births.c.entry_record, births.c.registered_on, residents.c.spells)
        .join(profiles, profiles.c.profile == records.c.profile)
        .outerjoin(births, births.c.person == profiles.c.person)
        .outerjoin(residents, residents.c.person == profiles.c.person)
        .where(records.c.feed == feed, records.c.live)
        .where(or_(births.c.entry_record.is_not(None), residents.c.spells.is_not(None)))
    )
    found: dict[str, tuple[bool, Day | None]] = {}
    for record_id, entry, registered_on, spells in db.execute(query):
        entered = [
            s["arrived_on"] for s in spells or () if s["basis"] == "household" and s["left_on"] is None
        ]
        found[record_id] = (entry is not None or bool(entered), registered_on or min(entered, default=None))
    return found


def _written(fields: Mapping[str, Any], feed: Feed) -> dict[str, Any]:
    """Fields as a letter writes them: days as dates."""
    days = {field.name for field in feed.fields if field.kind == "date"}
    return {
        name: iso(value) if name in days else value
        for name, value in sorted(fields.items())
        if value is not None
    }


def compose(before: Told, now: Standing, blank: Letter, signer: Signer, actor: str) -> list[Envelope]:
    """The letters that tell a neighbour what has changed, or that its own were read.

    `blank` says from whom, to whom, of which day, and up to which number the neighbour's were read.
    """
    known = {name: fields for name, fields in before.standing.items() if name[0] in now.kinds}
    new = notices.changes(known, now.said)
    blank = blank._replace(seen=max(blank.seen, before.seen))
    pages = [new[start : start + NOTICES_MAX] for start in range(0, len(new), NOTICES_MAX)]
    if not pages and blank.seen > before.seen:
        pages = [[]]
    envelopes = []
    for number, page in enumerate(pages, start=before.number + 1):
        content = write(blank._replace(number=number, notices=page), signer)
        subjects = sorted({now.records[n[:2]] for n in page if n[:2] in now.records})
        event = LetterSent(
            blank.receiver,
            number,
            blank.seen,
            blank.day,
            digest(content),
            content,
            subjects,
            now.cited,
            actor,
        )
        envelopes.append(Envelope(
            event, derive_id("letter", blank.receiver, number), blank.receiver,
            f"/hub/neighbours/{blank.receiver}", str(number), actor=actor,
        ))  # fmt: skip
    return envelopes


class Posted(NamedTuple):
    """What one round told one neighbour."""

    neighbour: str
    letters: list[str]
    """The names of the files that were laid in the outbox."""
    notices: int
    waiting: int
    """Letters that the neighbour has not read yet."""


def post(
    log: EventLog, now: Standing, blank: Letter, folder: Path, answered: int, signer: Signer, actor: str
) -> Posted:
    """One round with one neighbour, which has read our letters up to `answered`."""
    before = told(log, blank.receiver)
    made = compose(before, now, blank, signer, actor)
    if made:
        log.append(made)
    fresh = {e.event.number: e.event.content for e in made if isinstance(e.event, LetterSent)}
    letters = {n: content for n, content in (before.letters | fresh).items() if n > answered}
    names = deliver(letters, blank, folder)
    return Posted(blank.receiver, names, sum(len(notices_of(c)) for c in fresh.values()), len(letters))


def deliver(letters: Mapping[int, bytes], blank: Letter, folder: Path) -> list[str]:
    """Have these letters, and no others to this neighbour, lie in the folder; the names of the new ones."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {blank._replace(number=number).name: content for number, content in sorted(letters.items())}
    for path in folder.glob(f"{blank.sender}-{blank.receiver}-*"):
        if path.name not in wanted:
            path.unlink()
    new = [name for name in wanted if not (folder / name).exists()]
    for name in new:
        part = folder / f"{name}.part"
        part.write_bytes(wanted[name])
        part.replace(folder / name)
    return new


def states(db: Connection, before: Told, neighbour: str) -> dict[Names, str]:
    """How far each notice has come that stands with a neighbour; answers are none of them."""
    query = select(records.c.source_key, records.c.fields).where(
        records.c.feed == notices.feed_of(ANSWER), records.c.live,
        records.c.source_key.startswith(f"{neighbour}/", autoescape=True),
    )  # fmt: skip
    answers = {key.partition("/")[2]: fields.get("state") for key, fields in db.execute(query)}
    return {
        (kind, key): str(answers.get(f"{kind}/{key}") or notices.OFFERED)
        for kind, key in before.standing
        if kind != ANSWER
    }
