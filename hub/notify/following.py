"""What the log says of cases, turned into messages: each change once, a case that flaps only when it is marked."""

from collections.abc import Collection

import msgspec

from hub.domain.cases import HUB
from hub.domain.cases.standing import FLAPPING, FLAPPING_AGAIN, RETURNED
from hub.domain.days import iso
from hub.domain.events import (
    DECISIONS,
    CaseEscalated,
    CaseHandedOver,
    CaseMoved,
    CaseRaised,
    Event,
    RecordAnswered,
    RecordQuestioned,
    StepCompleted,
)  # fmt: skip
from hub.log import Envelope, EventLog, derive_id
from hub.log.subscription import Subscription
from hub.notify.outbox import KnownRow, Outbox

PAGE = 1_000
TYPES: dict[type[Event], str] = {
    CaseRaised: "case.raised",
    CaseMoved: "case.moved",
    CaseEscalated: "case.escalated",
    CaseHandedOver: "case.handed-over",
    RecordQuestioned: "case.record-questioned",
    RecordAnswered: "case.record-answered",
}
Told = CaseRaised | CaseMoved | CaseEscalated | CaseHandedOver | RecordQuestioned | RecordAnswered


class Follower:
    """Reads decided steps and puts messages into the outbox, in one transaction with how far it read."""

    def __init__(self, log: EventLog, outbox: Outbox, endpoints: Collection[str]) -> None:
        self._log, self._outbox, self._endpoints = log, outbox, endpoints
        place = outbox.place()
        self._is_new = not place
        # What happened before anybody was to be told is history, not news.
        self._history = {} if place else {p: o for p, o in log.head().items() if p.topic == DECISIONS}
        self._subscription = Subscription(log, (DECISIONS,), place)
        self._waiting: dict[str, list[tuple[Envelope, bool]]] = {}

    def catch_up(self, now: int) -> int:
        """Read what was decided since; how many messages follow. `now` in seconds since 1970."""
        told = 0
        while (batch := self._subscription.take(PAGE)).events:
            for position, envelope in batch.events:
                is_news = position.offset > self._history.get(position.partition, -1)
                if isinstance(envelope.event, StepCompleted):
                    # Under names that were never completed lie attempts that nobody kept.
                    for one, fresh in self._waiting.pop(envelope.correlation_id, []):
                        told += self._tell(one, now, is_news=fresh)
                    self._waiting.clear()
                elif isinstance(envelope.event, Told):
                    self._waiting.setdefault(envelope.correlation_id, []).append((envelope, is_news))
            if not self._waiting and not self._is_new:
                self._outbox.read_to(batch.checkpoint)
                self._outbox.db.commit()
        if self._is_new and not self._waiting:
            # All of the history or nothing: cut off half-way, the rest of it would pass for news.
            self._outbox.read_to(self._subscription.read)
            self._is_new = False
        self._outbox.bound()
        self._outbox.db.commit()
        return told

    def _tell(self, envelope: Envelope, now: int, *, is_news: bool) -> int:
        event = envelope.event
        assert isinstance(event, Told)
        before = self._outbox.case(event.case_id)
        after = _known(before, event)
        if after is None or (before is not None and after.version <= before.version):
            return 0
        self._outbox.remember(after)
        if not is_news or _is_flapping_on(before, event):
            return 0
        body = msgspec.json.encode({
            "type": TYPES[type(event)], "timestamp": iso(_day(event)),
            "data": {"case": after.case_id, "kind": after.kind, "state": after.state,
                     "due_on": iso(after.due_on)},
        })  # fmt: skip
        for endpoint in self._endpoints:
            self._outbox.add(endpoint, derive_id("webhook", endpoint, envelope.id), body, now)
        return len(self._endpoints)


def _known(before: KnownRow | None, event: Told) -> KnownRow | None:
    """The case as it is told of after an event."""
    if isinstance(event, CaseRaised):
        return KnownRow(event.case_id, 0, event.kind, "raised", event.due_on, 0)
    if before is None:
        return None
    after = before._replace(version=event.version)
    if isinstance(event, CaseEscalated):
        return after._replace(due_on=event.due_on)
    if isinstance(event, CaseMoved):
        flapping = 1 if event.note == FLAPPING else 0 if event.note == RETURNED else before.flapping
        due_on = before.due_on if event.due_on is None else event.due_on
        return after._replace(state=event.state, due_on=due_on, flapping=flapping)
    return after


def _is_flapping_on(before: KnownRow | None, event: Told) -> bool:
    """Whether a case that was told to flap comes or goes once more by itself."""
    if not isinstance(event, CaseMoved) or event.actor != HUB or not (before and before.flapping):
        return False
    return event.note == FLAPPING_AGAIN or event.state == "settled"


def _day(event: Told) -> int:
    names = ("raised_on", "moved_on", "escalated_on", "asked_on", "answered_on")
    return next(int(getattr(event, name)) for name in names if hasattr(event, name))
