"""Rows become records: a feed's contract compiled into one pass over a row's cells."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rapidfuzz import process

from hub.connect.contracts import Feed, Field
from hub.connect.dates import parser_of
from hub.connect.fields import FULL_WIDTH, KINDS, PLAIN_KINDS, as_text
from hub.connect.reasons import CellError
from hub.connect.relations import broken
from hub.domain.forbidden import VALUES, refuse
from hub.errors import UnreadableSourceError


class Row(NamedTuple):
    """One row of a source: its number there, its wanted cells, what is wrong with it, and where."""

    number: int
    kept: Mapping[str, Any]
    problem: str = ""
    heading: str = ""


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

    missing: tuple[tuple[str, str], ...]
    """Fields whose column is not there, and what to tell of each."""
    ignored: tuple[str, ...]
    refused: tuple[str, ...]
    notes: tuple[tuple[str, str], ...] = ()
    """Codes and what to tell: about how the drop was read, not about what is wrong with it."""


HEADING_SHOWN_MAX = 64
HEADINGS_LISTED_MAX = 200
# Below this a hint misleads, and in a file without headings it would show a person's value.
LIKENESS_MIN = 60


def wanted(feed: Feed) -> dict[str, Field]:
    """Heading to field, the operation column included."""
    return {field.heading: field for field in feed.every}


def check_headings(feed: Feed, headings: Iterable[str]) -> HeadingReport:
    """Compare a drop's headings with the contract; a missing required column refuses the drop."""
    present = [heading for heading in headings if heading]
    expected = wanted(feed)
    for heading in expected:
        if present.count(heading) > 1:
            raise UnreadableSourceError(
                f"column {heading} stands twice", problem="duplicate-column", field=expected[heading].name
            )
    missing = [f for heading, f in expected.items() if heading not in present]
    extra = [heading for heading in present if heading not in expected]
    ignored = _listed(heading for heading in extra if not refuse(heading))
    if lost := [f for f in missing if f.required]:
        said = ", ".join(f"{f.heading}{_renamed(f, ignored)}" for f in lost)
        raise UnreadableSourceError(
            f"required and missing: {said}", problem="missing-column", field=lost[0].name
        )
    return HeadingReport(
        tuple((f.name, f"optional and missing: {f.heading}{_renamed(f, ignored)}") for f in missing),
        ignored, _listed(filter(refuse, extra)),
    )  # fmt: skip


def _renamed(field: Field, ignored: Sequence[str]) -> str:
    near = process.extractOne(field.heading, ignored, score_cutoff=LIKENESS_MIN)
    return f" (was it renamed to {near[0]}?)" if near else ""


def _listed(headings: Iterable[str]) -> tuple[str, ...]:
    """Headings as receipts list them: one of a mebibyte is no name, and a million are no list."""
    found = [h if len(h) <= HEADING_SHOWN_MAX else h[:HEADING_SHOWN_MAX] + "…" for h in headings]
    more = len(found) - HEADINGS_LISTED_MAX
    return (*found[:HEADINGS_LISTED_MAX], f"(+{more:,})") if more > 0 else tuple(found)


class Translator:
    """One feed's contract, ready to translate rows."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._steps = [(f.heading, f.name, _parser(f), f) for f in feed.fields]
        self._operation = feed.operation
        self._names = {heading: field.name for heading, field in wanted(feed).items()}

    def translate(self, row: Row) -> Translated:
        """The row's standard fields, and every complaint about it."""
        problems: list[Problem] = []
        fields: dict[str, Any] = {}
        if row.problem:
            problems.append(Problem(self._names.get(row.heading, ""), row.problem, "quarantine"))
        cells = row.kept
        operation = self._operation_of(cells, problems)
        for heading, name, parse, field in self._steps:
            cell = cells.get(heading)
            text = cell.strip() if type(cell) is str else as_text(cell)
            if text in VALUES:
                problems.append(Problem(name, "forbidden-value", "quarantine"))
                continue
            if not text:
                if field.required and operation != "withdraw" and not row.problem:
                    problems.append(self._missing(field))
                continue
            try:
                fields[name] = parse(text)
            except CellError as bad:
                severity = field.severity if operation != "withdraw" else "warn"
                problems.append(Problem(name, bad.code, severity))
                if bad.value is not None and severity == "warn":
                    fields[name] = bad.value
                continue
            if not text.isascii() and _typed_wide(text, field):
                problems.append(Problem(name, "full-width", "warn"))
        if self._feed.relations and operation != "withdraw":
            problems += (
                Problem(*said) for said in broken(self._feed.relations, fields, self._feed.divisions)
            )
        key = str(fields.get(self._feed.key, ""))
        # Without a key there is no record to publish or withdraw, however mild the complaints.
        if not key and all(problem.severity != "quarantine" for problem in problems):
            problems.append(Problem(self._feed.key, "missing-key", "quarantine"))
        return Translated(key, operation, fields, tuple(problems))

    def _missing(self, field: Field) -> Problem:
        if field.name == self._feed.key:
            return Problem(field.name, "missing-key", "quarantine")
        return Problem(field.name, "missing-required", field.severity)

    def _operation_of(self, cells: Mapping[str, Any], problems: list[Problem]) -> str:
        field = self._operation
        if field is None:
            return "publish"
        text = as_text(cells.get(field.heading))
        if not text:
            # A row that was read badly may have lost this cell: its own problem says so.
            if field.required and field.heading in cells:
                problems.append(Problem(field.name, "missing-required", "quarantine"))
            return "publish"
        operation = field.codes.get(text) or field.codes.get(unicodedata.normalize("NFKC", text))
        if operation is None:
            problems.append(Problem(field.name, "bad-code", "quarantine"))
            return "publish"
        return operation


def _typed_wide(text: str, field: Field) -> bool:
    """Whether digits or letters of a code, number or date were typed full-width."""
    return field.kind not in PLAIN_KINDS and text not in field.codes and bool(FULL_WIDTH.search(text))


def _parser(field: Field) -> Callable[[str], Any]:
    if field.kind == "date":
        return parser_of(field.date_format)
    if field.kind != "code":
        return KINDS[field.kind]
    codes = field.codes

    def parse(text: str) -> str:
        found = codes.get(text) or codes.get(unicodedata.normalize("NFKC", text))
        if found is None:
            raise CellError("bad-code")
        return found

    return parse
