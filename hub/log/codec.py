"""Avro payloads in single-object encoding: C3 01, the schema's fingerprint, the body.

Every event names its schema by fingerprint, so the log can be read without a
registry. A site whose other readers want it may have the Confluent form
written instead (00, a registry's number in four bytes, the same body); both
are read, whichever is written. The fingerprint ignores defaults and logical types, so two schemas
that differ only there would be taken for each other: the catalogue also knows
the SHA-256 of the full text and refuses such a pair.

Each schema is parsed once. Logical types are stripped from the parsed form
(the bytes are the same), because days stay integers throughout the hub.

Bytes that are not what their schema says are refused in bounded time and
memory: `hub.log.guard` looks at each schema, a payload has a largest size, and
nothing may be left over behind it. Where the reader takes more than the writer
writes (booleans, enumerations), the event is written again and must give the
same bytes; for every schema that would cost as much as reading. What is let
through is a nullable field that names its branch by a negative number: the
reader counts it from the end, which harms nobody. An event that cannot be read
stops its reader with the partition and the offset (`undecodable`): it is never
passed over, since a schema that arrives later makes it readable.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import fingerprint, to_parsing_canonical_form

from hub.domain.events import EVENTS, Event, RecordPublished
from hub.errors import (
    HubError,
    IntegrityError,
    RetryableError,
    SchemaMismatchError,
    SchemaUnknownError,
    SettingsError,
)
from hub.log.guard import SCHEMA_BYTES_MAX, Kinds
from hub.log.writing import writer

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
    write: Callable[[Mapping[str, Any]], bytes]
    """What writes an event's values, by their names."""
    values: Callable[[Any], tuple[Any, ...]]
    names: tuple[str, ...]
    foreign: frozenset[str]
    """What a newer writer says that this hub's event has no place for: it stays in the stored bytes."""
    exact: bool
    """Whether what was read must be written again and compared: its types let odd bytes through."""

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
    """A schema from its JSON text; its `event` attribute names the event class it carries.

    SchemaMismatchError for anything else, whoever sent it, and for one that may not be read (`Kinds`).
    """
    if len(text) > SCHEMA_BYTES_MAX:
        raise SchemaMismatchError("the schema is larger than one may be")
    try:
        return _load(text)
    except HubError:
        raise
    except Exception as error:
        # Whatever JSON, Avro or nesting beyond the stack made of it: it is no schema of ours.
        raise SchemaMismatchError(f"not a schema the hub can read ({type(error).__name__})") from None


def _load(text: str) -> Schema:
    document = json.loads(text)
    event = EVENTS.get(document.get("event", ""))
    if event is None:
        raise SchemaMismatchError(f"schema {document.get('name')} names no known event")
    plain = without_logical_types(document)
    parsed = parse_schema(plain)
    names = tuple(field["name"] for field in document["fields"])
    return Schema(
        event=event,
        feed=document.get("feed", ""),
        text=text,
        sha256=hashlib.sha256(text.encode()).digest(),
        fingerprint=bytes.fromhex(fingerprint(to_parsing_canonical_form(plain), "CRC-64-AVRO")),
        parsed=parsed,
        write=(writer(parsed) if event is RecordPublished else None) or partial(_written, parsed),
        values=attrgetter(*names),
        names=names,
        foreign=frozenset(names).difference(event.__slots__),
        exact=Kinds(parsed).is_loose,
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
        values = schema.values(event)
        if len(schema.names) == 1:
            values = (values,)
        try:
            payload = schema.write(dict(zip(schema.names, values, strict=True)))
        except (TypeError, ValueError, AttributeError) as error:
            raise SchemaMismatchError(f"{cls.__name__} {feed} does not fit its schema") from error
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
        """The event in stored bytes; the schema decides the class.

        SchemaUnknownError, or SchemaMismatchError where the bytes are not what their schema says.
        """
        payload = self._sealer.open(stored)
        if payload[:2] == MARKER:
            schema, body = self._by_fingerprint.get(payload[2:10]), payload[10:]
        elif payload[:1] == CONFLUENT:
            schema, body = self._numbered(int.from_bytes(payload[1:5], "big")), payload[5:]
        else:
            raise SchemaMismatchError("payload begins with neither of the two known markers")
        if schema is None:
            raise SchemaUnknownError("payload names a schema that is not in the catalogue")
        if len(body) > PAYLOAD_BYTES_MAX:
            raise SchemaMismatchError("payload is larger than one may be")
        try:
            return _read(schema, body)
        except HubError:
            raise
        except Exception as error:
            # The reader has no error of its own for bytes it cannot follow; its words may repeat them.
            raise SchemaMismatchError(
                f"payload is no {schema.event.__name__} ({type(error).__name__})"
            ) from None

    def _numbered(self, number: int) -> Schema | None:
        known = self._by_number.get(number)
        if known is None and self._registry is not None:
            try:
                return self._bind(number, load_schema(self._registry.text_of(number)))
            except SchemaMismatchError as error:
                raise SchemaUnknownError(f"schema {number} is not one of the hub's") from error
        return known


def _written(parsed: Any, values: Mapping[str, Any]) -> bytes:
    body = io.BytesIO()
    schemaless_writer(body, parsed, values)
    return body.getvalue()


def _read(schema: Schema, body: bytes) -> Event:
    stream = io.BytesIO(body)
    values: Any = schemaless_reader(stream, schema.parsed, None)
    if stream.tell() != len(body):
        raise SchemaMismatchError(f"payload goes on behind its {schema.event.__name__}")
    if schema.exact and _written(schema.parsed, values) != body:
        raise SchemaMismatchError(f"payload holds what no writer of {schema.event.__name__} writes")
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
    for name in schema.foreign:
        del values[name]
    return schema.event(**values)


def undecodable(place: str, error: Exception) -> HubError:
    """What to raise for an event that could not be read: where it lies, never what it holds."""
    if isinstance(error, RetryableError):
        return error
    if isinstance(error, SchemaUnknownError):
        return SchemaUnknownError(f"{place} cannot be decoded: {error}")
    said = str(error) if isinstance(error, HubError) else type(error).__name__
    return IntegrityError(f"{place} cannot be decoded: {said}")
