"""Processing: one step over a micro-batch, the same on every log and every runner.

`Processor.decide` takes facts and actions in reading order and yields the
decisions that follow, applying each to the shelves as it goes. It reads no
clock, file or random number: only rows and events. Whatever commits the
shelves commits the checkpoint with them, in one transaction.

Views of births and residence follow each record at once. Discrepancies stand
at the close of a day: what the day's own files settle between themselves is
nobody's follow-up, and the order of arrival within a day cannot matter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.connect.contracts import Feed
from hub.domain.events import (
    CaseActionRequested,
    DayClosed,
    Event,
    ProfileLinked,
    RecordPublished,
    RecordWithdrawn,
)  # fmt: skip
from hub.log import Envelope, Recorded
from hub.matching import Model, Profile, profile_of
from hub.processing import identity
from hub.processing.reconciliation import Reconciliation
from hub.projections import Shelves
from hub.projections.identity import Change, apply_record, preload


class Decision(NamedTuple):
    """An event that follows, and the id of the event it follows from."""

    event: Event
    cause: str


class Rules(NamedTuple):
    """What decisions depend on besides events: reported as the rule set of every table."""

    feeds: Mapping[str, Feed]
    model: Model
    county: str


class Processor:
    """Decides micro-batches against the rows of one projection."""

    def __init__(self, shelves: Shelves, rules: Rules, today: int) -> None:
        self._shelves, self._rules = shelves, rules
        self._reconciliation = Reconciliation(shelves, rules.feeds, rules.model, rules.county, today)

    @property
    def today(self) -> int:
        """The last closed day."""
        return self._reconciliation.today

    def decide(
        self,
        recorded: Sequence[Recorded],
        agenda: Iterable[tuple[int, str]],
        touched: Iterable[str],
        horizon: int,
    ) -> Iterator[Decision]:
        """The decisions that follow from these events, in order.

        `agenda` holds (due day, person) up to `horizon`, the last day these
        events close; `touched` the people changed since the last closed day.
        """
        profiles = self._profiles(recorded)
        preload(self._shelves, profiles.values(), self._rules.model)
        self._reconciliation.expect(self._expected(profiles))
        self._reconciliation.plan(agenda, touched, horizon)
        segment: list[Envelope] = []
        for item in recorded:
            event = item.envelope.event
            if isinstance(event, RecordPublished | RecordWithdrawn):
                segment.append(item.envelope)
            elif isinstance(event, DayClosed | CaseActionRequested):
                yield from self._place(segment, profiles)
                segment = []
                yield from self._other(item.envelope)
        yield from self._place(segment, profiles)
        if recorded:
            cause = recorded[-1].envelope.id
            yield from (Decision(event, cause) for event in self._reconciliation.refresh())

    def _expected(self, stated: Mapping[str, tuple[str, Profile | None]]) -> Iterator[str]:
        """Whom these records may concern: who has them now, and whom they may name."""
        for record_id, profile in stated.values():
            yield "p" + record_id
            row = self._shelves.records.get(record_id)
            for pid in (row.profile if row else None, profile.id if profile else None):
                known = self._shelves.profiles.get(pid) if pid is not None else None
                if known is not None and known.person is not None:
                    yield known.person

    def _profiles(self, recorded: Sequence[Recorded]) -> dict[str, tuple[str, Profile | None]]:
        """Event id to the record and what its version states about who it is about."""
        stated: dict[str, tuple[str, Profile | None]] = {}
        for item in recorded:
            event = item.envelope.event
            if isinstance(event, RecordPublished):
                attributes = self._rules.feeds[event.feed].attributes(event.fields)
                stated[item.envelope.id] = event.record_id, profile_of(attributes)
            elif isinstance(event, RecordWithdrawn):
                stated[item.envelope.id] = event.record_id, None
        return stated

    def _place(
        self, segment: Sequence[Envelope], profiles: Mapping[str, tuple[str, Profile | None]]
    ) -> Iterator[Decision]:
        """Fold in the records of one stretch between closed days, then place their profiles."""
        changes: list[Change] = []
        causes: dict[int, str] = {}
        for envelope in segment:
            event = envelope.event
            if not isinstance(event, RecordPublished | RecordWithdrawn):
                continue
            change = apply_record(self._shelves, event, profiles[envelope.id][1], self._rules.model)
            changes.append(change)
            for pid in (change.joined, change.left):
                if pid is not None:
                    causes.setdefault(pid, envelope.id)
        if not changes:
            return
        touched = {change.bereft.person for change in changes if change.bereft}
        touched |= self._people_of(causes)
        moved = set(causes)
        last = segment[-1].id
        for event, before in identity.decide(self._shelves, changes, self._rules.model):
            if isinstance(event, ProfileLinked):
                touched |= {event.person, before}
                moved.add(event.profile)
                yield Decision(event, causes.get(event.profile, last))
            else:
                yield Decision(event, causes.get(event.left, causes.get(event.right, last)))
        touched |= self._people_of(causes)
        self._reconciliation.touch((person for person in touched if person), moved)

    def _people_of(self, pids: Iterable[int]) -> set[str | None]:
        rows = (self._shelves.profiles.get(pid) for pid in pids)
        return {row.person for row in rows if row}

    def _other(self, envelope: Envelope) -> Iterator[Decision]:
        event = envelope.event
        if isinstance(event, DayClosed):
            found: Iterator[Event] = self._reconciliation.close(event.day)
        elif isinstance(event, CaseActionRequested):
            found = self._reconciliation.act(event)
        else:
            return
        yield from (Decision(event, envelope.id) for event in found)
