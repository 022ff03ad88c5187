"""One discrepancy through time: detected, cleared, back again; and what tells one evidence from another."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, NamedTuple

from hub.domain.days import Day
from hub.domain.events import DiscrepancyCleared, DiscrepancyDetected

CONFIRMED_MAX = 20
RETURNS_REMEMBERED = 10


class Discrepancy(NamedTuple):
    """One disagreement, standing or cleared, however often it came back; `case_id` is its newest case."""

    discrepancy_id: str
    person: str
    kind: str
    subject: str
    owner: str
    jurisdiction: str
    status: str
    times: int
    detected_on: Day
    cleared_on: Day | None
    evidence: str
    records: list[str]
    departments: list[str]
    digest: str
    """Of the evidence it stands by."""
    confirmed: list[str]
    """Evidence that people found to be right."""
    returns: list[Day]
    """The days on which it was detected last."""
    flapping: bool
    case_id: str

    @property
    def owners(self) -> dict[str, str]:
        """The departments that own the records it is about; of old, its owner answers for all."""
        departments = self.departments or [self.owner] * len(self.records)
        return dict(zip(self.records, departments, strict=True))


def detected(before: Discrepancy | None, event: DiscrepancyDetected) -> Discrepancy:
    """The discrepancy as it stands now."""
    again = before is not None and before.status == "standing"
    returns = list(before.returns) if before else []
    return Discrepancy(
        event.discrepancy_id, event.person, event.kind, event.subject, event.owner, event.jurisdiction,
        "standing", (before.times if before else 0) + (not again),
        before.detected_on if before and again else event.detected_on, None, event.evidence,
        event.records, event.departments, event.digest, before.confirmed if before else [],
        returns if again else [*returns, event.detected_on][-RETURNS_REMEMBERED:],
        event.flapping, before.case_id if before else "",
    )  # fmt: skip


def cleared(before: Discrepancy, event: DiscrepancyCleared) -> Discrepancy:
    """The discrepancy once it is gone."""
    return before._replace(status="cleared", cleared_on=event.cleared_on)


def confirmed(before: Discrepancy, *, right: bool) -> Discrepancy:
    """People settled its case: what it stands by is right as it is; or they took that back."""
    others = [digest for digest in before.confirmed if digest != before.digest]
    # Without a digest nobody could tell other evidence from the same.
    kept = [*others, before.digest][-CONFIRMED_MAX:] if right and before.digest else others
    return before._replace(confirmed=kept)


def evidence_digest(evidence: str, stated: Iterable[tuple[str, str, Any]]) -> str:
    """Tells one evidence from another: what is said of it, and what (record, field) say."""
    digest = blake2b(evidence.encode(), digest_size=8, person=b"evidence")
    for record, field, value in sorted(stated, key=lambda one: one[:2]):
        digest.update(f"\x1f{record}\x1f{field}\x1f{value}".encode())
    return digest.hexdigest()
