"""What the departments write down: record versions by feed and day, and the truth beside them."""

from collections import defaultdict
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
NEW, CHANGED, TAKEN_BACK = "publish", "change", "withdraw"


@dataclass(slots=True)
class Discrepancy:
    """One true disagreement: from when to when it stands in what was published."""

    kind: str
    records: tuple[str, ...]
    first_day: Day
    last_day: Day | None
    detectable: bool = True


@dataclass(slots=True)
class Ledger:
    """All drops to be written, and all that is true of them."""

    start: Day
    end: Day
    base: dict[str, Row] = field(default_factory=dict)
    changes: dict[str, list[tuple[Day, str, Row]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    entity_of: dict[str, str] = field(default_factory=dict)
    first_seen: dict[str, Day] = field(default_factory=dict)
    errors: list[tuple[str, str, str, Day]] = field(default_factory=list)
    discrepancies: list[Discrepancy] = field(default_factory=list)
    _by_entity: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def drop_day(self, feed: str, day: Day) -> Day:
        """The day whose drop carries what happened on `day`."""
        step = DAYS_BETWEEN[feed]
        return max(self.start, self.start + -(-(day - self.start) // step) * step)

    def publish(self, feed: str, key: str, entity: str, day: Day, row: Row) -> str:
        """A new record; what would be published after the end of the story is never seen."""
        record = f"{feed}/{key}"
        on = self.drop_day(feed, day)
        self.base[record] = row
        if on <= self.end:
            self.entity_of[record] = entity
            self.first_seen[record] = on
        return record

    def change(self, record: str, day: Day, **values: str) -> Day:
        """Some values change from a day on; the day of the drop that says so."""
        on = self.drop_day(record.split("/", 1)[0], day)
        on = max(on, self.first_seen.get(record, on))
        self.changes[record].append((on, CHANGED, values))
        return on

    def withdraw(self, record: str, day: Day) -> None:
        """The department takes a record back."""
        on = self.drop_day(record.split("/", 1)[0], day)
        self.changes[record].append((on, TAKEN_BACK, {}))

    def drops(self) -> dict[tuple[str, Day], dict[str, tuple[str, Row]]]:
        """Every drop: feed and day to key to operation and row, changes folded in order of days."""
        found: dict[tuple[str, Day], dict[str, tuple[str, Row]]] = defaultdict(dict)
        for record, first in self.first_seen.items():
            feed, key = record.split("/", 1)
            row = dict(self.base[record])
            found[feed, first][key] = (NEW, row)
            for on, operation, values in sorted(self.changes[record], key=lambda c: c[0]):
                if on > self.end:
                    break
                row = row | values
                found[feed, on][key] = (NEW if on == first else operation, row)
                if operation == TAKEN_BACK:
                    break
        return found

    def records_of(self, entity: str) -> list[str]:
        """The published records of this person."""
        if not self._by_entity:
            for record, whose in self.entity_of.items():
                self._by_entity[whose].append(record)
        return self._by_entity[entity]

    def error(self, kind: str, record: str, day: Day) -> None:
        """Write an error into the truth."""
        self.errors.append((kind, record, self.entity_of.get(record, ""), day))

    def expect(self, kind: str, records: tuple[str, ...], first: Day, last: Day | None = None) -> None:
        """Write a discrepancy into the truth, unless it lies outside the story."""
        if first <= self.end and (last is None or last > first):
            self.discrepancies.append(Discrepancy(kind, records, first, last))


def text(day: Day) -> str:
    """YYYYMMDD, as the household register and the insurance view write days."""
    return iso(day).replace("-", "")
