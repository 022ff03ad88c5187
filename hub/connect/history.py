"""What a department reported over time: its receipts, and their totals by month."""

from collections.abc import Iterable
from typing import Any

from hub.domain.days import iso
from hub.projections.receipts import COUNTS, ReceiptRow


def by_month(rows: Iterable[ReceiptRow]) -> list[dict[str, Any]]:
    """Per month of publication: how many batches there were, and what became of their rows."""
    months: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row.published_on):
        month = iso(row.published_on)[:7]
        found = months.setdefault(month, {"month": month, "batches": 0} | dict.fromkeys(COUNTS, 0))
        found["batches"] += 1
        for name, count in row.counts.items():
            found[name] += count
    return list(months.values())


def listed(row: ReceiptRow) -> dict[str, Any]:
    """One receipt as a line of a list."""
    return {
        "day": iso(row.published_on),
        "feed": row.feed,
        "drop": row.drop,
        "batch": row.batch_id,
    } | row.counts
