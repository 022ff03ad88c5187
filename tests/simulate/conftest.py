"""One county of 9,000 people with errors, one without, read back from what was written."""

import csv
import io
import json
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest

from hub.simulate import simulate

KEYS = {
    "household_entry": "登记编号", "residence_registration": "登记编号", "employment": "employment_no",
    "business_registration": "统一社会信用代码", "birth_certificate": "certificate_no",
    "child_record": "child_no",
}  # fmt: skip


class Simulated(NamedTuple):
    folder: Path
    rows: list[tuple[str, str, dict]]
    """Record id, day of the drop, and the row; in order of days."""

    def truth(self, name: str) -> list[dict[str, str]]:
        return table(self.folder / "truth" / f"{name}.csv")

    def by_record(self) -> dict[str, list[tuple[str, dict]]]:
        found = defaultdict(list)
        for record, day, row in self.rows:
            found[record].append((day, row))
        return found


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read_drop(path: Path) -> list[dict]:
    match path.suffix:
        case ".csv":
            encoding = "gb18030" if path.parent.name == "household_entry" else "utf-8-sig"
            with path.open(encoding=encoding, newline="") as stream:
                return list(csv.DictReader(stream))
        case ".xlsx":
            book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True)
            head, *rows = book.worksheets[0].iter_rows(values_only=True)
            book.close()
            return [dict(zip(head, row, strict=False)) for row in rows]
        case ".sqlite":
            db = sqlite3.connect(path)
            db.row_factory = sqlite3.Row
            rows = [dict(row) for row in db.execute("SELECT * FROM v_employment")]
            db.close()
            return rows
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def read(folder: Path) -> Simulated:
    paths = [path for path in folder.glob("*/*/*") if path.parent.name in KEYS]
    rows = []
    for path in sorted(paths, key=lambda path: (path.stem, path)):
        name = path.parent.name
        for row in read_drop(path):
            rows.append((f"{path.parts[-3]}.{name}/{row[KEYS[name]]}", path.stem, row))
    return Simulated(folder, rows)


@pytest.fixture(scope="session")
def noisy(tmp_path_factory) -> Simulated:
    folder = tmp_path_factory.mktemp("noisy")
    simulate(folder, persons=9_000, months=24, seed=7)
    return read(folder)


@pytest.fixture(scope="session")
def clean(tmp_path_factory) -> Simulated:
    folder = tmp_path_factory.mktemp("clean")
    simulate(folder, persons=1_500, months=18, seed=5, noise=0)
    return read(folder)
