"""Rows that wait in quarantine, as ingestion meets them: what is held behind them, what replaces them.

A later version of a record says all that the waiting one said and more, so it
replaces it: a department that mends its file need not also clean up here. A
feed whose rows are steps, each needed, says `later: hold` in its contract: then
what comes later waits behind what came first.
"""

from collections.abc import Iterable, Sequence

from hub.connect.contracts import Feed
from hub.connect.memory import Memory
from hub.domain.days import Day
from hub.domain.events import Event, RowReplaced
from hub.log import Envelope, derive_id
from hub.projections.intake import Reading
from hub.projections.quarantine import Chosen, QuarantinedRow, waiting


class Backlog:
    """What waits of the records that are being read."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._shelves = memory.quarantine

    def load(self, feed: Feed, record_ids: Sequence[str]) -> None:
        """Have what waits of these records at hand; most feeds have nothing waiting."""
        if self._any(feed):
            self._shelves.keys.load(record_ids)

    def _any(self, feed: Feed) -> bool:
        tally = self._shelves.tallies.get(feed.name)
        return tally is not None and tally.waiting > 0

    def of_record(self, feed: Feed, record_id: str) -> list[QuarantinedRow]:
        """The rows of a record that wait."""
        row = self._shelves.keys.get(record_id) if record_id and self._any(feed) else None
        found = map(self._shelves.items.get, row.items) if row else ()
        return [item for item in found if item is not None]

    def holds(self, feed: Feed, record_id: str, day: Day, drop: str) -> bool:
        """Whether a row of this feed has to wait for an earlier one of its record."""
        return feed.holds and any(item.order[:2] < (day, drop) for item in self.of_record(feed, record_id))

    def replace(self, feed: Feed, record_id: str, day: Day, drop: str, attempt: str) -> None:
        """Earlier rows of a record that was just published need not wait any longer."""
        if not self._any(feed):
            return
        earlier = (item for item in self.of_record(feed, record_id) if item.order[:2] <= (day, drop))
        self._replace((item for item in earlier if item.attempt != attempt), attempt)

    def read_again(self, feed: Feed, reading: Reading, attempt: str, *, whole: bool) -> None:
        """A drop was read once more: what waits of it from earlier attempts was taken again with it."""
        if reading.attempt > 1 and self._any(feed):
            self._shelves.flush()
            found = list(waiting(self._memory.db, Chosen(feed.name, drop=reading.drop)))
            self._replace((i for i in found if i.attempt != attempt and (whole or not i.row)), attempt)

    def _replace(self, items: Iterable[QuarantinedRow], attempt: str) -> None:
        for item in items:
            event = RowReplaced(item.feed, item.item_id, attempt)
            self._memory.add(about(item, event, derive_id("replaced", item.item_id), "hub"))


def about(item: QuarantinedRow, event: Event, event_id: str, actor: str) -> Envelope:
    """The envelope of what happened to a quarantined row, in line behind its quarantine."""
    return Envelope(
        event=event, id=event_id, key=item.feed, source=f"/feeds/{item.feed}", subject=item.item_id,
        actor=actor, correlation_id=item.attempt, causation_id=item.item_id,
    )  # fmt: skip
