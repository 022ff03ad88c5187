"""What disagrees in a person's records: one file per thing that records speak of.

A check gets the scene, all that is known of one person on one day, and says
what disagrees there. Evidence names days, departments, feeds and counts, never
names or numbers of people. Every question about time goes to the scene's clock.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from hub.domain.births import Birth, BirthRecords
from hub.domain.divisions import Divisions
from hub.domain.facts import Fact
from hub.domain.limits import Clock
from hub.domain.residence import Spell
from hub.domain.work import Work


class Finding(NamedTuple):
    """One disagreement; (kind, subject) is unique within a person. No owner: the catalogue's."""

    kind: str
    subject: str
    records: tuple[str, ...]
    evidence: str
    owner: str | None = None


Sharing = Mapping[str, Mapping[str, Sequence[str]]]
"""By an identity or certificate number, the other people whose records state it too, and those records."""
RECORDS_MAX = 200
"""A finding lists no more records of others than this: of a number that everybody states, the first are enough."""


class Scene(NamedTuple):
    """All that the checks look at, in the order of record ids."""

    person: str
    facts: Sequence[Fact]
    kinds: Mapping[str, Sequence[Fact]]
    certificates: Sequence[Fact]
    """All of them; those in force are in `records`."""
    records: BirthRecords
    stating: Sequence[Fact]
    """The facts that count as statements: a void or replaced certificate says nothing any more."""
    birth: Birth | None
    spells: Sequence[Spell]
    works: Sequence[Work]
    county: str
    sharing: Sharing
    siblings: Sequence[str]
    """Other people whose records say that they were born of the same delivery."""
    namesake: bool
    clock: Clock
    divisions: Divisions


def digest(number: str) -> str:
    """Tells numbers of several people apart in a subject, which is shown where the number may not be."""
    return blake2b(number.encode(), digest_size=8, person=b"number-shared").hexdigest()


def all_sides(mine: Sequence[str], others: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The records of a person and of those who share something with them: each side's owner is to be asked."""
    theirs = sorted({record for records in others.values() for record in records})
    return tuple(sorted({*mine, *theirs[:RECORDS_MAX]}))


Check = Callable[[Scene], Iterator[Finding]]
