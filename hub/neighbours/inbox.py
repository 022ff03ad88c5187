"""A connector over the letters of neighbours: each notice becomes a record, through the same gates as any.

Letters are taken in the order of their numbers. One that is missing holds up those behind it, since
a later one may take back what it told; one that its sender did not sign is told of and never read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hub.connect import Drop, Stray
from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, wanted
from hub.connect.sources import fingerprint
from hub.domain.notices import ANSWER, DEPARTMENT, Notice
from hub.errors import SourceUnavailableError, UnreadableSourceError
from hub.neighbours import LETTER_BYTES_MAX, name_of, number_of
from hub.neighbours.opener import Head, Opener

LETTERS_MAX = 10_000
"""Letters that are looked at in one round; the others wait for the next."""


class Sender(NamedTuple):
    """A neighbour whose letters are read: its county, where they lie, and who opens them."""

    county: str
    folder: Path
    opener: Opener
    read: Mapping[str, set[str]]
    """By kind of notice the names of the letters that were read for it."""

    @property
    def reached(self) -> int:
        """The number of the last letter that was read; the feed of answers reads each."""
        mine = (name for name in self.read[ANSWER] if name.startswith(f"{self.county}-"))
        return max((number_of(name) for name in mine), default=0)


@dataclass(frozen=True, slots=True)
class Inbox:
    """The notices of one kind in the letters of all neighbours."""

    feed: Feed
    county: str
    senders: tuple[Sender, ...]

    @property
    def kind(self) -> str:
        """The kind of notice that this feed is made of."""
        return self.feed.name.removeprefix(f"{DEPARTMENT}.")

    def drops(self) -> Iterator[Drop]:
        """Every letter that tells of this kind, as far as none before it is missing."""
        for sender in self.senders:
            for path, letter in in_order(sender, self.county).letters:
                if self.kind in letter.kinds:
                    yield Drop(path.name, letter.day)

    def strays(self) -> Iterator[Stray]:
        """Letters that cannot be read, or must wait for one that is missing."""
        for sender in self.senders:
            yield from in_order(sender, self.county).strays

    def fingerprint(self, drop: Drop) -> str:
        """Of the letter's bytes."""
        return fingerprint(self._path(drop)[1])

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The notices of this kind in one letter."""
        sender, path = self._path(drop)
        notices = sender.opener.notices(_bytes(path))
        return HeadingReport((), (), ()), self._rows(sender.county, notices)

    def _rows(self, sender: str, notices: Sequence[Notice]) -> Iterator[Row]:
        names, operation = set(wanted(self.feed)), self.feed.operation
        for number, notice in enumerate(notices, start=1):
            if notice.kind == self.kind:
                cells: dict[str, object] = {self.feed.key: f"{sender}/{notice.key}"}
                if notice.fields is None and operation is not None:
                    cells[operation.heading] = "withdraw"
                cells |= {name: value for name, value in (notice.fields or {}).items() if name in names}
                yield Row(number, cells)

    def _path(self, drop: Drop) -> tuple[Sender, Path]:
        sender = next(each for each in self.senders if drop.name.startswith(f"{each.county}-"))
        return sender, sender.folder / drop.name


class InOrder(NamedTuple):
    """The letters of one neighbour that may be read, in order, and what is wrong with the rest."""

    letters: list[tuple[Path, Head]]
    strays: list[Stray]


def in_order(sender: Sender, county: str) -> InOrder:
    """Look through what lies there; the first number that is missing ends it."""
    found = InOrder([], [])
    for path in _files(sender, county):
        try:
            letter = sender.opener.head(_bytes(path))
        except UnreadableSourceError as error:
            found.strays.append(Stray(path.name, str(error), str(error.context.get("problem", "bad-letter"))))
            break
        # Those that were read may be gone, as their sender tidies up; the next one may not be.
        expected = (
            found.letters[-1][1].number + 1 if found.letters else min(letter.number, sender.reached + 1)
        )
        if letter.number != expected or path.name != letter.name:
            missing = name_of(sender.county, county, expected)
            found.strays.append(Stray(path.name, f"{missing} has not come yet", "letter-missing"))
            break
        found.letters.append((path, letter))
    return found


def _files(sender: Sender, county: str) -> list[Path]:
    if not sender.folder.is_dir():
        return []
    return sorted(sender.folder.glob(f"{sender.county}-{county}-*.json"))[:LETTERS_MAX]


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LETTER_BYTES_MAX + 1)
    except OSError as error:
        raise SourceUnavailableError(f"{path.name} cannot be read now") from error


def seen(sender: Sender, county: str) -> int:
    """The last letter with notices, up to which all were read; one without any asks for no answer."""
    last = 0
    for path, letter in in_order(sender, county).letters:
        if letter.number > sender.reached or not all(path.name in sender.read[kind] for kind in letter.kinds):
            break
        last = letter.number if letter.tells else last
    return last


def answered(sender: Sender, county: str) -> int:
    """Up to which number our letters were read there, as its own say."""
    return max((letter.seen for _, letter in in_order(sender, county).letters), default=0)
