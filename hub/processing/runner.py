"""The local runner: takes micro-batches from any log and commits them whole.

Commit order of a step: state, views, outbox and checkpoint in one SQL
transaction, then the decisions from the outbox to the log. A crash between
the two appends the same events, with the same ids, at the next start.
"""

import gc
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from hub.domain.events import ACTIONS, DECISIONS, RECORDS, DayClosed, Event, StepCompleted
from hub.log import Envelope, EventLog, Partition, Recorded, derive_id
from hub.log.subscription import Batch, Subscription
from hub.processing import Decision, Processor, Rules
from hub.projections import Shelves, agenda
from hub.projections.position import (
    get_outbox,
    load_checkpoint,
    load_progress,
    put_outbox,
    save_checkpoint,
    save_progress,
)  # fmt: skip

STEP_EVENTS = 4_000
NO_DAY = -1


def tune_collector() -> None:
    """Look for cycles rarely: remembered rows are many and hold none, and walking them cost a quarter."""
    gc.set_threshold(200_000, 50, 1_000)


class StepResult(NamedTuple):
    """What one step did."""

    number: int
    events: int
    decisions: int


def envelope_of(decision: Decision, number: int, index: int) -> Envelope:
    """A decision ready for the log; its id follows from its place, so a retry repeats it."""
    event = decision.event
    key = str(getattr(event, event.SUBJECT))
    return Envelope(
        event=event,
        id=derive_id("step", number, index),
        key=key,
        source="/hub/rules",
        subject=key,
        jurisdiction=getattr(event, "jurisdiction", ""),
        causation_id=decision.cause,
    )


def covered(checkpoint: dict[Partition, int]) -> dict[str, int]:
    """A checkpoint as it stands in `StepCompleted`."""
    return {str(partition): offset for partition, offset in sorted(checkpoint.items())}


def decide_step(db: Connection, processor: Processor, recorded: Sequence[Recorded]) -> list[Decision]:
    """All decisions of one micro-batch; rows change on the processor's shelves only.

    A step without events is one that brings the views up to date.
    """
    if not recorded:
        return list(processor.refresh())
    days = [r.envelope.event.day for r in recorded if isinstance(r.envelope.event, DayClosed)]
    horizon = max(days, default=NO_DAY)
    due = select(agenda.c.due, agenda.c.person).where(agenda.c.due <= horizon)
    return list(processor.decide(recorded, [(day, person) for day, person in db.execute(due)], horizon))


class Runner:
    """Owns one projection and keeps it in step with the log."""

    def __init__(self, log: EventLog, db: Connection, rules: Rules) -> None:
        self._log, self._db = log, db
        self._shelves = Shelves(db)
        self._number = load_progress(db, "step", 0)
        today = load_progress(db, "today", NO_DAY)
        touched = db.execute(select(agenda.c.person).where(agenda.c.touched)).scalars()
        self._processor = Processor(self._shelves, rules, today, touched)
        checkpoint = load_checkpoint(db)
        db.rollback()
        self._recover()
        self._subscription = Subscription(log, (RECORDS, ACTIONS), checkpoint)

    def _recover(self) -> None:
        """Give the log the decisions of a step that was committed and then cut off."""
        waiting = get_outbox(self._db)
        self._db.rollback()
        if waiting is None:
            return
        number, envelopes = waiting
        for partition in self._log.partitions(DECISIONS):
            last = self._log.head().get(partition, -1)
            tail = self._log.read(partition, last - 1, 1) if last >= 0 else []
            event: Event | None = tail[0].envelope.event if tail else None
            if isinstance(event, StepCompleted) and event.number >= number:
                return
        self._log.append(envelopes)

    def step(self, limit: int = STEP_EVENTS) -> StepResult | None:
        """One micro-batch; None when there is nothing to read."""
        batch = self._subscription.take(limit)
        return self._decide(batch) if batch.events else None

    def refresh(self) -> StepResult | None:
        """Show on the views what was read since the last closed day; None when they show it already.

        Left until there is nothing to read: during a backlog everybody changed
        is concluded on once, at the close of the day.
        """
        return self._decide(self._subscription.take(0)) if self._processor.is_stale else None

    def _decide(self, batch: Batch) -> StepResult:
        db = self._db
        decisions = decide_step(db, self._processor, batch.events)
        number = self._number + 1
        envelopes = [envelope_of(d, number, i) for i, d in enumerate(decisions)]
        done = StepCompleted(number, covered(batch.checkpoint), len(decisions))
        envelopes.append(envelope_of(Decision(done, ""), number, len(decisions)))
        self._shelves.flush()
        save_checkpoint(db, batch.checkpoint)
        save_progress(db, "step", number)
        save_progress(db, "today", self._processor.today)
        put_outbox(db, number, envelopes)
        db.commit()
        self._number = number
        self._log.append(envelopes)
        return StepResult(number, len(batch.events), len(decisions))

    def run(self, progress: Callable[[StepResult], None] = lambda _: None) -> int:
        """Steps until caught up; the number of events handled."""
        tune_collector()
        handled = 0
        while (result := self.step()) is not None:
            handled += result.events
            progress(result)
        self.refresh()
        return handled
