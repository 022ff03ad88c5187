"""Bad input: a reason with file, row and field; the rest goes on; nothing is lost; always balanced."""

import json
import zipfile

import pytest

from hub.app import Hub
from hub.connect.drops import File
from hub.connect.reasons import REASONS
from hub.connect.sources import delimited
from hub.domain.days import iso
from hub.domain.events import RecordPublished, RecordQuarantined
from hub.errors import UnreadableSourceError
from tests.conftest import settings_for
from tests.connect.samples import (
    BORN,
    GOOD,
    HEADINGS,
    LIVES,
    RESIDENCE,
    complaints,
    events,
    ingest,
    lie_about_extent,
    workbook,
    write,
)


@pytest.fixture
def hub(tmp_path):
    made = Hub(settings_for(tmp_path / "hub"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("heading", "value", "field", "code"),
    [
        ("出生日期", "19900231", "birth_date", "impossible-date"),
        ("出生日期", "900102", "birth_date", "two-digit-year"),
        ("出生日期", "soon", "birth_date", "bad-date"),
        ("出生日期", "", "birth_date", "missing-required"),
        ("登记编号", "", "entry_no", "missing-key"),
        ("性别", "X", "sex", "bad-code"),  # F51: at the door a symbol that no contract names is set aside
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
    assert "出生日期 (was it renamed to 出生日?)" in receipt.rows[0]["message"]


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


def test_formula_cells_are_refused_and_other_rows_read(hub, tmp_path):
    workbook(tmp_path, [LIVES, ["JZ2", *LIVES[1:2], "=A1", *LIVES[3:]]])
    (receipt,) = ingest(hub, tmp_path, RESIDENCE)
    assert (receipt.accepted, receipt.quarantined) == (1, 1)
    assert (3, "name", "formula-cell") in complaints([receipt])


def test_a_workbook_that_lies_about_its_extent_is_read_in_full(hub, tmp_path):
    path = workbook(tmp_path, [[f"JZ{n}", *LIVES[1:]] for n in range(50)])
    lie_about_extent(path)
    (receipt,) = ingest(hub, tmp_path, RESIDENCE)
    assert receipt.accepted == 50


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "docProps/core.xml"])
@pytest.mark.parametrize("prolog", [b"", b"<!-- " + b"x" * 20_000 + b" -->"], ids=["at once", "far behind"])
def test_a_workbook_that_declares_entities_is_refused_unread(hub, tmp_path, part, prolog):
    path = workbook(tmp_path, [LIVES])
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    root = parts[part].partition(b"?>")[2] if parts[part].startswith(b"<?xml") else parts[part]
    parts[part] = prolog + b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + root
    with zipfile.ZipFile(path, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    (receipt,) = ingest(hub, tmp_path, RESIDENCE)
    assert [complaint["code"] for complaint in receipt.rows] == ["not-a-workbook"]
    assert receipt.accepted == 0


def test_a_truncated_workbook_is_refused(hub, tmp_path):
    path = workbook(tmp_path, [LIVES])
    path.write_bytes(path.read_bytes()[:-200])
    (receipt,) = ingest(hub, tmp_path, RESIDENCE)
    assert receipt.rows[0]["code"] == "not-a-workbook"


def test_broken_json_lines_are_set_aside(hub, tmp_path):
    path = tmp_path / "health" / "child_record" / "2024-01-01.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(
        json.dumps(BORN) + "\n{broken\n[1]\n" + json.dumps(BORN | {"child_no": {"deep": 1}}) + "\n"
    )
    (receipt,) = ingest(hub, tmp_path, "health.child_record")
    assert (receipt.accepted, receipt.quarantined) == (1, 3)
