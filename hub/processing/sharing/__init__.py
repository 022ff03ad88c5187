"""One step decided by several workers at once, with the outcome of one.

Each worker has some partitions of records. Records of one person mostly come
through one partition (`hub.connect.partitioning`), and what a partition's
records say is decided where it is read: its home. What concerns more than one
home is *crossing*: it is found before anything is decided, handed to the
coordinator, and decided there. The rest has nothing in common with what other
homes decide, so it does not matter who is first.

Two profiles are tied when what is decided on the one may depend on the other:
they weigh enough for a look, share a valid number, may be namesakes, are of
one component or person, or one record left the one for the other. A group of
profiles that hang together by ties has one home, and keeps it until a tie to
another home makes it crossing, for good (a rebuild starts over). So does what
people said of pairs, since it may tie what is not there yet.

A step in messages (`hub.projections.exchange`); C is the coordinator:

    C    gathered   which partitions each has: once, so that all begin to read
    C    announce   up to which closed day the step goes
    all  fresh      new profiles with their blocking keys; ties to other homes
    C    verdict    which profiles are crossing, by what all have said
    all  ready      what is decided and handed over; nothing is committed
    C    (commits: from here on the step is decided; parts of others lie beside it)
    C    go         everyone commits and appends
    all  done
    C    (appends the step's completion)

Whatever fails before the commit is rolled back by everyone, and the
coordinator decides alone for a while. A worker that dies after it has its part
folded in from what it said (`hub.processing.runner`).
"""

from typing import Any

import msgspec

from hub.errors import AbsentError
from hub.log import derive_id

GATHERED, ANNOUNCE, FRESH, VERDICT, READY, FAILED, GO, DONE, DISSOLVED, VOID = (
    "gathered", "announce", "fresh", "verdict", "ready", "failed", "go", "done", "dissolved", "void",
)  # fmt: skip
WAIT_SECONDS = 30.0
"""Longer than any part of a step takes: whoever is silent for so long is thrown out."""


class BrokenUpError(AbsentError):
    """A step came to nothing before it was decided; nothing of it was kept."""


class Gathered(msgspec.Struct):
    """Who decides together from now on."""

    company: str
    """Whoever hears of a new one forgets what it remembers of rows."""
    homes: dict[str, list[int]]
    """Worker to its partitions of records."""


class Announcement(msgspec.Struct):
    """A step that is to be decided together."""

    company: str
    number: int
    homes: dict[str, list[int]]
    through: str
    """The id of the last closed day's event; empty: within a day."""
    limit: int
    refresh: bool
    """Only bring the views up to date."""


class Newcomer(msgspec.Struct):
    """A profile that no live record stated before this step."""

    profile: int
    home: int
    values: bytes
    keys: tuple[int, ...]


class Fresh(msgspec.Struct):
    """What one worker's batch brings, and which profiles of other homes it is tied to."""

    newcomers: list[Newcomer]
    ties: list[tuple[int, int]]
    """Profile and its home."""


class Verdict(msgspec.Struct):
    """Worker to those of its profiles that are crossing."""

    crossing: dict[str, list[int]]


class Handed(msgspec.Struct):
    """An event that the coordinator decides on, and how many days were closed before it in this step."""

    closed: int
    partition: int
    offset: int
    envelope: bytes


class Ready(msgspec.Struct):
    """One worker's part of a step, decided and not committed; `position.PartRow` holds the decisions."""

    covered: dict[str, int]
    events: int
    handed: list[Handed]
    profiles: list[int]
    """Crossing from now on, as are the people."""
    people: list[str]
    touched: list[str]
    """Of these people: to be concluded on at the next close."""
    stale: list[str]
    """Of these people: not shown on the views yet."""
    decisions: int
    is_stale: bool


def step_name(said: Announcement) -> str:
    """The name that all decisions of a step bear: no two attempts share one, and only one is ever appended."""
    return derive_id("step", said.company, said.number)


def pack(message: Any) -> bytes:
    """A message's body."""
    return msgspec.msgpack.encode(message)
