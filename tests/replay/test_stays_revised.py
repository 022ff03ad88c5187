"""Revisions of migrants on a simulated county whose registers are corrected after the fact: every reason occurs."""

import csv
from datetime import datetime

import pytest
from openpyxl import load_workbook

from hub.app import Hub
from hub.domain.days import day_of, iso
from hub.projections.lines import people_seen, stay_lines, withdrawn_records
from hub.simulate import simulate
from hub.simulate.ledger import CHANGED, HOUSEHOLD, NEW, RESIDENCE, TAKEN_BACK
from hub.simulate.places import COUNTY
from hub.simulate.writers import write_drop
from hub.statistics.flows import balances, by_county
from hub.statistics.spans import month
from hub.statistics.stays_revised import ADDED, MEASURES, TAKEN_OUT, stay_revisions
from tests.conftest import settings_for, work_through

APRIL = month("2024-04")
THEN, NOW = day_of("2024-07-05"), day_of("2024-07-25")
IN_APRIL, AFTER_APRIL, LONG_BEFORE, LONG_AFTER = "2024-04-15", "2024-05-06", "2023-02-01", "2025-06-30"
OUTSIDE = "990527101203"
EARLIER, LATER, LEFT, EXPIRES, ENDORSED = "来本地日期", "登记日期", "离开日期", "有效期至", "签注日期"


def registrations(source):
    """The newest row of each registration, by key."""
    found = {}
    for path in sorted((source / "public_security/residence_registration").glob("*.xlsx")):
        heads, *rows = load_workbook(path).active.iter_rows(values_only=True)
        for key, operation, *cells in rows:
            texts = ["" if c is None else iso_of(c) if isinstance(c, datetime) else str(c) for c in cells]
            found[key] = operation, dict(zip(heads[2:], texts, strict=True))
    return {key: row for key, (operation, row) in found.items() if operation != "撤销"}


def iso_of(cell):
    return cell.date().isoformat()


def entry_like(source, row, day):
    """A household entry of a person who was registered as a migrant."""
    path = min((source / "public_security/household_entry").glob("*.csv"))
    with path.open(encoding="gb18030", newline="") as stream:
        blank = dict.fromkeys(next(csv.DictReader(stream)), "")
    del blank["登记编号"], blank["操作"]
    return blank | {
        "与户主关系": "户主", "姓名": row["姓名"], "性别": row["性别"],
        "出生日期": row["出生日期"].replace("-", ""), "公民身份号码": row["公民身份号码"],
        "地址代码": row["现住地代码"], "住址": row["现住地址"], "登记类别": "迁入", "登记日期": day,
    }  # fmt: skip


def chosen(rows):
    """Registrations that stand all through, each of somebody who has no other."""
    numbers = [row["公民身份号码"] for row in rows.values()]
    return iter(
        (key, row) for key, row in sorted(rows.items())
        if row["公民身份号码"] and numbers.count(row["公民身份号码"]) == 1
        and not row[LEFT] and row[EARLIER] < "2023-12-01" and row[EXPIRES] > "2024-09-01"
    )  # fmt: skip


def corrections(source):
    """What the registers say at first of chosen people, and what they say later."""
    rows = registrations(source)
    people = chosen(rows)
    then, now, entries = {}, {}, {}

    def revised(first, second):
        key, row = next(people)
        then[key], now[key] = (CHANGED, row | first), (CHANGED, row | second)

    revised({}, {LEFT: IN_APRIL})
    revised({LEFT: IN_APRIL}, {})
    revised({LEFT: IN_APRIL}, {LEFT: AFTER_APRIL})
    revised({EXPIRES: IN_APRIL, ENDORSED: "2024-04-10"}, {EXPIRES: LONG_AFTER})
    revised({}, {EXPIRES: IN_APRIL})
    revised({EARLIER: IN_APRIL, LATER: IN_APRIL}, {EARLIER: LONG_BEFORE})
    revised({}, {EARLIER: IN_APRIL, LATER: IN_APRIL})
    revised({}, {"现住地代码": OUTSIDE})
    revised({"现住地代码": OUTSIDE}, {})
    key, row = next(people)
    now[key] = TAKEN_BACK, row
    for number, day in enumerate(("20240301", "20240415"), 1):
        _, row = next(people)
        entries[f"HR9999990{number}"] = NEW, entry_like(source, row, day) | {"户号": f"H99999{number}"}
    key, row = next(people)
    now["JZ99999901"] = NEW, row | {"姓名": "欧阳测试", "公民身份号码": "", "出生日期": "1961-03-07"}
    # One person has two registrations; the second turns out to be another's, and the other way round.
    for key in ("JZ99999902", "JZ99999903"):
        _, row = next(people)
        other = row | {"姓名": "司徒另", "公民身份号码": "", "出生日期": "1957-11-23", "联系电话": ""}
        both = (row, other) if key.endswith("2") else (other, row)
        then[key], now[key] = (NEW, both[0]), (CHANGED, both[1])
    return then, now, entries


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What was known on both days, and what is published of it."""
    source = tmp_path_factory.mktemp("corrected")
    simulate(source, persons=1_000, months=6, seed=3, noise=1)
    then, now, entries = corrections(source)
    write_drop(source, RESIDENCE, iso(THEN), then)
    write_drop(source, RESIDENCE, iso(NOW), now)
    write_drop(source, HOUSEHOLD, iso(NOW), entries)
    hub = Hub(settings_for(tmp_path_factory.mktemp("hub")))
    work_through(hub, source)
    kinds = {name: feed.kind for name, feed in hub.feeds.items()}
    found = []
    with hub.pasts((THEN, NOW), lambda _: None) as pasts:
        for db, _ in pasts:
            lines = stay_lines(db, kinds, APRIL.first - 1, APRIL.last)
            found.append((people_seen(db, kinds, APRIL), withdrawn_records(db), published(lines)))
    yield found
    hub.close()


def published(lines):
    """Stock and flow of migrants as they are published."""
    people = {line.number: line.people for line in lines}
    (cells,) = balances(lines, [(APRIL.first - 1, APRIL.last)], by_county(COUNTY))
    cell = cells[COUNTY, "migrant"]
    lists = [
        cell.stock_1,
        *(side[o] for side in (cell.came, cell.left) for o in ("outside", "other-status")),
        cell.stock_2,
    ]
    return [sum(people[number] for number in numbers) for numbers in lists]


def test_every_reason_occurs_and_every_measure_adds_up(seen):
    (then, _, before), (now, withdrawn, after) = seen
    found = stay_revisions(then, now, COUNTY, APRIL, THEN, withdrawn)
    assert tuple(found) == MEASURES
    assert [one.earlier for one in found.values()] == before
    assert [one.later for one in found.values()] == after
    for one in found.values():
        assert one.earlier + sum(one.added.values()) - sum(one.taken_out.values()) == one.later
    for sign, names in (("added", ADDED), ("taken_out", TAKEN_OUT)):
        missing = [name for name in names if not any(getattr(one, sign)[name] for one in found.values())]
        assert not missing, (sign, missing, [(one.added, one.taken_out) for one in found.values()])


def test_nothing_but_what_was_corrected_is_revised(seen):
    (then, _, _), (now, withdrawn, _) = seen
    found = stay_revisions(then, now, COUNTY, APRIL, THEN, withdrawn)
    assert all(sum(one.added.values()) + sum(one.taken_out.values()) < 20 for one in found.values())
    for one in stay_revisions(now, now, COUNTY, APRIL, NOW, withdrawn).values():
        assert not any({**one.added, **one.taken_out, **one.changed}.values())
