"""How often each kind of discrepancy was right, measured on settled cases that somebody judged.

A case counts where people settled it, or where the records did after the owner
had said that it corrected them. What went away by itself, such as a record that
came late, nobody judged: it is counted, and says nothing. Neither does a
reminder whose limit passed (`lapsed`), whatever its owner answered before.

A kind is flagged where its whole interval lies under the target and at least
`JUDGED_MIN` cases were judged: below that, chance says as much as the rule.
"""

from typing import Any

from sqlalchemy import Connection, select

from hub.domain.cases import CHANGED, HUB, LAPSED, OPEN, RIGHT
from hub.domain.discrepancies import CATALOGUE
from hub.projections import cases
from hub.statistics.intervals import wilson

JUDGED_MIN = 5
"""From fewer judged cases nothing is said of a kind: one clerk's first day is no measurement."""


def precision(db: Connection) -> list[dict[str, Any]]:
    """Per kind: outcomes, precision with its Wilson interval (95 %), and whether it is surely under its target."""
    columns = (cases.c.kind, cases.c.outcome, cases.c.settled_by, cases.c.answer)
    judged: dict[str, dict[str, int]] = {}
    for kind, outcome, by, answer in db.execute(select(*columns).where(cases.c.state.not_in(OPEN))):
        counts = judged.setdefault(kind, {})
        judged_so = by != HUB or answer == "corrected" or outcome == LAPSED
        name = outcome if judged_so else "unjudged"
        counts[name] = counts.get(name, 0) + 1
    return [of_kind(code, dict(sorted(judged[code].items()))) for code in CATALOGUE if code in judged]


def of_kind(code: str, counts: dict[str, int]) -> dict[str, Any]:
    """The figures of one kind from its settled cases by outcome."""
    right = sum(counts.get(outcome, 0) for outcome in CHANGED)
    count = right + sum(counts.get(outcome, 0) for outcome in RIGHT)
    found: dict[str, Any] = {
        "kind": code, "outcomes": counts, "judged": count, "target": CATALOGUE[code].precision_min,
        "precision": None, "low": None, "high": None, "under_target": None,
    }  # fmt: skip
    if count:
        low, high = wilson(right, count)
        under = count >= JUDGED_MIN and high < found["target"]
        found |= {"precision": right / count, "low": low, "high": high, "under_target": under}
    return found


def under_target(db: Connection) -> dict[str, dict[str, Any]]:
    """The kinds that are surely under their target, each with its figure."""
    names = ("precision", "low", "high", "judged", "target")
    return {row["kind"]: {name: row[name] for name in names} for row in precision(db) if row["under_target"]}
