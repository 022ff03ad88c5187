"""`hub feeds …`, as a clerk meets it: from a file nobody has described to a feed that is whole."""

import csv
import datetime
import json
import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from openpyxl import Workbook

from hub.connect.odcs import load_contract
from hub.connect.proposal import contract_of, propose, slug
from hub.connect.sample import Sample, sample_of
from hub.connect.vocabulary import MEANINGS, meaning_of
from hub.errors import SettingsError, UnreadableSourceError
from hub.matching.numbers import check_digit
from hub.matching.profile import ATTRIBUTES
from tests.connect.samples import CONTRACT, GOOD, HOUSEHOLD, command, place_of, write

README = (Path(__file__).parents[2] / "connectors/README.md").read_text("utf-8")
HEADINGS = [
    "序号",
    "人员编号",
    "姓名",
    "性别",
    "出生日期",
    "身份证号码",
    "手机号",
    "现住址",
    "是否怀孕",
    "备注",
]


def number_of(born: datetime.date, serial: int) -> str:
    body = f"990101{born:%Y%m%d}{serial:03d}"
    return body + check_digit(body)


def people(count=60, seed=1):
    chance = random.Random(seed)
    for n in range(count):
        born = datetime.date(1950 + chance.randrange(60), chance.randrange(1, 13), chance.randrange(1, 29))
        yield [
            n + 1, f"P{n:04d}", chance.choice("王李张刘") + chance.choice("伟芳娜敏静"), chance.choice("男女"),
            born if n % 2 else f"{born:%Y年%m月%d日}", number_of(born, n), f"139{n:08d}", f"幸福路{n}号",
            "canary-forbidden", "canary-remark",
        ]  # fmt: skip


def save(path: Path, headings, rows, **said) -> Path:
    if path.suffix == ".xlsx":
        book = Workbook()
        for row in (headings, *rows):
            book.worksheets[0].append(row)
        book.save(path)
    elif path.suffix == ".jsonl":
        lines = [dict(zip(headings, map(str, row), strict=True)) for row in rows]
        path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    else:
        with path.open("w", newline="", encoding=said.get("encoding", "utf-8")) as stream:
            csv.writer(stream, delimiter=said.get("delimiter", ",")).writerows([headings, *rows])
    return path


def confirm(folder: Path, told: dict) -> None:
    """What the clerk does: look through the contract, say so, and put the lines into hub.toml."""
    contract = folder / told["contract"]
    contract.write_text(
        contract.read_text("utf-8").replace("status: draft", "status: active"), encoding="utf-8"
    )
    (folder / "hub.toml").write_text(told["settings"], encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("people.xlsx", {}), ("people.jsonl", {}), ("people.csv", {"encoding": "gb18030", "delimiter": ";"}),
        ("people.txt", {"encoding": "utf-8-sig", "delimiter": "\t"}), ("people.tsv", {"encoding": "utf-16"}),
    ],
)  # fmt: skip
def test_a_file_nobody_has_described_becomes_a_feed_without_code(tmp_path, name, said):
    save(tmp_path / name, HEADINGS, people(), **said)
    told = json.loads(command(tmp_path, "feeds", "init", name, "--feed", "town.people", "--json").stdout)
    verdicts = {column["heading"]: column["verdict"] for column in told["columns"]}
    assert [h for h in HEADINGS if verdicts[h] == "field"] == HEADINGS[1:8]
    assert (verdicts["是否怀孕"], verdicts["备注"], verdicts["序号"]) == ("refused", "left-out", "left-out")
    assert [c["heading"] for c in told["columns"] if c["key"]] == ["人员编号"]
    confirm(tmp_path, told)
    checked = json.loads(command(tmp_path, "feeds", "check", "town.people", "--json").stdout)
    assert (checked[0]["rows"], checked[0]["ok"], checked[0]["refused_columns"]) == (60, True, ["是否怀孕"])
    receipts = json.loads(command(tmp_path, "ingest", "--json", expect=1).stdout)
    assert [(r["received"], r["accepted"], r["rows"]) for r in receipts] == [(60, 60, [])]
    assert json.loads(command(tmp_path, "feeds", "reconcile", "town.people", "--json").stdout)["ok"]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "hub-data").rglob("*") if path.is_file())
    assert b"canary" not in stored


def test_the_guide_for_clerks_works_word_for_word(tmp_path):
    guide = README.partition("## The county's own connectors")[0]
    cells = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in guide.splitlines()
        if line.startswith("|")
    ]
    save(tmp_path / "newcomers.xlsx", cells[0], cells[2:])
    steps = [
        line[6:].split()
        for block in re.findall(r"```console\n(.*?)```", guide, re.DOTALL)
        for line in block.splitlines()
    ]
    init, *others = steps
    told = command(tmp_path, *init).stdout
    for line in re.search(r"```toml\n(.*?)```", guide, re.DOTALL)[1].splitlines()[:-1]:
        assert line in told
    contract = tmp_path / "town.newcomers.yaml"
    contract.write_text(
        contract.read_text("utf-8").replace("status: draft", "status: active"), encoding="utf-8"
    )
    (tmp_path / "hub.toml").write_text(re.search(r"```toml\n(.*?)```", guide, re.DOTALL)[1], encoding="utf-8")
    findings = {("feeds", "check"): 1, ("ingest", "town.newcomers"): 1}
    outputs = {
        tuple(step[:2]): command(tmp_path, *step, expect=findings.get(tuple(step[:2]), 0)).stdout
        for step in others
    }
    assert "1 would be set aside" in outputs["feeds", "check"]
    assert "日期不存在 no such day" in outputs["quarantine", "list"]
    assert "接收 accepted" in outputs["quarantine", "retry"]
    assert "5 rows, 0 not in agreement" in outputs["feeds", "reconcile"]
    assert "张敏" in outputs["people", "--limit"]


def test_a_draft_is_not_read_until_somebody_has_confirmed_it(tmp_path):
    save(tmp_path / "people.csv", HEADINGS, people())
    told = json.loads(command(tmp_path, "feeds", "init", "people.csv", "--json").stdout)
    assert told["feed"] == "town.people"
    (tmp_path / "hub.toml").write_text(told["settings"])
    assert "its contract is draft" in command(tmp_path, "ingest", "town.people", expect=2).stderr
    write(tmp_path / "in", [GOOD])
    done = command(tmp_path, "ingest", "--source", "in")
    assert "town.people is not read: its contract is draft" in done.stderr
    assert json.loads(command(tmp_path, "feeds", "check", "town.people", "--json").stdout)[0]["rows"] == 60
    assert "is there already" in command(tmp_path, "feeds", "init", "people.csv", expect=2).stderr


# --- what is proposed --------------------------------------------------------------------------


def sample(headings, rows):
    return Sample("delimited", "utf-8", ",", "", tuple(headings), tuple(map(tuple, rows)))


def columns(headings, rows, **said):
    return {column.heading: column for column in propose(sample(headings, rows), "town.x", **said).columns}


def test_every_word_of_the_vocabulary_is_one_that_contracts_know():
    assert len(MEANINGS) >= 200
    for meaning in MEANINGS.values():
        assert not meaning.attribute or meaning.attribute in ATTRIBUTES
    for heading in (
        "出生日期(yyyy-mm-dd)",
        "Date of Birth",
        "date_of_birth",
        "DOB*",
        "ＣＳＲＱ",
        "出生日期：",
    ):
        assert meaning_of(heading).name == "birth_date", heading


def test_dates_in_another_order_are_read_only_where_one_reading_fits():
    rows = [[str(n), f"{n:02d}/02/1990", f"{n % 12 + 1:02d}/0{n % 9 + 1}/1990"] for n in range(1, 29)]
    found = columns(["id", "dob", "registered on"], rows)
    assert (found["dob"].kind, found["dob"].date_format) == ("date", "dd/MM/yyyy")
    assert found["registered on"].kind == "text"
    assert "dd/MM/yyyy or MM/dd/yyyy" in found["registered on"].ask


def test_numbers_and_lists_are_known_by_their_values():
    born = datetime.date(1990, 1, 2)
    rows = [[f"m{n}", number_of(born, n), ("常住", "流动")[n % 2], str(n)] for n in range(40)]
    found = columns(["编号", "证号", "人员类别", "其他"], rows)
    assert (found["证号"].kind, found["证号"].attribute) == ("identity_number", "number")
    assert (found["人员类别"].kind, set(found["人员类别"].codes)) == ("code", {"常住", "流动"})
    assert found["其他"].verdict == "left-out"
    assert (
        columns(["编号", "其他"], [[f"m{n}", "x"] for n in range(9)], include=["其他"])["其他"].verdict
        == "field"
    )


def test_what_is_forbidden_by_its_values_is_refused():
    rows = [[f"m{n}", ("已结扎", "上环")[n % 2]] for n in range(40)]
    assert columns(["编号", "措施类别"], rows)["措施类别"].verdict == "refused"


def test_sex_is_read_from_the_words_that_stand_there():
    rows = [[str(n), ("1", "2")[n % 2], "F"] for n in range(20)]
    found = columns(["id", "sex", "gender"], rows)
    assert found["sex"].codes["1"] == "male" and found["sex"].codes["2"] == "female"
    assert (found["gender"].name, found["gender"].attribute) == ("sex_2", "")


@pytest.mark.parametrize(
    ("headings", "rows", "said", "refusal"),
    [
        (["姓名", "性别"], [["王伟", "男"], ["王伟", "男"]], {}, "no column tells records apart"),
        (["序号", "姓名"], [["1", "王伟"], ["2", "李娜"]], {}, "no column tells records apart"),
        (["id", "name"], [["1", "a"], ["1", "b"]], {"key": "id"}, "id cannot be the key"),
        (["id", "name"], [["1", "a"]], {"key": "no"}, "there is no column no"),
    ],
)
def test_a_proposal_that_cannot_be_made_says_why(headings, rows, said, refusal):
    with pytest.raises(SettingsError, match=refusal):
        columns(headings, rows, **said)


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("a.csv", "名单\n1,2\n", "delete title rows"), ("a.csv", "a,a\n1,2\n", "column a stands twice"),
        ("a.csv", "a,b\n", "no rows below"), ("a.csv", "", "is empty"), ("a.csv", "a,b\n\xff\xe9,x\xff\n", "its encoding cannot be told"),
        ("a.xlsx", "x", "cannot be opened as a workbook"), ("a.jsonl", "{", "not several"),
    ],
)  # fmt: skip
def test_a_sample_that_shows_nothing_says_why(tmp_path, name, content, refusal):
    (tmp_path / name).write_bytes(content.encode("latin-1" if "\xff" in content else "utf-8"))
    with pytest.raises(UnreadableSourceError, match=refusal):
        sample_of(tmp_path / name)
    with pytest.raises(SettingsError, match=r"save it as .xlsx"):
        sample_of(save(tmp_path / "a.doc", ["a"], []))


def test_the_proposed_contract_is_one(tmp_path):
    made = propose(
        sample(["id", "姓名", "dob"], [[str(n), "王伟", "1990-01-02"] for n in range(9)]), "town.x"
    )
    (tmp_path / "x.yaml").write_text(contract_of(made), encoding="utf-8")
    feed = load_contract(tmp_path / "x.yaml")
    assert (feed.name, feed.key, feed.status, feed.in_force) == ("town.x", "record_no", "draft", False)
    assert yaml.safe_load(contract_of(made))["apiVersion"] == "v3.1.0"
    assert (slug("人员类别"), slug("2 b"), slug("?")) == ("ren_yuan_lei_bie", "c_2_b", "c")


# --- verbs ------------------------------------------------------------------------------------


def test_list_spec_and_discover_tell_what_there_is(tmp_path):
    write(tmp_path / "in", [GOOD])
    place_of(tmp_path / "in", HOUSEHOLD, "notes.csv").write_text("x")
    command(tmp_path, "ingest", HOUSEHOLD, "--source", "in", expect=1)
    listed = {each["feed"]: each for each in json.loads(command(tmp_path, "feeds", "list", "--json").stdout)}
    assert (listed[HOUSEHOLD]["accepted"], listed[HOUSEHOLD]["status"]) == (1, "active")
    assert HOUSEHOLD in command(tmp_path, "feeds", "list").stdout
    settings = {each["setting"] for each in json.loads(command(tmp_path, "feeds", "spec", "--json").stdout)}
    assert {"contract", "path", "url", "mapping"} <= settings
    fields = json.loads(command(tmp_path, "feeds", "spec", HOUSEHOLD, "--json").stdout)[HOUSEHOLD]
    assert [each["heading"] for each in fields if each["key"]] == ["登记编号"]
    assert "登记编号" in command(tmp_path, "feeds", "spec", HOUSEHOLD).stdout
    done = command(tmp_path, "feeds", "discover", HOUSEHOLD, "--source", "in")
    assert "2024-01-01" in done.stdout and "notes.csv is not read" in done.stdout
    assert "unknown feed x" in command(tmp_path, "feeds", "spec", "x", expect=2).stderr


def test_check_says_what_would_be_set_aside_and_reads_nothing_in(tmp_path):
    write(tmp_path / "in", [GOOD, GOOD | {"登记编号": "HR2", "性别": "?"}])
    done = command(tmp_path, "feeds", "check", HOUSEHOLD, "--source", "in", expect=1)
    assert "2 rows tried, 1 would be set aside" in done.stdout
    assert "1 × sex 代码不在代码表 not in the code list →" in done.stdout
    write(tmp_path / "in", [GOOD], ["姓名"])
    done = command(tmp_path, "feeds", "check", HOUSEHOLD, "--source", "in", expect=1)
    assert "required and missing" in done.stdout and "restore the heading" in done.stdout
    status = json.loads(command(tmp_path, "status", "--json").stdout)
    assert (status["feeds"], status["log"]["events"]) == ({}, 0)


def test_reconcile_finds_the_row_that_is_in_the_source_alone(tmp_path):
    write(
        tmp_path / "in",
        [GOOD, GOOD | {"登记编号": "HR2", "性别": "?"}, GOOD | {"登记编号": "", "姓名": "无"}],
    )
    write(tmp_path / "in", [GOOD | {"姓名": "李娜"}], name="2024-01-02.csv")
    command(tmp_path, "ingest", HOUSEHOLD, "--source", "in", expect=1)
    told = json.loads(command(tmp_path, "feeds", "reconcile", HOUSEHOLD, "--source", "in", "--json").stdout)
    assert [(d["source_rows"], d["log_rows"], d["ok"]) for d in told["drops"]] == [(3, 3, True), (1, 1, True)]
    assert told["drops"][0]["ranges"][0]["source_digest"] == told["drops"][0]["ranges"][0]["log_digest"]
    write(
        tmp_path / "in",
        [GOOD, GOOD | {"登记编号": "HR2"}, GOOD | {"登记编号": "HR3"}, GOOD | {"登记编号": "HR4"}],
    )
    write(tmp_path / "in", [GOOD], name="2024-01-03.csv")
    told = json.loads(
        command(tmp_path, "feeds", "reconcile", HOUSEHOLD, "--source", "in", "--json", expect=1).stdout
    )
    assert [(d["ok"], d["unread"]) for d in told["drops"]] == [(False, False), (True, False), (False, True)]
    assert told["drops"][0]["ranges"][0]["missing"] == [5]
    assert (
        "rows 2–5: not in the log: 5"
        in command(tmp_path, "feeds", "reconcile", HOUSEHOLD, "--source", "in", expect=1).stdout
    )


def test_reconcile_counts_what_vanished_from_a_table_and_deletes_nothing(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    (tmp_path / "hub.toml").write_text(
        f'[feeds."town.members"]\ncontract = "members.yaml"\nurl = "sqlite:///{tmp_path}/m.db"\ntable = "m"\n'
    )
    with closing(sqlite3.connect(tmp_path / "m.db")) as db, db:
        db.execute("CREATE TABLE m (id, given_name, surname, dob)")
        db.executemany("INSERT INTO m VALUES (?, 'A', 'B', '19900101')", [(n,) for n in range(5)])
    command(tmp_path, "ingest")
    with closing(sqlite3.connect(tmp_path / "m.db")) as db, db:
        db.execute("DELETE FROM m WHERE id < 2")
    command(tmp_path, "ingest")
    told = json.loads(command(tmp_path, "feeds", "reconcile", "town.members", "--json").stdout)
    assert (told["ok"], told["drops"][0]["vanished"], told["drops"][0]["source_rows"]) == (True, 2, 3)


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("员工姓名", "name"), ("学生出生日期", "birth_date"), ("入职时间", "started_on"), ("患者联系电话", "phone"),
        ("Patient ID", "record_no"), ("单位统一代码", "employer_code"), ("户主姓名", None), ("监护人电话", None),
    ],
)  # fmt: skip
def test_a_heading_may_say_whom_its_rows_are_about(heading, name):
    found = meaning_of(heading)
    assert (found.name if found else None) == name
