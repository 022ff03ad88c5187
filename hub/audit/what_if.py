"""The same log under another model: who would change, and which totals, before anything is adopted.

The log is followed into a scratch projection, and there the model is adopted
by the very rule that would do it: so what is shown is what would come of it.
Both sides conclude on the last closed day, so that discrepancies compare.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, func, select, true

from hub.audit.replay import refill
from hub.domain.days import Day
from hub.domain.events import RECORDS, DayClosed, Event, ModelAdopted
from hub.log import Envelope, EventLog, Partition, Position, Recorded
from hub.processing import Processor, Rules
from hub.processing.runner import decide_step
from hub.projections import Shelves, births, cases, discrepancies, held, people, profiles, records, residents
from hub.projections.adoption import adopted_model
from hub.projections.position import NO_DAY, load_progress

MERGE, SPLIT, REGROUP = "merge", "split", "regroup"
Links = Mapping[str, str]


class Change(NamedTuple):
    """People whose records would be put together otherwise."""

    kind: str
    before: list[str]
    after: list[str]
    records: int


def what_if(
    log: EventLog, scratch: Connection, rules: Rules, event: ModelAdopted, progress: Callable[[int], None]
) -> dict[str, Any]:
    """What adopting this model now would change; nothing of it is kept."""
    refill(log, scratch, rules, progress)
    today = load_progress(scratch, "today", NO_DAY)
    now = adopted_model(scratch) or rules.model
    trial = _Trial(scratch, rules._replace(model=now), today)
    trial.close()
    before, totals = links(scratch), _totals(scratch)
    trial.decide(event)
    trial.close()
    after, others = links(scratch), _totals(scratch)
    changes = changes_between(before, after)
    names = sorted(totals.keys() | others.keys())
    return {
        "now": now.version, "then": event.version, "records": len(before),
        "people_changed": sum(len(change.before) for change in changes),
        "kinds": dict(sorted(Counter(change.kind for change in changes).items())),
        "totals": {
            name: {"now": totals[name], "then": others[name], "change": others[name] - totals[name]}
            for name in names
        },
        "changes": [change._asdict() for change in changes],
    }  # fmt: skip


class _Trial:
    """Decides on events that stand in no log."""

    def __init__(self, db: Connection, rules: Rules, today: Day) -> None:
        self._db, self._today = db, today
        self._shelves = Shelves(db)
        self._processor = Processor(self._shelves, rules, today, _everyone(db))

    def close(self) -> None:
        """Conclude on the last closed day once more."""
        if self._today != NO_DAY:
            self.decide(DayClosed(self._today))

    def decide(self, event: Event) -> None:
        place = Position(Partition(RECORDS, 0), 0)
        decide_step(self._db, self._processor, [Recorded(place, Envelope(event, "trial", "trial", "/trial"))])
        self._shelves.flush()


def _everyone(db: Connection) -> Iterable[str]:
    return list(db.execute(select(people.c.person)).scalars())


def links(db: Connection) -> dict[str, str]:
    """Every live record and its person."""
    joined = select(records.c.record_id, profiles.c.person).join(
        profiles, profiles.c.profile == records.c.profile
    )
    return {str(record): str(person) for record, person in db.execute(joined.where(records.c.live))}


def changes_between(before: Links, after: Links) -> list[Change]:
    """What of one set of people is another set in the other, those of most records first."""
    into: dict[str, set[str]] = defaultdict(set)
    out_of: dict[str, set[str]] = defaultdict(set)
    counts = Counter(before.values())
    for record, person in before.items():
        into[person].add(after[record])
        out_of[after[record]].add(person)
    found: list[Change] = []
    seen: set[str] = set()
    for person in sorted(into):
        if person not in seen:
            ones, others = _hanging_together(person, into, out_of)
            seen |= ones
            if len(ones) > 1 or len(others) > 1:
                kind = MERGE if len(others) == 1 else SPLIT if len(ones) == 1 else REGROUP
                size = sum(counts[one] for one in ones)
                found.append(Change(kind, sorted(ones), sorted(others), size))
    return sorted(found, key=lambda change: (-change.records, change.before))


def _hanging_together(
    person: str, into: Mapping[str, set[str]], out_of: Mapping[str, set[str]]
) -> tuple[set[str], set[str]]:
    ones, waiting = {person}, [person]
    others: set[str] = set()
    while waiting:
        for other in into[waiting.pop()] - others:
            others.add(other)
            fresh = out_of[other] - ones
            ones |= fresh
            waiting += fresh
    return ones, others


def _totals(db: Connection) -> Counter[str]:
    """Every count that people read, by name."""
    found = Counter({"people": _count(db, people), "held": _count(db, held)})
    for chosen, where in (
        (births.c.outcome, true()), (residents.c.status, residents.c.left_on.is_(None)),
        (discrepancies.c.kind, discrepancies.c.status == "standing"), (cases.c.state, true()),
    ):  # fmt: skip
        rows = db.execute(select(chosen, func.count()).where(where).group_by(chosen))
        found.update({f"{chosen.table.name}: {name}": int(count) for name, count in rows})
    return found


def _count(db: Connection, table: Table) -> int:
    return int(db.execute(select(func.count()).select_from(table)).scalar() or 0)
