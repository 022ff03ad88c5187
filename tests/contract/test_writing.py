"""The compiled writer of published records says what fastavro says, byte for byte, and refuses what it refuses."""

import io
import json
from pathlib import Path

import pytest
from fastavro import schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from hub.connect.odcs import load_contracts
from hub.log.codec import load_schema
from hub.log.writing import varint, writer

FEEDS = load_contracts(Path("schemas/contracts"))
WHOLE = {"int": 31, "long": 63}
SCHEMAS = {name: load_schema(json.dumps(feed.avro())).parsed for name, feed in FEEDS.items()}


def by_fastavro(parsed, values) -> bytes:
    body = io.BytesIO()
    schemaless_writer(body, parsed, values)
    return body.getvalue()


def value_of(kind):
    match kind:
        case ["null", inner]:
            return st.none() | value_of(inner)
        case {"type": "record", "fields": fields}:
            return st.fixed_dictionaries({}, optional={f["name"]: value_of(f["type"]) for f in fields})
        case {"type": inner}:
            return value_of(inner)
        case "string":
            return st.text(max_size=200)
    bound = 1 << WHOLE[kind]
    return st.integers(-bound, bound - 1)


@pytest.mark.parametrize("name", FEEDS)
@given(data=st.data())
def test_records_of_every_feed_are_written_as_fastavro_writes_them(name, data):
    parsed = SCHEMAS[name]
    values = data.draw(st.fixed_dictionaries({f["name"]: value_of(f["type"]) for f in parsed["fields"]}))
    assert writer(parsed)(values) == by_fastavro(parsed, values)


RECORD = {"record_id": "r", "version": 1, "published_on": 2, "source_key": "k", "fields": {"name": "a"}}
WRONG = [
    {"record_id": 7}, {"record_id": b"r"}, {"record_id": None}, {"version": "1"}, {"version": 1 << 63},
    {"version": None}, {"fields": {"name": 7}}, {"fields": {"name": b"a"}},
    {"fields": {"birth_date": "2024-01-01"}}, {"fields": {"birth_date": 1 << 31}}, {"fields": {"birth_date": True}},
    {"fields": {"name": "\ud800"}}, {"fields": {"name": ["a"]}}, {"fields": 7},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_fastavro_refuses_is_refused(wrong):
    parsed = SCHEMAS["public_security.household_entry"]
    assert writer(parsed)(RECORD) == by_fastavro(parsed, RECORD)
    with pytest.raises((TypeError, ValueError, AttributeError, OverflowError)):
        by_fastavro(parsed, RECORD | wrong)
    with pytest.raises((TypeError, ValueError, AttributeError)):
        writer(parsed)(RECORD | wrong)


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_whole_numbers(number):
    assert varint(number) == by_fastavro("long", number)


@pytest.mark.parametrize(
    "kind", ["boolean", {"type": "array", "items": "string"}, ["null", "double"], "bytes"]
)
def test_other_types_are_left_to_fastavro(kind):
    assert writer({"fields": [{"name": "a", "type": kind}]}) is None
