"""Births that one list lacks or is about to lack, and children whom no list of births knows in full."""

from collections.abc import Iterator

from hub.domain.births import certificate_due, registration_due
from hub.domain.days import Day, iso
from hub.domain.facts import Fact
from hub.domain.findings import Finding, Scene
from hub.domain.limits import BIRTH_WARNING, CERTIFICATE_ARRIVAL, CHILD_NUMBER, CHILD_ON_A_LIST
from hub.matching.numbers import canonical_number, number_valid


def births(scene: Scene) -> Iterator[Finding]:
    """One list is silent past its limit, or the limit of the household entry is near."""
    birth = scene.birth
    if birth is None or birth.outcome not in ("only-health", "only-police", "too-early"):
        return
    certificate = next((c for c in scene.certificates if c.record_id == birth.certificate_record), None)
    entry = next((e for e in scene.records.entries if e.record_id == birth.entry_record), None)
    if certificate is not None:
        yield from _unregistered(scene, certificate, birth.born_on, over=birth.outcome == "only-health")
        return
    if entry is None or birth.outcome != "only-police":
        return
    if not scene.clock.over(entry.fields.get("cancel_date")):
        entered = entry.fields.get("entry_date", entry.published_on)
        yield Finding(
            "birth-without-certificate", scene.person, (entry.record_id,),
            f"entered {iso(entered)}, no birth certificate by {iso(certificate_due(entry, scene.clock))}",
        )  # fmt: skip


def _unregistered(scene: Scene, certificate: Fact, born: Day, *, over: bool) -> Iterator[Finding]:
    """No household entry: past the limit, or within the days before it in which registration is offered."""
    clock, where = scene.clock, certificate.fields.get("mother_hukou_place", "")
    last = registration_due(scene.records, clock)
    if over:
        yield Finding(
            "birth-unregistered", scene.person, (certificate.record_id,),
            f"born {iso(born)}, no household entry by {iso(last)}",
        )  # fmt: skip
    elif clock.reached(last - clock.limits.on(BIRTH_WARNING, born, where).days):
        yield Finding(
            "birth-registration-due", scene.person, (certificate.record_id,),
            f"born {iso(born)}, to be entered by {iso(last)}, no household entry yet",
        )  # fmt: skip


def deliveries(scene: Scene) -> Iterator[Finding]:
    """A certificate tells of more children than records of that mother and day are about."""
    several = [c for c in scene.records.certificates if c.fields.get("plurality", 1) > 1]
    if not several:
        return
    told, known = max(c.fields["plurality"] for c in several), 1 + len(scene.siblings)
    if known >= told:
        return
    # An issue before the birth is a slip.
    issued = min(
        max(c.fields.get("issued_on", c.published_on), c.fields.get("birth_date", 0)) for c in several
    )
    last = scene.clock.deadline(CERTIFICATE_ARRIVAL, issued, several[0].fields.get("place", ""))
    if scene.clock.passed(last):
        yield Finding(
            "plurality-incomplete", scene.person, tuple(c.record_id for c in several),
            f"a delivery of {told} children, records of {known} by {iso(last)}",
        )  # fmt: skip


def child_records(scene: Scene) -> Iterator[Finding]:
    """A child known to child health alone, and one whose record lacks the number it was given since."""
    records = scene.records
    here = [c for c in records.children if str(c.fields.get("place", scene.county)).startswith(scene.county)]
    if not here:
        return
    clock = scene.clock
    if not records.certificates and not records.entries:
        opened = min(_opened_on(child) for child in here)
        last = clock.deadline(CHILD_ON_A_LIST, opened, here[0].fields.get("place", ""))
        if clock.passed(last):
            yield Finding(
                "child-without-birth", scene.person, tuple(child.record_id for child in here),
                f"child record of {iso(opened)}, neither certificate nor household entry by {iso(last)}",
            )  # fmt: skip
        return
    given = [
        entry for entry in records.entries
        if number_valid(canonical_number(entry.fields.get("number", ""))) and not clock.over(entry.fields.get("cancel_date"))
    ]  # fmt: skip
    if not given:
        return
    since = min(entry.fields.get("entry_date", entry.published_on) for entry in given)
    for child in here:
        start = max(since, _opened_on(child))
        last = clock.deadline(CHILD_NUMBER, start, child.fields.get("place", ""))
        if "number" not in child.fields and clock.passed(last):
            yield Finding(
                "child-without-number", child.record_id, (child.record_id, given[0].record_id),
                f"entered {iso(since)} with a number, none in the child record by {iso(last)}",
            )  # fmt: skip


def _opened_on(child: Fact) -> Day:
    day: Day = child.fields.get("established_on", child.published_on)
    return day
