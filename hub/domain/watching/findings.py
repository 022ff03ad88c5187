"""All that is odd about a feed at the close of a day."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hub.domain.watching import (
    COLUMNS,
    COPIED,
    HEAPED,
    MISSING,
    REFUSED,
    REPEATED,
    SILENT,
    VOLUME,
    Found,
    Look,
    Watched,
)  # fmt: skip
from hub.domain.watching.content import columns, copied, heaped, refused, repeated
from hub.domain.watching.rhythm import silence, volume
from hub.domain.watching.serials import passed_over

DAILY: Sequence[Look] = (silence, volume, passed_over)
AT_DELIVERY: Sequence[Look] = (repeated, copied, columns, refused)
"""They change with a delivery only."""
LARGE_ROWS, DAYS_BETWEEN = 200, 7
KINDS_OF: Mapping[Look, str] = {
    silence: SILENT, volume: VOLUME, repeated: REPEATED, copied: COPIED, columns: COLUMNS, refused: REFUSED,
    heaped: HEAPED, passed_over: MISSING,
}  # fmt: skip


class Verdict(NamedTuple):
    """What stands from today on: what began, and what is over."""

    begun: list[Found]
    over: list[tuple[str, str]]


def verdict(seen: Watched) -> Verdict:
    """Compare what is odd today with what stands."""
    looks = list(DAILY)
    if seen.last.day == seen.today:
        looks += AT_DELIVERY
    # A quarter's digits hardly change from day to day: once a week, and when much has come.
    if seen.today % DAYS_BETWEEN == 0 or (seen.last.day == seen.today and seen.last.fresh >= LARGE_ROWS):
        looks.append(heaped)
    found = {(each.kind, each.subject): each for look in looks for each in look(seen)}
    if any(kind == SILENT for kind, _ in found):
        # Nothing is also too little: one cause is told of once.
        found = {key: each for key, each in found.items() if key[0] != VOLUME}
        looks.remove(volume)
    asked = {KINDS_OF[look] for look in looks}
    begun = [each for key, each in found.items() if key not in seen.standing]
    over = [key for key in seen.standing if key[0] in asked and key not in found]
    return Verdict(begun, sorted(over))
