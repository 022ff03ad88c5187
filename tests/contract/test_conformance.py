"""Every source under the conformance suite, delivered to as its departments would."""

import csv
import gzip
import io
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from openpyxl import Workbook

from hub.settings import load
from tests.contract.conformance import HEADINGS, Conformance
from tests.databases import new_database, new_mariadb
from tests.inboxes import Department, inbox_of, new_secret
from tests.sftp import SftpServer, serving_files
from tests.topics import ChangeTopic
from tests.web import Interface, serving

Rows = Sequence[Sequence[str]]


def as_csv(rows: Rows, headings: Sequence[str], encoding: str = "utf-8") -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows([headings, *rows])
    return stream.getvalue().encode(encoding)


def as_packed(rows: Rows, headings: Sequence[str]) -> bytes:
    return gzip.compress(as_csv(rows, headings))


def as_wide(rows: Rows, headings: Sequence[str]) -> bytes:
    return as_csv(rows, headings, "utf-16")


def as_workbook(rows: Rows, headings: Sequence[str]) -> bytes:
    book, stream = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for row in [headings, *rows]:
        sheet.append(row)
    book.save(stream)
    return stream.getvalue()


def as_lines(rows: Rows, headings: Sequence[str]) -> bytes:
    return "\n".join(json.dumps(dict(zip(headings, row, strict=True))) for row in rows).encode()


class DatedFolder:
    """A folder into which each delivery is dropped under the next day's name."""

    def __init__(self, folder: Path, suffix: str, write: Callable[..., bytes], said: str) -> None:
        self.folder, self.suffix, self.write = folder, suffix, write
        self.said = f'path = "{folder}"\n{said}'
        self.count = 0
        folder.mkdir()

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        self.count += 1
        (self.folder / f"2024-01-{self.count:02d}{self.suffix}").write_bytes(self.write(rows, headings))


class OneFile(DatedFolder):
    """A file that is kept up to date."""

    def __init__(self, folder: Path, suffix: str, write: Callable[..., bytes], said: str) -> None:
        super().__init__(folder, suffix, write, said)
        self.path = folder / f"members{suffix}"
        self.path.touch()
        self.said = f'path = "{self.path}"\n{said}'

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        self.path.write_bytes(self.write(rows, headings))


class SqliteTable:
    """A table of an SQLite database, by its address."""

    cursor = ""

    def __init__(self, folder: Path) -> None:
        self.path, self.day = folder / "members.db", 0
        self.said = f'url = "sqlite:///{self.path}"\n{self.cursor}'

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        self.day += 1
        before = set() if self.day == 1 else self._before()
        db = sqlite3.connect(self.path)
        with db:
            db.execute("DROP TABLE IF EXISTS members")
            db.execute(f"CREATE TABLE members ({', '.join(headings)}, changed_at)")
            marks = ", ".join("?" * (len(headings) + 1))
            for row in rows:
                day = before.get(tuple(row), self.day) if before else self.day
                db.execute(f"INSERT INTO members VALUES ({marks})", (*row, f"2024-01-{day:02d}"))
        db.close()

    def _before(self) -> dict[tuple[str, ...], int]:
        db = sqlite3.connect(self.path)
        found = {tuple(row[:-1]): int(row[-1][-2:]) for row in db.execute("SELECT * FROM members")}
        db.close()
        return found


class SqliteChanges(SqliteTable):
    """The same, read by its change column."""

    cursor = 'cursor = "changed_at"'


class PostgresTable:
    """A table of a real PostgreSQL."""

    cursor = ""

    def __init__(self, url: str, folder: Path) -> None:
        (folder / "url").write_text(url.replace("postgresql://", "postgresql+psycopg://"))
        self.url, self.day = url, 0
        self.said = f'url_file = "{folder / "url"}"\n{self.cursor}'

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        self.day += 1
        with psycopg.connect(self.url) as db:
            db.execute("DROP TABLE IF EXISTS members")
            db.execute(
                f"CREATE TABLE members ({', '.join(f'{name} text' for name in headings)}, changed_at date)"
            )
            marks = ", ".join(["%s"] * (len(headings) + 1))
            for row in rows:
                db.execute(f"INSERT INTO members VALUES ({marks})", (*row, f"2024-01-{self.day:02d}"))


class PostgresChanges(PostgresTable):
    """The same, read by its change column."""

    cursor = 'cursor = "changed_at"'


class MariadbTable:
    """A table of a real MariaDB, read by an account that may do nothing else."""

    cursor = ""

    def __init__(self, server: Any, folder: Path) -> None:
        self.db, url = new_mariadb(server)
        self.day = 0
        self.said = f'url = "{url}"\n{self.cursor}'

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        self.day += 1
        with self.db.cursor() as db:
            db.execute("DROP TABLE IF EXISTS members")
            db.execute(
                f"CREATE TABLE members ({', '.join(f'{name} text' for name in headings)}, changed_at datetime)"
            )
            marks = ", ".join(["%s"] * (len(headings) + 1))
            day = f"2024-01-{self.day:02d}"
            db.executemany(f"INSERT INTO members VALUES ({marks})", [(*row, day) for row in rows])


class MariadbChanges(MariadbTable):
    """The same, read by its change column."""

    cursor = 'cursor = "changed_at"'


FILES = {
    "csv": (DatedFolder, ".csv", as_csv, ""),
    "packed csv": (DatedFolder, ".csv.gz", as_packed, ""),
    "utf-16": (DatedFolder, ".csv", as_wide, 'encoding = "auto"'),
    "excel": (DatedFolder, ".xlsx", as_workbook, 'format = "excel"'),
    "lines": (DatedFolder, ".jsonl", as_lines, 'format = "jsonl"'),
    "one csv": (OneFile, ".csv", as_csv, ""),
    "one workbook": (OneFile, ".xlsx", as_workbook, 'format = "excel"'),
}


class TestFiles(Conformance):
    @pytest.fixture(params=FILES)
    def source(self, request, tmp_path):
        make, suffix, write, said = FILES[request.param]
        return make(tmp_path / "source", suffix, write, said)


class TestSqlite(Conformance):
    @pytest.fixture(params=[SqliteTable, SqliteChanges])
    def source(self, request, tmp_path):
        return request.param(tmp_path)


class TestPostgres(Conformance):
    @pytest.fixture(params=[PostgresTable, PostgresChanges])
    def source(self, request, tmp_path, postgres):
        return request.param(new_database(postgres), tmp_path)


class TestMariadb(Conformance):
    @pytest.fixture(params=[MariadbTable, MariadbChanges])
    def source(self, request, tmp_path, mariadb):
        made = request.param(mariadb, tmp_path)
        yield made
        made.db.close()


class HttpPages:
    """An interface whose records are those of the last delivery."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self.said = f'url = "{interface.address}/people"'

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        self.interface.records = [dict(zip(headings, row, strict=True)) for row in rows]


class SftpFolder(DatedFolder):
    """A folder on a real SFTP server."""

    def __init__(self, folder: Path, site: Path, server: SftpServer) -> None:
        super().__init__(folder, ".csv", as_csv, "")
        for name in ("key", "known_hosts"):
            (site / name).write_bytes((server.folder / name).read_bytes())
            (site / name).chmod(0o600)
        self.said = f'url = "sftp://clerk@127.0.0.1:{server.port}{folder}"\nkey_file = "key"\nknown_hosts = "known_hosts"'


class TestSftp(Conformance):
    @pytest.fixture
    def source(self, tmp_path, sftp_server):
        return SftpFolder(tmp_path / "source", tmp_path, sftp_server)


@pytest.fixture(scope="module")
def sftp_server(tmp_path_factory):
    with serving_files(tmp_path_factory.mktemp("sftp")) as server:
        yield server


class TestHttp(Conformance):
    @pytest.fixture
    def source(self):
        with serving() as interface:
            yield HttpPages(interface)


class PostedBatches:
    """An inbox to which a department posts each delivery."""

    said = 'secrets_file = "secrets"'

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack, self.count = folder, stack, 0
        self.secret = new_secret(folder / "secrets")
        self.department: Department | None = None

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        if self.department is None:
            port = self.stack.enter_context(inbox_of(load(self.folder / "hub.toml", {})))
            self.department = Department(port, self.secret)
        self.count += 1
        assert self.department.post(as_lines(rows, headings), f"batch-{self.count}").status == 202


class TestPosted(Conformance):
    @pytest.fixture
    def source(self, tmp_path):
        with ExitStack() as stack:
            yield PostedBatches(tmp_path, stack)


class KafkaTopic:
    """A topic of two partitions into which a connector writes what became of a table's rows."""

    def __init__(self, topic: ChangeTopic) -> None:
        self.topic = topic
        self.said = topic.said

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        for row in rows:
            self.topic.say("u", dict(zip(headings, row, strict=True)))
        self.topic.flush()


@pytest.mark.kafka
class TestTopic(Conformance):
    @pytest.fixture
    def source(self, broker):
        with ChangeTopic(broker.address, 2) as topic:
            yield KafkaTopic(topic)
