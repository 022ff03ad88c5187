"""What is wrong with a child's records may begin and end with records of another child alone."""

import json

import pytest

from hub.matching.numbers import check_digit
from tests.replay.people import Site

MOTHER, OTHER_MOTHER = (body + check_digit(body) for body in ("99010119950101102", "99010119960202104"))
FIRST = {
    "姓名": "王大宝", "性别": "男", "出生日期": "20231228", "登记类别": "出生", "登记日期": "20240101",
    "公民身份号码": "99010120231228101" + check_digit("99010120231228101"), "母亲身份号码": MOTHER,
    "出生医学证明编号": "X000000001",
}  # fmt: skip
SECOND = FIRST | {
    "姓名": "李小妹", "性别": "女", "出生日期": "20231105", "母亲身份号码": OTHER_MOTHER,
    "公民身份号码": "99010120231105102" + check_digit("99010120231105102"),
}  # fmt: skip


def standing(site):
    return set(site.ask(lambda queries: queries.status())["discrepancies"])


def certify(site, number, **said):
    """A certificate in a drop of the day before the next entries."""
    drop = site.folder / "in/health/birth_certificate" / f"2024-01-{site.days + 1:02}.jsonl"
    drop.parent.mkdir(parents=True, exist_ok=True)
    row = {
        "certificate_no": number, "operation": "publish", "sex": "1", "born_on": "2023-11-01", "plurality": "2",
        "birth_order": "1", "facility": "县人民医院", "facility_place": "990101101201", "mother_number": MOTHER,
        "mother_hukou_place": "990101101201", "issued_on": "2023-11-02", "status": "issued",
    }  # fmt: skip
    drop.write_text(json.dumps(row | said, ensure_ascii=False) + "\n", "utf-8")


def test_a_reused_number_is_cleared_for_the_child_whose_records_did_not_change(tmp_path):
    site = Site(tmp_path)
    site.publish(("1", FIRST))
    assert "certificate-number-reused" not in standing(site)
    site.publish(("2", SECOND))
    assert site.people() == {frozenset("1"), frozenset("2")}
    assert "certificate-number-reused" in standing(site)
    site.publish(("2", SECOND | {"操作": "变更", "出生医学证明编号": "X000000777"}))
    assert "certificate-number-reused" not in standing(site)
    site.check()
    site.hub.close()


@pytest.mark.parametrize(
    ("born_on", "first"), [("20231101", "1"), ("20231102", "2")], ids=["one day", "either side of midnight"]
)
def test_a_twin_is_missed_until_any_record_of_it_comes(tmp_path, born_on, first):
    site = Site(tmp_path)
    # Of two days only children of one sex are looked for together.
    certify(site, "X000000001", sex=first)
    site.publish(("1", SECOND))
    assert "plurality-incomplete" in standing(site)
    born = f"990101{born_on}102"
    twin = SECOND | {
        "姓名": "王小妹", "出生日期": born_on, "母亲身份号码": MOTHER, "出生医学证明编号": "",
        "公民身份号码": born + check_digit(born),
    }  # fmt: skip
    site.publish(("2", twin))
    assert "plurality-incomplete" not in standing(site)
    site.check()
    site.publish(("2", twin | {"操作": "撤销"}))
    assert "plurality-incomplete" in standing(site)
    site.hub.close()
