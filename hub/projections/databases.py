"""Where a projection lives: an SQLite file or a schema of PostgreSQL, by one URL.

Either can be owned by one process only, rebuilt beside the live one, and
swapped for it; nothing else about them differs to those who use them.
"""

import fcntl
import hashlib
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError
from sqlalchemy.pool import NullPool

from hub.checks import Check
from hub.errors import BusyError, ProjectionUnavailableError, SettingsError
from hub.log.sqlite_checks import connection_checks, folder_checks, one_writer, reachable, stored_checks
from hub.projections import metadata
from hub.projections.exchange import Exchange
from hub.projections.exchange import metadata as exchange_metadata
from hub.projections.position import of_this_version
from hub.projections.postgres_checks import checks as postgres_checks
from hub.settings import Settings

SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,40}")
STATEMENT_MILLISECONDS_MAX = 600_000
LOCK_MILLISECONDS_MAX = 30_000
NOT_NOW = {
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_IOERR: "its disk failed",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_READONLY: "its file cannot be written",
    sqlite3.SQLITE_BUSY: "somebody else has locked it",
}
PATIENCE = {"connect_timeout": 10}
"""Seconds until a server that does not answer is given up."""


class Database(Protocol):
    """The home of one projection."""

    def connect(self) -> AbstractContextManager[Connection]:
        """A connection; tables that are missing are made."""

    def owned(self) -> AbstractContextManager[Callable[[], None]]:
        """Be the only process that changes this projection; BusyError while another is.

        What it gives raises ProjectionUnavailableError once that is no longer so.
        """

    def exchange(self, writing: Connection) -> AbstractContextManager[Exchange]:
        """A seat among the workers of this projection, for whoever writes by that connection."""

    def beside(self) -> Self:
        """An empty database beside this one."""

    def swap(self, other: Self) -> None:
        """Put another in this one's place, in one go; this one's tables are gone then."""

    def drop(self) -> None:
        """Remove it with all it holds: the log gives everything back."""

    def checks(self, deep: bool) -> list[Check]:
        """What must hold of this home; nothing is created or changed."""


def database_of(settings: Settings) -> Database:
    """The database of these settings, its password read from its file."""
    said, password = settings.projection, None
    if said.password_file:
        try:
            password = (settings.folder / said.password_file).read_text("utf-8").strip()
        except OSError:
            raise SettingsError(f"projection.password_file: {said.password_file} cannot be read") from None
    return open_database(said.url, settings.data / "projection.db", said.schema, password)


def open_database(url: str, path: Path, schema: str, password: str | None = None) -> Database:
    """The database that a setting names; an SQLite file at `path` where it names none."""
    if not url:
        return SqliteDatabase(path)
    if not url.startswith("postgresql"):
        raise SettingsError("projection.url: leave it empty for SQLite, or give postgresql://user@host/name")
    where = make_url(url).set(drivername="postgresql+psycopg")
    if where.password is not None:
        raise SettingsError("projection.url: the password belongs into projection.password_file")
    if not SCHEMA.fullmatch(schema):
        raise SettingsError("projection.schema: small letters, digits and _, at most 41 of them")
    return PostgresDatabase(where.set(password=password) if password else where, schema)


def open_sqlite(path: Path | str) -> Engine:
    """An engine for one SQLite file: WAL and a bounded wait."""
    # What a statement was given may be personal: it stays out of error texts.
    engine = create_engine(
        f"sqlite:///file:{path}?uri=true", connect_args={"timeout": 10}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # a DBAPI connection
        # A step writes several thousand pages: copied back every few steps, not within each.
        # What a power cut takes from a projection or from what ingestion remembers, the log gives back.
        for said in (
            "journal_mode=WAL",
            "wal_autocheckpoint=20000",
            "synchronous=NORMAL",
            "cache_size=-131072",
        ):
            cursor.execute(f"PRAGMA {said}")
        cursor.close()

    return engine


@contextmanager
def locked(path: Path, name: str) -> Iterator[None]:
    """Hold a file lock, which the system lets go when the process ends, however it ends."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"another process is working on the {name}") from None
        yield


class SqliteDatabase:
    """A projection in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        engine = open_sqlite(self.path)
        try:
            with file_translated(), engine.connect() as db:
                metadata.create_all(db)
                of_this_version(db, self.path.name)
                db.commit()
                yield db
        finally:
            engine.dispose()

    @contextmanager
    def owned(self) -> Iterator[Callable[[], None]]:
        with locked(self.path.with_suffix(".lock"), self.path.stem):
            # The system takes a file lock from nobody.
            yield lambda: None

    def exchange(self, writing: Connection) -> AbstractContextManager[Exchange]:
        raise SettingsError("projection.url: workers decide together on PostgreSQL only; name it")

    def beside(self) -> "SqliteDatabase":
        found = self.path.with_name(f"{self.path.stem}-rebuilt.db")
        for old in self.path.parent.glob(f"{found.name}*"):
            old.unlink()
        return SqliteDatabase(found)

    def swap(self, other: "SqliteDatabase") -> None:
        with other.connect() as db:
            db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        for stale in self.path.parent.glob(f"{self.path.name}-*"):
            stale.unlink()
        other.path.replace(self.path)

    def drop(self) -> None:
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()

    def checks(self, deep: bool) -> list[Check]:
        if not self.path.exists():
            return []
        reachable(self.path)
        try:
            found = [
                *folder_checks(self.path.parent),
                one_writer(self.path, self.path.with_suffix(".lock")),
                *stored_checks(self.path, None, deep),
            ]
            # The file may be read while it is worked on; what is left is asked of a connection to no file.
            with open_sqlite(":memory:").connect() as db:
                found += connection_checks(self.path.name, lambda name: _pragma(db, name), 1)
        except (DBAPIError, sqlite3.Error) as error:
            raise ProjectionUnavailableError(f"{self.path.name} could not be asked") from error
        return found


class PostgresDatabase:
    """A projection in one schema."""

    def __init__(self, url: URL, schema: str) -> None:
        self._url, self._schema = url, schema

    def _engine(self) -> Engine:
        options = (
            f"-csearch_path={self._schema} -cstatement_timeout={STATEMENT_MILLISECONDS_MAX} "
            f"-clock_timeout={LOCK_MILLISECONDS_MAX} -cidle_in_transaction_session_timeout=0 "
            "-csynchronous_commit=on"
        )
        said = {"options": options, "application_name": "hub"} | PATIENCE
        # What a statement was given may be personal: it stays out of error texts.
        return create_engine(self._url, poolclass=NullPool, connect_args=said, hide_parameters=True)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        engine = self._engine()
        try:
            with translated(), engine.connect() as db:
                # Two who make the same thing at once would meet an error, IF NOT EXISTS or not.
                db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": self._key(b"hub-making")})
                db.execute(text(f"CREATE SCHEMA IF NOT EXISTS {self._schema}"))
                for tables in (metadata, exchange_metadata):
                    tables.create_all(db)
                of_this_version(db, f"the schema {self._schema}")
                db.commit()
                yield db
        finally:
            engine.dispose()

    def _key(self, purpose: bytes) -> int:
        digest = hashlib.blake2b(self._schema.encode(), digest_size=8, person=purpose).digest()
        return int.from_bytes(digest, "big", signed=True)

    @contextmanager
    def owned(self) -> Iterator[Callable[[], None]]:
        engine = self._engine()
        try:
            with translated(), engine.connect() as db:
                lock = text("SELECT pg_try_advisory_lock(:key)")
                taken = db.execute(lock, {"key": self._key(b"hub-owner")}).scalar()
                db.commit()
                if not taken:
                    raise BusyError("another process is working on the projection")

                def still() -> None:
                    # The lock lives as long as its session, which may end while others live on.
                    db.execute(text("SELECT 1"))
                    db.commit()

                yield still
        finally:
            engine.dispose()

    @contextmanager
    def exchange(self, writing: Connection) -> Iterator[Exchange]:
        engine = self._engine().execution_options(isolation_level="AUTOCOMMIT")
        try:
            with translated(), engine.connect() as db:
                seat = Exchange(db, writing, secrets.token_hex(8))
                try:
                    yield seat
                finally:
                    seat.close()
        finally:
            engine.dispose()

    def beside(self) -> "PostgresDatabase":
        found = PostgresDatabase(self._url, f"{self._schema}_rebuilt")
        engine = self._engine()
        with translated(), engine.begin() as db:
            db.execute(text(f"DROP SCHEMA IF EXISTS {found._schema} CASCADE"))
            db.execute(text(f"CREATE SCHEMA {found._schema}"))
        engine.dispose()
        return found

    def swap(self, other: "PostgresDatabase") -> None:
        engine = self._engine()
        with translated(), engine.begin() as db:
            db.execute(text(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE"))
            db.execute(text(f"ALTER SCHEMA {other._schema} RENAME TO {self._schema}"))
        engine.dispose()

    def drop(self) -> None:
        engine = self._engine()
        with translated(), engine.begin() as db:
            db.execute(text(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE"))
        engine.dispose()

    def checks(self, deep: bool) -> list[Check]:
        engine, plain = self._engine(), create_engine(self._url, poolclass=NullPool, connect_args=PATIENCE)
        with translated(), engine.connect() as ours, plain.connect() as theirs:
            return list(postgres_checks(ours, theirs))


def _pragma(db: Connection, name: str) -> object:
    row = db.exec_driver_sql(f"PRAGMA {name}").fetchone()
    return row[0] if row else None


@contextmanager
def file_translated() -> Iterator[None]:
    """What SQLite says of a disk or a lock, in our words: the same input will do another time."""
    try:
        yield
    except OperationalError as error:
        # The last byte is the kind; what stands above it says more than anyone needs.
        means = NOT_NOW.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF)
        if means is None:
            raise
        raise ProjectionUnavailableError(f"the projection cannot be worked on now: {means}") from error


@contextmanager
def translated() -> Iterator[None]:
    """What a server says in its own words, in ours: a lost connection is no fault of the input."""
    try:
        yield
    except (OperationalError, PendingRollbackError) as error:
        raise ProjectionUnavailableError("the projection's database did not answer") from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise ProjectionUnavailableError("the projection's database broke off") from error
