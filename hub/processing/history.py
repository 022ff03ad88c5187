"""The steps that the log completed: what each covered and decided, to be followed or compared.

A step's decisions and its `StepCompleted` bear its name as correlation id.
Decisions under a name that was never completed are those of an attempt that a
crash cut off before its projection kept it: nobody follows them.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, LargeBinary, literal, null, select, true, update

from hub.domain.days import Day
from hub.domain.events import (
    ACTIONS,
    DECISIONS,
    RECORDS,
    CaseActionRequested,
    DayClosed,
    FiguresReleased,
    PairHeld,
    PairJudged,
    ProfileLinked,
    RecordChange,
    StepCompleted,
)  # fmt: skip
from hub.errors import IntegrityError
from hub.log import Checkpoint, Envelope, EventLog, Partition, Recorded
from hub.log.subscription import Subscription
from hub.processing import Rules, record_ids, state
from hub.processing.adoption import adoption_in, model_of
from hub.processing.poison import decided_on
from hub.projections import Shelves, agenda, people, reconciled
from hub.projections.adoption import adopted_model, apply_adoption
from hub.projections.identity import apply_held, apply_link, apply_move, apply_record, preload
from hub.projections.judgements import apply_judgement
from hub.projections.position import note_acted
from hub.projections.releases import apply_release

PAGE = 4_000
START: Checkpoint = {}


class Step(NamedTuple):
    """One completed step: the facts and actions it decided on and the decisions it made."""

    number: int
    checkpoint: dict[Partition, int]
    facts: list[Recorded]
    decisions: list[Envelope]


def id_in_step(name: str, index: int, part: str = "") -> str:
    """The id of a step's decision; that of its completion comes last. `part` names a worker among several."""
    return f"{name}/{part}/{index}" if part else f"{name}/{index}"


def place_in_step(envelope: Envelope) -> tuple[str, int]:
    """Whose and which decision of its step this was."""
    rest, _, index = envelope.id.rpartition("/")
    return rest, int(index)


def covered(checkpoint: Checkpoint) -> dict[str, int]:
    """A checkpoint as it stands in `StepCompleted`."""
    return {str(partition): offset for partition, offset in sorted(checkpoint.items())}


def parse_covered(covered: dict[str, int]) -> dict[Partition, int]:
    """A checkpoint as it stood in `StepCompleted`."""
    parsed = {}
    for name, offset in covered.items():
        topic, _, number = name.rpartition("-")
        parsed[Partition(topic, int(number))] = offset
    return parsed


def steps(
    log: EventLog, number: int = 0, done: Checkpoint = START, decided: Checkpoint = START
) -> Iterator[Step]:
    """Every step completed after the one of this number, in order, with its facts and decisions.

    `done` is what that step covered; `decided` lies anywhere at or before its end.
    """
    decisions = Subscription(log, (DECISIONS,), decided)
    facts = Subscription(log, (RECORDS, ACTIONS), done)
    waiting: dict[str, list[Envelope]] = {}
    while events := decisions.take(PAGE).events:
        for recorded in events:
            envelope, event = recorded.envelope, recorded.envelope.event
            if not isinstance(event, StepCompleted):
                waiting.setdefault(envelope.correlation_id, []).append(envelope)
                continue
            # Partitions give their events in turns: what was decided last must be followed last.
            made = sorted(waiting.pop(envelope.correlation_id, []), key=place_in_step)
            waiting.clear()
            if event.number <= number:
                continue
            number += 1
            if event.number != number or len(made) != event.decisions:
                raise IntegrityError(f"step {number} is missing from the log, or part of it")
            checkpoint = parse_covered(event.covered)
            read = decided_on(facts.read_until(checkpoint), [envelope.event for envelope in made])
            yield Step(number, checkpoint, read, made)


def apply_step(shelves: Shelves, step: Step, rules: Rules) -> Rules:
    """Fold one step's facts and decisions, deciding nothing; the rules in force after it."""
    if adopted := adoption_in(step.facts):
        rules = rules._replace(model=model_of(adopted))
        apply_adoption(shelves, adopted, rules.model)
    stated = state(shelves, step.facts, rules.feeds)
    fresh = [profile for profile in stated.values() if profile is not None]
    preload(shelves, record_ids(step.facts), fresh, rules.model)
    for recorded in step.facts:
        event = recorded.envelope.event
        if isinstance(event, RecordChange):
            change = apply_record(
                shelves, event, stated[recorded.envelope.id], recorded.position.partition.number
            )
            if change is not None and change.left != change.joined:
                apply_move(shelves, change, rules.model)
        elif isinstance(event, PairJudged):
            apply_judgement(shelves, event)
            note_acted(shelves, recorded)
        elif isinstance(event, CaseActionRequested):
            note_acted(shelves, recorded)
        elif isinstance(event, FiguresReleased):
            apply_release(shelves, event)
    for envelope in step.decisions:
        match envelope.event:
            case ProfileLinked() as link:
                apply_link(shelves, link)
            case PairHeld() as pair:
                apply_held(shelves, pair)
            case decision:
                reconciled.apply(shelves, decision)
    return rules


def in_force(db: Connection, rules: Rules) -> Rules:
    """The rules of a site, with the model that was adopted last, if one was."""
    return rules._replace(model=adopted_model(db) or rules.model)


def days_of(facts: Iterable[Recorded]) -> list[Day]:
    """The days these facts close."""
    return [r.envelope.event.day for r in facts if isinstance(r.envelope.event, DayClosed)]


def touch_everyone(db: Connection) -> None:
    """Due days and touched marks are no events: after steps were followed, the next close looks at all."""
    unlisted = people.c.person.not_in(select(agenda.c.person))
    everyone = select(people.c.person, null(), true(), literal(b"{}", LargeBinary)).where(unlisted)
    db.execute(update(agenda).values(touched=True, due=None))
    db.execute(agenda.insert().from_select(list(agenda.c), everyone))
