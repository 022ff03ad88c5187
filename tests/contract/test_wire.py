"""Two ways to name a schema on the wire; whichever is written, both are read."""

import json
import socket
import threading
from collections import Counter

import pytest

from hub.app import Hub
from hub.domain.events import DECISIONS, RECORDS, CaseMoved, RecordWithdrawn
from hub.errors import (
    IntegrityError,
    RegistryUnavailableError,
    SchemaMismatchError,
    SchemaUnknownError,
    SettingsError,
)
from hub.log import Envelope
from hub.log.codec import Codec
from hub.log.registry import HttpRegistry
from tests.conftest import kafka_settings, settings_for
from tests.contract.test_log import envelope, read_all
from tests.registries import SmallRegistry, start_registry
from tests.test_repository import ROOT

SCHEMAS = [path.read_text("utf-8") for path in sorted((ROOT / "schemas/events").glob("*.avsc"))]
WITHDRAWN = RecordWithdrawn("r", "health.child_record", 1, 2)
MOVED = CaseMoved("c", 1, "raised", None, "a", 1, None)


@pytest.fixture
def small():
    made = SmallRegistry()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def apicurio():
    started = start_registry()
    yield started
    started.stop()


def confluent(url: str, wait_seconds: float = 5) -> Codec:
    return Codec(SCHEMAS, registry=HttpRegistry(url, wait_seconds), confluent=True)


def test_single_object_encoding_is_written_unless_set_otherwise():
    assert Codec(SCHEMAS).encode(WITHDRAWN)[:2] == b"\xc3\x01"


def test_both_forms_are_read_whichever_is_written(small):
    ours, theirs = Codec(SCHEMAS), confluent(small.url)
    short, long = theirs.encode(WITHDRAWN), ours.encode(WITHDRAWN)
    assert short[:5] == b"\x00\x00\x00\x00\x01"
    assert short[5:] == long[10:]
    reading = Codec(SCHEMAS, registry=HttpRegistry(small.url))
    assert [codec.decode(b) for codec in (theirs, reading) for b in (short, long)] == [WITHDRAWN] * 4


def test_a_schema_is_asked_for_once(small):
    codec = confluent(small.url)
    for _ in range(3):
        codec.decode(codec.encode(WITHDRAWN))
    assert small.asked == ["POST /subjects/county.hub.RecordWithdrawn/versions"]
    reading = Codec(SCHEMAS, registry=HttpRegistry(small.url))
    for _ in range(3):
        reading.decode(codec.encode(WITHDRAWN))
    assert small.asked[1:] == ["GET /schemas/ids/1"]


def test_f52_schemas_seen_before_keep_working_when_the_registry_is_down(small):
    codec = confluent(small.url)
    stored = codec.encode(WITHDRAWN)
    small.stop()
    assert codec.decode(stored) == WITHDRAWN
    assert codec.encode(WITHDRAWN) == stored
    for action in (lambda: codec.encode(MOVED), lambda: codec.decode(b"\x00\x00\x00\x00\x63x")):
        with pytest.raises(RegistryUnavailableError):
            action()


@pytest.mark.parametrize("payload", [b"\x00\x00\x00\x00\x63x", b"\xc3\x01" + b"x" * 9])
def test_f48_a_schema_that_nobody_knows_has_an_error_of_its_own(small, payload):
    with pytest.raises(SchemaUnknownError) as unknown:
        confluent(small.url).decode(payload)
    assert unknown.value.code == "schema-unknown"


def test_a_payload_with_neither_marker_is_refused():
    with pytest.raises(SchemaMismatchError, match="neither"):
        Codec(SCHEMAS).decode(b"{}")


def test_a_schema_of_somebody_else_is_unknown_to_the_hub(small):
    small.texts[7] = json.dumps({"type": "record", "name": "Theirs", "namespace": "x", "fields": []})
    with pytest.raises(SchemaUnknownError):
        confluent(small.url).decode(b"\x00\x00\x00\x00\x07")


def test_f49_a_registry_that_refuses_a_schema_says_why(small):
    small.refuse = "reader field 'x' has no default"
    with pytest.raises(SettingsError, match="reader field 'x' has no default"):
        confluent(small.url).encode(WITHDRAWN)
    assert HttpRegistry(small.url).refusals("county.hub.X", SCHEMAS[0]) == [small.refuse]


def test_a_registry_that_lost_its_data_is_found_out(small):
    codec = confluent(small.url)
    codec.encode(WITHDRAWN)
    small.texts.clear()
    with pytest.raises(IntegrityError, match="number 1 to two schemas"):
        codec.encode(MOVED)


def test_what_is_not_a_registry_is_refused(small):
    for small.broken in ("<html>", "[]", '{"id": "1"}', '{"id": -1}'):
        with pytest.raises(SettingsError, match="not a schema registry"):
            confluent(small.url).encode(WITHDRAWN)
    for url in ("ftp://x", "http://", "http://user:pw@host", "registry:8081"):
        with pytest.raises(SettingsError, match=r"log\.registry"):
            HttpRegistry(url)


def test_a_registry_that_does_not_answer_is_waited_for_no_longer_than_was_set():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = threading.Event()

        def ask():
            with pytest.raises(RegistryUnavailableError):
                confluent(url, wait_seconds=0.3).encode(WITHDRAWN)
            done.set()

        thread = threading.Thread(target=ask)
        thread.start()
        assert done.wait(5)
        thread.join()


def test_the_confluent_form_needs_a_registry_and_brokers(tmp_path):
    for log in ({"wire": "confluent"}, {"wire": "confluent", "registry": "http://r"}, {"wire": "json"}):
        with pytest.raises(SettingsError, match=r"log\.wire"):
            Hub(settings_for(tmp_path, **log))


@pytest.mark.kafka
def test_a_log_in_the_confluent_form_is_read_without_the_registry(broker, small, tmp_path):
    said = {"wire": "confluent", "registry": small.url}
    settings = kafka_settings(tmp_path, broker, **said)
    hub = Hub(settings)
    moved = Envelope(MOVED, "m", "c", "/test")
    hub.log.append([envelope(1), moved])
    ((place, _),) = [item for item in hub.log.head().items() if item[0].topic == RECORDS]
    assert hub.log._reader.page(hub.log._places[place], -1, 1)[0].value[:1] == b"\x00"
    hub.close()
    small.stop()
    without = kafka_settings(tmp_path, broker, url=settings.log.url)
    for number, again in ((2, settings), (3, without)):
        later = Hub(again)
        assert read_all(later.log, DECISIONS) == [moved]
        later.log.append([envelope(number)])
        assert read_all(later.log, RECORDS) == [envelope(n) for n in range(1, number + 1)]
        later.close()


def test_a_real_registry_takes_every_schema_and_gives_it_back(apicurio):
    codec = confluent(apicurio.url, wait_seconds=20)
    stored = {event: codec.encode(event) for event in (WITHDRAWN, MOVED)}
    fresh = Codec([], registry=HttpRegistry(apicurio.url))
    assert [fresh.decode(value) for value in stored.values()] == list(stored)
    registry = HttpRegistry(apicurio.url)
    versions = Counter(schema.subject for schema in codec.schemas.values())
    for schema in list(codec.schemas.values()):
        number = registry.number_of(schema.subject, schema.text)
        assert registry.text_of(number) == schema.text
        # Of several versions the one that was registered last is the latest, whichever that is here.
        assert versions[schema.subject] > 1 or registry.latest(schema.subject) == schema.text
        assert registry.number_of(schema.subject, schema.text) == number
    with pytest.raises(SchemaUnknownError):
        registry.text_of(999_999)
    assert registry.latest("county.hub.Nothing") is None
    assert registry.refusals("county.hub.CaseMoved", next(t for t in SCHEMAS if '"CaseMoved"' in t)) == []
