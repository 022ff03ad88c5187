"""SQL: a table or view, read in one pass through SQLAlchemy without locking its owner out.

Rows come in the order of their keys, so a reading that was cut off goes on at
the same row; columns come as the driver gives them, so that a value that does
not fit its column's type is one bad cell and not the end of the reading.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Select, column, create_engine, inspect, make_url, select, table
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
# Each driver has its own word for how long it waits: SQLite for a lock, the others for an answer.
WAITS: Mapping[str, dict[str, Any]] = {
    "sqlite": {"timeout": 2}, "postgresql": {"connect_timeout": 10}, "mysql": {"connect_timeout": 10},
}  # fmt: skip
SQLITE_WAITS = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


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
        options = WAITS.get(address.get_backend_name(), {})
        return create_engine(address, poolclass=NullPool, connect_args=options)
    except (ArgumentError, NoSuchModuleError, ImportError):
        # Not chained and not quoted: the address may hold a password.
        raise SettingsError("the url of an sql feed is no database address that can be used here") from None


def read_table(engine: Engine, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """Rows of the feed's table or view in any database."""
    columns = _columns(engine, feed)
    report = check_headings(feed, columns)
    return report, _rows(engine, feed, [name for name in columns if name in wanted(feed)])


def fingerprint(engine: Engine, feed: Feed) -> str:
    """Tells whether the table still holds what it held; reads it once."""
    digest = hashlib.blake2b(digest_size=12)
    known = wanted(feed)
    for row in _rows(engine, feed, [name for name in _columns(engine, feed) if name in known]):
        digest.update(repr((row.problem, *row.kept.items())).encode())
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


def _rows(engine: Engine, feed: Feed, names: list[str]) -> Iterator[Row]:
    with _translating(feed), engine.connect() as db:
        _read_bytes(db)
        result = db.execution_options(yield_per=ROWS_PER_FETCH).execute(_query(feed, names))
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
    elif isinstance(error, OperationalError):
        return SourceUnavailableError(f"{feed.name}: its database does not answer")
    return UnreadableSourceError(f"{feed.table} cannot be read")


def _row(number: int, cells: dict[str, object]) -> Row:
    for heading, cell in cells.items():
        if isinstance(cell, bytes | memoryview):
            kept = {k: v for k, v in cells.items() if not isinstance(v, bytes | memoryview)}
            return Row(number, kept, "binary-cell", heading)
        if isinstance(cell, str) and len(cell) > CELL_CHARACTERS_MAX:
            return Row(number, {}, "cell-too-large", heading)
    return Row(number, cells)
