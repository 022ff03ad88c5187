"""The sections about records: what disagreed and was followed up, and what departments delivered."""

from collections import Counter
from collections.abc import Iterable

from hub.domain.cases import LAPSED, OUTCOMES
from hub.domain.discrepancies import KINDS
from hub.projections.follow_up import CLEARED, OPENED, OVERDUE, RAISED, SETTLED, STANDING, WAITING
from hub.reports.periodic import ROWS, Report
from hub.reports.periodic.figures import text
from hub.reports.periodic.sections import Grid, Section
from hub.reports.periodic.texts import Language
from hub.statistics.tables import Key
from hub.statistics.tables.moves import IN, OF, OUT

ORDER = {kind.code: number for number, kind in enumerate(KINDS)}
COUNTED = RAISED, CLEARED, STANDING


def follow_up_section(report: Report, words: Language) -> Section:
    """Discrepancies by kind and owner and by town, and cases by department."""
    grids = [_by_kind(report, words)]
    if report.known.towns is not None:
        grids.append(_by_town(report, words))
    grids.append(_cases(report, words))
    if report.known.moves is not None:
        grids.append(_moves(report, words))
    notes = [words["records-only"], words["reopened-note"]]
    return Section(words["discrepancies-section"], grids, notes=notes)


def _moves(report: Report, words: Language) -> Grid:
    table = report.known.moves
    assert table is not None, "asked for only where letters are exchanged"
    found = {x.key: x for x in table.observations}
    period = report.period.name
    rows = [
        (
            f"{words[f'moved-{way}']} {county}",
            *(text(found[Key(what, county, period, by=way)], words) for what in OF),
        )
        for county in sorted({key.area for key in found})
        for way in (OUT, IN)
    ]
    return Grid(words["moves"], (words["move"], *(words[what] for what in OF)), rows)


def by_kind(report: Report) -> Counter[tuple[str, str, str]]:
    """Kind, owner and what (raised, cleared, standing) to how many, the county together."""
    found: Counter[tuple[str, str, str]] = Counter()
    for one in report.known.follow_up.discrepancies:
        found[one.kind, one.owner, one.what] += one.number
    return found


def _by_kind(report: Report, words: Language) -> Grid:
    found = by_kind(report)
    pairs = sorted({(kind, owner) for kind, owner, _ in found}, key=lambda pair: (ORDER[pair[0]], pair[1]))
    rows = [
        (words.kind(kind), words[owner], *(_number(found[kind, owner, what]) for what in COUNTED))
        for kind, owner in pairs
    ]
    totals = [sum(found[kind, owner, what] for kind, owner in pairs) for what in COUNTED]
    rows.append((words["total"], "", *map(_number, totals)))
    return Grid(words["by-kind"], (words["kind"], words["owner"], *_heads(COUNTED, words)), rows, 2)


def _by_town(report: Report, words: Language) -> Grid:
    table = report.known.towns
    assert table is not None, "asked for only where towns are told of"
    found = {x.key: x for x in table.observations}
    towns = sorted({key.area for key in found} - {report.county})
    zero = _number(0)
    rows = []
    for town in (*towns, report.county):
        keys = (Key(what.upper(), town, report.period.name) for what in COUNTED)
        cells = (text(found[key], words) if key in found else zero for key in keys)
        rows.append((words["total"] if town == report.county else words.place(town), *cells))
    return Grid(words["by-town"], (words["town"], *_heads(COUNTED, words)), rows)


def _cases(report: Report, words: Language) -> Grid:
    found = {(one.what, one.owner, one.outcome): one.number for one in report.known.follow_up.cases}
    owners = sorted({owner for _, owner, _ in found})
    reached = [name for name in (*OUTCOMES, LAPSED) if any(outcome == name for _, _, outcome in found)]
    columns = [(OPENED, ""), *((SETTLED, outcome) for outcome in reached), (WAITING, ""), (OVERDUE, "")]
    heads = [words[f"case-{LAPSED}" if outcome == LAPSED else outcome or what] for what, outcome in columns]
    rows = [
        (words[owner], *(_number(found.get((what, owner, outcome), 0)) for what, outcome in columns))
        for owner in owners
    ]
    return Grid(words["cases-by-department"], (words["owner"], *heads), rows)


def deliveries_section(report: Report, words: Language) -> Section:
    """What became of the rows of the period's drops."""
    columns = ("batches", *ROWS)
    rows = [
        (words.feed(feed), *(_number(counts[name]) for name in columns))
        for feed, counts in report.known.deliveries.items()
    ]
    grid = Grid("", (words["feed"], *_heads(columns, words)), rows)
    return Section(words["deliveries-section"], [grid], notes=[words["deliveries-note"]])


def _heads(codes: Iterable[str], words: Language) -> list[str]:
    return [words[code] for code in codes]


def _number(value: int) -> str:
    return f"{value:,}"
