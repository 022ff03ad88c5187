"""A fact: one live record as rules see it, whatever department keeps it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.domain.days import Day

Fields = Mapping[str, Any]
"""Standard field name to value: dates are days, codes are standard words, what is missing is absent."""


class Fact(NamedTuple):
    """The current version of one record that a department keeps."""

    record_id: str
    feed: str
    department: str
    kind: str
    published_on: Day
    fields: Fields
