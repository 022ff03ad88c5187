"""The statements a shelf needs of its table, compiled once and handed to the driver as they are.

SQLAlchemy writes the SQL for either database; its own way of running it builds
a dictionary per row and a parameter per key, which costs as much as the
database does.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import ARRAY, Connection, Dialect, LargeBinary, Table, any_, bindparam, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator


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


_psycopg: Callable[..., Dialect] = postgresql.psycopg.dialect


class Statements:
    """Read, write and delete rows of one table in sets; rows are tuples in the order of its columns."""

    def __init__(self, db: Connection, table: Table) -> None:
        self._db = db
        embedded = db.dialect.name == "sqlite"
        # Positional parameters whatever the driver: rows are tuples.
        dialect: Dialect = sqlite.dialect() if embedded else _psycopg(paramstyle="format")
        key = table.columns[0]
        self._keys: Callable[[Sequence[Any]], Any] = _as_json if embedded else list
        among = (
            key.in_(text("SELECT value FROM json_each(:keys)"))
            if embedded
            else key == any_(bindparam("keys", type_=ARRAY(key.type)))
        )
        self._select = str(select(table).where(among).compile(dialect=dialect))
        self._delete = str(delete(table).where(key == bindparam("gone")).compile(dialect=dialect))
        self._upsert = upsert_sql(table, dialect)
        packed = [(i, c.type) for i, c in enumerate(table.columns) if isinstance(c.type, Packed)]
        self._pack = [(index, kind.pack) for index, kind in packed]
        self._unpack = [(index, kind.unpack) for index, kind in packed]
        self._flags = [i for i, c in enumerate(table.columns) if embedded and c.type.python_type is bool]

    def read(self, keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """The rows under these keys."""
        found = self._db.exec_driver_sql(self._select, (self._keys(keys),))
        if not self._unpack and not self._flags:
            yield from found.cursor.fetchall()
            return
        for row in found.cursor.fetchall():
            values = list(row)
            for index, unpack in self._unpack:
                values[index] = unpack(values[index])
            for index in self._flags:
                values[index] = bool(values[index])
            yield values

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows or replace those with the same key, in one `executemany`."""
        self._db.exec_driver_sql(self._upsert, [self._packed(row) for row in rows])

    def _packed(self, row: Sequence[Any]) -> tuple[Any, ...]:
        if not self._pack:
            return tuple(row)
        values = list(row)
        for index, pack in self._pack:
            values[index] = pack(values[index])
        return tuple(values)

    def delete(self, keys: Sequence[Any]) -> None:
        """Take rows away."""
        self._db.exec_driver_sql(self._delete, [(key,) for key in keys])


def _as_json(keys: Sequence[Any]) -> str:
    """Many keys as one parameter: SQLite unfolds them itself."""
    return msgspec.json.encode(keys).decode()


def upsert_sql(table: Table, dialect: Dialect) -> str:
    """INSERT … ON CONFLICT on the primary key, in the dialect's words."""
    insert = (sqlite if dialect.name == "sqlite" else postgresql).insert(table)
    others = {c.name: insert.excluded[c.name] for c in table.columns if not c.primary_key}
    keys = list(table.primary_key.columns)
    statement = (
        insert.on_conflict_do_update(index_elements=keys, set_=others)
        if others
        else insert.on_conflict_do_nothing()
    )
    names = [column.name for column in table.columns]
    return str(statement.compile(dialect=dialect, column_keys=names))


def upsert(db: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows or replace those with the same key; for tables that are written now and then."""
    Statements(db, table).write(rows)
