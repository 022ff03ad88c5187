"""The statements a shelf needs of its table, compiled once and handed to the driver as they are.

SQLAlchemy writes the SQL for either database; its own way of running it builds
a dictionary per row and a parameter per key, which costs as much as the
database does.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import ARRAY, Connection, Dialect, LargeBinary, Table, any_, bindparam, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
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


class Statements(Protocol):
    """Read, write and delete rows of one table in sets; rows are tuples in the order of its columns."""

    def read(self, keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """The rows under these keys."""

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows or replace those with the same key."""

    def delete(self, keys: Sequence[Any]) -> None:
        """Take rows away."""


def statements_for(db: Connection, table: Table) -> Statements:
    """The statements of a table in the words of its database."""
    return SqliteStatements(db, table) if db.dialect.name == "sqlite" else PostgresStatements(db, table)


class Columns:
    """How the values of a table's columns are stored."""

    def __init__(self, table: Table, flags: type | None) -> None:
        packed = [(i, c.type) for i, c in enumerate(table.columns) if isinstance(c.type, Packed)]
        self._pack = [(index, kind.pack) for index, kind in packed]
        self._unpack = [(index, kind.unpack) for index, kind in packed]
        self._unpack += [
            (i, _flag) for i, c in enumerate(table.columns) if flags and c.type.python_type is flags
        ]

    def packed(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """A row as the driver takes it."""
        if not self._pack:
            return tuple(row)
        values = list(row)
        for index, pack in self._pack:
            values[index] = pack(values[index])
        return tuple(values)

    def unpacked(self, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """Rows as the driver gave them."""
        if not self._unpack:
            yield from rows
            return
        for row in rows:
            values = list(row)
            for index, unpack in self._unpack:
                values[index] = unpack(values[index])
            yield values


def _flag(stored: Any) -> bool | None:
    """SQLite keeps flags as numbers."""
    return None if stored is None else bool(stored)


class SqliteStatements:
    """One `executemany` a set; many keys travel as one JSON parameter, which SQLite unfolds."""

    def __init__(self, db: Connection, table: Table) -> None:
        self._db = db
        dialect = sqlite.dialect()
        key = table.columns[0]
        among = key.in_(text("SELECT value FROM json_each(:keys)"))
        self._select = str(select(table).where(among).compile(dialect=dialect))
        self._delete = str(delete(table).where(key == bindparam("gone")).compile(dialect=dialect))
        self._upsert = upsert_sql(table, dialect)
        self._columns = Columns(table, bool)

    def read(self, keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
        found = self._db.exec_driver_sql(self._select, (msgspec.json.encode(keys).decode(),))
        return self._columns.unpacked(found.cursor.fetchall())

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        self._db.exec_driver_sql(self._upsert, [self._columns.packed(row) for row in rows])

    def delete(self, keys: Sequence[Any]) -> None:
        self._db.exec_driver_sql(self._delete, [(key,) for key in keys])


class PostgresStatements:
    """Large sets are copied into a temporary table and merged from there: half the cost of inserts."""

    def __init__(self, db: Connection, table: Table) -> None:
        self._db = db
        # Positional parameters: rows are tuples.
        dialect = _psycopg(paramstyle="format")
        key = table.columns[0]
        keys = bindparam("keys", type_=ARRAY(key.type))
        self._select = str(select(table).where(key == any_(keys)).compile(dialect=dialect))
        self._delete = str(delete(table).where(key == any_(keys)).compile(dialect=dialect))
        self._upsert = upsert_sql(table, dialect)
        self._columns = Columns(table, None)
        quote = dialect.identifier_preparer.quote
        name, staged = quote(table.name), quote(f"staged_{table.name}")
        # From ON CONFLICT on, the upsert holds no parameter.
        merge = self._upsert[self._upsert.index("ON CONFLICT") :]
        self._stage = (
            f"CREATE TEMP TABLE IF NOT EXISTS {staged} (LIKE {name} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS",
            f"COPY {staged} FROM STDIN",
            f"INSERT INTO {name} SELECT * FROM {staged} {merge}",  # noqa: S608 - names, no values
            f"TRUNCATE {staged}",
        )  # fmt: skip

    def read(self, keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
        found = self._db.exec_driver_sql(self._select, (list(keys),))
        return self._columns.unpacked(found.cursor.fetchall())

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        packed = [self._columns.packed(row) for row in rows]
        if len(packed) < COPY_ROWS_MIN:
            self._db.exec_driver_sql(self._upsert, packed)
            return
        create, copy, merge, clear = self._stage
        self._db.exec_driver_sql(create)
        driver: Any = self._db.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(copy) as stream:
                for row in packed:
                    stream.write_row(row)
        except _driver_error(self._db) as error:
            raise self._translated(copy, error) from error
        self._db.exec_driver_sql(merge)
        self._db.exec_driver_sql(clear)

    def _translated(self, statement: str, error: Exception) -> Exception:
        """SQLAlchemy's own error for what the driver said where SQLAlchemy did not listen."""
        dialect = self._db.dialect
        lost = dialect.is_disconnect(error, self._db.connection, None)  # type: ignore[arg-type]
        return DBAPIError.instance(
            statement, None, error, _driver_error(self._db), hide_parameters=True,
            connection_invalidated=lost, dialect=dialect,
        )  # fmt: skip

    def delete(self, keys: Sequence[Any]) -> None:
        self._db.exec_driver_sql(self._delete, (list(keys),))


def _driver_error(db: Connection) -> type[Exception]:
    """The base of the driver's errors."""
    base: type[Exception] = db.dialect.loaded_dbapi.Error
    return base


_psycopg: Callable[..., Dialect] = postgresql.psycopg.dialect
COPY_ROWS_MIN = 100


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
    statements_for(db, table).write(rows)
