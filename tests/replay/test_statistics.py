"""Statistics at the edge: same log and rules, same bytes; the command line; who sees what."""

import csv
import io
import json
from itertools import pairwise

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from pyarrow import parquet
from sqlalchemy import event

from hub.app import Hub
from hub.audit.aggregates import TABLES, Asked
from hub.audit.replay import refill
from hub.cli import cli
from hub.domain.days import day_of
from hub.domain.disclosures import Reader
from hub.domain.divisions import NOWHERE
from hub.domain.watching import SILENT
from hub.errors import DisclosureRefusedError, NotFoundError, SettingsError
from hub.projections.databases import open_sqlite
from hub.queries import Queries
from hub.reports import files
from hub.reports.charts.completeness import completeness_chart
from hub.reports.charts.flows import flow_chart, stock_chart
from hub.reports.charts.origins import origins_table
from hub.reports.charts.sex_ratio import sex_ratio_chart
from hub.reports.charts.timeliness import fixed_delay_chart, timeliness_chart
from hub.reports.files import COLUMNS, FORMATS
from hub.reports.places import NAMELESS, Places
from hub.simulate.places import COUNTY
from hub.statistics.periods import period
from hub.statistics.publication import Safety
from tests.conftest import settings_for, work_through
from tests.databases import new_database

READER = Reader("health", "analyst", COUNTY, "vital-statistics")
SAFE, OPEN = Safety(), Safety(threshold=1)


@pytest.fixture(scope="module")
def hub(tmp_path_factory, county):
    found = Hub(settings_for(tmp_path_factory.mktemp("statistics")))
    work_through(found, county)
    yield found
    found.close()


def asked(hub, db, safety=SAFE, reader=READER, **more):
    queries = Queries(db, hub.log, reader, COUNTY, hub.rules.model)
    return queries.statistics(hub.rules, hub.intake.balance(), Asked(**more), safety)


@pytest.fixture(scope="module")
def found(hub):
    with hub.projection() as db:
        return asked(hub, db)


def by_key(statistics):
    return {one.key: one for table in statistics.tables for one in table.observations}


def written(statistics):
    return {
        (form, name): content
        for form, write in FORMATS.items()
        for name, content in write(statistics, NAMELESS).items()
    }


def test_rebuilt_and_on_postgres_every_file_is_the_same_byte_for_byte(hub, tmp_path, postgres):
    with hub.runner() as runner:
        runner.run()  # Looks that another test put on record are part of the log too.
    with hub.projection() as db:
        found = asked(hub, db)
    live = written(found)
    assert live == written(found)
    with open_sqlite(tmp_path / "rebuilt.db").connect() as db:
        refill(hub.log, db, hub.rules, lambda _: None)
        assert written(asked(hub, db)) == live
    moved = settings_for(hub.data.parent, projection=new_database(postgres))
    other = Hub(moved)
    with other.runner() as runner:
        runner.run()
    with other.projection() as db:
        assert written(asked(other, db)) == live
    other.close()


def test_one_query_reads_the_births(hub):
    statements = []
    with hub.projection() as db:
        event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        asked(hub, db, tables=("births", "completeness", "timeliness", "sex-ratio", "outcomes", "agreement"))
    assert sum("births" in text and "SELECT" in text for text in statements) == 1


def test_what_is_shown_adds_up(hub):
    with hub.projection() as db:
        open_ = by_key(asked(hub, db, OPEN))
    stocks = {k: one.value for k, one in open_.items() if k.indicator == "STOCK_END"}
    assert stocks
    for key, end in stocks.items():
        start = open_[key._replace(indicator="STOCK_START")].value
        came, left = (sum(one.value for k, one in open_.items() if k.indicator == name and k.area == key.area
                          and k.period == key.period and k.by.startswith(key.by + "/")) for name in ("IN", "OUT"))  # fmt: skip
        assert end == start + came - left
    months = [
        one.value
        for k, one in open_.items()
        if k.indicator == "BIRTHS" and len(k.period) == 7 and k.sex == "_T"
    ]
    years = [one.value for k, one in open_.items() if k.indicator == "BIRTHS" and len(k.period) == 4
             and k.sex == "_T" and k.area == COUNTY]  # fmt: skip
    assert sum(months) == sum(years) > 0


def test_what_tables_rest_on_names_the_divisions_too(hub):
    queries_over = hub.rules, hub.rules._replace(divisions=NOWHERE), hub.rules
    with hub.projection() as db:
        queries = Queries(db, hub.log, READER, COUNTY, hub.rules.model)
        cited = [
            queries.statistics(rules, {}, Asked(("exchange",)), SAFE).basis.catalogue
            for rules in queries_over
        ]
    assert cited[0] == cited[2] != cited[1]


def test_withheld_is_withheld_in_every_format(found):
    hidden = [one for one in by_key(found).values() if one.obs_status == "Q"]
    assert hidden
    assert all(one.value is one.low is one.high is None for one in hidden)
    text = files.sdmx_csv(found)["births.csv"].decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {"STRUCTURE", "STRUCTURE_ID", "ACTION", *COLUMNS} == rows[0].keys()
    assert {row["STRUCTURE"] for row in rows} == {"dataflow"}
    assert {row["STRUCTURE_ID"] for row in rows} == {"COUNTY_HUB:BIRTHS(1.0.0)"}
    assert all((row["OBS_VALUE"] == "") == (row["OBS_STATUS"] == "Q") for row in rows)
    assert {row["CONF_STATUS"] for row in rows if row["OBS_STATUS"] == "Q"} == {"C"}


def test_workbook_and_parquet_can_be_read_and_say_what_they_rest_on(hub, found):
    places = Places(hub.divisions, day_of(found.basis.as_of))
    book = load_workbook(io.BytesIO(files.workbook(found, places)["statistics.xlsx"]))
    assert {"births", "completeness", "stock-flow"} <= set(book.sheetnames)
    assert any("as_of: " in str(row[0]) for row in book.worksheets[0].values)
    heads, *rows = book.worksheets[-1].values
    assert heads == ("列 COLUMN", "代码 CODE", "中文 ZH", "英文 EN")
    assert ("REF_AREA", COUNTY + "101", "柳河镇", "柳河镇") in rows
    for sheet in book.worksheets[1:-1]:
        heads, *rows = sheet.values
        assert [head.split()[1] for head in heads] == list(COLUMNS)
        assert heads[4].startswith("指标") and rows[0][4]
    assert any("usual residence" in str(row[0]) for row in book["births"].values)
    table = parquet.read_table(io.BytesIO(files.parquet_files(found)["births.parquet"]))
    assert table.column_names == list(COLUMNS)
    assert b"log" in table.schema.metadata
    codes = list(csv.reader(io.StringIO(files.sdmx_csv(found, places)["codes.csv"].decode())))
    assert ["INDICATOR", "BIRTHS_OCCURRED", "出生数（按发生地）", "births, by where they happened"] in codes
    # Origins beyond the county's own table of divisions have no name here.
    assert all(all(row) for row in codes if row[0] != "BREAKDOWN" or not row[1].isdigit())
    assert "model: default" in files.readme(found).decode()


def test_a_folder_that_cannot_be_written_to_is_named(found, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="cannot be written to"):
        files.write_statistics(tmp_path / "file" / "folder", found, "csv")


def test_parquet_without_its_extra_says_what_to_install(found, monkeypatch):
    monkeypatch.setattr(files, "pyarrow", None)
    with pytest.raises(SettingsError, match="county-hub\\[parquet\\]"):
        files.parquet_files(found)


def test_a_town_sees_its_own_and_what_is_withheld_for_the_county_stays_so(hub, found):
    town = COUNTY + "101"
    with hub.projection() as db:
        mine = asked(hub, db, reader=READER._replace(jurisdiction=town))
        whole = by_key(found)
        assert by_key(mine).keys() == {key for key in whole if key.area.startswith(town)} != set()
        assert all(one == whole[key] for key, one in by_key(mine).items())
        with pytest.raises(DisclosureRefusedError):
            asked(hub, db, reader=READER._replace(purpose="curiosity"))


def test_feeds_that_come_monthly_are_on_time_by_their_rhythm_and_never_silent(hub):
    monthly = "commerce.business_registration", "human_resources.employment"
    assert {hub.feeds[feed].rhythm for feed in monthly} == {31}
    rhythm = hub.intake.rhythm()
    assert rhythm.keys() == set(monthly) and not any(one["late"] for one in rhythm.values())
    for feed in monthly:
        deliveries = hub.intake.watched(feed).deliveries
        assert max(b.day - a.day for a, b in pairwise(deliveries)) == 30
    # A month without a new business is delivered too.
    assert any(one.rows == 0 for one in hub.intake.watched(monthly[0]).deliveries)
    assert not [
        one for feed in hub.feeds for one in hub.intake.watched(feed).discrepancies if one.kind == SILENT
    ]
    with hub.projection() as db:
        found = by_key(asked(hub, db, OPEN))
    (share,) = (
        one for key, one in found.items() if key.indicator == "SHARE_ON_TIME" and key.by == monthly[1]
    )
    assert share.value == 100.0


def test_small_counts_that_are_shown_are_put_on_record_and_others_are_not(hub):
    with hub.projection() as db:
        before = hub.log.head()
        asked(hub, db, tables=("births",))
        assert hub.log.head() == before
        asked(hub, db, OPEN, tables=("births",))
        assert hub.log.head() != before


def test_an_earlier_day_knows_nothing_later(hub):
    with hub.projection() as db:
        day = day_of("2024-06-30")
        then = by_key(asked(hub, db, OPEN, as_of=day))
        now = by_key(asked(hub, db, OPEN))
    assert max(key.period for key in then) == "2024-06-30"
    # A certificate that was delivered later is not on the list yet, and an entry neither.
    shared = [
        key
        for key in then.keys() & now.keys()
        if key.indicator in ("BIRTHS", "BIRTHS_OCCURRED", "LIST_1", "LIST_2")
    ]
    assert len(shared) > 10
    pairs = [(then[key].value, now[key].value) for key in shared if key.area == COUNTY]
    assert all(a is None or (b is not None and a <= b) for a, b in pairs)
    assert sum(a is not None for a, _ in pairs) > 10
    late = [
        one
        for key, one in then.items()
        if key.indicator == "REGISTERED_WITHIN" and key.period > "2023-07" and key.by == "365D"
    ]
    assert late and all(one.obs_status == "L" for one in late)


def test_a_day_that_was_not_closed_is_refused(hub):
    with hub.projection() as db, pytest.raises(SettingsError, match="has not been closed yet"):
        asked(hub, db, as_of=day_of("2034-01-01"))


def test_before_any_day_is_closed_there_is_nothing_to_count(tmp_path):
    empty = Hub(settings_for(tmp_path))
    with empty.projection() as db, pytest.raises(NotFoundError, match="no day has been closed"):
        asked(empty, db)
    empty.close()


def test_charts_draw_what_is_published(hub):
    with hub.projection() as db:
        # Months of so few births are told of alone, not beside others.
        found = asked(hub, db, OPEN, period=period("month", "2024-06"))
        tables = {table.name: table for table in found.tables}
    drawings = [
        completeness_chart(tables["completeness"], COUNTY), timeliness_chart(tables["timeliness"], COUNTY),
        fixed_delay_chart(tables["timeliness"], COUNTY),
        stock_chart(tables["stock-flow"], COUNTY), flow_chart(tables["stock-flow"], COUNTY),
    ]  # fmt: skip
    assert all(drawing.startswith("<svg") and drawing.endswith("</svg>") for drawing in drawings)
    assert len(set(drawings)) == len(drawings) and not any("<script" in drawing for drawing in drawings)
    # This county has too few births for the ratio: a chart without anything to draw is none.
    assert sex_ratio_chart(tables["sex-ratio"], COUNTY) == ""
    heat = origins_table(tables["origins"], COUNTY)
    assert heat.count("<tr>") >= 3 and "rgba" in heat


def test_the_command_line_prints_and_exports(hub, tmp_path, monkeypatch):
    config = tmp_path / "hub.toml"
    config.write_text(
        f'[hub]\ndata = "{hub.data.absolute()}"\n[statistics]\nlinkage_recall = 0.98\n', encoding="utf-8"
    )
    run = CliRunner()
    for name in TABLES:
        said = run.invoke(cli, ["--config", str(config), "statistics", name, "--json"])
        assert said.exit_code == 0, said.output
        answer = json.loads(said.output)
        assert [table["name"] for table in answer["tables"]] == [name]
        assert {"as_of", "log", "model", "catalogue"} <= answer.keys()
    shown = run.invoke(cli, ["--config", str(config), "statistics", "completeness"])
    assert "青禾县" in shown.output
    assert "COMPLETENESS_1" in shown.output and "area" in shown.output and "未公布 withheld" in shown.output
    narrow = run.invoke(cli, ["--config", str(config), "statistics", "exchange"])
    assert "NEW_RECORDS" in narrow.output and "period 2025-02-28" in narrow.output
    assert "双系统" in shown.output and "lower bound" in shown.output.replace("\n", " ")
    assert "0.9800" in shown.output
    done = run.invoke(cli, ["--config", str(config), "statistics", "export", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out/completeness.csv").exists() and (tmp_path / "out/README.txt").exists()
    assert f"REF_AREA,{COUNTY}101,柳河镇,柳河镇" in (tmp_path / "out/codes.csv").read_text("utf-8")
    looked = []
    monkeypatch.setattr("hub.cli.statistics.found_for", lambda *_: looked.append(1))
    blocked = run.invoke(cli, ["--config", str(config), "statistics", "export", str(config / "out")])
    assert isinstance(blocked.exception, SettingsError) and not looked
    monkeypatch.undo()
    for wrong in ("linkage_recall = 1.5", "threshold = 0", "rounding = 4"):
        config.write_text(f'[hub]\ndata = "{hub.data.absolute()}"\n[statistics]\n{wrong}\n', encoding="utf-8")
        refused = run.invoke(cli, ["--config", str(config), "statistics", "births"])
        assert isinstance(refused.exception, SettingsError)
