"""Who is between two counties: out of the register of one, and not yet on that of the other.

They are in no stock, and shown here so that nobody is dropped in silence: on the side that was left
by how far its notice has come, on the other as those who are expected.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from hub.connect.contracts import Feed
from hub.domain import notices
from hub.domain.agreements import Agreement
from hub.domain.days import Day
from hub.domain.limits import ARRIVAL_REGISTRATION, Limits
from hub.domain.notices import CLOSED, DEPARTURE, UNTOLD
from hub.domain.residence import arrived
from hub.neighbours.outbox import Told, answers, states
from hub.neighbours.standing import HOUSEHOLD, NOBODY, Held, leaving, live, people
from hub.statistics.spans import Span
from hub.statistics.tables.moves import IN, MOVED, OF, OUT


class Move(NamedTuple):
    """One person on the way, and the record that tells of it."""

    record_id: str
    person: str
    state: str
    """How far its notice has come: untold where no agreement lets it be told, accepted on the side it was told to."""
    late: bool
    """Whether the limit for registering the arrival is over."""


class Between(NamedTuple):
    """The moves between this county and a neighbour that are in neither register."""

    left: Sequence[Move]
    """Out of the register here, and not told to be on the neighbour's."""
    expected: Sequence[Move]
    """Told by the neighbour to move here, and on no register here."""

    def counts(self) -> dict[str, Any]:
        """How many, and of how many the limit is over; those who left also by how far their notices have come."""
        return {
            "left": len(self.left), "left_late": _late(self.left),
            "by_state": dict(sorted(Counter(move.state for move in self.left).items())),
            "expected": len(self.expected), "expected_late": _late(self.expected),
        }  # fmt: skip


def between(
    db: Connection, feeds: Mapping[str, Feed], agreements: Iterable[Agreement], before: Told, neighbour: str,
    limits: Limits, today: Day,
) -> Between:  # fmt: skip
    """Whoever is on the way from or to a neighbour, which was told `before`, at the close of a day."""
    households = [feed for feed in feeds.values() if feed.kind == HOUSEHOLD]
    about = [a for a in agreements if a.receiver == notices.receiver(neighbour)]
    left: dict[str, Move] = {}
    known = states(db, before, neighbour)
    for feed in households:
        # Moves from before the first agreement were never to be told, and are no longer under way.
        since = min((a.valid_from for a in about if a.feed == feed.name), default=0)
        for held, person in leaving(db, feed, neighbour, since):
            state = known.get((DEPARTURE, held.source_key), UNTOLD)
            if state != CLOSED:
                move = Move(held.record_id, person, state, _over(held.fields, limits, today))
                left[person or held.record_id] = move
    return Between([*left.values()], _expected(db, neighbour, limits, today))


def moved_in(
    db: Connection, feeds: Mapping[str, Feed], neighbours: Iterable[str], span: Span, limits: Limits, today: Day
) -> Iterator[tuple[str, str, str, int]]:  # fmt: skip
    """Neighbour, way (out, in), state (arrived, in-time, late) and number of the people who moved in a span.

    From what the records say alone: a report is made again from a projection of its day, and what lay
    in an outbox then is no part of it.
    """
    for neighbour in sorted(neighbours):
        said, out, into = answers(db, neighbour), dict[str, str](), dict[str, str]()
        for feed in feeds.values():
            if feed.kind == HOUSEHOLD:
                for held, person in leaving(db, feed, neighbour, span.first):
                    closed = said.get(f"{DEPARTURE}/{held.source_key}") == CLOSED
                    _note(out, held, person, _state(held, closed, limits, today), span)
        for held, person, here in _told_to_come(db, neighbour, today):
            _note(into, held, person, _state(held, here, limits, today), span)
        for way, found in ((OUT, out), (IN, into)):
            counts = Counter(found.values())
            yield from ((neighbour, way, state, counts[state]) for state in OF[MOVED])


def _state(held: Held, there: bool, limits: Limits, today: Day) -> str:
    return "arrived" if there else "late" if _over(held.fields, limits, today) else "in-time"


def _note(found: dict[str, str], held: Held, person: str, state: str, span: Span) -> None:
    """Each person once; one record that is known to have arrived says so for all of them."""
    one, left = person or held.record_id, held.fields.get("cancel_date")
    if left is not None and span.holds(left):
        found[one] = min(state, found.get(one, state))


def _told_to_come(db: Connection, neighbour: str, today: Day) -> Iterator[tuple[Held, str, bool]]:
    """What a neighbour told of moves here, with the person as far as made out, and whether a register here holds it."""
    told = [
        held
        for held in live(db, notices.feed_of(DEPARTURE))
        if held.source_key.partition("/")[0] == neighbour
    ]
    known = people(db, [held.record_id for held in told])
    for held in told:
        one = known.get(held.record_id, NOBODY)
        yield held, one.person, arrived(one.spells, held.fields.get("cancel_date", today)) is not None


def _expected(db: Connection, neighbour: str, limits: Limits, today: Day) -> list[Move]:
    found: dict[str, Move] = {}
    for held, person, here in _told_to_come(db, neighbour, today):
        if not here:
            move = Move(held.record_id, person, notices.ACCEPTED, _over(held.fields, limits, today))
            found[person or held.record_id] = move
    return [*found.values()]


def _over(fields: Mapping[str, Any], limits: Limits, today: Day) -> bool:
    left = fields.get("cancel_date")
    place = fields.get("moved_to", "")
    return left is not None and today > limits.deadline(ARRIVAL_REGISTRATION, left, place)


def _late(moves: Sequence[Move]) -> int:
    return sum(move.late for move in moves)
