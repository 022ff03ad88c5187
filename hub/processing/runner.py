"""The local runner: takes micro-batches from any log and commits them whole.

Commit order of a step: state, views, outbox and checkpoint in one SQL
transaction, then the decisions from the outbox to the log. A crash between
the two appends the same events, with the same ids, at the next start.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import starmap
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, select

from hub.collector import tune_collector
from hub.domain.events import (
    ACTIONS,
    DECISIONS,
    ID_COLLISION,
    RECORDS,
    EventSetAside,
    RecordSetAside,
    StepCompleted,
)
from hub.log import Checkpoint, Envelope, EventLog, Partition, Recorded, derive_id
from hub.log.subscription import Batch, Subscription
from hub.processing import Decision, Processor, Rules
from hub.processing.history import (
    Step,
    apply_step,
    covered,
    days_of,
    id_in_step,
    in_force,
    parse_covered,
    steps,
    touch_everyone,
)  # fmt: skip
from hub.processing.poison import (
    SEARCHED_EVENTS_MAX,
    SetAside,
    is_poison,
    set_aside,
    undecided,
    without_poison,
)
from hub.projections import Shelves, agenda, reconciled
from hub.projections.position import (
    NO_DAY,
    advance,
    finish_part,
    get_outbox,
    get_parts,
    load_checkpoint,
    load_progress,
    put_outbox,
    save_checkpoint,
    save_progress,
    unpack_envelopes,
)  # fmt: skip

log = structlog.get_logger()
STEP_EVENTS = 10_000


class StepResult(NamedTuple):
    """What one step did."""

    number: int
    events: int
    decisions: int


def name_of(number: int, checkpoint: Checkpoint) -> str:
    """A step's name follows from what it covers: decided again it repeats its ids, another step does not."""
    return derive_id("step", number, *covered(checkpoint).items())


def named(decisions: Sequence[Decision], step: str, part: str = "") -> list[Envelope]:
    """Decisions ready for the log; their ids follow from the step's name, whose part it is, and the place."""
    return [
        _envelope(decision, step, id_in_step(step, index, part)) for index, decision in enumerate(decisions)
    ]


def completion(number: int, checkpoint: Checkpoint, step: str, decisions: int) -> Envelope:
    """A step's last word: what it covered, and how many decisions it made."""
    done = StepCompleted(number, covered(checkpoint), decisions)
    return _envelope(Decision(done, ""), step, id_in_step(step, decisions))


def _envelope(decision: Decision, step: str, event_id: str) -> Envelope:
    event = decision.event
    key = str(getattr(event, event.SUBJECT))
    return Envelope(
        event=event,
        id=event_id,
        key=key,
        source="/hub/rules",
        subject=key,
        jurisdiction=getattr(event, "jurisdiction", ""),
        correlation_id=step,
        causation_id=decision.cause,
    )


def decide_step(db: Connection, processor: Processor, recorded: Sequence[Recorded]) -> list[Decision]:
    """All decisions of one micro-batch; rows change on the processor's shelves only.

    A step without events of its own is one that brings the views up to date.
    """
    processor.prepare(recorded)
    if all(isinstance(item.envelope.event, RecordSetAside) for item in recorded):
        return [*(processor.decide(recorded, (), NO_DAY) if recorded else ()), *processor.refresh()]
    horizon = max(days_of(recorded), default=NO_DAY)
    due = select(agenda.c.due, agenda.c.person).where(agenda.c.due <= horizon)
    return list(processor.decide(recorded, [(day, person) for day, person in db.execute(due)], horizon))


class Runner:
    """Owns one projection and keeps it in step with the log."""

    def __init__(self, log: EventLog, db: Connection, rules: Rules) -> None:
        self._log, self._db, self._rules = log, db, rules
        self._shelves = Shelves(db)
        self._number = load_progress(db, "step", 0)
        self._finish_parts()
        known = load_checkpoint(db)
        self._decided = {p: offset for p, offset in known.items() if p.topic == DECISIONS}
        self._give_back()
        checkpoint = self._follow({p: offset for p, offset in known.items() if p.topic != DECISIONS})
        self._subscription = Subscription(log, (RECORDS, ACTIONS), checkpoint)
        self._start_over()

    def _go_on(self) -> None:
        """Read and decide from what is committed."""
        self._start_over()
        facts = {p: offset for p, offset in load_checkpoint(self._db).items() if p.topic != DECISIONS}
        self._subscription = Subscription(self._log, (RECORDS, ACTIONS), facts)
        self._db.rollback()

    def _start_over(self) -> None:
        """Forget everything that is not committed: shelves and what rules remember between steps."""
        self._db.rollback()
        self._shelves = Shelves(self._db)
        touched = self._db.execute(select(agenda.c.person).where(agenda.c.touched)).scalars().all()
        today = load_progress(self._db, "today", NO_DAY)
        self._processor = Processor(self._shelves, in_force(self._db, self._rules), today, touched)
        self._db.rollback()

    def _finish_parts(self) -> None:
        """Fold in what other workers decided of the last step and did not commit: see `position.PartRow`."""
        parts, rules = get_parts(self._db), in_force(self._db, self._rules)
        done = load_checkpoint(self._db)
        for part in parts:
            until = parse_covered(part.covered)
            mine = {p: done.get(p, -1) for p in until}
            handed = set(part.handed)
            facts = [
                r for r in Subscription(self._log, (RECORDS,), mine, mine).read_until(until)
                if (r.position.partition.number, r.position.offset) not in handed
            ]  # fmt: skip
            apply_step(
                self._shelves, Step(part.number, until, facts, unpack_envelopes(part.envelopes)), rules
            )
            self._shelves.flush()
            save_checkpoint(self._db, until)
            finish_part(self._db, part.worker, part.number)
        if parts:
            touch_everyone(self._db)
            log.warning("parts_finished", parts=len(parts))
        self._db.commit()
        self._shelves = Shelves(self._db)

    def _give_back(self) -> None:
        """Give the log what it lacks of the last step, which was committed and then cut off."""
        waiting = get_outbox(self._db)
        self._db.rollback()
        partitions = self._log.partitions(DECISIONS)
        kept = [{r.envelope.id for r in self._behind(partition)} for partition in partitions]
        anywhere = set().union(*kept)
        everywhere = kept[0].intersection(*kept[1:])
        lacking = [e for e in waiting if e.id not in (everywhere if e.event.BARRIER else anywhere)]
        if lacking:
            self._log.append(lacking)

    def _behind(self, partition: Partition) -> Iterator[Recorded]:
        """What one partition of decisions holds behind the step before the last."""
        after = self._decided.get(partition, -1)
        while page := self._log.read(partition, after, STEP_EVENTS):
            yield from page
            after = page[-1].position.offset

    def _follow(self, checkpoint: dict[Partition, int]) -> dict[Partition, int]:
        """Catch up with steps that the log completed and this projection does not know.

        That is so after an older copy of the projection was put back: what was
        decided then stays decided.
        """
        found = steps(self._log, self._number, checkpoint, self._decided)
        today = load_progress(self._db, "today", NO_DAY)
        before, rules = self._number, in_force(self._db, self._rules)
        for step in found:
            rules = apply_step(self._shelves, step, rules)
            self._shelves.flush()
            advance(self._db, step.number)
            self._number, checkpoint = step.number, step.checkpoint
            today = max([today, *days_of(step.facts)])
        if self._number > before:
            touch_everyone(self._db)
            self._save(checkpoint, today)
            self._db.commit()
            self._shelves = Shelves(self._db)
        return checkpoint

    def step(self, limit: int = STEP_EVENTS) -> StepResult | None:
        """One micro-batch; None when there is nothing to read.

        Where rules fail on it, a smaller one is decided on without the events they fail on;
        UndecidedError where those cannot be told.
        """
        batch = self._subscription.take(limit)
        if not (batch.events or batch.collisions):
            return None
        decisions = self._try(batch.events)
        if isinstance(decisions, Exception):
            batch, decisions = self._without_poison(limit)
        collided = self._put_aside((set_aside(r, ID_COLLISION), r.envelope.id) for r in batch.collisions)
        self._shelves.flush()
        return self._commit(batch, [*collided, *decisions])

    def _put_aside(self, found: Iterable[tuple[SetAside, str]]) -> list[Decision]:
        """Fold what was set aside, and tell of it."""
        found = list(found)
        for event, _ in found:
            reconciled.apply(self._shelves, event)
            # Where a record version lies that was read long ago, nobody remembers.
            named = (event.partition, event.offset) if isinstance(event, EventSetAside) else ("", None)
            log.warning("event_set_aside", partition=named[0], offset=named[1], error_type=event.error)
        return list(starmap(Decision, found))

    def _try(self, events: Sequence[Recorded]) -> list[Decision] | Exception:
        """What follows from these events, written but not committed; the error where rules fail on them."""
        try:
            decisions = decide_step(self._db, self._processor, events)
            self._shelves.flush()
        except Exception as error:
            if not is_poison(error, self._db.dialect.loaded_dbapi):
                raise
            return error
        return decisions

    def _attempt(self, events: Sequence[Recorded]) -> Exception | None:
        """Whether rules fail on these events; nothing is kept."""
        found = self._try(events)
        self._start_over()
        return found if isinstance(found, Exception) else None

    def _without_poison(self, limit: int) -> tuple[Batch, list[Decision]]:
        """A smaller step from the same place, decided on without the events that rules fail on."""
        self._go_on()
        batch = self._subscription.take(min(limit, SEARCHED_EVENTS_MAX))
        rest, found = without_poison(batch.events, self._attempt)
        aside = self._put_aside(found)
        decisions = self._try(rest)
        if isinstance(decisions, Exception):
            raise undecided("rules fail now and then", decisions)
        return batch, [*aside, *decisions]

    def refresh(self) -> StepResult | None:
        """Show on the views what was read since the last closed day; None when they show it already.

        Left until there is nothing to read: during a backlog everybody changed
        is concluded on once, at the close of the day.
        """
        if not self._processor.is_stale:
            return None
        batch = self._subscription.take(0)
        decisions = self._try(batch.events)
        if isinstance(decisions, Exception):
            batch, decisions = self._without_poison(0)
        return self._commit(batch, decisions)

    def look(self) -> None:
        """Whether the projection's database is still there."""
        self._db.execute(select(1))
        self._db.rollback()

    def progress(self) -> tuple[int, int]:
        """How many events of records and actions the log holds, and how many were read of them."""
        head = self._log.head()
        read = self._subscription.read
        return sum(head.get(p, -1) + 1 for p in read), sum(offset + 1 for offset in read.values())

    def _commit(self, batch: Batch, decisions: Sequence[Decision]) -> StepResult:
        db = self._db
        self._number += 1
        step = name_of(self._number, batch.checkpoint)
        envelopes = named(decisions, step)
        envelopes.append(completion(self._number, batch.checkpoint, step, len(decisions)))
        advance(db, self._number)
        self._save(batch.checkpoint | self._decided, self._processor.today)
        put_outbox(db, self._number, envelopes)
        db.commit()
        for position in self._log.append(envelopes):
            self._decided[position.partition] = position.offset
        return StepResult(self._number, len(batch.events), len(decisions))

    def _save(self, checkpoint: Checkpoint, today: int) -> None:
        save_checkpoint(self._db, checkpoint)
        save_progress(self._db, "today", today)

    def run(self, progress: Callable[[StepResult], None] = lambda _: None) -> int:
        """Steps until caught up; the number of events handled."""
        tune_collector()
        handled = 0
        while (result := self.step()) is not None:
            handled += result.events
            progress(result)
        self.refresh()
        return handled
