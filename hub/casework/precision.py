"""How often each kind of discrepancy was right, measured on settled cases that somebody judged.

A case counts where people settled it, or where the records did after the owner
had said that it corrected them. What went away by itself, such as a record that
came late, nobody judged: it is counted, and says nothing. Neither does a
reminder whose limit passed (`lapsed`), whatever its owner answered before.
"""

from typing import Any

from sqlalchemy import Connection, select

from hub.domain.cases import CHANGED, HUB, LAPSED, OPEN, RIGHT
from hub.domain.discrepancies import CATALOGUE
from hub.projections import cases
from hub.statistics.intervals import wilson


def precision(db: Connection) -> list[dict[str, Any]]:
    """Per kind: outcomes, precision with its Wilson interval (95 %), and whether it is under its target."""
    columns = (cases.c.kind, cases.c.outcome, cases.c.settled_by, cases.c.answer)
    judged: dict[str, dict[str, int]] = {}
    for kind, outcome, by, answer in db.execute(select(*columns).where(cases.c.state.not_in(OPEN))):
        counts = judged.setdefault(kind, {})
        judged_so = by != HUB or answer == "corrected" or outcome == LAPSED
        name = outcome if judged_so else "unjudged"
        counts[name] = counts.get(name, 0) + 1
    return [_of_kind(code, dict(sorted(judged[code].items()))) for code in CATALOGUE if code in judged]


def _of_kind(code: str, counts: dict[str, int]) -> dict[str, Any]:
    right = sum(counts.get(outcome, 0) for outcome in CHANGED)
    count = right + sum(counts.get(outcome, 0) for outcome in RIGHT)
    found: dict[str, Any] = {
        "kind": code, "outcomes": counts, "judged": count, "target": CATALOGUE[code].precision_min,
        "precision": None, "low": None, "high": None, "under_target": None,
    }  # fmt: skip
    if count:
        low, high = wilson(right, count)
        share = right / count
        found |= {"precision": share, "low": low, "high": high, "under_target": share < found["target"]}
    return found
