"""Rows become records: a feed's contract compiled into one pass over a row's cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rapidfuzz import process

from hub.connect.contracts import Feed, Field
from hub.connect.fields import KINDS, CellError, as_text
from hub.connect.forbidden import refuse
from hub.errors import UnreadableSourceError


class Row(NamedTuple):
    """One row of a source: its number there, its wanted cells, and what the reader saw wrong."""

    number: int
    kept: Mapping[str, Any]
    problem: str = ""


class Problem(NamedTuple):
    """One complaint about a row: which field, why, and whether the row is set aside."""

    field: str
    code: str
    severity: str


class Translated(NamedTuple):
    """A row as the hub's standard fields."""

    key: str
    operation: str
    fields: dict[str, Any]
    problems: tuple[Problem, ...]


class HeadingReport(NamedTuple):
    """What a drop's headings say against the contract."""

    missing_required: tuple[str, ...]
    missing_optional: tuple[str, ...]
    ignored: tuple[str, ...]
    refused: tuple[str, ...]


NOTHING_WRONG = HeadingReport((), (), (), ())


def wanted(feed: Feed) -> dict[str, Field]:
    """Heading to field, the operation column included."""
    every = (*feed.fields, feed.operation) if feed.operation else feed.fields
    return {field.heading: field for field in every}


def check_headings(feed: Feed, headings: Iterable[str]) -> HeadingReport:
    """Compare a drop's headings with the contract; a missing required column refuses the drop."""
    present = [heading for heading in headings if heading]
    expected = wanted(feed)
    missing = [f for heading, f in expected.items() if heading not in present]
    extra = [heading for heading in present if heading not in expected]
    report = HeadingReport(
        tuple(f.heading for f in missing if f.required),
        tuple(f.heading for f in missing if not f.required),
        tuple(heading for heading in extra if not refuse(heading)),
        tuple(heading for heading in extra if refuse(heading)),
    )
    if report.missing_required:
        lost = report.missing_required[0]
        near = process.extractOne(lost, report.ignored, score_cutoff=40)
        hint = f"; was it renamed to {near[0]}?" if near else ""
        raise UnreadableSourceError(
            f"required column {lost} is missing{hint}", problem="missing-column", field=lost
        )
    return report


class Translator:
    """One feed's contract, ready to translate rows."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._steps = [(f.heading, f.name, _parser(f), f) for f in feed.fields]
        self._operation = feed.operation

    def translate(self, row: Row) -> Translated:
        """The row's standard fields, and every complaint about it."""
        problems: list[Problem] = []
        fields: dict[str, Any] = {}
        if row.problem:
            problems.append(Problem("", row.problem, "quarantine"))
        cells = row.kept
        operation = self._operation_of(cells, problems)
        for heading, name, parse, field in self._steps:
            cell = cells.get(heading)
            text = cell.strip() if type(cell) is str else as_text(cell)
            if not text:
                if field.required and operation != "withdraw" and not row.problem:
                    code = "missing-key" if name == self._feed.key else "missing-required"
                    problems.append(Problem(name, code, field.severity))
                continue
            try:
                fields[name] = parse(text)
            except CellError as bad:
                severity = field.severity if operation != "withdraw" else "warn"
                problems.append(Problem(name, bad.code, severity))
                if bad.value is not None and severity == "warn":
                    fields[name] = bad.value
        key = str(fields.get(self._feed.key, ""))
        if not key and not problems:
            problems.append(Problem(self._feed.key, "missing-key", "quarantine"))
        return Translated(key, operation, fields, tuple(problems))

    def _operation_of(self, cells: Mapping[str, Any], problems: list[Problem]) -> str:
        field = self._operation
        if field is None:
            return "publish"
        text = as_text(cells.get(field.heading))
        operation = field.codes.get(text) if text else "publish"
        if operation is None:
            problems.append(Problem(field.name, "bad-code", "quarantine"))
            return "publish"
        return operation


def _parser(field: Field) -> Callable[[str], Any]:
    if field.kind != "code":
        return KINDS[field.kind]
    codes = field.codes

    def parse(text: str) -> str:
        try:
            return codes[text]
        except KeyError:
            raise CellError("bad-code") from None

    return parse


def masked(reasons: Sequence[Problem]) -> list[dict[str, str]]:
    """Complaints without any value."""
    return [{"field": problem.field, "code": problem.code} for problem in reasons]
