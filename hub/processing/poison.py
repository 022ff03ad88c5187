"""Events that no rule can decide on: found one by one, set aside alone, and named in the log.

What a rule chokes on is a bug of ours or data that no contract foresaw. Either
way the rest of the log must not wait for it, and it must not vanish: a
decision `EventSetAside` names it, so every replay passes over the same events
and comes to the same tables. Nothing of what the event says is repeated there.

A record that was set aside is heard again with its next version. A day's
close is never set aside, since that would leave a day undecided for everybody:
where it fails, the record published with it that makes it fail is set aside.

Where what was read in an earlier step is to blame, a person tells: rules fail
on what is known of them, with or without this step. Then the versions of their
records that make rules fail are taken back before the step, as if withdrawn,
and a decision `RecordSetAside` names each. Where no record is to blame the
error is raised and the worker ends.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import exc

from hub.domain.events import DECISIONS, Event, EventSetAside, RecordSetAside
from hub.errors import HubError, UndecidedError
from hub.log import Envelope, Partition, Position, Recorded

SEARCHED_EVENTS_MAX = 500
"""A step that fails is tried again with so few events, so that a search takes seconds."""
SET_ASIDE_MAX = 100
"""More than so many in one step are no poison but a bug: stop."""
ENVIRONMENT = (HubError, exc.SQLAlchemyError, MemoryError, OSError)
"""Not the fault of what was read: trying again later may help, setting aside would not."""

UNPLACED = Position(Partition(DECISIONS, -1), -1)
"""Where a decision of the step under way lies: nobody knows yet."""

Attempt = Callable[[Sequence[Recorded]], Exception | None]
"""Decides on these events without keeping anything; the error where that fails."""
SetAside = EventSetAside | RecordSetAside
T = TypeVar("T")


class PersonFailedError(Exception):
    """Rules fail on one person: its cause says how; `versions` of records are to blame, none if empty."""

    def __init__(self, versions: Sequence[tuple[str, int]]) -> None:
        super().__init__()
        self.versions = versions


def is_poison(error: Exception, driver: Any) -> bool:
    """Whether an error comes from what was read; `driver` is the database's DBAPI module."""
    if isinstance(error, exc.DataError | driver.DataError):
        return True
    return not isinstance(error, (*ENVIRONMENT, driver.Error))


def to_blame(items: Iterable[T], conclude: Callable[[list[T]], object]) -> list[T]:
    """Those that rules cannot conclude on beside the ones before; none where they fail without any."""
    fine: list[T] = []
    if _fails(conclude, fine):
        return []
    found: list[T] = []
    for item in items:
        (found if _fails(conclude, [*fine, item]) else fine).append(item)
    return found


def _fails(conclude: Callable[[list[T]], object], items: list[T]) -> bool:
    try:
        conclude(items)
    except ENVIRONMENT:
        raise
    except Exception:
        return True
    return False


def isolate(
    events: Sequence[Recorded], error: Exception, attempt: Attempt
) -> tuple[Recorded | None, Exception]:
    """The event that makes these fail, and how it does; None where it is no single one of them."""
    if not events:
        return None, error
    fine, fails = 0, len(events)
    while fails - fine > 1:
        middle = (fine + fails) // 2
        found = attempt(events[:middle])
        fine, fails, error = (middle, fails, error) if found is None else (fine, middle, found)
    last = events[fails - 1]
    if not last.envelope.event.BARRIER:
        return last, error
    # A day that cannot be closed: the newest event that makes it fail, none before it being needed.
    start, free = 0, fails - 1
    if found := attempt([last]):
        return None, found
    while free - start > 1:
        middle = (start + free) // 2
        found = attempt(events[middle:fails])
        start, free, error = (start, middle, error) if found is None else (middle, free, found)
    return (None if events[start].envelope.event.BARRIER else events[start]), error


def without_poison(
    events: Sequence[Recorded], attempt: Attempt
) -> tuple[list[Recorded], list[tuple[SetAside, str]]]:
    """What can be decided on together, as `decided_on` gives it to a replay, and what was set aside for it.

    Beside each decision stands the id of the event that it follows from, if it follows from one.
    """
    rest = list(events)
    back: list[Recorded] = []
    aside: list[tuple[SetAside, str]] = []

    def tried(some: Sequence[Recorded]) -> Exception | None:
        return attempt([*back, *some])

    while error := tried(rest):
        if len(aside) >= SET_ASIDE_MAX:
            raise undecided(f"more than {SET_ASIDE_MAX} events of one step fail", error)
        culprit, error = isolate(rest, error, tried)
        if culprit is not None:
            rest.remove(culprit)
            aside.append((set_aside(culprit, name(error)), culprit.envelope.id))
        elif found := [event for event in blamed(error) if (event, "") not in aside]:
            back += map(taken_back, found)
            aside += ((event, "") for event in found)
        else:
            where = "a day cannot be closed" if rest else "the views cannot be brought up to date"
            raise undecided(f"{where}, whatever is set aside", error)
    return [*back, *rest], aside


def blamed(error: Exception) -> list[RecordSetAside]:
    """The record versions that an error says are to blame."""
    if not isinstance(error, PersonFailedError):
        return []
    return [RecordSetAside(*version, name(error)) for version in error.versions]


def taken_back(event: RecordSetAside) -> Recorded:
    """A record version that a step sets aside, as a fact that this step decides on."""
    return Recorded(UNPLACED, Envelope(event, "", event.record_id, "/hub/rules"))


def root(error: Exception) -> BaseException:
    """What the rules raised."""
    return error.__cause__ or error if isinstance(error, PersonFailedError) else error


def name(error: Exception) -> str:
    """What may be said of an error: its words may hold what a record says."""
    return type(root(error)).__name__


def set_aside(recorded: Recorded, error: str) -> EventSetAside:
    """The decision that names an event and how it failed, and nothing of what it says."""
    partition, offset = recorded.position
    envelope = recorded.envelope
    return EventSetAside(envelope.id, str(partition), offset, type(envelope.event).__name__, error)


def decided_on(facts: Iterable[Recorded], decisions: Sequence[Event]) -> list[Recorded]:
    """The record versions that a step took back, and its facts without those that it set aside."""
    back = [taken_back(event) for event in decisions if isinstance(event, RecordSetAside)]
    aside = {(event.partition, event.offset) for event in decisions if isinstance(event, EventSetAside)}
    return [*back, *(r for r in facts if (str(r.position.partition), r.position.offset) not in aside)]


def undecided(what: str, error: Exception) -> UndecidedError:
    """Where the code failed, without the error's own words: those may hold what a record says."""
    trace = root(error).__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return UndecidedError(f"{what}: {name(error)}{place}")
