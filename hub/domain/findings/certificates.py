"""Birth certificates: two in force, void ones in use, broken chains of replacement, numbers that are another's."""

from collections.abc import Iterator

from hub.domain.births import is_void
from hub.domain.days import iso
from hub.domain.findings import Finding, Scene, all_sides, digest
from hub.domain.limits import CERTIFICATE_ARRIVAL


def certificates(scene: Scene) -> Iterator[Finding]:
    """Two certificates in force for one child, none left in force, or a void one cited."""
    if not scene.certificates:
        return
    issued = [fact.record_id for fact in scene.records.certificates if not is_void(fact)]
    if len(issued) > 1:
        yield Finding(
            "certificate-duplicate", scene.person, tuple(issued),
            f"{len(issued)} certificates are in force for one child",
        )  # fmt: skip
    void = {fact.fields.get("certificate_no"): fact.record_id for fact in scene.certificates if is_void(fact)}
    if void and not issued:
        yield Finding(
            "certificate-void-alone", scene.person, tuple(void.values()),
            f"{len(void)} certificates of one child, all of them void",
        )  # fmt: skip
    for entry in scene.records.entries if void else ():
        cited = entry.fields.get("certificate_no")
        if cited is not None and cited in void:
            yield Finding(
                "certificate-void-used", entry.record_id, (void[cited], entry.record_id),
                "the household entry cites a birth certificate that is void",
            )  # fmt: skip


def replacements(scene: Scene) -> Iterator[Finding]:
    """A replaced certificate that nobody declared void, and one that replaces what is not on file."""
    by_number = {fact.fields.get("certificate_no"): fact for fact in scene.certificates}
    for fact in scene.certificates:
        replaces = fact.fields.get("replaces")
        if replaces is None or is_void(fact):
            continue
        former = by_number.get(replaces)
        if former is not None and former is not fact and not is_void(former):
            yield Finding(
                "certificate-not-voided", former.record_id, (former.record_id, fact.record_id),
                "a birth certificate was replaced and is still in force",
            )  # fmt: skip
        elif former is None:
            issued = fact.fields.get("issued_on", fact.published_on)
            last = scene.clock.deadline(CERTIFICATE_ARRIVAL, issued, fact.fields.get("place", ""))
            if scene.clock.passed(last):
                yield Finding(
                    "certificate-replaces-unknown", fact.record_id, (fact.record_id,),
                    f"issued {iso(issued)} for one that is not on file by {iso(last)}",
                )  # fmt: skip


def citations(scene: Scene) -> Iterator[Finding]:
    """A certificate number that is none of the child's, and one that several children's records state."""
    own = {fact.fields.get("certificate_no") for fact in scene.certificates}
    stated: dict[str, list[str]] = {}
    for fact in (*scene.certificates, *scene.records.entries, *scene.records.children):
        number = fact.fields.get("certificate_no")
        if number is None:
            continue
        stated.setdefault(number, []).append(fact.record_id)
        if own and number not in own:
            yield Finding(
                "certificate-number-differs", fact.record_id, (fact.record_id,),
                f"cites a certificate number that is none of the child's {len(own)}",
                fact.department,
            )  # fmt: skip
    for number in sorted(scene.sharing.keys() & stated.keys()):
        others = scene.sharing[number]
        # One discrepancy for all whose records state it: it is kept with the first of them.
        if others and scene.person < min(others):
            yield Finding(
                "certificate-number-reused", digest(number), all_sides(stated[number], others),
                f"records of {len(others) + 1} children state one certificate number",
            )  # fmt: skip
