"""What the rows look like: repeated runs, heaped digits, copied values, columns, rows set aside.

All of it from counts. The statistics are old ones of the census offices: Whipple's index of ages, and
the chi-square of a distribution with a bound on its effect, since with enough records anything is significant.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import sqrt

from hub.domain.watching import (
    COLUMNS,
    COPIED,
    HEAPED,
    REFUSED,
    REPEATED,
    Delivery,
    Found,
    Watched,
    summed,
    window,
)  # fmt: skip
from hub.domain.watching import thresholds as t

AGES_FROM, AGES_TO = 23, 62
"""The ages of Whipple's index."""
BIRTHS, OFFICE, AGES, LAST = "birth-day", "office-day", "age", "last-digit"
"""What is counted of a field: `field/…` names its digits."""
MONTHS_WITH = [12.0] * 28 + [11.2425, 11.0, 7.0]
DAY_SHARES = [months / sum(MONTHS_WITH) for months in MONTHS_WITH]
"""Share of the days of a year that are the 1st, the 2nd, …, the 31st of a month."""


def repeated(seen: Watched) -> Iterator[Found]:
    """The same run of rows under other keys."""
    recent, _ = window(seen.history, int(t.REPEATED_DAYS.value))
    anchors = sum(delivery.repeated for delivery in recent)
    if anchors >= t.REPEATED_ANCHORS_MIN.value:
        about = anchors * t.ANCHOR_ONE_IN.value
        yield Found(REPEATED, "", {
            "runs": anchors, "rows_about": about, "run_rows": t.RUN_ROWS.value,
            "fresh": sum(delivery.fresh for delivery in recent),
        })  # fmt: skip


def copied(seen: Watched) -> Iterator[Found]:
    """One value under many keys of a batch."""
    recent, _ = window(seen.history, int(t.COPIED_DAYS.value))
    most: Counter[str] = Counter()
    for delivery in recent:
        most |= Counter(delivery.copied)
    for subject, keys in sorted(most.items()):
        if keys >= copies_min(subject):
            yield Found(COPIED, subject.partition("/")[0], {"keys": keys, "usual_below": copies_min(subject)})


def copies_min(subject: str) -> float:
    """From how many keys on a value of this kind is copied; `subject` is field/kind."""
    kind = subject.rpartition("/")[2]
    lines = {"number": t.COPIED_NUMBER_MIN, "phone": t.COPIED_PHONE_MIN, "block": t.COPIED_BLOCK_MIN}
    return lines[kind].value


def columns(seen: Watched) -> Iterator[Found]:
    """Columns that are gone or new against what most earlier deliveries had."""
    earlier = seen.history[-1 - int(t.COLUMNS_DROPS.value) : -1]
    if len(earlier) < t.COLUMNS_MIN.value or not seen.last.rows:
        return
    usual = set(Counter(tuple(delivery.columns) for delivery in earlier).most_common(1)[0][0])
    now = set(seen.last.columns)
    if now != usual:
        gone = sorted(
            {c[1:] for c in now - usual if c[0] == "-"} | {c[1:] for c in usual - now if c[0] == "+"}
        )
        new = sorted(
            {c[1:] for c in now - usual if c[0] == "+"} | {c[1:] for c in usual - now if c[0] == "-"}
        )
        detail = f"gone: {', '.join(gone) or '-'}; new: {', '.join(new) or '-'}"
        yield Found(COLUMNS, "", {"gone": len(gone), "new": len(new)}, detail[:500])


def refused(seen: Watched) -> Iterator[Found]:
    """A share of rows set aside far above the feed's own."""
    recent, before = window(seen.history, int(t.REFUSED_DAYS.value))
    rows, aside = _rows(recent)
    if rows < t.REFUSED_N_MIN.value or len(before) < t.GAPS_MIN.value:
        return
    worst_last = sorted(before, key=lambda d: d.quarantined / d.rows if d.rows else 0.0)
    all_rows, all_aside = _rows(worst_last[: max(1, int(len(before) * (1 - t.REFUSED_TRIM.value)))])
    usual = all_aside / all_rows if all_rows else 0.0
    ease = 0.5 if (REFUSED, "") in seen.standing else 1.0
    beyond = t.REFUSED_SIGMA.value * sqrt(rows * usual * (1 - usual) + 1)
    if aside - rows * usual >= ease * max(rows * t.REFUSED_EFFECT.value, beyond):
        share = round(aside / rows, 4)
        yield Found(
            REFUSED, "", {"rows": rows, "set_aside": aside, "share": share, "usual_share": round(usual, 4)}
        )


def _rows(deliveries: Sequence[Delivery]) -> tuple[int, int]:
    return sum(d.rows for d in deliveries), sum(d.quarantined for d in deliveries)


# --- digits ----------------------------------------------------------------------------------


def heaped(seen: Watched) -> Iterator[Found]:
    """Digits of the last quarter's or half year's new records against the calendar, evenness, or the feed's past."""
    told: set[str] = set()
    for days in (t.DIGITS_DAYS.value, t.DIGITS_LONG_DAYS.value):
        recent, before = window(seen.history, int(days))
        for name in sorted({name for delivery in recent for name in delivery.digits} - told):
            ease = t.HEAP_ENDS.value if (HEAPED, name) in seen.standing else 1.0
            if evidence := _heaped(name, summed(recent, name), before, ease):
                told.add(name)
                yield Found(HEAPED, name, evidence | {"window_days": days})


def _heaped(name: str, counts: Sequence[int], before: Sequence[Delivery], ease: float) -> dict[str, float]:
    what = name.rpartition("/")[2]
    if sum(counts) < t.DIGITS_N_MIN.value:
        return {}
    if what == AGES:
        return whipple(counts, ease)
    expected = _expected(what, summed(before, name))
    return heap(counts, expected, ease) if expected else {}


def _expected(what: str, before: Sequence[int]) -> Sequence[float]:
    if what == BIRTHS:
        return DAY_SHARES
    if what == LAST:
        return [0.1] * 10
    total = sum(before)
    # A digit that never came before may come: half a record each.
    return (
        [(n + 0.5) / (total + 0.5 * len(before)) for n in before] if total >= t.DIGITS_BASE_MIN.value else ()
    )


def heap(counts: Sequence[int], expected: Sequence[float], ease: float = 1.0) -> dict[str, float]:
    """The digit that stands out most, if it does by effect, by chance and with the whole distribution."""
    n = sum(counts)
    chi = sum((seen - n * share) ** 2 / (n * share) for seen, share in zip(counts, expected, strict=True))
    # The most out of line, first of those that are alike.
    digit = max(range(len(counts)), key=lambda d: counts[d] - n * expected[d])
    share, usual = counts[digit] / n, expected[digit]
    sigma = (counts[digit] - n * usual) / sqrt(2 * n * usual)
    if (
        share - usual >= t.HEAP_EFFECT.value * ease
        and share >= usual * (1 + (t.HEAP_RATIO.value - 1) * ease)
        and sigma >= t.HEAP_SIGMA.value * ease
        and chi_sigma(chi, len(counts) - 1) >= t.CHI_SIGMA.value * ease
    ):
        return {
            "digit": digit + (1 if len(counts) == 31 else 0), "n": n, "share": round(share, 4),
            "usual_share": round(usual, 4), "chi_square": round(chi, 1),
        }  # fmt: skip
    return {}


def chi_sigma(chi: float, freedom: int) -> float:
    """A chi-square as standard deviations of a normal distribution (Wilson and Hilferty)."""
    spread = 2 / (9 * freedom)
    return float(((chi / freedom) ** (1 / 3) - (1 - spread)) / sqrt(spread))


def whipple(counts: Sequence[int], ease: float = 1.0) -> dict[str, float]:
    """Whipple's index of ages by their last digit, where it says that they are heaped on 0 and 5."""
    n = sum(counts)
    heaps = counts[0] + counts[5]
    index = 500 * heaps / n
    sigma = (heaps - n / 5) / sqrt(2 * n * 0.2 * 0.8)
    begins = 100 + (t.WHIPPLE_BEGINS.value - 100) * ease
    if index >= begins and sigma >= t.HEAP_SIGMA.value * ease:
        return {"whipple": round(index, 1), "n": n, "usual": 100}
    return {}
