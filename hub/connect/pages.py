"""An HTTP interface as a drop: all its pages are one delivery, fetched again whenever one of them changed."""

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from hub.connect import Drop, Stray
from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row
from hub.connect.sources.http import Client, Fetched, State
from hub.domain.days import Day
from hub.errors import UnreadableSourceError


@dataclass(slots=True, weakref_slot=True, eq=False)
class Pages:
    """A connector over the pages of one interface."""

    feed: Feed
    url: str
    client: Client
    day: Day
    remembered: Path
    """Where is kept how to ask whether anything changed: no record of anybody."""
    _fetched: Fetched | None = None

    def drops(self) -> Iterator[Drop]:
        """All pages together."""
        yield Drop(urlsplit(self.url).path.strip("/") or "pages", self.day, changes=True)

    def strays(self) -> Iterator[Stray]:
        """An interface has none."""
        return iter(())

    def fingerprint(self, drop: Drop) -> str:
        """Of all that is kept of the pages; not fetched again where every page says that it is what it was."""
        try:
            if self._fetched is None and (before := self._state()) and self.client.unchanged(before):
                return before.digest
            return self._fetch().state.digest
        except UnreadableSourceError:
            return "unreadable"

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The records of all pages."""
        fetched = self._fetch()
        return fetched.report, self._rows(fetched)

    def _rows(self, fetched: Fetched) -> Iterator[Row]:
        # Of this object, which holds the spool open as long as anybody reads.
        yield from fetched.rows()

    def _fetch(self) -> Fetched:
        if self._fetched is None:
            self._fetched = self.client.fetch(self.feed)
            weakref.finalize(self, self._fetched.spool.close)
            self.remembered.parent.mkdir(parents=True, exist_ok=True)
            self.remembered.write_bytes(msgspec.json.encode(self._fetched.state))
        return self._fetched

    def _state(self) -> State | None:
        try:
            return msgspec.json.decode(self.remembered.read_bytes(), type=State)
        except (OSError, msgspec.DecodeError):
            return None
