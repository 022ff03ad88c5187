"""A writer that is newer than the hub: a schema it lacks (F48), fields it does not know (F50), new symbols (F51)."""

import io
import json

import pytest
from fastavro import parse_schema, schemaless_writer

from hub.app import Hub
from hub.audit import replay
from hub.domain.events import RECORDS, DayClosed, EventSetAside, RecordPublished, RecordWithdrawn
from hub.errors import SchemaUnknownError
from hub.log import Envelope
from hub.log.by_url import open_log
from hub.log.codec import Codec, without_logical_types
from hub.log.subscription import Subscription
from hub.projections.databases import open_sqlite
from tests.conftest import VARIANTS, settings_of
from tests.test_repository import ROOT

FEED = "public_security.residence_registration"
DAY = 19_100


@pytest.fixture(params=VARIANTS)
def hub(request, tmp_path):
    made = Hub(settings_of(request.param, tmp_path, request))
    yield made
    made.close()


def released(name: str) -> dict:
    return json.loads((ROOT / f"schemas/events/{name}.v1.avsc").read_text("utf-8"))


class Newer:
    """Stores what a newer hub writes, in the place of what this one would: its schema, its fields."""

    def __init__(self, schema: dict, **values: object) -> None:
        self.schema = schema | {"namespace": "county.hub.v2"}
        self._values = values

    def seal(self, payload: bytes) -> bytes:
        body = io.BytesIO()
        schemaless_writer(body, parse_schema(without_logical_types(self.schema)), self._values)
        (fingerprint,) = Codec([json.dumps(self.schema)]).schemas
        return b"\xc3\x01" + fingerprint + body.getvalue()

    def open(self, stored: bytes) -> bytes:
        return stored


def write(hub, newer: Newer, *events: Envelope, told: bool = True) -> None:
    """Append as the newer hub does; `told`: with its schema kept beside the first event, as it must be."""
    known = [path.read_text("utf-8") for path in sorted((ROOT / "schemas/events").glob("*.avsc"))]
    codec = Codec([json.dumps(newer.schema), *known] if told else known, sealer=newer)
    log = open_log(hub.settings.log, hub.data, hub.settings.folder, codec)
    log.append(list(events))
    log.close()


def reopened(hub) -> Hub:
    """The embedded log learns new schemas when it is opened, brokers' when they are met."""
    return Hub(hub.settings)


def published(number: int, **said) -> Envelope:
    fields = {"name": "林晓", "sex": "1", "birth_date": 9_000 + number, "place": "990101101201"} | said
    event = RecordPublished(f"r{number}", FEED, 1, DAY, str(number), fields)
    return Envelope(event, f"e{number}", event.record_id, "/test", event.record_id)


def check(hub, records: int) -> None:
    """All is decided, nothing set aside, and every replay says the same."""
    hub.log.append([Envelope(DayClosed(DAY), "day", str(DAY), "/test")])
    with hub.runner() as runner:
        runner.run()
    decisions = Subscription(hub.log, ("decisions",), {}).take(10**6).events
    assert not [r for r in decisions if isinstance(r.envelope.event, EventSetAside)]
    with hub.projection() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM records WHERE live").scalar() == records
    with open_sqlite(":memory:").connect() as scratch:
        found = replay.verify(hub.log, scratch, hub.rules, lambda _: None)
    assert (found.differences, found.examples) == (0, [])
    assert hub.rebuild(lambda _: None)["ok"]


def test_f48_an_event_of_an_unknown_schema_is_waited_for_and_applied_once_the_schema_is_there(hub):
    schema = released("RecordWithdrawn")
    values = {"record_id": "r1", "feed": FEED, "version": 2, "published_on": DAY}
    gone = Envelope(RecordWithdrawn("r1", FEED, 2, DAY), "gone", "r1", "/test", "r1")
    hub.log.append([published(1), published(2)])
    with hub.runner() as runner:
        runner.run()
    before = hub.log.head()
    write(hub, Newer(schema, **values), gone, told=False)
    hub.log.append([published(3)])
    for _ in range(2):
        # Another partition may be read on; the event is not passed over, whoever reads.
        with pytest.raises(SchemaUnknownError, match=r"records-\d offset \d+"), hub.runner() as runner:
            while runner.step(1) is not None:
                pass
    assert sum(hub.log.head().values()) >= sum(before.values()) + 2
    # Whoever writes with the schema keeps it beside the events: nobody mends anything by hand.
    again = Envelope(RecordWithdrawn("r9", FEED, 1, DAY), "never", "r1", "/test", "r9")
    write(hub, Newer(schema, **values | {"record_id": "r9"}), again)
    later = reopened(hub)
    check(later, 2)
    with later.projection() as db:
        live = set(db.exec_driver_sql("SELECT record_id FROM records WHERE live").scalars())
    assert live == {"r2", "r3"}
    later.close()


def test_f50_an_older_hub_reads_what_a_newer_one_writes_and_the_rest_stays_in_the_log(hub):
    schema = released("RecordWithdrawn")
    schema["fields"].append({"name": "why", "type": "string", "default": ""})
    values = {"record_id": "r1", "feed": FEED, "version": 2, "published_on": DAY, "why": "moved abroad"}
    gone = Envelope(RecordWithdrawn("r1", FEED, 2, DAY), "gone", "r1", "/test", "r1")
    hub.log.append([published(1), published(2)])
    write(hub, Newer(schema, **values), gone)
    later = reopened(hub)
    read = Subscription(later.log, (RECORDS,), {}).take(10).events
    assert sorted(r.envelope.id for r in read) == ["e1", "e2", "gone"]
    assert [r.envelope for r in read if r.envelope.id == "gone"] == [gone]
    if not hub.settings.log.url:
        assert b"moved abroad" in b"".join(path.read_bytes() for path in hub.data.glob("log/*"))
    check(later, 1)
    later.close()


def test_f51_a_symbol_that_nobody_told_the_hub_of_is_kept_as_it_is_and_concludes_nothing(hub):
    """A newer writer made a field an enumeration: what is read is its word, which no rule knows."""
    schema = released(FEED)
    record = next(field for field in schema["fields"] if field["name"] == "fields")["type"]
    sex = next(field for field in record["fields"] if field["name"] == "sex")
    sex["type"] = ["null", {"type": "enum", "name": "Sex", "symbols": ["MALE", "FEMALE", "UNDECIDED"]}]
    said = {field["name"]: None for field in record["fields"]}
    said |= dict(published(7).event.fields) | {"sex": "UNDECIDED", "registration_no": "7"}
    values = {"record_id": "r7", "version": 1, "published_on": DAY, "source_key": "7", "fields": said}
    hub.log.append([published(1)])
    write(hub, Newer(schema, **values), published(7))
    later = reopened(hub)
    read = Subscription(later.log, (RECORDS,), {}).take(10).events
    (odd,) = [r.envelope.event for r in read if r.envelope.id == "e7"]
    assert odd.fields["sex"] == "UNDECIDED"
    check(later, 2)
    later.close()
