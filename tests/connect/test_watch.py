"""Watching as ingestion does it: measured in batches, said once, over when it is over, a fold of the log."""

import json
import random

import pytest

from hub.app import Hub
from hub.connect.drops import Folder
from hub.connect.ingest import Ingest
from hub.connect.measure import Measure
from hub.connect.odcs import load_contract
from hub.connect.rows import HeadingReport
from hub.connect.sources import delimited
from hub.domain.days import day_of, iso
from hub.domain.events import RECORDS, BatchMeasured, FeedDiscrepancyCleared, FeedDiscrepancyDetected
from hub.domain.watching import MISSING, REPEATED, SILENT
from hub.log.subscription import Subscription
from hub.projections import watched
from hub.projections.databases import open_sqlite
from hub.projections.store import content_digest
from hub.settings import load
from tests.conftest import KEY
from tests.connect.samples import CONTRACT, command, events, ingest
from tests.faults.test_partial_appends import Rounds

FEED = "town.members"
FIRST = day_of("2024-01-01")
TABLES = (watched.deliveries, watched.anchors, watched.serials, watched.feed_discrepancies)


def person(chance, key):
    given = "".join(chance.choices("abcdefghijklm", k=6))
    born = iso(chance.randrange(0, 19_000)).replace("-", "")
    return f"{key},{given},{chance.choice(('Berg', 'Holm', 'Dahl'))},{born}"


@pytest.fixture
def site(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    (tmp_path / "hub.toml").write_text('[feeds."town.members"]\ncontract = "members.yaml"\npath = "in"\n')
    (tmp_path / "in").mkdir()
    return tmp_path


def drop(folder, day, lines, headings="id,given_name,surname,dob"):
    (folder / f"in/{iso(FIRST + day)}.csv").write_text("\n".join([headings, *lines]) + "\n")


def days(folder, *numbers, seed=1):
    """Ten rows a day."""
    chance = random.Random(seed)
    for day in range(max(numbers) + 1):
        rows = [person(chance, f"{day}-{n}") for n in range(10)]
        if day in numbers:
            drop(folder, day, rows)


def read(folder):
    hub = Hub(load(folder / "hub.toml", {}))
    ingest(hub, None, FEED, close_days=True)
    told = [
        (iso(e.detected_on), e.kind, True)
        if isinstance(e, FeedDiscrepancyDetected)
        else (iso(e.cleared_on), "", False)
        for e in events(hub, (FeedDiscrepancyDetected, FeedDiscrepancyCleared))
    ]
    hub.close()
    return told


def test_silence_is_an_event_once_and_over_with_the_next_delivery(site):
    days(site, *range(20), *range(27, 30))
    assert read(site) == [("2024-01-24", SILENT, True), ("2024-01-28", "", False)]
    assert read(site) == [("2024-01-24", SILENT, True), ("2024-01-28", "", False)]
    status = json.loads(command(site, "status", "--json").stdout)
    assert status["watch"] == {}


def test_a_block_of_200_rows_under_other_keys_is_noticed_and_a_file_read_again_is_not(site):
    chance = random.Random(3)
    block = [person(chance, f"a{n}") for n in range(400)]
    drop(site, 0, block)
    drop(site, 1, block)
    drop(site, 2, [person(chance, f"b{n}") for n in range(300)])
    assert [kind for _, kind, _ in read(site)] == []
    drop(site, 3, [person(chance, "c1"), *(f"x{row}" for row in block[100:300]), person(chance, "c2")])
    assert read(site) == [("2024-01-04", REPEATED, True)]
    (card,) = json.loads(command(site, "feeds", "scorecard", FEED, "--json").stdout)
    (odd,) = card["discrepancies"]
    assert (odd["kind"], odd["evidence"]["fresh"]) == (REPEATED, 902)
    assert 100 <= odd["evidence"]["rows_about"] <= 300
    assert json.loads(command(site, "status", "--json").stdout)["watch"] == {FEED: {REPEATED: 1}}
    assert "成段重复的行 rows-repeated 1" in command(site, "status").stdout


def test_evidence_and_measures_hold_figures_and_nobody_s_values(site):
    days(site, *range(3))
    drop(site, 3, [f"z{n},Zacharias,Zobel,19910111" for n in range(30)])
    read(site)
    hub = Hub(load(site / "hub.toml", {}))
    said = events(hub, (BatchMeasured, FeedDiscrepancyDetected))
    hub.close()
    assert {e.kind for e in said if isinstance(e, FeedDiscrepancyDetected)} >= {"values-copied"}
    for event in said:
        assert not any(word in str(event) for word in ("Zach", "Zobel", "Berg", "1991"))


def test_new_and_missing_columns_are_named(site):
    days(site, *range(5))
    drop(site, 5, ["q1,Ann,19900101,x"], headings="id,given_name,dob,nick")
    assert read(site) == [("2024-01-06", "columns-changed", True)]
    hub = Hub(load(site / "hub.toml", {}))
    assert events(hub, FeedDiscrepancyDetected)[0].detail == "gone: family_name; new: nick"
    hub.close()


def test_the_tables_and_the_verdicts_are_a_fold_of_the_log_however_often_it_was_cut_off(site):
    days(site, *range(20), *range(27, 32))
    results = []
    for seed in (None, 1, 2, 3):
        log = Rounds(random.Random(seed) if seed else None)
        tables, found = work(site, log, f"{seed}.db"), said(log)
        assert work(site, log, f"{seed}-refilled.db") == tables
        results.append(found)
    assert results[0] and all(found == results[0] for found in results)


def work(site, log, name):
    connector = Folder(load_contract(site / "members.yaml"), site / "in", (".csv",), delimited.read)
    while True:
        engine = open_sqlite(site / name)
        try:
            with engine.connect() as db:
                Ingest(log, db, KEY, append_events=25).run([connector], lambda receipt: None, close_days=True)
                return [content_digest(db, table) for table in TABLES]
        except Exception as error:
            if "a part of it" not in str(error):
                raise
        finally:
            engine.dispose()


def said(log):
    found, stream = [], Subscription(log, (RECORDS,), {})
    while page := stream.take(5_000).events:
        found += [r.envelope.event for r in page]
    return [e for e in found if isinstance(e, FeedDiscrepancyDetected | FeedDiscrepancyCleared)]


def test_a_batch_is_measured_by_counts(site):
    measure = Measure(load_contract(site / "members.yaml"))
    day = day_of("2024-01-01")
    rows = [{"member_no": str(n), "given_name": "Anna", "born": day_of("1990-01-15")} for n in range(25)]
    event = measure.event(
        "b", "d", day, [(row, None) for row in rows], HeadingReport((("family_name", ""),), ("x",), ())
    )
    assert (event.versions, event.fresh, event.filled["born"]) == (25, 25, 25)
    assert event.digits["born/birth-day"][14] == 25
    assert event.digits["born/age"] == [0, 0, 0, 25, 0, 0, 0, 0, 0, 0]
    assert event.copied == {"given_name/block": 25}
    # Rows that all say the same repeat by nature.
    assert event.anchors == []
    assert event.columns == ["+x", "-family_name"]


def test_the_page_is_in_both_languages_and_names_nobody(site):
    days(site, *range(20))
    read(site)
    command(site, "feeds", "scorecard", "--page", "card.html")
    page = (site / "card.html").read_text("utf-8")
    assert page.count("<svg") == 3 and "迟报" in page and "later corrected" in page and "Berg" not in page
    shown = command(site, "feeds", "scorecard").stdout
    assert "2024-01: 收到 received 200" in shown
    assert "unknown feed" in command(site, "feeds", "scorecard", "nobody.knows", expect=2).stderr


def numbered(folder, day, numbers):
    chance = random.Random(day)
    drop(folder, day, [person(chance, f"X{number:09d}") for number in numbers])


def gaps(folder, kind):
    read(folder)
    hub = Hub(load(folder / "hub.toml", {}))
    found = events(hub, kind)
    hub.close()
    return found


def test_numbers_that_never_came_are_asked_about_and_over_when_they_do(site):
    """Certificates come in order; two of a block are passed over, and told of at last."""
    for day in range(10):
        numbered(site, day, (100 + n for n in range(day * 5, day * 5 + 5) if n not in (17, 31)))
    for day in range(10, 75):
        numbered(site, day, [200 + day])
    found = next(e for e in gaps(site, FeedDiscrepancyDetected) if e.kind == MISSING)
    assert (found.subject, found.detected_on) == ("X000000100", FIRST + 9 + 61)
    assert (found.evidence, found.detail) == ({"missing": 2, "used": 48}, "X000000117, X000000131")
    numbered(site, 76, [117, 131])
    over = [e for e in gaps(site, FeedDiscrepancyCleared) if e.discrepancy_id == found.discrepancy_id]
    assert [e.cleared_on for e in over] == [FIRST + 76]


def test_numbers_that_are_not_given_in_order_are_nobodys_gaps(site):
    for day in range(75):
        numbered(site, day, [100 + 3 * day + n for n in (0, 1)])
    assert not [e for e in gaps(site, FeedDiscrepancyDetected) if e.kind == MISSING]
