"""Divisions: which place a code names on which day, and what became of it.

A code is not a place: counties and towns are renamed, merged and split, and
each year's codes are issued anew. So a code is asked together with a day. One
that was abolished stays right for what happened before; figures are cut by
the divisions of the day, or carried through successors to those of a later
one. After a split nobody can tell from the code alone, and that is said.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.domain.days import Day, iso

STATISTICAL = "statistical"
"""The system of 12-digit codes: 6 digits for a county, 9 for a town, 12 for a village."""
LEVELS = (6, 9, 12)
ALWAYS, STILL = -1_000_000, 1_000_000
"""Bounds of validity that nobody states."""
CHANGES: Mapping[str, tuple[int, int]] = {
    "": (0, 0), "abolished": (0, 0), "renamed": (1, 1), "merged": (1, 1), "split": (2, 64),
}  # fmt: skip
"""How a code may end, with the least and the most successors it then has."""
VALID, NOT_YET, ABOLISHED, UNKNOWN, NOT_LISTED = "valid", "not-yet", "abolished", "unknown", "not-listed"


class Division(NamedTuple):
    """What a code means from its first to its last day, how it ended, and what it became the day after."""

    system: str
    code: str
    name: str
    valid_from: Day
    valid_to: Day
    change: str
    successors: tuple[str, ...]


class Area(NamedTuple):
    """The areas that may be meant, and how many digits were asked for."""

    candidates: tuple[str, ...]
    digits: int

    @property
    def code(self) -> str | None:
        """The area, if it is clear; None after a split, or where the place is gone or known too roughly."""
        clear = len(self.candidates) == 1 and len(self.candidates[0]) == self.digits
        return self.candidates[0] if clear else None


@dataclass(frozen=True, slots=True)
class Divisions:
    """A table of dated codes of one system."""

    rows: Mapping[str, tuple[Division, ...]] = field(default_factory=dict)
    """By code, the earliest first."""
    _parents: frozenset[str] = frozenset()
    """Codes whose parts are listed too."""
    _former: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By code those that it was made of."""

    @staticmethod
    def of(rows: Iterable[Division], system: str = STATISTICAL) -> "Divisions":
        """The table of one system; `objections` says whether its rows fit together."""
        by_code: dict[str, list[Division]] = {}
        for row in sorted(rows, key=lambda row: (row.code, row.valid_from)):
            if row.system == system:
                by_code.setdefault(row.code, []).append(row)
        listed = {code: tuple(found) for code, found in sorted(by_code.items())}
        former: dict[str, tuple[str, ...]] = {}
        for row in (row for found in listed.values() for row in found):
            for successor in row.successors:
                former[successor] = (*former.get(successor, ()), row.code)
        return Divisions(listed, frozenset(parent for code in listed if (parent := _above(code))), former)

    @property
    def digest(self) -> str:
        """What tables cite, so that anyone can tell by which divisions they were made."""
        total = hashlib.sha256()
        for found in self.rows.values():
            total.update(repr([tuple(row) for row in found]).encode())
        return total.hexdigest()

    def status(self, code: str, day: Day) -> str:
        """Whether a code was valid on a day: VALID, NOT_YET, ABOLISHED or UNKNOWN; NOT_LISTED is not ours to judge."""
        known = self._listed(code)
        if not known:
            return NOT_LISTED
        if known != code and known in self._parents:
            return UNKNOWN
        if self._on(known, day):
            return VALID
        return NOT_YET if day < self.rows[known][0].valid_from else ABOLISHED

    def became(self, code: str, day: Day, until: Day) -> frozenset[str]:
        """The codes that on a later day stand for what a code named on `day`: several after a split, none if gone.

        A code stated before its first day or after its last stands for what it named on that one. Of a
        village that is not listed itself, a merged or split town leaves the successor alone.
        """
        if self.status(code, day) == NOT_LISTED:
            return frozenset((code,))
        found: set[str] = set()
        pending = {(code, self._nearest(code, day))}
        while pending:
            each, since = pending.pop()
            known = self._listed(each)
            row = self._on(known, since)
            if row is None or (known != each and known in self._parents):
                continue
            if row.valid_to >= until:
                found.add(each)
                continue
            kept = each[len(known) :] if row.change == "renamed" else ""
            pending |= {(successor + kept, row.valid_to + 1) for successor in row.successors}
        return frozenset(found)

    def in_force(self, code: str) -> Day:
        """The first day of a listed code, or of the nearest area above it that is listed."""
        return self.rows[self._listed(code)][0].valid_from

    def meant(self, code: str, day: Day) -> frozenset[str]:
        """The codes that on a day name the place which a code names on another: what it became, or was made of."""
        if self.status(code, day) != NOT_YET:
            return self.became(code, day, day)
        found: set[str] = set()
        pending, seen = {code}, {code}
        while pending:
            for former in self._former.get(pending.pop(), ()):
                if self._on(former, day):
                    found.add(former)
                elif former not in seen:
                    pending.add(former)
                seen.add(former)
        return frozenset(found)

    def area(self, code: str, day: Day, digits: int, as_on: Day | None = None) -> Area:
        """The area of so many digits where something happened on a day, cut as on that day or as on a later one."""
        codes = (code,) if as_on is None or as_on <= day else self.became(code, day, as_on)
        return Area(tuple(sorted({each[:digits] for each in codes})), digits)

    def name(self, code: str, day: Day) -> str:
        """What a code was called on a day; empty if that is not known."""
        row = self._on(code, day)
        return row.name if row else ""

    def _listed(self, code: str) -> str:
        """The code itself or the nearest area above it that is listed; empty if none is."""
        while code and code not in self.rows:
            code = _above(code)
        return code

    def _nearest(self, code: str, day: Day) -> Day:
        """The day itself, or the nearest one before, else after, on which a listed code is valid."""
        rows = self.rows[self._listed(code)]
        return max(
            (min(day, row.valid_to) for row in rows if row.valid_from <= day), default=rows[0].valid_from
        )

    def _on(self, code: str, day: Day) -> Division | None:
        return next((row for row in self.rows.get(code, ()) if row.valid_from <= day <= row.valid_to), None)


NOWHERE = Divisions()
"""Where no table was given, no code can be judged."""


def objections(rows: Sequence[Division]) -> Iterator[tuple[int, str]]:
    """What is wrong with rows of a table: the row's place among them, and why."""
    tables = {system: Divisions.of(rows, system) for system in {row.system for row in rows}}
    for number, row in enumerate(rows):
        table = tables[row.system]
        if len(row.code) not in LEVELS or not (row.code.isascii() and row.code.isdigit()):
            yield number, f"a code has {' or '.join(map(str, LEVELS))} digits"
        if row.valid_from > row.valid_to:
            yield number, "it ends before it begins"
        if row.change not in CHANGES:
            yield number, f"change is one of {', '.join(filter(None, CHANGES))}, or empty while it is valid"
            continue
        if (row.valid_to == STILL) != (row.change == ""):
            yield number, "a code that ended says how (change), one that did not says nothing"
        least, most = CHANGES[row.change]
        if not least <= len(row.successors) <= most:
            yield number, f"{row.change or 'a valid code'} has {least} to {most} successors"
        for successor in row.successors:
            if len(successor) != len(row.code) or table._on(successor, row.valid_to + 1) is None:
                yield number, f"the successor {successor} is not listed as valid on {iso(row.valid_to + 1)}"
        if any(_overlap(row, other) for other in table.rows[row.code] if other is not row):
            yield number, f"{row.code} is listed twice for the same days"
        if not _within(row, table):
            yield number, f"{row.code} is valid on days when the area above it is not"


def _above(code: str) -> str:
    """The area above: of a village the town, of a town the county, of a county nothing."""
    return code[: len(code) - 3] if len(code) > LEVELS[0] else ""


def _overlap(row: Division, other: Division) -> bool:
    return row.valid_from <= other.valid_to and other.valid_from <= row.valid_to


def _within(row: Division, table: Divisions) -> bool:
    """Whether a row lies within the days of the nearest area above that is listed."""
    above = table.rows.get(table._listed(_above(row.code)), ())
    day = row.valid_from
    for span in above:
        if span.valid_from <= day <= span.valid_to:
            day = span.valid_to + 1
    return not above or day > row.valid_to
