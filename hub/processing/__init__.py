"""Processing: one step over a micro-batch, the same on every log and every runner.

`Processor.decide` takes facts and actions in reading order and yields the
decisions that follow, applying each to the shelves as it goes. It reads no
clock, file or random number: only rows and events. Whatever commits the
shelves commits the checkpoint with them, in one transaction.

Views of births and residence follow once there is nothing more to read. Discrepancies stand
at the close of a day: what the day's own files settle between themselves is
nobody's follow-up, and the order of arrival within a day cannot matter.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.connect.contracts import Feed
from hub.domain.calendar import WEEKDAYS, Calendar
from hub.domain.divisions import NOWHERE, Divisions
from hub.domain.events import (
    CaseActionRequested,
    DayClosed,
    Event,
    FiguresReleased,
    ModelAdopted,
    PairJudged,
    ProfileLinked,
    RecordChange,
    RecordPublished,
)  # fmt: skip
from hub.domain.limits import Limits
from hub.errors import SettingsError
from hub.log import Envelope, Recorded
from hub.matching import Model, profile_of
from hub.matching.profile import of_its_own
from hub.processing import adoption, identity
from hub.processing.identity import Weights
from hub.processing.reconciliation import Reconciliation
from hub.processing.unclear import named_in
from hub.projections import Shelves
from hub.projections.identity import Change, Stated, apply_record, preload
from hub.projections.judgements import is_set_apart
from hub.projections.position import note_acted
from hub.projections.releases import apply_release


class Decision(NamedTuple):
    """An event that follows, and the id of the event it follows from."""

    event: Event
    cause: str


class Rules(NamedTuple):
    """What decisions depend on besides events: reported as the rule set of every table."""

    feeds: Mapping[str, Feed]
    model: Model
    county: str
    limits: Limits
    calendar: Calendar = WEEKDAYS
    """By which deadlines in working days are set."""
    divisions: Divisions = NOWHERE
    """By which place codes are judged, and which towns there are on a day."""


class Prepared(NamedTuple):
    """What was worked out of some events before anything is decided on them."""

    stated: Stated
    weights: Weights


class Processor:
    """Decides micro-batches against the rows of one projection."""

    def __init__(
        self, shelves: Shelves, rules: Rules, today: int, touched: Iterable[str] = (), home: int | None = None
    ) -> None:
        """`home` is that of new profiles; None: the partition that brought them."""
        self._shelves, self._rules, self._home = shelves, rules, home
        self._stated: Stated = {}
        self._weights: Weights = {}
        self._reconciliation = Reconciliation(
            shelves,
            rules.feeds,
            rules.model,
            rules.county,
            rules.limits,
            rules.calendar,
            rules.divisions,
            today,
            touched,
        )

    @property
    def today(self) -> int:
        """The last closed day."""
        return self._reconciliation.today

    @property
    def is_stale(self) -> bool:
        """Whether records were folded in that the views do not show yet."""
        return self._reconciliation.is_stale

    def prepare(self, recorded: Sequence[Recorded]) -> Prepared:
        """Work out in one go what deciding on these events, or on some of them, will ask for."""
        stated = state(self._shelves, recorded, self._rules.feeds)
        fresh = [profile for profile in stated.values() if profile is not None]
        preload(self._shelves, record_ids(recorded), fresh, self._rules.model)
        self._stated, self._weights = stated, identity.foresee(self._shelves, fresh, self._rules.model)
        return Prepared(self._stated, self._weights)

    def decide(
        self, recorded: Sequence[Recorded], agenda: Iterable[tuple[int, str]], horizon: int
    ) -> Iterator[Decision]:
        """The decisions that follow from these events, which were prepared, in order.

        `agenda` holds (due day, person) up to `horizon`, the last day these
        events close.
        """
        if adopted := adoption.adoption_in(recorded):
            yield from self._adopt(adopted, recorded[0].envelope.id)
            return
        self._reconciliation.plan(agenda, self._concerned(recorded), horizon)
        segment: list[Recorded] = []
        for item in recorded:
            event = item.envelope.event
            if isinstance(event, RecordChange):
                segment.append(item)
            elif isinstance(event, FiguresReleased):
                apply_release(self._shelves, event)
            elif isinstance(event, DayClosed | CaseActionRequested | PairJudged):
                yield from self._place(segment)
                segment = []
                if not isinstance(event, DayClosed):
                    note_acted(self._shelves, item)
                yield from self._other(item.envelope)
        yield from self._place(segment)
        self._reconciliation.mark()

    def _adopt(self, event: ModelAdopted, cause: str) -> Iterator[Decision]:
        """Go on by another model, everyone placed again by it."""
        model = adoption.model_of(event)
        self._rules = self._rules._replace(model=model)
        self._reconciliation.adopt(model)
        # Pairs that were held by the model before may not be any more.
        moved = {pid for row in self._shelves.held.every() for pid in (row.left, row.right)}
        people: set[str | None] = set()
        for found, before in adoption.decide(self._shelves, event, model):
            if isinstance(found, ProfileLinked):
                moved.add(found.profile)
                people.update((found.person, before))
            else:
                moved.update((found.left, found.right))
            yield Decision(found, cause)
        self._reconciliation.touch((person for person in people if person), moved)
        self._reconciliation.mark()

    def _judge(self, event: PairJudged) -> Iterator[Event]:
        """Place anew whom a person's word concerns."""
        for found, _, before in identity.judge(self._shelves, event, self._rules.model, self._weights):
            if isinstance(found, ProfileLinked):
                people = (person for person in (found.person, before) if person)
                self._reconciliation.touch(people, (found.profile,))
            if found is not None:
                yield found
        rows = map(self._shelves.profiles.get, named_in(self._shelves, event))
        self._reconciliation.touch((row.person for row in rows if row and row.person), ())

    def hand_over(self, people: Collection[str]) -> tuple[list[str], list[str]]:
        """Who of these people still waits for the close of the day, and who for the views: others see to them."""
        return self._reconciliation.hand_over(people)

    def take_over(self, touched: Iterable[str], stale: Iterable[str]) -> None:
        """See to these people from now on: touched since the last closed day, or not on the views yet."""
        self._reconciliation.take_over(touched, stale)

    def refresh(self) -> Iterator[Decision]:
        """Bring the views of births and residence up to date in the middle of a day."""
        return (Decision(event, "") for event in self._reconciliation.refresh())

    def _concerned(self, recorded: Sequence[Recorded]) -> Iterator[str]:
        """Whom these records are about as far as anyone knows by now."""
        for record_id in record_ids(recorded):
            row = self._shelves.records.get(record_id)
            known = self._shelves.profiles.get(row.profile) if row else None
            yield known.person if known and known.person else "p" + record_id

    def _place(self, segment: Sequence[Recorded]) -> Iterator[Decision]:
        """Fold in the records of one stretch between closed days, then place their profiles."""
        moves: list[Change] = []
        causes: dict[int, str] = {}
        for (partition, _), envelope in segment:
            event = envelope.event
            assert isinstance(event, RecordChange), "a segment holds records"
            home = partition.number if self._home is None else self._home
            change = apply_record(self._shelves, event, self._stated[envelope.id], home)
            if change is None or (not change.told and change.left == change.joined):
                continue
            for pid in (change.joined, change.left):
                if pid is not None:
                    causes.setdefault(pid, envelope.id)
            if change.left != change.joined:
                moves.append(change)
        if not causes:
            return
        moved = {pid for change in moves for pid in (change.left, change.joined) if pid is not None}
        people: set[str | None] = set()
        for found, cause, before in identity.decide(self._shelves, moves, self._rules.model, self._weights):
            people.add(before)
            if isinstance(found, ProfileLinked):
                moved.add(found.profile)
                people.add(found.person)
            if found is not None:
                yield Decision(found, causes[cause])
        people.update(row.person for pid in causes if (row := self._shelves.profiles.get(pid)))
        self._reconciliation.touch((person for person in people if person), moved)

    def _other(self, envelope: Envelope) -> Iterator[Decision]:
        event = envelope.event
        if isinstance(event, DayClosed):
            found: Iterator[Event] = self._reconciliation.close(event.day)
        elif isinstance(event, CaseActionRequested):
            found = self._reconciliation.act(event)
        elif isinstance(event, PairJudged):
            found = self._judge(event)
        else:
            return
        yield from (Decision(event, envelope.id) for event in found)


def record_ids(recorded: Sequence[Recorded]) -> list[str]:
    """The records these events are about, each once."""
    events = (item.envelope.event for item in recorded)
    return list(dict.fromkeys(event.record_id for event in events if isinstance(event, RecordChange)))


def state(shelves: Shelves, recorded: Sequence[Recorded], feeds: Mapping[str, Feed]) -> Stated:
    """What each version states about who it is about, worked out only where that is new."""
    shelves.records.load(record_ids(recorded))
    stated: dict[str, Any] = {}
    newest: dict[str, tuple[int, Mapping[str, Any]]] = {}
    for item in recorded:
        event = item.envelope.event
        if isinstance(event, RecordPublished):
            before = newest.get(event.record_id)
            if before is None and (row := shelves.records.get(event.record_id)):
                before = row.version, row.fields
            stated[item.envelope.id] = None
            if before is not None and event.version <= before[0]:
                continue
            newest[event.record_id] = event.version, event.fields
            feed = feeds.get(event.feed)
            if feed is None:
                raise SettingsError(f"the log holds records of {event.feed}, a feed that is not set up here")
            if before is None or not feed.same_identity(before[1], event.fields):
                profile = profile_of(feed.attributes(event.fields))
                apart = is_set_apart(shelves, event.record_id)
                stated[item.envelope.id] = of_its_own(profile, event.record_id) if apart else profile
        elif isinstance(event, RecordChange):
            stated[item.envelope.id] = None
    return stated
