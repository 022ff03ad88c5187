"""Replay: re-decide the whole log and compare, or refill every table from it.

Both walk the completed steps: each names the facts it covered, so a replay
sees the same micro-batches the live run saw, on any log and with any number
of partitions.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from sqlalchemy import Connection

from hub.domain.events import StepCompleted
from hub.log import Checkpoint, Envelope, EventLog
from hub.processing import Decision, Processor, Rules
from hub.processing.history import START, Step, apply_step, days_of, steps, touch_everyone
from hub.processing.poison import ENVIRONMENT, SetAside, undecided
from hub.processing.runner import decide_step, named
from hub.projections import DIGESTED, UNDIGESTED, Shelves, metadata
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


def digests(db: Connection) -> dict[str, str]:
    """A content digest per projection."""
    return {table.name: content_digest(db, table, UNDIGESTED) for table in DIGESTED}
