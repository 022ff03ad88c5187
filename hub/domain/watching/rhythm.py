"""When and how much: silence and volume against a feed's own rhythm."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from math import ceil, sqrt
from statistics import median

from hub.domain.days import Day
from hub.domain.watching import SILENT, VOLUME, Delivery, Found, Watched
from hub.domain.watching import thresholds as t

MAD_TO_SIGMA = 1.4826
ROOT_SIGMA = 0.5
"""Standard deviation of the square root of a Poisson count."""
SEASONS = (182, 365)
"""Days between what comes each half year, and each year."""


def silence(seen: Watched) -> Iterator[Found]:
    """Nothing for longer than the contract or the feed's own gaps allow."""
    days = seen.today - seen.last.day
    if seen.due is not None and seen.today > seen.due:
        yield Found(SILENT, "", {"days": days, "allowed_days": seen.due - seen.last.day, "by_contract": 1})
        return
    allowed = longest_gap(seen.history)
    if allowed is not None and days > allowed:
        yield Found(SILENT, "", {"days": days, "allowed_days": allowed, "by_contract": 0})


def longest_gap(history: Sequence[Delivery]) -> int | None:
    """Days after which a feed is silent by its own rhythm; None where it has shown none."""
    gaps = sorted(b.day - a.day for a, b in pairwise(history))
    if len(gaps) < t.GAPS_MIN.value:
        return None
    usual = gaps[min(len(gaps) - 1, int(len(gaps) * t.GAP_QUANTILE.value))]
    regular = usual == gaps[len(gaps) // 2]
    return ceil(usual * (t.GAP_REGULAR.value if regular else t.GAP_IRREGULAR.value)) + 1


def volume(seen: Watched) -> Iterator[Found]:
    """Rows of the last week, month or delivery against those before it, by median and MAD of square roots.

    A week holds each weekday once and four weeks each part of a month, so no weekday or time of the
    month needs a band of its own; what comes each half year or year is compared with that.
    """
    if len(seen.history) <= t.GAPS_MIN.value:
        return
    gap = median(b.day - a.day for a, b in pairwise(seen.history[-int(t.WINDOWS_MAX.value) - 1 :]))
    stands = (VOLUME, "") in seen.standing
    for days in (28, 7) if gap <= 2 else (28,) if gap <= 10 else (0,):
        until = seen.today if days else seen.last.day
        found = list(_odd(Rows(seen.history), until, days, stands))
        if found:
            yield found[0]
            return


class Rows:
    """Rows of a feed between days; its first delivery, which in most feeds is the whole register, is left out."""

    def __init__(self, history: Sequence[Delivery]) -> None:
        self._history = history
        self._on = [delivery.day for delivery in history]
        self._until = [0, 0, *accumulate(delivery.rows for delivery in history[1:])]

    def within(self, days: int, until: Day) -> int:
        """Of the last so many days up to a day."""
        return self._up_to(until) - self._up_to(until - days)

    def _up_to(self, day: Day) -> int:
        return self._until[bisect_right(self._on, day)]

    def windows(self, days: int, today: Day) -> list[int]:
        """Of consecutive windows, the last ending today; with no days, of each delivery."""
        if not days:
            return [delivery.rows for delivery in self._history[1:]][-int(t.WINDOWS_MAX.value) - 1 :]
        count = min(int(t.WINDOWS_MAX.value) + 1, (today - self._on[0]) // days)
        return [self.within(days, today - days * back) for back in range(count - 1, -1, -1)]

    def season(self, days: int, today: Day) -> Iterator[int]:
        """Of what came a half year and a year earlier."""
        around = int(t.SEASON_DAYS.value)
        for back in SEASONS:
            if today - back - around <= self._on[0]:
                continue
            if days:
                yield from (
                    self.within(days, today - back + shift) for shift in range(-around, around + 1, 7)
                )
            else:
                first, last = today - back - around, today - back + around
                yield from (d.rows for d in self._history[1:] if first <= d.day <= last)


def _odd(rows: Rows, today: Day, days: int, stands: bool) -> Iterator[Found]:
    *before, now = rows.windows(days, today) or [0]
    if len(before) < t.WINDOWS_MIN.value:
        return
    roots = [sqrt(each) for each in before]
    middle = median(roots)
    usual = middle**2
    if usual < t.VOLUME_N_MIN.value:
        return
    sigma = max(ROOT_SIGMA, MAD_TO_SIGMA * median(abs(root - middle) for root in roots))
    reach = sigma * (t.VOLUME_ENDS.value if stands else t.VOLUME_BEGINS.value)
    low = min(max(0.0, middle - reach) ** 2, usual * t.VOLUME_LOW.value)
    high = max((middle + reach) ** 2, usual * t.VOLUME_HIGH.value)
    if low <= now <= high:
        return
    if any(
        t.VOLUME_LOW.value * then <= now <= t.VOLUME_HIGH.value * then for then in rows.season(days, today)
    ):
        return
    yield Found(VOLUME, "", {
        "rows": now, "usual_rows": round(usual, 1), "low": round(low, 1), "high": round(high, 1),
        "window_days": days, "windows": len(before),
    })  # fmt: skip
