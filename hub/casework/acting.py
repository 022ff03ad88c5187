"""What a reader asks of cases: one, or many by a filter, each with its own event and version."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hub.casework.reading import Chosen, Reading
from hub.domain import cases
from hub.domain.cases import ACTIONS, OUTCOMES, REASONS, TEXT_MAX, Case
from hub.domain.disclosures import FOLLOWING_UP
from hub.domain.events import DECISIONS, CaseActionRefused, CaseActionRequested
from hub.domain.free_text import why_refused
from hub.errors import SettingsError
from hub.log import Checkpoint, Envelope, EventLog, derive_id
from hub.log.subscription import Subscription
from hub.processing import Rules

BULK_MAX = 10_000
DETAILS_MAX = 10
WORDS = frozenset(("note", "question", "field"))
DEPARTMENTS = frozenset(("department", "owner"))
"""Details that name who goes on with a case, or answers for a record."""
SEEN_MAX = 2**31 - 1
POLL_SECONDS = 0.2
PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be done with a case: the action, and what it asks for."""

    action: str
    outcome: str | None = None
    note: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise SettingsError(f"没有此操作 unknown action {self.action}; known: {', '.join(ACTIONS)}")
        if self.outcome is not None and self.outcome not in OUTCOMES:
            raise SettingsError(
                f"没有此办结结果 unknown outcome {self.outcome}; known: {', '.join(OUTCOMES)}"
            )
        if self.note is not None and len(self.note) > TEXT_MAX:
            raise SettingsError(f"备注过长 the note is longer than {TEXT_MAX} characters")
        if len(self.details) > DETAILS_MAX or any(len(said) > TEXT_MAX for said in self.details.values()):
            raise SettingsError(
                f"明细过多或过长 at most {DETAILS_MAX} details, each of at most {TEXT_MAX} characters"
            )
        for name, text in {"note": self.note or "", **self.details}.items():
            if name in WORDS and (reason := why_refused(text)):
                raise SettingsError(f"内容不得保存 the {name} {reason}")
            if name in DEPARTMENTS and text not in FOLLOWING_UP:
                known = ", ".join(sorted(FOLLOWING_UP))
                raise SettingsError(
                    f"没有此部门 unknown {name} {text}: no department follows up cases but {known}"
                )


class Asked(NamedTuple):
    """A request that is in the log by now; `expected` is the reason for which it will be refused, if any."""

    asked: str
    case: str
    expected: str | None

    def shown(self) -> dict[str, Any]:
        """With the reason in words."""
        zh, en = REASONS[self.expected] if self.expected else (None, None)
        return {"asked": self.asked, "case": self.case, "refused": self.expected, "zh": zh, "en": en}


class Acting:
    """What one reader may ask of cases."""

    def __init__(self, reading: Reading, log: EventLog, rules: Rules) -> None:
        self._reading, self._log, self._rules = reading, log, rules
        reader = reading.reader
        self._actor, self._place = f"{reader.department}/{reader.role}", reader.jurisdiction

    def ask(self, case_id: str, seen: int, wanted: Wanted) -> Asked:
        """Ask for one thing of one case, having seen it at this version."""
        if not 0 <= seen <= SEEN_MAX:
            raise SettingsError(
                "须写明所见案件版本（0起） seen: the version of the case that was looked at, from 0 on"
            )
        case = self._reading.case(case_id)
        event = self._event(case, seen, wanted)
        envelope = self._envelope(event)
        expected = self._expected(case, event)
        self._log.append([envelope])
        return Asked(envelope.id, case_id, expected)

    def bulk(self, chosen: Chosen, wanted: Wanted, *, dry_run: bool, limit: int = BULK_MAX) -> dict[str, Any]:
        """Ask for one thing of all chosen cases, each at the version it has now.

        Says what is expected of each; a dry run only says. The cases of people are put on record as looked at.
        """
        found = self._reading.choose(chosen, min(limit, BULK_MAX))
        self._reading.queries.on_record("bulk", [case.person for case in found])
        events = [self._event(case, case.version, wanted) for case in found]
        expected = [self._expected(case, event) for case, event in zip(found, events, strict=True)]
        envelopes = [self._envelope(event) for event in events]
        since = self._log.head()
        if not dry_run and envelopes:
            self._log.append(envelopes)
        return {
            "dry_run": dry_run, "cases": len(found),
            "expected": summary(expected),
            "asked": [] if dry_run else [envelope.id for envelope in envelopes],
            "since": since,
        }  # fmt: skip

    def fates(self, asked: Sequence[str], since: Checkpoint, seconds: float) -> dict[str, Any]:
        """What became of requests asked behind a place in the log, once it is decided or the time is up."""
        waiting, reasons = dict.fromkeys(asked), list[str | None]()
        after = {p: offset for p, offset in since.items() if p.topic == DECISIONS}
        subscription = Subscription(self._log, (DECISIONS,), after)
        deadline = time.monotonic() + seconds
        while waiting:
            events = subscription.take(PAGE).events
            for recorded in events:
                if recorded.envelope.causation_id in waiting:
                    del waiting[recorded.envelope.causation_id]
                    event = recorded.envelope.event
                    reasons.append(event.reason if isinstance(event, CaseActionRefused) else None)
            if not events:
                if time.monotonic() >= deadline:
                    break
                time.sleep(POLL_SECONDS)
        return summary(reasons) | {"undecided": len(waiting)}

    def _event(self, case: Case, seen: int, wanted: Wanted) -> CaseActionRequested:
        details = dict(wanted.details)
        if wanted.action == "ask" and "record" in details:
            about = self._reading.discrepancy(case)
            details["record"], version = self._reading.record_id(about, details["record"])
            details.setdefault("record_version", str(version))
        return CaseActionRequested(
            case.case_id, wanted.action, seen, self._actor, wanted.outcome, wanted.note, self._place, details
        )

    def _envelope(self, event: CaseActionRequested) -> Envelope:
        details = [text for pair in sorted(event.details.items()) for text in pair]
        said = (event.case_id, event.action, event.seen_version, event.actor, event.place, event.outcome,
                event.note, *details)  # fmt: skip
        # The same comment or answer may be given again later; a move cannot, since its version passed.
        place = sum(self._log.head().values()) if event.action in ("comment", "answer") else 0
        asked = derive_id("case-action", *said, place)
        return Envelope(event, asked, event.case_id, "/hub/cases", event.case_id, actor=event.actor)

    def _expected(self, case: Case, event: CaseActionRequested) -> str | None:
        about, rules = self._reading.discrepancy(case), self._rules
        feeds = self._reading.feeds_of(about)
        fields = {
            record: frozenset(field.name for field in rules.feeds[feed].fields)
            for record, feed in feeds.items() if feed in rules.feeds
        }  # fmt: skip
        ground = cases.Ground(about.owners, self._reading.today, rules.calendar, rules.divisions, fields)
        first = cases.decide(case, event, ground)[0]
        return first.reason if isinstance(first, CaseActionRefused) else None


def summary(reasons: Sequence[str | None]) -> dict[str, Any]:
    """How many were followed, and how many refused for which reason."""
    refused = Counter(reason for reason in reasons if reason is not None)
    return {
        "followed": reasons.count(None),
        "refused": sum(refused.values()),
        "reasons": {
            reason: {"count": count, "zh": REASONS[reason][0], "en": REASONS[reason][1]}
            for reason, count in sorted(refused.items())
        },
    }
