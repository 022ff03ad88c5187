"""Periodic reports: the same bytes from any database, live or rebuilt; what is withheld is nowhere; both languages."""

import io
import json
import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from hub.app import Hub
from hub.cli import cli
from hub.domain.days import day_of, iso
from hub.domain.disclosures import Reader
from hub.errors import DisclosureRefusedError, NotFoundError, SettingsError
from hub.queries import Queries
from hub.reports.charts import months_of
from hub.reports.observations import frequency_of
from hub.reports.periodic import Made, report
from hub.reports.periodic import pdf as pdf_writer
from hub.reports.periodic.figures import MAIN, main_key
from hub.reports.periodic.page import page
from hub.reports.periodic.pdf import pdf
from hub.reports.periodic.revised import reasons, revisions_section
from hub.reports.periodic.texts import TEXTS, Language
from hub.simulate import simulate
from hub.simulate.places import COUNTY
from hub.statistics.periods import RELEASES, Release, due, period, releases
from hub.statistics.publication import Safety
from tests.conftest import settings_for, work_through
from tests.databases import new_database

READER = Reader("health", "analyst", COUNTY, "vital-statistics")
MADE, OPEN = Made(READER, Safety(), None), Made(READER, Safety(threshold=1), None)
PERIODS = (("half-month", "2024-06-1"), ("month", "2024-06"), ("half-year", "2024-H1"), ("year", "2024"))
LANGUAGES = ("zh", "en")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    source = tmp_path_factory.mktemp("large")
    simulate(source, persons=3_000, months=10, seed=3, noise=2)
    found = Hub(settings_for(tmp_path_factory.mktemp("reports")))
    work_through(found, source)
    yield found
    found.close()


def status(hub):
    with hub.projection() as db:
        return Queries(db, hub.log, READER, COUNTY, hub.rules.model).status()


def today(hub):
    return day_of(status(hub)["today"])


def made(hub, kind, when, release=None, how=MADE):
    wanted = period(kind, when)
    return report(hub, wanted, due(wanted, release, today(hub)), how, lambda _: None)


def written(found):
    pages = {language: page(found, language) for language in LANGUAGES}
    return {**pages, **{f"{language} pdf": pdf(text) for language, text in pages.items()}}


class Text(HTMLParser):
    """The words and cells that a page shows, charts included, style left out."""

    def __init__(self):
        super().__init__()
        self.parts, self._style = [], False

    def handle_starttag(self, tag, attrs):
        self._style = tag == "style"

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        if not self._style and data.strip():
            self.parts.append(data.strip())


def texts(html):
    parser = Text()
    parser.feed(html)
    return parser.parts


@pytest.fixture(scope="module")
def second(hub):
    return made(hub, "half-year", "2024-H1", "second")


def test_the_same_bytes_twice_rebuilt_and_on_postgres(hub, second, postgres):
    first_time = written(second)
    assert written(made(hub, "half-year", "2024-H1", "second")) == first_time
    assert hub.rebuild(lambda _: None)["ok"]
    assert written(made(hub, "half-year", "2024-H1", "second")) == first_time
    other = Hub(settings_for(hub.data.parent, projection=new_database(postgres)))
    with other.runner() as runner:
        runner.run()
    assert written(made(other, "half-year", "2024-H1", "second")) == first_time
    other.close()


def test_later_days_and_looks_change_no_release(hub):
    """A hub that stops on the day of the first release makes the same report as one that went on."""
    first = made(hub, "half-year", "2024-H1", "first")
    before = page(first, "en")
    with hub.past(first.known.release.day, lambda _: None) as (_, position):
        assert {str(p): offset for p, offset in position.items()} == first.known.basis.log
    made(hub, "half-year", "2024-H1", "second", OPEN)  # a look at small counts is put on record
    assert page(made(hub, "half-year", "2024-H1", "first"), "en") == before


@pytest.mark.parametrize(("kind", "when"), PERIODS)
def test_every_kind_of_period_cites_what_it_rests_on(hub, kind, when):
    found = made(hub, kind, when)
    basis = found.known.basis
    assert found.name == f"report-{kind}-{when}-{found.known.release.name}"
    for language in LANGUAGES:
        shown = texts(page(found, language))
        for cited in (basis.as_of, basis.model, basis.catalogue, COUNTY):
            assert cited in shown
        assert any(str(offset) in part for offset in basis.log.values() for part in shown)
        assert any(f"hub report {kind} {when} --release" in part for part in shown)


def test_each_page_is_in_one_language(hub, second):
    english, chinese = texts(page(second, "en")), texts(page(second, "zh"))
    named = [part for part in texts(page(second, "en", hub.divisions)) if CHINESE.search(part)]
    assert named and all(f" {COUNTY}" in part for part in named)
    assert not [part for part in english if CHINESE.search(part)]
    # Codes, numbers and commands stay as they are; nothing that has words in English may show them in Chinese.
    words = {en for _, en in TEXTS.values() if len(en) > 3} - {"default"}
    assert not words & set(chinese)
    assert len(english) == pytest.approx(len(chinese), abs=3)
    assert "主要指标" in chinese and "Key figures" in english


def test_no_page_runs_or_fetches_anything(second):
    for language in LANGUAGES:
        html = page(second, language)
        assert "<script" not in html and "javascript:" not in html
        assert "<!--" not in html, "the library that draws notes the day on which it did"
        assert (
            not re.findall(r"(?:src|href)=[\"']?(?!#)", html) and "@import" not in html and "url(" not in html
        )


def test_the_pdf_says_what_the_page_says(second):
    for language, title in (("zh", "县级部门数据共享统计报告"), ("en", "County report on shared records")):
        content = pdf(page(second, language))
        assert content.startswith(b"%PDF-")
        reader = PdfReader(io.BytesIO(content))
        text = "".join(one.extract_text() for one in reader.pages).replace("\n", "")
        assert title in text
        assert reader.metadata["/CreationDate"] == "D:" + second.known.basis.as_of.replace("-", "")
        assert second.known.basis.catalogue in text


def test_what_is_withheld_is_shown_nowhere(hub, second):
    """Every published cell of the page is an observation's text; those withheld have no value to show."""
    withheld = [
        x for table in second.known.tables.values() for x in table.observations if x.obs_status == "Q"
    ]
    assert withheld and all(x.value is x.low is x.high is None for x in withheld)
    open_ = made(hub, "half-year", "2024-H1", "second", OPEN)
    hidden = main_key(second.known, "2024-H1", ("COMPLETENESS_UNION", "OR1"))
    assert second.known.observation(hidden).value is None
    value = open_.known.observation(hidden).value
    assert f"{value:.2f} (" in page(open_, "en")
    html = page(second, "en")
    assert f"{value:.2f} (" not in html
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf(html))).pages)
    assert f"{value:.2f} (" not in text


def test_a_second_release_prints_what_the_first_one_said_and_explains_the_difference(hub):
    first, later = (made(hub, "half-year", "2024-H1", name, OPEN) for name in ("first", "second"))
    (revised,) = later.before
    for figure in MAIN:
        key = main_key(first.known, "2024-H1", figure)
        assert revised.known.observation(key) == first.known.observation(key)
    births = main_key(first.known, "2024-H1", MAIN[0])
    told = revised.births
    assert told.earlier == first.known.observation(births).value
    assert told.later == later.known.observation(births).value
    assert told.earlier + sum(told.added.values()) - sum(told.taken_out.values()) == told.later
    assert sum(told.added.values()) + sum(told.changed.values()) > 0
    for measure, one in revised.stays.items():
        key = main_key(first.known, "2024-H1", measure)
        assert one.earlier == first.known.observation(key).value
        assert one.later == later.known.observation(key).value
        assert one.earlier + sum(one.added.values()) - sum(one.taken_out.values()) == one.later
    assert sum(sum(one.added.values()) for one in revised.stays.values()) > 0
    rows = {
        reason: list(map(int, counts))
        for reason, *counts in revisions_section(later, Language("en")).grids[2].rows
    }
    total = rows["as published then"]
    for reason, counts in rows.items():
        sign = {"added": 1, "taken out": -1}.get(reason.partition(":")[0], 0)
        total = [so_far + sign * count for so_far, count in zip(total, counts, strict=True)]
    assert total == rows["now"] and rows["now"] != rows["as published then"]
    shown = texts(page(later, "en"))
    assert any(part.startswith("first release 2024-07-15") for part in shown)
    assert not first.before and "Revisions" not in texts(page(first, "en"))


def test_small_reasons_are_not_numbers(second):
    words = Language("en")
    assert reasons({"came-later": 2, "merged": 7, "withdrawn": 0}, 5, words) == {
        "came-later": words["some"], "merged": words["some"], "withdrawn": "0",
    }  # fmt: skip
    assert reasons({"came-later": 12, "merged": 7}, 5, words) == {"came-later": "12", "merged": "7"}
    grid = revisions_section(second, words).grids[1]
    stays = revisions_section(second, words).grids[2]
    assert stays.title.startswith("What changed the migrants")
    for one in (grid, stays):
        told = {
            count
            for reason, *counts in one.rows
            if reason.startswith(("added", "taken out", "changed"))
            for count in counts
        }
        assert told <= {"0", words["some"], words["some-of"]} or min(int(c) for c in told - {"0"}) >= 5


def test_discrepancies_of_two_releases_add_up(second):
    grid = revisions_section(second, Language("en")).grids[3]
    assert grid.title == "Discrepancies since the first release"
    for _, then, came, cleared, now in grid.rows:
        assert int(then) + int(came) - int(cleared) == int(now)
    assert sum(map(int, grid.rows[-1][2:4])) > 0
    standing = sum(one.number for one in second.known.follow_up.discrepancies if one.what == "standing")
    assert grid.rows[-1][4] == str(standing)


def test_migrants_and_deliveries_add_up(hub):
    found = made(hub, "half-year", "2024-H1", how=OPEN)
    flows = {x.key: x.value for x in found.known.tables["stock-flow"].observations}
    starts = [key for key in flows if key.indicator == "STOCK_START" and key.period == "2024-H1"]
    assert len(starts) > 4
    for key in starts:
        moved = [
            (1 if k.indicator == "IN" else -1) * value for k, value in flows.items()
            if k.indicator in ("IN", "OUT") and (k.area, k.period) == (key.area, key.period)
            and k.by.startswith(key.by + "/")
        ]  # fmt: skip
        assert flows[key] + sum(moved) == flows[key._replace(indicator="STOCK_END")]
    assert found.known.deliveries.keys() == set(hub.feeds)
    for counts in found.known.deliveries.values():
        assert counts["received"] == counts["accepted"] + counts["unchanged"] + counts["quarantined"] > 0


def test_periods_are_told_apart_where_their_names_are_as_long(hub):
    table = made(hub, "half-year", "2024-H1", how=OPEN).known.tables["stock-flow"]
    assert months_of(table, COUNTY) == [f"2023-{n:02d}" for n in range(1, 13)] + [
        f"2024-{n:02d}" for n in range(1, 7)
    ]
    forms = {"2024": "A", "2024-H1": "S", "2024-06": "M", "2024-06-1": "_O", "2024-06-30": "D"}
    assert {period: frequency_of(period) for period in forms} == forms


def test_discrepancies_are_those_of_the_day(hub):
    last = today(hub)
    wanted = period("year", "2024")
    found = report(hub, wanted, Release("current", last), MADE, lambda _: None)
    now = status(hub)
    standing: dict[str, int] = {}
    for one in found.known.follow_up.discrepancies:
        if one.what == "standing":
            standing[one.kind] = standing.get(one.kind, 0) + one.number
    assert standing == now["discrepancies"]
    open_cases = sum(one.number for one in found.known.follow_up.cases if one.what == "open")
    assert open_cases == sum(n for state, n in now["cases"].items() if state not in ("settled", "archived"))


def test_releases_that_are_not_due_and_foreign_readers_are_refused(hub):
    with pytest.raises(NotFoundError, match="can be made once"):
        made(hub, "month", "2024-06", "final")
    town = Made(READER._replace(jurisdiction=COUNTY + "101"), Safety(), None)
    with pytest.raises(DisclosureRefusedError, match="whole county"):
        made(hub, "half-year", "2024-H1", "first", town)
    curious = Made(READER._replace(purpose="curiosity"), Safety(), None)
    with pytest.raises(DisclosureRefusedError):
        made(hub, "half-year", "2024-H1", "first", curious)


def test_the_command_writes_files_and_says_what_is_missing(hub, tmp_path, monkeypatch):
    config = tmp_path / "hub.toml"
    config.write_text(f'[hub]\ndata = "{hub.data.absolute()}"\n', encoding="utf-8")

    def run(*arguments):
        return CliRunner().invoke(cli, ["--config", str(config), "report", *arguments])

    out = tmp_path / "out"
    said = run("half-year", "2024-H1", "--release", "first", "--folder", str(out), "--json")
    assert said.exit_code == 0, said.output
    answer = json.loads(said.stdout)
    assert sorted(path.name for path in out.iterdir()) == answer["files"]
    assert answer["files"] == [
        f"report-half-year-2024-H1-first.{name}" for name in ("en.html", "en.pdf", "zh.html", "zh.pdf")
    ]
    whole = made(hub, "half-year", "2024-H1", "first")
    how = page(whole, "zh", hub.divisions)
    assert "青禾县 990101" in how and "柳河镇 990101101" in how
    assert (out / "report-half-year-2024-H1-first.zh.html").read_text("utf-8") == how
    assert (out / "report-half-year-2024-H1-first.zh.pdf").read_bytes() == pdf(how)
    assert answer["basis"]["as_of"] == iso(period("half-year", "2024-H1").last + RELEASES["first"])
    monkeypatch.setattr(pdf_writer, "weasyprint", None)
    plain = run("year", "2024", "--folder", str(out), "--language", "en")
    assert plain.exit_code == 0 and "county-hub[pdf]" in plain.output
    assert list(out.glob("report-year-*.html")) and not list(out.glob("report-year-*.pdf"))
    with pytest.raises(SettingsError, match="libpango"):
        pdf(how)
    replayed = []
    monkeypatch.setattr("hub.cli.report.report_of", lambda *_: replayed.append(1))
    blocked = run("year", "2024", "--folder", str(config / "out"))
    assert isinstance(blocked.exception, SettingsError) and "cannot be written to" in str(blocked.exception)
    early = run("year", "2020", "--folder", str(out))
    assert isinstance(early.exception, NotFoundError) and "lies before the log" in str(early.exception)
    assert not replayed
    wrong = run("month", "June")
    assert isinstance(wrong.exception, SettingsError)
    assert [one.name for one in releases(period("month", "2024-06"))] == list(RELEASES)
