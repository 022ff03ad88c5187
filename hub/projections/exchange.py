"""Where workers on one projection meet: who is there, and what they tell each other.

Messages lie in a table of the projection's own database and a notification
wakes whoever waits for them, so workers need no address and no port of each
other's. A message is worth nothing once its attempt at a step has ended:
what must outlive a crash stands in `position.parts`.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Identity,
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
    text,
)  # fmt: skip

from hub.errors import AbsentError, ProjectionUnavailableError
from hub.projections.position import PartRow, put_part

metadata = MetaData()
members = Table(
    "members", metadata,
    Column("name", String(64), primary_key=True), Column("listens", Integer, nullable=False),
    Column("writes", Integer, nullable=False), Column("began", Text, nullable=False),
)  # fmt: skip
messages = Table(
    "messages", metadata,
    Column("id", BigInteger, Identity(), primary_key=True), Column("attempt", String(64), nullable=False),
    Column("sender", String(64), nullable=False), Column("kind", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
)  # fmt: skip
BEGAN = "SELECT extract(epoch FROM backend_start)::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
LIVES = "a.pid = m.listens AND extract(epoch FROM a.backend_start)::text = m.began"
PRESENT = f"SELECT m.name FROM members m JOIN pg_stat_activity a ON {LIVES}"  # noqa: S608 - constants only
FORGET = f"DELETE FROM members m WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE {LIVES})"  # noqa: S608
LOOK_SECONDS = 1.0
"""Whoever waits looks so often whether those it waits for are still there."""


class Exchange:
    """One worker's seat; used by one thread."""

    def __init__(self, db: Connection, writing: Connection, name: str) -> None:
        """`db` commits each statement by itself; `writing` is the session that changes rows."""
        self._db, self.name = db, name
        self._driver: Any = db.connection.driver_connection
        self._error: type[Exception] = db.dialect.loaded_dbapi.Error
        schema = db.execute(text("SELECT current_schema()")).scalar()
        self._channel = f"hub_{schema}"
        db.execute(text(f'LISTEN "{self._channel}"'))
        self._pid = self._backend(db)
        self._writing = self._backend(writing)
        self._last = 0

    @staticmethod
    def _backend(db: Connection) -> int:
        return int(db.execute(text("SELECT pg_backend_pid()")).scalar() or 0)

    def join(self) -> None:
        """Be found by others, until `leave` or the end of this session."""
        self.leave()
        self._db.execute(text(FORGET))
        began = self._db.execute(text(BEGAN)).scalar()
        row = {"name": self.name, "listens": self._pid, "writes": self._writing, "began": began}
        self._db.execute(insert(members).values(row))
        self._last = self._db.execute(select(func.coalesce(func.max(messages.c.id), 0))).scalar() or 0

    def stay(self) -> None:
        """Join again where the table was made anew: a rebuilt projection knows nobody."""
        mine = select(members.c.name).where(members.c.name == self.name)
        if self._db.execute(mine).first() is None:
            self.join()

    def leave(self) -> None:
        """Be found no more."""
        self._db.execute(delete(members).where(members.c.name == self.name))

    def others(self) -> list[str]:
        """Everyone else who joined and whose session lives."""
        found = self._db.execute(text(PRESENT)).scalars().all()
        return sorted(set(found) - {self.name})

    def expel(self, name: str) -> None:
        """End the sessions of a worker, so that nothing it has begun can be committed any more."""
        row = self._db.execute(select(members).where(members.c.name == name)).first()
        if row is not None:
            for pid in (row.writes, row.listens):
                self._db.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            self._db.execute(delete(members).where(members.c.name == name))

    def send(self, attempt: str, kind: str, body: bytes = b"") -> None:
        """Tell everyone."""
        row = {"attempt": attempt, "sender": self.name, "kind": kind, "body": body}
        self._db.execute(insert(messages).values(row))
        self._db.execute(text("SELECT pg_notify(:channel, '')"), {"channel": self._channel})

    def put_down(self, part: PartRow) -> None:
        """Keep this worker's part where the step's commit finds it."""
        put_part(self._db, part)

    def newest(self, kind: str) -> tuple[str, str, bytes] | None:
        """Attempt, sender and body of the newest message of a kind that this worker did not see yet."""
        mine = select(messages).where(messages.c.kind == kind, messages.c.id > self._last)
        row = self._db.execute(mine.order_by(messages.c.id.desc()).limit(1)).first()
        if row is None:
            return None
        self._last = row.id
        return row.attempt, row.sender, row.body

    def pause(self, seconds: float) -> None:
        """Until somebody says something, or so long."""
        try:
            for _ in self._driver.notifies(timeout=seconds, stop_after=1):
                pass
        except self._error as error:
            raise ProjectionUnavailableError("the projection's database broke off") from error

    def receive(
        self,
        attempt: str,
        kinds: Collection[str],
        senders: Iterable[str],
        seconds: float,
        meanwhile: Callable[[], bool] = lambda: False,
    ) -> Mapping[str, tuple[str, bytes]]:
        """Kind and body of what each of these said in this attempt; AbsentError once one is gone or silent.

        `meanwhile` uses the time of waiting a little at a time, until it says that there is nothing left to do.
        """
        missing, found = set(senders), dict[str, tuple[str, bytes]]()
        deadline, looked, busy = time.monotonic() + seconds, time.monotonic(), True
        said = select(messages.c.sender, messages.c.kind, messages.c.body).where(
            messages.c.attempt == attempt, messages.c.kind.in_(kinds)
        )
        while True:
            rows = self._db.execute(said.where(messages.c.sender.in_(missing)))
            found.update({sender: (kind, body) for sender, kind, body in rows})
            missing -= found.keys()
            if not missing:
                return found
            now = time.monotonic()
            if now - looked > LOOK_SECONDS:
                looked = now
                if gone := missing - set(self.others()):
                    raise AbsentError(f"worker {min(gone)} is gone", workers=sorted(gone))
            if now > deadline:
                raise AbsentError(f"worker {min(missing)} is silent", workers=sorted(missing))
            busy = busy and meanwhile()
            self.pause(0.0 if busy else min(LOOK_SECONDS, deadline - now))

    def clear(self, attempt: str) -> None:
        """Forget what was said in all attempts but this one."""
        self._db.execute(delete(messages).where(messages.c.attempt != attempt))

    def close(self) -> None:
        """Leave, if the session still can."""
        with suppress(Exception):
            self.leave()
