"""Births that one list lacks, and certificates that should not be in use."""

from collections.abc import Iterator

from hub.domain.births import is_void, registration_due
from hub.domain.days import iso
from hub.domain.findings import Finding, Scene
from hub.domain.limits import CERTIFICATE_ARRIVAL, deadline


def births(scene: Scene) -> Iterator[Finding]:
    """One list is silent past its limit."""
    birth = scene.birth
    if birth is None:
        return
    if birth.outcome == "only-health":
        certificate = next(c for c in scene.certificates if c.record_id == birth.certificate_record)
        last = registration_due(certificate, birth.born_on)
        yield Finding(
            "birth-unregistered", scene.person, _ids(birth.certificate_record),
            f"born {iso(birth.born_on)}, no household entry by {iso(last)}",
        )  # fmt: skip
    elif birth.outcome == "only-police":
        entry = next(e for e in scene.records.entries if e.record_id == birth.entry_record)
        if not scene.clock.over(entry.fields.get("cancel_date")):
            entered = entry.fields.get("entry_date", entry.published_on)
            last = deadline(CERTIFICATE_ARRIVAL, entered)
            yield Finding(
                "birth-without-certificate", scene.person, _ids(birth.entry_record),
                f"entered {iso(entered)}, no birth certificate by {iso(last)}",
            )  # fmt: skip


def certificates(scene: Scene) -> Iterator[Finding]:
    """Two certificates in force for one child, or a void one cited."""
    if not scene.certificates:
        return
    issued = [fact.record_id for fact in scene.records.certificates if not is_void(fact)]
    if len(issued) > 1:
        yield Finding(
            "certificate-duplicate", scene.person, tuple(issued),
            f"{len(issued)} certificates are in force for one child",
        )  # fmt: skip
    void = {fact.fields.get("certificate_no"): fact.record_id for fact in scene.certificates if is_void(fact)}
    for entry in scene.records.entries if void else ():
        cited = entry.fields.get("certificate_no")
        if cited is not None and cited in void:
            yield Finding(
                "certificate-void-used", entry.record_id, (void[cited], entry.record_id),
                "the household entry cites a birth certificate that is void",
            )  # fmt: skip


def _ids(record_id: str | None) -> tuple[str, ...]:
    return () if record_id is None else (record_id,)
