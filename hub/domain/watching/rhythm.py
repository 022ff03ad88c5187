"""When and how much: silence and volume against a feed's own rhythm."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from math import ceil, sqrt
from statistics import median

from hub.domain.watching import SILENT, VOLUME, Delivery, Found, Watched
from hub.domain.watching import thresholds as t

MAD_TO_SIGMA = 1.4826
ROOT_SIGMA = 0.5
"""Standard deviation of the square root of a Poisson count."""


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

    A week holds each weekday once and four weeks each part of a month, so no weekday or
    time of the month needs a band of its own.
    """
    if len(seen.history) <= t.GAPS_MIN.value:
        return
    gap = median(b.day - a.day for a, b in pairwise(seen.history[-27:]))
    stands = (VOLUME, "") in seen.standing
    if gap > 10:
        # Each delivery is a time of its own; only a new one says something new.
        series = [delivery.rows for delivery in seen.history[1:]]
        yield from _odd(series, 0, stands)
        return
    for days in (28, 7) if gap <= 2 else (28,):
        found = list(_odd(sums(seen.history, seen.today, days), days, stands))
        if found:
            yield found[0]
            return


def sums(history: Sequence[Delivery], today: int, days: int) -> list[int]:
    """Rows in consecutive windows of so many days, the last ending today; the feed's first delivery is left out,
    which in most feeds is the whole register."""
    on = [delivery.day for delivery in history]
    until = [0, *accumulate((delivery.rows for delivery in history[1:]), initial=0)]
    count = min(int(t.WINDOWS_MAX.value) + 1, (today - on[0]) // days)
    totals = [until[bisect_right(on, today - days * back)] for back in range(count, -1, -1)]
    return [b - a for a, b in pairwise(totals)]


def _odd(series: Sequence[int], days: int, stands: bool) -> Iterator[Found]:
    *before, now = series[-int(t.WINDOWS_MAX.value) - 1 :] or [0]
    if len(before) < t.WINDOWS_MIN.value:
        return
    roots = [sqrt(rows) for rows in before]
    middle = median(roots)
    sigma = max(ROOT_SIGMA, MAD_TO_SIGMA * median(abs(root - middle) for root in roots))
    reach = sigma * (t.VOLUME_ENDS.value if stands else t.VOLUME_BEGINS.value)
    low = min(max(0.0, middle - reach) ** 2, middle**2 * t.VOLUME_LOW.value)
    high = max((middle + reach) ** 2, middle**2 * t.VOLUME_HIGH.value)
    if not low <= now <= high:
        yield Found(VOLUME, "", {
            "rows": now, "usual_rows": round(middle**2, 1), "low": round(low, 1), "high": round(high, 1),
            "window_days": days, "windows": len(before),
        })  # fmt: skip
