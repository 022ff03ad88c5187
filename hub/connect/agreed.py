"""Agreements as they are put on record: signed, and ended. Each of both is an event, written as ingestion writes."""

from collections.abc import Mapping

from hub.connect.contracts import Feed
from hub.connect.ingest import Ingest
from hub.domain.agreements import Agreement, objections
from hub.domain.events import AgreementEnded, AgreementSigned, Event
from hub.errors import NotFoundError, SettingsError
from hub.log import Envelope, derive_id


def sign(work: Ingest, feeds: Mapping[str, Feed], said: Agreement, actor: str) -> Agreement:
    """Put an agreement on record as the next version of its name, whatever version it says.

    SettingsError says what speaks against it.
    """
    before = work.memory.agreements.get(said.agreement_id)
    made = said._replace(version=before.version + 1 if before else 1)
    fields = [field.name for field in feeds[made.feed].fields]
    if why := list(objections(made, fields, before)):
        raise SettingsError(f"agreement {made.agreement_id}: {'; '.join(why)}")
    event = AgreementSigned(
        made.feed, made.agreement_id, made.version, made.provider, made.receiver, made.purpose,
        made.legal_basis, made.share_class, list(made.fields), list(made.jurisdictions),
        made.valid_from, made.valid_until, actor,
    )  # fmt: skip
    _record(work, event, made, actor)
    return made


def end(work: Ingest, agreement_id: str, reason: str, actor: str) -> Agreement:
    """End an agreement now; NotFoundError if there is none of this name."""
    before = work.memory.agreements.get(agreement_id)
    if before is None:
        raise NotFoundError(f"there is no agreement {agreement_id}")
    event = AgreementEnded(before.feed, agreement_id, before.version, reason, actor)
    _record(work, event, before, actor)
    return work.memory.agreements.get(agreement_id) or before


def _record(work: Ingest, event: Event, agreement: Agreement, actor: str) -> None:
    feed = agreement.feed
    event_id = derive_id(type(event).__name__, agreement.agreement_id, agreement.version)
    work.memory.add(Envelope(
        event, event_id, feed, f"/feeds/{feed}", agreement.agreement_id, actor=actor, agreement=agreement.cited,
    ))  # fmt: skip
    work.flush()
