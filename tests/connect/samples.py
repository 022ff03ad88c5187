"""Drops as departments of a made-up county deliver them, and a hub's ears for what became of them."""

import csv
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

from openpyxl import Workbook

from hub.domain.events import RECORDS
from hub.log.subscription import Subscription

HOUSEHOLD = "public_security.household_entry"
RESIDENCE = "public_security.residence_registration"
EMPLOYMENT = "human_resources.employment"
CHILD = "health.child_record"

HEADINGS = [
    "登记编号",
    "操作",
    "户号",
    "与户主关系",
    "姓名",
    "曾用名",
    "性别",
    "出生日期",
    "公民身份号码",
    "地址代码",
    "住址",
    "登记类别",
    "登记日期",
    "出生地代码",
    "出生医学证明编号",
    "母亲姓名",
    "母亲身份号码",
    "父亲身份号码",
    "注销日期",
    "注销原因",
    "联系电话",
]
GOOD = {
    "登记编号": "HR1", "操作": "新增", "姓名": "王伟", "性别": "男", "出生日期": "19900102",
    "公民身份号码": "990101199001020014", "地址代码": "990101101201", "登记类别": "初始", "登记日期": "20240101",
}  # fmt: skip
LIVING = [
    "登记编号",
    "操作",
    "姓名",
    "性别",
    "出生日期",
    "公民身份号码",
    "户籍地代码",
    "现住地代码",
    "现住地址",
    "联系电话",
    "来本地日期",
    "登记日期",
    "有效期至",
    "离开日期",
]
LIVES = [
    "JZ1", "新增", "王伟", "男", "1990-01-02", "990101199001020014", "990202101201", "990101101201", "x",
    "", "2024-01-01", "2024-01-01", "2025-01-01", None,
]  # fmt: skip
BORN = {
    "child_no": "C1", "sex": "1", "born_on": "2024-01-01", "place": "990101101201",
    "established_on": "2024-01-02",
}  # fmt: skip
WORKS = {
    "employment_no": "E1", "operation": "I", "AAC002": "990101199001020014", "AAC003": "王伟", "AAC004": "1",
    "AAC006": 19900102, "AAB001": None, "AAB004": None, "unit_place": "990101101201",
    "started_on": "2024-01-01", "ended_on": None, "first_month": None, "last_month": None, "phone": None,
}  # fmt: skip


def place_of(root: Path, feed: str, name: str) -> Path:
    """Where a drop lies; its folder is made."""
    path = root / feed.replace(".", "/") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write(root: Path, rows, headings=HEADINGS, encoding="gb18030", name="2024-01-01.csv") -> Path:
    """A drop of the household register."""
    path = place_of(root, HOUSEHOLD, name)
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings)
        for row in rows:
            writer.writerow([row.get(h, "") for h in headings] if isinstance(row, dict) else row)
    return path


def workbook(root: Path, rows, name="2024-01-01.xlsx") -> Path:
    """A drop of residence registrations."""
    path = place_of(root, RESIDENCE, name)
    book = Workbook()
    for row in (LIVING, *rows):
        book.worksheets[0].append(row)
    book.save(path)
    return path


def lie_about_extent(path: Path) -> None:
    """Let a workbook say that it has three rows of two columns."""
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    name = "xl/worksheets/sheet1.xml"
    honest = parts[name]
    parts[name] = re.sub(rb'<dimension ref="[^"]+"', b'<dimension ref="A1:B3"', honest)
    assert parts[name] != honest
    with zipfile.ZipFile(path, "w") as target:
        for each, content in parts.items():
            target.writestr(each, content)


def database(root: Path, rows, name="2024-01-01.sqlite") -> Path:
    """A drop of employments."""
    path = place_of(root, EMPLOYMENT, name)
    with sqlite3.connect(path) as db:
        db.execute(f"CREATE TABLE v_employment ({', '.join(WORKS)})")
        marks = ", ".join("?" * len(WORKS))
        db.executemany(f"INSERT INTO v_employment VALUES ({marks})", [tuple(row.values()) for row in rows])
    db.close()
    return path


def command(folder: Path, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """The command line in a folder, as a process of its own."""
    code = "from hub.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def ingest(hub, root: Path | None, *feeds: str, close_days=False, today=None):
    """The receipts of one ingestion, each of which balances."""
    receipts = []
    with hub.ingest() as work:
        connectors = hub.connectors(root, feeds or (HOUSEHOLD,))
        try:
            work.run(connectors, receipts.append, close_days=close_days, today=today)
        finally:
            for receipt in receipts:
                assert receipt.received == receipt.accepted + receipt.unchanged + receipt.quarantined
    return receipts


def events(hub, kind):
    """The events of one kind in the topic of records."""
    found = [r.envelope.event for r in Subscription(hub.log, (RECORDS,), {}).take(100_000).events]
    return [event for event in found if isinstance(event, kind)]


def complaints(receipts):
    """Row, field and code of every complaint."""
    return [(row["row"], row["field"], row["code"]) for receipt in receipts for row in receipt.rows]


CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: town.members
version: 1.0.0
status: active
schema:
- name: members
  properties:
  - {name: member_no, physicalName: id, required: true, primaryKey: true, classification: internal}
  - {name: given_name, classification: personal, customProperties: [{property: attribute, value: given_name}]}
  - {name: family_name, physicalName: surname, classification: personal, customProperties: [{property: attribute, value: family_name}]}
  - {name: born, physicalName: dob, logicalType: date, classification: personal, customProperties: [{property: attribute, value: birth_date}]}
"""
"""A feed that is not in the repository."""
