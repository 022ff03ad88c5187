"""How well feeds are watched: false alarms on simulated counties, and faults planted into one of them.

    python tests/bench/watching.py [--persons 30000] [--months 36] [--seeds 3]

Prints a line of JSON for each county and each fault: false alarms per feed and year, and on which day
a fault was noticed. The faults are planted into the household register, which comes daily.
"""

import argparse
import csv
import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.app import Hub
from hub.domain.days import day_of, iso
from hub.projections import watched
from hub.settings import HubSettings, Settings
from hub.simulate import simulate

HOUSEHOLD = "public_security.household_entry"
NUMBER, KEY, BORN = "公民身份号码", "登记编号", "出生日期"
DAYS_A_YEAR = 365.25
Rows = list[dict[str, str]]


def watch(source: Path, folder: Path, *feeds: str) -> tuple[list[watched.FeedDiscrepancyRow], int]:
    """What is odd about the feeds of a county once all of it was read; how many feeds there are."""
    hub = Hub(Settings(hub=HubSettings(data=str(folder))))
    try:
        with hub.ingest() as work:
            work.run(hub.connectors(source, feeds), lambda receipt: None, close_days=True)
            return watched.every(work.memory.db), len(work.memory.watched.feeds())
    finally:
        hub.close()


# --- faults ----------------------------------------------------------------------------------


def files(source: Path) -> list[Path]:
    """The register's drops in order of days."""
    return sorted((source / HOUSEHOLD.replace(".", "/")).iterdir())


def rows_of(path: Path) -> Rows:
    with path.open(encoding="gb18030", newline="") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: Rows) -> None:
    if not rows:
        path.unlink()
        return
    with path.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def between(source: Path, first: int, days: int) -> Iterator[Path]:
    """The drops of so many days from a day on."""
    return (path for path in files(source) if first <= day_of(path.name[:10]) < first + days)


def silent_week(source: Path, first: int) -> None:
    """Seven days without a file."""
    for path in between(source, first, 7):
        path.unlink()


def half_volume(source: Path, first: int) -> None:
    """Eight weeks in which every second row is lost."""
    chance = random.Random(1)
    for path in between(source, first, 56):
        write(path, [row for row in rows_of(path) if chance.random() < 0.5])


def duplicated_block(source: Path, first: int) -> None:
    """200 rows of the register's first file once more, under keys of their own."""
    path = next(between(source, first, 30))
    block = rows_of(files(source)[0])[1_000:1_200]
    write(path, rows_of(path) + [row | {KEY: f"X{n}"} for n, row in enumerate(block)])


def made_up_dates(source: Path, first: int) -> None:
    """A clerk who from now on writes 15 January for one birth in ten."""
    chance = random.Random(1)
    for path in between(source, first, 10_000):
        rows = [
            row | {BORN: row[BORN][:4] + "0115", NUMBER: ""} if chance.random() < 0.1 else row
            for row in rows_of(path)
        ]
        write(path, rows)


FAULTS: dict[str, tuple[Callable[[Path, int], None], str]] = {
    "silent week": (silent_week, "feed-silent"),
    "half volume": (half_volume, "feed-volume"),
    "duplicated block of 200 rows": (duplicated_block, "rows-repeated"),
    "one birth in ten on 01/15": (made_up_dates, "digits-heaped"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=30_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--seeds", type=int, default=3)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(1, said.seeds + 1):
            simulate(folder / f"county-{seed}", said.persons, said.months, seed)
            quiet(folder, seed, said.months)
        for fault in FAULTS:
            planted(folder, fault, said.months)


def quiet(folder: Path, seed: int, months: int) -> None:
    """False alarms on a county with the usual noise and no fault."""
    started = time.process_time()
    found, feeds = watch(folder / f"county-{seed}", folder / f"hub-{seed}")
    years = feeds * months / 12
    alarms = sum(row.times for row in found)
    print(json.dumps({
        "seed": seed, "feed_years": years, "false_alarms": alarms, "per_feed_year": round(alarms / years, 3),
        "kinds": sorted({f"{row.feed} {row.kind} {row.subject}" for row in found}),
        "processor_seconds": round(time.process_time() - started, 1),
    }), flush=True)  # fmt: skip


def planted(folder: Path, fault: str, months: int) -> None:
    """Whether a fault in the last third of a county's story is noticed, and after how many days."""
    plant, kind = FAULTS[fault]
    source = folder / "faulty"
    shutil.copytree(folder / "county-1" / HOUSEHOLD.replace(".", "/"), source / HOUSEHOLD.replace(".", "/"))
    start = day_of(files(source)[0].name[:10])
    first = start + int(months * DAYS_A_YEAR / 12 * 2 / 3)
    plant(source, first)
    found, _ = watch(source, folder / "hub-faulty", HOUSEHOLD)
    noticed = [row for row in found if row.kind == kind and row.detected_on >= first]
    print(json.dumps({
        "fault": fault, "planted_on": iso(first), "noticed": bool(noticed),
        "after_days": min((row.detected_on - first for row in noticed), default=None),
        "evidence": noticed[0].evidence if noticed else {}, "others": [row.kind for row in found if row.kind != kind],
    }), flush=True)  # fmt: skip
    shutil.rmtree(source)
    shutil.rmtree(folder / "hub-faulty")


if __name__ == "__main__":
    main()
