"""Every event the log may hold, in the past tense and immutable.

An event knows what happened; the envelope (`hub.log`) knows when, by whom and
because of what. `TOPIC` names the family an event is kept with, `SUBJECT` the
field it is about, which becomes the key that orders it. A barrier concerns
every key: it is written to each partition and read once, when all of them
have reached it. What concludes (a receipt, a barrier) says that something was
appended before it, so a log keeps it only after that.
"""

from collections.abc import Mapping

from hub.domain.events.actions import (
    ASKED,
    CaseActionRequested,
    DisclosureMade,
    FiguresReleased,
    LetterSent,
    ModelAdopted,
    PairJudged,
)
from hub.domain.events.base import (
    ACTIONS,
    DECISIONS,
    RECORDS,
    TOPICS,
    Event,
)
from hub.domain.events.decisions import (
    DECIDED,
    ID_COLLISION,
    BirthReconciled,
    CaseActionRefused,
    CaseCommented,
    CaseEscalated,
    CaseHandedOver,
    CaseMoved,
    CaseRaised,
    DiscrepancyCleared,
    DiscrepancyDetected,
    EventSetAside,
    PairHeld,
    ProfileLinked,
    RecordAnswered,
    RecordQuestioned,
    RecordSetAside,
    ResidenceReconciled,
    StepCompleted,
)
from hub.domain.events.facts import (
    FACTS,
    AgreementEnded,
    AgreementSigned,
    BatchReceived,
    ContractAccepted,
    DayClosed,
    RecordPublished,
    RecordQuarantined,
    RecordWithdrawn,
    RetryCompleted,
    RowDiscarded,
    RowRepaired,
    RowReplaced,
    RowRetried,
)
from hub.domain.events.feeds import (
    WATCHED,
    BatchMeasured,
    FeedDiscrepancyCleared,
    FeedDiscrepancyDetected,
    VanishedDecided,
    VanishedProposed,
    VanishedReturned,
)

RecordChange = RecordPublished | RecordWithdrawn | RecordSetAside
"""What changes the state of one record."""
EVENTS: Mapping[str, type[Event]] = {cls.__name__: cls for cls in FACTS + WATCHED + DECIDED + ASKED}

__all__ = [
    "ACTIONS",
    "ASKED",
    "DECIDED",
    "DECISIONS",
    "EVENTS",
    "FACTS",
    "ID_COLLISION",
    "RECORDS",
    "TOPICS",
    "WATCHED",
    "AgreementEnded",
    "AgreementSigned",
    "BatchMeasured",
    "BatchReceived",
    "BirthReconciled",
    "CaseActionRefused",
    "CaseActionRequested",
    "CaseCommented",
    "CaseEscalated",
    "CaseHandedOver",
    "CaseMoved",
    "CaseRaised",
    "ContractAccepted",
    "DayClosed",
    "DisclosureMade",
    "DiscrepancyCleared",
    "DiscrepancyDetected",
    "Event",
    "EventSetAside",
    "FeedDiscrepancyCleared",
    "FeedDiscrepancyDetected",
    "FiguresReleased",
    "LetterSent",
    "ModelAdopted",
    "PairHeld",
    "PairJudged",
    "ProfileLinked",
    "RecordAnswered",
    "RecordChange",
    "RecordPublished",
    "RecordQuarantined",
    "RecordQuestioned",
    "RecordSetAside",
    "RecordWithdrawn",
    "ResidenceReconciled",
    "RetryCompleted",
    "RowDiscarded",
    "RowRepaired",
    "RowReplaced",
    "RowRetried",
    "StepCompleted",
    "VanishedDecided",
    "VanishedProposed",
    "VanishedReturned",
]
