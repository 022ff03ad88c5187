"""Replay: re-decide the whole log and compare, refill every table from it, or see a past day.

Both walk the completed steps: each names the facts it covered, so a replay
sees the same micro-batches the live run saw, on any log and with any number
of partitions.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from sqlalchemy import Connection, select

from hub.domain.days import Day, iso
from hub.domain.events import ACTIONS, RECORDS, EventSetAside, StepCompleted
from hub.errors import NotFoundError
from hub.log import Checkpoint, Envelope, EventLog, Partition, Recorded
from hub.log.subscription import Subscription
from hub.processing import Decision, Processor, Rules
from hub.processing.history import START, Step, apply_step, days_of, in_force, steps, touch_everyone
from hub.processing.poison import ENVIRONMENT, SetAside, undecided
from hub.processing.runner import decide_step, named
from hub.projections import DIGESTED, UNDIGESTED, Shelves, agenda, metadata, reconciled
from hub.projections.position import NO_DAY, save_checkpoint, save_progress
from hub.projections.store import content_digest

DIFFERENCES_SHOWN_MAX = 20


class Verification(NamedTuple):
    """What re-deciding found."""

    events: int
    decisions: int
    differences: int
    examples: list[str]


def verify(log: EventLog, scratch: Connection, rules: Rules, progress: Callable[[int], None]) -> Verification:
    """Decide the whole log again on an empty projection and compare every decision."""
    metadata.create_all(scratch)
    shelves = Shelves(scratch)
    processor = Processor(shelves, rules, NO_DAY)
    events = decisions = differences = 0
    examples: list[str] = []
    for step in steps(log):
        again = _decided(scratch, processor, step)
        shelves.flush()
        # What was set aside stays so, whatever today's rules would make of it.
        aside = [Decision(e.event, e.causation_id) for e in step.decisions if isinstance(e.event, SetAside)]
        found = named([*aside, *again], str(step.number))
        for kept, made in _side_by_side(step.decisions, found):
            if not _same(kept, made):
                differences += 1
                if len(examples) < DIFFERENCES_SHOWN_MAX:
                    examples.append(_describe(step.number, kept, made))
        events += len(step.facts)
        decisions += len(step.decisions)
        progress(len(step.facts))
    return Verification(events, decisions, differences, examples)


def _side_by_side(
    kept: Sequence[Envelope], made: Sequence[Envelope]
) -> Iterator[tuple[Envelope | None, Envelope | None]]:
    """The decisions about each subject in order; several workers may have taken the subjects in turns."""
    sides: dict[str, tuple[list[Envelope], list[Envelope]]] = {}
    for side, envelopes in enumerate((kept, made)):
        for envelope in envelopes:
            sides.setdefault(envelope.key, ([], []))[side].append(envelope)
    for key in sorted(sides):
        yield from zip_longest(*sides[key])


def _decided(scratch: Connection, processor: Processor, step: Step) -> list[Decision]:
    """A step decided again; where today's rules fail on it, UndecidedError says where in the code."""
    try:
        return decide_step(scratch, processor, step.facts)
    except ENVIRONMENT:
        raise
    except Exception as error:
        failed = error
    raise undecided(f"step {step.number} cannot be decided again", failed)


def _same(kept: Envelope | None, made: Envelope | None) -> bool:
    return (
        kept is not None
        and made is not None
        and (kept.event, kept.key, kept.causation_id) == (made.event, made.key, made.causation_id)
    )


def _describe(number: int, kept: Envelope | None, made: Envelope | None) -> str:
    names = [type(side.event).__name__ if side else "nothing" for side in (kept, made)]
    subject = (kept or made or Envelope(StepCompleted(0, {}, 0), "", "", "")).key
    return f"step {number}, {subject}: the log has {names[0]}, deciding again gives {names[1]}"


def refill(log: EventLog, db: Connection, rules: Rules, progress: Callable[[int], None]) -> int:
    """Fill an empty projection from facts and decisions; the number of events applied."""
    metadata.create_all(db)
    shelves = Shelves(db)
    applied = number = 0
    today = NO_DAY
    checkpoint: Checkpoint = START
    for step in steps(log):
        number, checkpoint = step.number, step.checkpoint
        today = max([today, *days_of(step.facts)])
        rules = apply_step(shelves, step, rules)
        shelves.flush()
        applied += len(step.facts) + len(step.decisions)
        progress(len(step.facts) + len(step.decisions))
    touch_everyone(db)
    save_checkpoint(db, checkpoint)
    save_progress(db, "step", number)
    save_progress(db, "today", today)
    db.commit()
    return applied


def closes(
    log: EventLog,
    scratch: Connection,
    rules: Rules,
    days: Sequence[Day],
    progress: Callable[[int], None],
    observe: Callable[[Sequence[Recorded]], None] = lambda _: None,
) -> Iterator[Checkpoint]:
    """Fill an empty projection with what stood at the close of one day after the other, in one pass over the log.

    Each time the projection may be read, never committed, until the next day is asked for; the log's position of
    what it rests on is handed out. Steps are followed up to the one that closes the day. Where it ends there, it
    is followed too: what was decided then stands, whatever rules came later. Where it went on to other days, what
    came before is decided again: so how the live run cut its steps cannot be seen. Either way that step is taken
    back before the way goes on to later ones. NotFoundError before a day was closed; days come in order.
    `observe` is handed all facts on the way, in order, each once.
    """
    metadata.create_all(scratch)
    walk = _Walk(log, scratch, rules, progress, observe)
    for day in days:
        yield walk.to(day)


class _Walk:
    """A way through the steps of a log on one projection, with a look at closed days."""

    def __init__(
        self,
        log: EventLog,
        scratch: Connection,
        rules: Rules,
        progress: Callable[[int], None],
        observe: Callable[[Sequence[Recorded]], None],
    ) -> None:
        self._log, self._scratch, self._rules = log, scratch, rules
        self._progress, self._observe = progress, observe
        self._shelves = Shelves(scratch)
        self._ahead = steps(log)
        self._step: Step | None = None
        """The step after those that were followed."""
        self._today, self._before = NO_DAY, START
        self._told = 0
        """So many of the step's facts were handed to the observer."""
        self._looked: tuple[int, Day, Checkpoint] | None = None
        """So many of them were decided on for the look at a day, which is not kept; its position."""

    def to(self, day: Day) -> Checkpoint:
        """Go on to the close of a day."""
        while self._step is None or (until := _closed_in(self._step, day)) is None:
            self._follow(day)
        step, facts = self._step, self._step.facts[: until + 1]
        if not self._looked:
            self._scratch.commit()
        if len(facts) == len(step.facts):
            self._go_back()
            apply_step(self._shelves, step, self._rules)
        else:
            self._settle(facts)
        self._tell(facts)
        after = self._looked[2] if self._looked else self._before
        position = _closing(self._log, after, facts[-1]) | _acted(self._before, facts)
        for event in (envelope.event for envelope in step.decisions):
            if isinstance(event, SetAside) and _lies_before(event, position):
                reconciled.apply(self._shelves, event)
        self._shelves.flush()
        save_checkpoint(self._scratch, position)
        save_progress(self._scratch, "today", day)
        self._looked = len(facts), day, position
        return position

    def _follow(self, day: Day) -> None:
        """Keep the step that was read ahead, and read the next one."""
        self._go_back()
        if self._step is not None:
            step = self._step
            self._rules = apply_step(self._shelves, step, self._rules)
            self._shelves.flush()
            self._today, self._before = max([self._today, *days_of(step.facts)]), step.checkpoint
            self._tell(step.facts)
            self._progress(len(step.decisions))
        self._step, self._told = next(self._ahead, None), 0
        if self._step is None:
            raise NotFoundError(f"{iso(day)} was not closed yet, or is no day of this log")

    def _go_back(self) -> None:
        """Take back what was done for a look."""
        if self._looked:
            self._scratch.rollback()
            self._shelves, self._looked = Shelves(self._scratch), None

    def _settle(self, facts: Sequence[Recorded]) -> None:
        """Decide on these facts of the step, going on from an earlier look into the same step."""
        if self._looked:
            decided, today, _ = self._looked
        else:
            touch_everyone(self._scratch)
            decided, today = 0, self._today
        _settle(self._scratch, self._shelves, self._rules, today, facts[decided:])

    def _tell(self, facts: Sequence[Recorded]) -> None:
        self._observe(facts[self._told :])
        self._progress(len(facts) - self._told)
        self._told = len(facts)


def _closed_in(step: Step, day: Day) -> int | None:
    """Which of a step's facts closes a day; None where none of them does."""
    return next((i for i, fact in enumerate(step.facts) if day in days_of((fact,))), None)


def _acted(before: Checkpoint, facts: Sequence[Recorded]) -> dict[Partition, int]:
    """The place in each partition of the actions that were decided on by the close of a day."""
    acted = {p: offset for p, offset in before.items() if p.topic == ACTIONS and offset >= 0}
    return acted | {
        r.position.partition: r.position.offset for r in facts if r.position.partition.topic == ACTIONS
    }


def _lies_before(event: SetAside, position: Checkpoint) -> bool:
    """Whether what was set aside had been read by then; a version taken back was read in an earlier step."""
    if not isinstance(event, EventSetAside):
        return True
    return any(str(p) == event.partition and event.offset <= offset for p, offset in position.items())


def _settle(
    scratch: Connection, shelves: Shelves, rules: Rules, today: Day, facts: Sequence[Recorded]
) -> None:
    """Decide the last facts up to a closed day, and bring the views up to date."""
    touched = scratch.execute(select(agenda.c.person).where(agenda.c.touched)).scalars().all()
    processor = Processor(shelves, in_force(scratch, rules), today, touched)
    decide_step(scratch, processor, facts)
    for _ in processor.refresh():
        pass
    shelves.flush()


def _closing(log: EventLog, after: Checkpoint, closed: Recorded) -> dict[Partition, int]:
    """The place in each partition of the records at which a day was closed, by its event."""
    source = Subscription(log, (RECORDS,), {p: offset for p, offset in after.items() if p.topic == RECORDS})
    batch = source.take_through(closed.envelope.id, sys.maxsize)
    assert batch is not None, "a day is closed in every partition"
    return {p: offset for p, offset in batch.checkpoint.items() if offset >= 0}


def digests(db: Connection) -> dict[str, str]:
    """A content digest per projection."""
    return {table.name: content_digest(db, table, UNDIGESTED) for table in DIGESTED}
