"""Debezium's envelopes: one message says what a change left of one row of a department's table.

With or without its schema beside it. A deletion says what was there before; all else
what is there now. Of a row that is taken back only the key is needed, which stands in the
message's own key where the database does not keep the rest.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from hub.connect.contracts import Feed, Field
from hub.connect.fields import as_text
from hub.connect.rows import Row, wanted
from hub.domain.days import Day, from_date

OPERATION = Field(
    "change", "__op", "operation", True, "",
    {"c": "publish", "u": "publish", "r": "publish", "d": "withdraw"}, "quarantine", "internal",
    "What was done to the row: created, updated, read in a snapshot, deleted.", "",
)  # fmt: skip
"""What an envelope says beside the columns, for contracts that have no such field of their own."""
CREATED, TAKEN_BACK, TRUNCATED = "c", "d", "t"
KEPT = (CREATED, "u", "r")
NO_DAY = -1
UNAVAILABLE = "__debezium_unavailable_value"
ZONE = timezone(timedelta(hours=8))
"""A message's day is the day of China's one clock."""
DAY_MS = 86_400_000
# What tells messages about the stream itself from those about rows, by their own fields.
ASIDE: Mapping[str, frozenset[str]] = {
    "schema changes": frozenset(("ddl", "tableChanges", "historyRecord")),
    "transaction marks": frozenset(("data_collections", "event_count")),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS_PER = {"Timestamp": 1e3, "MicroTimestamp": 1e6, "NanoTimestamp": 1e9}
# Without a schema a number in a date column shows its unit by its size; eight digits are a date as written.
DAYS_MAX, MILLIS_MIN, MICROS_MIN, NANOS_MIN = 10**6, 10**11, 10**14, 10**17


class Change(NamedTuple):
    """What one message says: a row of the feed, or why there is none."""

    row: Row | None
    day: Day = NO_DAY
    """NO_DAY: it does not say, and counts as of the day of the message before it."""
    names: tuple[str, ...] = ()
    """The columns it states."""
    key: str = ""
    """Which record it is about, for telling a record's changes from each other."""
    creates: bool = False
    withdraws: bool = False
    aside: str = ""
    """What it is, where it is about no row and is passed over."""


def change_of(feed: Feed, number: int, key: bytes | None, value: bytes | None, written_ms: int) -> Change:
    """One message as a row with this number."""
    if value is None:
        return Change(None, aside="tombstones")
    said, schema = _opened(value)
    if said is None:
        return Change(Row(number, {}, "no-envelope"))
    operation = said.get("op")
    written = day_of_ms(written_ms)
    day = min(_published(said, written), written + 1)
    if operation == TRUNCATED:
        return Change(Row(number, {}, "table-truncated"), day)
    if operation not in (*KEPT, TAKEN_BACK):
        aside = _aside(said)
        return Change(None if aside else Row(number, {}, "no-envelope"), aside=aside)
    withdraws = operation == TAKEN_BACK
    cells = said.get("before" if withdraws else "after")
    if not isinstance(cells, dict):
        if not withdraws:
            return Change(Row(number, {}, "no-envelope"))
        cells = {}
    row = _row(feed, number, str(operation), cells, _key(key) if withdraws else {}, schema)
    heading = next(field.heading for field in feed.fields if field.name == feed.key)
    record = as_text(row.kept.get(heading))
    return Change(row, day, tuple(cells), record, operation == CREATED, withdraws)


def day_of_ms(millis: int) -> Day:
    """The day of a moment in milliseconds since 1970."""
    return from_date((EPOCH + timedelta(milliseconds=millis)).astimezone(ZONE).date())


def _opened(value: bytes) -> tuple[dict[str, Any] | None, Any]:
    """The envelope, and the schema that came with it."""
    try:
        said = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, None
    if isinstance(said, dict) and said.keys() == {"schema", "payload"}:
        return (said["payload"], said["schema"]) if isinstance(said["payload"], dict) else (None, None)
    return (said, None) if isinstance(said, dict) else (None, None)


def _published(said: Mapping[str, Any], written: Day) -> Day:
    """The day the source committed the change; where it does not say, when the message was made."""
    source = said.get("source")
    for stated in (source.get("ts_ms") if isinstance(source, dict) else None, said.get("ts_ms")):
        if type(stated) is int and 0 < stated < DAY_MS * 365_000:
            return day_of_ms(stated)
    return written


def _aside(said: Mapping[str, Any]) -> str:
    if said.keys() <= {"ts_ms", "ts_us", "ts_ns"} and said:
        return "heartbeats"
    if said.get("op") == "m":
        return "messages of the database"
    return next((what for what, names in ASIDE.items() if names & said.keys()), "")


def _key(key: bytes | None) -> Mapping[str, Any]:
    """The columns that the message's key states."""
    said = _opened(key)[0] if key else None
    return said or {}


def _row(
    feed: Feed, number: int, operation: str, cells: Mapping[str, Any], key: Mapping[str, Any], schema: Any
) -> Row:
    types = _types(schema)
    kept: dict[str, Any] = {}
    problem = heading = ""
    for name, field in wanted(feed).items():
        cell = cells.get(name)
        cell = key.get(name) if cell is None else cell
        if isinstance(cell, dict | list):
            problem, heading = problem or "bad-json", heading or name
        elif cell == UNAVAILABLE:
            if operation != TAKEN_BACK:
                problem, heading = problem or "value-not-sent", heading or name
        elif cell is not None:
            kept[name] = _value(cell, types.get(name), field)
    if feed.operation is OPERATION:
        kept[OPERATION.heading] = operation
    elif feed.operation is not None and operation == TAKEN_BACK:
        # The table has such a column itself: what was deleted is withdrawn, whatever stood in it.
        codes = feed.operation.codes.items()
        kept[feed.operation.heading] = next(code for code, means in codes if means == "withdraw")
    return Row(number, kept, problem, heading)


def _types(schema: Any) -> dict[str, Mapping[str, Any]]:
    """Column to how its values are written, as the schema beside an envelope says."""
    found: dict[str, Mapping[str, Any]] = {}
    for part in _fields(schema):
        if part.get("field") in ("before", "after"):
            found |= {str(each.get("field")): each for each in _fields(part)}
    return found


def _fields(schema: Any) -> list[dict[str, Any]]:
    listed = schema.get("fields") if isinstance(schema, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _value(cell: Any, type_: Mapping[str, Any] | None, field: Field) -> Any:
    """A cell as a table would show it."""
    if type(cell) is int:
        kind = str(type_.get("name") or "").rpartition(".")[2] if type_ else ""
        if kind == "Date":
            return _iso(cell)
        if kind in SECONDS_PER:
            return _iso(cell / SECONDS_PER[kind] // 86_400)
        return _by_size(cell) if type_ is None and field.kind == "date" else cell
    if isinstance(cell, str) and type_ and str(type_.get("name")).endswith(".Decimal"):
        return _decimal(cell, type_)
    return cell


def _by_size(number: int) -> Any:
    size = abs(number)
    if size < DAYS_MAX:
        return _iso(number)
    for least, per_day in ((NANOS_MIN, 86_400 * 10**9), (MICROS_MIN, 86_400 * 10**6), (MILLIS_MIN, DAY_MS)):
        if size >= least:
            return _iso(number // per_day)
    return number


def _iso(days: float) -> str:
    """Days since 1970 as a date; what is none stays a number, and its row is set aside."""
    try:
        return (date(1970, 1, 1) + timedelta(days=int(days))).isoformat()
    except OverflowError:
        return str(int(days))


def _decimal(cell: str, type_: Mapping[str, Any]) -> str:
    """The unscaled bytes of a decimal, as the schema's scale says; text stays text."""
    parameters = type_.get("parameters")
    try:
        scale = int(parameters["scale"]) if isinstance(parameters, dict) else 0
        raw = base64.b64decode(cell, validate=True)
    except (ValueError, KeyError):
        return cell
    return str(Decimal(int.from_bytes(raw, "big", signed=True)).scaleb(-scale))
