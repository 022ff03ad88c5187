"""What places are called: names beside codes, as they were on the day a table is of.

Names are Chinese in either language: that is what a place is called.
"""

from hub.domain.days import Day
from hub.domain.divisions import NOWHERE, Divisions
from hub.domain.provinces import PROVINCES

PROVINCE_DIGITS = 2


class Places:
    """The names of areas and origins by their codes."""

    def __init__(self, divisions: Divisions = NOWHERE, day: Day = 0) -> None:
        self._divisions, self._day = divisions, day

    def name(self, code: str) -> str:
        """What a place is called; empty where no table says so."""
        if len(code) == PROVINCE_DIGITS:
            return PROVINCES.get(code, "")
        known = self._divisions.rows.get(code, ())
        # One that was abolished by then is called what it was called last.
        return self._divisions.name(code, self._day) or (known[-1].name if known else "")

    def label(self, code: str) -> str:
        """Name and code; the code alone where the name is not known."""
        return f"{self.name(code)} {code}".strip()


NAMELESS = Places()
