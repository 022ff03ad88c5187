"""What disagrees between a true person's live records: one file per thing that records speak of.

Written from the catalogue's meanings and the legal limits alone; the hub's
rules are not looked at. A check is asked about a span of days in which the
records state the same, and answers from when to when (both days included) a
discrepancy stands. Days are those of the drops: it stands once published.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.simulate.ledger import CERTIFICATE
from hub.simulate.truth.statements import Statement

FOR_EVER: Day = 10**6

Live = Mapping[str, Statement]
"""The live records of one person, by name."""


class Known(NamedTuple):
    """What is true of a person and asked by a check; `born` is set for births of the story."""

    born: Day | None
    born_here: bool
    mother_local: bool


class Stands(NamedTuple):
    """A discrepancy within a span; `subject` tells apart those of one kind and person."""

    kind: str
    subject: str
    records: tuple[str, ...]
    first: Day
    last: Day


Check = Callable[[Live, Known, Day, Day], Iterator[Stands]]


def of_feed(live: Live, *feeds: str) -> Sequence[tuple[str, Statement]]:
    """The records of some feeds."""
    return [(record, said) for record, said in live.items() if said.feed in feeds]


def in_force(live: Live) -> Sequence[str]:
    """Certificates neither void nor replaced, at the end of whatever chain, by one that is not void."""
    certificates = of_feed(live, CERTIFICATE)
    heirs = {said.replaces: said for _, said in certificates if said.replaces}

    def replaced(said: Statement, steps: int) -> bool:
        heir = heirs.get(said.certificate)
        return heir is not None and steps > 0 and (not heir.void or replaced(heir, steps - 1))

    return [r for r, said in certificates if not said.void and not replaced(said, len(certificates))]


def stating(live: Live) -> Live:
    """What counts as said: a certificate that is void or replaced says nothing any more."""
    valid = in_force(live)
    return {r: said for r, said in live.items() if said.feed != CERTIFICATE or r in valid}
