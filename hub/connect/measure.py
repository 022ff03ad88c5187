"""Measuring a batch: what its published rows look like, as counts, in a few passes at C speed.

Nothing here names anybody: digits of days, ages and numbers, how many fields are filled, under how many
keys the commonest value stands, hashes of runs of twenty rows.
"""

import zlib
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport
from hub.domain.days import Day, day_of, iso, to_date
from hub.domain.events import BatchMeasured
from hub.domain.watching import thresholds as t
from hub.domain.watching.content import AGES, AGES_FROM, AGES_TO, BIRTHS, LAST, OFFICE
from hub.projections.intake import KnownRow

Published = Sequence[tuple[Mapping[str, Any], KnownRow | None]]
"""The fields of each version that was published, and the version known before."""

DATES_MAX = 6
COLUMNS_MAX = 200
SAME_MIN = 3
"""Under fewer keys nothing is a copy worth a word."""
RUN, ONE_IN = int(t.RUN_ROWS.value), int(t.ANCHOR_ONE_IN.value)


@cache
def days_of_month() -> tuple[Day, bytes]:
    """The first day of a table, and for each day behind it the day of its month: asked by the million."""
    first, last = day_of("1880-01-01"), day_of("2120-12-31")
    return first, bytes(to_date(day).day for day in range(first, last + 1))


class Measure:
    """What is worth counting in a feed, by its contract."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        dates = [f for f in feed.fields if f.kind == "date"]
        self._births = next((f.name for f in dates if f.attribute == "birth_date"), "")
        self._dates = [(f.name, BIRTHS if f.name == self._births else OFFICE) for f in dates[:DATES_MAX]]
        self._phones = [f.name for f in feed.fields if f.kind == "phone"]
        self._numbers = [f.name for f in feed.fields if f.attribute == "number"]
        self._name = next((f.name for f in feed.fields if f.attribute in ("name", "given_name")), "")
        self._salt = feed.name.encode()

    def event(
        self, batch_id: str, drop: str, day: Day, published: Published, report: HeadingReport
    ) -> BatchMeasured:
        """The measures of one batch."""
        fresh = [fields for fields, known in published if known is None]
        replaced = Counter(known.published_on for _, known in published if known is not None)
        corrected: Counter[str] = Counter()
        for on, count in replaced.items():
            corrected[iso(on)[:7]] += count
        columns = [f"-{name}" for name, _ in report.missing] + [f"+{heading}" for heading in report.ignored]
        return BatchMeasured(
            self._feed.name, batch_id, drop, day, len(published), len(fresh),
            filled(fields for fields, _ in published), dict(corrected), self._digits(fresh, day),
            self._copied(fresh), self._anchors(fresh), sorted(columns[:COLUMNS_MAX]),
        )  # fmt: skip

    def _digits(self, fresh: Sequence[Mapping[str, Any]], day: Day) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        first, table = days_of_month()
        for name, what in self._dates:
            offsets = [fields[name] - first for fields in fresh if name in fields]
            days = Counter([table[offset] for offset in offsets if 0 <= offset < len(table)])
            if days:
                found[f"{name}/{what}"] = [days[n] for n in range(1, 32)]
        if self._births:
            ages = Counter([(day - f[self._births]) * 100 // 36_525 for f in fresh if self._births in f])
            digits = [0] * 10
            for age in range(AGES_FROM, AGES_TO + 1):
                digits[age % 10] += ages[age]
            if any(digits):
                found[f"{self._births}/{AGES}"] = digits
        for name in self._phones:
            last = Counter([fields[name][-1:] for fields in fresh if name in fields])
            found[f"{name}/{LAST}"] = [last[digit] for digit in "0123456789"]
        return found

    def _copied(self, fresh: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        found = {}
        kinds = [(name, "phone") for name in self._phones] + [(name, "number") for name in self._numbers]
        for name, kind in kinds:
            found[f"{name}/{kind}"] = _commonest([fields[name] for fields in fresh if name in fields])
        if self._name and self._births:
            name, births = self._name, self._births
            pairs = [(f[name], f[births]) for f in fresh if name in f and births in f]
            found[f"{name}/block"] = _commonest(pairs)
        return {name: keys for name, keys in found.items() if keys >= SAME_MIN}

    def _anchors(self, fresh: Sequence[Mapping[str, Any]]) -> list[int]:
        """Hashes of runs of rows without their keys; which rows begin one, what they say decides."""
        if len(fresh) < RUN:
            return []
        key, encode = self._feed.key, msgspec.json.encode
        marks = array(
            "I", [zlib.crc32(encode(f).replace(encode(f[key]), b"", 1)) for f in fresh]
        )  # fmt: skip
        raw, width = marks.tobytes(), marks.itemsize
        return [
            int.from_bytes(
                blake2b(raw[at * width : (at + RUN) * width], digest_size=8, salt=b"", key=self._salt[:64]).digest(),
                "big", signed=True,
            )
            for at, mark in enumerate(marks[: len(marks) - RUN + 1])
            if not mark % ONE_IN and len(set(marks[at : at + RUN])) >= t.RUN_KINDS_MIN.value
        ]  # fmt: skip


def filled(versions: Any) -> dict[str, int]:
    """How often each field is there; most versions of a feed have one of a few sets of fields."""
    found: Counter[str] = Counter()
    for names, count in Counter(map(tuple, versions)).items():
        for name in names:
            found[name] += count
    return dict(found)


def _commonest(values: Sequence[Any]) -> int:
    return max(Counter(values).values(), default=0)
