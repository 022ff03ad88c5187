"""Residence scored by person-months: the class that the hub gives each month against the true one.

Asked are all months in which the truth or the hub says anything at all. A person
of the hub whom nobody's records choose as theirs counts too: each of those months
is one too many.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from hub.domain.days import Day, add_month, day_of
from hub.domain.limits import Limits
from hub.domain.population import CLASSES, Month, classes_of
from hub.domain.residence import Spell
from hub.projections import residents

NOTHING = Month("none", None)


def score(
    db: Connection,
    persons: Mapping[str, str],
    truth: Sequence[Mapping[str, str]],
    today: Day,
    limits: Limits,
) -> dict[str, Any]:
    """Share of person-months with the true class, and with class and town; `persons` maps true people to the hub's."""
    true, months = _true(truth)
    said = _said(db, months, today, limits)
    asked = agreed = in_town = 0
    by: dict[str, Counter[str]] = {code: Counter() for code in CLASSES}
    mine = {entity: said.pop(person, {}) for entity, person in persons.items()}
    for entity in true.keys() | mine.keys():
        wanted, found = true.get(entity, {}), mine.get(entity, {})
        for month in wanted.keys() | found.keys():
            one, other = wanted.get(month, NOTHING), found.get(month, NOTHING)
            asked += 1
            agreed += one.code == other.code
            in_town += one == other
            by[one.code]["true"] += 1
            by[other.code]["said"] += 1
            by[one.code]["agreed"] += one.code == other.code
    for found in said.values():
        asked += len(found)
        by["none"]["true"] += len(found)
        for extra in found.values():
            by[extra.code]["said"] += 1
    return {
        "true": asked, "agreed": agreed, "agree": agreed / asked if asked else 1.0,
        "agreed_with_town": in_town, "agree_with_town": in_town / asked if asked else 1.0,
        "by": {code: {name: counts[name] for name in ("true", "said", "agreed")}
               for code, counts in by.items() if counts},
    }  # fmt: skip


def _true(truth: Sequence[Mapping[str, str]]) -> tuple[dict[str, dict[Day, Month]], Sequence[Day]]:
    """By true person the months that have a class; and all months that are asked about."""
    found: dict[str, dict[Day, Month]] = {}
    for row in truth:
        run = found.setdefault(row["entity_id"], {})
        for first in _run(row["first_month"], row["last_month"]):
            run[first] = Month(row["class"], row["town"])
    if not truth:
        return found, ()
    return found, tuple(_run(min(r["first_month"] for r in truth), max(r["last_month"] for r in truth)))


def _run(first_month: str, last_month: str) -> Iterator[Day]:
    first, last = day_of(f"{first_month}-01"), day_of(f"{last_month}-01")
    while first <= last:
        yield first
        first = add_month(first)


def _said(db: Connection, months: Sequence[Day], today: Day, limits: Limits) -> dict[str, dict[Day, Month]]:
    """By person of the hub the months that have a class."""
    found: dict[str, dict[Day, Month]] = {}
    for row in db.execute(select(residents.c.person, residents.c.spells)):
        classes = classes_of([Spell(**spell) for spell in row.spells], months, today, limits)
        found[row.person] = {first: month for first, month in classes.items() if month.code != "none"}
    return found
