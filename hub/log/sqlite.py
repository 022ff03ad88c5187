"""The log in SQLite: the embedded default.

One file per topic, so that ingestion, the rules and the people who ask write
without waiting for each other. Inside a file one process writes at a time,
under a file lock that also covers WAL checkpoints: SQLite before 3.51.3 may
corrupt a file that two connections checkpoint at once. Readers are read-only
connections and never checkpoint.
"""

import fcntl
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from hub.checks import Check
from hub.domain.days import Day, day_of, iso
from hub.domain.events import TOPICS
from hub.errors import IntegrityError, LogUnavailableError
from hub.log import Envelope, Partition, Position, Recorded, partition_of
from hub.log.codec import Codec, undecodable
from hub.log.frame import framer, leaf_hash
from hub.log.sqlite_checks import connection_checks, folder_checks, one_writer, reachable, stored_checks

APPLICATION_ID = 0x48554231  # "HUB1"
LOCK_WAIT_SECONDS_MAX = 30.0

TABLES = """
CREATE TABLE IF NOT EXISTS event(
    partition INTEGER NOT NULL, offset INTEGER NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,
    type TEXT NOT NULL, source TEXT NOT NULL, subject TEXT NOT NULL, time TEXT NOT NULL,
    jurisdiction TEXT NOT NULL, actor TEXT NOT NULL, correlationid TEXT NOT NULL,
    causationid TEXT NOT NULL, agreement TEXT NOT NULL, recordedtime TEXT NOT NULL,
    value BLOB NOT NULL, leaf BLOB NOT NULL,
    PRIMARY KEY (partition, offset)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS schema(
    fingerprint BLOB PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS layout(partitions INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS event_is_final BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER IF NOT EXISTS event_stays BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
"""
COLUMNS = (
    "partition, offset, key, id, type, source, subject, time, jurisdiction, actor,"
    " correlationid, causationid, agreement, recordedtime, value, leaf"
)
HEADERS = [
    "ce_id",
    "ce_type",
    "ce_source",
    "ce_subject",
    "ce_time",
    "ce_jurisdiction",
    "ce_actor",
    "ce_correlationid",
    "ce_causationid",
    "ce_agreement",
    "ce_recordedtime",
]
INSERT = f"INSERT INTO event({COLUMNS}) VALUES ({','.join('?' * 16)})"  # noqa: S608 - constants only
SELECT = """SELECT offset, key, id, source, subject, time, jurisdiction, actor,
    correlationid, causationid, agreement, value
    FROM event WHERE partition = ? AND offset > ? ORDER BY offset LIMIT ?"""
TYPE_PREFIX = "county.hub."


@lru_cache(4_096)
def midnight(day: Day) -> str:
    """A day as the time attribute of CloudEvents."""
    return iso(day) + "T00:00:00Z"


@lru_cache(4_096)
def day_in(time: str) -> Day | None:
    """The day in a time attribute; None where it is empty."""
    return day_of(time[:10]) if time else None


def tune(db: sqlite3.Connection) -> None:
    """What a writing connection is told, since the file does not remember it."""
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA wal_autocheckpoint=4000")


@contextmanager
def held(lock: IO[str], name: str) -> Iterator[None]:
    """Be the only process that writes or checkpoints a file."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS_MAX
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LogUnavailableError(f"{name} is held by another process") from None
            time.sleep(0.002)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


class TopicFile:
    """The events of one topic in one SQLite file."""

    def __init__(self, path: Path, topic: str, partitions: int, codec: Codec) -> None:
        self.topic, self._codec, self._path = topic, codec, path
        self._framed = framer(topic, HEADERS)
        self._lock = path.with_suffix(".lock").open("a")
        self._reader: sqlite3.Connection | None = None
        with self.locked():
            try:
                self._writer = sqlite3.connect(path, isolation_level=None, timeout=5)
                self._prepare(partitions)
            except sqlite3.OperationalError as error:
                raise LogUnavailableError(f"{path.name} could not be opened") from error

    def _prepare(self, partitions: int) -> None:
        db = self._writer
        found = db.execute("PRAGMA application_id").fetchone()[0]
        if found not in (0, APPLICATION_ID):
            raise IntegrityError(f"{self._path.name} is not a hub log")
        db.execute("PRAGMA journal_mode=WAL")
        tune(db)
        if not found:
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            db.executescript(TABLES)
        db.execute("INSERT INTO layout SELECT ? WHERE NOT EXISTS (SELECT 1 FROM layout)", (partitions,))
        self.count: int = db.execute("SELECT partitions FROM layout").fetchone()[0]
        for (text,) in db.execute("SELECT text FROM schema"):
            self._codec.learn(text)

    def locked(self) -> AbstractContextManager[None]:
        """Be the only process that writes or checkpoints this file."""
        return held(self._lock, self._path.name)

    def append(self, envelopes: Sequence[Envelope]) -> list[Position]:
        """Append in one transaction; see `hub.log.EventLog`."""
        db = self._writer
        encoded = [self._codec.encode(envelope.event) for envelope in envelopes]
        with self.locked():
            try:
                db.execute("BEGIN IMMEDIATE")
                self._store_schemas(encoded)
                heads = self.heads(db)
                rows, positions = self._rows(envelopes, encoded, heads)
                db.executemany(INSERT, rows)
                db.execute("COMMIT")
            except sqlite3.Error as error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise LogUnavailableError(f"{self._path.name} did not take the events") from error
        return positions

    def _store_schemas(self, encoded: Sequence[bytes]) -> None:
        """Keep each schema beside the first event that uses it: the log explains itself."""
        known = {row[0] for row in self._writer.execute("SELECT fingerprint FROM schema")}
        for fingerprint in {value[2:10] for value in encoded} - known:
            if schema := self._codec.schemas.get(fingerprint):
                self._writer.execute(
                    "INSERT INTO schema VALUES (?, ?, ?)", (fingerprint, schema.sha256, schema.text)
                )

    def _rows(
        self, envelopes: Sequence[Envelope], encoded: Sequence[bytes], heads: dict[int, int]
    ) -> tuple[list[tuple[object, ...]], list[Position]]:
        rows: list[tuple[object, ...]] = []
        positions: list[Position] = []
        recorded = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        partitions = [Partition(self.topic, n) for n in range(self.count)]
        framed = self._framed
        for item, value in zip(envelopes, encoded, strict=True):
            event, id_, key, source, subject, day, area, actor, corr, cause, agreed, named = item
            time_ = "" if day is None else midnight(day)
            attributes = (id_, TYPE_PREFIX + type(event).__name__, source, subject, time_, area, actor, corr, cause,
                          agreed, recorded)  # fmt: skip
            chosen = partition_of(key, self.count) if named is None else named
            for number in range(self.count) if event.BARRIER else (chosen,):
                offset = heads[number] = heads.get(number, -1) + 1
                leaf = leaf_hash(framed(number, offset, key, attributes, value))
                rows.append((number, offset, key, *attributes, value, leaf))
                positions.append(Position(partitions[number], offset))
        return rows, positions

    def heads(self, db: sqlite3.Connection) -> dict[int, int]:
        """Partition number to its last offset."""
        query = "SELECT max(offset) FROM event WHERE partition = ?"
        found = {n: db.execute(query, (n,)).fetchone()[0] for n in range(self.count)}
        return {n: offset for n, offset in found.items() if offset is not None}

    @property
    def reader(self) -> sqlite3.Connection:
        """A connection that can only read."""
        if self._reader is None:
            self._reader = sqlite3.connect(
                f"file:{self._path}?mode=ro", uri=True, isolation_level=None, timeout=5
            )
        return self._reader

    def read(self, partition: Partition, after: int, limit: int) -> list[Recorded]:
        """One page of one partition."""
        decode = self._codec.decode
        read: list[Recorded] = []
        for (
            offset,
            key,
            id_,
            source,
            subject,
            when,
            area,
            actor,
            corr,
            cause,
            agreed,
            value,
        ) in self.reader.execute(SELECT, (partition.number, after, limit)):
            try:
                event = decode(value)
            except Exception as error:
                raise undecodable(f"{partition} offset {offset}", error) from None
            envelope = Envelope(
                event, id_, key, source, subject, day_in(when), area, actor, corr, cause, agreed
            )
            read.append(Recorded(Position(partition, offset), envelope))
        return read

    def close(self) -> None:
        """Close readers first; the writer's closing checkpoint happens under the lock."""
        if self._reader is not None:
            self._reader.close()
        with self.locked():
            self._writer.close()
        self._lock.close()


class SqliteLog:
    """The embedded log: a folder with one SQLite file per topic; see `hub.log.EventLog`."""

    def __init__(self, folder: Path, codec: Codec, partitions: int = 1) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._files = {topic: TopicFile(folder / f"{topic}.db", topic, partitions, codec) for topic in TOPICS}

    def append(self, envelopes: Sequence[Envelope]) -> list[Position]:
        by_topic: defaultdict[str, list[Position]] = defaultdict(list)
        for topic, items in groupby(envelopes, key=lambda item: item.event.TOPIC):
            by_topic[topic] += self._files[topic].append(list(items))
        return [position for positions in by_topic.values() for position in positions]

    def partitions(self, topic: str) -> Sequence[Partition]:
        return [Partition(topic, number) for number in range(self._files[topic].count)]

    def read(self, partition: Partition, after: int, limit: int) -> list[Recorded]:
        return self._files[partition.topic].read(partition, after, limit)

    def head(self) -> dict[Partition, int]:
        return {
            Partition(topic, number): offset
            for topic, file in self._files.items()
            for number, offset in file.heads(file.reader).items()
        }

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def checks(folder: Path, deep: bool) -> Iterator[Check]:
    """What must hold of an embedded log; files that are not there yet are made when the hub starts."""
    paths = [path for topic in TOPICS if (path := folder / f"{topic}.db").exists()]
    if not paths:
        return
    yield from folder_checks(folder)
    for path in paths:
        reachable(path)
        lock = path.with_suffix(".lock")
        yield one_writer(path, lock)
        try:
            yield from stored_checks(path, APPLICATION_ID, deep)
            with lock.open("a") as file, held(file, path.name):
                yield from connection_checks(path.name, _asked(path), 2)
        except sqlite3.Error as error:
            raise LogUnavailableError(f"{path.name} could not be asked: {error}") from error


def _asked(path: Path) -> Callable[[str], Any]:
    """The value of a pragma on a connection as the writer's; the caller holds the lock."""

    def ask(pragma: str) -> Any:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as db:
            tune(db)
            row = db.execute(f"PRAGMA {pragma}").fetchone()
            return row[0] if row else None

    return ask
