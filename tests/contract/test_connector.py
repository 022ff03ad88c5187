"""The port's promises, kept by every shape of connector: what ingestion builds on."""

import gzip
import json
import sqlite3

import pytest
from openpyxl import Workbook

from hub.connect import Drop
from hub.connect.drops import File, Folder
from hub.connect.odcs import load_contract
from hub.connect.sources import delimited, excel, jsonl, sql
from hub.connect.tables import Table
from hub.domain.days import day_of
from tests.connect.samples import CONTRACT

SOURCE = "\ncustomProperties: [{property: source, value: {table: members}}]\n"
HEADINGS = ["id", "given_name", "surname", "dob", "remark"]
ROWS = [["2", "Jon", "Holm", "19700305", "x"], ["1", "Anna", "Berg", "19900102", "x"]]
OTHER = [*ROWS, ["3", "Mia", "Lind", "19880704", "x"]]


def write_csv(path, rows):
    path.write_text("\n".join(",".join(row) for row in [HEADINGS, *rows]) + "\n")


def write_packed(path, rows):
    with gzip.GzipFile(path, "w", mtime=0) as stream:
        stream.write("\n".join(",".join(row) for row in [HEADINGS, *rows]).encode())


def write_workbook(path, rows):
    book = Workbook()
    for row in [HEADINGS, *rows]:
        book.worksheets[0].append(row)
    book.save(path)


def write_lines(path, rows):
    path.write_text("\n".join(json.dumps(dict(zip(HEADINGS, row, strict=True))) for row in rows))


def write_database(path, rows):
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as db:
        db.execute(f"CREATE TABLE members ({', '.join(HEADINGS)})")
        db.executemany("INSERT INTO members VALUES (?, ?, ?, ?, ?)", rows)
    db.close()


def folder_of(suffix, reader, packed=""):
    def make(feed, folder):
        return Folder(feed, folder, (suffix,), reader), f"2024-01-02{suffix}{packed}"

    return make


def one_file(feed, folder):
    return File(feed, folder / "members.csv", day_of("2024-01-02"), delimited.read), "members.csv"


def one_table(feed, folder):
    engine = sql.engine_of(f"sqlite:///{folder}/members.sqlite")
    return Table(feed, engine, day_of("2024-01-02")), "members.sqlite"


SHAPES = {
    "folder of CSV": (folder_of(".csv", delimited.read), write_csv),
    "folder of packed CSV": (folder_of(".csv", delimited.read, ".gz"), write_packed),
    "folder of Excel": (folder_of(".xlsx", excel.read), write_workbook),
    "folder of JSON Lines": (folder_of(".jsonl", jsonl.read), write_lines),
    "folder of SQLite": (folder_of(".sqlite", sql.read), write_database),
    "file": (one_file, write_csv),
    "table": (one_table, write_database),
}


@pytest.fixture(params=SHAPES)
def shape(request, tmp_path):
    """A connector, and the hand that rewrites what it reads."""
    make, write = SHAPES[request.param]
    (tmp_path / "members.yaml").write_text(CONTRACT + SOURCE)
    folder = tmp_path / "drops"
    folder.mkdir()
    connector, name = make(load_contract(tmp_path / "members.yaml"), folder)
    write(folder / name, ROWS)
    return connector, lambda rows: write(folder / name, rows)


def test_there_is_one_drop_of_the_day(shape):
    (drop,) = shape[0].drops()
    assert (drop.day, list(shape[0].strays())) == (day_of("2024-01-02"), [])
    assert isinstance(drop, Drop) and "/" not in drop.name


def test_rows_are_numbered_upwards_and_come_in_the_same_order_each_time(shape):
    connector, _ = shape
    (drop,) = connector.drops()
    first, second = ([*connector.read(drop)[1]] for _ in range(2))
    assert first == second
    numbers = [row.number for row in first]
    assert numbers == sorted(set(numbers)) and len(numbers) == 2 and numbers[0] > 0


def test_only_what_the_contract_names_is_kept(shape):
    connector, _ = shape
    (drop,) = connector.drops()
    report, rows = connector.read(drop)
    assert report.ignored == ("remark",)
    assert all(row.kept.keys() == {"id", "given_name", "surname", "dob"} for row in rows)


def test_a_fingerprint_holds_as_long_as_the_content(shape):
    connector, rewrite = shape
    (drop,) = connector.drops()
    before = connector.fingerprint(drop)
    assert connector.fingerprint(drop) == before != ""
    rewrite(OTHER)
    changed = connector.fingerprint(drop)
    assert changed != before
    assert len([*connector.read(drop)[1]]) == 3
