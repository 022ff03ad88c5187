"""Contracts: what they offer the rules, and what a contract must say."""

import re
from pathlib import Path

import pytest

import hub.domain
from hub.connect.odcs import load_contract, load_contracts
from hub.domain.facts import DATES, READ, TEXTS
from hub.domain.forbidden import refuse
from hub.errors import SettingsError
from tests.connect.samples import CONTRACT

READS = re.compile(r'fields(?:\.get\(|\[)"(\w+)"|"(\w+)" (?:not )?in (?:\w+\.)*fields')
CONTRACTS = load_contracts(Path(__file__).parents[2] / "schemas/contracts")


def test_every_field_that_a_rule_reads_is_one_that_a_contract_offers():
    sources = "".join(path.read_text("utf-8") for path in Path(hub.domain.__file__).parent.glob("*.py"))
    read = {name for names in READS.findall(sources) for name in names if name}
    offered = {field.name for feed in CONTRACTS.values() for field in feed.fields}
    assert len(read) >= 15
    assert read <= set(READ) <= offered


def test_what_rules_read_is_of_one_kind_in_every_contract():
    for feed in CONTRACTS.values():
        for field in feed.fields:
            assert field.kind == "date" or field.name not in DATES, field.name
            assert field.kind not in ("date", "integer") or field.name not in TEXTS, field.name


@pytest.mark.parametrize("name", ["commerce.business_registration", "human_resources.employment"])
def test_where_somebody_works_is_not_where_the_person_is(name):
    feed = CONTRACTS[name]
    (field,) = [field for field in feed.fields if field.name == "work_place"]
    assert (field.kind, field.required) == ("place_code", True)
    assert feed.attributes({"work_place": "990101101201"}) == {}
    assert "place" not in {field.name for field in feed.fields}


def test_fields_that_state_parts_of_one_attribute_are_joined_in_order(tmp_path):
    parts = "".join(
        f"  - {{name: {name}, classification: x, customProperties: [{{property: attribute, value: address}}]}}\n"
        for name in ("house", "street", "flat")
    )
    (tmp_path / "members.yaml").write_text(CONTRACT + parts)
    feed = load_contract(tmp_path / "members.yaml")
    assert feed.attributes({"flat": "3b", "house": "12", "street": "Mill Lane"}) == {
        "address": "12 Mill Lane 3b"
    }
    assert feed.attributes({"street": "Mill Lane"}) == {"address": "Mill Lane"}


def refusal_of(folder: Path, contract: str) -> str:
    path = folder / "members.yaml"
    path.write_text(contract)
    with pytest.raises(SettingsError) as refused:
        load_contract(path)
    return str(refused.value)


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
    assert "refuses to hold" in refusal_of(
        tmp_path, CONTRACT.replace("physicalName: dob", f"physicalName: {name}")
    )


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


def test_a_contract_that_says_no_kind_is_read_by_its_types(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    feed = load_contract(tmp_path / "members.yaml")
    assert [field.kind for field in feed.fields] == ["text", "text", "text", "date"]
    assert (feed.department, feed.kind, feed.format, feed.encoding) == (
        "other",
        "person",
        "delimited",
        "utf-8",
    )


@pytest.mark.parametrize(
    ("said", "instead", "refusal"),
    [
        ("apiVersion: v3.1.0", "apiVersion: v2.2.2", "apiVersion is not v3"),
        ("id: town.members", "id: Members", "id is not of the form"),
        ("version: 1.0.0", "version: one", "version is not of the form"),
        ("status: active", "", "missing status"),
        ("status: active", "status: [", "cannot be read as YAML, line"),
        ("name: born", "name: birth-date", "has a name beyond letters"),
        ("dob, logicalType: date, classification: personal", "dob", "born has no classification"),
        ("{name: born,", "{name: number, logicalType: integer, physicalName: n, classification: x}\n  - {name: born,",
         "number has the kind integer, but rules read number as text"),
        ("name: born, physicalName: dob, logicalType: date", "name: birth_date", "rules read birth_date as date"),
        ("value: birth_date", "value: dob", "the unknown attribute dob; known: name,"),
        ("physicalName: dob", "physicalName: surname", "the heading surname stands twice"),
        ("value: family_name", "value: birth_date", "two fields state the attribute birth_date"),
        ("primaryKey: true", "primaryKey: false", "exactly one property is the primaryKey"),
        ("logicalType: date", "logicalType: date, logicalTypeOptions: {format: dd/MM/yy}", "yy is none of yyyy"),
        ("logicalType: date", "logicalType: date, logicalTypeOptions: {format: MM/yyyy}", "year, month and day once"),
        ("status: active", "status: active\ncustomProperties: [{property: source, value: {encoding: utf-99}}]",
         "nobody knows the encoding utf-99"),
        ("status: active", "status: active\ncustomProperties: [{property: source, value: {format: sql}}]",
         "format sql needs the table"),
        ("status: active", "status: active\ncustomProperties: [{property: source, value: {view: x}}]",
         "source has the unknown view"),
    ],
)  # fmt: skip
def test_a_contract_that_cannot_be_followed_says_where(tmp_path, said, instead, refusal):
    assert said in CONTRACT
    found = refusal_of(tmp_path, CONTRACT.replace(said, instead))
    assert found.startswith("contract members.yaml") and refusal in found
