"""Sharing agreements: who gives which fields of a feed to whom, for which purpose, where, and until when.

Deny by default: what no agreement in force names is not delivered. Signing and
ending are events; an agreement that was ended stops delivery from that event on,
whatever its dates said.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from hub.domain.days import Day
from hub.domain.disclosures import COUNTY_TRANSFER, PURPOSES, granted
from hub.domain.forbidden import refuse

SHARE_CLASSES = ("unconditional", "conditional", "not-shared")


class Agreement(NamedTuple):
    """One agreement as it stands."""

    agreement_id: str
    version: int
    feed: str
    provider: str
    receiver: str
    purpose: str
    legal_basis: str
    share_class: str
    fields: tuple[str, ...]
    jurisdictions: tuple[str, ...]
    """Division codes, or the beginnings of them."""
    valid_from: Day
    valid_until: Day
    ended: bool = False

    @property
    def cited(self) -> str:
        """How records cite it."""
        return f"{self.agreement_id}@{self.version}"

    def in_force(self, day: Day) -> bool:
        """Whether it allows anything on this day."""
        return not self.ended and self.valid_from <= day <= self.valid_until

    def covers(self, place: str | None, county: str) -> bool:
        """Whether it reaches a place; where nobody can tell the place, only an agreement on the whole county does."""
        where = county if place is None else place
        return any(where.startswith(code) for code in self.jurisdictions)


def objections(agreement: Agreement, known: Iterable[str], before: Agreement | None) -> Iterator[str]:
    """Why an agreement cannot be signed; `known` are the fields of its feed, `before` its last version."""
    if agreement.version != (before.version + 1 if before else 1):
        yield f"version is the next one, {before.version + 1 if before else 1}"
    if before and before.feed != agreement.feed:
        yield f"it was about {before.feed}"
    if agreement.purpose not in (*PURPOSES, COUNTY_TRANSFER):
        yield f"purpose is one of {', '.join((*PURPOSES, COUNTY_TRANSFER))}"
    elif not granted(agreement.purpose, agreement.receiver):
        yield f"the purpose {agreement.purpose} is not granted to {agreement.receiver}"
    if agreement.share_class not in SHARE_CLASSES:
        yield f"share_class is one of {', '.join(SHARE_CLASSES)}"
    if agreement.share_class == "not-shared":
        yield "what is not shared needs no agreement"
    if not agreement.legal_basis.strip():
        yield "legal_basis names no law"
    if not agreement.jurisdictions or not all(code.isdigit() for code in agreement.jurisdictions):
        yield "jurisdictions are division codes, at least one"
    if agreement.valid_until < agreement.valid_from:
        yield "it ends before it begins"
    if not agreement.fields:
        yield "it names no fields"
    if unknown := sorted(set(agreement.fields) - set(known)):
        yield f"the feed has no field {', '.join(unknown)}"
    if concept := next(
        filter(None, map(refuse, (agreement.agreement_id, agreement.legal_basis, *agreement.fields))), None
    ):
        yield f"it speaks of {concept}, which the hub refuses to hold"


def permitted(agreements: Iterable[Agreement], receiver: str, purpose: str, day: Day) -> list[Agreement]:
    """The agreements under which this receiver may be given something for this purpose on this day."""
    return [a for a in agreements if (a.receiver, a.purpose) == (receiver, purpose) and a.in_force(day)]


def disclosed(
    fields: Mapping[str, Any], place: str | None, county: str, agreements: Iterable[Agreement]
) -> dict[str, Any]:
    """What these agreements together let out of a record: the fields they name, where they reach it."""
    named = {name for agreement in agreements if agreement.covers(place, county) for name in agreement.fields}
    return {name: value for name, value in fields.items() if name in named}
