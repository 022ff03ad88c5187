"""A feed's months: counts and shares with their numbers, for the department to read. No marks, and nobody's."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from statistics import median
from typing import Any, NamedTuple

from hub.domain.days import Day, iso
from hub.domain.watching import Delivery

Due = Callable[[Day], Day | None]


class Month(NamedTuple):
    """One month of a feed."""

    month: str
    deliveries: int
    late: int
    """Deliveries that came after their day had been closed, or after the day on which they were due."""
    late_days_max: int
    received: int
    accepted: int
    unchanged: int
    quarantined: int
    warned: int
    reasons: Mapping[str, int]
    measured: int
    """Published versions that `filled` was counted over."""
    filled: Mapping[str, int]
    corrected: int
    """Versions of this month that a later version has replaced since."""
    waiting: int
    """Rows of this month that are still in quarantine."""

    @property
    def quarantined_share(self) -> float | None:
        """Of the rows received; None where there were none."""
        return round(self.quarantined / self.received, 4) if self.received else None

    @property
    def accepted_share(self) -> float | None:
        """Of the rows received, unchanged ones included; None where there were none."""
        return round((self.accepted + self.unchanged) / self.received, 4) if self.received else None

    def completeness(self, fields: Sequence[str]) -> dict[str, float | None]:
        """Share of versions in which each field is filled; None where nothing was measured."""
        n = self.measured
        return {name: round(self.filled.get(name, 0) / n, 4) if n else None for name in fields}


def months(deliveries: Sequence[Delivery], due: Due, waiting: Iterable[Day]) -> list[Month]:
    """The months of deliveries that are in order of days; `waiting` holds the days of rows in quarantine."""
    corrected: Counter[str] = Counter()
    for delivery in deliveries:
        corrected.update(delivery.corrected)
    still = Counter(iso(day)[:7] for day in waiting)
    lateness = _lateness(deliveries, due)
    found = []
    for month, group in groupby(deliveries, key=lambda delivery: iso(delivery.day)[:7]):
        each = list(group)
        late = [lateness[delivery.day] for delivery in each if lateness[delivery.day]]
        found.append(Month(
            month, len(each), len(late), max(late, default=0), sum(d.rows for d in each),
            sum(d.accepted for d in each), sum(d.unchanged for d in each), sum(d.quarantined for d in each),
            sum(d.warnings for d in each), _added(d.reasons for d in each), sum(d.versions for d in each),
            _added(d.filled for d in each), corrected[month], still[month],
        ))  # fmt: skip
    return found


def _lateness(deliveries: Sequence[Delivery], due: Due) -> dict[Day, int]:
    """Per delivery the days by which it was late."""
    found: dict[Day, int] = {}
    before: Day | None = None
    for delivery in deliveries:
        expected = due(before) if before is not None else None
        behind = delivery.day - expected if expected is not None else 0
        found[delivery.day] = max(0, delivery.late, behind)
        before = delivery.day
    return found


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total.most_common())


def ages(waiting: Sequence[Day], today: Day) -> dict[str, Any]:
    """How long rows have been in quarantine: how many, and their median age in days."""
    days = [max(0, today - day) for day in waiting]
    return {"rows": len(days), "median_days": median(days) if days else None}
