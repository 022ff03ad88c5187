"""The queue of pairs that only people can tell apart, and how one of them is judged.

Two people stand in it once, by the pair that speaks most for their being one.
Ordered by how many pairs of records an answer is expected to put right: the
records of one times those of the other, by how likely the model takes the two
for one person. Who was told apart already, or became one since, is not shown.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from hub.audit.person import explained
from hub.domain.events import PairJudged
from hub.errors import NotFoundError, SettingsError
from hub.matching import Model
from hub.projections import ProfileRow, Shelves, held
from hub.projections.identity import record_of
from hub.projections.judgements import BITS, RECORDS_MAX, VERDICTS, pair_id, said_of

PAIR = re.compile(r"([0-9a-f]{16})-([0-9a-f]{16})")
HELD_AT_ONCE = 2_000


class Waiting(NamedTuple):
    """Two people in the queue, by the pair of profiles that speaks most for their being one."""

    left: ProfileRow
    right: ProfileRow
    weight: float
    records: int
    """Of both people."""
    effect: float
    """The pairs of records that an answer is expected to put right."""


def parse_pair(text: str) -> tuple[int, int]:
    """The profiles of a pair; SettingsError where it is none."""
    found = PAIR.fullmatch(text)
    if found is None:
        raise SettingsError("a pair is two groups of sixteen letters and digits, as the queue shows them")
    left, right = (int(part, 16) for part in found.groups())
    left, right = (part - (1 << BITS) if part >> (BITS - 1) else part for part in (left, right))
    return min(left, right), max(left, right)


def queue(db: Connection, model: Model) -> list[Waiting]:
    """All that waits for people, first where an answer is expected to put most right."""
    shelves = Shelves(db)
    strongest: dict[tuple[str, str], tuple[ProfileRow, ProfileRow, float]] = {}
    for left, right, weight in _open(db, shelves):
        ones = sorted((left.person or "", right.person or ""))
        known = strongest.get((ones[0], ones[1]))
        if known is None or weight > known[2]:
            strongest[ones[0], ones[1]] = left, right, weight
    shelves.people.load({person for ones in strongest for person in ones})
    waiting = (_waiting(shelves, *found, model) for found in strongest.values())
    return sorted(
        (one for one in waiting if one), key=lambda one: (-one.effect, one.left.profile, one.right.profile)
    )


def _open(db: Connection, shelves: Shelves) -> Iterator[tuple[ProfileRow, ProfileRow, float]]:
    """Held pairs of live profiles that are not one person by now."""
    rows = db.execute(select(held.c.left, held.c.right, held.c.weight).order_by(held.c.pair)).all()
    for start in range(0, len(rows), HELD_AT_ONCE):
        page = rows[start : start + HELD_AT_ONCE]
        shelves.profiles.load({pid for left, right, _ in page for pid in (left, right)})
        for left, right, weight in page:
            a, b = shelves.profiles.get(left), shelves.profiles.get(right)
            if a and b and a.records and b.records and a.person != b.person:
                yield a, b, weight


def _waiting(
    shelves: Shelves, left: ProfileRow, right: ProfileRow, weight: float, model: Model
) -> Waiting | None:
    """The pair with what hangs on it; None where people have said already that the two are not one."""
    sides = [_of_person(shelves, row) for row in (left, right)]
    said = said_of(shelves, (row for side in sides for row in side))
    if said.apart or (min(left.profile, right.profile), max(left.profile, right.profile)) in said.together:
        return None
    one, other = (sum(len(row.records) for row in side) for side in sides)
    return Waiting(left, right, weight, one + other, model.probability(weight) * one * other)


def _of_person(shelves: Shelves, row: ProfileRow) -> list[ProfileRow]:
    person = shelves.people.get(row.person) if row.person else None
    found = (shelves.profiles.get(pid) for pid in (person.profiles if person else ()))
    return [row for row in found if row]


def shown(waiting: Waiting) -> dict[str, Any]:
    """One line of the queue."""
    left, right = waiting.left, waiting.right
    return {
        "pair": pair_id(left.profile, right.profile), "weight": round(waiting.weight, 1),
        "records": waiting.records, "left": left.person, "right": right.person,
    }  # fmt: skip


def sides(db: Connection, pair: str) -> tuple[ProfileRow, ProfileRow]:
    """The two profiles of a pair; NotFoundError where no record states one of them any more."""
    shelves = Shelves(db)
    left, right = (shelves.profiles.get(pid) for pid in parse_pair(pair))
    if left is None or right is None or not (left.records and right.records):
        raise NotFoundError("no live records state this pair")
    return left, right


def side_by_side(db: Connection, left: ProfileRow, right: ProfileRow, model: Model) -> dict[str, Any]:
    """Both profiles with their records, what each field weighs, and what was said before."""
    one_person = left.person == right.person
    pair = pair_id(left.profile, right.profile)
    return {"pair": pair, "one_person": one_person} | explained(db, left, right, model, one_person=one_person)


def judgement(sides: Sequence[ProfileRow], verdict: str, reason: str, actor: str) -> PairJudged:
    """What someone who looked at both sides says of them."""
    if verdict not in VERDICTS:
        raise SettingsError(f"unknown verdict {verdict}; known: {', '.join(VERDICTS)}")
    left, right = ([record_of(mark) for mark in side.records[:RECORDS_MAX]] for side in sides)
    return PairJudged(sides[0].profile, sides[1].profile, left, right, verdict, reason, actor)


__all__ = ["judgement", "pair_id", "parse_pair", "queue", "shown", "side_by_side", "sides"]
