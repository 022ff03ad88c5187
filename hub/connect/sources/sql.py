"""SQL: a table or view, read in one pass through SQLAlchemy without locking its owner out.

Rows come in the order of their keys, so a reading that was cut off goes on at
the same row; columns come as the driver gives them, so that a value that does
not fit its column's type is one bad cell and not the end of the reading.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Select,
    column,
    create_engine,
    func,
    inspect,
    make_url,
    select,
    table,
)
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    NoSuchTableError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.connect.sources import CELL_CHARACTERS_MAX, refuse_empty
from hub.errors import HubError, SettingsError, SourceUnavailableError, UnreadableSourceError

ROWS_PER_FETCH = 5_000
NUMBERS_PER_PART = 100_000
# Each driver has its own word for how long it waits: SQLite for a lock, the others for an answer.
# MariaDB and MySQL are asked for days as they hold them, however strict their server is by now, and to
# wait as long for a reader that is busy with what it got.
MYSQL: Mapping[str, Any] = {
    "connect_timeout": 10, "read_timeout": 600, "charset": "utf8mb4",
    "init_command": "SET SESSION sql_mode = '', net_write_timeout = 600",
}  # fmt: skip
BINARY = frozenset((bytes, memoryview))
CONNECTING: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"timeout": 2}, "postgresql": {"connect_timeout": 10}, "mysql": MYSQL, "mariadb": MYSQL,
}  # fmt: skip
# The driver that the project's extra brings, where an address names none.
DRIVERS: Mapping[str, str] = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
SQLITE_WAITS = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# Of the errors that a MariaDB or MySQL server names itself: too many connections, shutting down, a lock or
# deadlock, a query that was ended. The others say that it will not, whenever it is asked.
MYSQL_REFUSALS = range(1_000, 2_000)
MYSQL_WAITS = frozenset((1_040, 1_053, 1_203, 1_205, 1_213, 1_317, 1_927, 1_969))


def read(path: Path, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """Rows of the feed's table or view in an SQLite file, opened read-only."""
    refuse_empty(path)
    return read_table(engine_of(f"sqlite:///file:{quote(str(path.absolute()))}?mode=ro&uri=true"), feed)


def has_password(url: str) -> bool:
    """Whether an address holds a secret, which settings must not."""
    try:
        return make_url(url).password is not None
    except ArgumentError:
        return False


def engine_of(url: str) -> Engine:
    """An engine that keeps no connection; SettingsError if the address is none."""
    try:
        address = make_url(url)
        address = address.set(drivername=DRIVERS.get(address.drivername, address.drivername))
        options = dict(CONNECTING.get(address.get_backend_name(), {}))
        return create_engine(address, poolclass=NullPool, connect_args=options)
    except (ArgumentError, NoSuchModuleError, ImportError):
        # Not chained and not quoted: the address may hold a password.
        raise SettingsError("the url of an sql feed is no database address that can be used here") from None


def read_table(
    engine: Engine, feed: Feed, where: ColumnElement[bool] | None = None
) -> tuple[HeadingReport, Iterator[Row]]:
    """Rows of the feed's table or view in any database, or of a part of it."""
    columns = _columns(engine, feed)
    report = check_headings(feed, columns)
    return report, _rows(engine, feed, [name for name in columns if name in wanted(feed)], where)


class Part(NamedTuple):
    """A part of a table by its change column: a day, a range of numbers, or None where the column is empty."""

    name: str
    day: date | None
    where: ColumnElement[bool]
    fingerprint: str


def parts(engine: Engine, feed: Feed, cursor: str) -> list[Part]:
    """The parts of a table, each with what changes when a row of it does; one query over the change column."""
    schema, _, name = feed.table.rpartition(".")
    with _translating(feed):
        columns = {
            str(found["name"]): found["type"] for found in inspect(engine).get_columns(name, schema or None)
        }
    if cursor not in columns:
        raise UnreadableSourceError(f"{feed.table} has no column {cursor}", problem="missing-column")
    column_: ColumnElement[Any] = column(cursor)
    numbered = isinstance(columns[cursor], Integer)
    part = _start(column_) if numbered else func.date(column_)
    source = table(name, column(cursor), schema=schema or None)
    query = (
        select(part, func.count(), func.min(column_), func.max(column_)).select_from(source).group_by(part)
    )
    with _translating(feed), _reading(engine) as db:
        found = db.execute(query).all()
    made = [_part(column_, part, value, f"{count}/{least}/{most}") for value, count, least, most in found]
    return sorted(made, key=lambda each: (each.day or date.min, each.name))


def _start(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """The first number of the part that a number lies in; databases give remainders the sign of the number."""
    return number - (number % NUMBERS_PER_PART + NUMBERS_PER_PART) % NUMBERS_PER_PART


def _part(column_: ColumnElement[Any], part: ColumnElement[Any], value: Any, state: str) -> Part:
    fingerprint = hashlib.blake2b(state.encode(), digest_size=12).hexdigest()
    if value is None:
        return Part("none", None, column_.is_(None), fingerprint)
    if isinstance(value, int | Decimal):
        start = int(value)
        inside = column_.between(start, start + NUMBERS_PER_PART - 1)
        return Part(f"{start:020d}", None, inside, fingerprint)
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    except ValueError:
        # A day that does not exist, such as the 0000-00-00 of MySQL; no row is left out for it.
        return Part(str(value)[:10], None, part == value, fingerprint)
    return Part(day.isoformat(), day, part == value, fingerprint)


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    """A connection that can change nothing and locks nobody out, where the database has such."""
    with engine.connect() as db:
        if db.dialect.name == "postgresql":
            db.execution_options(postgresql_readonly=True)
        elif db.dialect.name in DRIVERS:
            db.execution_options(isolation_level="READ COMMITTED")
            db.exec_driver_sql("SET TRANSACTION READ ONLY")
        yield db


def fingerprint(engine: Engine, feed: Feed) -> str:
    """Tells whether the table still holds what it held; reads it once."""
    digest = hashlib.blake2b(digest_size=12)
    known = wanted(feed)
    names = [name for name in _columns(engine, feed) if name in known]
    digest.update(repr(names).encode())
    for row in _rows(engine, feed, names):
        # Whole rows have a value under each name; only of others do the names tell anything.
        said = row.kept.values() if len(row.kept) == len(names) else row.kept.items()
        digest.update(repr((row.problem, *said)).encode())
    return digest.hexdigest()


def _columns(engine: Engine, feed: Feed) -> list[str]:
    schema, _, name = feed.table.rpartition(".")
    with _translating(feed):
        return [str(found["name"]) for found in inspect(engine).get_columns(name, schema or None)]


def _query(feed: Feed, names: list[str]) -> Select[Any]:
    schema, _, name = feed.table.rpartition(".")
    source = table(name, *(column(each) for each in names), schema=schema or None)
    key = next(field.heading for field in feed.fields if field.name == feed.key)
    # Beyond the key, the other columns put in order what should not be there: two rows of one key.
    order = sorted(names, key=lambda each: each != key)
    return select(*(source.c[each] for each in names)).order_by(*(source.c[each] for each in order))


def _rows(
    engine: Engine, feed: Feed, names: list[str], where: ColumnElement[bool] | None = None
) -> Iterator[Row]:
    with _translating(feed), _reading(engine) as db:
        _read_bytes(db)
        query = _query(feed, names) if where is None else _query(feed, names).where(where)
        with db.execution_options(yield_per=ROWS_PER_FETCH).execute(query) as result:
            for number, values in enumerate(result, start=1):
                yield _row(number, dict(zip(names, values, strict=True)))


def _read_bytes(db: Connection) -> None:
    """SQLite promises no encoding: what is not UTF-8 stays bytes, and its row is set aside."""
    driver = db.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.text_factory = _text


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


@contextmanager
def _translating(feed: Feed) -> Iterator[None]:
    """The database's errors, as what to do about them; never chained, for they quote cells."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _translated(error, feed) from None


def _translated(error: SQLAlchemyError, feed: Feed) -> HubError:
    if isinstance(error, NoSuchTableError):
        return UnreadableSourceError(f"there is no table or view {feed.table}")
    if isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.Error):
        # A driver's own errors (before any result code) have none.
        waits = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in SQLITE_WAITS
        if waits:
            return SourceUnavailableError(f"{feed.name}: its database is locked by somebody else")
    elif isinstance(error, OperationalError) and not _refused(error):
        return SourceUnavailableError(f"{feed.name}: its database does not answer")
    return UnreadableSourceError(f"{feed.table} cannot be read")


def _refused(error: DBAPIError) -> bool:
    """Whether a MariaDB or MySQL server answered, and will not do it: its driver calls that operational too."""
    said = getattr(error.orig, "args", ())
    number = said[0] if said and isinstance(said[0], int) else 0
    return number in MYSQL_REFUSALS and number not in MYSQL_WAITS


def _row(number: int, cells: dict[str, object]) -> Row:
    texts = [cell for cell in cells.values() if type(cell) is str]
    if (
        BINARY.isdisjoint(map(type, cells.values()))
        and max(map(len, texts), default=0) <= CELL_CHARACTERS_MAX
    ):
        return Row(number, cells)
    for heading, cell in cells.items():
        if isinstance(cell, bytes | memoryview):
            kept = {k: v for k, v in cells.items() if not isinstance(v, bytes | memoryview)}
            return Row(number, kept, "binary-cell", heading)
        if isinstance(cell, str) and len(cell) > CELL_CHARACTERS_MAX:
            return Row(number, {}, "cell-too-large", heading)
    return Row(number, cells)
