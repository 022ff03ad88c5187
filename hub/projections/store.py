"""Tables that remember: rows are read in sets, changed in memory, written in sets.

A `Shelf` is one table keyed by its first column. Rules work on rows as plain
tuples; a step's changes are flushed with one `executemany` per table, inside
the transaction that also moves the checkpoint. Rows stay remembered between
steps while they fit, which is sound because one runner owns a projection.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Connection, LargeBinary, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator

Row = TypeVar("Row", bound=tuple[Any, ...])
ROWS_REMEMBERED_MAX = 400_000
KEYS_PER_QUERY = 2_000


class Packed(TypeDecorator[Any]):
    """A value kept as bytes, by the pair of functions given (JSON unless told)."""

    impl = LargeBinary
    cache_ok = True

    def __init__(
        self,
        pack: Callable[[Any], bytes] = msgspec.json.encode,
        unpack: Callable[[bytes], Any] = msgspec.json.decode,
    ) -> None:
        super().__init__()
        self.pack, self.unpack = pack, unpack

    def process_bind_param(self, value: Any, dialect: Any) -> bytes | None:
        return None if value is None else self.pack(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else self.unpack(bytes(value))


class Shelf(Generic[Row]):
    """One table's rows, read and written in sets."""

    def __init__(self, db: Connection, table: Table, row: Callable[..., Row]) -> None:
        self._db = db
        self.table = table
        self._make = row
        self._key = table.columns[0]
        self._rows: dict[Any, Row | None] = {}
        self._changed: dict[Any, None] = {}
        self._select = select(table).where(self._key.in_(bindparam("keys", expanding=True)))
        self._delete = delete(table).where(self._key == bindparam("gone"))

    def load(self, keys: Iterable[Any]) -> None:
        """Have these rows at hand in one query; a key without a row is remembered as such."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._rows]
        for start in range(0, len(missing), KEYS_PER_QUERY):
            page = missing[start : start + KEYS_PER_QUERY]
            self._rows.update(dict.fromkeys(page))
            for found in self._db.execute(self._select, {"keys": page}):
                self._rows[found[0]] = self._make(*found)

    def get(self, key: Any) -> Row | None:
        """A row, read on its own if no `load` fetched it with others before."""
        try:
            return self._rows[key]
        except KeyError:
            self.load((key,))
            return self._rows[key]

    def put(self, row: Row) -> None:
        """Add or replace a row."""
        self._rows[row[0]] = row
        self._changed[row[0]] = None

    def drop(self, key: Any) -> None:
        """Take a row away."""
        self._rows[key] = None
        self._changed[key] = None

    def changed(self) -> Iterator[Row]:
        """Rows that are not flushed yet."""
        rows = (self._rows[key] for key in self._changed)
        return (row for row in rows if row is not None)

    def is_changed(self, key: Any) -> bool:
        """Whether this row differs from what the table holds."""
        return key in self._changed

    def flush(self) -> None:
        """Write what changed; the caller commits."""
        gone = [key for key in self._changed if self._rows[key] is None]
        if gone:
            self._db.execute(self._delete, [{"gone": key} for key in gone])
        if rows := list(self.changed()):
            upsert(self._db, self.table, rows)
        self._changed.clear()
        if len(self._rows) > ROWS_REMEMBERED_MAX:
            self._rows.clear()


class PairShelf:
    """A table of (key, member) pairs: members are only ever added, and read by key in sets."""

    def __init__(self, db: Connection, table: Table) -> None:
        self._db = db
        self.table = table
        key, member = table.primary_key.columns
        self._members: dict[Any, list[Any]] = {}
        self._added: list[tuple[Any, Any]] = []
        self._select = select(key, member).where(key.in_(bindparam("keys", expanding=True)))

    def load(self, keys: Iterable[Any]) -> None:
        """Have the members of these keys at hand in one query."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._members]
        for start in range(0, len(missing), KEYS_PER_QUERY):
            page = missing[start : start + KEYS_PER_QUERY]
            self._members.update((key, []) for key in page)
            for key, member in self._db.execute(self._select, {"keys": page}):
                self._members[key].append(member)

    def get(self, key: Any) -> Sequence[Any]:
        """The members of a key, in no particular order."""
        try:
            return self._members[key]
        except KeyError:
            self.load((key,))
            return self._members[key]

    def add(self, key: Any, member: Any) -> None:
        """Add a member that the key does not have yet."""
        self._members[key] = [*self.get(key), member]
        self._added.append((key, member))

    def flush(self) -> None:
        """Write what was added; the caller commits."""
        if self._added:
            upsert(self._db, self.table, self._added)
        self._added.clear()
        if len(self._members) > ROWS_REMEMBERED_MAX:
            self._members.clear()


def upsert(db: Connection, table: Table, rows: list[Any]) -> None:
    """Insert rows or replace those with the same key, in one `executemany`.

    Goes to the driver with tuples: SQLAlchemy's own path builds a dictionary
    per row, which costs as much as the database does.
    """
    dialect = db.dialect
    insert = (sqlite if dialect.name == "sqlite" else postgresql).insert(table)
    keys = list(table.primary_key.columns)
    others = {c.name: insert.excluded[c.name] for c in table.columns if not c.primary_key}
    statement = (
        insert.on_conflict_do_update(index_elements=keys, set_=others)
        if others
        else insert.on_conflict_do_nothing()
    )
    names = [column.name for column in table.columns]
    compiled = statement.compile(dialect=dialect, column_keys=names)
    processors = [
        (index, processor)
        for index, column in enumerate(table.columns)
        if (processor := column.type.dialect_impl(dialect).bind_processor(dialect))
    ]
    tuples: list[Any] = [list(row) for row in rows]
    for values in tuples:
        for index, process in processors:
            values[index] = process(values[index])
    if compiled.positional:
        db.exec_driver_sql(str(compiled), [tuple(values) for values in tuples])
    else:
        db.exec_driver_sql(str(compiled), [dict(zip(names, v, strict=True)) for v in tuples])


def content_digest(db: Connection, table: Table, columns: Iterable[str] = ()) -> str:
    """SHA-256 over a table's rows in order of their keys."""
    chosen = [table.c[name] for name in columns] or list(table.columns)
    digest = hashlib.sha256()
    ordered = select(*chosen).order_by(*table.primary_key.columns)
    for row in db.execution_options(yield_per=5_000).execute(ordered):
        digest.update(msgspec.json.encode(tuple(row)))
        digest.update(b"\n")
    return digest.hexdigest()
