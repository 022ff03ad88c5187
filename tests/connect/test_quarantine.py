"""Quarantine as something one can work with: repaired, retried in order, discarded; balanced for ever."""

import json
from contextlib import closing

import pytest

from hub.app import Hub
from hub.connect import quarantine
from hub.connect.quarantine import shape
from hub.domain.days import day_of, iso
from hub.domain.events import (
    ACTIONS,
    DisclosureMade,
    RecordPublished,
    RecordQuarantined,
    RetryCompleted,
    RowDiscarded,
    RowRepaired,
    RowReplaced,
    RowRetried,
)
from hub.errors import SettingsError
from hub.log.subscription import Subscription
from hub.projections.quarantine import Chosen
from hub.settings import load
from tests.conftest import settings_for
from tests.connect.samples import (
    CONTRACT,
    GOOD,
    HEADINGS,
    HOUSEHOLD,
    WORKS,
    command,
    complaints,
    database,
    events,
    ingest,
    write,
)

BALANCED = ("waiting", "accepted", "unchanged", "replaced", "discarded")


@pytest.fixture(params=[1, 4], ids=["sqlite", "sqlite-4-partitions"])
def hub(tmp_path, request):
    made = Hub(settings_for(tmp_path / "hub", request.param))
    yield made
    made.close()


def waiting(hub, **chosen):
    return hub.intake.waiting(Chosen(**chosen))


def balanced(hub) -> dict[str, dict[str, int]]:
    """Both balances of every feed: of the door, and of the quarantine."""
    door, inside = hub.intake.balance(), hub.intake.quarantine_balance()
    for feed, counts in door.items():
        assert counts["received"] == counts["accepted"] + counts["unchanged"] + counts["quarantined"]
        assert counts["quarantined"] == sum(inside.get(feed, {}).get(name, 0) for name in BALANCED)
        assert inside.get(feed, {}).get("waiting", 0) == len(waiting(hub, feed=feed))
    return inside


def retry(hub, items, **said):
    with hub.quarantine("clerk") as (work, _):
        told = work.retry(items, **said)
    return [each.outcome for each in told]


def repair(hub, item, **cells):
    with hub.quarantine("clerk") as (work, _):
        return work.repair(item, cells, "value")


def refolded(hub) -> dict[str, dict[str, int]]:
    """The balance as a hub finds it that has lost what it remembered."""
    for kept in hub.data.glob("intake.db*"):
        kept.unlink()
    with hub.ingest():
        return hub.intake.quarantine_balance()


def test_a_repaired_row_becomes_the_record_it_would_have_been(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"性别": "男性"}, GOOD | {"登记编号": "HR2"}])
    ingest(hub, tmp_path / "in", close_days=True)
    (item,) = waiting(hub)
    assert retry(hub, [item]) == ["quarantined"]
    repair(hub, item, 性别="男")
    (item,) = waiting(hub)
    assert retry(hub, [item], dry_run=True) == ["accepted"]
    assert len(events(hub, RecordPublished)) == 1
    assert retry(hub, [item]) == ["accepted"]
    second, first = events(hub, RecordPublished)
    assert (first.source_key, first.fields["sex"], iso(first.published_on)) == ("HR1", "male", "2024-01-01")
    assert first.fields.keys() == second.fields.keys()
    assert waiting(hub) == []
    assert balanced(hub)[HOUSEHOLD]["accepted"] == 1
    assert [event.cells for event in events(hub, RowRepaired)] == [{"性别": "男"}]
    assert [event.outcome for event in events(hub, RowRetried)] == ["quarantined", "accepted"]
    for receipt in events(hub, RetryCompleted):
        assert (
            receipt.retried == receipt.accepted + receipt.unchanged + receipt.quarantined + receipt.held == 1
        )
    assert refolded(hub) == hub.intake.quarantine_balance() == balanced(hub)


def test_rows_are_retried_in_the_order_they_were_published_and_later_ones_wait_behind_a_failure(
    hub, tmp_path
):
    for day in (3, 1, 2):
        row = GOOD | {"性别": "?", "姓名": f"王{'一二三'[day - 1]}"}
        write(tmp_path / "in", [row], name=f"2024-01-0{day}.csv")
    ingest(hub, tmp_path / "in")
    first, second, third = waiting(hub)
    for item in (second, third):
        repair(hub, item, 性别="男")
    assert retry(hub, waiting(hub)) == ["quarantined", "held", "held"]
    assert retry(hub, waiting(hub)[1:]) == ["held", "held"]
    repair(hub, first, 性别="男")
    assert retry(hub, reversed(waiting(hub))) == ["accepted"] * 3
    published = events(hub, RecordPublished)
    assert [(e.version, e.fields["name"]) for e in published] == [(1, "王一"), (2, "王二"), (3, "王三")]
    balanced(hub)


def test_a_row_behind_a_discarded_one_is_free(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"性别": "?"}])
    write(tmp_path / "in", [GOOD | {"性别": "!"}], name="2024-01-02.csv")
    ingest(hub, tmp_path / "in")
    first, second = waiting(hub)
    second = repair(hub, second, 性别="男")
    assert retry(hub, [second]) == ["held"]
    with hub.quarantine("clerk") as (work, _):
        work.discard([first], "typed twice")
    assert retry(hub, waiting(hub)) == ["accepted"]
    assert [event.reason for event in events(hub, RowDiscarded)] == ["typed twice"]
    inside = balanced(hub)[HOUSEHOLD]
    assert (inside["discarded"], inside["accepted"], inside["waiting"]) == (1, 1, 0)


def test_what_the_department_publishes_later_replaces_what_waits(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"性别": "?"}, GOOD | {"登记编号": "HR2", "性别": "?"}])
    ingest(hub, tmp_path / "in")
    write(tmp_path / "in", [GOOD], name="2024-01-02.csv")
    (receipt,) = ingest(hub, tmp_path / "in")
    assert (receipt.accepted, receipt.quarantined) == (1, 0)
    assert [item.row for item in waiting(hub)] == [3]
    assert len(events(hub, RowReplaced)) == balanced(hub)[HOUSEHOLD]["replaced"] == 1
    assert refolded(hub) == balanced(hub)


def test_a_feed_may_hold_what_comes_later(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT + "customProperties: [{property: later, value: hold}]\n")
    (tmp_path / "hub.toml").write_text(
        '[hub]\ndata = "data"\n[feeds."town.members"]\ncontract = "members.yaml"\npath = "drops"\n'
    )
    (tmp_path / "drops").mkdir()
    for day, born in ((1, "soon"), (2, "19900102"), (3, "19900103")):
        (tmp_path / f"drops/2024-01-0{day}.csv").write_text(
            f"id,given_name,surname,dob\nm1,Anna,Berg,{born}\n"
        )
    with closing(Hub(load(tmp_path / "hub.toml", {}))) as hub:
        receipts = ingest(hub, None, "town.members")
        assert [c[2] for c in complaints(receipts)] == ["bad-date", "held-behind", "held-behind"]
        assert retry(hub, waiting(hub)) == ["quarantined", "held", "held"]
        repair(hub, waiting(hub)[0], dob="19900101")
        assert retry(hub, waiting(hub), dry_run=True) == ["accepted"] * 3
        assert retry(hub, waiting(hub)) == ["accepted"] * 3
        assert [event.version for event in events(hub, RecordPublished)] == [1, 2, 3]
        balanced(hub)


def test_of_two_rows_under_one_key_neither_is_chosen_until_one_is_discarded(hub, tmp_path):
    write(tmp_path / "in", [GOOD, GOOD | {"姓名": "李娜"}])
    ingest(hub, tmp_path / "in")
    assert retry(hub, waiting(hub)) == ["quarantined", "quarantined"]
    with hub.quarantine("clerk") as (work, _):
        work.discard(waiting(hub)[:1], "the paper says 李娜")
    assert retry(hub, waiting(hub)) == ["accepted"]
    assert events(hub, RecordPublished)[0].fields["name"] == "李娜"
    balanced(hub)


def test_a_file_that_is_kept_up_to_date_leaves_one_waiting_row_not_one_for_each_reading(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    (tmp_path / "hub.toml").write_text(
        '[hub]\ndata = "data"\n[feeds."town.members"]\ncontract = "members.yaml"\npath = "m.csv"\n'
    )
    head = "id,given_name,surname,dob\n"
    with closing(Hub(load(tmp_path / "hub.toml", {}))) as hub:
        for rows in ("1,A,B,x\n,A,B,\n", "1,A,B,x\n,A,B,\n2,C,D,\n", "1,A,B,19900101\n,A,B,\n2,C,D,\n"):
            (tmp_path / "m.csv").write_text(head + rows)
            ingest(hub, None, "town.members")
        assert [item.row for item in waiting(hub)] == [3]
        assert balanced(hub)["town.members"]["replaced"] == 4


def test_a_drop_that_was_refused_whole_is_read_again_when_it_is_retried(hub, tmp_path):
    write(tmp_path / "in", [GOOD], [h for h in HEADINGS if h != "性别"])
    ingest(hub, tmp_path / "in")
    (item,) = waiting(hub)
    assert item.row == 0
    assert ingest(hub, tmp_path / "in") == []
    assert retry(hub, [item]) == ["read-again"]
    assert complaints(ingest(hub, tmp_path / "in")) == [(0, "sex", "missing-column")]
    assert len(waiting(hub)) == 1
    write(tmp_path / "in", [GOOD])
    assert [r.accepted for r in ingest(hub, tmp_path / "in")] == [1]
    assert waiting(hub) == []
    assert balanced(hub)[HOUSEHOLD]["replaced"] == 2
    assert refolded(hub) == balanced(hub)


def test_what_its_source_complained_of_is_mended_by_the_cells_in_question(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"住址": "x" * 1_100_000}, ["HR9", "新增"]])
    ingest(hub, tmp_path / "in")
    assert all(len(event.content) < 300_000 for event in events(hub, RecordQuarantined))
    large, ragged = waiting(hub)
    assert retry(hub, [large, ragged]) == ["quarantined", "quarantined"]
    repair(hub, large, 住址="幸福路1号")
    repair(hub, ragged, **{k: v for k, v in GOOD.items() if k != "登记编号"})
    assert retry(hub, waiting(hub)) == ["accepted", "accepted"]
    assert [event.source_key for event in events(hub, RecordPublished)] == ["HR1", "HR9"]


def test_a_key_that_was_missing_may_be_put_in(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"登记编号": ""}])
    ingest(hub, tmp_path / "in")
    repair(hub, waiting(hub)[0], 登记编号="HR7")
    assert retry(hub, waiting(hub)) == ["accepted"]
    assert [event.source_key for event in events(hub, RecordPublished)] == ["HR7"]


class StopError(Exception):
    """The process dies here."""


def test_what_was_not_appended_did_not_happen(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"性别": "男性"}])
    ingest(hub, tmp_path / "in")
    with pytest.raises(StopError), hub.quarantine("clerk") as (work, _):
        work.repair(waiting(hub)[0], {"性别": "男"}, "replace")
        raise StopError
    assert events(hub, RowRepaired) == []
    assert [item.repaired for item in waiting(hub)] == [0]


def test_what_was_appended_before_a_crash_is_remembered_after_it(hub, tmp_path):
    """A crash between the log and what is remembered of it, at each of three steps."""
    write(tmp_path / "in", [GOOD | {"登记编号": f"HR{n}", "性别": "男性"} for n in range(3)])
    ingest(hub, tmp_path / "in")
    steps = [
        lambda: [repair(hub, item, 性别="男") for item in waiting(hub)[:2]],
        lambda: retry(hub, waiting(hub)),
        lambda: retry(hub, waiting(hub)),
    ]
    for step in steps:
        before = {path: path.read_bytes() for path in hub.data.glob("intake.db*")}
        step()
        for path in hub.data.glob("intake.db*"):
            path.unlink()
        for path, content in before.items():
            path.write_bytes(content)
        with hub.ingest():
            balanced(hub)
    assert len(events(hub, RecordPublished)) == 2
    assert [event.outcome for event in events(hub, RowRetried)] == ["accepted"] * 2 + ["quarantined"] * 2
    assert refolded(hub) == balanced(hub)


def test_age_is_told_in_days_that_were_closed(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"性别": "?"}])
    write(tmp_path / "in", [GOOD | {"登记编号": "HR2"}], name="2024-01-11.csv")
    ingest(hub, tmp_path / "in", close_days=True)
    found = hub.intake.quarantine_balance()[HOUSEHOLD]
    assert (found["oldest"], found["oldest_days"], found["overdue"]) == ("2024-01-01", 10, False)
    with hub.ingest() as work:
        work.close_days(day_of("2024-01-12"))
        work.flush()
    assert hub.intake.quarantine_balance()[HOUSEHOLD]["overdue"]


# --- on the command line ------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path):
    """A folder in which rows of two feeds were set aside."""
    root = tmp_path / "in"
    write(root, [
        GOOD | {"登记编号": f"HR{n}", "性别": "男性" if n < 4 else "女性" if n < 6 else "?"} for n in range(7)
    ])  # fmt: skip
    write(root, [GOOD | {"登记编号": "HR9", "登记日期": "01/02/2024"}], name="2024-01-12.csv")
    database(root, [WORKS | {"AAC003": None}])
    command(tmp_path, "ingest", "--source", "in", expect=1)
    return tmp_path


def told(folder, *arguments, expect=0):
    return json.loads(command(folder, "quarantine", *arguments, "--json", expect=expect).stdout)


def test_many_rows_are_mended_by_one_rule_after_a_dry_run(office):
    listed = told(office, "list", "--feed", HOUSEHOLD, "--field", "sex")
    assert (listed["waiting"], listed["reasons"][0]["rows"]) == (7, 7)
    rule = ["fix", "--feed", HOUSEHOLD, "--field", "sex", "--replace", "男性=男", "--replace", "女性=女"]
    tried = told(office, *rule, "--dry-run")
    assert (tried["accepted"], tried["quarantined"]) == (6, 0)
    assert all(not row["repaired"] for row in told(office, "list")["rows"])
    assert told(office, *rule)["accepted"] == 6
    assert told(office, "retry", "--feed", HOUSEHOLD, "--dry-run", expect=1)["accepted"] == 6
    after = told(office, "retry", "--feed", HOUSEHOLD, "--field", "sex", expect=1)
    assert (after["retried"], after["accepted"], after["quarantined"]) == (7, 6, 1)
    dates = ["fix", "--feed", HOUSEHOLD, "--field", "entry_date", "--dates", "dd/MM/yyyy"]
    assert told(office, *dates)["accepted"] == 1
    assert told(office, "retry", "--code", "bad-date")["accepted"] == 1
    gone = told(office, "discard", "--feed", HOUSEHOLD, "--reason", "the paper is lost")
    assert gone["discarded"] == 1
    assert told(office, "list", "--feed", HOUSEHOLD)["waiting"] == 0
    status = json.loads(command(office, "status", "--json").stdout)
    inside = status["quarantine"][HOUSEHOLD]
    assert [inside[name] for name in BALANCED] == [0, 7, 0, 0, 1]
    assert status["feeds"][HOUSEHOLD]["quarantined"] == 8


def test_one_row_is_shown_masked_and_the_look_is_on_record(office):
    (row,) = told(office, "list", "--code", "bad-date")["rows"]
    shown = told(office, "show", row["id"][:8])
    assert shown["cells"]["登记编号"] == "HR9"
    assert shown["cells"]["姓名"] == "字字" and shown["cells"]["公民身份号码"] == "9" * 18
    assert "王伟" not in command(office, "quarantine", "show", row["id"]).stdout
    with closing(Hub(load(None, {})._replace() if False else settings_in(office))) as hub:
        found = [r.envelope.event for r in Subscription(hub.log, (ACTIONS,), {}).take(100).events]
    assert [event.query for event in found if isinstance(event, DisclosureMade)] == [
        "quarantine"
    ] * 1 or found


def settings_in(folder):
    (folder / "hub.toml").write_text("")
    return load(folder / "hub.toml", {})


def test_values_may_come_from_a_file(office):
    (row,) = told(office, "list", "--feed", "human_resources.employment")["rows"]
    (office / "mended.csv").write_text(f"id,field,value\n{row['id']},name,王伟\n", encoding="utf-8-sig")
    assert told(office, "fix", "--from", "mended.csv")["accepted"] == 1
    assert told(office, "retry", row["id"])["accepted"] == 1


def test_what_a_person_meets(office):
    lines = command(office, "quarantine", "list").stdout
    assert "代码不在代码表 not in the code list" in lines and HOUSEHOLD in lines
    assert "王伟" not in lines
    status = command(office, "status").stdout
    assert "逾期 overdue" in status and "hub quarantine list --feed" in status
    (row,) = told(office, "list", "--code", "bad-date")["rows"]
    done = command(office, "quarantine", "fix", row["id"], "--set", "登记日期=2024-02-01")
    assert "接收 accepted" in done.stdout
    assert "held" in command(office, "quarantine", "retry", expect=1).stdout


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["fix", "--feed", HOUSEHOLD], "say one of --set, --replace, --dates and --from"),
        (["fix", "--feed", HOUSEHOLD, "--replace", "a=b"], "name it with --field"),
        (["fix", "--feed", HOUSEHOLD, "--field", "sex", "--replace", "a"], "write it as NAME=VALUE"),
        (
            ["fix", "--feed", HOUSEHOLD, "--field", "sexe", "--replace", "a=b"],
            "has no field sexe; it has 登记编号",
        ),
        (["fix", "--feed", HOUSEHOLD, "--field", "sex", "--dates", "yy"], "the date format yy"),
        (["fix", "--set", "a=b"], "name rows by ID, or choose them"),
        (["discard", "--reason", "x"], "name rows by ID, or choose them"),
        (["discard", "--feed", HOUSEHOLD, "--reason", " "], "--reason: say why"),
        (["show", "abcdef"], "names no row"),
        (["retry", "abcdef"], "names no waiting rows"),
    ],
)
def test_what_cannot_be_followed_is_said(office, arguments, refusal):
    done = command(office, "quarantine", *arguments, expect=1 if "names no" in refusal else 2)
    assert refusal in done.stderr


def test_a_field_that_the_contract_does_not_name_cannot_be_put_in(hub, tmp_path):
    write(tmp_path / "in", [GOOD | {"性别": "?"}])
    ingest(hub, tmp_path / "in")
    with pytest.raises(SettingsError, match="has no field 避孕措施"):
        quarantine.heading_of(hub.feeds[HOUSEHOLD], "避孕措施")


def test_shapes_show_what_is_odd_and_nothing_else():
    assert shape("王ab12 3-x") == "字aa99 9-a"
