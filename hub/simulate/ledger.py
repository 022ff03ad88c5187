"""What the departments write down: versions of records, and the drops that carry them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.domain.days import Day, iso

Row = dict[str, str]
HOUSEHOLD = "public_security.household_entry"
RESIDENCE = "public_security.residence_registration"
EMPLOYMENT = "human_resources.employment"
BUSINESS = "commerce.business_registration"
CERTIFICATE = "health.birth_certificate"
CHILD = "health.child_record"
DAYS_BETWEEN = {HOUSEHOLD: 1, CERTIFICATE: 1, CHILD: 7, RESIDENCE: 7, EMPLOYMENT: 30, BUSINESS: 30}
"""Days between the drops of a feed."""
BY_THE_MONTH = EMPLOYMENT, BUSINESS
"""Feeds whose contracts agree on a monthly rhythm."""
NEW, CHANGED, TAKEN_BACK = "publish", "change", "withdraw"


@dataclass(slots=True)
class Record:
    """One record of a department: its first row, and what changed on which day."""

    feed: str
    key: str
    entity: str
    first: Day
    row: Row
    changes: list[tuple[Day, str, Row]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """How the truth names it."""
        return f"{self.feed}/{self.key}"

    @property
    def taken_back(self) -> Day | None:
        """The day from which it says nothing any more."""
        return min((day for day, change, _ in self.changes if change == TAKEN_BACK), default=None)

    def versions(self, end: Day) -> Iterator[tuple[Day, str, Row]]:
        """Drop day, operation and whole row of each version up to a day, in order of days."""
        changes = sorted((change for change in self.changes if change[0] <= end), key=lambda c: c[0])
        day, operation, row = self.first, NEW, self.row
        for on, change, values in changes:
            if on > day:
                yield day, operation, row
                day, operation = on, change
            elif change == TAKEN_BACK:
                operation = change
            row = row | values
            if change == TAKEN_BACK:
                break
        yield day, operation, row


@dataclass(slots=True)
class Mistake:
    """One error that a department made, and the day on which it was put right, if ever."""

    kind: str
    record: str
    entity: str
    day: Day
    corrected_on: Day | None = None


@dataclass(slots=True)
class Ledger:
    """All records that are published between the first and the last day of the story."""

    start: Day
    end: Day
    records: dict[str, Record] = field(default_factory=dict)
    errors: list[Mistake] = field(default_factory=list)

    def drop_day(self, feed: str, day: Day) -> Day:
        """The day whose drop carries what happened on `day`."""
        step = DAYS_BETWEEN[feed]
        return max(self.start, self.start + -(-(day - self.start) // step) * step)

    def publish(self, feed: str, key: str, entity: str, day: Day, row: Row) -> Record:
        """A new record; one that would come after the end of the story is never seen."""
        record = Record(feed, key, entity, self.drop_day(feed, day), row)
        if record.first <= self.end:
            self.records[record.name] = record
        return record

    def change(self, record: Record, day: Day, **values: str) -> Day:
        """Some values change from a day on; the day of the drop that says so."""
        on = max(self.drop_day(record.feed, day), record.first)
        record.changes.append((on, CHANGED, values))
        return on

    def withdraw(self, record: Record, day: Day) -> Day:
        """The department takes a record back, in a later drop than the one that brought it."""
        step = DAYS_BETWEEN[record.feed]
        on = max(self.drop_day(record.feed, day), record.first + step)
        record.changes.append((on, TAKEN_BACK, {}))
        return on

    def seen(self, record: Record) -> bool:
        """Whether the record was published within the story."""
        return record.first <= self.end

    def drops(self) -> dict[tuple[str, Day], dict[str, tuple[str, Row]]]:
        """Every drop: feed and day to key to operation and row."""
        found: dict[tuple[str, Day], dict[str, tuple[str, Row]]] = defaultdict(dict)
        for record in self.records.values():
            for day, operation, row in record.versions(self.end):
                found[record.feed, day][record.key] = operation, row
        published = {record.feed for record in self.records.values()}
        for feed in published.intersection(BY_THE_MONTH):
            # A month without news is reported too: whoever delivers by a rhythm is silent only when it breaks.
            for day in range(self.start, self.end + 1, DAYS_BETWEEN[feed]):
                found.setdefault((feed, day), {})
        return found

    def error(self, kind: str, record: Record, day: Day, corrected_on: Day | None = None) -> None:
        """Write an error into the truth, unless it was never published."""
        if self.seen(record) and self.drop_day(record.feed, day) <= self.end:
            fixed = corrected_on if corrected_on is not None and corrected_on <= self.end else None
            self.errors.append(Mistake(kind, record.name, record.entity, day, fixed))


def text(day: Day) -> str:
    """YYYYMMDD, as the household register and the insurance view write days."""
    return iso(day).replace("-", "")
