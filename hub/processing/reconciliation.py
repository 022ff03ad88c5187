"""What a person's records say together: births, residence, discrepancies, cases.

Everything here is the difference between what was concluded before and what
the pure rules conclude now from the person's live records and the last closed
day. So it does not matter in which order those records came.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from hub.connect.contracts import Feed
from hub.domain import cases
from hub.domain.calendar import Calendar
from hub.domain.cases import Case, standing
from hub.domain.discrepancies import CATALOGUE
from hub.domain.discrepancy import Discrepancy, evidence_digest
from hub.domain.divisions import Divisions
from hub.domain.evaluation import Evaluation, evaluate
from hub.domain.events import (
    BirthReconciled,
    CaseActionRefused,
    CaseActionRequested,
    DiscrepancyCleared,
    DiscrepancyDetected,
    Event,
    ResidenceReconciled,
)  # fmt: skip
from hub.domain.facts import REGISTERS, Fact
from hub.domain.findings import Finding
from hub.domain.limits import Limits
from hub.log import derive_id
from hub.matching import Model
from hub.matching.profile import of_a_birth
from hub.processing.others import Others
from hub.processing.poison import ENVIRONMENT, PersonFailedError, to_blame
from hub.processing.unclear import held_beside, unclear
from hub.projections import AgendaRow, PersonRow, Shelves
from hub.projections.identity import feed_of, record_of
from hub.projections.reconciled import apply

SEEN = attrgetter("published_on", "record_id")
"""The order in which records were first seen."""


class Reconciliation:
    """Keeps births, residence, discrepancies and cases in step with people's records."""

    def __init__(
        self,
        shelves: Shelves,
        feeds: Mapping[str, Feed],
        model: Model,
        county: str,
        limits: Limits,
        calendar: Calendar,
        divisions: Divisions,
        today: int,
        touched: Iterable[str],
    ) -> None:
        self._shelves, self._feeds = shelves, feeds
        self._county, self._limits, self._calendar, self._divisions = county, limits, calendar, divisions
        self.today = today
        self._touched = set(touched)
        """Changed since the last closed day: to be concluded on at its close."""
        self._stale = set(self._touched)
        """Changed since their views were brought up to date."""
        self._agenda: list[tuple[int, str]] = []
        self._horizon = -1
        self._others = Others(shelves, model)

    def adopt(self, model: Model) -> None:
        """Look for people under the keys of this model from now on."""
        self._others.model = model

    @property
    def is_stale(self) -> bool:
        """Whether somebody changed since the views were brought up to date."""
        return bool(self._stale)

    def plan(self, agenda: Iterable[tuple[int, str]], concerned: Iterable[str], horizon: int) -> None:
        """Who falls due by the last day of this batch, and whom its records concern."""
        self._agenda = list(agenda)
        heapq.heapify(self._agenda)
        self._horizon = horizon
        people = set(concerned) | {person for _, person in self._agenda}
        self._shelves.agenda.load(people)
        if horizon >= 0:
            self._load(people | self._touched)

    def touch(self, people: Iterable[str], profiles: Iterable[int]) -> None:
        """These people changed; so may what is said of whoever states the same number as a profile
        that came, went or moved."""
        changed = set(people)
        profiles = list(profiles)
        changed.update(held_beside(self._shelves, profiles))
        for pid in profiles:
            profile = self._shelves.profiles.get(pid)
            if profile is not None:
                changed.update(self._others.concerned(profile))
        self._stale |= changed
        self._touched |= changed

    def hand_over(self, people: Collection[str]) -> tuple[list[str], list[str]]:
        """Which of these people still wait for the close of the day, and which for the views: others see to them."""
        touched, stale = self._touched.intersection(people), self._stale.intersection(people)
        self._touched -= touched
        self._stale -= stale
        return sorted(touched), sorted(stale)

    def take_over(self, touched: Iterable[str], stale: Iterable[str]) -> None:
        """See to these people from now on."""
        self._touched.update(touched)
        self._stale.update(stale)

    def mark(self) -> None:
        """Write down whose conclusions still wait for the close of the day, for whoever goes on."""
        self._shelves.agenda.load(self._touched)
        for person in self._touched:
            row = self._shelves.agenda.get(person)
            if row is None or not row.touched:
                self._shelves.agenda.put(AgendaRow(
                    person, row.due if row else None, True, row.standing if row else {},
                ))  # fmt: skip

    def _has_namesake(self, person: str) -> bool:
        """Whether the registers hold somebody else who may be this person."""
        row = self._shelves.people.get(person)
        profiles = [p for pid in (row.profiles if row else ()) if (p := self._shelves.profiles.get(pid))]
        return any(
            self._feeds[feed_of(mark)].kind in REGISTERS
            for profile in profiles for other in self._others.namesakes(profile) for mark in other.records
        )  # fmt: skip

    def refresh(self) -> Iterator[Event]:
        """Bring the views up to date in the middle of a day; discrepancies wait for its close."""
        self._load(self._stale)
        for person in sorted(self._stale):
            yield from self._views(person, self._evaluate(person, self.today))
        self._stale.clear()

    def close(self, day: int) -> Iterator[Event]:
        """Close a day: whoever was touched or falls due is concluded on anew."""
        self.today = max(self.today, day)
        people = self._touched
        self._touched, self._stale = set(), set()
        while self._agenda and self._agenda[0][0] <= day:
            people.add(heapq.heappop(self._agenda)[1])
        # All but a few were loaded when the batch was planned; the rest are read when they are asked for.
        for person in sorted(people):
            evaluation = self._evaluate(person, day)
            yield from self._views(person, evaluation)
            yield from self._discrepancies(person, evaluation, day)
            self._remember(person, evaluation.due)

    def _remember(self, person: str, due: int | None) -> None:
        """Put the next day on the agenda; keep a row only for whom something is to come."""
        row = self._shelves.agenda.get(person)
        found = row.standing if row else {}
        for id_ in found:
            case = self._case_of(self._shelves.discrepancies.get(id_))
            day = standing.next_day(case) if case else None
            due = day if due is None else min(due, day or due)
        if due is not None and due <= self._horizon:
            heapq.heappush(self._agenda, (due, person))
        if due is not None or found:
            self._shelves.agenda.put(AgendaRow(person, due, False, found))
        elif row is not None:
            self._shelves.agenda.drop(person)

    def act(self, request: CaseActionRequested) -> Iterator[Event]:
        """Follow or refuse what someone asked of a case."""
        case = self._shelves.cases.get(request.case_id)
        if case is None:
            # Another worker may raise it yet.
            self._shelves.cases.forget([request.case_id])
            yield CaseActionRefused(
                request.case_id, request.action, request.actor, "no-such-case", self.today
            )
            return
        row = self._shelves.discrepancies.get(case.discrepancy_id)
        ground = cases.Ground(row.owners if row else {}, self.today, self._calendar, self._divisions)
        if (record := request.details.get("record")) and record in ground.owners:
            ground = ground._replace(fields={record: self._fields_of(record)})
        yield from self._said(cases.decide(case, request, ground))
        # What people moved may fall due on another day.
        self._touched.add(case.person)

    def _fields_of(self, record_id: str) -> frozenset[str]:
        """The fields of a record's feed."""
        row = self._shelves.records.get(record_id)
        feed = self._feeds.get(row.feed) if row else None
        return frozenset(field.name for field in feed.fields) if feed else frozenset()

    def _said(self, events: Iterable[Event]) -> Iterator[Event]:
        """Decisions, each folded in before the next."""
        for event in events:
            apply(self._shelves, event)
            yield event

    def _case_of(self, row: Discrepancy | None) -> Case | None:
        """The newest case of a discrepancy."""
        return self._shelves.cases.get(row.case_id) if row and row.case_id else None

    def _load(self, people: Iterable[str]) -> None:
        """Have all that `_evaluate` will read at hand, in one query per table."""
        shelves = self._shelves
        people = list(people)
        shelves.people.load(people)
        rows = [row for person in people if (row := shelves.people.get(person))]
        pids = [pid for row in rows for pid in row.profiles]
        shelves.profiles.load(pids)
        shelves.held_with.load(pids)
        self._others.load([p for pid in pids if (p := shelves.profiles.get(pid)) and of_a_birth(p.values)])
        marks = (m for pid in pids if (stated := shelves.profiles.get(pid)) for m in stated.records)
        shelves.records.load(map(record_of, marks))
        shelves.births.load(people)
        shelves.residents.load(people)
        shelves.agenda.load(people)
        known = (entry for person in people if (entry := shelves.agenda.get(person)))
        ids = [id_ for entry in known for id_ in entry.standing]
        shelves.discrepancies.load(ids)
        found = (shelves.discrepancies.get(id_) for id_ in ids)
        shelves.cases.load(row.case_id for row in found if row and row.case_id)

    def _facts(self, row: PersonRow) -> list[Fact]:
        facts: list[Fact] = []
        for pid in row.profiles:
            profile = self._shelves.profiles.get(pid)
            for mark in profile.records if profile else ():
                record = self._shelves.records.get(record_of(mark))
                if record is not None and record.live:
                    feed = self._feeds[record.feed]
                    facts.append(Fact(record.record_id, record.feed, feed.department, feed.kind,
                                      record.first_on, record.fields))  # fmt: skip
        return facts

    def _evaluate(self, person: str, day: int) -> Evaluation:
        row = self._shelves.people.get(person)
        facts = self._facts(row) if row else []
        try:
            return self._conclude(person, facts, day)
        except ENVIRONMENT:
            raise
        except Exception as error:
            culprits = to_blame(sorted(facts, key=SEEN), lambda some: self._conclude(person, some, day))
            rows = (self._shelves.records.get(fact.record_id) for fact in culprits)
            raise PersonFailedError([(row.record_id, row.version) for row in rows if row]) from error

    def _conclude(self, person: str, facts: Sequence[Fact], day: int) -> Evaluation:
        # Asked only of those whom it can matter to: who is in no register.
        unknown = bool(facts) and not any(fact.kind in REGISTERS for fact in facts)
        sharing, siblings = self._others.sharing(person)
        return evaluate(
            person, facts, day, self._county, self._limits, sharing, siblings=siblings,
            namesake=unknown and self._has_namesake(person), divisions=self._divisions,
        )  # fmt: skip

    def _views(self, person: str, evaluation: Evaluation) -> Iterator[Event]:
        birth, before = evaluation.birth, self._shelves.births.get(person)
        if (birth or before) and (not birth or not before or tuple(birth) != tuple(before)):
            event: Event = BirthReconciled(*birth) if birth else no_birth(person)
            apply(self._shelves, event)
            yield event
        spells = [spell._asdict() for spell in evaluation.spells]
        known = self._shelves.residents.get(person)
        if spells != (known.spells if known else []):
            event = ResidenceReconciled(person, spells)
            apply(self._shelves, event)
            yield event

    def _discrepancies(self, person: str, evaluation: Evaluation, day: int) -> Iterator[Event]:
        row, who = self._shelves.agenda.get(person), self._shelves.people.get(person)
        before: Mapping[str, str] = row.standing if row else {}
        findings = (*evaluation.findings, *(unclear(self._shelves, who) if who else ()))
        if not before and not findings:
            return
        found = {derive_id("discrepancy", person, f.kind, f.subject): f for f in findings}
        area = _jurisdiction(evaluation, self._county)
        came = [finding for id_, finding in found.items() if id_ not in before]
        for id_ in sorted(before.keys() - found.keys()):
            yield from self._said([DiscrepancyCleared(id_, person, day)])
            gone = self._shelves.discrepancies.get(id_)
            if gone and (case := self._case_of(gone)):
                lapsed = standing.gave_way(gone, came)
                yield from self._said(standing.on_cleared(case, day, lapsed=lapsed))
        for id_ in sorted(found):
            yield from self._found(id_, person, found[id_], area, day)

    def _found(self, id_: str, person: str, finding: Finding, area: str, day: int) -> Iterator[Event]:
        """A discrepancy stands at the close of a day: anew, by other evidence, or as before."""
        known = self._shelves.discrepancies.get(id_)
        case = self._case_of(known)
        digest, departments = self._evidence(finding)
        stands = known is not None and known.status == "standing"
        # Of what was detected before evidence had digests, nobody can say that it changed.
        if known is not None and stands and known.digest in ("", digest):
            if case is not None:
                yield from self._said(standing.on_day(case, day, self._calendar))
            return
        flapping = known is not None and (
            known.flapping if stands else standing.is_flapping(known.returns, day)
        )
        detected = DiscrepancyDetected(
            id_, person, finding.kind, finding.subject, sorted(finding.records),
            finding.owner or CATALOGUE[finding.kind].owner, area, day, finding.evidence, digest,
            departments, flapping,
        )  # fmt: skip
        yield from self._said([detected])
        yield from self._said(standing.on_detected(known, case, detected, self._calendar))

    def _evidence(self, finding: Finding) -> tuple[str, list[str]]:
        """What tells this evidence from another, and who owns its records."""
        fields = CATALOGUE[finding.kind].fields
        rows = [(id_, self._shelves.records.get(id_)) for id_ in sorted(finding.records)]
        said = [(id_, name, row.fields.get(name)) for id_, row in rows if row for name in ("", *fields)]
        departments = [self._feeds[row.feed].department if row else "" for _, row in rows]
        return evidence_digest(finding.evidence, said), departments


def no_birth(person: str) -> BirthReconciled:
    """Takes a birth off the view: no live record speaks of one any more."""
    return BirthReconciled(
        person=person, outcome=None, born_on=None, place=None, sex=None, registered_on=None,
        delay_days=None, certificate_record=None, entry_record=None, child_record=None, mother_local=False,
    )  # fmt: skip


def _jurisdiction(evaluation: Evaluation, county: str) -> str:
    """The village whose registrar follows up: where the person lives, the birth happened, or is to arrive."""
    places = [spell.place for spell in evaluation.spells if spell.left_on is None]
    places += [spell.place for spell in evaluation.spells]
    if evaluation.birth and evaluation.birth.place:
        places.append(evaluation.birth.place)
    if evaluation.bound_for:
        places.append(evaluation.bound_for)
    return next((place for place in places if place.startswith(county)), county)
