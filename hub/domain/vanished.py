"""Records that a department no longer lists: how many may be gone before more than a look is needed.

A full snapshot that lacks records is as often a broken export as a cleaned register. So
what is missing is only ever proposed for withdrawal, and a person decides.
"""

from typing import NamedTuple

SHRANK, TOO_MANY = "snapshot-shrank", "too-many-vanished"
CONFIRMED, REJECTED = "confirmed", "rejected"


class Limits(NamedTuple):
    """Up to where a snapshot's gaps make a usual proposal; a contract may say otherwise."""

    share_max: float = 0.02
    """Of the records held: registers lose a few records in a hundred to deaths, moves and clean-ups in a year."""
    count_max: int = 500
    """However large the feed is: more than a person can look through."""
    rows_min: float = 0.9
    """Of the rows of the last snapshot: one that is shorter was most likely cut off."""

    def wrong(self) -> str:
        """What no snapshot could be held to; empty if there is nothing."""
        for name in ("share_max", "rows_min"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not 0 <= value <= 1:
                return f"a {name} that is no share between 0 and 1"
        if type(self.count_max) is not int or self.count_max < 0:
            return "a count_max that is no whole number"
        return ""

    def objection(self, held: int, vanished: int, rows: int, rows_before: int) -> str:
        """Why so many vanished records are refused until somebody decides; empty if they are few."""
        if rows < self.rows_min * rows_before:
            return SHRANK
        if vanished > self.count_max or vanished > self.share_max * held:
            return TOO_MANY
        return ""
