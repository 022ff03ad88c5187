"""Replay: re-decide the whole log and compare, or refill every table from it.

Both walk the completed steps: each names the facts it covered, so a replay
sees the same micro-batches the live run saw, on any log and with any number
of partitions.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, LargeBinary, literal, null, select, true, update

from hub.domain.events import (
    ACTIONS,
    DECISIONS,
    RECORDS,
    DayClosed,
    PairHeld,
    ProfileLinked,
    RecordPublished,
    RecordWithdrawn,
    StepCompleted,
)  # fmt: skip
from hub.errors import IntegrityError
from hub.log import Envelope, EventLog, Partition, Recorded
from hub.log.subscription import Subscription
from hub.processing import Processor, Rules, record_ids, state
from hub.processing.runner import NO_DAY, STEP_EVENTS, decide_step, envelope_of
from hub.projections import DIGESTED, Shelves, agenda, metadata, people, reconciled
from hub.projections.identity import apply_held, apply_link, apply_move, apply_record, preload
from hub.projections.position import save_checkpoint, save_progress
from hub.projections.store import content_digest

DIFFERENCES_SHOWN_MAX = 20


class ReplayedStep(NamedTuple):
    """One completed step: the events it covered and the decisions it made."""

    done: StepCompleted
    checkpoint: dict[Partition, int]
    facts: list[Recorded]
    decisions: list[Envelope]


class Verification(NamedTuple):
    """What re-deciding found."""

    events: int
    decisions: int
    differences: int
    examples: list[str]


def parse_covered(covered: dict[str, int]) -> dict[Partition, int]:
    """A checkpoint as it stood in `StepCompleted`."""
    parsed = {}
    for name, offset in covered.items():
        topic, _, number = name.rpartition("-")
        parsed[Partition(topic, int(number))] = offset
    return parsed


def steps(log: EventLog) -> Iterator[ReplayedStep]:
    """Every completed step, in order, with its facts and decisions."""
    decided = Subscription(log, (DECISIONS,), {})
    done_before: dict[Partition, int] = {}
    waiting: list[Envelope] = []
    while batch := decided.take(STEP_EVENTS).events:
        for recorded in batch:
            event = recorded.envelope.event
            if not isinstance(event, StepCompleted):
                waiting.append(recorded.envelope)
                continue
            checkpoint = parse_covered(event.covered)
            source = Subscription(log, (RECORDS, ACTIONS), done_before, until=checkpoint)
            facts: list[Recorded] = []
            while page := source.take(STEP_EVENTS).events:
                facts += page
            yield ReplayedStep(event, checkpoint, facts, waiting)
            done_before, waiting = checkpoint, []


def verify(log: EventLog, scratch: Connection, rules: Rules, progress: Callable[[int], None]) -> Verification:
    """Decide the whole log again on an empty projection and compare every decision."""
    metadata.create_all(scratch)
    shelves = Shelves(scratch)
    processor = Processor(shelves, rules, NO_DAY)
    events = decisions = differences = 0
    examples: list[str] = []
    for step in steps(log):
        again = decide_step(scratch, processor, step.facts)
        shelves.flush()
        found = [envelope_of(d, step.done.number, i) for i, d in enumerate(again)]
        kept = {envelope.id: envelope for envelope in step.decisions}
        made = {envelope.id: envelope for envelope in found}
        for event_id in sorted(kept.keys() | made.keys()):
            if not _same(kept.get(event_id), made.get(event_id)):
                differences += 1
                if len(examples) < DIFFERENCES_SHOWN_MAX:
                    examples.append(_describe(step.done.number, kept.get(event_id), made.get(event_id)))
        events += len(step.facts)
        decisions += len(kept)
        progress(len(step.facts))
    return Verification(events, decisions, differences, examples)


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
    checkpoint: dict[Partition, int] = {}
    for step in steps(log):
        if step.done.number != number + 1:
            raise IntegrityError(f"step {number + 1} is missing from the log")
        number, checkpoint = step.done.number, step.checkpoint
        today = max([today, *_days(step.facts)])
        apply_step(shelves, step, rules)
        shelves.flush()
        applied += len(step.facts) + len(step.decisions)
        progress(len(step.facts) + len(step.decisions))
    # Due days and touched marks are no events: the next close looks at everyone once.
    everyone = select(people.c.person, null(), true(), literal(b"{}", LargeBinary)).where(
        people.c.person.not_in(select(agenda.c.person))
    )
    db.execute(update(agenda).values(touched=True, due=None))
    db.execute(agenda.insert().from_select(list(agenda.c), everyone))
    save_checkpoint(db, checkpoint)
    save_progress(db, "step", number)
    save_progress(db, "today", today)
    db.commit()
    return applied


def _days(facts: list[Recorded]) -> list[int]:
    return [r.envelope.event.day for r in facts if isinstance(r.envelope.event, DayClosed)]


def apply_step(shelves: Shelves, step: ReplayedStep, rules: Rules) -> None:
    """Fold one step's facts and decisions, deciding nothing."""
    stated = state(shelves, step.facts, rules.feeds)
    fresh = [profile for profile in stated.values() if profile is not None]
    preload(shelves, record_ids(step.facts), fresh, rules.model)
    for recorded in step.facts:
        event = recorded.envelope.event
        if isinstance(event, RecordPublished | RecordWithdrawn):
            change = apply_record(shelves, event, stated[recorded.envelope.id])
            if change is not None and change.left != change.joined:
                apply_move(shelves, change, rules.model)
    for envelope in step.decisions:
        match envelope.event:
            case ProfileLinked() as link:
                apply_link(shelves, link)
            case PairHeld() as pair:
                apply_held(shelves, pair)
            case decision:
                reconciled.apply(shelves, decision)


def digests(db: Connection) -> dict[str, str]:
    """A content digest per projection."""
    return {table.name: content_digest(db, table) for table in DIGESTED}
