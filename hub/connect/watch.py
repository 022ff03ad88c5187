"""Watching feeds as days are closed: what is odd about them becomes an event, once, until it is over."""

from collections.abc import Mapping

from hub.connect.contracts import Feed
from hub.connect.memory import Memory
from hub.domain.calendar import Calendar
from hub.domain.days import Day
from hub.domain.events import Event, FeedDiscrepancyCleared, FeedDiscrepancyDetected
from hub.domain.watching import Watched
from hub.domain.watching.findings import verdict
from hub.log import Envelope, derive_id


class Watch:
    """Looks at every feed at the close of each day."""

    def __init__(self, memory: Memory, feeds: Mapping[str, Feed], calendar: Calendar) -> None:
        self._memory, self._feeds, self._calendar = memory, feeds, calendar

    def close(self, day: Day) -> None:
        """Say what begins to be odd with this day, and what is over."""
        for name in self._memory.watched.feeds():
            history = self._memory.watched.history(name, day)
            feed = self._feeds.get(name)
            # A feed that somebody has ended is not late.
            if history and (feed is None or feed.in_force):
                due = feed.due_after(history[-1].day, self._calendar, day) if feed else None
                watched = self._memory.watched
                self._look(name, Watched(history, day, due, watched.standing(name), watched.blocks(name)))

    def _look(self, feed: str, seen: Watched) -> None:
        found = verdict(seen)
        for each in found.begun:
            identity = discrepancy_id(feed, each.kind, each.subject)
            evidence = {name: float(value) for name, value in each.evidence.items()}
            self._add(FeedDiscrepancyDetected(
                identity, feed, each.kind, each.subject, seen.today, evidence, each.detail,
            ), identity, seen.today)  # fmt: skip
        for kind, subject in found.over:
            identity = discrepancy_id(feed, kind, subject)
            self._add(FeedDiscrepancyCleared(identity, feed, seen.today), identity, seen.today)

    def _add(self, event: FeedDiscrepancyDetected | FeedDiscrepancyCleared, identity: str, day: Day) -> None:
        said: Event = event
        event_id = derive_id(type(event).__name__, identity, self._memory.watched.times(identity), day)
        self._memory.add(Envelope(
            event=said, id=event_id, key=event.feed, source="/hub/watch", subject=event.feed, occurred_on=day,
            actor="hub", correlation_id=identity,
        ))  # fmt: skip


def discrepancy_id(feed: str, kind: str, subject: str) -> str:
    """The same cause in the same feed is the same discrepancy, however often it comes back."""
    return derive_id("feed-discrepancy", feed, kind, subject)
