"""Tables that remember: rows are read in sets, changed in memory, written in sets.

A `Shelf` is one table keyed by its first column. Rules work on rows as plain
tuples; a step's changes are flushed with one `executemany` per table, inside
the transaction that also moves the checkpoint. Rows stay remembered between
steps while they fit, which is sound because one runner owns a projection.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Connection, Table, delete, select

from hub.projections.statements import statements_for

Row = TypeVar("Row", bound=tuple[Any, ...])
FIRST = itemgetter(0)
ROWS_REMEMBERED_MAX = 400_000
KEYS_PER_QUERY = 2_000


class Remembered(dict[Any, Any]):
    """What is at hand; what is missing is fetched when it is asked for."""

    def __init__(self, load: Callable[[Iterable[Any]], None]) -> None:
        super().__init__()
        self._load = load

    def __missing__(self, key: Any) -> Any:
        self._load((key,))
        return self[key]


class Shelf(Generic[Row]):
    """One table's rows, read and written in sets."""

    get: Callable[[Any], Row | None]
    """A row, read on its own if no `load` fetched it with others before.

    A dictionary's own method: rules ask by the million.
    """

    def __init__(self, db: Connection, table: Table, make: Callable[[Iterable[Any]], Row]) -> None:
        self._db, self._table = db, table
        self._statements = statements_for(db, table)
        self._make = make
        self._rows: dict[Any, Row | None] = Remembered(self.load)
        self._changed: dict[Any, None] = {}
        self.get = self._rows.__getitem__

    def load(self, keys: Iterable[Any]) -> None:
        """Have these rows at hand in one query; a key without a row is remembered as such."""
        rows = self._rows
        missing = [key for key in keys if key not in rows]
        for start in range(0, len(missing), KEYS_PER_QUERY):
            page = missing[start : start + KEYS_PER_QUERY]
            rows.update(dict.fromkeys(page))
            for found in self._statements.read(page):
                rows[found[0]] = self._make(found)

    def every(self) -> Iterator[Row]:
        """All rows as they were last flushed, in order of their keys, a page at a time."""
        key = self._table.columns[0]
        page = self._db.execute(select(self._table).order_by(key).limit(KEYS_PER_QUERY)).all()
        while page:
            yield from map(self._make, page)
            behind = select(self._table).where(key > page[-1][0]).order_by(key).limit(KEYS_PER_QUERY)
            page = self._db.execute(behind).all()

    def put(self, row: Row) -> None:
        """Add or replace a row."""
        self._rows[row[0]] = row
        self._changed[row[0]] = None

    def clear(self) -> None:
        """Take all rows away, in the database at once; the caller commits."""
        self._db.execute(delete(self._table))
        self._rows.clear()
        self._changed.clear()

    def drop(self, key: Any) -> None:
        """Take a row away."""
        self._rows[key] = None
        self._changed[key] = None

    def forget(self, keys: Iterable[Any]) -> None:
        """Read these rows again when they are asked for: somebody else may have changed them."""
        for key in keys:
            self._rows.pop(key, None)

    def changed(self) -> Iterator[Row]:
        """Rows that are not flushed yet."""
        rows = (self._rows[key] for key in self._changed)
        return (row for row in rows if row is not None)

    def flush(self) -> None:
        """Write what changed; the caller commits."""
        if gone := [key for key in self._changed if self._rows[key] is None]:
            self._statements.delete(gone)
        if rows := sorted(self.changed(), key=FIRST):
            # In the order of keys a B-tree is walked once, not searched for every row.
            self._statements.write(rows)
        self._changed.clear()
        if len(self._rows) > ROWS_REMEMBERED_MAX:
            self._rows.clear()


class SmallShelf(Shelf[Row]):
    """A table of a few rows, all of them at hand: to ask for what is not there costs nothing."""

    def __init__(self, db: Connection, table: Table, make: Callable[[Iterable[Any]], Row]) -> None:
        super().__init__(db, table, make)
        self._whole = False
        self.get = lambda key: self._all().get(key)

    def __bool__(self) -> bool:
        return bool(self._all())

    def _all(self) -> dict[Any, Row | None]:
        if not self._whole:
            self._rows = {row[0]: row for row in self.every()} | {
                key: self._rows[key] for key in self._changed
            }
            self._whole = True
        return self._rows

    def clear(self) -> None:
        super().clear()
        self._whole = False

    def flush(self) -> None:
        super().flush()
        self._rows = {key: row for key, row in self._rows.items() if row is not None}
        # Where there were too many to remember, they are read again.
        self._whole = self._whole and bool(self._rows)


class PairShelf:
    """A table of (key, member) pairs: members are only ever added, and read by key in sets."""

    get: Callable[[Any], Sequence[Any]]
    """The members of a key, in no particular order."""

    def __init__(self, db: Connection, table: Table) -> None:
        self._db, self._table = db, table
        self._statements = statements_for(db, table)
        self._members: dict[Any, tuple[Any, ...]] = Remembered(self.load)
        self.get = self._members.__getitem__
        self._added: list[tuple[Any, Any]] = []

    def load(self, keys: Iterable[Any]) -> None:
        """Have the members of these keys at hand in one query."""
        members = self._members
        missing = [key for key in keys if key not in members]
        for start in range(0, len(missing), KEYS_PER_QUERY):
            page = missing[start : start + KEYS_PER_QUERY]
            members.update(dict.fromkeys(page, ()))
            for key, member in self._statements.read(page):
                members[key] += (member,)

    def add(self, key: Any, member: Any) -> int:
        """Add a member that the key does not have yet; how many it has then."""
        members = self._members[key] = (*self.get(key), member)
        self._added.append((key, member))
        return len(members)

    def clear(self) -> None:
        """Take all pairs away, in the database at once; the caller commits."""
        self._db.execute(delete(self._table))
        self._members.clear()
        self._added.clear()

    def hear(self, key: Any, member: Any) -> None:
        """Somebody else added a member: remember it too, if the key is remembered."""
        members = self._members.get(key)
        if members is not None and member not in members:
            self._members[key] = (*members, member)

    def flush(self) -> None:
        """Write what was added; the caller commits."""
        if self._added:
            self._statements.write(sorted(self._added))
        self._added.clear()
        if len(self._members) > ROWS_REMEMBERED_MAX:
            self._members.clear()


def content_digest(db: Connection, table: Table, leaving_out: Collection[str] = ()) -> str:
    """SHA-256 over a table's rows in order of their keys, without the columns left out."""
    chosen = [column for column in table.columns if column.name not in leaving_out]
    digest = hashlib.sha256()
    # Text is ordered by its bytes, whatever a server's language.
    plain = db.dialect.name == "sqlite"
    keys = [
        c if plain or c.type.python_type is not str else c.collate("C") for c in table.primary_key.columns
    ]
    ordered = select(*chosen).order_by(*keys)
    for row in db.execution_options(yield_per=5_000).execute(ordered):
        digest.update(msgspec.json.encode(tuple(row)))
        digest.update(b"\n")
    return digest.hexdigest()
