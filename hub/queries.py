"""The only reads for outside eyes. Each read of a person's record is itself an event.

The disclosure is appended before anything is shown: who, in which role, what
for, and whose records. Counts disclose nobody and are not recorded.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, or_, select

from hub.audit import area, own, review
from hub.audit.aggregates import Asked, Source, Statistics, statistics, within
from hub.audit.person import alternatives, profiles_of, ties, values
from hub.audit.residence import residence
from hub.connect.contracts import Feed
from hub.domain.births import OUTCOMES
from hub.domain.cases import STATES
from hub.domain.days import Day, day_of, iso
from hub.domain.disclosures import OWN, Reader, refusal, rows_of
from hub.domain.discrepancies import CATALOGUE
from hub.domain.events import ID_COLLISION, RECORDS, DisclosureMade, FiguresReleased, PairJudged
from hub.domain.evidence import in_chinese
from hub.domain.limits import Limits
from hub.domain.residence import ELSEWHERE, MIGRANT, RESIDENT
from hub.errors import DisclosureRefusedError, NotFoundError, SettingsError
from hub.log import Envelope, EventLog, derive_id
from hub.matching import Model
from hub.processing import Rules
from hub.projections import (
    births,
    cases,
    discrepancies,
    fat_blocks,
    households,
    metadata,
    models,
    people,
    profiles,
    records,
    residents,
    set_aside,
)  # fmt: skip
from hub.projections.adoption import adopted_model
from hub.projections.position import load_checkpoint, load_progress
from hub.projections.releases import history
from hub.statistics.publication import Safety
from hub.statistics.releases import History, Released, written

ROWS_MAX = 1_000
NOBODY = "您的辖区内没有此编号 no person, record, pair, discrepancy or case of your area has this id"
Answer = list[dict[str, Any]]
DAY_COLUMNS = frozenset(
    [
        "born_on",
        "registered_on",
        "arrived_on",
        "left_on",
        "detected_on",
        "cleared_on",
        "raised_on",
        "due_on",
        "moved_on",
        "published_on",
        "asked_on",
        "answered_on",
        "since",
        "until",
        "returns",
    ]
)
PAGES: Mapping[str, Table] = {
    "births": births, "residents": residents, "households": households, "discrepancies": discrepancies, "cases": cases,
}  # fmt: skip
"""What is shown a page at a time."""
VALUES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "births": {"outcome": frozenset(OUTCOMES)},
    "residents": {"status": frozenset((RESIDENT, MIGRANT, ELSEWHERE))},
    "discrepancies": {"kind": frozenset(CATALOGUE), "status": frozenset(("standing", "cleared"))},
    "cases": {"state": frozenset(STATES)},
}
"""What a column of a page may say."""


class Queries:
    """What one reader may ask of one projection."""

    def __init__(self, db: Connection, log: EventLog, reader: Reader, county: str, model: Model) -> None:
        metadata.create_all(db)
        self._db, self._log, self._reader = db, log, reader
        self._county, self._first_model = county, model

    @cached_property
    def _model(self) -> Model:
        """The model in force."""
        return adopted_model(self._db) or self._first_model

    def models(self) -> Answer:
        """The models that were adopted, the last one being in force; nobody is disclosed."""
        columns = (models.c.number, models.c.version, models.c.digest, models.c.reason, models.c.actor)
        return [dict(row) for row in self._db.execute(select(*columns).order_by(models.c.number)).mappings()]

    # --- counts ----------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """How much there is of everything, and whether the projection has caught up."""
        head = self._log.head()
        done = load_checkpoint(self._db)
        today = load_progress(self._db, "today", -1)
        behind = [p for p, offset in head.items() if p.topic == RECORDS and done.get(p, -1) < offset]
        return {
            "log": {"events": sum(offset + 1 for offset in head.values())},
            "today": iso(today) if today >= 0 else None,
            "people": self._count(people),
            "records": self._count(records, records.c.live),
            "births": self._tally(births, "outcome"),
            "residents": self._tally(residents, "status", residents.c.left_on.is_(None)),
            "discrepancies": self._tally(discrepancies, "kind", discrepancies.c.status == "standing"),
            "discrepancies_cleared": self._tally(discrepancies, "kind", discrepancies.c.status == "cleared"),
            "cases": self._tally(cases, "state"),
            "held_for_review": len(review.queue(self._db, self._model)),
            "model": self._model.version,
            "keys_too_common": self._fat_keys(),
            "set_aside": self._tally(set_aside, "event_type"),
            "id_collisions": self._count(set_aside, set_aside.c.error == ID_COLLISION),
            "caught_up": not behind,
        }

    def _fat_keys(self) -> dict[str, dict[str, int]]:
        """By what a key is made of: how many are shared by more profiles than are compared, and by how many."""
        columns = (
            fat_blocks.c.parts,
            func.count(fat_blocks.c.key.distinct()),
            func.max(fat_blocks.c.profiles),
        )
        rows = self._db.execute(select(*columns).group_by(fat_blocks.c.parts).order_by(fat_blocks.c.parts))
        return {parts: {"keys": int(keys), "profiles_max": int(most)} for parts, keys, most in rows}

    def _count(self, table: Table, *where: Any) -> int:
        return int(self._db.execute(select(func.count()).select_from(table).where(*where)).scalar() or 0)

    def _tally(self, table: Table, column: str, *where: Any) -> dict[str, int]:
        chosen = table.c[column]
        rows = self._db.execute(select(chosen, func.count()).where(*where).group_by(chosen).order_by(chosen))
        return {str(name): int(count) for name, count in rows}

    # --- statistics --------------------------------------------------------------------------

    def statistics(
        self,
        rules: Rules,
        balance: Mapping[str, Mapping[str, int]],
        asked: Asked,
        safety: Safety,
        before: History | None = None,
    ) -> Statistics:
        """Published tables inside the reader's jurisdiction; small counts are put on record where they are shown.

        What is given out as a release is put on record. `before` are those to compare with; None: all that the log
        holds.
        """
        self._allowed("statistics")
        today = load_progress(self._db, "today", -1)
        if today < 0:
            raise NotFoundError("no day has been closed yet: ingest and run first")
        known = history(self._db, self._log) if before is None else before
        source = Source(self._db, rules._replace(model=self._model), balance, today, known)
        found = statistics(source, asked, safety)
        if found.released.name and safety.withholds and found.released.name not in known:
            self._release(found.released, day_of(found.basis.as_of))
        if safety.threshold < 2 and not safety.base:
            self._disclose("statistics", [f"small counts of {name}" for name in asked.tables])
        mine = self._reader.jurisdiction
        return found if mine == self._county else within(found, mine)

    # --- people's records --------------------------------------------------------------------

    def rows(self, name: str, limit: int = 20, after: str = "", **filters: str) -> Answer:
        """A page of one view, inside the reader's jurisdiction, behind the row of this id."""
        self._allowed(name)
        table = PAGES[name]
        place = table.c["jurisdiction" if "jurisdiction" in table.c else "place"]
        query = select(table).order_by(*table.primary_key.columns).limit(min(limit, ROWS_MAX))
        if after:
            query = query.where(next(iter(table.primary_key.columns)) > after)
        if not self._sees_all():
            query = query.where(place.startswith(self._reader.jurisdiction))
        if rows_of(self._reader, name) == OWN:
            query = query.where(own.rows(name, self._reader.department))
        for column, value in filters.items():
            known = VALUES.get(name, {}).get(column)
            if known and value not in known:
                raise SettingsError(f"unknown {column} {value}; known: {', '.join(sorted(known))}")
            query = query.where(table.c[column] == value)
        found = [shown(row) for row in self._db.execute(query).mappings()]
        self._disclose(name, [row["person"] for row in found])
        return found

    def people(self, limit: int = 20) -> Answer:
        """A page of people: how many records of which feeds make each of them."""
        self._allowed("people")
        query = select(people).order_by(people.c.person).limit(min(limit, ROWS_MAX))
        if not self._sees_all():
            query = query.where(people.c.person.in_(area.people_in(self._reader.jurisdiction)))
        found = [self._person(row["person"], row["profiles"]) for row in self._db.execute(query).mappings()]
        self._disclose("people", [row["person"] for row in found])
        return [{k: v for k, v in row.items() if k != "evidence"} for row in found]

    def _person(self, person: str, pids: Sequence[int]) -> dict[str, Any]:
        rows = self._db.execute(select(profiles).where(profiles.c.profile.in_(pids))).mappings().all()
        marks = sorted(mark for row in rows for mark in row["records"])
        best = max((row["values"] for row in rows), key=lambda p: (len(p.name), p.id), default=None)
        return {
            "person": person, "records": len(marks),
            "feeds": sorted({mark.split("|")[1] for mark in marks}),
            "name": best.name if best else "", "sex": best.sex if best else "",
            "birth_date": best.birth_date if best else "", "evidence": rows,
        }  # fmt: skip

    def explain(self, wanted: str, feeds: Mapping[str, Feed] | None = None) -> dict[str, Any]:
        """Why a person, record, discrepancy or case is what it is.

        Whoever may explain its own alone: a discrepancy or case it owns, or a record of its feeds.
        """
        self._allowed("explain")
        for table in (discrepancies, cases):
            key = next(iter(table.primary_key.columns))
            row = self._db.execute(select(table).where(key == wanted)).mappings().first()
            if row is not None:
                return self._explained_row(table, row)
        if rows_of(self._reader, "explain") == OWN:
            return self._own_record(wanted, feeds or {})
        person = self._find_person(wanted)
        row = self._db.execute(select(people).where(people.c.person == person)).mappings().first()
        if row is None:
            raise NotFoundError(NOBODY)
        self._mine(person)
        found = self._explained(person)
        others = [pair["right"]["person"] for pair in found["alternatives"]]
        self._disclose("explain", [person, *filter(None, others)])
        return found

    def _explained_row(self, table: Table, row: RowMapping) -> dict[str, Any]:
        """A discrepancy or case in words; NotFoundError where it is not the reader's."""
        if rows_of(self._reader, "explain") == OWN:
            me = self._reader.department
            asked = {said[2] for said in row.get("asking", {}).values()}
            if me not in (
                row["owner"],
                row.get("department"),
                row.get("offered", "").partition("/")[0],
                *asked,
            ):
                raise NotFoundError(NOBODY)
        self._mine(row["person"])
        self._disclose("explain", [row["person"]])
        kind = CATALOGUE[row["kind"]]
        chinese = {"evidence_zh": in_chinese(row["evidence"])} if "evidence" in row else {}
        said = {"zh": kind.zh, "en": kind.en, "shows": kind.evidence, "closes": kind.closes}
        return shown(row) | chinese | said

    def _own_record(self, wanted: str, feeds: Mapping[str, Feed]) -> dict[str, Any]:
        """A record that the reader's department published, and what it owns of the discrepancies about it."""
        me = self._reader.department
        mine = [name for name, feed in feeds.items() if feed.department == me]
        found = own.record(self._db, wanted, mine, me)
        if found is None:
            raise NotFoundError(NOBODY)
        person = found.pop("person")
        self._mine(person)
        self._disclose("explain", [person])
        return found

    def _find_person(self, wanted: str) -> str:
        """The person who holds the record an id came from, merged or not; or a feed/key."""
        feed, _, key = wanted.partition("/")
        named = (records.c.feed == feed) & (records.c.source_key == key)
        record = wanted.removeprefix("p")
        query = (
            select(profiles.c.person).join(records, records.c.profile == profiles.c.profile)
            .where(or_(records.c.record_id == record, named))
        )  # fmt: skip
        return str(self._db.execute(query).scalar() or wanted)

    def _explained(self, person: str) -> dict[str, Any]:
        rows = profiles_of(self._db, person)
        found = self._person(person, [row.profile for row in rows])
        found.pop("evidence")
        others = alternatives(self._db, rows, self._model)
        return found | {
            "model": self._model.version,
            "ties": ties(self._db, rows, self._model),
            "alternatives": [pair for pair in others if self._concerns(pair["right"]["person"])],
        }

    def person(self, wanted: str, feeds: Mapping[str, Feed]) -> dict[str, Any]:
        """The values to go by of one person, with every value that lost and the records behind them."""
        self._allowed("person")
        person = self._find_person(wanted)
        rows = profiles_of(self._db, person)
        if not rows:
            raise NotFoundError(NOBODY)
        self._mine(person)
        self._disclose("person", [person])
        today = load_progress(self._db, "today", -1)
        return {"person": person} | values(self._db, rows, feeds, today)

    def residence(self, wanted: str, limits: Limits) -> dict[str, Any]:
        """All spells of one person with the evidence for each, and the class of each of the last months."""
        self._allowed("residence")
        person = self._find_person(wanted)
        if not profiles_of(self._db, person):
            raise NotFoundError(NOBODY)
        self._mine(person)
        self._disclose("residence", [person])
        return residence(self._db, person, load_progress(self._db, "today", -1), limits)

    # --- pairs that people must look at --------------------------------------------------------

    def review_queue(self, limit: int = 20) -> Answer:
        """The pairs where an answer is expected to put most right; who they are is not shown."""
        self._allowed("review")
        queue = (review.shown(pair) for pair in review.queue(self._db, self._model))
        mine = (row for row in queue if self._concerns(row["left"]) or self._concerns(row["right"]))
        found = list(islice(mine, min(limit, ROWS_MAX)))
        self._disclose("review", [person for row in found for person in (row["left"], row["right"])])
        return found

    def review_pair(self, pair: str) -> dict[str, Any]:
        """Both sides of a pair."""
        self._allowed("review")
        left, right = self._sides(pair)
        self._disclose("review pair", [person for person in (left.person, right.person) if person])
        return review.side_by_side(self._db, left, right, self._model)

    def judgement(self, pair: str, verdict: str, reason: str) -> PairJudged:
        """What this reader says of a pair, ready for the log."""
        self._allowed("review")
        actor = f"{self._reader.department}/{self._reader.role}"
        return review.judgement(self._sides(pair), verdict, reason, actor)

    def _sides(self, pair: str) -> Any:
        """Both sides of a pair, one of which at least concerns the reader's area."""
        left, right = review.sides(self._db, pair)
        if not (self._concerns(left.person) or self._concerns(right.person)):
            raise NotFoundError(NOBODY)
        return left, right

    def links(self, feed: str | None) -> list[tuple[str, str]]:
        """Every live record and its person; the feed's own keys where one feed is given."""
        self._whole_county("links")
        query = (
            select(records.c.feed, records.c.source_key, profiles.c.person)
            .join(profiles, profiles.c.profile == records.c.profile).where(records.c.live)
            .order_by(records.c.feed, records.c.source_key)
        )  # fmt: skip
        if feed:
            query = query.where(records.c.feed == feed)
        found = self._db.execute(query).all()
        self._disclose("export links", [f"all of {feed or 'every feed'}"])
        return [(key if feed else f"{name}/{key}", person) for name, key, person in found]

    def changes(self, found: Mapping[str, Any], limit: int) -> dict[str, Any]:
        """What another model would change, with the people of the largest changes."""
        self._whole_county("what-if")
        shown = found["changes"][:limit]
        self._disclose("what-if", [p for change in shown for p in (*change["before"], *change["after"])])
        return {**found, "changes": shown}

    def delivery(self, feed: str, agreements: Sequence[str]) -> None:
        """Put on record that a receiver is given the records of a feed, under which agreements."""
        self._allowed("delivery")
        self._disclose("delivery", [f"all of {feed}", *agreements])

    def quarantined(self, subject: str, department: str, shown_masked: dict[str, Any]) -> dict[str, Any]:
        """What is shown of a department's row in quarantine, masked as it is; even that look is put on record."""
        self._allowed("quarantine")
        if rows_of(self._reader, "quarantine") == OWN and department != self._reader.department:
            raise NotFoundError(
                f"该行由{department}报送 this row is {department}'s: it mends the rows it delivers"
            )
        self._disclose("quarantine", [subject])
        return shown_masked

    def _release(self, made: Released, as_of: Day) -> None:
        """Put on record that figures are given out, before they are."""
        actor = f"{self._reader.department}/{self._reader.role}"
        shown = {written(key): made.shown[key] for key in sorted(made.shown)}
        hidden = sorted(map(written, made.withheld))
        event = FiguresReleased(made.name, as_of, shown, hidden, actor)
        self._log.append([
            Envelope(event, derive_id("release", made.name), made.name, "/hub/queries", made.name, actor=actor)
        ])  # fmt: skip

    # --- the reader's area -------------------------------------------------------------------

    def _sees_all(self) -> bool:
        """Whether the reader is responsible for the whole county."""
        return self._reader.jurisdiction == self._county

    def _concerns(self, person: str | None) -> bool:
        """Whether a person's records concern the reader's area."""
        if self._sees_all():
            return True
        return person is not None and area.concerns(self._db, self._reader.jurisdiction, person)

    def _mine(self, person: str) -> None:
        """NotFoundError for people of other areas, in the same words as for nobody at all."""
        if not self._concerns(person):
            raise NotFoundError(NOBODY)

    def _whole_county(self, view: str) -> None:
        self._allowed(view)
        if not self._sees_all():
            raise DisclosureRefusedError(
                "此项涉及全县，仅限全县的查询者 this tells of the whole county: only its own readers may ask for it"
            )

    # --- disclosure --------------------------------------------------------------------------

    def allowed(self, view: str) -> None:
        """DisclosureRefusedError where the reader may not read this view."""
        self._allowed(view)

    def on_record(self, query: str, subjects: Sequence[str]) -> None:
        """Put a look at these people on record before it is shown."""
        self._disclose(query, subjects)

    def _allowed(self, view: str) -> None:
        if reason := refusal(self._reader, self._county, view):
            raise DisclosureRefusedError(reason)

    def _disclose(self, query: str, subjects: Sequence[str]) -> None:
        """Put the look on record before it is shown; whoever calls has asked `_allowed`."""
        if not subjects:
            return
        reader = self._reader
        place = sum(offset + 1 for offset in self._log.head().values())
        query_id = derive_id("disclosure", query, place, *subjects)
        event = DisclosureMade(query_id, query, reader.department, reader.role, reader.jurisdiction,
                               reader.purpose, sorted(set(subjects)))  # fmt: skip
        self._log.append(
            [Envelope(event, query_id, query_id, "/hub/queries", query_id, actor=reader.department)]
        )


def shown(row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    """A row with its days as text."""
    return {name: _day_as_text(value) if name in DAY_COLUMNS else value for name, value in row.items()}


def _day_as_text(value: Any) -> Any:
    """A day, or the days of a list."""
    return [iso(day) for day in value] if isinstance(value, list) else value if value is None else iso(value)
