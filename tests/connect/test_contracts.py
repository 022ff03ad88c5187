"""Contracts: what they offer the rules, and what a contract must say."""

import re
from pathlib import Path

import pytest

import hub.domain
from hub.connect.contracts import load_contracts

READS = re.compile(r'fields(?:\.get\(|\[)"(\w+)"|"(\w+)" (?:not )?in (?:\w+\.)*fields')
CONTRACTS = load_contracts(Path(__file__).parents[2] / "schemas/contracts")


def test_every_field_that_a_rule_reads_is_one_that_a_contract_offers():
    sources = "".join(path.read_text("utf-8") for path in Path(hub.domain.__file__).parent.glob("*.py"))
    read = {name for names in READS.findall(sources) for name in names if name}
    offered = {field.name for feed in CONTRACTS.values() for field in feed.fields}
    assert len(read) >= 15
    assert read <= offered


@pytest.mark.parametrize("name", ["commerce.business_registration", "human_resources.employment"])
def test_where_somebody_works_is_not_where_the_person_is(name):
    feed = CONTRACTS[name]
    (field,) = [field for field in feed.fields if field.name == "work_place"]
    assert (field.kind, field.required) == ("place_code", True)
    assert feed.attributes({"work_place": "990101101201"}) == {}
    assert "place" not in {field.name for field in feed.fields}
