"""Who may see what, for which purpose; deny by default.

A purpose is a code that was granted to departments, never free text, since
nobody could hold a reader to that. That somebody looked is an event
(`DisclosureMade`), whatever they found.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

AUDIT = "audit"
COUNTY_TRANSFER = "county-transfer"
"""What a neighbouring county's hub is told of records that concern it too."""
ANOTHER_COUNTY = re.compile(r"county-[0-9]{6}")


class Reader(NamedTuple):
    """Someone who asks: a department's role, the area it is responsible for, and the purpose."""

    department: str
    role: str
    jurisdiction: str
    purpose: str


PURPOSES: Mapping[str, frozenset[str]] = {
    "record-reconciliation": frozenset(("health", "public_security", "commerce", "human_resources")),
    "vital-statistics": frozenset(("health",)),
    AUDIT: frozenset((AUDIT,)),
}
"""Purpose to the departments it was granted to."""
FOLLOWING_UP = PURPOSES["record-reconciliation"]
"""The departments that may see cases, and so may be given one or asked about a record."""


def granted(purpose: str, receiver: str) -> bool:
    """Whether records may be given to a receiver for a purpose; the hub of another county has one of its own."""
    if purpose == COUNTY_TRANSFER:
        return ANOTHER_COUNTY.fullmatch(receiver) is not None
    return receiver in PURPOSES.get(purpose, ())


def refusal(reader: Reader, county: str) -> str | None:
    """Why this reader may see no person's record; None if it may."""
    granted = PURPOSES.get(reader.purpose)
    if granted is None:
        return f"the purpose {reader.purpose} is not registered"
    if reader.department not in granted:
        return f"the purpose {reader.purpose} is not granted to {reader.department}"
    if not reader.jurisdiction.startswith(county):
        return "the reader's jurisdiction lies outside this county"
    return None


def may_see(reader: Reader, department: str | None, jurisdiction: str) -> bool:
    """Whether a reader may see what one department (None: all together) keeps of an area."""
    return (
        reader.department in PURPOSES.get(reader.purpose, ())
        and bool(reader.jurisdiction)
        and jurisdiction.startswith(reader.jurisdiction)
        and (department in (None, reader.department) or reader.department == AUDIT)
    )
