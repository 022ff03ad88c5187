"""Bad input: a reason with file, row and field; the rest goes on; nothing is lost; always balanced."""

import csv
import gzip
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from hub.app import Hub
from hub.connect.contracts import load_contract
from hub.connect.dates import day
from hub.connect.drops import File
from hub.connect.forbidden import refuse
from hub.connect.reasons import REASONS, CellError
from hub.connect.sources import delimited
from hub.domain.days import iso
from hub.domain.events import RECORDS, RecordPublished, RecordQuarantined
from hub.errors import SettingsError, UnreadableSourceError
from hub.log.subscription import Subscription
from hub.settings import load
from tests.conftest import settings_for

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


@pytest.fixture
def hub(tmp_path):
    made = Hub(settings_for(tmp_path / "hub"))
    yield made
    made.close()


def write(root: Path, rows, headings=HEADINGS, encoding="gb18030", name="2024-01-01.csv") -> Path:
    path = root / "public_security" / "household_entry" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings)
        for row in rows:
            writer.writerow([row.get(h, "") for h in headings] if isinstance(row, dict) else row)
    return path


def ingest(hub: Hub, root: Path, feed="public_security.household_entry"):
    receipts = []
    with hub.ingest() as work:
        work.run(hub.connectors(root, (feed,)), receipts.append, close_days=False)
    for receipt in receipts:
        assert receipt.received == receipt.accepted + receipt.unchanged + receipt.quarantined
    return receipts


def events(hub: Hub, kind):
    found = [r.envelope.event for r in Subscription(hub.log, (RECORDS,), {}).take(100_000).events]
    return [event for event in found if isinstance(event, kind)]


def complaints(receipts):
    return [(row["row"], row["field"], row["code"]) for receipt in receipts for row in receipt.rows]


@pytest.mark.parametrize(
    ("heading", "value", "field", "code"),
    [
        ("出生日期", "19900231", "birth_date", "impossible-date"),
        ("出生日期", "900102", "birth_date", "two-digit-year"),
        ("出生日期", "soon", "birth_date", "bad-date"),
        ("出生日期", "", "birth_date", "missing-required"),
        ("登记编号", "", "entry_no", "missing-key"),
        ("性别", "X", "sex", "bad-code"),
        ("操作", "删掉", "operation", "bad-code"),
        ("地址代码", "990101", "place", "bad-place-code"),
        ("姓名", "王" * 5000, "name", "too-long"),
        ("姓名", "王\x07伟", "name", "control-character"),
        ("住址", "x" * (10 << 20), "address", "cell-too-large"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_the_rest_goes_on(
    hub, tmp_path, heading, value, field, code
):
    write(tmp_path / "in", [GOOD | {"登记编号": "HR0"}, GOOD | {heading: value}, GOOD | {"登记编号": "HR2"}])
    receipts = ingest(hub, tmp_path / "in")
    assert (3, field, code) in complaints(receipts)
    assert (receipts[0].accepted, receipts[0].quarantined) == (2, 1)
    (kept,) = events(hub, RecordQuarantined)
    assert (kept.row, kept.drop) == (3, "2024-01-01.csv")
    if code not in ("cell-too-large", "missing-key"):
        assert "HR1" in kept.content
    assert code in REASONS


def test_a_number_that_fails_its_check_is_accepted_with_a_warning(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"公民身份号码": "990101199001020011"}])
    (receipt,) = ingest(hub, tmp_path / "in")
    assert (receipt.accepted, receipt.warnings) == (1, 1)
    assert events(hub, RecordPublished)[0].fields["number"] == "990101199001020011"


def test_full_width_digits_are_read_with_a_warning(hub, tmp_path):
    write(
        tmp_path / "in",
        [GOOD | {"出生日期": "１９９００１０２", "公民身份号码": "９９０１０１１９９００１０２００１４"}],
    )
    (receipt,) = ingest(hub, tmp_path / "in")
    assert (receipt.accepted, receipt.warnings) == (1, 1)
    assert complaints([receipt]) == [(2, "birth_date", "full-width"), (2, "number", "full-width")]
    fields = events(hub, RecordPublished)[0].fields
    assert (iso(fields["birth_date"]), fields["number"]) == ("1990-01-02", "990101199001020014")


def test_a_file_in_another_encoding_is_refused_whole_and_the_next_goes_on(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"姓名": "王伟" * 7}], encoding="utf-16")
    write(tmp_path / "in", [GOOD], name="2024-01-02.csv")
    first, second = ingest(hub, tmp_path / "in")
    assert (first.quarantined, second.accepted) == (1, 1)
    assert first.rows[0]["code"] == "wrong-encoding" and "utf-16" in first.rows[0]["message"]


def test_a_renamed_column_is_named_with_the_likely_new_name(hub, tmp_path):
    headings = ["出生日" if h == "出生日期" else h for h in HEADINGS]
    write(tmp_path / "in", [GOOD], headings)
    (receipt,) = ingest(hub, tmp_path / "in")
    assert receipt.rows[0]["code"] == "missing-column"
    assert "出生日期 is missing; was it renamed to 出生日?" in receipt.rows[0]["message"]


def test_unknown_columns_are_ignored_and_forbidden_ones_are_nowhere_on_disk(hub, tmp_path):
    rows = [GOOD | {"备注": "remark-canary", "避孕措施": "forbidden-canary"}]
    write(
        tmp_path / "in",
        [*rows, GOOD | {"登记编号": "", "避孕措施": "forbidden-canary"}],
        [*HEADINGS, "备注", "避孕措施"],
    )
    (receipt,) = ingest(hub, tmp_path / "in")
    assert (receipt.ignored_columns, receipt.refused_columns) == (("备注",), ("避孕措施",))
    assert (receipt.accepted, receipt.quarantined) == (1, 1)
    stored = b"".join(path.read_bytes() for path in hub.data.rglob("*") if path.is_file())
    assert b"canary" not in stored


def test_a_ragged_row_and_an_empty_file(hub, tmp_path):
    write(tmp_path / "in", [GOOD, ["HR9", "新增"]])
    write(tmp_path / "in", [], name="2024-01-02.csv")
    ragged, empty = ingest(hub, tmp_path / "in")
    assert (3, "", "ragged-row") in complaints([ragged])
    assert (empty.received, empty.quarantined) == (0, 0)
    (tmp_path / "in/public_security/household_entry/2024-01-03.csv").touch()
    assert ingest(hub, tmp_path / "in")[0].rows[0]["code"] == "empty-file"


def test_a_key_twice_with_other_content_quarantines_both_and_with_the_same_is_unchanged(hub, tmp_path):
    write(
        tmp_path / "in",
        [GOOD, GOOD | {"姓名": "李娜"}, GOOD | {"登记编号": "HR2"}, GOOD | {"登记编号": "HR2"}],
    )
    (receipt,) = ingest(hub, tmp_path / "in")
    assert (receipt.accepted, receipt.unchanged, receipt.quarantined) == (1, 1, 2)


def test_reading_again_appends_nothing_new(hub, tmp_path):
    write(tmp_path / "in", [GOOD])
    ingest(hub, tmp_path / "in")
    before = hub.log.head()
    assert ingest(hub, tmp_path / "in") == []
    assert hub.log.head() == before


def test_a_drop_that_comes_late_is_read_when_it_comes(hub, tmp_path):
    write(tmp_path / "in", [GOOD], name="2024-01-05.csv")
    ingest(hub, tmp_path / "in")
    write(tmp_path / "in", [GOOD | {"登记编号": "HR2"}], name="2024-01-02.csv")
    (receipt,) = ingest(hub, tmp_path / "in")
    assert (receipt.drop, receipt.accepted) == ("2024-01-02.csv", 1)


def test_rows_before_the_place_where_a_drop_breaks_off_are_kept(hub, tmp_path):
    path = write(tmp_path / "in", [GOOD | {"登记编号": f"HR{n}"} for n in range(6000)])
    feed = hub.feeds["public_security.household_entry"]

    def breaking(source, of):
        report, rows = delimited.read(source, of)

        def until_it_breaks():
            for row in rows:
                if row.number > 5_600:
                    rows.close()
                    raise UnreadableSourceError("the sheet breaks off", problem="not-a-workbook")
                yield row

        return report, until_it_breaks()

    receipts = []
    with hub.ingest() as work:
        work.run([File(feed, path, 19723, breaking)], receipts.append, close_days=False)
    assert [(r.accepted, r.quarantined) for r in receipts] == [(5000, 0), (599, 0), (0, 1)]
    assert len(events(hub, RecordPublished)) == 5599


RESIDENCE = [
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
LIVES = ["JZ1", "新增", "王伟", "男", "1990-01-02", "990101199001020014", "990202101201", "990101101201", "x",
         "", "2024-01-01", "2024-01-01", "2025-01-01", None]  # fmt: skip


def workbook(root: Path, rows) -> Path:
    path = root / "public_security" / "residence_registration" / "2024-01-01.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    book = Workbook()
    for row in (RESIDENCE, *rows):
        book.worksheets[0].append(row)
    book.save(path)
    return path


def test_formula_cells_are_refused_and_other_rows_read(hub, tmp_path):
    workbook(tmp_path, [LIVES, ["JZ2", *LIVES[1:2], "=A1", *LIVES[3:]]])
    (receipt,) = ingest(hub, tmp_path, "public_security.residence_registration")
    assert (receipt.accepted, receipt.quarantined) == (1, 1)
    assert (3, "name", "formula-cell") in complaints([receipt])


def test_a_workbook_that_lies_about_its_extent_is_read_in_full(hub, tmp_path):
    path = workbook(tmp_path, [[f"JZ{n}", *LIVES[1:]] for n in range(50)])
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b'<dimension ref="A1:N51"', b'<dimension ref="A1:B3"')
    assert parts["xl/worksheets/sheet1.xml"] != sheet
    with zipfile.ZipFile(path, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    (receipt,) = ingest(hub, tmp_path, "public_security.residence_registration")
    assert receipt.accepted == 50


def test_a_truncated_workbook_is_refused(hub, tmp_path):
    path = workbook(tmp_path, [LIVES])
    path.write_bytes(path.read_bytes()[:-200])
    (receipt,) = ingest(hub, tmp_path, "public_security.residence_registration")
    assert receipt.rows[0]["code"] == "not-a-workbook"


def test_broken_json_lines_are_set_aside(hub, tmp_path):
    path = tmp_path / "health" / "child_record" / "2024-01-01.jsonl"
    path.parent.mkdir(parents=True)
    good = {
        "child_no": "C1",
        "sex": "1",
        "born_on": "2024-01-01",
        "place": "990101101201",
        "established_on": "2024-01-02",
    }
    path.write_text(
        json.dumps(good) + "\n{broken\n[1]\n" + json.dumps(good | {"child_no": {"deep": 1}}) + "\n"
    )
    (receipt,) = ingest(hub, tmp_path, "health.child_record")
    assert (receipt.accepted, receipt.quarantined) == (1, 3)


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
  - {name: born, physicalName: dob, classification: personal, customProperties: [{property: attribute, value: birth_date}]}
"""


def test_a_feed_by_configuration_alone(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    with gzip.open(tmp_path / "members.csv.gz", "wt") as stream:
        stream.write(
            "id,given_name,surname,dob,wage\n1,Anna,Berg,19900102,9\n2,Ana,Berg,19900102,9\n3,Jon,Holm,19700305,9\n"
        )
    (tmp_path / "hub.toml").write_text(
        '[hub]\ndata = "data"\n[feeds."town.members"]\ncontract = "members.yaml"\npath = "members.csv.gz"\n'
    )
    hub = Hub(load(tmp_path / "hub.toml", {}))
    receipts = ingest(hub, tmp_path, "town.members")
    assert (receipts[0].accepted, receipts[0].refused_columns) == (3, ("wage",))
    with hub.runner() as runner:
        runner.run()
        assert len({row.person for row in runner.people()}) == 2
    hub.close()


@pytest.mark.parametrize(
    "name",
    [
        "避孕措施",
        "节育手术",
        "准生证号",
        "胎次",
        "民族",
        "宗教信仰",
        "pregnancy_week",
        "birth permit no",
        "jieza",
        "ethnicity",
        "wages",
        "社会抚养费",
    ],
)
def test_a_contract_that_asks_for_a_forbidden_field_is_refused(tmp_path, name):
    assert refuse(name)
    (tmp_path / "c.yaml").write_text(CONTRACT.replace("physicalName: dob", f"physicalName: {name}"))
    with pytest.raises(SettingsError, match="refuses to hold"):
        load_contract(tmp_path / "c.yaml")


@pytest.mark.parametrize(
    "name",
    [
        "birth_order",
        "plurality",
        "出生日期",
        "婚姻登记日期",
        "certificate_no",
        "refined",
        "finish",
        "trace_no",
    ],
)
def test_false_friends_pass(name):
    assert refuse(name) is None


@given(st.dates())
def test_every_real_day_is_read_back_in_each_spelling(value):
    if 1880 <= value.year <= 2199:
        for text in (
            value.isoformat(),
            value.strftime("%Y%m%d"),
            f"{value.year}年{value.month}月{value.day}日",
        ):
            assert iso(day(text)) == value.isoformat()


@given(st.text(max_size=12))
def test_no_text_breaks_the_date_parser(text):
    try:
        day(text)
    except CellError as bad:
        assert bad.code in REASONS
