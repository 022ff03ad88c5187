"""Events that no rule can decide on: found one by one, set aside alone, and named in the log.

What a rule chokes on is a bug of ours or data that no contract foresaw. Either
way the rest of the log must not wait for it, and it must not vanish: a
decision `EventSetAside` names it, so every replay passes over the same events
and comes to the same tables. Nothing of what the event says is repeated there.

A record that was set aside is heard again with its next version. A day's
close is never set aside, since that would leave a day undecided for everybody:
where it fails, the record published with it that makes it fail is set aside,
and where there is none the error is raised and the worker ends.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import exc

from hub.domain.events import Event, EventSetAside
from hub.errors import HubError, UndecidedError
from hub.log import Recorded

SEARCHED_EVENTS_MAX = 500
"""A step that fails is tried again with so few events, so that a search takes seconds."""
SET_ASIDE_MAX = 100
"""More than so many in one step are no poison but a bug: stop."""
ENVIRONMENT = (HubError, exc.SQLAlchemyError, MemoryError, OSError)
"""Not the fault of what was read: trying again later may help, setting aside would not."""

Attempt = Callable[[Sequence[Recorded]], Exception | None]
"""Decides on these events without keeping anything; the error where that fails."""


def is_poison(error: Exception, driver: Any) -> bool:
    """Whether an error comes from what was read; `driver` is the database's DBAPI module."""
    if isinstance(error, exc.DataError | driver.DataError):
        return True
    return not isinstance(error, (*ENVIRONMENT, driver.Error))


def isolate(events: Sequence[Recorded], error: Exception, attempt: Attempt) -> tuple[Recorded, Exception]:
    """The event that makes these fail, and how it does; UndecidedError where it is no single one."""
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
        raise undecided("a day cannot be closed whatever is set aside", found)
    while free - start > 1:
        middle = (start + free) // 2
        found = attempt(events[middle:fails])
        start, free, error = (start, middle, error) if found is None else (middle, free, found)
    if events[start].envelope.event.BARRIER:
        raise undecided("a day cannot be closed after another", error)
    return events[start], error


def without_poison(
    events: Sequence[Recorded], attempt: Attempt
) -> tuple[list[Recorded], list[tuple[Recorded, EventSetAside]]]:
    """The events that can be decided on together, and those that cannot."""
    rest = list(events)
    aside: list[tuple[Recorded, EventSetAside]] = []
    while error := attempt(rest):
        if len(aside) == SET_ASIDE_MAX:
            raise undecided(f"more than {SET_ASIDE_MAX} events of one step fail", error)
        if not rest:
            raise undecided("the views cannot be brought up to date", error)
        culprit, error = isolate(rest, error, attempt)
        rest.remove(culprit)
        aside.append((culprit, set_aside(culprit, error)))
    return rest, aside


def set_aside(recorded: Recorded, error: Exception) -> EventSetAside:
    """The decision that names an event and how it failed, and nothing of what it says."""
    partition, offset = recorded.position
    envelope = recorded.envelope
    return EventSetAside(
        envelope.id, str(partition), offset, type(envelope.event).__name__, type(error).__name__
    )


def decided_on(facts: Iterable[Recorded], decisions: Iterable[Event]) -> list[Recorded]:
    """What is left of a step's facts without those that it set aside."""
    aside = {(event.partition, event.offset) for event in decisions if isinstance(event, EventSetAside)}
    return [r for r in facts if (str(r.position.partition), r.position.offset) not in aside]


def undecided(what: str, error: Exception) -> UndecidedError:
    """Where the code failed, without the error's own words: those may hold what a record says."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return UndecidedError(f"{what}: {type(error).__name__}{place}")
