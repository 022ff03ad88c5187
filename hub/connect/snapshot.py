"""A full snapshot under way: which records it lists, and, once it is complete, which are missing.

Staged, compared, then proposed: nothing is withdrawn here. The ids lie in SQL and only as long
as the reading lasts; one that was cut off begins its list again from the first row.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from hub.connect.contracts import Feed
from hub.connect.memory import Memory
from hub.domain.days import Day
from hub.domain.events import Event, VanishedProposed, VanishedReturned
from hub.domain.vanished import Limits
from hub.log import Envelope, derive_id
from hub.projections import vanished
from hub.projections.vanished import SnapshotRow

STAGED_ROWS = 5_000
PROPOSED, REFUSED = "vanished-proposed", "vanished-refused"


class Snapshot:
    """One reading of a feed whose every drop lists all of its records."""

    def __init__(self, memory: Memory, feed: Feed, limits: Limits, drop: str, day: Day, attempt: str) -> None:
        self._memory, self._feed, self._limits = memory, feed, limits
        self._drop, self._day, self._attempt = drop, day, attempt
        self._rows = self._unread = 0
        self._named: list[str] = []
        vanished.stage(memory.db, None)

    def note(self, record_ids: Sequence[str]) -> None:
        """These rows are listed; a row whose record nobody can tell has an empty id."""
        named = [record_id for record_id in record_ids if record_id]
        self._rows += len(record_ids)
        self._unread += len(record_ids) - len(named)
        self._named += named
        if len(self._named) >= STAGED_ROWS:
            self._stage()

    def _stage(self) -> None:
        vanished.stage(self._memory.db, self._named)
        self._named = []

    def compare(self) -> list[dict[str, Any]]:
        """Propose what is missing, now that all rows were noted; what to tell of it, as a complaint."""
        memory, feed = self._memory, self._feed.name
        before = memory.vanished.snapshots.get(feed) or SnapshotRow(feed, "", 0, 0, -1)
        if self._day < before.whole_on:
            # A late file cannot say what is there today.
            return []
        self._stage()
        memory.write()
        found = vanished.gaps(memory.db, feed)
        refused = self._limits.objection(found.held, found.left, self._rows, before.whole_rows)
        figures = VanishedProposed(
            feed, derive_id("vanished", feed, self._attempt), self._drop, self._day, found.held,
            found.left, self._rows, before.whole_rows, self._unread, refused, {},
        )  # fmt: skip
        back = list(vanished.returned(memory.db, feed))
        if found.left and self._is_news(figures, bool(found.gone or back)):
            self._add(figures, figures.proposal_id)
            for part in vanished.gone(memory.db, feed):
                event = _with(figures, part)
                self._add(event, derive_id(event.proposal_id, next(iter(part))))
        for names in back:
            self._add(VanishedReturned(feed, names), derive_id("returned", self._attempt, names[0]))
        return list(self._said(figures)) if found.left else []

    def _is_news(self, figures: VanishedProposed, changed: bool) -> bool:
        standing = self._memory.vanished.proposals.get(figures.feed)
        if standing is None or changed or standing.proposal_id == figures.proposal_id:
            return True
        # Rows that cannot be read may be the missing ones: whoever decides has to know of those of today.
        return bool(figures.unread or standing.unread or figures.refused != standing.refused)

    def _add(self, event: Event, event_id: str) -> None:
        feed = self._feed
        self._memory.add(Envelope(
            event=event, id=event_id, key=feed.name, source=f"/feeds/{feed.name}", subject=feed.name,
            occurred_on=self._day, actor=feed.department, correlation_id=self._attempt,
            agreement=feed.version,
        ))  # fmt: skip

    def _said(self, figures: VanishedProposed) -> Iterator[dict[str, Any]]:
        message = (
            f"持有{figures.held:,}条，本次全量文件{figures.rows:,}行（上次{figures.rows_before:,}），"
            f"{figures.vanished:,}条未出现，{figures.unread:,}行无法识别 "
            f"{figures.vanished:,} of {figures.held:,} records are not in this snapshot of {figures.rows:,} rows "
            f"(the last had {figures.rows_before:,}); {figures.unread:,} rows could not be told apart"
        )
        yield {
            "row": 0, "field": "", "heading": "", "code": REFUSED if figures.refused else PROPOSED,
            "severity": "warn", "message": message,
        }  # fmt: skip


def _with(figures: VanishedProposed, part: dict[str, int]) -> VanishedProposed:
    return VanishedProposed(
        figures.feed, figures.proposal_id, figures.drop, figures.published_on, figures.held, figures.vanished,
        figures.rows, figures.rows_before, figures.unread, figures.refused, part,
    )  # fmt: skip
