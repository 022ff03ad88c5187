"""A topic of change events as drops: each partition cut where ingestion had come to, by days.

A drop is a run of offsets of one partition and one day, and bears both in its name, so the names
that the log's receipts hold are the cursor: nothing is ever committed to the brokers, and
messages that are read again are known by their drop. Of several changes to one record in a drop the
last counts, so that a drop taken twice says the same. A day never lies before that of an earlier
message: the order of a record's changes is that of its partition.
"""

import hashlib
import re
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.connect import Drop, Stray
from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.connect.sources.debezium import NO_DAY, Change, change_of, day_of_ms
from hub.domain.days import Day, day_of, iso
from hub.errors import IntegrityError, LogUnavailableError, SourceUnavailableError, UnreadableSourceError
from hub.log.kafka.foreign import ForeignTopic, Message

MESSAGES_MAX = 50_000
BYTES_MAX = 64 << 20
NAMES_MAX = 1_000
PLACES_SHOWN_MAX = 20
WITHDRAWALS_MIN = 10
"""So many deletions are never a burst, however few records there are."""
NAME = re.compile(
    r"(?P<partition>[0-9]+) (?P<first>[0-9]+)-(?P<last>[0-9]+) (?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)


class Run(NamedTuple):
    """Offsets of one partition that are one drop."""

    partition: int
    first: int
    last: int
    day: Day


class Weight(NamedTuple):
    """How many records messages leave standing, and how many they take back."""

    kept: int = 0
    withdrawn: int = 0

    def __add__(self, other: object) -> "Weight":
        assert isinstance(other, Weight)
        return Weight(self.kept + other.kept, self.withdrawn + other.withdrawn)


@dataclass(slots=True, weakref_slot=True, eq=False)
class ChangeEvents:
    """A connector over the change events of one table."""

    feed: Feed
    topic: ForeignTopic
    withdrawals_max: int
    """Of a hundred records that stand, so many may be taken back at once."""
    _begun: Mapping[str, bool] = field(default_factory=dict)
    _held: int = 0
    _first: dict[int, int] = field(default_factory=dict)
    _burst: bool = False

    def __post_init__(self) -> None:
        weakref.finalize(self, self.topic.close)

    def resume(self, begun: Mapping[str, bool], held: int) -> None:
        """Be told which drops were begun and whether they are done, and how many records stand."""
        self._begun, self._held = begun, held

    def drops(self) -> Iterator[Drop]:
        """The drops that were begun and are not done, then what is new, a day at a time."""
        runs: list[Run] = []
        weight = Weight()
        with self._reading():
            for partition, (first, end) in self.topic.bounds().items():
                self._first[partition] = first
                for run, more in self._cut(partition, first, end):
                    runs.append(run)
                    weight += more
        allowed = (self._held + weight.kept) * self.withdrawals_max // 100
        self._burst = weight.withdrawn > max(WITHDRAWALS_MIN, allowed)
        for run in sorted(runs):
            yield Drop(self._name(run), run.day)

    def strays(self) -> Iterator[Stray]:
        """A topic has none: what is no change is counted in its drop's receipt."""
        return iter(())

    def fingerprint(self, drop: Drop) -> str:
        """Of its name: a message never changes."""
        return hashlib.blake2b(drop.name.encode(), digest_size=12).hexdigest()

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """What the messages of a drop leave of each record, and of those that could not be read where they lie."""
        run = self._run(drop.name)
        with self._reading():
            changes = list(map(self._change, self._messages(run.partition, run.first, run.last + 1)))
        names = dict.fromkeys(name for change in changes for name in change.names)
        if len(names) > NAMES_MAX:
            raise UnreadableSourceError(f"{self.feed.name}: more than {NAMES_MAX:,} different names")
        absent = [heading for heading in wanted(self.feed) if heading not in names]
        rows = [change for change in latest(changes) if change.row is not None]
        report = check_headings(self.feed, [*names, *absent])._replace(notes=tuple(_notes(changes, rows)))
        return report, self._rows(run, rows)

    def _rows(self, run: Run, changes: Iterable[Change]) -> Iterator[Row]:
        if run.first < self._first.get(run.partition, 0):
            yield Row(run.first + 1, {}, "messages-lost")
        for change in changes:
            assert change.row is not None
            refused = self._burst and change.withdraws and not change.row.problem
            yield change.row._replace(problem="mass-deletion") if refused else change.row

    # --- cutting -----------------------------------------------------------------------------

    def _cut(self, partition: int, first: int, end: int) -> Iterator[tuple[Run, Weight]]:
        """The runs of a partition that are to be read, and what they weigh."""
        begun = sorted(
            (self._run(name), done) for name, done in self._begun.items() if self._is_of(name, partition)
        )
        position, day = (min(first, begun[0][0].first) if begun else first), NO_DAY
        for run, done in begun:
            yield from self._new(partition, position, run.first, day)
            if not done and run.last >= first:
                yield run, _weight(map(self._change, self._messages(partition, run.first, run.last + 1)))
            position, day = run.last + 1, run.day
        if end < position:
            raise SourceUnavailableError(
                f"{self.feed.name}: {self.topic.name}/{partition} ends at offset {end - 1}, and was read up to "
                f"{position - 1}: it was made anew; name the new topic otherwise"
            )
        yield from self._new(partition, position, end, day)

    def _new(self, partition: int, start: int, end: int, day: Day) -> Iterator[tuple[Run, Weight]]:
        """Runs from `start` up to, and without, `end`; the day of the message before them was `day`."""
        last = max(start, self._first[partition]) - 1
        part: list[Change] = []
        size = written = 0
        for message in self._messages(partition, start, end) if start < end else ():
            change = self._change(message)
            today = max(day, change.day)
            if part and (today > day > NO_DAY or len(part) == MESSAGES_MAX or size > BYTES_MAX):
                yield Run(partition, start, last, _or_written(day, written)), _weight(part)
                part, size, start = [], 0, last + 1
            day, last, written = today, message.offset, message.written_ms
            part.append(change._replace(row=None, names=()))
            size += len(message.value or b"")
        if start <= last < end:
            yield Run(partition, start, last, _or_written(day, written)), _weight(part)

    def _messages(self, partition: int, start: int, end: int) -> Iterator[Message]:
        return self.topic.messages(partition, max(start, self._first.get(partition, 0)), end)

    def _change(self, message: Message) -> Change:
        # Rows are counted from one: row 0 is a drop as a whole.
        return change_of(self.feed, message.offset + 1, message.key, message.value, message.written_ms)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (LogUnavailableError, IntegrityError) as error:
            raise SourceUnavailableError(f"{self.feed.name}: {error}") from error

    # --- names -------------------------------------------------------------------------------

    def _name(self, run: Run) -> str:
        # Offsets in full width: the quarantine keeps a day's rows in the order of their drops' names.
        return f"{self.topic.name}/{run.partition} {run.first:015d}-{run.last:015d} {iso(run.day)}"

    def _run(self, name: str) -> Run:
        found = NAME.fullmatch(name.removeprefix(f"{self.topic.name}/"))
        assert found is not None
        return Run(int(found["partition"]), int(found["first"]), int(found["last"]), day_of(found["day"]))

    def _is_of(self, name: str, partition: int) -> bool:
        return name.startswith(f"{self.topic.name}/{partition} ")


def latest(changes: Iterable[Change]) -> list[Change]:
    """The changes without those that a later one to the same record replaces."""
    found: dict[object, Change] = {}
    for number, change in enumerate(changes):
        mark: object = change.key or number
        found.pop(mark, None)
        found[mark] = change
    return list(found.values())


def _weight(changes: Iterable[Change]) -> Weight:
    """What messages leave, each record counted once; one that they made themselves is none that was held."""
    new: dict[str, bool] = {}
    withdrawn: dict[str, bool] = {}
    for change in changes:
        if change.key:
            new.setdefault(change.key, change.creates)
            withdrawn[change.key] = change.withdraws
    lost = sum(gone and not new[key] for key, gone in withdrawn.items())
    return Weight(sum(not gone for gone in withdrawn.values()), lost)


def _or_written(day: Day, millis: int) -> Day:
    """A day, or where no message says any, that on which the last was written."""
    return day if day > NO_DAY else day_of_ms(millis)


def _notes(changes: list[Change], rows: list[Change]) -> Iterator[tuple[str, str]]:
    """What else a drop held, by kind and number; together with its rows these are all its messages."""
    aside = Counter(change.aside for change in changes if change.aside)
    for what, count in sorted(aside.items()):
        yield "passed-over", f"{count:,} {what}"
    if folded := len(changes) - sum(aside.values()) - len(rows):
        yield "changes-folded", f"{folded:,} earlier changes to the same records"
    places = [c.row.number - 1 for c in rows if c.row is not None and c.row.problem == "no-envelope"]
    if places:
        more = ", …" if len(places) > PLACES_SHOWN_MAX else ""
        yield (
            "offsets",
            f"no change event at the offsets {', '.join(map(str, places[:PLACES_SHOWN_MAX]))}{more}",
        )
