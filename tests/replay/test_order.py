"""Order means nothing: shuffled rows of every format, and a day's feeds in any order."""

import csv
import io
import random
import sqlite3
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from hub.app import Hub
from hub.audit import replay
from hub.simulate import simulate
from tests.conftest import settings_for

ENCODINGS = {"household_entry": "gb18030", "business_registration": "utf-8-sig"}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    simulate(folder, persons=150, months=8, seed=11, noise=2)
    return folder


@pytest.fixture(scope="module")
def in_order(tmp_path_factory, small):
    return worked_through(tmp_path_factory.mktemp("in-order"), small, None)


@pytest.mark.parametrize(("seed", "partitions"), [(1, 1), (2, 4), (3, 1)])
def test_shuffled_rows_and_feeds_give_the_same_births_residents_and_discrepancies(
    tmp_path, small, in_order, seed, partitions
):
    chance = random.Random(seed)
    shuffled = tmp_path / "shuffled"
    kinds = {shuffle(path, shuffled / path.relative_to(small), chance) for path in drops_of(small)}
    assert kinds == {".csv", ".jsonl", ".sqlite", ".xlsx"}
    assert worked_through(tmp_path / "hub", shuffled, chance, partitions) == in_order


def drops_of(county: Path) -> list[Path]:
    return [path for path in county.rglob("????-??-??.*") if "truth" not in path.parts]


def worked_through(folder: Path, source: Path, chance: random.Random | None, partitions: int = 1) -> dict:
    hub = Hub(settings_for(folder, partitions))
    feeds = sorted(hub.feeds)
    if chance:
        chance.shuffle(feeds)
    told = []
    with hub.ingest() as work:
        work.run(hub.connectors(source, feeds), told.append, close_days=True)
    first_day = min(receipt.drop[:10] for receipt in told)
    # Connectors decide the order within a day.
    published_first = [receipt.feed for receipt in told if receipt.drop.startswith(first_day)]
    assert published_first == [feed for feed in feeds if feed in published_first]
    assert len(set(published_first)) >= 3
    with hub.runner() as runner:
        runner.run()
    with hub.projection() as db:
        found = replay.digests(db)
    hub.close()
    assert {"births", "residents", "discrepancies"} <= found.keys()
    return found


def shuffle(path: Path, target: Path, chance: random.Random) -> str:
    """The same drop with its rows in another order."""
    target.parent.mkdir(parents=True, exist_ok=True)
    SHUFFLES[path.suffix](path, target, chance)
    return path.suffix


def shuffle_csv(path: Path, target: Path, chance: random.Random) -> None:
    encoding = ENCODINGS[path.parent.name]
    headings, *rows = csv.reader(io.StringIO(path.read_text(encoding)))
    chance.shuffle(rows)
    with target.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([headings, *rows])


def shuffle_lines(path: Path, target: Path, chance: random.Random) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    chance.shuffle(lines)
    target.write_bytes(b"".join(lines))


def shuffle_workbook(path: Path, target: Path, chance: random.Random) -> None:
    headings, *rows = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    chance.shuffle(rows)
    book = Workbook()
    for row in (headings, *rows):
        book.worksheets[0].append(row)
    book.save(target)


def shuffle_database(path: Path, target: Path, chance: random.Random) -> None:
    """Other physical order, and a view that leaves the order to the database."""
    before, after = sqlite3.connect(path), sqlite3.connect(target)
    for (statement,) in before.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"):
        after.execute(statement.partition("ORDER BY")[0])
    for (table,) in before.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        rows = before.execute(f"SELECT * FROM {table}").fetchall()
        chance.shuffle(rows)
        # A month without news is a table without rows.
        if rows:
            after.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    after.commit()
    before.close()
    after.close()


SHUFFLES = {
    ".csv": shuffle_csv, ".jsonl": shuffle_lines, ".xlsx": shuffle_workbook, ".sqlite": shuffle_database,
}  # fmt: skip
