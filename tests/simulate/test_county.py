"""What a simulated county is made of."""

import hashlib
import os
import re
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from hub.domain.births import OUTCOMES
from hub.matching.numbers import canonical_number, credit_code_valid, number_valid
from hub.simulate import simulate
from hub.simulate.noise import RATES

NUMBERS = ("公民身份号码", "AAC002", "经营者证件号码", "number", "母亲身份号码", "父亲身份号码", "mother_number",
           "father_number")  # fmt: skip
PLACES = ("地址代码", "出生地代码", "户籍地代码", "现住地代码", "经营场所代码", "unit_place", "facility_place",
          "mother_hukou_place", "place")  # fmt: skip
WITHDRAWN = ("撤销", "D", "withdraw")
SPOIL_NUMBERS = {"number-slip", "number-swap", "mother-number-slip"}


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.*")):
        total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def operation(row: dict) -> str:
    return row.get("操作") or row["operation"]


def test_same_seed_same_bytes_in_every_process(tmp_path):
    simulate(tmp_path / "here", persons=150, months=8, seed=4, noise=3)
    script = "import sys, pathlib; from hub.simulate import simulate; simulate(pathlib.Path(sys.argv[1]), 150, 8, 4, 3)"
    for hashing in ("0", "1"):
        folder = tmp_path / hashing
        environment = os.environ | {"PYTHONHASHSEED": hashing}
        subprocess.run([sys.executable, "-c", script, folder], check=True, env=environment)
        assert digest(folder) == digest(tmp_path / "here")
    simulate(tmp_path / "other", persons=150, months=8, seed=5, noise=3)
    assert digest(tmp_path / "other") != digest(tmp_path / "here")


def test_every_kind_of_error_is_made_and_written_into_the_truth(noisy):
    assert {error["kind"] for error in noisy.truth("errors")} == set(RATES)


def test_without_noise_nothing_is_wrong(clean):
    assert clean.truth("errors") == []
    # What is about to fall due is no error.
    assert {one["kind"] for one in clean.truth("discrepancies")} <= {
        "birth-registration-due", "residence-renewal-due",
    }  # fmt: skip
    assert {birth["outcome"] for birth in clean.truth("births")} <= {
        "matched", "expected-elsewhere", "too-early", "foundling", "",
    }  # fmt: skip
    assert not any(operation(row) in WITHDRAWN for _, _, row in clean.rows)


def test_every_number_is_valid_unless_an_error_says_so(noisy):
    spoilt = {error["record_id"] for error in noisy.truth("errors") if error["kind"] in SPOIL_NUMBERS}
    old = set()
    for record, _, row in noisy.rows:
        for heading in NUMBERS:
            stated = row.get(heading) or ""
            assert not stated or record in spoilt or number_valid(canonical_number(stated)), record
            if len(stated) == 15:
                old.add(record)
        if "AAB001" in row:
            assert credit_code_valid(row["AAB001"])
    assert len(old) >= 20


def test_all_division_codes_begin_with_99(noisy):
    for record, _, row in noisy.rows:
        for heading in PLACES:
            assert (row.get(heading) or "99").startswith("99"), record
        for heading in NUMBERS:
            assert (row.get(heading) or "99").startswith("99") or "slip" in heading or record in {
                error["record_id"] for error in noisy.truth("errors")
            }  # fmt: skip


@pytest.mark.parametrize("name", ["noisy", "clean"])
def test_the_truth_names_exactly_the_published_records(name, request):
    county = request.getfixturevalue(name)
    assert {record for record, _, _ in county.rows} == {r["record_id"] for r in county.truth("records")}
    people = {person["entity_id"] for person in county.truth("people")}
    assert {r["entity_id"] for r in county.truth("records")} <= people


def test_records_are_taken_back_by_every_department_that_enters_twice(noisy):
    errors = [
        e for e in noisy.truth("errors") if e["kind"].startswith(("entered-twice", "job-by", "entry-by"))
    ]
    versions = noisy.by_record()
    last_day = max(day for _, day, _ in noisy.rows)
    for error in errors:
        taken = [day for day, row in versions[error["record_id"]] if operation(row) in WITHDRAWN]
        assert taken == ([error["corrected_on"]] if error["corrected_on"] else [])
        assert not taken or error["day"] <= taken[0] <= last_day
    withdrawn = {record for record, _, row in noisy.rows if operation(row) in WITHDRAWN}
    assert {record.split("/")[0] for record in withdrawn} >= {
        "public_security.household_entry", "public_security.residence_registration",
        "human_resources.employment",
    }  # fmt: skip
    for record in withdrawn:
        assert len(versions[record]) >= 2, "what was taken back had been published before"
        assert operation(versions[record][-1][1]) in WITHDRAWN, "and nothing is said after"


def test_corrections_come_in_later_drops(noisy):
    corrected = [e for e in noisy.truth("errors") if e["corrected_on"] and e["kind"].startswith("name-")]
    versions = noisy.by_record()
    assert corrected
    for error in corrected:
        days = [day for day, _ in versions[error["record_id"]]]
        assert error["day"] in days and error["corrected_on"] in days
        assert error["day"] < error["corrected_on"]


def test_the_county_is_varied(noisy):
    births = noisy.truth("births")
    assert {birth["outcome"] for birth in births} - {""} == set(OUTCOMES) - {"registered-elsewhere"}
    names = {row["姓名"] for _, _, row in noisy.rows if "户号" in row}
    assert any("·" in name for name in names)
    assert any(re.search("[㛃㐂堃垚犇翀]", name) for name in names)
    certificates = [row for record, _, row in noisy.rows if record.startswith("health.birth_certificate")]
    assert {row["newborn_name"] is None for row in certificates} == {True, False}
    assert {row["plurality"] for row in certificates} == {"1", "2"}
    relations = {row["与户主关系"] for _, _, row in noisy.rows if "户号" in row}
    assert relations == {"户主", "配偶", "子", "女", "父", "母"}
    assert all("民委员会" in row["住址"] for _, _, row in noisy.rows if "住址" in row)


def test_every_household_in_the_register_has_a_head_at_first(clean):
    first = {}
    for record, _, row in clean.rows:
        if "户号" in row and row["登记类别"] == "初始":
            first.setdefault(record, row)
    heads = {row["户号"] for row in first.values() if row["与户主关系"] == "户主"}
    assert {row["户号"] for row in first.values()} == heads


def test_a_mother_gives_birth_to_twins_or_once_in_a_year(noisy):
    days = {}
    for birth in (birth for birth in noisy.truth("births") if birth["mother"]):
        days.setdefault(birth["mother"], set()).add(date.fromisoformat(birth["born_on"]))
    for mine in map(sorted, days.values()):
        assert all((later - earlier).days > 330 for earlier, later in pairwise(mine))
