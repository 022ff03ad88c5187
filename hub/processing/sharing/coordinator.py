"""The worker that owns the projection: decides alone, or together with whoever else is there."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec
import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from hub.domain.events import ACTIONS, RECORDS, CaseActionRequested, ModelAdopted, PairJudged
from hub.errors import AbsentError
from hub.log import Envelope, EventLog, Partition, Recorded
from hub.log.subscription import Batch as Taken
from hub.processing import Decision, Rules
from hub.processing.history import parse_covered
from hub.processing.poison import is_poison
from hub.processing.runner import STEP_EVENTS, Runner, StepResult, completion, named
from hub.processing.sharing import (
    ANNOUNCE,
    DISSOLVED,
    DONE,
    FAILED,
    FRESH,
    GATHERED,
    GO,
    READY,
    VERDICT,
    VOID,
    WAIT_SECONDS,
    Announcement,
    BrokenUpError,
    Fresh,
    Gathered,
    Ready,
    Verdict,
    pack,
    step_name,
)  # fmt: skip
from hub.processing.sharing.company import Company
from hub.processing.sharing.layout import lay_out
from hub.projections import cases, profiles
from hub.projections.exchange import Exchange
from hub.projections.position import (
    advance,
    load_checkpoint,
    load_progress,
    put_outbox,
    save_checkpoint,
    save_progress,
)  # fmt: skip

ALONE_SECONDS = 20.0
"""After a step that came to nothing with others, decide alone for so long."""
FOR_ONE = (ModelAdopted, PairJudged)
"""What may concern anybody's people: the owner decides on it, and everyone begins anew with what it made of them."""
FOR_ONE_SECONDS = 1.0
"""More of the kind may follow."""
LOOK_SECONDS = 0.5
LAID = "laid"
"""The step up to which every group of profiles is known to have one home, or to be crossing."""
log = structlog.get_logger()
Message = TypeVar("Message", Fresh, Ready)


class Coordinator(Runner):
    """Owns one projection; decides together with other workers while there are any."""

    def __init__(
        self, log: EventLog, db: Connection, rules: Rules, exchange: Exchange, still: Callable[[], None]
    ) -> None:
        """`still` raises an error once this worker owns the projection no more."""
        super().__init__(log, db, rules)
        self._exchange, self._still = exchange, still
        self._company: Company | None = None
        self._alone_until = self._looked = 0.0
        self._covered: dict[Partition, int] = {}
        self._stale_elsewhere = False
        self._void: Mapping[Partition, int] = {}
        """The log's head at which there was nothing to decide on, although more was written."""
        exchange.join()

    def step(self, limit: int = STEP_EVENTS) -> StepResult | None:
        """One micro-batch, shared out if somebody is there; None when there is nothing to read."""
        company = self._gathered()
        if company is not None:
            taken = company.part.subscription.take(limit)
            if any(isinstance(r.envelope.event, FOR_ONE) for r in taken.events):
                self._break_up()
                self._alone_until = time.monotonic() + FOR_ONE_SECONDS
                return super().step(limit)
            if not (taken.events or taken.collisions or self._others_lag(company)):
                return None
            result = self._together(company, taken, limit)
            if self._company is not None:
                return result
        return super().step(limit)

    def refresh(self) -> StepResult | None:
        """Bring the views up to date, each worker those of its people."""
        company = self._company
        if company is not None:
            if not (self._stale_elsewhere or company.is_stale):
                return None
            result = self._together(company, Taken([], company.part.covered), 0)
            if self._company is not None:
                return result
        return super().refresh()

    def progress(self) -> tuple[int, int]:
        """How many events of records and actions the log holds, and how many were read of them."""
        if self._company is None:
            return super().progress()
        head = self._log.head()
        places = [p for topic in (RECORDS, ACTIONS) for p in self._log.partitions(topic)]
        return sum(head.get(p, -1) + 1 for p in places), sum(self._covered.get(p, -1) + 1 for p in places)

    def look(self) -> None:
        """Whether the projection's database is still there, and this worker owns it."""
        super().look()
        self._still()

    # --- who is there --------------------------------------------------------------------

    def _gathered(self) -> Company | None:
        """Everyone who is there by now; None while this worker decides alone."""
        now = time.monotonic()
        if now >= self._alone_until and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            others = self._exchange.others()[: len(self._log.partitions(RECORDS)) - 1]
            if others != (self._company.others if self._company else []):
                self._gather(others)
        return self._company

    def _gather(self, others: Sequence[str]) -> None:
        """Share the partitions out anew."""
        self._break_up()
        if not others:
            return
        if load_progress(self._db, LAID, -1) != self._number:
            found = lay_out(self._db)
            save_progress(self._db, LAID, self._number)
            log.info("homes_laid_out", crossing=found)
        self._db.commit()
        known = load_checkpoint(self._db)
        names = [self._exchange.name, *others]
        self._company = Company(self._log, self._db, self._rules, names, known)
        self._db.rollback()
        self._covered = {p: offset for p, offset in known.items() if p.topic in (RECORDS, ACTIONS)}
        self._stale_elsewhere = True
        said = Gathered(self._company.name, self._company.homes)
        self._exchange.send(self._company.name, GATHERED, pack(said))
        log.info("company_gathered", workers=len(names))

    def _break_up(self) -> None:
        """Decide alone again, from what is committed."""
        if self._company is not None:
            self._company = None
            self._go_on()

    def _others_lag(self, company: Company) -> bool:
        """Whether the log holds what others have not decided on, as far as it can be."""
        head = {p: offset for p, offset in self._log.head().items() if p.topic == RECORDS}
        ahead = any(offset > self._covered.get(p, -1) for p, offset in head.items())
        return ahead and head != self._void

    # --- one step ------------------------------------------------------------------------

    def _together(self, company: Company, taken: Taken, limit: int) -> StepResult | None:
        """One step of everyone; without a company afterwards nothing was kept of it.

        `limit` is how many events others take within a day; 0: all bring the views up to date.
        """
        number = self._number + 1
        said = Announcement(company.name, number, company.homes, _last_closed(taken.events), limit, not limit)
        attempt = f"{company.name}/{number}"
        try:
            self._exchange.clear(attempt)
            self._exchange.send(attempt, ANNOUNCE, pack(said))
            fresh: Mapping[str, Fresh] = {}
            if said.refresh:
                ready, decisions = self._refreshed(company, attempt)
            else:
                fresh = self._looked_at(company, attempt, taken)
                ready, decisions = self._decided_on(company, attempt, taken, fresh)
            events = len(taken.events) + sum(one.events for one in ready.values())
            if not events and not said.refresh:
                self._call_off(attempt)
                return None
            envelopes = self._settle(company, said, ready, decisions)
        except Exception as error:
            with suppress(SQLAlchemyError):
                self._exchange.send(attempt, DISSOLVED)
            self._break_up()
            if not isinstance(error, AbsentError) and not is_poison(error, self._db.dialect.loaded_dbapi):
                raise
            log.warning("company_broke_up", error_type=type(error).__name__)
            self._throw_out(error)
            self._alone_until = time.monotonic() + ALONE_SECONDS
            return None
        company.part.hear(fresh[name] for name in fresh if name != self._exchange.name)
        self._finish(company, attempt, envelopes)
        return StepResult(number, len(taken.events), len(decisions))

    def _throw_out(self, error: Exception) -> None:
        """Whoever was silent may be stopped, and wake up at any time."""
        absent = error.context.get("workers") if isinstance(error, AbsentError) else None
        for name in absent if isinstance(absent, list) else ():
            self._exchange.expel(name)

    def _call_off(self, attempt: str) -> None:
        """More was written, but nothing that can be decided on yet: half of a closed day, or repeats."""
        self._exchange.send(attempt, VOID)
        self._db.rollback()
        self._void = {p: offset for p, offset in self._log.head().items() if p.topic == RECORDS}

    def _looked_at(self, company: Company, attempt: str, taken: Taken) -> dict[str, Fresh]:
        """What everyone's batch brings."""
        mine = company.part.look(taken)
        mine.ties += self._acted_on(taken.events)
        self._exchange.send(attempt, FRESH, pack(mine))
        return {self._exchange.name: mine, **self._hear(company, attempt, FRESH, Fresh)}

    def _decided_on(
        self, company: Company, attempt: str, taken: Taken, fresh: Mapping[str, Fresh]
    ) -> tuple[Mapping[str, Ready], list[Decision]]:
        """What everyone else is ready to commit, and what is decided here."""
        part, crossing = company.part, company.judge(fresh)
        self._exchange.send(
            attempt, VERDICT, pack(Verdict({name: crossing[name] for name in company.others}))
        )
        kept, handed = part.settle(crossing[company.owner])
        decisions = part.share.decide(kept, part.people)
        part.shelves.flush()
        ready = self._hear(company, attempt, READY, Ready)
        return ready, [*decisions, *company.decide_crossing(ready.values(), handed)]

    def _refreshed(self, company: Company, attempt: str) -> tuple[Mapping[str, Ready], list[Decision]]:
        decisions = company.refresh()
        return self._hear(company, attempt, READY, Ready), decisions

    def _hear(self, company: Company, attempt: str, kind: str, of: type[Message]) -> dict[str, Message]:
        """What everyone else says of a step; BrokenUpError if somebody cannot do its part."""
        said = self._exchange.receive(
            attempt, {kind, FAILED}, company.others, WAIT_SECONDS, company.part.read_ahead
        )
        if failed := [name for name, (found, _) in said.items() if found == FAILED]:
            raise BrokenUpError(f"worker {failed[0]} could not decide its part")
        return {name: msgspec.msgpack.decode(body, type=of) for name, (_, body) in said.items()}

    def _acted_on(self, events: Iterable[Recorded]) -> list[tuple[int, int]]:
        """The profiles, with their homes, of people whose cases somebody asks to move: decided on here."""
        asked = {e.case_id for r in events if isinstance(e := r.envelope.event, CaseActionRequested)}
        if not asked:
            return []
        held = select(profiles.c.profile, profiles.c.home).join(cases, cases.c.person == profiles.c.person)
        return [(pid, home) for pid, home in self._db.execute(held.where(cases.c.case_id.in_(asked)))]

    def _settle(
        self, company: Company, said: Announcement, ready: Mapping[str, Ready], decisions: Sequence[Decision]
    ) -> list[Envelope]:
        """Commit: from here on the step is decided, whoever dies. Returns what this worker has to append."""
        db, part, step = self._db, company.part, step_name(said)
        part.shelves.flush()
        covered = self._covered | part.covered
        for one in ready.values():
            covered |= parse_covered(one.covered)
        envelopes = named(decisions, step)
        total = len(envelopes) + sum(one.decisions for one in ready.values())
        envelopes.append(completion(said.number, covered, step, total))
        advance(db, said.number)
        save_checkpoint(db, part.covered | self._decided)
        save_progress(db, "today", part.share.processor.today)
        save_progress(db, LAID, said.number)
        put_outbox(db, said.number, envelopes, company.others)
        db.commit()
        self._number, self._covered = said.number, covered
        self._stale_elsewhere = any(one.is_stale for one in ready.values())
        return envelopes

    def _finish(self, company: Company, attempt: str, envelopes: Sequence[Envelope]) -> None:
        """Have everyone commit and append, and complete the step."""
        self._exchange.send(attempt, GO)
        self._log.append(envelopes[:-1])
        try:
            said = self._exchange.receive(
                attempt, {DONE, FAILED}, company.others, WAIT_SECONDS, company.part.read_ahead
            )
            if any(kind == FAILED for kind, _ in said.values()):
                raise BrokenUpError("a worker could not commit its part")
        except AbsentError as error:
            log.warning("company_broke_up", error_type=type(error).__name__)
            # Nobody is left who might still commit what is folded in below.
            for name in company.others:
                self._exchange.expel(name)
            self._company = None
            self._finish_parts()
            self._give_back()
            self._go_on()
            return
        for position in self._log.append(envelopes[-1:]):
            self._decided[position.partition] = position.offset


def _last_closed(events: Sequence[Recorded]) -> str:
    """The id of the last barrier among these events; empty if there is none."""
    return next((r.envelope.id for r in reversed(events) if r.envelope.event.BARRIER), "")
