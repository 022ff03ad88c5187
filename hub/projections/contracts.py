"""The contracts that were accepted, folded from the log: of each feed all of them, the last one in force."""

import json
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, inspect, select

from hub.domain.events import ContractAccepted, Event
from hub.projections.store import Shelf

metadata = MetaData()


class AcceptedRow(NamedTuple):
    """One contract that was accepted; its number counts those of the feed, from 1."""

    accepted_id: str
    feed: str
    number: int
    version: str
    digest: str
    written: str

    @property
    def terms(self) -> dict[str, Any]:
        """What it says of its records."""
        found: dict[str, Any] = json.loads(self.written)
        return found


accepted = Table(
    "contracts", metadata,
    Column("accepted_id", String(200), primary_key=True), Column("feed", String(128), nullable=False),
    Column("number", Integer, nullable=False), Column("version", Text, nullable=False),
    Column("digest", String(64), nullable=False), Column("terms", Text, nullable=False),
)  # fmt: skip


class Contracts:
    """The accepted contracts; there are few, so all are at hand."""

    def __init__(self, db: Connection) -> None:
        self._shelf = Shelf(db, accepted, AcceptedRow._make)
        self._all: dict[str, list[AcceptedRow]] = {}
        for row in load(db):
            self._all.setdefault(row.feed, []).append(row)

    def of_feed(self, feed: str) -> list[AcceptedRow]:
        """All that were accepted of a feed, the one in force last."""
        return self._all.get(feed, [])

    def apply(self, event: Event) -> None:
        """Fold in one event."""
        if isinstance(event, ContractAccepted):
            known = self._all.setdefault(event.feed, [])
            number = len(known) + 1
            row = AcceptedRow(
                f"{event.feed}#{number}", event.feed, number, event.version, event.digest, event.terms
            )
            known.append(row)
            self._shelf.put(row)

    def flush(self) -> None:
        """Write every change; the caller commits."""
        self._shelf.flush()


def exists(db: Connection) -> bool:
    """Whether this database has ever folded contracts."""
    return inspect(db).has_table(accepted.name)


def load(db: Connection) -> list[AcceptedRow]:
    """All accepted contracts, feed by feed in their order; none where nobody ever folded any."""
    if not exists(db):
        return []
    rows = db.execute(select(accepted).order_by(accepted.c.feed, accepted.c.number)).all()
    return [AcceptedRow._make(row) for row in rows]
