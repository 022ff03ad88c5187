"""Delivery: what the agreements in force let out of a feed's records as they stand, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.connect.contracts import Feed
from hub.domain.agreements import Agreement, disclosed
from hub.domain.days import iso
from hub.domain.events import RECORDS, RecordPublished, RecordWithdrawn
from hub.log import EventLog
from hub.log.subscription import Subscription

PAGE_EVENTS = 5_000


def standing(log: EventLog, feed: str) -> Iterator[RecordPublished]:
    """The last version of each record of a feed, in order of their keys."""
    found: dict[str, RecordPublished] = {}
    source = Subscription(log, (RECORDS,), {})
    while page := source.take(PAGE_EVENTS).events:
        for recorded in page:
            match recorded.envelope.event:
                case RecordPublished() as event if event.feed == feed:
                    found[event.record_id] = event
                case RecordWithdrawn() as event if event.feed == feed:
                    found.pop(event.record_id, None)
    yield from sorted(found.values(), key=lambda event: event.source_key)


def delivered(
    log: EventLog, feed: Feed, agreements: Sequence[Agreement], county: str
) -> Iterator[dict[str, Any]]:
    """The named fields of the records that the agreements reach; a record they do not reach is not there."""
    days = {field.name for field in feed.fields if field.kind == "date"}
    for event in standing(log, feed.name):
        found = disclosed(event.fields, place_of(feed, event.fields), county, agreements)
        if found:
            yield {name: iso(value) if name in days else value for name, value in found.items()}


def place_of(feed: Feed, fields: Mapping[str, Any]) -> str | None:
    """Where a record is: its person's place, else the first division code it states."""
    places = [f for f in feed.fields if f.kind == "place_code" and fields.get(f.name)]
    places.sort(key=lambda field: field.attribute != "place")
    return str(fields[places[0].name]) if places else None
