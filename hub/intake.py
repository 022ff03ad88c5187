"""What stands in the intake database: deliveries, rows in quarantine, receipts, agreements, contracts.

Ingestion alone writes there; these are the reads of everybody else, and none disturbs it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from hub.connect.contracts import Feed
from hub.domain.agreements import Agreement
from hub.domain.calendar import Calendar
from hub.domain.days import Day, iso, to_date
from hub.domain.watching import Delivery
from hub.errors import SettingsError
from hub.projections import contracts, intake, quarantine, receipts, vanished, watched
from hub.projections.agreements import load as load_agreements
from hub.projections.contracts import AcceptedRow
from hub.projections.databases import open_sqlite
from hub.projections.quarantine import Chosen, QuarantinedRow
from hub.projections.receipts import ReceiptRow, SetAside

RECEIPTS_MAX = 50_000
DEADLINES_REACH_DAYS = 30
"""How far ahead deadlines in working days are set, more or less."""


class FeedSeen(NamedTuple):
    """What is remembered of one feed."""

    today: Day
    deliveries: Sequence[Delivery]
    discrepancies: Sequence[watched.FeedDiscrepancyRow]
    waiting: Sequence[Day]
    """The days of the rows that wait in quarantine."""


class Intake:
    """The intake database as others read it; `path` is its file, made where there is none."""

    def __init__(
        self, path: Path, feeds: Mapping[str, Feed], calendar: Calendar, quarantine_days_max: int
    ) -> None:
        self._path, self._feeds, self._calendar = path, feeds, calendar
        self._quarantine_days_max = quarantine_days_max

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        engine = open_sqlite(self._path)
        with engine.connect() as db:
            intake.metadata.create_all(db)
            yield db
        engine.dispose()

    def balance(self) -> dict[str, dict[str, int]]:
        """What became of every row of every feed."""
        with self._opened() as db:
            return intake.balance(db)

    def finished(self, feed: str) -> set[str]:
        """The drops of a feed that were read to their end."""
        with self._opened() as db:
            return intake.finished(db, feed)

    def waiting(self, chosen: Chosen) -> list[QuarantinedRow]:
        """Rows that wait in quarantine."""
        with self._opened() as db:
            return list(quarantine.waiting(db, chosen)) if quarantine.exists(db) else []

    def quarantined(self, item_id: str) -> QuarantinedRow | None:
        """One row by its id or the beginning of it, settled or not."""
        with self._opened() as db:
            return quarantine.item_of(db, item_id) if quarantine.exists(db) else None

    def quarantine_balance(self) -> dict[str, dict[str, Any]]:
        """Per feed what waits, what was settled, and whether the oldest has waited too long."""
        with self._opened() as db:
            found = quarantine.balance(db) if quarantine.exists(db) else {}
            today = intake.last_closed(db)
        return {feed: _aged(counts, today, self._quarantine_days_max) for feed, counts in found.items()}

    def vanished(self) -> list[vanished.Standing]:
        """Proposals about records that full snapshots list no more."""
        with self._opened() as db:
            return vanished.standing(db) if vanished.exists(db) else []

    def vanished_records(self, feed: str, limit: int) -> list[tuple[str, int, Day]]:
        """Pseudonym, version and day of the records that a feed's proposal is about."""
        with self._opened() as db:
            return [(row[0], row[1], row[2]) for row in vanished.undecided(db, feed, limit)]

    def watched(self, feed: str) -> FeedSeen:
        """What a feed delivered and what is odd about it."""
        with self._opened() as db:
            if not watched.exists(db):
                return FeedSeen(intake.last_closed(db), (), (), ())
            waiting = [item.published_on for item in quarantine.waiting(db, Chosen(feed=feed))]
            return FeedSeen(
                intake.last_closed(db), watched.delivered(db, feed), watched.every(db, feed), waiting
            )  # fmt: skip

    def feed_discrepancies(self) -> dict[str, dict[str, int]]:
        """Per feed how many discrepancies of its own stand, by kind."""
        with self._opened() as db:
            rows = watched.every(db) if watched.exists(db) else []
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            if row.status == watched.STANDING:
                kinds = found.setdefault(row.feed, {})
                kinds[row.kind] = kinds.get(row.kind, 0) + 1
        return found

    def agreements(self) -> list[Agreement]:
        """Every agreement as it stands."""
        with self._opened() as db:
            return load_agreements(db)

    def agreements_of(self, feed: str) -> list[Agreement]:
        """The agreements about a feed."""
        return [agreement for agreement in self.agreements() if agreement.feed == feed]

    def contracts_of(self, feed: str) -> list[AcceptedRow]:
        """The contracts of a feed that were accepted, the one in force last."""
        with self._opened() as db:
            return [row for row in contracts.load(db) if row.feed == feed]

    def rhythm(self) -> dict[str, dict[str, Any]]:
        """Per feed with a rhythm: its last delivery, when the next is due, and whether it is late."""
        with self._opened() as db:
            last, today = intake.last_deliveries(db), intake.last_closed(db)
        found = {}
        for name, day in last.items():
            feed = self._feeds.get(name)
            # Nothing is decided on by this, so all that is announced by now counts.
            due = feed.due_after(day, self._calendar, max(day, today)) if feed else None
            if due is not None:
                found[name] = {"last": iso(day), "due": iso(due), "late": today > due}
        return found

    def first_delivery(self) -> Day | None:
        """The day of the first delivery that was taken in; None before any."""
        with self._opened() as db:
            rows = receipts.between(db, "", None, None, 1) if receipts.exists(db) else []
        return rows[0].published_on if rows else None

    def holidays_missing(self) -> int | None:
        """The year that deadlines reach into by now while nobody has announced its holidays to the hub."""
        with self._opened() as db:
            reached = intake.last_closed(db) + DEADLINES_REACH_DAYS
        known = reached < DEADLINES_REACH_DAYS or self._calendar.covers(reached)
        return None if known else to_date(reached).year

    def receipts(self, feed: str, first: Day | None, last: Day | None) -> list[ReceiptRow]:
        """The receipts of some days, of all feeds or of one."""
        with self._opened() as db:
            if not receipts.exists(db):
                return []
            found = receipts.between(db, feed, first, last, RECEIPTS_MAX + 1)
        if len(found) > RECEIPTS_MAX:
            raise SettingsError(f"more than {RECEIPTS_MAX:,} receipts: narrow the days with --from and --to")
        return found

    def receipt(self, batch_id: str) -> tuple[ReceiptRow, list[SetAside]] | None:
        """One receipt by its id or the beginning of it, and its rows; None if that names none or several."""
        with self._opened() as db:
            row = receipts.named(db, batch_id) if receipts.exists(db) else None
            return (row, list(receipts.rows_of(db, row))) if row else None


def _aged(counts: dict[str, Any], today: Day, days_max: int) -> dict[str, Any]:
    """A feed's balance with the age of its oldest waiting row, in days that the hub has closed."""
    oldest = counts["oldest"]
    days = max(0, today - oldest) if oldest >= 0 and today >= 0 else 0
    return counts | {
        "oldest": iso(oldest) if oldest >= 0 else None,
        "oldest_days": days,
        "overdue": days > days_max,
    }
