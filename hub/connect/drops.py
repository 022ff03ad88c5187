"""Folders of drops: `<root>/<department>/<feed>/<YYYY-MM-DD>.<ext>`, one file a day.

Most departments deliver files into a folder. A name is read once however
often the folder is polled, and a file that comes late is read when it comes:
ingestion remembers each drop, not just the newest.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from hub.connect import Drop
from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row
from hub.domain.days import Day, day_of

Reader = Callable[[Path, Feed], tuple[HeadingReport, Iterator[Row]]]
DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Folder:
    """A connector over a folder of dated files, read by one of the generic sources."""

    feed: Feed
    root: Path
    suffix: str
    reader: Reader

    def drops(self) -> Iterator[Drop]:
        """All dated files; `.gz` behind the suffix is one too."""
        folder = self.root / self.feed.department / self.feed.name.partition(".")[2]
        for path in sorted([*folder.glob(f"*{self.suffix}"), *folder.glob(f"*{self.suffix}.gz")]):
            day = _day_of_name(path.name)
            if day is None:
                # It has no place in the order of days.
                log.warning("file-without-day-ignored", feed=self.feed.name, drop=path.name)
            else:
                yield Drop(path.name, day, path)

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The rows of one file."""
        return self.reader(drop.path, self.feed)


def _day_of_name(name: str) -> Day | None:
    """The day a file's name begins with; None for stray files, as office programs leave them."""
    found = DATED.match(name)
    try:
        return day_of(found[0]) if found else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class File:
    """A connector over one file: a feed that exists by configuration alone."""

    feed: Feed
    path: Path
    day: Day
    reader: Reader

    def drops(self) -> Iterator[Drop]:
        """The file."""
        yield Drop(self.path.name, self.day, self.path)

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The rows of the file."""
        return self.reader(drop.path, self.feed)
