"""The agreements as they stand, folded from the log."""

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, String, Table, Text, inspect, select

from hub.domain.agreements import Agreement
from hub.domain.events import AgreementEnded, AgreementSigned, Event
from hub.projections.statements import Packed
from hub.projections.store import Shelf

metadata = MetaData()
agreements = Table(
    "agreements", metadata,
    Column("agreement_id", String(128), primary_key=True), Column("version", Integer, nullable=False),
    *(Column(name, Text, nullable=False) for name in
      ("feed", "provider", "receiver", "purpose", "legal_basis", "share_class")),
    Column("fields", Packed, nullable=False), Column("jurisdictions", Packed, nullable=False),
    Column("valid_from", Integer, nullable=False), Column("valid_until", Integer, nullable=False),
    Column("ended", Boolean, nullable=False),
)  # fmt: skip


class Agreements:
    """The agreements that ingestion and delivery follow; there are few, so all are at hand."""

    def __init__(self, db: Connection) -> None:
        self._shelf = Shelf(db, agreements, Agreement._make)
        self._all = {row.agreement_id: row for row in load(db)}

    def get(self, agreement_id: str) -> Agreement | None:
        """One agreement in its last version."""
        return self._all.get(agreement_id)

    def of_feed(self, feed: str) -> list[Agreement]:
        """The agreements about a feed, in order of their names."""
        return [self._all[name] for name in sorted(self._all) if self._all[name].feed == feed]

    def apply(self, event: Event) -> None:
        """Fold in one event."""
        match event:
            case AgreementSigned():
                self._put(Agreement(
                    event.agreement_id, event.version, event.feed, event.provider, event.receiver, event.purpose,
                    event.legal_basis, event.share_class, tuple(event.fields), tuple(event.jurisdictions),
                    event.valid_from, event.valid_until,
                ))  # fmt: skip
            case AgreementEnded() if before := self._all.get(event.agreement_id):
                self._put(before._replace(ended=True))

    def _put(self, row: Agreement) -> None:
        self._all[row.agreement_id] = row
        self._shelf.put(row)

    def flush(self) -> None:
        """Write every change; the caller commits."""
        self._shelf.flush()


def load(db: Connection) -> list[Agreement]:
    """All agreements; none where nobody ever folded any."""
    if not inspect(db).has_table(agreements.name):
        return []
    rows = db.execute(select(agreements).order_by(agreements.c.agreement_id)).all()
    return [Agreement._make((*row[:8], tuple(row[8]), tuple(row[9]), *row[10:])) for row in rows]
