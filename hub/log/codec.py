"""Avro payloads in single-object encoding: C3 01, the schema's fingerprint, the body.

Every event names its schema by fingerprint, so the log can be read without a
registry. A site whose other readers want it may have the Confluent form
written instead (00, a registry's number in four bytes, the same body); both
are read, whichever is written. The fingerprint ignores defaults and logical types, so two schemas
that differ only there would be taken for each other: the catalogue also knows
the SHA-256 of the full text and refuses such a pair.

Each schema is parsed once. Logical types are stripped from the parsed form
(the bytes are the same), because days stay integers throughout the hub.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import fingerprint, to_parsing_canonical_form

from hub.domain.events import EVENTS, Event, RecordPublished
from hub.errors import IntegrityError, SchemaMismatchError, SchemaUnknownError, SettingsError

MARKER = b"\xc3\x01"
CONFLUENT = b"\x00"
SUBJECT_PREFIX = "county.hub."
PAYLOAD_BYTES_MAX = 1 << 20


class Registry(Protocol):
    """Numbers for schemas, shared with readers outside the hub."""

    def number_of(self, subject: str, text: str) -> int:
        """The number of this schema, registering it where it is new."""

    def text_of(self, number: int) -> str:
        """The schema of this number; SchemaUnknownError when there is none."""


class Sealer(Protocol):
    """Protects payload bytes on their way into and out of the log."""

    def seal(self, payload: bytes) -> bytes:
        """What is stored for this payload."""

    def open(self, stored: bytes) -> bytes:
        """The payload that `seal` was given."""


class PlainSealer:
    """Stores payloads as they are; field encryption will take this place."""

    def seal(self, payload: bytes) -> bytes:
        return payload

    def open(self, stored: bytes) -> bytes:
        return stored


class Schema(NamedTuple):
    """One released schema, ready to write and read."""

    event: type[Event]
    feed: str
    text: str
    sha256: bytes
    fingerprint: bytes
    parsed: Any
    values: Callable[[Any], tuple[Any, ...]]
    names: tuple[str, ...]

    @property
    def subject(self) -> str:
        """What a registry files its versions under: the feed or the event, whatever the namespace."""
        return SUBJECT_PREFIX + (self.feed or self.event.__name__)


def without_logical_types(schema: Any) -> Any:
    """The same schema as the bytes see it: dates are integers."""
    if isinstance(schema, list):
        return [without_logical_types(item) for item in schema]
    if isinstance(schema, dict):
        return {k: without_logical_types(v) for k, v in schema.items() if k != "logicalType"}
    return schema


def load_schema(text: str) -> Schema:
    """A schema from its JSON text; its `event` attribute names the event class it carries."""
    document = json.loads(text)
    event = EVENTS.get(document.get("event", ""))
    if event is None:
        raise SchemaMismatchError(f"schema {document.get('name')} names no known event")
    plain = without_logical_types(document)
    names = tuple(field["name"] for field in document["fields"])
    return Schema(
        event=event,
        feed=document.get("feed", ""),
        text=text,
        sha256=hashlib.sha256(text.encode()).digest(),
        fingerprint=bytes.fromhex(fingerprint(to_parsing_canonical_form(plain), "CRC-64-AVRO")),
        parsed=parse_schema(plain),
        values=attrgetter(*names),
        names=names,
    )


class Codec:
    """Turns events into bytes and back, for every schema ever released."""

    def __init__(
        self,
        schemas: Iterable[str],
        sealer: Sealer | None = None,
        registry: Registry | None = None,
        confluent: bool = False,
    ) -> None:
        self._sealer = sealer or PlainSealer()
        self._registry, self._confluent = registry, confluent
        self._by_fingerprint: dict[bytes, Schema] = {}
        self._by_number: dict[int, Schema] = {}
        self._numbers: dict[bytes, int] = {}
        self._writers: dict[tuple[type[Event], str], Schema] = {}
        for text in schemas:
            self.register(text)

    def register(self, text: str) -> Schema:
        """Learn a schema; the newest one of an event (and feed) is the one written."""
        schema = load_schema(text)
        known = self._by_fingerprint.get(schema.fingerprint)
        if known and known.sha256 != schema.sha256:
            raise SettingsError(
                f"schema of {schema.event.__name__} {schema.feed} differs from a released one "
                "only in defaults or logical types: give it a new version namespace"
            )
        self._by_fingerprint[schema.fingerprint] = schema
        self._writers[schema.event, schema.feed] = schema
        return schema

    def learn(self, text: str, number: int | None = None) -> None:
        """Make an old schema readable without making it the one written; `number`: that of a registry."""
        schema = load_schema(text)
        self._by_fingerprint.setdefault(schema.fingerprint, schema)
        if number is not None:
            self._bind(number, schema)

    def _bind(self, number: int, schema: Schema) -> Schema:
        known = self._by_number.setdefault(number, schema)
        if known.sha256 != schema.sha256:
            raise IntegrityError(f"the registry gave number {number} to two schemas: did it lose its data?")
        self._numbers[schema.sha256] = number
        return schema

    def named(self, stored: bytes) -> tuple[Schema, int | None] | None:
        """The schema that stored bytes name, with its number where they name it by that."""
        if stored[:1] == CONFLUENT:
            number = int.from_bytes(stored[1:5], "big")
            known = self._by_number.get(number)
            return (known, number) if known else None
        known = self._by_fingerprint.get(stored[2:10])
        return (known, None) if known else None

    @property
    def schemas(self) -> Mapping[bytes, Schema]:
        """Every known schema by its fingerprint."""
        return self._by_fingerprint

    def encode(self, event: Event) -> bytes:
        """The stored bytes of an event."""
        cls = type(event)
        feed = event.feed if isinstance(event, RecordPublished) else ""
        try:
            schema = self._writers[cls, feed]
        except KeyError:
            raise SchemaMismatchError(f"no schema for {cls.__name__} {feed}") from None
        body = io.BytesIO()
        values = schema.values(event)
        if len(schema.names) == 1:
            values = (values,)
        try:
            schemaless_writer(body, schema.parsed, dict(zip(schema.names, values, strict=True)))
        except (TypeError, ValueError) as error:
            raise SchemaMismatchError(f"{cls.__name__} {feed} does not fit its schema") from error
        payload = body.getvalue()
        if len(payload) > PAYLOAD_BYTES_MAX:
            raise SchemaMismatchError(f"{cls.__name__} {feed} is larger than a payload may be")
        return self._sealer.seal(self._prefix(schema) + payload)

    def _prefix(self, schema: Schema) -> bytes:
        if not self._confluent or self._registry is None:
            return MARKER + schema.fingerprint
        number = self._numbers.get(schema.sha256)
        if number is None:
            number = self._registry.number_of(schema.subject, schema.text)
            self._bind(number, schema)
        return CONFLUENT + number.to_bytes(4, "big")

    def decode(self, stored: bytes) -> Event:
        """The event in stored bytes; the schema decides the class."""
        payload = self._sealer.open(stored)
        if payload[:2] == MARKER:
            schema, body = self._by_fingerprint.get(payload[2:10]), payload[10:]
        elif payload[:1] == CONFLUENT:
            schema, body = self._numbered(int.from_bytes(payload[1:5], "big")), payload[5:]
        else:
            raise SchemaMismatchError("payload begins with neither of the two known markers")
        if schema is None:
            raise SchemaUnknownError("payload names a schema that is not in the catalogue")
        values: Any = schemaless_reader(io.BytesIO(body), schema.parsed, None)
        if schema.event is RecordPublished:
            fields = {k: v for k, v in values["fields"].items() if v is not None}
            return RecordPublished(
                values["record_id"],
                schema.feed,
                values["version"],
                values["published_on"],
                values["source_key"],
                fields,
            )
        return schema.event(**values)

    def _numbered(self, number: int) -> Schema | None:
        known = self._by_number.get(number)
        if known is None and self._registry is not None:
            try:
                return self._bind(number, load_schema(self._registry.text_of(number)))
            except SchemaMismatchError as error:
                raise SchemaUnknownError(f"schema {number} is not one of the hub's") from error
        return known
