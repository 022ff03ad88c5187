"""A contract proposed from a sample: what each column seems to be, why, and what a clerk must decide.

Nothing is taken for more than the sample shows. What nobody can tell stays out
of the contract and is named, since a hub should hold what its purpose needs and no
more; what the hub refuses to hold cannot be let in by anybody.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import yaml
from pypinyin import lazy_pinyin

from hub.connect.dates import parser_of
from hub.connect.fields import KINDS
from hub.connect.reasons import CellError
from hub.connect.sample import Sample
from hub.connect.vocabulary import CODED_ENDS, OPERATIONS, RUNNING, SEX_CODES, Meaning, meaning_of, plain
from hub.domain.forbidden import refuse
from hub.errors import SettingsError
from hub.matching.profile import ATTRIBUTES

FITS_MIN = 0.8
"""So much of a column has to be what it is taken for; the rest will be told of row by row."""
FULL_MIN = 0.98
CODES_MAX = 20
ROWS_PER_CODE = 5
DATE_FORMATS = (
    "",
    "dd/MM/yyyy",
    "MM/dd/yyyy",
    "d/M/yyyy",
    "M/d/yyyy",
    "dd.MM.yyyy",
    "d.M.yyyy",
    "dd-MM-yyyy",
    "MM-dd-yyyy",
)
# What shows itself by its check digit, whatever stands above it.
TELLING = (("identity_number", "sensitive"), ("credit_code", "internal"), ("certificate_no", "sensitive"))
REMARKS = re.compile("备注|说明|意见|remark|note|comment|memo", re.IGNORECASE)
TITLES: Mapping[str, tuple[str, str]] = {
    "field": ("字段", "taken in"), "left-out": ("未采用", "left out"), "refused": ("拒绝", "refused"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What one column of the sample is proposed to be."""

    heading: str
    verdict: str
    """A key of TITLES."""
    why: str
    name: str = ""
    kind: str = "text"
    attribute: str = ""
    classification: str = "internal"
    required: bool = False
    key: bool = False
    severity: str = "quarantine"
    date_format: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    ask: str = ""
    """What the clerk has to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A feed proposed from a sample."""

    feed: str
    sample: Sample
    columns: tuple[Column, ...]

    @property
    def fields(self) -> tuple[Column, ...]:
        """The columns that are taken in."""
        return tuple(column for column in self.columns if column.verdict == "field")


def propose(sample: Sample, feed: str, *, key: str = "", include: Sequence[str] = ()) -> Proposal:
    """A contract for files like this sample; `key` and `include` are headings the clerk has decided on."""
    for named in (*include, *filter(None, (key,))):
        if named not in sample.headings:
            raise SettingsError(f"there is no column {named}; the sample has {', '.join(sample.headings)}")
    wanted = {*include, key}
    columns = [
        _column(heading, [row[index] for row in sample.rows], heading in wanted)
        for index, heading in enumerate(sample.headings)
        if heading
    ]
    columns = _apart(columns)
    return Proposal(feed=feed, sample=sample, columns=tuple(_keyed(columns, sample, key)))


def _column(heading: str, cells: list[str], wanted: bool) -> Column:
    values = [cell for cell in cells if cell]
    words = dict.fromkeys(values) if _coded(values) else ()
    concept = refuse(heading) or next(filter(None, map(refuse, words)), None)
    if concept:
        return Column(heading=heading, verdict="refused", why=f"{concept}: the hub never holds it")
    meaning = meaning_of(heading)
    found = _by_meaning(heading, meaning, values) if meaning else _by_values(heading, values)
    if found is None and wanted:
        return Column(
            heading=heading, verdict="field", why="asked for", name=slug(heading), classification="personal"
        )
    if found is None:
        why, ask = _unknown(heading)
        return Column(heading=heading, verdict="left-out", why=why, ask=ask)
    # A name is what nearly everything hangs on; what else may be empty is for the clerk to say.
    return replace(found, required=found.attribute == "name" and bool(values) and len(values) == len(cells))


def _unknown(heading: str) -> tuple[str, str]:
    """Why nobody takes a column in unasked, and what to do where it is needed all the same."""
    if REMARKS.search(heading):
        return "free text", ""
    if plain(heading) in RUNNING:
        return "the row's place in the sheet, no key", ""
    return "nobody can tell what it means", f'if the purpose needs it: --include "{heading}"'


def _coded(values: Sequence[str]) -> bool:
    distinct = len(set(values))
    return 0 < distinct <= CODES_MAX and len(values) >= ROWS_PER_CODE * distinct


def _by_meaning(heading: str, meaning: Meaning, values: Sequence[str]) -> Column:
    """A heading that is listed; its values must bear it out."""
    made = Column(
        heading=heading, verdict="field", why="its heading", name=meaning.name, kind=meaning.kind,
        attribute=meaning.attribute, classification=meaning.classification,
    )  # fmt: skip
    if meaning.kind == "date":
        return _dated(made, values)
    if meaning.kind in ("code", "operation"):
        return _with_codes(made, values, SEX_CODES if meaning.kind == "code" else OPERATIONS)
    fits = _share(KINDS[meaning.kind], values)
    if meaning.kind == "text" or fits >= FULL_MIN:
        return made
    if fits >= FITS_MIN or not values:
        return replace(made, severity="warn", ask=f"{1 - fits:.0%} of its cells do not fit {meaning.kind}")
    return replace(made, kind="text", ask=f"most cells are no {meaning.kind}: kept as text")


def _by_values(heading: str, values: Sequence[str]) -> Column | None:
    """A heading nobody listed, whose values tell what it is."""
    for kind, classification in TELLING:
        if len(values) >= ROWS_PER_CODE and _share(KINDS[kind], values) >= FITS_MIN:
            attribute = "number" if kind == "identity_number" else ""
            return Column(
                heading=heading, verdict="field", why=f"its values: {kind}", name=slug(heading), kind=kind,
                attribute=attribute, classification=classification, severity="warn",
                ask="whose number is it? a relative's is no `number`" if attribute else "",
            )  # fmt: skip
    if _coded(values) and plain(heading).endswith(CODED_ENDS):
        codes = {value: value for value in sorted(set(values))}
        return Column(heading=heading, verdict="field", why="a list of words", name=slug(heading), kind="code",
                      codes=codes, severity="warn", ask="are these all its words?")  # fmt: skip
    return None


def _dated(made: Column, values: Sequence[str]) -> Column:
    """The one way of reading that fits; two that fit and differ are the clerk's to decide."""
    fitting = [f for f in DATE_FORMATS if values and _share(parser_of(f), values) >= FITS_MIN]
    best = max((_share(parser_of(f), values) for f in fitting), default=0.0)
    fitting = [f for f in fitting if _share(parser_of(f), values) == best]
    readings = {tuple(_read(parser_of(f), values)) for f in fitting}
    if len(readings) == 1:
        ask = (
            ""
            if best >= FULL_MIN
            else f"{1 - best:.0%} of its cells are no such date: those rows are set aside"
        )
        return replace(made, date_format=fitting[0], ask=ask)
    ask = (
        f"dates that can be read as {' or '.join(fitting)}: name one as `format`"
        if readings
        else "no dates: kept as text"
    )
    # Rules read this name as a date, which text under another name is not.
    return replace(made, kind="text", name=f"{made.name}_text", ask=ask if values else "empty in the sample")


def _with_codes(made: Column, values: Sequence[str], known: Mapping[str, str]) -> Column:
    words = sorted(set(values))
    if len(words) > CODES_MAX:
        return replace(made, kind="text", ask="more words than a list has: kept as text")
    codes = {word: known[word.casefold()] for word in words if word.casefold() in known}
    strange = [word for word in words if word not in codes]
    if made.kind == "operation" and (strange or not codes):
        return replace(made, verdict="left-out", ask="which words take a record back? name them as `codes`")
    if not codes:
        return replace(made, kind="text", ask="none of its words is known: kept as text")
    # Words that were not in the sample may come tomorrow.
    codes |= {word: said for word, said in known.items() if said in codes.values() and not word.isascii()}
    severity = "warn" if strange else "quarantine"
    return replace(
        made, codes=codes, severity=severity, ask=f"unknown words: {len(strange)}" if strange else ""
    )


def _share(parse: Callable[[str], object], values: Sequence[str]) -> float:
    return sum(value is not None for value in _read(parse, values)) / len(values) if values else 1.0


def _read(parse: Callable[[str], object], values: Sequence[str]) -> Iterator[object]:
    for value in values:
        try:
            yield parse(value)
        except CellError:
            yield None


def _apart(columns: list[Column]) -> list[Column]:
    """Names and attributes that two columns would share: the first has them."""
    names: Counter[str] = Counter()
    stated: set[str] = set()
    found = []
    for column in columns:
        if column.verdict == "field":
            names[column.name] += 1
            if names[column.name] > 1:
                column = replace(column, name=f"{column.name}_{names[column.name]}", attribute="")
            if column.attribute in stated:
                column = replace(column, attribute="", ask=f"another column is the {column.attribute}")
            stated.update(filter(None, (column.attribute,)))
            assert not column.attribute or column.attribute in ATTRIBUTES
        found.append(column)
    return found


def _keyed(columns: list[Column], sample: Sample, wanted: str) -> list[Column]:
    """The column that tells records apart: named by the clerk, or full and without repeats."""

    def unique(column: Column) -> bool:
        cells = [row[sample.headings.index(column.heading)] for row in sample.rows]
        return column.verdict == "field" and all(cells) and len(set(cells)) == len(cells)

    named = [c for c in columns if c.heading == wanted and c.verdict == "field"]
    if wanted and not (named and unique(named[0])):
        raise SettingsError(
            f"{wanted} cannot be the key: it is empty or stands twice in the sample, or is refused"
        )
    fitting = named or [c for c in columns if unique(c) and c.kind not in ("date", "code", "operation")]
    fitting.sort(
        key=lambda c: (
            c.name != "record_no",
            c.kind not in ("identity_number", "certificate_no", "credit_code"),
        )
    )
    if not fitting or not (
        wanted or fitting[0].name.startswith("record_no") or fitting[0].kind in dict(TELLING)
    ):
        raise SettingsError(
            "no column tells records apart for good: add one with a number of your own for each row, "
            "or name one that does with --key HEADING"
        )
    chosen = fitting[0].heading
    return [
        replace(
            c,
            key=c.heading == chosen,
            required=c.required or c.heading == chosen,
            severity="quarantine" if c.heading == chosen else c.severity,
        )
        for c in columns
    ]


def slug(heading: str) -> str:
    """A plain name from a heading, Chinese by its sounds."""
    sounds = "_".join(lazy_pinyin(heading))
    name = re.sub(r"[^a-z0-9]+", "_", sounds.casefold()).strip("_")
    return name if name[:1].isalpha() else f"c_{name}".rstrip("_")


# --- as files --------------------------------------------------------------------------------


def contract_of(proposal: Proposal) -> str:
    """The contract as its file: a draft until somebody has looked through it and says active."""
    sample = proposal.sample
    what = proposal.feed.rpartition(".")[2]
    source = {"format": sample.format}
    if sample.format == "delimited":
        source |= {"encoding": sample.encoding, "delimiter": sample.delimiter}
    document = {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": proposal.feed, "version": "1.0.0", "status": "draft",
        "description": {"purpose": "", "limitations": "Holds no reproductive-control data; scores nobody."},
        "schema": [{"name": what, "logicalType": "object", "properties": [_property(c) for c in proposal.fields]}],
        "customProperties": [
            {"property": "department", "value": proposal.feed.partition(".")[0]},
            {"property": "evidence", "value": "person"},
            {"property": "source", "value": source},
        ],
    }  # fmt: skip
    head = "# Proposed from a sample. Look through it, mend what is wrong, then write `status: active`.\n"
    asked = [f"# {c.heading}: {c.ask}\n" for c in proposal.columns if c.ask]
    text: str = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)
    return head + "".join(asked) + text


def _property(column: Column) -> dict[str, Any]:
    extras: dict[str, Any] = {"kind": column.kind}
    extras |= {"attribute": column.attribute} if column.attribute else {}
    extras |= {"severity": column.severity} if column.severity != "quarantine" else {}
    extras |= {"codes": dict(column.codes)} if column.codes else {}
    made: dict[str, Any] = {
        "name": column.name, "physicalName": column.heading,
        "logicalType": "date" if column.kind == "date" else "integer" if column.kind == "integer" else "string",
        "required": column.required, "primaryKey": column.key, "classification": column.classification,
    }  # fmt: skip
    if column.date_format:
        made["logicalTypeOptions"] = {"format": column.date_format}
    made["customProperties"] = [{"property": name, "value": value} for name, value in extras.items()]
    return made


def settings_of(proposal: Proposal, contract: str, path: str, day: str) -> str:
    """What to put into hub.toml."""
    return f'[feeds."{proposal.feed}"]\ncontract = "{contract}"\npath = "{path}"\nday = "{day}"\n'
