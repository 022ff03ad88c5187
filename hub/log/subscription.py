"""Reading several partitions as one stream that means the same on every log.

A barrier (a closed day, a completed step) stands in every partition of its
topic. A partition that has reached it waits until the others have too, and
the barrier is handed over once: so a rule sees a day closed only after all
that was published before, however the partitions run ahead of each other.

One process at a time writes the barriers of a topic: ingestion those of records,
the owner of the projection those of decisions. Where two did so at once their
barriers may cross, and what one of them closed can no longer be told from what
came after it: the reader stops (BrokenOrderError) rather than close a day
early.

Repeats are dropped by event id. A repeat comes from a writer that retries its
last batch after a crash, so it lies within the last `WINDOW` events. One that
says something else than the first is no repeat but a writer's mistake: it is
dropped like one, and handed over apart as a collision.
"""

import sys
from collections import deque
from collections.abc import Container, Sequence
from typing import NamedTuple

from hub.errors import BrokenOrderError, RetryableError
from hub.log import Checkpoint, Envelope, EventLog, Partition, Recorded

PAGE = 2_000
PAGE_AHEAD = 500
"""Whoever looks ahead may be called upon at any time."""
WINDOW = 20_000


class Batch(NamedTuple):
    """Events in reading order, and the checkpoint that covers them."""

    events: list[Recorded]
    checkpoint: dict[Partition, int]
    collisions: Sequence[Recorded] = ()
    """Dropped, since their ids were taken by events that say something else."""


class RecentIds:
    """The ids of the last events and where each was first met, oldest forgotten first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._order: deque[str] = deque()
        self._known: dict[str, int] = {}

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._known

    def first(self, event_id: str) -> int | None:
        """The offset at which an id was met first; None while it is new."""
        return self._known.get(event_id)

    def is_new(self, event_id: str, offset: int) -> bool:
        """True once per id, while it is remembered."""
        if event_id in self._known:
            return False
        self._known[event_id] = offset
        self._order.append(event_id)
        if len(self._order) > self._size:
            del self._known[self._order.popleft()]
        return True


class Subscription:
    """A reader of some topics from a checkpoint on."""

    def __init__(
        self,
        log: EventLog,
        topics: tuple[str, ...],
        checkpoint: Checkpoint,
        partitions: Container[Partition] | None = None,
    ) -> None:
        """`partitions` are those to read; None: all of the topics."""
        self._log = log
        self._until: Checkpoint | None = None
        self._topics = {
            topic: tuple(p for p in log.partitions(topic) if partitions is None or p in partitions)
            for topic in topics
        }
        self._short: list[Recorded] = []
        """Read on the way to a barrier that was not reached yet."""
        self._read = {p: checkpoint.get(p, -1) for ps in self._topics.values() for p in ps}
        self._done = dict(checkpoint)
        self._buffers: dict[Partition, deque[Recorded]] = {p: deque() for p in self._read}
        self._recent = {p: self._remember(p) for p in self._read}
        self._collisions: list[Recorded] = []
        self._firsts: dict[Partition, dict[int, Envelope]] = {}
        """A page of what was read before, to compare repeats with."""
        self._ended: set[Partition] = set()
        """Found at their end in this call of `take`: brokers are not asked again at every barrier."""

    def _remember(self, partition: Partition) -> RecentIds:
        """What was read before this reader started may still be repeated behind it."""
        recent = RecentIds(WINDOW)
        last = self._read[partition]
        if last >= 0:
            for recorded in self._log.read(partition, max(-1, last - PAGE), PAGE):
                if recorded.position.offset <= last:
                    recent.is_new(recorded.envelope.id, recorded.position.offset)
        return recent

    def _fill(self, partition: Partition) -> deque[Recorded]:
        buffer = self._buffers[partition]
        if not buffer and partition not in self._ended:
            after, limit = self._read[partition], PAGE
            if self._until is not None:
                limit = min(limit, self._until.get(partition, -1) - after)
            if limit > 0 and (page := self._log.read(partition, after, limit)):
                buffer.extend(page)
                self._read[partition] = page[-1].position.offset
            else:
                self._ended.add(partition)
        return buffer

    @property
    def read(self) -> Checkpoint:
        """Where the last event handed over lies in each partition; -1 before the first."""
        return {partition: self._done.get(partition, -1) for partition in self._read}

    def read_until(self, until: Checkpoint) -> list[Recorded]:
        """Everything up to and including these offsets, which lie ahead of this reader."""
        self._until = until
        events: list[Recorded] = []
        # Without a limit: where it cuts decides in which turn a topic is read, and so the order.
        while page := self.take(sys.maxsize).events:
            events += page
        return events

    def standing(self) -> list[Envelope]:
        """Barriers at which this reader stands when there is nothing to take: some part of the topic lacks
        them, since their writer was cut off or has not finished."""
        heads = (buffer[0].envelope for buffer in self._buffers.values() if buffer)
        return list({envelope.id: envelope for envelope in heads}.values())

    def take(self, limit: int) -> Batch:
        """About `limit` events, fewer when the partitions hold no more; empty when caught up.

        An event that is decided on alone comes alone.

        A log that fails half-way does not take back what was read before: that is handed over, and the
        error is the next call's.
        """
        taken: list[Recorded] = []
        self._ended.clear()
        try:
            while len(taken) < limit and self._advance(taken, limit):
                pass
        except RetryableError:
            if not taken:
                raise
        return self._batch(taken)

    def take_through(self, barrier: str, limit: int) -> Batch | None:
        """Everything up to the barrier of this id, however much that is; None while a partition has not reached it.

        Without an id: about `limit` events, none behind the next barrier.
        """
        self._ended.clear()
        taken, moved = self._short, True
        while moved:
            moved = False
            for partitions in self._topics.values():
                for partition in partitions:
                    moved |= self._drain(partition, taken, sys.maxsize if barrier else limit)
                if barrier and self._pass_barrier(partitions, taken):
                    moved = True
                    if taken[-1].envelope.id == barrier:
                        return self._whole()
        return None if barrier else self._whole()

    def _whole(self) -> Batch:
        taken, self._short = self._short, []
        return self._batch(taken)

    def _batch(self, taken: list[Recorded]) -> Batch:
        collisions, self._collisions = self._collisions, []
        return Batch(taken, dict(self._done), collisions)

    def look_ahead(self, limit: int) -> bool:
        """Read a little of what will be taken later, for whoever has time now; False once there is enough.

        Enough is about `limit` events, or what the partitions hold.
        """
        for partition, buffer in self._buffers.items():
            if len(buffer) >= limit // len(self._buffers):
                continue
            if page := self._log.read(partition, self._read[partition], PAGE_AHEAD):
                buffer.extend(page)
                self._read[partition] = page[-1].position.offset
                return True
        return False

    def _advance(self, taken: list[Recorded], limit: int) -> bool:
        """One round over all partitions; whether anything moved."""
        progress = False
        for partitions in self._topics.values():
            for partition in partitions:
                progress |= self._drain(partition, taken, limit)
            progress |= self._pass_barrier(partitions, taken)
            if taken and taken[-1].envelope.event.ALONE:
                return False
        return progress

    def _drain(self, partition: Partition, taken: list[Recorded], limit: int) -> bool:
        """Take what lies before the next barrier."""
        moved = False
        recent = self._recent[partition]
        while len(taken) < limit and (buffer := self._fill(partition)):
            envelope = buffer[0].envelope
            if envelope.event.BARRIER and envelope.id not in recent:
                break
            # Looked at before it is taken: a log that fails now is asked again from here.
            first = recent.first(envelope.id)
            collides = first is not None and self._collides(buffer[0], first)
            recorded = buffer.popleft()
            self._done[partition] = recorded.position.offset
            moved = True
            if collides:
                self._collisions.append(recorded)
            elif not envelope.event.BARRIER and recent.is_new(envelope.id, recorded.position.offset):
                taken.append(recorded)
        return moved

    def _collides(self, recorded: Recorded, first: int) -> bool:
        """Whether an event says something else than the one that bore its id before, at that offset."""
        partition, envelope = recorded.position.partition, recorded.envelope
        page = self._firsts.get(partition, {})
        if first not in page:
            read = self._log.read(partition, first - 1, PAGE)
            self._firsts[partition] = page = {r.position.offset: r.envelope for r in read}
        return (envelope.source, envelope.event) != (page[first].source, page[first].event)

    def _behind_repeats(self, partition: Partition) -> deque[Recorded]:
        """What is next in a partition; a barrier that was passed already is none, even where `_drain` was cut off."""
        recent = self._recent[partition]
        while buffer := self._fill(partition):
            envelope = buffer[0].envelope
            if not envelope.event.BARRIER or envelope.id not in recent:
                break
            self._done[partition] = buffer.popleft().position.offset
        return buffer

    def _pass_barrier(self, partitions: tuple[Partition, ...], taken: list[Recorded]) -> bool:
        """When every partition stands at the barrier, hand it over once."""
        heads = [self._behind_repeats(partition) for partition in partitions]
        if not all(buffer and buffer[0].envelope.event.BARRIER for buffer in heads):
            return False
        _check_same(heads)
        if taken and heads[0][0].envelope.event.ALONE:
            return False
        passed = [buffer.popleft() for buffer in heads]
        for partition, recorded in zip(partitions, passed, strict=True):
            self._done[partition] = recorded.position.offset
            self._recent[partition].is_new(recorded.envelope.id, recorded.position.offset)
        taken.append(passed[0])
        return True


def _check_same(heads: Sequence[Sequence[Recorded]]) -> None:
    """Partitions wait for each other at one barrier, not each at one of its own."""
    first = heads[0][0]
    for head in heads[1:]:
        if head[0].envelope.id != first.envelope.id:
            places = " and ".join(
                f"{r.position.partition} offset {r.position.offset}" for r in (first, head[0])
            )
            raise BrokenOrderError(f"{places} hold different barriers: two writers wrote theirs at once")
