"""Data contracts: what a feed's fields mean, enforced at the door. `hub.connect.odcs` reads them from files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.connect.relations import Relation
from hub.domain.calendar import WEEKDAYS, Calendar
from hub.domain.days import Day, iso
from hub.domain.divisions import NOWHERE, Divisions
from hub.domain.vanished import Limits

CODED = ("code", "operation")
EVIDENCE = (
    "person", "household_entry", "residence", "business", "employment", "birth_certificate", "child_record",
    "residence_elsewhere", "answer", "departure", "arrival",
)  # fmt: skip
READ = ("active", "deprecated")
FEED_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
FORMATS = ("delimited", "excel", "jsonl", "sql", "debezium")
AUTO = "auto"
"""The encoding of a feed whose files each show theirs; each receipt says what was found."""
AVRO_TYPES: Mapping[str, Any] = {"date": {"type": "int", "logicalType": "date"}, "integer": "long"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its heading at the source, its kind, and the attribute it is to identity."""

    name: str
    heading: str
    kind: str
    required: bool
    attribute: str
    codes: Mapping[str, str]
    severity: str
    classification: str
    doc: str
    date_format: str
    """How its dates are written, as the standard writes formats; empty: year first."""
    unit: str = ""
    """In what it is counted, where it is a number."""
    unmissed: bool = False
    """Whether a delivery without its column is no complaint: it came into the contract later."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One named flow of records of one kind under one contract."""

    name: str
    department: str
    kind: str
    version: str
    key: str
    fields: tuple[Field, ...]
    operation: Field | None
    format: str
    encoding: str
    delimiter: str
    table: str
    """The table or view, where the format is sql."""
    status: str = "active"
    relations: tuple[Relation, ...] = ()
    """What has to hold between the fields of a row."""
    rhythm: int = 0
    """Days within which the next delivery is due; 0: nobody has agreed on any."""
    working_days: bool = False
    """Whether those are working days only."""
    snapshot: Limits | None = None
    """Where each drop lists every record: how many may be missing from one before that is no usual proposal."""
    holds: bool = False
    """Whether later rows of a record wait behind one in quarantine, instead of replacing it."""
    divisions: Divisions = field(default=NOWHERE, repr=False)
    """The site's table of division codes, which no contract states."""
    _attributes: tuple[tuple[str, str, bool], ...] = field(default=(), repr=False)

    def due_after(self, day: Day, calendar: Calendar = WEEKDAYS, known_on: Day | None = None) -> Day | None:
        """The day by which the delivery behind that of a day is due; None where no rhythm was agreed on.

        Working days are those of the calendar as it was known on a day, by default that of the delivery.
        """
        if not self.rhythm:
            return None
        if not self.working_days:
            return day + self.rhythm
        return calendar.working_days_after(day, self.rhythm, known_on)

    @property
    def in_force(self) -> bool:
        """Whether somebody has confirmed its contract, and nobody has ended it."""
        return self.status in READ

    @property
    def every(self) -> tuple[Field, ...]:
        """All fields, the operation included."""
        return (*self.fields, self.operation) if self.operation else self.fields

    def same_identity(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether two versions of a record say the same about who it is about."""
        return all(before.get(name) == after.get(name) for name, _, _ in self._attributes)

    def attributes(self, values: Mapping[str, Any]) -> dict[str, str]:
        """What these field values say about who the record is about."""
        found: dict[str, str] = {}
        for name, attribute, is_day in self._attributes:
            value = values.get(name)
            if value is not None:
                said = iso(value) if is_day else str(value)
                # House number and street, say, may be fields of their own: together they are the address.
                found[attribute] = f"{found[attribute]} {said}" if attribute in found else said
        return found

    def avro(self) -> dict[str, Any]:
        """The Avro schema of a published version of this feed's records."""
        title = "".join(part.capitalize() for part in self.name.replace(".", "_").split("_"))
        inner = [
            {
                "name": f.name, "type": ["null", AVRO_TYPES.get(f.kind, "string")], "default": None,
                "doc": f.doc, "classification": f.classification,
            }
            for f in self.fields
        ]  # fmt: skip
        version = self.version.split(".")[0]
        return {
            "type": "record", "name": f"{title}Published", "namespace": f"county.hub.v{version}",
            "event": "RecordPublished", "feed": self.name,
            "doc": f"One version of a record of {self.name}.",
            "fields": [
                {"name": "record_id", "type": "string"},
                {"name": "version", "type": "long"},
                {"name": "published_on", "type": {"type": "int", "logicalType": "date"}},
                {"name": "source_key", "type": "string"},
                {"name": "fields", "type": {"type": "record", "name": title, "fields": inner}},
            ],
        }  # fmt: skip
