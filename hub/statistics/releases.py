"""What was given out before: whoever has an earlier release compares it with the next.

A release is known by its name and remembered key by key. What it told is known for good, as long as it is still so;
what it withheld no later one tells, however the county has grown: the difference would tell what was kept back.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple

from hub.domain.days import Day, day_of
from hub.errors import SettingsError
from hub.statistics.disclosure.suppression import Given
from hub.statistics.periods import FORMS, period
from hub.statistics.spans import Span
from hub.statistics.tables import Key

SEPARATOR = "|"
A_DAY = r"\d{4}-\d\d-\d\d"


class Released(NamedTuple):
    """One release: the counts it told, and those it withheld."""

    name: str
    shown: Mapping[Key, int]
    withheld: frozenset[Key]


History = Mapping[str, Released]
"""All releases by name."""


def given(history: History) -> Given:
    """What all of them together told and withheld."""
    told: dict[Hashable, set[int]] = {}
    for one in history.values():
        for key, value in one.shown.items():
            told.setdefault(key, set()).add(value)
    return Given(told, frozenset(key for one in history.values() for key in one.withheld))


def keys_of(history: History) -> frozenset[Key]:
    """The keys that any of them spoke of."""
    return frozenset(key for one in history.values() for key in (*one.shown, *one.withheld))


def written(key: Key) -> str:
    """A key as the log has it."""
    return SEPARATOR.join(key)


def read(text: str) -> Key:
    """The key that was written so."""
    indicator, area, when, sex, by = text.split(SEPARATOR)
    return Key(indicator, area, when, sex, by)


def spans_of(keys: Iterable[Key], first: Day, last: Day) -> list[Span]:
    """The spans that these keys are of, as far as they lie between two days, in all detail."""
    found = [_span(name) for name in sorted({key.period for key in keys})]
    return [span for span in found if span is not None and first <= span.first and span.last <= last]


def days_of(keys: Iterable[Key], first: Day, last: Day) -> list[Day]:
    """The days that these keys are of, as far as they lie between two."""
    found = {day_of(key.period) for key in keys if re.fullmatch(A_DAY, key.period)}
    return sorted(day for day in found if first <= day <= last)


def _span(name: str) -> Span | None:
    kind = next((kind for kind, (form, _) in FORMS.items() if re.fullmatch(form, name)), None)
    if kind is None:
        return None
    try:
        return period(kind, name).span()
    except SettingsError:
        return None
