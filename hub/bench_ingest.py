"""Ingestion with a stopwatch: each kind of source to the acknowledged log, beside its parsing library alone.

One process with one thread reads the same household register in every format. What the
library alone takes to give the same cells is measured in the same run, and so is
processor time: a machine that is busy with something else stretches the clock alone.
"""

import csv
import secrets
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
from openpyxl import Workbook
from sqlalchemy import Engine, text

from hub.app import Hub
from hub.bench import Stopwatch
from hub.collector import tune_collector
from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import File, Reader
from hub.connect.sources import delimited, excel, jsonl, sql
from hub.connect.tables import Table
from hub.demo import at
from hub.domain.days import Day, day_of, iso
from hub.projections.databases import database_of
from hub.settings import Settings
from hub.simulate.ledger import HOUSEHOLD
from hub.simulate.people import Numbers, Person, Settlers
from hub.simulate.places import address

DAY: Day = day_of("2024-01-01")
TABLE = "household_bench"
DATES = ("出生日期", "登记日期")
ROWS_PER_FETCH = 5_000

Cells = dict[str, str]


class Source(NamedTuple):
    """One kind of source: what the hub reads, and what the library alone does to give the same cells."""

    connector: Connector
    alone: Callable[[], Iterable[object]]


def bench_ingest(settings: Settings, records: int) -> dict[str, Any]:
    """Rows per second of each kind of source, and of its library alone; PostgreSQL where settings name one."""
    tune_collector()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        feed = _feed(folder)
        rows = list(register(records))
        found = {kind: measured(source, folder / kind, records) for kind, source in files(feed, folder, rows)}
        if settings.projection.url:
            with _filled(settings, rows) as engine:
                source = of_table(replace(feed, format="sql", table=TABLE), engine)
                found["postgresql"] = measured(source, folder / "postgresql", records)
    return {"records": records, "columns": len(rows[0]), "sources": found}


def measured(source: Source, folder: Path, records: int) -> dict[str, Any]:
    """One source to the acknowledged log of a new hub, then its library alone."""
    with closing(Hub(at(folder))) as hub, hub.ingest() as work:
        receipts: list[int] = []
        watch = Stopwatch()
        work.run([source.connector], lambda receipt: receipts.append(receipt.accepted), close_days=False)
        through = watch.took()
    watch = Stopwatch()
    given = sum(1 for _ in source.alone())
    alone = watch.took()
    if sum(receipts) != records or given < records:
        raise RuntimeError(f"{sum(receipts)} of {records} rows were accepted, {given} parsed")
    return {
        "rows_per_second": round(records / through.seconds),
        "rows_per_processor_second": round(records / through.processor),
        "library_alone_rows_per_second": round(records / alone.seconds),
        "library_alone_rows_per_processor_second": round(records / alone.processor),
        "of_library": round(alone.processor / through.processor, 3),
    }


def _feed(folder: Path) -> Feed:
    with closing(Hub(at(folder / "feeds"))) as hub:
        return hub.feeds[HOUSEHOLD]


# --- the register ----------------------------------------------------------------------------


def register(records: int) -> Iterator[Cells]:
    """So many entries of a household register that nobody is in."""
    random = Random(1)
    settlers = Settlers(random, Numbers(random))
    while len(settlers.people) < records:
        settlers.family(settlers.household(local=True, since=DAY - random.randrange(10_000)), 6)
    for number, person in enumerate(settlers.people[:records]):
        yield _entry(number, person)


def _entry(number: int, person: Person) -> Cells:
    household = person.household
    since, place = household.homes[0]
    return {
        "登记编号": f"HR{number:08d}", "操作": "新增", "户号": f"H{household.number:07d}",
        "与户主关系": person.relation, "姓名": person.name, "曾用名": "",
        "性别": "男" if person.sex == "male" else "女", "出生日期": iso(person.born),
        "公民身份号码": person.number, "地址代码": place, "住址": address(place, household.number),
        "登记类别": "迁入", "登记日期": iso(since), "出生地代码": place, "出生医学证明编号": "",
        "母亲姓名": "", "母亲身份号码": "", "父亲身份号码": "",
    }  # fmt: skip


# --- the sources -----------------------------------------------------------------------------


def files(feed: Feed, folder: Path, rows: Sequence[Cells]) -> Iterator[tuple[str, Source]]:
    """The register in each format, written as it is asked for."""
    for name, encoding in (("csv-utf-8", "utf-8"), ("csv-gb18030", "gb18030")):
        path = folder / f"{name}.csv"
        _write_csv(path, rows, encoding)
        shape = replace(feed, format="delimited", encoding=encoding)
        yield name, of_file(shape, path, delimited.read, _csv_alone, encoding)
    path = folder / "register.xlsx"
    _write_workbook(path, rows)
    yield "excel", of_file(replace(feed, format="excel"), path, excel.read, _excel_alone)
    path = folder / "register.jsonl"
    path.write_bytes(msgspec.json.Encoder().encode_lines(rows))
    yield "jsonl", of_file(replace(feed, format="jsonl"), path, jsonl.read, _lines_alone)
    path = folder / "register.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(_created(rows[0]))
        places = ", ".join("?" * len(rows[0]))
        insert = f"INSERT INTO {TABLE} VALUES ({places})"  # noqa: S608 - no value of a row
        db.executemany(insert, (tuple(row.values()) for row in rows))
    shape = replace(feed, format="sql", table=TABLE)
    yield "sqlite", of_file(shape, path, sql.read, _sqlite_alone)


def of_file(
    feed: Feed, path: Path, reader: Reader, alone: Callable[..., Iterable[object]], *said: str
) -> Source:
    """A file as a source."""
    return Source(File(feed, path, DAY, reader), lambda: alone(path, *said))


def of_table(feed: Feed, engine: Engine) -> Source:
    """A table of a database server as a source."""
    return Source(Table(feed, engine, DAY), lambda: _table_alone(engine, feed.table))


def _write_csv(path: Path, rows: Sequence[Cells], encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(rows[0])
        writer.writerows(row.values() for row in rows)


def _csv_alone(path: Path, encoding: str) -> Iterator[object]:
    with path.open(encoding=encoding, newline="") as stream:
        yield from csv.reader(stream)


def _write_workbook(path: Path, rows: Sequence[Cells]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append([date.fromisoformat(v) if name in DATES else v or None for name, v in row.items()])
    book.save(path)


def _excel_alone(path: Path) -> Iterator[object]:
    book, rows = excel.opened(path)
    with closing(book):
        yield from rows


def _lines_alone(path: Path) -> Iterator[object]:
    with path.open("rb") as stream:
        yield from map(msgspec.json.decode, stream)


def _created(row: Mapping[str, str]) -> str:
    key, *others = row
    columns = ", ".join([f'"{key}" TEXT PRIMARY KEY', *(f'"{name}" TEXT' for name in others)])
    return f"CREATE TABLE {TABLE}({columns})"


def _sqlite_alone(path: Path) -> Iterator[object]:
    with closing(sqlite3.connect(path)) as db:
        yield from db.execute(f"SELECT * FROM {TABLE}")  # noqa: S608 - a constant


@contextmanager
def _filled(settings: Settings, rows: Sequence[Cells]) -> Iterator[Engine]:
    """The register in a schema of its own on the server that settings name, gone afterwards."""
    schema = f"bench_{secrets.token_hex(6)}"
    database = database_of(replace(settings, projection=replace(settings.projection, schema=schema)))
    try:
        with database.connect() as db:
            names = [f"c{index}" for index in range(len(rows[0]))]
            insert = f"INSERT INTO {TABLE} VALUES ({', '.join(f':{name}' for name in names)})"  # noqa: S608
            db.execute(text(_created(rows[0])))
            db.execute(text(insert), [dict(zip(names, row.values(), strict=True)) for row in rows])
            db.commit()
            yield db.engine
    finally:
        database.drop()


def _table_alone(engine: Engine, table: str) -> Iterator[object]:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - a constant
        while page := cursor.fetchmany(ROWS_PER_FETCH):
            yield from page
    finally:
        connection.close()
