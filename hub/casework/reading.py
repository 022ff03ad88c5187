"""Cases as a reader may see them, one by one and in pages; every look at a person's case is put on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, literal, or_, select, true, tuple_

from hub.domain.cases import LEVELS, OPEN, STATES, Case
from hub.domain.cases.authority import COORDINATING
from hub.domain.days import Day, iso
from hub.domain.disclosures import AUDIT, Reader
from hub.domain.discrepancies import CATALOGUE
from hub.domain.discrepancy import Discrepancy
from hub.domain.evidence import in_chinese
from hub.errors import NotFoundError, SettingsError
from hub.projections import case_entries, case_requests, cases, discrepancies, profiles, records
from hub.projections.position import load_progress
from hub.queries import Queries, shown

PAGE_MAX = 1_000
ORDER = (case((cases.c.state.in_(OPEN), 0), else_=1), cases.c.due_on, cases.c.case_id)
"""Open ones first, and of those the one that is due first."""
DAYS = frozenset(("due_on", "asked_on", "answered_on"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which cases; empty fields choose all."""

    kind: str = ""
    state: str = ""
    """A state, or `open`."""
    department: str = ""
    """Who holds it."""
    place: str = ""
    """The beginning of its holder's division code."""
    level: str = ""
    overdue: bool = False
    offered: bool = False
    """On offer to another holder."""

    def condition(self, today: Day) -> ColumnElement[bool]:
        """As a condition on the table of cases."""
        wanted: list[ColumnElement[bool]] = [true()]
        if self.kind:
            if self.kind not in CATALOGUE:
                raise SettingsError(
                    f"没有此类型 unknown kind {self.kind}; known: {', '.join(sorted(CATALOGUE))}"
                )
            wanted.append(cases.c.kind == self.kind)
        if self.state == "open":
            wanted.append(cases.c.state.in_(OPEN))
        elif self.state:
            if self.state not in STATES:
                raise SettingsError(
                    f"没有此状态 unknown state {self.state}; known: open, {', '.join(STATES)}"
                )
            wanted.append(cases.c.state == self.state)
        if self.department:
            wanted.append(cases.c.department == self.department)
        if self.place:
            wanted.append(cases.c.place.startswith(self.place, autoescape=True))
        if self.level:
            if self.level not in LEVELS:
                raise SettingsError(f"没有此层级 unknown level {self.level}; known: {', '.join(LEVELS)}")
            wanted.append(cases.c.level == LEVELS.index(self.level))
        if self.overdue:
            wanted += [cases.c.state.in_(OPEN), cases.c.due_on < today]
        if self.offered:
            wanted.append(cases.c.offered != "")
        return and_(*wanted)


class Reading:
    """What one reader may see of cases."""

    def __init__(self, db: Connection, queries: Queries, reader: Reader) -> None:
        self.db, self.queries, self.reader = db, queries, reader

    @property
    def today(self) -> Day:
        """The last closed day."""
        return load_progress(self.db, "today", -1)

    def page(self, chosen: Chosen, limit: int = 20, after: str = "") -> list[dict[str, Any]]:
        """A page of cases, the most pressing first; `after` is the last case of the page before."""
        rows = self.choose(chosen, min(limit, PAGE_MAX), after)
        self.queries.on_record("cases", [row.person for row in rows])
        return [self._line(row) for row in rows]

    def choose(self, chosen: Chosen, limit: int, after: str = "") -> list[Case]:
        """The chosen cases that the reader may see."""
        self.queries.allowed("cases")
        query = select(cases).where(chosen.condition(self.today), self._visible())
        if after:
            last = self.case(after)
            place = int(last.state not in OPEN), last.due_on, last.case_id
            query = query.where(tuple_(*ORDER) > tuple_(*map(literal, place)))
        rows = self.db.execute(query.order_by(*ORDER).limit(limit))
        return [Case._make(row) for row in rows]

    def case(self, case_id: str) -> Case:
        """A case that the reader may see; NotFoundError for any other."""
        self.queries.allowed("cases")
        query = select(cases).where(cases.c.case_id == case_id, self._visible())
        row = self.db.execute(query).first()
        if row is None:
            raise NotFoundError(
                "没有此案件，或不在您的部门与辖区 there is no such case, or it is not for your department and area to see"
            )
        return Case._make(row)

    def discrepancy(self, case: Case) -> Discrepancy:
        """What a case is about."""
        query = select(discrepancies).where(discrepancies.c.discrepancy_id == case.discrepancy_id)
        return Discrepancy._make(self.db.execute(query).one())

    def show(self, case_id: str) -> dict[str, Any]:
        """One case with what it is about, its records and their owners, and what was asked."""
        case = self.case(case_id)
        about = self.discrepancy(case)
        self.queries.on_record("case", [case.person, *self._stating(about)])
        kind = CATALOGUE[case.kind]
        return self._line(case) | {
            "zh": kind.zh, "en": kind.en, "closes": kind.closes, "person": case.person,
            "evidence_zh": in_chinese(about.evidence), "evidence": about.evidence, "times": about.times, "flapping": about.flapping,
            "standing": about.status == "standing", "note": case.note, "outcome": case.outcome,
            "settled_by": case.settled_by, "records": self._records(about),
            "requests": self._requests(case_requests.c.case_id == case_id),
        }  # fmt: skip

    def timeline(self, case_id: str) -> list[dict[str, Any]]:
        """Everything on record of a case, in order, refusals too."""
        case = self.case(case_id)
        self.queries.on_record("case timeline", [case.person])
        query = select(case_entries).where(case_entries.c.case_id == case_id)
        rows = self.db.execute(query.order_by(case_entries.c.entry_id)).mappings()
        return [
            {"number": row["number"], "day": iso(row["day"]), "event": row["event"], "actor": row["actor"],
             "said": _said(row["said"])}
            for row in rows
        ]  # fmt: skip

    def questions(self, limit: int = 20) -> list[dict[str, Any]]:
        """What the reader's department was asked and has not answered, the most pressing first."""
        self.queries.allowed("cases")
        open_ = case_requests.c.answer.is_(None) & cases.c.state.in_(OPEN)
        if self.reader.department != COORDINATING:
            open_ &= case_requests.c.owner == self.reader.department
        query = (
            select(case_requests, cases.c.person, cases.c.asking)
            .join(cases, cases.c.case_id == case_requests.c.case_id).where(open_, self._visible())
            .order_by(case_requests.c.due_on, case_requests.c.request_id).limit(min(limit, PAGE_MAX))
        )  # fmt: skip
        rows = [row for row in self.db.execute(query) if _is_newest(row)]
        self.queries.on_record("requests", [row.person for row in rows])
        return [_request(row._mapping) for row in rows]

    def record_id(self, about: Discrepancy, named: str) -> tuple[str, int]:
        """A record of a discrepancy by its id or feed/key, and its newest version."""
        for row in self._records(about):
            if named in (row["record"], f"{row['feed']}/{row['key']}"):
                return row["record"], row["version"]
        raise NotFoundError(
            "该记录不属于此不一致 the discrepancy is not about this record: name one that `show` lists"
        )

    def feeds_of(self, about: Discrepancy) -> dict[str, str]:
        """The feed of each record of a discrepancy."""
        query = select(records.c.record_id, records.c.feed).where(records.c.record_id.in_(about.records))
        return {row.record_id: row.feed for row in self.db.execute(query)}

    def _visible(self) -> ColumnElement[bool]:
        me = self.reader
        offered_to = cases.c.offered.endswith(f"/{me.jurisdiction}", autoescape=True)
        here = or_(
            cases.c.place.startswith(me.jurisdiction, autoescape=True),
            cases.c.jurisdiction.startswith(me.jurisdiction, autoescape=True),
            offered_to,
        )
        if me.department in (COORDINATING, AUDIT):
            return here
        asked = cases.c.case_id.in_(
            select(case_requests.c.case_id).where(case_requests.c.owner == me.department)
        )
        mine = (
            (cases.c.department == me.department)
            | (cases.c.owner == me.department)
            | cases.c.offered.startswith(f"{me.department}/", autoescape=True)
        )
        # Whoever is asked answers from its own office, which need not lie in the case's town.
        return (here & mine) | asked

    def _line(self, case: Case) -> dict[str, Any]:
        return {
            "case": case.case_id, "kind": case.kind, "state": case.state, "version": case.version,
            "department": case.department, "place": case.place, "level": LEVELS[case.level],
            "due_on": iso(case.due_on), "overdue": case.state in OPEN and case.due_on < self.today,
            "raised_on": iso(case.raised_on), "offered": case.offered,
        }  # fmt: skip

    def _records(self, about: Discrepancy) -> list[dict[str, Any]]:
        owners = about.owners
        query = select(records).where(records.c.record_id.in_(owners)).order_by(records.c.record_id)
        return [
            {"record": row.record_id, "feed": row.feed, "key": row.source_key, "version": row.version,
             "live": row.live, "owner": owners[row.record_id]}
            for row in self.db.execute(query)
        ]  # fmt: skip

    def _stating(self, about: Discrepancy) -> list[str]:
        """Whose records a discrepancy is about."""
        query = (
            select(profiles.c.person).join(records, records.c.profile == profiles.c.profile)
            .where(records.c.record_id.in_(about.records), profiles.c.person.is_not(None))
        )  # fmt: skip
        return list(self.db.execute(query).scalars())

    def _requests(self, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
        query = select(case_requests).where(condition).order_by(case_requests.c.request_id)
        return [_request(row) for row in self.db.execute(query).mappings()]


def _is_newest(row: Row[Any]) -> bool:
    """Whether no later question about the record took the place of this one."""
    said = row.asking.get(row.record_id)
    return said is not None and said[0] == row.number


def _request(row: Mapping[Any, Any]) -> dict[str, Any]:
    names = ("number", "record_id", "seen_version", "field", "question", "owner", "asked_by", "asked_on",
             "due_on", "answer", "record_version", "reason", "answered_on")  # fmt: skip
    return {"case": row["case_id"]} | shown({name: row[name] for name in names})


def _said(said: dict[str, Any]) -> dict[str, Any]:
    return {name: iso(value) if name in DAYS else value for name, value in said.items()}
