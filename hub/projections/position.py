"""How far a projection has come: checkpoint, step number, last closed day, outbox.

These rows change in the same transaction as everything a step decides, so a
crash leaves either all of a step or nothing of it.
"""

from collections.abc import Mapping

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    select,
)  # fmt: skip

from hub.domain.events import EVENTS
from hub.log import Envelope, Partition
from hub.projections import metadata
from hub.projections.statements import upsert

WAL_PAGES = 20_000

checkpoints = Table(
    "checkpoints", metadata,
    Column("topic", String(32), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", Integer, nullable=False),
)  # fmt: skip
progress = Table(
    "progress", metadata,
    Column("name", String(32), primary_key=True), Column("value", Integer, nullable=False),
)  # fmt: skip
outbox = Table(
    "outbox", metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("envelopes", LargeBinary, nullable=False),
)  # fmt: skip


def open_engine(url: str, *, read_only: bool = False) -> Engine:
    """An engine for a projection; SQLite gets WAL and a bounded wait."""
    if not url.startswith("sqlite"):
        return create_engine(url)
    path = url.removeprefix("sqlite:///")
    suffix = "?mode=ro&uri=true" if read_only else "?uri=true"
    engine = create_engine(f"sqlite:///file:{path}{suffix}", connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # a DBAPI connection
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
            # A step writes several thousand pages: copied back every few steps, not within each.
            cursor.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        # What a power cut takes from a projection or from what ingestion remembers, the log gives back.
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA cache_size=-131072")
        cursor.close()

    return engine


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


def put_outbox(db: Connection, number: int, envelopes: list[Envelope]) -> None:
    """Replace what waits: the step before is in the log by now."""
    db.execute(delete(outbox))
    db.execute(insert(outbox).values(number=number, envelopes=pack_envelopes(envelopes)))


def get_outbox(db: Connection) -> list[Envelope] | None:
    """The last step's decisions, whether or not the log has them already."""
    packed = db.execute(select(outbox.c.envelopes)).scalar()
    return None if packed is None else unpack_envelopes(packed)
