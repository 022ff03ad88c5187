"""Deciding on vanished records: a person confirms a proposal or says that the records stand.

The decision is an event, and each withdrawal another, caused by the proposal. Who is stopped between
them loses nothing: the next ingestion, or the same command again, withdraws the rest.
"""

from hub.connect.memory import APPEND_EVENTS, Memory
from hub.domain.events import RecordWithdrawn, VanishedDecided
from hub.domain.vanished import CONFIRMED, REJECTED
from hub.errors import NotFoundError, RefusedError
from hub.log import Envelope, derive_id
from hub.projections import vanished
from hub.projections.intake import WITHDRAWN
from hub.projections.vanished import OPEN, RETURNED, UNREAD, ProposalRow, Standing


class Vanished:
    """What one person does about the records that a feed lists no more."""

    def __init__(self, memory: Memory, actor: str) -> None:
        self._memory, self._actor = memory, actor

    def confirm(self, feed: str, proposal: str, reason: str, *, although_refused: bool = False) -> int:
        """Withdraw the records of a proposal; how many those were."""
        found = self._found(feed, proposal)
        if found.state == UNREAD:
            raise RefusedError(
                f"{feed}: {found.unread} rows of {found.proposal.drop} could not be read and may be some of these "
                "records: settle them with `hub quarantine` first"
            )
        if found.state != OPEN and not although_refused:
            raise RefusedError(
                f"{feed}: refused ({found.proposal.refused}): {found.left} of {found.proposal.held} records; "
                "ask the department, then confirm with --although-refused"
            )
        self._decide(found.proposal, CONFIRMED, reason)
        return withdraw(self._memory, feed)

    def reject(self, feed: str, proposal: str, reason: str) -> int:
        """The records stand, listed or not, until they are listed and vanish once more; how many those are."""
        found = self._found(feed, proposal)
        self._decide(found.proposal, REJECTED, reason)
        self._memory.flush()
        return found.left

    def _found(self, feed: str, proposal: str) -> Standing:
        found = next(iter(vanished.standing(self._memory.db, feed)), None)
        if found is None:
            raise NotFoundError(f"{feed} has no proposal about vanished records")
        if not proposal or not found.proposal.proposal_id.startswith(proposal):
            raise RefusedError(f"{feed}: a later snapshot made another proposal; look at it first")
        if found.proposal.decision or found.state == RETURNED:
            raise RefusedError(f"{feed}: nothing is left to decide, the proposal is {found.state}")
        return found

    def _decide(self, row: ProposalRow, decision: str, reason: str) -> None:
        event = VanishedDecided(row.feed, row.proposal_id, decision, reason, self._actor)
        self._memory.add(Envelope(
            event=event, id=derive_id("vanished-decided", row.proposal_id), key=row.feed,
            source=f"/feeds/{row.feed}", subject=row.feed, actor=self._actor,
            correlation_id=row.attempt, causation_id=row.proposal_id,
        ))  # fmt: skip
        self._memory.flush()


def finish(memory: Memory) -> None:
    """Withdraw what was confirmed and is not withdrawn yet: somebody was stopped in the middle."""
    for each in vanished.standing(memory.db):
        if each.state == CONFIRMED and each.left:
            withdraw(memory, each.proposal.feed)


def withdraw(memory: Memory, feed: str) -> int:
    """Withdraw the records of a confirmed proposal, a page at a time; how many those were."""
    row = memory.vanished.proposals.get(feed)
    assert row is not None and row.decision == CONFIRMED, "somebody confirmed the proposal"
    count = 0
    while page := vanished.undecided(memory.db, feed, APPEND_EVENTS):
        for record_id, version, published_on, partition in page:
            event = RecordWithdrawn(record_id, feed, version + 1, max(row.published_on, published_on))
            memory.add(Envelope(
                event=event, id=derive_id(record_id, version + 1, WITHDRAWN.hex()), key=record_id,
                source=f"/feeds/{feed}", subject=record_id, occurred_on=event.published_on, actor=row.actor,
                correlation_id=row.attempt, causation_id=row.proposal_id, partition=partition,
            ), WITHDRAWN)  # fmt: skip
        memory.flush()
        count += len(page)
    return count
