"""Scores against labelled truth: identity by pairs and B-cubed, discrepancies by kind, outcomes.

A discrepancy that the hub found and a true one match when they are of one
kind, share a true person among the people of their records, and stand on a
common day, give or take `GRACE_DAYS`. Precision is the share of found ones
that match a true one, detectable or not; recall the share of detectable true
ones that match a found one. The projection keeps the newest standing of a
discrepancy that came back, so for one detected more than once the days before
its newest detection count too, as it stood on some of them.

Births and residence are compared as they are when the last drop was handled.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from hub.audit import months
from hub.domain.days import Day, day_of
from hub.domain.limits import Limits
from hub.errors import SettingsError
from hub.matching.quality import bcubed, pairwise
from hub.processing.unclear import KIND
from hub.projections import births, discrepancies, records, residents

GRACE_DAYS = 3
"""Days by which a found and a true discrepancy may miss each other: a drop read late is no error of a rule."""
FOR_EVER: Day = 10**6
ABSENT = "no"
"""Lives here on no register; as the truth of residence writes it."""


class Stood(NamedTuple):
    """A found or true discrepancy: the true people of its records, and its first and last day."""

    kind: str
    people: frozenset[str]
    first: Day
    last: Day
    detectable: bool = True


def read_table(path: Path) -> list[dict[str, str]]:
    """A truth file's rows."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise SettingsError(f"truth file {path.name} cannot be read") from error


def score(db: Connection, links: Iterable[tuple[str, str]], truth: Path, limits: Limits) -> dict[str, Any]:
    """Quality of identity, of each kind of discrepancy, of births and of residence."""
    entities = {row["record_id"]: row["entity_id"] for row in read_table(truth / "records.csv")}
    predicted = {record: person for record, person in links if record in entities}
    # A withdrawn record is in nobody's cluster; one that was refused stands alone and costs recall.
    rows = db.execute(select(records.c.feed, records.c.source_key).where(~records.c.live))
    withdrawn = {f"{feed}/{key}" for feed, key in rows}
    asked = {record: entity for record, entity in entities.items() if record not in withdrawn}
    owners = _owners(db, entities)
    answer: dict[str, Any] = {
        "records": len(asked),
        "pairwise": pairwise(asked, predicted)._asdict(),
        "bcubed": bcubed(asked, predicted)._asdict(),
        "discrepancies": by_kind(_found(db, owners), _true(truth, entities)),
    }
    people = {record: entity for record, entity in asked.items() if record in predicted}
    # A public set of labelled people knows no births and no residence.
    if (truth / "births.csv").exists():
        answer["births"] = _births(db, owners, _chosen(people, predicted), read_table(truth / "births.csv"))
    if (truth / "residence.csv").exists():
        answer["residents"] = _residents(db, people, predicted, read_table(truth / "residence.csv"))
    if (truth / "residence_months.csv").exists():
        true_months = read_table(truth / "residence_months.csv")
        answer["residence_months"] = months.score(
            db, _chosen(people, predicted), true_months, _today(db), limits
        )
    return answer


def _owners(db: Connection, entities: Mapping[str, str]) -> dict[str, str]:
    """The hub's record id to the true person, or to the record itself where the truth has none."""
    rows = db.execute(select(records.c.record_id, records.c.feed, records.c.source_key))
    return {row.record_id: entities.get(f"{row.feed}/{row.source_key}", row.record_id) for row in rows}


# --- discrepancies --------------------------------------------------------------------------


def _found(db: Connection, owners: Mapping[str, str]) -> list[Stood]:
    table = discrepancies.c
    columns = (table.kind, table.records, table.detected_on, table.cleared_on, table.times)
    # Whether two may be one person is measured by links, not by what stands in the county's records.
    rows = db.execute(select(*columns).where(table.kind != KIND)).all()
    return [
        Stood(
            row.kind,
            frozenset(owners.get(record, record) for record in row.records),
            row.detected_on if row.times == 1 else 0,
            FOR_EVER if row.cleared_on is None else row.cleared_on - 1,
        )
        for row in rows
    ]


def _true(truth: Path, entities: Mapping[str, str]) -> list[Stood]:
    return [
        Stood(
            row["kind"],
            frozenset(entities.get(record, record) for record in row["record_ids"].split()),
            day_of(row["first_day"]),
            day_of(row["last_day"]) if row["last_day"] else FOR_EVER,
            row["detectable"] == "yes",
        )
        for row in read_table(truth / "discrepancies.csv")
    ]


def matches(one: Stood, other: Stood) -> bool:
    """Whether two are the same disagreement: kind, a person in common, and a day in common."""
    return (
        one.kind == other.kind
        and not one.people.isdisjoint(other.people)
        and one.first <= other.last + GRACE_DAYS
        and other.first <= one.last + GRACE_DAYS
    )


def by_kind(found: Sequence[Stood], true: Sequence[Stood]) -> dict[str, dict[str, Any]]:
    """Counts, precision and recall of each kind."""
    found_of, true_of = _by_person(found), _by_person(true)
    result: dict[str, dict[str, Any]] = {}
    for kind in sorted({one.kind for one in (*found, *true)}):
        mine = [one for one in found if one.kind == kind]
        wanted = [one for one in true if one.kind == kind and one.detectable]
        right = sum(_matched(one, true_of) for one in mine)
        hit = sum(_matched(one, found_of) for one in wanted)
        result[kind] = {
            "detected": len(mine), "right": right, "true": len(wanted), "found": hit,
            "undetectable": sum(one.kind == kind and not one.detectable for one in true),
            "precision": right / len(mine) if mine else 1.0,
            "recall": hit / len(wanted) if wanted else 1.0,
        }  # fmt: skip
    return result


def _by_person(stood: Iterable[Stood]) -> Mapping[tuple[str, str], Sequence[Stood]]:
    index: dict[tuple[str, str], list[Stood]] = defaultdict(list)
    for one in stood:
        for person in one.people:
            index[one.kind, person].append(one)
    return index


def _matched(one: Stood, others: Mapping[tuple[str, str], Sequence[Stood]]) -> bool:
    return any(matches(one, other) for p in one.people for other in others.get((one.kind, p), ()))


# --- births and residence -------------------------------------------------------------------


def _births(
    db: Connection, owners: Mapping[str, str], chosen: Mapping[str, str], truth: list[dict[str, str]]
) -> dict[str, Any]:
    """Share of true births that the hub shows with the true outcome; a birth nobody told of is not asked.

    Where the hub takes one birth for two, that of the person whom most of the records belong to is asked.
    """
    table = births.c
    rows = db.execute(select(table.person, table.outcome, table.certificate_record, table.entry_record))
    said = sorted(
        (chosen.get(owner) != row.person, row.outcome, owner)
        for row in rows
        for owner in {owners.get(r, r) for r in (row.certificate_record, row.entry_record) if r is not None}
    )
    found: dict[str, str] = {}
    for _, outcome, owner in said:
        found.setdefault(owner, outcome)
    pairs = [(row["outcome"], found.get(row["entity_id"], "")) for row in truth if row["outcome"]]
    return {"found": len(found)} | _agreement(pairs)


def _residents(
    db: Connection,
    entities: Mapping[str, str],
    persons: Mapping[str, str],
    truth: list[dict[str, str]],
) -> dict[str, Any]:
    """Share of people with live records whose register at the end, resident, migrant or none, is the true one."""
    today = _today(db)
    table = residents.c
    status = {
        row.person: row.status
        for row in db.execute(select(table.person, table.status, table.left_on))
        if row.left_on is None or row.left_on > today
    }
    now = {row["entity_id"]: row["registered"] for row in truth if not row["to"]}
    chosen = _chosen(entities, persons).items()
    return _agreement([(now.get(e, ABSENT), status.get(p, ABSENT)) for e, p in chosen])


def _today(db: Connection) -> Day:
    """The day of the last drop that was handled."""
    return db.execute(select(func.max(records.c.published_on))).scalar() or 0


def _chosen(entities: Mapping[str, str], persons: Mapping[str, str]) -> dict[str, str]:
    """True person to the person of the hub that most records of theirs belong to; of two, to whom the first does."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    # A person is named after random ids, a record is not.
    for record, entity in sorted(entities.items()):
        votes[entity][persons[record]] += 1
    return {entity: counts.most_common(1)[0][0] for entity, counts in votes.items()}


def _agreement(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """How often the second, what the hub says, is the first, what is true."""
    true = Counter(wanted for wanted, _ in pairs)
    agreed = Counter(wanted for wanted, said in pairs if wanted == said)
    return {
        "true": len(pairs),
        "agreed": agreed.total(),
        "agree": agreed.total() / len(pairs) if pairs else 1.0,
        "by": {name: {"true": true[name], "agreed": agreed[name]} for name in sorted(true)},
    }
