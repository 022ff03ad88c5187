"""What is still to be told to whom, and how often it was tried: a file of its own beside the log."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)  # fmt: skip

from hub.log import Checkpoint, Partition
from hub.projections.statements import upsert

metadata = MetaData()
places = Table(
    "places", metadata,
    Column("topic", String(32), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, nullable=False),
)  # fmt: skip
known = Table(
    "known", metadata,
    Column("case_id", String(32), primary_key=True), Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False), Column("state", Text, nullable=False),
    Column("due_on", Integer, nullable=False), Column("flapping", Integer, nullable=False),
)  # fmt: skip
messages = Table(
    "messages", metadata,
    Column("number", Integer, primary_key=True), Column("endpoint", Text, nullable=False, index=True),
    Column("message_id", String(64), nullable=False), Column("body", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False), Column("next_at", BigInteger, nullable=False),
    Column("dead", Integer, nullable=False), Column("error", Text, nullable=False),
)  # fmt: skip
tallies = Table(
    "tallies", metadata,
    Column("endpoint", Text, primary_key=True), Column("delivered", BigInteger, nullable=False),
)  # fmt: skip

WAITING_MAX = 100_000
"""For one endpoint; behind that the oldest are given up, so a file cannot grow without end."""
DEAD_MAX = 10_000


class KnownRow(NamedTuple):
    """A case as it was told of last."""

    case_id: str
    version: int
    kind: str
    state: str
    due_on: int
    flapping: int


class MessageRow(NamedTuple):
    """One message to one endpoint; `next_at` in seconds since 1970."""

    number: int
    endpoint: str
    message_id: str
    body: bytes
    attempts: int
    next_at: int
    dead: int
    error: str


class Outbox:
    """The file; every change is committed by whoever makes it."""

    def __init__(self, db: Connection) -> None:
        metadata.create_all(db)
        db.commit()
        self.db = db

    def place(self) -> dict[Partition, int]:
        """Up to where the log was read; empty: never."""
        return {Partition(topic, number): offset for topic, number, offset in self.db.execute(select(places))}

    def read_to(self, place: Checkpoint) -> None:
        """The log was read up to here, and what follows from it lies in this file."""
        if place:
            upsert(self.db, places, [(p.topic, p.number, offset) for p, offset in place.items()])

    def case(self, case_id: str) -> KnownRow | None:
        """A case as it was told of last."""
        row = self.db.execute(select(known).where(known.c.case_id == case_id)).first()
        return KnownRow._make(row) if row else None

    def remember(self, row: KnownRow) -> None:
        """A case as it is told of now."""
        upsert(self.db, known, [row])

    def add(self, endpoint: str, message_id: str, body: bytes, now: int) -> None:
        """One more message to an endpoint."""
        self.db.execute(
            insert(messages).values(
                endpoint=endpoint, message_id=message_id, body=body, attempts=0, next_at=now, dead=0, error=""
            )
        )

    def bound(self) -> None:
        """Give up what is older than an endpoint's bounds."""
        for dead, most in ((0, WAITING_MAX), (1, DEAD_MAX)):
            names = self.db.execute(select(messages.c.endpoint).distinct()).scalars().all()
            for name in names:
                mine = (messages.c.endpoint == name) & (messages.c.dead == dead)
                newest = select(messages.c.number).where(mine).order_by(messages.c.number.desc())
                last = self.db.execute(newest.offset(most).limit(1)).scalar()
                if last is None:
                    continue
                old = mine & (messages.c.number <= last)
                done = delete(messages).where(old) if dead else update(messages).where(old).values(
                    dead=1, error="too many waited"
                )  # fmt: skip
                self.db.execute(done)

    def due(self, endpoint: str, now: int, limit: int) -> list[MessageRow]:
        """The oldest messages to an endpoint that may be tried now."""
        chosen = (messages.c.endpoint == endpoint) & (messages.c.dead == 0) & (messages.c.next_at <= now)
        rows = self.db.execute(select(messages).where(chosen).order_by(messages.c.number).limit(limit))
        return [MessageRow._make(row) for row in rows]

    def delivered(self, message: MessageRow) -> None:
        """A message arrived."""
        self.db.execute(delete(messages).where(messages.c.number == message.number))
        query = select(tallies.c.delivered).where(tallies.c.endpoint == message.endpoint)
        count = self.db.execute(query).scalar() or 0
        upsert(self.db, tallies, [(message.endpoint, count + 1)])

    def failed(self, message: MessageRow, error: str, next_at: int | None) -> None:
        """A message did not arrive; it is tried again at a time, or never (None)."""
        values = {"attempts": message.attempts + 1, "error": error, "dead": int(next_at is None)}
        changed = update(messages).where(messages.c.number == message.number)
        self.db.execute(changed.values(**values, next_at=next_at or message.next_at))

    def revive(self, endpoint: str, now: int) -> int:
        """Try an endpoint's dead messages again; how many."""
        dead = (messages.c.endpoint == endpoint) & (messages.c.dead == 1)
        done = self.db.execute(update(messages).where(dead).values(dead=0, attempts=0, next_at=now))
        return done.rowcount

    def counts(self, endpoints: Mapping[str, object]) -> Iterator[tuple[str, dict[str, int]]]:
        """By endpoint, how many messages arrived, wait and are dead."""
        arrived = {name: int(count) for name, count in self.db.execute(select(tallies))}
        query = select(messages.c.endpoint, messages.c.dead, func.count())
        rows = self.db.execute(query.group_by(messages.c.endpoint, messages.c.dead))
        left = {(name, dead): count for name, dead, count in rows}
        for name in endpoints:
            yield name, {
                "delivered": arrived.get(name, 0), "waiting": left.get((name, 0), 0),
                "dead": left.get((name, 1), 0),
            }  # fmt: skip
