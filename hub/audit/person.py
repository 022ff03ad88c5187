"""One person explained: the values to go by, what ties the records together, and who else it might have been."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from hub.audit.pairs import compared, sentences
from hub.connect.contracts import Feed
from hub.domain.days import Day, iso
from hub.domain.golden import Statement, golden
from hub.matching import Model, Profile, profile_of
from hub.matching.blocking import BLOCK_PROFILES_MAX
from hub.projections import ProfileRow, Shelves, people, profiles, records
from hub.projections.identity import record_of
from hub.projections.judgements import said_of

ALTERNATIVES_MAX = 3
NEAR_MAX = 5_000
TIES_MAX = 50
RECORDS_AT_ONCE = 1_000


def profiles_of(db: Connection, person: str) -> list[ProfileRow]:
    """The profiles of a person, the one that names it first."""
    pids = db.execute(select(people.c.profiles).where(people.c.person == person)).scalar() or []
    found = map(ProfileRow._make, db.execute(select(profiles).where(profiles.c.profile.in_(pids))))
    return sorted((row for row in found if row.records), key=lambda row: row.records[0])


def values(
    db: Connection, rows: Sequence[ProfileRow], feeds: Mapping[str, Feed], today: Day
) -> dict[str, Any]:
    """The golden values of a person, with every value that lost, and the records behind them."""
    stated = statements(db, rows, feeds)
    return {
        "golden": [
            one._asdict() | {"others": [other._asdict() for other in one.others]} for one in golden(stated, today)
        ],
        "stated_by": [
            {"record": s.source, "kind": s.kind, "published_on": iso(s.published_on)} for s in stated
        ],
    }  # fmt: skip


def statements(db: Connection, rows: Sequence[ProfileRow], feeds: Mapping[str, Feed]) -> list[Statement]:
    """What each live record of these profiles says, in the order of record ids."""
    ids = sorted(record_of(mark) for row in rows for mark in row.records)
    found = []
    for start in range(0, len(ids), RECORDS_AT_ONCE):
        page = select(records).where(records.c.record_id.in_(ids[start : start + RECORDS_AT_ONCE]))
        for row in db.execute(page.order_by(records.c.record_id)):
            feed = feeds[row.feed]
            said = feed.attributes(row.fields)
            found.append(Statement(
                f"{row.feed}/{row.source_key}", feed.kind, row.record_id, row.published_on, row.fields, said,
                profile_of(said)._asdict(),
            ))  # fmt: skip
    return found


def ties(db: Connection, rows: Sequence[ProfileRow], model: Model) -> list[dict[str, Any]]:
    """For each profile its strongest tie to another of the person: enough to follow how they hang together."""
    found: dict[tuple[int, int], None] = {}
    if len(rows) > 1:
        square = _weights(model, [row.values for row in rows])
        for place in range(len(rows)):
            best = int(square[place].argmax())
            found[min(place, best), max(place, best)] = None
    return [explained(db, rows[a], rows[b], model, one_person=True) for a, b in list(found)[:TIES_MAX]]


def _weights(model: Model, members: Sequence[Profile]) -> Any:
    pairs = np.array(list(combinations(range(len(members)), 2)), np.int64)
    square = np.full((len(members), len(members)), -np.inf)
    a, b = pairs[:, 0], pairs[:, 1]
    square[a, b] = square[b, a] = model.weights(members, a, b)
    return square


def alternatives(db: Connection, rows: Sequence[ProfileRow], model: Model) -> list[dict[str, Any]]:
    """Other people who share a key with this one: the nearest, each by its nearest record."""
    shelves = Shelves(db)
    keys = {key for mine in model.block_keys_of([row.values for row in rows]) for key in mine}
    shelves.blocks.load(keys)
    mine = {row.profile for row in rows}
    blocks = (shelves.blocks.get(key) for key in sorted(keys))
    near = {pid for block in blocks if len(block) <= BLOCK_PROFILES_MAX for pid in block} - mine
    shelves.profiles.load(sorted(near)[:NEAR_MAX])
    others = [row for pid in sorted(near)[:NEAR_MAX] if (row := shelves.profiles.get(pid)) and row.records]
    if not others:
        return []
    members = [row.values for row in (*rows, *others)]
    left = np.repeat(np.arange(len(rows)), len(others))
    right = np.tile(np.arange(len(rows), len(members)), len(rows))
    weights = model.weights(members, left, right)
    best: dict[str | None, tuple[float, int, int]] = {}
    for weight, a, b in zip(weights.tolist(), left.tolist(), right.tolist(), strict=True):
        other = others[b - len(rows)]
        if other.person not in best or weight > best[other.person][0]:
            best[other.person] = weight, a, b - len(rows)
    nearest = sorted(best.values(), key=lambda found: (-found[0], others[found[2]].profile))
    return [
        explained(db, rows[a], others[b], model, one_person=False) for _, a, b in nearest[:ALTERNATIVES_MAX]
    ]


def explained(
    db: Connection, left: ProfileRow, right: ProfileRow, model: Model, *, one_person: bool
) -> dict[str, Any]:
    """A pair with its sentence, its weights, what people said of it, and the records on both sides."""
    found = compared(model, left.values, right.values)
    said = said_of(Shelves(db), (left, right))
    human = "different" if said.apart else "same" if said.together else ""
    return {
        "judged": human, **sentences(found, one_person=one_person, human=human), **found,
        "left": _side(db, left), "right": _side(db, right),
    }  # fmt: skip


def _side(db: Connection, row: ProfileRow) -> dict[str, Any]:
    """One profile: whose it is, which records state it, and what it says."""
    ids = [record_of(mark) for mark in row.records[:TIES_MAX]]
    columns = (records.c.record_id, records.c.feed, records.c.source_key)
    known = db.execute(select(*columns).where(records.c.record_id.in_(ids)).order_by(records.c.record_id))
    return {
        "person": row.person, "records": len(row.records),
        "stated_by": [f"{feed}/{key}" for _, feed, key in known],
        "states": {name: value for name, value in row.values._asdict().items() if value and name != "id"},
    }  # fmt: skip
