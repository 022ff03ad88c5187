"""How far a projection has come: checkpoint, step number, last closed day, outbox.

These rows change in the same transaction as everything a step decides, so a
crash leaves either all of a step or nothing of it.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)  # fmt: skip

from hub.domain.events import EVENTS, RECORDS
from hub.errors import BusyError, SettingsError
from hub.log import Envelope, Partition, Recorded
from hub.projections import VERSION, ActedRow, Shelves, acted, metadata
from hub.projections.statements import Packed, upsert

NO_VERSION = -1
"""Tables that do not say which version made them."""
NO_DAY = -1
"""The last closed day before any was."""
checkpoints = Table(
    "checkpoints", metadata,
    Column("topic", String(32), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, nullable=False),
)  # fmt: skip
progress = Table(
    "progress", metadata,
    Column("name", String(32), primary_key=True), Column("value", BigInteger, nullable=False),
)  # fmt: skip
outbox = Table(
    "outbox", metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("envelopes", LargeBinary, nullable=False),
)  # fmt: skip


parts = Table(
    "parts", metadata,
    Column("worker", String(64), primary_key=True), Column("number", Integer, nullable=False),
    Column("decided", Boolean, nullable=False), Column("done", Boolean, nullable=False),
    Column("covered", Packed(), nullable=False),
    Column("handed", Packed(), nullable=False), Column("envelopes", LargeBinary, nullable=False),
)  # fmt: skip


class PartRow(NamedTuple):
    """What one worker decided of a step that several decide together.

    The worker puts it down before it has committed its own rows, and it counts from the moment
    the step is decided: if the worker dies in between, whoever owns the projection next folds in
    what is written here.
    """

    worker: str
    number: int
    decided: bool
    done: bool
    covered: dict[str, int]
    """Partition to the last offset it decided on."""
    handed: list[tuple[int, int]]
    """Partition and offset of events in between that somebody else decided on."""
    envelopes: bytes


def note_acted(shelves: Shelves, recorded: Recorded) -> None:
    """Remember that this action says something of people or cases: what rests on it cites its place."""
    partition, offset = recorded.position
    shelves.acted.put(ActedRow(str(partition), offset))


def load_rested(db: Connection) -> dict[str, int]:
    """Of each partition of facts how far what stands here rests on it: looks and releases say nothing of anybody."""
    records = {str(p): offset for p, offset in load_checkpoint(db).items() if p.topic == RECORDS}
    said = {row.partition: row.offset for row in db.execute(select(acted))}
    return dict(sorted((records | said).items()))


def load_checkpoint(db: Connection) -> dict[Partition, int]:
    """The offsets this projection has covered."""
    rows = db.execute(select(checkpoints.c.topic, checkpoints.c.partition, checkpoints.c.offset))
    return {Partition(topic, number): offset for topic, number, offset in rows}


def save_checkpoint(db: Connection, checkpoint: Mapping[Partition, int]) -> None:
    """Move the checkpoint; the caller commits."""
    if checkpoint:
        upsert(db, checkpoints, [(p.topic, p.number, offset) for p, offset in checkpoint.items()])


def load_progress(db: Connection, name: str, default: int) -> int:
    """One remembered number."""
    found = db.execute(select(progress.c.value).where(progress.c.name == name)).scalar()
    return default if found is None else int(found)


def save_progress(db: Connection, name: str, value: int) -> None:
    """Remember one number; the caller commits."""
    upsert(db, progress, [(name, value)])


def of_this_version(db: Connection, where: str) -> None:
    """Refuse tables that another version of the hub made: their shape is not the one that is read here."""
    found = load_progress(db, "version", NO_VERSION)
    if found == NO_VERSION and load_progress(db, "step", 0) == 0:
        save_progress(db, "version", VERSION)
    elif found != VERSION:
        made = "an older version" if found < VERSION else "a newer version"
        raise SettingsError(
            f"{where} was made by {made} of the hub: remove it, and `hub run` fills it again from the log"
        )


def advance(db: Connection, number: int) -> None:
    """Go from the step before to this one; BusyError if someone else has moved the projection on.

    Whoever lost the projection while it was stopped, and wakes up in the
    middle of a step, is turned away here, inside the step's own transaction.
    """
    if load_progress(db, "step", -1) < 0:
        save_progress(db, "step", number)
        return
    moved = update(progress).where(progress.c.name == "step", progress.c.value == number - 1)
    if db.execute(moved.values(value=number)).rowcount != 1:
        raise BusyError("another process has moved the projection on")


def pack_envelopes(envelopes: list[Envelope]) -> bytes:
    """Decisions as they wait in the outbox."""
    plain = [(type(item.event).__name__, *item) for item in envelopes]
    return msgspec.msgpack.encode(plain)


def unpack_envelopes(packed: bytes) -> list[Envelope]:
    """Decisions as they were put into the outbox."""
    return [
        Envelope(msgspec.convert(fields, EVENTS[name]), *attributes)
        for name, fields, *attributes in msgspec.msgpack.decode(packed)
    ]


def put_outbox(db: Connection, number: int, envelopes: list[Envelope], others: Collection[str] = ()) -> None:
    """Replace what waits: the step before is in the log by now. `others` are workers whose parts count from here on."""
    db.execute(delete(outbox))
    db.execute(insert(outbox).values(number=number, envelopes=pack_envelopes(envelopes)))
    theirs = parts.c.worker.in_(others) & (parts.c.number == number)
    db.execute(delete(parts).where(~theirs))
    if db.execute(update(parts).where(theirs).values(decided=True)).rowcount != len(others):
        raise BusyError("a worker has not put down its part")


def put_part(db: Connection, part: PartRow) -> None:
    """Put down what a worker is ready to commit, in the place of what it put down before."""
    upsert(db, parts, [part])


def get_outbox(db: Connection) -> list[Envelope]:
    """The last step's decisions, its completion last, whether or not the log has them already."""
    packed = (
        db.execute(select(parts.c.envelopes).where(parts.c.decided).order_by(parts.c.worker)).scalars().all()
    )
    own = db.execute(select(outbox.c.envelopes)).scalars().all()
    return [envelope for waiting in (*packed, *own) for envelope in unpack_envelopes(waiting)]


def get_parts(db: Connection) -> list[PartRow]:
    """The last step's parts that nobody has committed."""
    rows = db.execute(select(parts).where(parts.c.decided, ~parts.c.done).order_by(parts.c.worker))
    return [
        PartRow(*row)._replace(handed=[(number, offset) for number, offset in row.handed]) for row in rows
    ]


def finish_part(db: Connection, worker: str, number: int) -> None:
    """Count a part as done, in the transaction that holds its rows; BusyError if somebody else did it."""
    mine = update(parts).where(
        parts.c.worker == worker, parts.c.number == number, parts.c.decided, ~parts.c.done
    )
    if db.execute(mine.values(done=True)).rowcount != 1:
        raise BusyError("another process has done this part of the step")
