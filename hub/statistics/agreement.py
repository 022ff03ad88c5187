"""How far departments agree, and how well each delivers; shares of records, each with its n and interval."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hub.statistics.completeness import Share, share
from hub.statistics.lines import BirthLine, DeliveredLine, FeedLine, grouped

ON_TIME_DAYS = 7
"""A record is delivered on time within so many days of what it states (an entry, an issue, a start), or within
the rhythm that was agreed on for its feed."""


class Exchange(NamedTuple):
    """What a department's feed delivers, and when."""

    accepted: Share
    """Of rows received, so many were not set aside."""
    on_time: Share
    """Of new records, so many came in time."""


def agreement(lines: Iterable[BirthLine]) -> dict[str, Share]:
    """Of births on both lists, field to the share in which both say the same; what one leaves open is not asked."""
    asked: dict[str, list[bool]] = {}
    for line in lines:
        for field, same in line.agree.items():
            asked.setdefault(field, []).append(same)
    return {field: share(sum(said), len(said)) for field, said in sorted(asked.items())}


def exchange(feeds: Iterable[FeedLine], delivered: Iterable[DeliveredLine]) -> Mapping[str, Exchange]:
    """Feed to its scores. What a feed brought of the time before its first delivery was late by nature: not asked."""
    by_feed = grouped(delivered, lambda line: line.feed)
    found = {}
    for feed in sorted(feeds):
        lines = by_feed.get(feed.feed, [])
        begun = min((line.first_on for line in lines), default=0)
        asked = [line for line in lines if line.stated_on >= begun]
        in_time = sum(
            line.records for line in asked if line.first_on - line.stated_on <= (feed.days or ON_TIME_DAYS)
        )
        found[feed.feed] = Exchange(
            share(feed.accepted + feed.unchanged, feed.received),
            share(in_time, sum(line.records for line in asked)),
        )
    return found
