"""Files as drops: a folder of dated files, or one file that is kept up to date.

Most departments deliver files into `<root>/<department>/<feed>/`, named
`YYYY-MM-DD` with whatever behind it. A dated file is read once however often
the folder is polled, whenever it comes; one that was refused is read again when
it has been repaired. A single file is read again whenever it has changed.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.connect import Drop, Stray
from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row
from hub.connect.sources import fingerprint
from hub.domain.days import Day, day_of
from hub.errors import UnreadableSourceError

Reader = Callable[[Path, Feed], tuple[HeadingReport, Iterator[Row]]]
DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
# What file systems, copying tools and office programs leave beside files, on their own business.
HIDDEN = (".", "~$", "Thumbs.db", "desktop.ini")
HIDDEN_ENDS = ("-wal", "-shm", "-journal")
NAME_SHOWN_MAX = 128
CHECKSUM = ".sha256"


def folder_of(feed: Feed, root: Path) -> Path:
    """Where a feed's drops lie under a root that holds those of all departments."""
    return root / feed.department / feed.name.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Folder:
    """A connector over a folder of dated files, read by one of the generic sources."""

    feed: Feed
    folder: Path
    suffixes: tuple[str, ...]
    reader: Reader
    marker: str = ""
    """What is behind the name of the file that says another is complete, as `.done` or `.sha256`; empty: none."""

    def drops(self) -> Iterator[Drop]:
        """All dated files of the format that are complete, in order of their names."""
        for path in self._files():
            day = day_of_name(path.name)
            if day is not None and self._fits(path) and self._is_complete(path):
                yield Drop(path.name, day)

    def strays(self) -> Iterator[Stray]:
        """Files without a day or of another format: they have no place in the order of days."""
        for path in self._files():
            name = path.name if len(path.name) <= NAME_SHOWN_MAX else path.name[:NAME_SHOWN_MAX] + "…"
            if not self._fits(path):
                yield Stray(name, f"not a file ending in {' or '.join(self.suffixes)}")
            elif day_of_name(path.name) is None:
                yield Stray(name, "its name does not begin with a day, as in 2024-01-31")
            elif not self._is_complete(path):
                yield Stray(name, f"there is no {name}{self.marker} beside it yet", "incomplete-drop")

    def fingerprint(self, drop: Drop) -> str:
        """Of the file's bytes, and of its checksum's where it has one."""
        path = self.folder / drop.name
        return fingerprint(path) + (fingerprint(self._marker_of(path))[:8] if self._is_summed else "")

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The rows of one file."""
        path = self.folder / drop.name
        if self._is_summed:
            check_sum(path, self._marker_of(path))
        return self.reader(path, self.feed)

    @property
    def _is_summed(self) -> bool:
        return self.marker == CHECKSUM

    def _marker_of(self, path: Path) -> Path:
        return path.with_name(path.name + self.marker)

    def _is_complete(self, path: Path) -> bool:
        return not self.marker or self._marker_of(path).is_file()

    def _files(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        found = (path for path in self.folder.iterdir() if not path.name.startswith(HIDDEN))
        return sorted(
            path for path in found if not path.name.endswith((*HIDDEN_ENDS, *filter(None, (self.marker,))))
        )

    def _fits(self, path: Path) -> bool:
        """`.gz` behind the suffix is one too."""
        return path.name.lower().removesuffix(".gz").endswith(self.suffixes) and path.is_file()


def check_sum(path: Path, marker: Path) -> None:
    """Refuse a file that is not what the SHA-256 beside it says."""
    try:
        said = marker.read_text("ascii").split()[:1]
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableSourceError(
            f"{path.name}: its checksum cannot be read", problem="wrong-checksum"
        ) from error
    if [found] != [each.lower() for each in said]:
        raise UnreadableSourceError(f"{path.name}: its checksum is another", problem="wrong-checksum")


def day_of_name(name: str) -> Day | None:
    """The day a file's name begins with; None for other files, as office programs leave them."""
    found = DATED.match(name)
    try:
        return day_of(found[0]) if found else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class File:
    """A connector over one file that is kept up to date: a feed by configuration alone."""

    feed: Feed
    path: Path
    day: Day
    reader: Reader

    def drops(self) -> Iterator[Drop]:
        """The file."""
        yield Drop(self.path.name, self.day, changes=True)

    def strays(self) -> Iterator[Stray]:
        """A file alone has none."""
        return iter(())

    def fingerprint(self, drop: Drop) -> str:
        """Of the file's bytes."""
        return fingerprint(self.path)

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The rows of the file."""
        return self.reader(self.path, self.feed)
