"""The sections of a report: tables of texts, notes and charts, in one language."""

from collections.abc import Sequence
from typing import NamedTuple

from hub.domain.births import OUTCOMES
from hub.reports.charts import EN, MONTH
from hub.reports.charts.completeness import completeness_chart
from hub.reports.charts.flows import flow_chart, stock_chart
from hub.reports.charts.origins import origins_table
from hub.reports.charts.sex_ratio import sex_ratio_chart
from hub.reports.charts.timeliness import fixed_delay_chart, timeliness_chart
from hub.reports.periodic import Report
from hub.reports.periodic.figures import MAIN, difference, main_key, name_of, text
from hub.reports.periodic.texts import Language
from hub.statistics.completeness import ODDS_RATIOS
from hub.statistics.flows import MIGRANT, OUTSIDE, STATUS, STAY_CLASSES, TOWN
from hub.statistics.periods import Period
from hub.statistics.tables import Key
from hub.statistics.tables.stays import STATUSES
from hub.statistics.timeliness import CLASSES, DELAYED, LATE, NOT_YET, ON_TIME, WITHIN_DAYS

NOBODY = "0"


class Grid(NamedTuple):
    """A table: its heads, and rows of which so many cells come first as words."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    hidden: str = ""
    """What a withheld cell says, where rows of nothing else are to be named together below the table."""

    def _told(self, row: Sequence[str]) -> bool:
        return not self.hidden or any(cell not in (self.hidden, "") for cell in row[self.words :])

    @property
    def shown(self) -> list[Sequence[str]]:
        """The rows that tell anything."""
        return [row for row in self.rows if self._told(row)]

    @property
    def withheld(self) -> list[str]:
        """What the other rows are called."""
        return [row[0] for row in self.rows if not self._told(row)]


class Section(NamedTuple):
    """A part of the page. `charts` and `heat` are drawn already, as SVG and HTML."""

    title: str
    grids: Sequence[Grid]
    charts: Sequence[str] = ()
    heat: str = ""
    notes: Sequence[str] = ()


def alike(of: Period) -> list[list[str]]:
    """The periods that are drawn together, in order: months, and the period beside the one a year before.

    A chart holds one kind of period: a year beside its months would look twelve times as sure.
    """
    names = [span.name for span in sorted(of.spans(), key=lambda span: span.last)]
    months = [name for name in names if MONTH.fullmatch(name)]
    return [group for group in (months, [name for name in names if name not in months]) if group]


class Sections:
    """Writes the sections of one report in one language."""

    def __init__(self, report: Report, words: Language) -> None:
        self._report, self._known, self._words = report, report.known, words
        self._county, self._period = report.county, report.period.name
        self._before = report.period.year_before().name
        self._drawn = alike(report.period)

    def all(self) -> list[Section]:
        """The sections about people, in order; those about records stand in `exchange` and `revised`."""
        return [
            self._key_figures(), self._births(), self._completeness(), self._timeliness(), self._migrants(),
        ]  # fmt: skip

    # --- figures -----------------------------------------------------------------------------

    def _text(self, key: Key) -> str:
        one = self._known.observation(key)
        # Nobody is counted under a key that is not there.
        return NOBODY if one is None else text(one, self._words)

    def _key_figures(self) -> Section:
        words, known, rows = self._words, self._known, []
        for figure in MAIN:
            key, before = (main_key(known, period, figure) for period in (self._period, self._before))
            now, then = known.observation(key), known.observation(before)
            rows.append(
                (name_of(key, words), text(now, words), text(then, words), difference(then, now, words))
            )
        heads = words["figure"], words["value"], f"{words['year-before']} {self._before}", words["difference"]
        return Section(words["key-figures"], [Grid("", heads, rows)], notes=[words["legend"], words["gaps"]])

    def _towns(self, table: str, indicator: str) -> list[str]:
        """The towns that a table has of the period, the county's total last."""
        found = {
            x.key.area for x in self._known.tables[table].observations
            if x.key.indicator == indicator and x.key.period == self._period and x.key.area != self._county
        }  # fmt: skip
        return [*sorted(found), self._county]

    def _town(self, code: str) -> str:
        return self._words["total"] if code == self._county else self._words.place(code)

    def _births(self) -> Section:
        words, period = self._words, self._period
        towns = sorted({*self._towns("births", "BIRTHS")[:-1], *self._occurred()})
        rows = []
        for town in (*towns, self._county):
            keys = [Key("BIRTHS", town, period, sex) for sex in ("_T", "M", "F")]
            occurred = "" if town == self._county else self._text(Key("BIRTHS_OCCURRED", town, period))
            rows.append((self._town(town), *map(self._text, keys), occurred))
        heads = words["town"], words["by-residence"], words["boys"], words["girls"], words["by-occurrence"]
        outcomes = [
            (words.outcome(name), self._text(key), self._text(key._replace(period=self._before)))
            for name in OUTCOMES
            for key in [Key("OUTCOME", self._county, period, by=name)]
        ]
        tables = self._known.tables
        return Section(
            words["births-section"],
            [
                Grid(words["births-by-town"], heads, rows, hidden=words["withheld"]),
                Grid(
                    words["outcomes"],
                    (words["outcome"], words["value"], words["year-before"]),
                    outcomes,
                    hidden=words["withheld"],
                ),
                self._agreement(),
            ],
            [sex_ratio_chart(tables["sex-ratio"], self._county, words.code, names) for names in self._drawn],
            notes=self._notes("births", "sex-ratio"),
        )

    def _agreement(self) -> Grid:
        words = self._words
        fields = {
            x.key.by for x in self._known.tables["agreement"].observations if x.key.indicator == "AGREEMENT"
        }
        rows = [
            (words[field], *(text(self._known.observation(Key("AGREEMENT", self._county, period, by=field)), words)
                             for period in (self._period, self._before)))
            for field in sorted(fields)
        ]  # fmt: skip
        heads = words["field"], words["value"], words["year-before"]
        return Grid(words["agreement"], heads, rows, hidden=words["withheld"])

    def _occurred(self) -> list[str]:
        return [
            x.key.area for x in self._known.tables["births"].observations
            if x.key.indicator == "BIRTHS_OCCURRED" and x.key.period == self._period
        ]  # fmt: skip

    def _notes(self, *tables: str) -> list[str]:
        english = self._words.code == EN
        return [note[english] for name in tables for note in self._known.tables[name].notes]

    def _completeness(self) -> Section:
        words, table = self._words, self._known.tables["completeness"]
        adjusted = [f"OR{ratio:g}-ADJUSTED" for ratio in ODDS_RATIOS]
        bys = [f"OR{ratio:g}" for ratio in ODDS_RATIOS]
        bys += [by for by in adjusted if any(x.key.by == by for x in table.observations)]
        figures = [
            (name, "_T")
            for name in ("LIST_1", "LIST_2", "BOTH", "ONLY_1", "ONLY_2", "COMPLETENESS_1", "COMPLETENESS_2")
        ]
        figures += [(name, by) for name in ("TOTAL_BIRTHS", "COMPLETENESS_UNION") for by in bys]
        keys = [Key(name, self._county, self._period, by=by) for name, by in figures]
        return Section(
            words["completeness-section"],
            [self._compared("", words["figure"], [(name_of(key, words), key) for key in keys])],
            [completeness_chart(table, self._county, words.code, names) for names in self._drawn],
            notes=self._notes("completeness"),
        )

    def _compared(self, title: str, what: str, rows: Sequence[tuple[str, Key]]) -> Grid:
        """Rows with their values in the period and the same a year before."""
        words = self._words
        cells = [(name, self._text(key), self._text(key._replace(period=self._before))) for name, key in rows]
        return Grid(title, (what, words["value"], words["year-before"]), cells, hidden=words["withheld"])

    def _timeliness(self) -> Section:
        words, county, period = self._words, self._county, self._period
        table = self._known.tables["timeliness"]
        within = [Key("REGISTERED_WITHIN", county, period, by=f"{days}D") for days in WITHIN_DAYS]
        return Section(
            words["timeliness-section"],
            [
                self._compared(words["within"], words["figure"], [(name_of(key, words), key) for key in within]),
                self._compared(words["delays"], words["delay"], [
                    (name + words["days"], Key("DELAY", county, period, by=name)) for name in CLASSES
                ]),
                self._compared(words["standings"], words["standing-of-limit"], [
                    (words[name], Key("STANDING", county, period, by=name))
                    for name in (ON_TIME, LATE, DELAYED, NOT_YET)
                ]),
            ],
            [timeliness_chart(table, county, words.code),
             *(fixed_delay_chart(table, county, words.code, names) for names in self._drawn)],
            notes=self._notes("timeliness"),
        )  # fmt: skip

    # --- people who live here ------------------------------------------------------------------

    def _balance(self, area: str, status: str, others: Sequence[str]) -> list[str]:
        """Start, in, out and end of one cell, which add up."""
        keys = [
            Key("STOCK_START", area, self._period, by=status),
            *(
                Key(name, area, self._period, by=f"{status}/{other}")
                for name in ("IN", "OUT")
                for other in others
            ),
            Key("STOCK_END", area, self._period, by=status),
        ]
        return [self._text(key) for key in keys]

    def _migrants(self) -> Section:
        words, tables = self._words, self._known.tables
        whole, apart = (OUTSIDE, STATUS), (OUTSIDE, TOWN, STATUS)
        rows = [(words[status], *self._balance(self._county, status, whole)) for status in STATUSES]
        towns = [
            (self._town(town), *self._balance(town, MIGRANT, apart))
            for town in self._towns("stock-flow", "STOCK_END")[:-1]
        ]
        on = tables["stay-length"].observations[0].key.period
        lengths = [
            (words[name], self._text(Key("STAY_LENGTH", self._county, on, by=name)))
            for _, name in STAY_CLASSES
        ]
        return Section(
            words["migrants-section"],
            [
                Grid(words["balance"], (words["status"], *self._flows(whole)), rows),
                Grid(words["balance-by-town"], (words["town"], *self._flows(apart)), towns),
                Grid(words["stay-lengths"], (words["length"], words["people"]), lengths),
            ],
            [stock_chart(tables["stock-flow"], self._county, words.code),
             flow_chart(tables["stock-flow"], self._county, words.code)],
            origins_table(tables["origins"], self._county, words.code, words.place),
            self._notes("stock-flow", "origins"),
        )  # fmt: skip

    def _flows(self, others: Sequence[str]) -> list[str]:
        moved = [self._words[f"{way}-{other}"] for way in ("in", "out") for other in others]
        return [self._words["stock-start"], *moved, self._words["stock-end"]]
