"""A table read by its change column: in parts, of which only those are read whose rows changed.

A part is a day of the column, or a range of its numbers. How many rows it has, the
least and the greatest value tell whether any of them changed or went, so
no position is kept that could be lost, and a row that is late is read whenever it comes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine

from hub.connect import Drop, Stray
from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row
from hub.connect.sources import sql
from hub.domain.days import Day, from_date
from hub.errors import HubError, RetryableError


@dataclass(slots=True)
class Changes:
    """A connector over one table whose rows bear the day, time or number of their last change."""

    feed: Feed
    engine: Engine
    day: Day
    cursor: str
    _parts: Mapping[str, sql.Part] = field(default_factory=dict)
    _error: HubError | None = None

    def drops(self) -> Iterator[Drop]:
        """The parts of the table, by their days; those without one count as published on the day that is said."""
        try:
            found = sql.parts(self.engine, self.feed, self.cursor)
        except HubError as error:
            # Told where the drop is read: there it is a refusal, or to be tried later.
            self._error, found = error, []
            yield Drop(self.feed.table, self.day, changes=True)
        self._parts = {f"{self.feed.table}@{part.name}": part for part in found}
        for name, part in self._parts.items():
            yield Drop(name, from_date(part.day) if part.day else self.day, changes=True)

    def strays(self) -> Iterator[Stray]:
        """A table has none."""
        return iter(())

    def fingerprint(self, drop: Drop) -> str:
        """Of the change column in this part."""
        if isinstance(self._error, RetryableError):
            raise self._error
        return "unreadable" if self._error else self._parts[drop.name].fingerprint

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The rows of one part."""
        if self._error:
            raise self._error
        return sql.read_table(self.engine, self.feed, self._parts[drop.name].where)
