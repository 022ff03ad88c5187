"""What births came to by the end of the story, and where people truly lived."""

from collections.abc import Iterator, Mapping, Sequence

from hub.domain.days import Day, add_month, iso
from hub.simulate.ledger import CERTIFICATE, HOUSEHOLD, RESIDENCE
from hub.simulate.people import Birth, Person
from hub.simulate.places import COUNTY, means
from hub.simulate.truth.spans import History
from hub.simulate.truth.standing import Live, in_force, of_feed
from hub.simulate.truth.standing.births import CERTIFICATE_ARRIVES_DAYS, REGISTER_BIRTH_MONTHS
from hub.simulate.truth.standing.residence import RENEW_RESIDENCE_DAYS

BIRTHS = ("entity_id", "born_on", "sex", "place", "mother", "mother_local", "outcome", "certificate",
          "entry", "registered_on", "in_facility")  # fmt: skip
PEOPLE = ("entity_id", "sex", "born", "died")
SPELLS = ("entity_id", "place", "from", "to", "registered")
RESIDENT, MIGRANT, NOT_REGISTERED = "resident", "migrant", "no"


def at_end(person: Mapping[str, History]) -> Live:
    """The live records of a person when the story ends."""
    last = {record: history[-1][1] for record, history in person.items()}
    return {record: said for record, said in last.items() if said is not None}


def birth_row(birth: Birth, live: Live, until: Day) -> Sequence[str]:
    """One true birth; no outcome where nobody was told of it, or all was taken back."""
    certificates, entries = of_feed(live, CERTIFICATE), of_feed(live, HOUSEHOLD)
    entry = next((record for record, said in entries if said.of_birth), entries[0][0] if entries else "")
    valid = in_force(live) or [record for record, _ in certificates]
    registered = live[entry].begins if entry and live[entry].of_birth else None
    return (
        birth.child.entity, iso(birth.day), birth.child.sex, birth.place, birth.mother.entity if birth.mother else "",
        "yes" if birth.mother_local else "no", _outcome(birth, live, valid, entry, until),
        valid[-1] if valid else "", entry, "" if registered is None else iso(registered),
        "no" if birth.at_home else "yes" if birth.mother else "",
    )  # fmt: skip


def _outcome(birth: Birth, live: Live, certificates: Sequence[str], entry: str, until: Day) -> str:
    if certificates and entry:
        there = live[entry]
        agree = all(live[c].born == there.born and live[c].sex == there.sex for c in certificates)
        return "matched" if agree else "conflict"
    if certificates:
        if not birth.mother_local:
            return "expected-elsewhere"
        return "only-health" if until > add_month(birth.day, REGISTER_BIRTH_MONTHS) else "too-early"
    if not entry or not live[entry].of_birth:
        return ""
    if birth.mother is None:
        return "foundling"
    if not birth.place.startswith(COUNTY):
        return "expected-elsewhere"
    limit = (live[entry].begins or birth.day) + CERTIFICATE_ARRIVES_DAYS
    return "only-police" if until > limit else "too-early"


def person_row(person: Person, until: Day) -> Sequence[str]:
    """One true person; a death after the end of the story has not happened yet."""
    dead = person.died is not None and person.died <= until and person.died == person.gone
    return person.entity, person.sex, iso(person.born), iso(person.died or 0) if dead else ""


def spell_rows(person: Person, records: Mapping[str, History], until: Day) -> Iterator[Sequence[str]]:
    """Where a person lived from when to when, and on which register that stood.

    `to` is the first day of living elsewhere or under another code of the village, and empty for where they live when
    the story ends. Of a home that was left it counts whether it ever was
    registered, of the one they live in whether it is registered now.
    """
    if person.here_from is None:
        return
    gone, homes = person.gone, list(person.household.addresses())
    for index, (since, place, code) in enumerate(homes):
        start = max(since, person.here_from) if index else person.here_from
        end = homes[index + 1][0] if index + 1 < len(homes) else None
        if gone is not None and (end is None or gone < end):
            end = gone
        if start > until or (end is not None and start >= end):
            continue
        ended = end is not None and end <= until
        register = _ever(place, records) if ended else _now(place, at_end(records), until)
        yield person.entity, code, iso(start), iso(end) if ended and end is not None else "", register


def _ever(place: str, records: Mapping[str, History]) -> str:
    """The register that ever stated, and did not take back, that the person lives at a place."""
    feeds = {
        said.feed
        for history in records.values() if history[-1][1] is not None
        for _, said in history if said is not None and means(said.place, place)
    }  # fmt: skip
    return RESIDENT if HOUSEHOLD in feeds else MIGRANT if RESIDENCE in feeds else NOT_REGISTERED


def _now(place: str, live: Live, until: Day) -> str:
    """The register that states so when the story ends: not ended, and not expired beyond renewal."""
    feeds = {
        said.feed for _, said in of_feed(live, HOUSEHOLD, RESIDENCE)
        if means(said.place, place) and (said.ends is None or said.ends > until)
        and (said.expires is None or said.expires + RENEW_RESIDENCE_DAYS >= until)
    }  # fmt: skip
    return RESIDENT if HOUSEHOLD in feeds else MIGRANT if RESIDENCE in feeds else NOT_REGISTERED
