"""A table or view of a database as a drop: read whole, again whenever it has changed."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine

from hub.connect import Drop, Stray
from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row
from hub.connect.sources import sql
from hub.domain.days import Day
from hub.errors import UnreadableSourceError


@dataclass(frozen=True, slots=True)
class Table:
    """A connector over one table of a database that SQLAlchemy can reach."""

    feed: Feed
    engine: Engine
    day: Day

    def drops(self) -> Iterator[Drop]:
        """The table."""
        yield Drop(self.feed.table, self.day, changes=True)

    def strays(self) -> Iterator[Stray]:
        """A table has none."""
        return iter(())

    def fingerprint(self, drop: Drop) -> str:
        """Of its rows: databases keep no such thing, so the table is read once more for it."""
        try:
            return sql.fingerprint(self.engine, self.feed)
        except UnreadableSourceError:
            return "unreadable"

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The rows of the table."""
        return sql.read_table(self.engine, self.feed)
