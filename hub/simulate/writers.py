"""The formats departments really use, one function each; same rows, same bytes."""

import csv
import io
import re
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
from openpyxl import Workbook

from hub.simulate.ledger import (
    BUSINESS,
    CERTIFICATE,
    CHANGED,
    CHILD,
    EMPLOYMENT,
    HOUSEHOLD,
    NEW,
    RESIDENCE,
    TAKEN_BACK,
    Row,
)  # fmt: skip

Rows = Mapping[str, tuple[str, Row]]
"""Key to operation and row."""

CHINESE = {NEW: "新增", CHANGED: "变更", TAKEN_BACK: "撤销"}
LETTERS = {NEW: "I", CHANGED: "U", TAKEN_BACK: "D"}
DATE_HEADINGS = frozenset(("出生日期", "来本地日期", "登记日期", "有效期至", "离开日期", "签注日期"))


BUSINESS_COLUMNS = ("名称", "经营者姓名", "经营者性别", "经营者证件号码", "经营者出生日期", "经营场所代码", "经营场所", "成立日期",
                    "注销日期", "联系电话")  # fmt: skip
"""The heading row of a month without news."""


def write_csv(path: Path, rows: Rows, key: str, encoding: str, columns: Sequence[str] = ()) -> None:
    """Comma-separated with a heading row, as office suites of registers write it; `columns` where there is no row."""
    first = next(iter(rows.values()))[1] if rows else columns
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([key, "操作", *first])
        writer.writerows([k, CHINESE[operation], *row.values()] for k, (operation, row) in rows.items())


def write_workbook(path: Path, rows: Rows, key: str) -> None:
    """One sheet with date cells; stamps of time inside the file are fixed."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("居住登记")
    sheet.append([key, "操作", *next(iter(rows.values()))[1]])
    for k, (operation, row) in rows.items():
        cells = [_cell(heading, text) for heading, text in row.items()]
        sheet.append([k, CHINESE[operation], *cells])
    packed = io.BytesIO()
    book.save(packed)
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2024-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def _cell(heading: str, text: str) -> object:
    if heading in DATE_HEADINGS and text:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text or None


EMPLOYMENT_TABLES = """
CREATE TABLE person(id TEXT PRIMARY KEY, AAC002 TEXT, AAC003 TEXT, AAC004 TEXT, AAC006 INTEGER, phone TEXT);
CREATE TABLE unit(AAB001 TEXT PRIMARY KEY, AAB004 TEXT);
CREATE TABLE contract(employment_no TEXT PRIMARY KEY, operation TEXT, AAB001 TEXT REFERENCES unit,
    unit_place TEXT, started_on TEXT, ended_on TEXT, first_month TEXT, last_month TEXT);
CREATE VIEW v_employment AS
    SELECT employment_no, operation, AAC002, AAC003, AAC004, AAC006, contract.AAB001, AAB004,
        unit_place, started_on, ended_on, first_month, last_month, phone
    FROM contract JOIN person ON person.id = employment_no JOIN unit USING (AAB001)
    ORDER BY employment_no;
"""


def write_database(path: Path, rows: Rows) -> None:
    """A database whose view joins people, units and contracts."""
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.executescript(EMPLOYMENT_TABLES)
    with db:
        for k, (operation, row) in rows.items():
            db.execute("INSERT INTO person VALUES (?, ?, ?, ?, ?, ?)", (
                k, row["AAC002"] or None, row["AAC003"], row["AAC004"], int(row["AAC006"]), row["phone"] or None))
            db.execute("INSERT OR IGNORE INTO unit VALUES (?, ?)", (row["AAB001"], row["AAB004"]))
            db.execute("INSERT INTO contract VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (
                k, LETTERS[operation], row["AAB001"], row["unit_place"], row["started_on"], row["ended_on"] or None,
                row["first_month"], row["last_month"]))
    db.close()


def write_lines(path: Path, rows: Rows, key: str) -> None:
    """One JSON object a line; what is empty is null."""
    with path.open("wb") as stream:
        for k, (operation, row) in rows.items():
            said = TAKEN_BACK if operation == TAKEN_BACK else NEW
            values = {name: text or None for name, text in row.items()}
            stream.write(msgspec.json.encode({key: k, "operation": said} | values) + b"\n")


def write_drop(root: Path, feed: str, day: str, rows: Rows) -> None:
    """One drop of a feed, in its department's folder and format."""
    department, _, name = feed.partition(".")
    folder = root / department / name
    folder.mkdir(parents=True, exist_ok=True)
    if feed == HOUSEHOLD:
        write_csv(folder / f"{day}.csv", rows, "登记编号", "gb18030")
    elif feed == BUSINESS:
        write_csv(folder / f"{day}.csv", rows, "统一社会信用代码", "utf-8-sig", BUSINESS_COLUMNS)
    elif feed == RESIDENCE:
        write_workbook(folder / f"{day}.xlsx", rows, "登记编号")
    elif feed == EMPLOYMENT:
        write_database(folder / f"{day}.sqlite", rows)
    else:
        assert feed in (CERTIFICATE, CHILD)
        write_lines(folder / f"{day}.jsonl", rows, "certificate_no" if feed == CERTIFICATE else "child_no")
