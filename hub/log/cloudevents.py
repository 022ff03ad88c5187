"""The attributes of an event as CloudEvents 1.0 headers, in binary mode of the Kafka binding.

Attributes travel as `ce_…` headers, the payload as the value, `content-type`
says what it is; an attribute that says nothing is left out. Any CloudEvents
reader can route our events without knowing their schemas.
"""

import time
from collections.abc import Iterable, Mapping

from hub.domain.days import day_of, iso
from hub.domain.events import Event
from hub.log import Envelope

TYPE_PREFIX = "county.hub."
CONTENT_TYPE = ("content-type", b"application/avro")
SPEC_VERSION = ("ce_specversion", b"1.0")

Headers = list[tuple[str, bytes]]


def now() -> str:
    """The moment of recording, to the second, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def headers_of(envelope: Envelope, recorded: str) -> Headers:
    """The headers an envelope travels with; `recorded` is the moment of recording."""
    day = envelope.occurred_on
    said = (
        ("ce_id", envelope.id),
        ("ce_type", TYPE_PREFIX + type(envelope.event).__name__),
        ("ce_source", envelope.source),
        ("ce_subject", envelope.subject),
        ("ce_time", "" if day is None else iso(day) + "T00:00:00Z"),
        ("ce_jurisdiction", envelope.jurisdiction),
        ("ce_actor", envelope.actor),
        ("ce_correlationid", envelope.correlation_id),
        ("ce_causationid", envelope.causation_id),
        ("ce_agreement", envelope.agreement),
        ("ce_recordedtime", recorded),
    )
    return [SPEC_VERSION, CONTENT_TYPE, *((name, text.encode()) for name, text in said if text)]


def envelope_of(event: Event, key: str, headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """The envelope that travelled with these headers; KeyError where one that must be there is not."""
    said: Mapping[str, bytes] = dict(headers)
    get, nothing = said.get, b""
    when = get("ce_time", nothing).decode()
    return Envelope(
        event,
        said["ce_id"].decode(),
        key,
        said["ce_source"].decode(),
        get("ce_subject", nothing).decode(),
        day_of(when[:10]) if when else None,
        get("ce_jurisdiction", nothing).decode(),
        get("ce_actor", nothing).decode(),
        get("ce_correlationid", nothing).decode(),
        get("ce_causationid", nothing).decode(),
        get("ce_agreement", nothing).decode(),
    )
