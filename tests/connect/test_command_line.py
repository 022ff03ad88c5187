"""Bad input as a department's operator meets it: `hub ingest`, its words, and its exit code."""

import json
import sqlite3

import pytest

from tests.connect.samples import (
    BORN,
    CHILD,
    EMPLOYMENT,
    GOOD,
    HEADINGS,
    HOUSEHOLD,
    LIVES,
    RESIDENCE,
    WORKS,
    command,
    database,
    lie_about_extent,
    place_of,
    workbook,
    write,
)

COLUMNS = [*HEADINGS, "备注", "避孕措施"]
SECRET = {"备注": "canary-remark", "避孕措施": "canary-forbidden"}


def row(key: str, **said: str) -> dict[str, str]:
    return GOOD | SECRET | {"登记编号": key} | said


# What each complaint must tell: feed, file, row, field, code, and words of why and what to do.
EXPECTED = [
    (HOUSEHOLD, "2024-01-01.csv", 3, "出生日期 (birth_date)", "impossible-date", "日期不存在 no such day"),
    (HOUSEHOLD, "2024-01-01.csv", 4, "出生日期 (birth_date)", "two-digit-year", "年份写四位 write the year with"),
    (HOUSEHOLD, "2024-01-01.csv", 5, "公民身份号码 (number)", "bad-number", "对照证件核对号码 compare the number"),
    (HOUSEHOLD, "2024-01-01.csv", 6, "登记日期 (entry_date)", "full-width", "改用半角输入 switch to half-width"),
    (HOUSEHOLD, "2024-01-01.csv", 7, "登记编号 (entry_no)", "duplicate-key", "主键重复且内容不同 the key stands twice"),
    (HOUSEHOLD, "2024-01-01.csv", 8, "登记编号 (entry_no)", "duplicate-key", "保留正确的一行后重新报送 keep the right"),
    (HOUSEHOLD, "2024-01-01.csv", 9, "住址 (address)", "cell-too-large", "单元格过大 a cell of more than 1 MiB"),
    (HOUSEHOLD, "2024-01-01.csv", 10, "", "ragged-row", "列数不符 more or fewer cells"),
    (HOUSEHOLD, "2024-01-02.csv", 0, "", "wrong-encoding", "2024-01-02.csv: line 1, byte 0 is not gb18030; it looks like"),
    (HOUSEHOLD, "2024-01-03.csv", 0, "性别 (sex)", "missing-column", "缺少列 required and missing: 性别 →"),
    (HOUSEHOLD, "2024-01-04.csv", 0, "出生日期 (birth_date)", "missing-column", "(was it renamed to 出生日?)"),
    (HOUSEHOLD, "2024-01-05.csv", 0, "", "empty-file", "文件为空 2024-01-05.csv is empty"),
    (HOUSEHOLD, "2024-01-06.csv", 0, "", "wrong-delimiter", "it looks divided by a semicolon"),
    (HOUSEHOLD, "2024-01-07.csv", 0, "联系电话 (phone)", "absent-column", "optional and missing: 联系电话"),
    (HOUSEHOLD, "new file.csv", 0, "", "stray-file", "不是报送文件 its name does not begin with a day"),
    (RESIDENCE, "2024-01-01.xlsx", 0, "", "not-a-workbook", "工作簿损坏"),
    (RESIDENCE, "2024-01-02.xlsx", 3, "姓名 (name)", "formula-cell", "单元格为公式 the cell holds a formula"),
    (CHILD, "2024-01-01.jsonl", 2, "", "bad-json", "每行一个JSON对象 write one JSON object a line"),
    (CHILD, "2024-01-01.jsonl", 3, "", "wrong-encoding", "文件编码错误"),
    (EMPLOYMENT, "2024-01-01.sqlite", 1, "AAC003 (name)", "binary-cell", "单元格不是文本"),
]  # fmt: skip


@pytest.fixture
def delivered(tmp_path):
    """A folder of everything that goes wrong in the offices of a county, among things that are right."""
    root = tmp_path / "in"
    write(root, [
        row("HR0"), row("HR1", 出生日期="19900231"), row("HR2", 出生日期="900102"),
        row("HR3", 公民身份号码="990101199001020011"), row("HR4", 登记日期="２０２４０１０１"),
        row("HR5"), row("HR5", 姓名="李娜"), row("HR6", 住址="x" * (10 << 20)),
        # One cell too many: what stood under a refused heading now stands under none, or another.
        ["HR7", "新增", "canary-slipped", *(["canary-slipped"] * len(COLUMNS))], row("HR8"),
    ], COLUMNS)  # fmt: skip
    write(root, [GOOD], encoding="utf-16", name="2024-01-02.csv")
    write(root, [GOOD], [h for h in HEADINGS if h != "性别"], name="2024-01-03.csv")
    write(root, [GOOD], ["出生日" if h == "出生日期" else h for h in HEADINGS], name="2024-01-04.csv")
    place_of(root, HOUSEHOLD, "2024-01-05.csv").touch()
    place_of(root, HOUSEHOLD, "2024-01-06.csv").write_text(";".join(HEADINGS), encoding="gb18030")
    write(root, [row("HR9")], [h for h in HEADINGS if h != "联系电话"], name="2024-01-07.csv")
    place_of(root, HOUSEHOLD, "new file.csv").write_text("x")
    broken = workbook(root, [LIVES])
    broken.write_bytes(broken.read_bytes()[:-200])
    lies = [[f"JZ{n}", *LIVES[1:]] for n in range(9)]
    lies[1][2] = "=A1"
    lie_about_extent(workbook(root, lies, "2024-01-02.xlsx"))
    place_of(root, CHILD, "2024-01-01.jsonl").write_bytes(
        json.dumps(BORN).encode() + b'\n{"child_no": \n{"child_no": "\xcd\xf5"}\n'
    )
    path = database(root, [WORKS, WORKS | {"employment_no": "E2"}])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE v_employment SET AAC003 = CAST(x'CDF5CEB0' AS TEXT) WHERE employment_no = 'E1'")
    db.close()
    return tmp_path


def test_every_complaint_stands_in_the_json(delivered):
    told = json.loads(command(delivered, "ingest", "--source", "in", "--json", expect=1).stdout)
    found = {}
    for receipt in told:
        assert receipt["received"] == receipt["accepted"] + receipt["unchanged"] + receipt["quarantined"]
        for line in receipt["rows"]:
            assert line["why"] and line["todo"]
            found[receipt["feed"], receipt["drop"], line["row"], line["code"]] = (
                line["heading"],
                line["field"],
            )
    wanted = {(e[0], e[1], e[2], e[4]): e[3] for e in EXPECTED}
    assert found.keys() == wanted.keys() | {(HOUSEHOLD, "2024-01-01.csv", 10, "ragged-row")}
    for key, (heading, field) in found.items():
        assert wanted[key] == (f"{heading} ({field})" if field else "")
    accepted = {(r["feed"], r["drop"]): r["accepted"] for r in told if r["accepted"]}
    assert accepted == {
        (HOUSEHOLD, "2024-01-01.csv"): 4, (HOUSEHOLD, "2024-01-07.csv"): 1, (RESIDENCE, "2024-01-02.xlsx"): 8,
        (CHILD, "2024-01-01.jsonl"): 1, (EMPLOYMENT, "2024-01-01.sqlite"): 1,
    }  # fmt: skip
    columns = {r["drop"]: (r["ignored_columns"], r["refused_columns"]) for r in told if r["ignored_columns"]}
    assert columns["2024-01-01.csv"] == (["备注"], ["避孕措施"])


def test_every_complaint_is_a_line_that_says_where_why_and_what_to_do(delivered):
    done = command(delivered, "ingest", "--source", "in", expect=1)
    lines = done.stdout.splitlines()
    for feed, drop, number, field, _, words in EXPECTED:
        start = (
            f"{feed} {drop}"
            + (f" 第{number}行 row {number}" if number else "")
            + (f" {field}" if field else "")
        )
        assert any(f" {start}: " in line and words in line and " → " in line for line in lines), words
    assert sum(line.startswith("隔离 set aside ") for line in lines) == 16
    assert sum(line.startswith("警告 warned ") for line in lines) == 6
    assert any("备注: 约定中没有的列" in line for line in lines)
    assert any("避孕措施: 本系统拒绝保存的列" in line for line in lines)
    assert "canary" not in done.stdout + done.stderr and "王伟" not in done.stdout


def test_what_may_not_be_held_is_nowhere_on_disk(delivered):
    command(delivered, "ingest", "--source", "in", expect=1)
    command(delivered, "run")
    files = [path for path in (delivered / "hub-data").rglob("*") if path.is_file()]
    assert len(files) >= 5
    for path in files:
        assert b"canary" not in path.read_bytes(), path.name


def test_a_second_time_only_what_lies_in_the_way_is_told(delivered):
    command(delivered, "ingest", "--source", "in", expect=1)
    place_of(delivered / "in", HOUSEHOLD, "new file.csv").unlink()
    assert "nothing new to read" in command(delivered, "ingest", "--source", "in").stdout


def test_a_locked_database_ends_with_try_later_and_the_receipts_so_far(tmp_path):
    write(tmp_path / "in", [GOOD])
    path = database(tmp_path / "in", [WORKS])
    with sqlite3.connect(path) as owner:
        owner.execute("BEGIN EXCLUSIVE")
        done = command(tmp_path, "ingest", "--source", "in", "--json", expect=3)
        assert [receipt["feed"] for receipt in json.loads(done.stdout)] == [HOUSEHOLD]
        assert done.stderr == (
            "source-unavailable: human_resources.employment: its database is locked by somebody else\n"
        )
    owner.close()
    done = command(tmp_path, "ingest", "--source", "in", "--json")
    assert [receipt["feed"] for receipt in json.loads(done.stdout)] == [EMPLOYMENT]
