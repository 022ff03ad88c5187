"""What every event is: immutable, in the past tense, of one family."""

from typing import ClassVar

RECORDS, DECISIONS, ACTIONS = "records", "decisions", "actions"
TOPICS = (RECORDS, DECISIONS, ACTIONS)


class Event:
    """Base of all events; a name for `isinstance`, nothing more."""

    __slots__ = ()
    TOPIC: ClassVar[str] = DECISIONS
    SUBJECT: ClassVar[str] = ""
    BARRIER: ClassVar[bool] = False
    CONCLUDES: ClassVar[bool] = False
    ALONE: ClassVar[bool] = False
    """Decided on in a step of its own: what comes after it is decided by other rules."""
