"""Which contract a feed is read under: one that was accepted, never one that somebody merely edited.

The first contract of a feed is accepted by reading it, and so is a change that
breaks nobody. A change that breaks a consumer waits: nothing of the feed is
read until its version took a major step and somebody accepted it with a
reason. Each acceptance is an event that holds all of the contract's terms.
"""

from collections.abc import Iterable
from typing import NamedTuple

from hub.connect.contracts import Feed
from hub.connect.terms import digest_of, terms_of, unreadable_under, written
from hub.domain.agreements import Agreement
from hub.domain.amendments import BACK, Amendment, amendments, is_right, needed, stepped
from hub.domain.events import ContractAccepted
from hub.log import Envelope, derive_id
from hub.projections.contracts import AcceptedRow


class Change(NamedTuple):
    """What a contract would change against the one in force."""

    before: str
    after: str
    amendments: tuple[Amendment, ...]

    @property
    def needed(self) -> str:
        """The step of the version that it asks for."""
        return needed(self.amendments)

    @property
    def stepped(self) -> str:
        """The step that its version takes."""
        return stepped(self.before, self.after)

    @property
    def breaks(self) -> bool:
        """Whether it breaks any consumer."""
        return any(each.breaks for each in self.amendments)

    @property
    def is_right(self) -> bool:
        """Whether the version takes a step that is large enough."""
        return is_right(self.amendments, self.stepped)

    @property
    def waits(self) -> bool:
        """Whether ingestion has to wait until somebody accepts it."""
        return self.breaks or self.stepped == BACK


def change_of(feed: Feed, accepted: Iterable[AcceptedRow], agreements: Iterable[Agreement]) -> Change | None:
    """What a feed's contract would change against the one in force; None if none was accepted yet."""
    earlier = list(accepted)
    if not earlier:
        return None
    last = earlier[-1]
    if last.digest == digest_of(terms_of(feed)):
        return Change(last.version, feed.version, ())
    cannot = unreadable_under(feed, (row.terms for row in earlier))
    signed = (agreement for agreement in agreements if not agreement.ended)
    return Change(last.version, feed.version, tuple(amendments(last.terms, terms_of(feed), signed, cannot)))


def acceptance(feed: Feed, number: int, reason: str, actor: str) -> Envelope:
    """The event that accepts a feed's contract as the one of this number."""
    terms = terms_of(feed)
    digest = digest_of(terms)
    event = ContractAccepted(feed.name, feed.version, digest, written(terms), reason, actor)
    event_id = derive_id("contract-accepted", feed.name, number, digest)
    return Envelope(
        event, event_id, feed.name, f"/feeds/{feed.name}", feed.name, actor=actor, agreement=feed.version
    )
