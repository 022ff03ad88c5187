"""Receipts: what became of a batch, as the department is told.

A receipt balances: received = accepted + unchanged + quarantined. It names
rows, fields and reasons, never a value.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from hub.connect import Stray
from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Problem
from hub.errors import UnreadableSourceError

NOTHING_SAID = HeadingReport((), (), ())


class Counts(NamedTuple):
    """The balance of a batch."""

    received: int
    accepted: int
    unchanged: int
    quarantined: int


class Receipt(NamedTuple):
    """What became of one batch, as the department is told."""

    feed: str
    drop: str
    received: int
    accepted: int
    unchanged: int
    quarantined: int
    warnings: int
    reasons: Mapping[str, int]
    ignored_columns: Sequence[str]
    refused_columns: Sequence[str]
    rows: Sequence[dict[str, Any]]
    """The complaints: row (0: the drop as a whole), field, heading, code, severity, perhaps a message."""

    @property
    def clean(self) -> bool:
        """Whether there is nothing for the department to look at."""
        heard = any(complaint["severity"] != "note" for complaint in self.rows)
        return not (heard or self.ignored_columns or self.refused_columns)


def of_batch(
    feed: Feed, drop: str, report: HeadingReport, complaints: Sequence[dict[str, Any]], counts: Counts
) -> Receipt:
    """The receipt of a batch, from what was complained of."""
    reasons: dict[str, int] = {}
    for complaint in complaints:
        reasons[complaint["code"]] = reasons.get(complaint["code"], 0) + 1
    warned = {c["row"] for c in complaints if c["severity"] == "warn"}
    return Receipt(
        feed.name, drop, *counts, len(warned), reasons, report.ignored, report.refused, complaints
    )  # fmt: skip


def of_stray(feed: Feed, stray: Stray) -> Receipt:
    """What is told of a file that was not read; it was never a batch, so the log does not know it."""
    complaint = _complaint(feed, 0, Problem("", stray.code, "warn")) | {"message": stray.why}
    return of_batch(feed, stray.name, NOTHING_SAID, [complaint], Counts(0, 0, 0, 0))


def of_row(feed: Feed, row: int, problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """The complaints about one row."""
    return [_complaint(feed, row, problem) for problem in problems]


def of_headings(feed: Feed, report: HeadingReport) -> list[dict[str, Any]]:
    """The complaints about columns that are not there, and what is to be known of how the drop was read."""
    absent = [("absent-column", name, "warn", message) for name, message in report.missing]
    noted = [(code, "", "note", message) for code, message in report.notes]
    return [
        _complaint(feed, 0, Problem(name, code, severity)) | {"message": message}
        for code, name, severity, message in (*absent, *noted)
    ]


def of_refusal(feed: Feed, error: UnreadableSourceError) -> dict[str, Any]:
    """The complaint about a drop that cannot be read as a whole."""
    code, name = str(error.context.get("problem", error.code)), str(error.context.get("field", ""))
    return _complaint(feed, 0, Problem(name, code, "quarantine")) | {"message": str(error)}


def _complaint(feed: Feed, row: int, problem: Problem) -> dict[str, Any]:
    heading = next((f.heading for f in feed.every if f.name == problem.field), "")
    return {"row": row, "field": problem.field, "heading": heading, "code": problem.code,
            "severity": problem.severity}  # fmt: skip
