"""A fact: one live record as rules see it, whatever department keeps it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.domain.days import Day

Fields = Mapping[str, Any]
"""Standard field name to value: dates are days, codes are standard words, what is missing is absent."""

DATES = frozenset((
    "birth_date", "entry_date", "cancel_date", "arrival_date", "registered_on", "expires_on", "left_on",
    "started_on", "ended_on", "issued_on", "established_on", "entered_on", "address_since", "endorsed_on",
))  # fmt: skip
TEXTS = frozenset((
    "name", "former_name", "number", "mother_number", "father_number", "sex", "birth_place", "place",
    "work_place", "certificate_no", "status", "replaces", "mother_hukou_place", "entry_kind", "mother_name",
    "facility", "cancel_reason", "state", "hukou_place", "moved_from", "household_no", "relation", "last_month",
    "about", "moved_to", "came_from",
))  # fmt: skip
COUNTS = frozenset(("plurality",))
READ = (*sorted(DATES), *sorted(TEXTS), *sorted(COUNTS))
"""Every field that a rule reads, whose name means the same to whoever publishes it: a version that
changes none of them changes no conclusion."""

REGISTERS = frozenset(("household_entry", "residence"))
"""Kinds of records that say where a person lives."""


class Fact(NamedTuple):
    """The current version of one record that a department keeps; `published_on` is the day of its first."""

    record_id: str
    feed: str
    department: str
    kind: str
    published_on: Day
    fields: Fields
