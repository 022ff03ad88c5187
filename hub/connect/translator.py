"""Rows become records: a feed's contract compiled into one pass over each column of a batch."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.connect.columns import Column, Flaw, Remembered, coded, texts_of
from hub.connect.contracts import Feed, Field
from hub.connect.reasons import CellError
from hub.connect.relations import broken
from hub.connect.rows import Problem, Row, wanted

PUBLISH, WITHDRAW = "publish", "withdraw"


class Translated(NamedTuple):
    """A row as the hub's standard fields."""

    key: str
    operation: str
    fields: dict[str, Any]
    problems: Sequence[Problem]


class Batch:
    """Rows on their way: which operation each asks for, and what is complained of so far."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.cells = [row.kept for row in rows]
        self.readable = [not row.problem for row in rows]
        self.operations: list[Any] = [PUBLISH] * len(rows)
        self.problems: defaultdict[int, list[Problem]] = defaultdict(list)


class Translator:
    """One feed's contract, ready to translate rows."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._columns = [Column(field) for field in feed.fields]
        self._names = [field.name for field in feed.fields]
        self._fields = {heading: field.name for heading, field in wanted(feed).items()}
        self._operations = Remembered(_operation_of(feed.operation.codes if feed.operation else {}))

    def translate(self, row: Row) -> Translated:
        """One row's standard fields, and every complaint about it."""
        return self.translate_all([row])[0]

    def translate_all(self, rows: Sequence[Row]) -> list[Translated]:
        """The rows' standard fields, and every complaint about each in the order of the fields."""
        batch = Batch(rows)
        for index, row in enumerate(rows):
            if row.problem:
                name = self._fields.get(row.heading, "")
                batch.problems[index].append(Problem(name, row.problem, "quarantine"))
        if self._feed.operation is not None:
            self._read_operations(batch, self._feed.operation)
        columns = [self._read_column(batch, column) for column in self._columns]
        return list(self._records(batch, columns))

    def _read_operations(self, batch: Batch, field: Field) -> None:
        texts = texts_of([cells.get(field.heading) for cells in batch.cells])
        said = batch.operations = list(map(self._operations.__getitem__, texts))
        for index in _flawed(said):
            code, said[index] = said[index].code, PUBLISH
            # A row that was read badly may have lost this cell: its own problem says so.
            if texts[index] or (field.required and field.heading in batch.cells[index]):
                batch.problems[index].append(Problem(field.name, code, "quarantine"))

    def _read_column(self, batch: Batch, column: Column) -> list[Any]:
        """The values of one column, and what is wrong with them said of their rows."""
        field, heading = column.field, column.field.heading
        values = column.values(texts_of([cells.get(heading) for cells in batch.cells]))
        if field.required and None in values:
            problem = self._missing(field)
            for index, value in enumerate(values):
                if value is None and batch.operations[index] != WITHDRAW and batch.readable[index]:
                    batch.problems[index].append(problem)
        for index in _flawed(values):
            code, value, severity = values[index]
            severity = severity or ("warn" if batch.operations[index] == WITHDRAW else field.severity)
            batch.problems[index].append(Problem(field.name, code, severity))
            values[index] = value if severity == "warn" else None
        return values

    def _missing(self, field: Field) -> Problem:
        if field.name == self._feed.key:
            return Problem(field.name, "missing-key", "quarantine")
        return Problem(field.name, "missing-required", field.severity)

    def _records(self, batch: Batch, columns: Sequence[Sequence[Any]]) -> Iterator[Translated]:
        """The columns as rows again; what holds between the fields of one is asked here."""
        names, key_name, relations = self._names, self._feed.key, self._feed.relations
        for index, values in enumerate(zip(*columns, strict=True)):
            fields = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            operation = batch.operations[index]
            problems: Sequence[Problem] = batch.problems.get(index, ())
            if relations and operation != WITHDRAW:
                problems = [*problems, *(Problem(*said) for said in broken(relations, fields))]
            key = str(fields.get(key_name, ""))
            # Without a key there is no record to publish or withdraw, however mild the complaints.
            if not key and all(problem.severity != "quarantine" for problem in problems):
                problems = [*problems, Problem(key_name, "missing-key", "quarantine")]
            yield Translated(key, operation, fields, problems)


def _flawed(values: Sequence[Any]) -> list[int]:
    """Where values are flaws; there are few, so whether there are any is asked first."""
    if Flaw not in map(type, values):
        return []
    return [index for index, value in enumerate(values) if type(value) is Flaw]


def _operation_of(codes: Mapping[str, str]) -> Callable[[str], Any]:
    """What a cell of the operation column asks for; it is no text of a record, so nothing else is asked of it."""
    parse = coded(codes)

    def read(text: str) -> Any:
        if not text:
            return Flaw("missing-required")
        try:
            return parse(text)
        except CellError as bad:
            return Flaw(bad.code)

    return read
