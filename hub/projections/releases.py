"""Figures that were given out, folded from the log; what is not decided on yet is read from its end."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from hub.domain.events import ACTIONS, FiguresReleased
from hub.log import EventLog
from hub.log.subscription import Subscription
from hub.projections import ReleasedRow, Shelves, released
from hub.projections.position import load_checkpoint
from hub.statistics.releases import History, Released, read

PAGE_EVENTS = 5_000


def apply_release(shelves: Shelves, event: FiguresReleased) -> None:
    """Remember what was given; a release that is made again gives the same."""
    shelves.released.put(ReleasedRow(event.name, event.as_of, dict(event.shown), event.withheld))


def history(db: Connection, log: EventLog) -> History:
    """All releases that the log holds."""
    found = {row.name: _made(row.name, row.shown, row.withheld) for row in db.execute(select(released))}
    done = {p: offset for p, offset in load_checkpoint(db).items() if p.topic == ACTIONS}
    source = Subscription(log, (ACTIONS,), done)
    while page := source.take(PAGE_EVENTS).events:
        for event in (recorded.envelope.event for recorded in page):
            if isinstance(event, FiguresReleased):
                found[event.name] = _made(event.name, event.shown, event.withheld)
    return found


def _made(name: str, shown: Mapping[str, int], withheld: list[str]) -> Released:
    return Released(name, {read(key): told for key, told in shown.items()}, frozenset(map(read, withheld)))
