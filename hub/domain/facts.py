"""A fact: one live record as rules see it, whatever department keeps it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.domain.days import Day

Fields = Mapping[str, Any]
"""Standard field name to value: dates are days, codes are standard words, what is missing is absent."""


DATES = frozenset((
    "birth_date", "entry_date", "cancel_date", "arrival_date", "registered_on", "expires_on", "left_on",
    "started_on", "ended_on", "issued_on",
))  # fmt: skip
TEXTS = frozenset((
    "name", "former_name", "sex", "number", "certificate_no", "replaces", "status", "entry_kind", "place",
    "work_place", "birth_place", "mother_hukou_place",
))  # fmt: skip
"""The standard names that rules read: whoever publishes one of them means the same by it."""


class Fact(NamedTuple):
    """The current version of one record that a department keeps."""

    record_id: str
    feed: str
    department: str
    kind: str
    published_on: Day
    fields: Fields
