"""Hostile bytes and schemas are refused in bounded time and memory (F11, F12, F48, F53)."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.domain.events import (
    DECISIONS,
    RECORDS,
    BirthReconciled,
    DayClosed,
    DisclosureMade,
    Event,
    RecordPublished,
    RecordWithdrawn,
)
from hub.errors import HubError, IntegrityError, SchemaMismatchError, SchemaUnknownError
from hub.log import Envelope
from hub.log.by_url import open_log
from hub.log.codec import PAYLOAD_BYTES_MAX, Codec, load_schema
from hub.log.guard import DEPTH_MAX
from tests.conftest import kafka_settings, settings_for
from tests.test_repository import ROOT

SCHEMAS = [path.read_text("utf-8") for path in sorted((ROOT / "schemas/events").glob("*.avsc"))]
CODEC = Codec(SCHEMAS)
BIRTH = BirthReconciled("p", "matched", 1, None, "1", None, None, None, None, None, True)
WITHDRAWN = RecordWithdrawn("r", "health.child_record", 1, 2)
MARKED = {cls: next(fp for fp, s in CODEC.schemas.items() if s.event is cls)
          for cls in (BirthReconciled, DayClosed, DisclosureMade, RecordWithdrawn)}  # fmt: skip
HUGE = b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"
"""2**62 - 1 as Avro writes it."""


def stored(cls: type[Event], body: bytes) -> bytes:
    return b"\xc3\x01" + MARKED[cls] + body


def schema(*types: object, event: str = "RecordWithdrawn") -> str:
    fields = [{"name": f"f{n}", "type": kind} for n, kind in enumerate(types)]
    return json.dumps({"type": "record", "name": "S", "namespace": "x", "event": event, "fields": fields})


def nested(depth: int) -> object:
    kind: object = "string"
    for _ in range(depth):
        kind = {"type": "array", "items": kind}
    return kind


def odd(name: str) -> bytes:
    """Payloads that are wrong in one way each."""
    birth, withdrawn = CODEC.encode(BIRTH), CODEC.encode(WITHDRAWN)
    return {
        "nothing": b"",
        "no marker": b"\xc3\x02" + withdrawn[2:],
        "marker only": withdrawn[:2],
        "cut short": withdrawn[:-1],
        "trailing byte": withdrawn + b"\0",
        "boolean 7": birth[:-1] + b"\x07",
        "text of negative length": stored(RecordWithdrawn, b"\x01abc"),
        "text of a GiB": stored(RecordWithdrawn, b"\x80\x80\x80\x80\x08abc"),
        "text of 2**62 bytes": stored(RecordWithdrawn, HUGE + b"abc"),
        "text that is no UTF-8": stored(RecordWithdrawn, b"\x04\xff\xfe" + withdrawn[12:]),
        "a million bytes of one number": stored(DayClosed, b"\xff" * 1_000_000),
        "list of 2**62 items": stored(DisclosureMade, b"\0" * 6 + HUGE + b"\0"),
        "list with a block of a negative size": stored(DisclosureMade, b"\0" * 6 + b"\x01"),
        "larger than a payload may be": stored(DayClosed, bytes(PAYLOAD_BYTES_MAX + 1)),
    }[name]


ODD = ["nothing", "no marker", "marker only", "cut short", "trailing byte", "boolean 7",
       "text of negative length", "text of a GiB", "text of 2**62 bytes", "text that is no UTF-8",
       "a million bytes of one number", "list of 2**62 items", "list with a block of a negative size",
       "larger than a payload may be"]  # fmt: skip


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", ODD)
def test_f53_hostile_bytes_are_refused(name):
    with pytest.raises(SchemaMismatchError) as refused:
        CODEC.decode(odd(name))
    assert len(str(refused.value)) < 200
    assert refused.value.__cause__ is None, "the reader's own words may repeat the payload"


LETTERS = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
AVRO_REJECTS = {
    "long that does not end": ("long", b"\x80" * 10),
    "int that does not end": ("int", b"\x80" * 5),
    "list of the least count": ({"type": "array", "items": "int"}, b"\xff" * 9 + b"\x01\x02"),
    "bytes of length -1": ("bytes", b"\x01"),
    "text of length -1": ("string", b"\x01"),
    "branch -1 of a union": (["null", "int"], b"\x01"),
    "branch 5 of two": (["null", "int"], b"\x0a"),
    "symbol -1": (LETTERS, b"\x01"),
    "symbol 5 of two": (LETTERS, b"\x0a"),
}
"""What Apache Avro's own decoders must refuse, in every language: the kinds of its shared rejection vectors."""


def one_field(kind: object) -> tuple[Codec, bytes]:
    """A codec whose only schema has one field of this type, and how its payloads begin."""
    codec = Codec([schema(kind, event="DayClosed").replace('"f0"', '"day"')])
    return codec, b"\xc3\x01" + next(iter(codec.schemas))


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", AVRO_REJECTS)
def test_f53_what_avro_itself_refuses_is_refused(name):
    kind, body = AVRO_REJECTS[name]
    codec, start = one_field(kind)
    with pytest.raises(SchemaMismatchError) as refused:
        codec.decode(start + body)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("index", [-1, -2, 2, 2**40])
def test_f53_an_enumeration_holds_only_its_symbols(index):
    codec, marker = one_field(LETTERS)
    assert codec.decode(marker + b"\x02") == DayClosed("B")
    with pytest.raises(SchemaMismatchError):
        codec.decode(marker + zigzag(index))


def zigzag(number: int) -> bytes:
    value, out = (number << 1) ^ (number >> 63), bytearray()
    value &= (1 << 64) - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


@given(st.binary(max_size=200), st.sampled_from(sorted(CODEC.schemas)))
def test_any_bytes_give_an_event_or_a_refusal(body, fingerprint):
    try:
        event = CODEC.decode(b"\xc3\x01" + fingerprint + body)
    except SchemaMismatchError:
        return
    assert isinstance(event, Event)


REFUSED = {
    "recursive": schema({"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}),
    "recursive through a list": schema(
        {"type": "record", "name": "T", "fields": [{"name": "all", "type": {"type": "array", "items": "T"}}]}
    ),
    "itself": schema(["null", "S"]),
    "too deep": schema(nested(DEPTH_MAX)),
    "deeper than the stack": schema(nested(400)),
    "deeper than any parser": '{"type": "record", "fields": ' + "[" * 100_000,
    "list of nothing": schema({"type": "array", "items": "null"}),
    "list of empty records": schema(
        {"type": "array", "items": {"type": "record", "name": "N", "fields": []}}
    ),
    "list of records of nothing": schema(
        {"type": "array", "items": {"type": "record", "name": "N", "fields": [{"name": "n", "type": "null"}]}}
    ),
    "list of no bytes": schema({"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}),
    "too large": schema("string") + " " * (1 << 20),
    "not JSON": "{",
    "a list": "[]",
    "a number": "7",
    "unknown type": schema("words"),
    "no event of ours": schema("string", event="SomethingElse"),
}  # fmt: skip


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", REFUSED)
def test_f11_f12_a_schema_that_could_run_away_is_refused(name):
    for take in (load_schema, Codec([]).learn):
        with pytest.raises(SchemaMismatchError):
            take(REFUSED[name])


def test_schemas_of_any_shape_that_cannot_run_away_are_taken():
    twice = {"type": "record", "name": "P", "fields": [{"name": "at", "type": ["null", "long"]}]}
    for text in (*SCHEMAS, schema(nested(DEPTH_MAX - 2)), schema(twice, "P", {"type": "map", "values": "P"})):
        assert load_schema(text).text == text


def test_f12_the_largest_list_stays_small():
    """A payload of one MiB cannot hold more than a million items: measured in a process of its own."""
    code = """
import resource
from tests.contract.test_guard import CODEC, DisclosureMade, stored, zigzag
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
event = CODEC.decode(stored(DisclosureMade, bytes(6) + zigzag(1_000_000) + bytes(1_000_001)))
assert len(event.subjects) == 1_000_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 50 * 1024


class Spoiling:
    """A sealer that spoils what is kept, as a writer with a bug or a thief would."""

    def __init__(self, spoil) -> None:
        self._spoil = spoil

    def seal(self, payload: bytes) -> bytes:
        return self._spoil(payload)

    def open(self, stored: bytes) -> bytes:
        return stored


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def hub(request, tmp_path):
    made = Hub(
        kafka_settings(tmp_path, request.getfixturevalue("broker"), 1)
        if request.param == "kafka"
        else settings_for(tmp_path)
    )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda payload: payload + b"\0", IntegrityError),
        (lambda payload: payload[:4], SchemaUnknownError),
        (lambda payload: payload[:2] + b"unknown!" + payload[10:], SchemaUnknownError),
        (lambda payload: payload[:14], IntegrityError),
    ],
    ids=["trailing", "cut in its name", "unknown schema", "cut"],
)  # fmt: skip
def test_an_event_that_cannot_be_read_stops_the_reader_and_is_named_by_its_place(hub, spoil, error):
    fields = {"name": "林晓"}
    events = [RecordPublished("r", "health.child_record", n, 1, "k", fields) for n in (1, 2, 3)]
    good, bad, last = (Envelope(event, f"i{event.version}", "r", "/test") for event in events)
    hub.log.append([good])
    spoiling = open_log(
        hub.settings.log, hub.data, hub.settings.folder, Codec(SCHEMAS, sealer=Spoiling(spoil))
    )
    spoiling.append([bad])
    spoiling.close()
    hub.log.append([last])
    (partition,) = hub.log.partitions(RECORDS)
    for _ in range(2):
        with pytest.raises(error) as stopped:
            hub.log.read(partition, -1, 10)
        chain = f"{stopped.value} {stopped.value.__cause__}"
        assert "records-0 offset 1 cannot be decoded" in chain
        assert "林晓" not in chain and "xe6" not in chain
        with pytest.raises(HubError), hub.runner() as runner:
            runner.run()
    assert not any(p.topic == DECISIONS for p in hub.log.head())
    assert [r.envelope for r in hub.log.read(partition, 1, 10)] == [last]


def test_f48_an_unknown_schema_is_waited_for_and_its_event_read_once_it_is_known(tmp_path):
    """A log in SQLite learns the schemas of newer writers when it is opened: the restart heals it."""
    hub = Hub(settings_for(tmp_path))
    hub.log.append([Envelope(WITHDRAWN, "i1", "r", "/test")])
    newer = [text.replace("county.hub.v1", "county.hub.v2") for text in SCHEMAS]
    other = open_log(hub.settings.log, hub.data, hub.settings.folder, Codec(newer))
    other.append([Envelope(WITHDRAWN, "i2", "r", "/test")])
    other.close()
    (partition,) = hub.log.partitions(RECORDS)
    with pytest.raises(SchemaUnknownError, match="records-0 offset 1"):
        hub.log.read(partition, -1, 10)
    hub.close()
    again = Hub(settings_for(tmp_path))
    assert [r.envelope.id for r in again.log.read(partition, -1, 10)] == ["i1", "i2"]
    again.close()
