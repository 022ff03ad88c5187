"""Two counties that tell each other: every birth is counted once, and every person who moves, or is known to be between.

Two hubs, each with a log, a projection and keys of its own, exchange signed letters through a folder;
both are then held against the truth of the simulated lives.
"""

import shutil
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, select

from hub.app import Hub
from hub.audit.score import read_table
from hub.connect.agreed import sign
from hub.demo import ingest_all
from hub.domain.agreements import Agreement
from hub.domain.days import day_of
from hub.domain.disclosures import COUNTY_TRANSFER
from hub.domain.notices import (
    ARRIVAL,
    BIRTH,
    DEPARTMENT,
    DEPARTURE,
    NAMES,
    RESIDENCE,
    STATES,
    feed_of,
    receiver,
)
from hub.domain.population import cell_on, stays_of
from hub.domain.residence import ELSEWHERE, Spell
from hub.neighbours.between import Between
from hub.neighbours.outbox import states, told
from hub.neighbours.standing import told_as
from hub.projections import births, records, residents
from hub.projections.position import load_progress
from hub.settings import HubSettings, NeighbourSettings, ReaderSettings, Settings
from hub.simulate import simulate
from hub.simulate.moves import BETWEEN
from hub.simulate.places import COUNTY, NEIGHBOUR

ROUNDS_MAX = 8
TOLD_OF = (
    "health.birth_certificate",
    "public_security.residence_registration",
    "public_security.household_entry",
    f"{DEPARTMENT}.answer",
)
"""The feeds of which neighbours tell each other."""
FIRST_TOLD = {
    BIRTH: "health.birth_certificate",
    RESIDENCE: "public_security.residence_registration",
    DEPARTURE: "public_security.household_entry",
    ARRIVAL: "public_security.household_entry",
}
"""Kind of notice to the feed of the records that it is made of."""


def settings_of(folder: Path, county: str, other: str) -> Settings:
    """A hub in a folder beside the other's, with one letter box between them."""
    mail = str(folder.parent / "letters")
    return Settings(
        hub=HubSettings(data=str(folder / "hub-data"), county=county),
        reader=ReaderSettings(jurisdiction=county),
        neighbours={
            other: NeighbourSettings(key_file=str(folder.parent / f"{other}.pem"), inbox=mail, outbox=mail)
        },
    )


def pair(folder: Path) -> tuple[Settings, Settings]:
    """Two fresh sites that know each other's keys."""
    for county in (COUNTY, NEIGHBOUR):
        with closing(
            Hub(Settings(hub=HubSettings(data=str(folder / county / "hub-data"), county=county)))
        ) as hub:
            (folder / f"{county}.pem").write_text(hub.keys.signer().verifier.pem, encoding="ascii")
    return settings_of(folder / COUNTY, COUNTY, NEIGHBOUR), settings_of(folder / NEIGHBOUR, NEIGHBOUR, COUNTY)


def agree(settings: Settings) -> None:
    """Sign what the neighbour may be told: the fields of its own feeds, of its own people."""
    with closing(Hub(settings)) as hub, hub.ingest() as work:
        for other in settings.neighbours:
            for name in TOLD_OF:
                said = Agreement(
                    f"{name}-{other}", 0, name, hub.feeds[name].department, receiver(other), COUNTY_TRANSFER,
                    "两县数据共享协议 agreement of the two counties", "conditional", _told_fields(hub, name), (other,),
                    day_of("2020-01-01"), day_of("2099-12-31"),
                )  # fmt: skip
                sign(work, hub.feeds, said, settings.reader.actor)


def _told_fields(hub: Hub, name: str) -> tuple[str, ...]:
    """Those of its fields that the neighbour's contracts have a place for."""
    feed = hub.feeds[name]
    there = {field.name for kind in told_as(feed) for field in hub.feeds[feed_of(kind)].fields}
    return tuple(field.name for field in feed.fields if field.name in there)


def work(settings: Settings, source: Path) -> int:
    """One round of one hub: read drops and letters, decide, tell the neighbour; the notices it told."""
    ingest_all(settings, source)
    with closing(Hub(settings)) as hub:
        with hub.runner() as runner:
            while runner.step() is not None:
                pass
            runner.refresh()
        return sum(posted.notices for posted in hub.letters.write(hub.database))


def exchange(sites: tuple[Settings, Settings], sources: tuple[Path, Path]) -> int:
    """Rounds until neither has anything more to tell; how many it took."""
    for number in range(1, ROUNDS_MAX + 1):
        if not sum(work(*each) for each in zip(sites, sources, strict=True)):
            return number
    raise RuntimeError(f"the two hubs still had something to tell each other after {ROUNDS_MAX} rounds")


def demo_counties(folder: Path, persons: int, months: int, *, quiet: bool) -> dict[str, Any]:
    """The whole story on a fresh folder; `ok` when every birth of both was counted once, in the right county."""
    console = Console(quiet=quiet)
    shutil.rmtree(folder / "counties", ignore_errors=True)
    home = folder / "counties"
    sources = (home / COUNTY / "drops", home / NEIGHBOUR / "drops")
    with console.status("simulate 模拟"):
        simulate(sources[0], persons, months, seed=1, neighbour=sources[1])
    sites = pair(home)
    for site in sites:
        agree(site)
    with console.status("letters 函件往来"):
        rounds = exchange(sites, sources)
    answer = {"rounds": rounds} | compare(sites, sources)
    if not quiet:
        _show(console, answer)
    return answer


def compare(sites: tuple[Settings, Settings], sources: tuple[Path, Path]) -> dict[str, Any]:
    """Whom both hubs count, against the truth: each birth once in the right county, each person in one or between."""
    owners = {row["record_id"]: row["entity_id"] for source in sources for row in _records(source)}
    found = {site.hub.county: _counts(site, owners) for site in sites}
    births_of_both, people = (_truth(sources[1], f"{name}_of_both") for name in ("births", "people"))
    wrong = [
        row["entity_id"]
        for row in births_of_both
        if [county for county, one in found.items() for _ in range(one.born[row["entity_id"]])]
        != [row["counted_in"]]
    ]
    where = {
        row["entity_id"]: [c for c, one in found.items() if row["entity_id"] in one.living] for row in people
    }
    moved = [row for row in people if not row["register"]]
    misplaced = [row["entity_id"] for row in moved if not _is_placed(row, where[row["entity_id"]], found)]
    settled = [row["entity_id"] for row in people if row["register"]]
    return {
        "ok": not wrong and not misplaced and all(len(where[entity]) == 1 for entity in settled),
        "births_of_both": len(births_of_both), "counted_once": len(births_of_both) - len(wrong), "wrong": wrong,
        "people_of_both": len(settled), "people_counted_once": sum(len(where[entity]) == 1 for entity in settled),
        "people_twice": sum(len(counties) > 1 for counties in where.values()),
        "people_dropped": sum(not where[entity] for entity in settled),
        "people_moved": len(moved), "people_placed": len(moved) - len(misplaced), "misplaced": misplaced,
        "between": {county: one.between.counts() for county, one in found.items()},
        "notices": {county: one.notices for county, one in found.items()},
    }  # fmt: skip


class _Counts(NamedTuple):
    """Whom one hub counts, by their true names."""

    born: Counter[str]
    living: set[str]
    between: Between
    left: set[str]
    expected: set[str]
    notices: dict[str, int]


def _counts(site: Settings, owners: Mapping[str, str]) -> _Counts:
    (other,) = site.neighbours
    with closing(Hub(site)) as hub, hub.projection() as db:
        names, before = _entities(db, owners), told(hub.log, other)
        moves = hub.letters.between(db, hub.rules.limits)[other]
        stand = Counter(f"{kind} {state}" for (kind, _), state in states(db, before, other).items())
        return _Counts(
            Counter(_counted(db, names)), _living(db, names), moves,
            {names[move.record_id] for move in moves.left}, {names[move.record_id] for move in moves.expected},
            dict(sorted(stand.items())),
        )  # fmt: skip


def _is_placed(row: Mapping[str, str], where: list[str], found: Mapping[str, _Counts]) -> bool:
    """Whether somebody who moved is counted in the right county, or shown on both sides as between the two."""
    entity, lives_in = row["entity_id"], row["lives_in"]
    shown = [
        any(entity in one.left for one in found.values()),
        any(entity in one.expected for one in found.values()),
    ]
    if lives_in == BETWEEN:
        return not where and all(shown)
    return where == [county for county in found if county == lives_in] and not any(shown)


def _truth(source: Path, name: str) -> list[dict[str, str]]:
    return read_table(source / "truth" / f"{name}.csv")


def _entities(db: Connection, owners: Mapping[str, str]) -> dict[str, str]:
    """Record to the true person it is about, whoever told of it."""
    rows = db.execute(select(records.c.record_id, records.c.feed, records.c.source_key))
    return {record: owners.get(_own_name(feed, key), "") for record, feed, key in rows}


def _living(db: Connection, names: Mapping[str, str]) -> set[str]:
    """The true people whom a hub counts as living in its county on its last closed day."""
    today = load_progress(db, "today", -1)
    found: set[str] = set()
    for (written,) in db.execute(select(residents.c.spells)):
        spells = [Spell(**spell) for spell in written]
        if cell_on(stays_of(spells, today), today) is not None:
            found.update(names[spell.record] for spell in spells if spell.status != ELSEWHERE)
    return found


def _records(source: Path) -> list[dict[str, str]]:
    return read_table(source / "truth" / "records.csv")


def _counted(db: Connection, names: Mapping[str, str]) -> list[str]:
    """The true children whose births a hub counts as its own."""
    rows = db.execute(select(births.c.certificate_record, births.c.entry_record, births.c.mother_local))
    return [
        names.get(row.entry_record or row.certificate_record, "")
        for row in rows
        if row.entry_record is not None or row.mother_local
    ]


def _own_name(feed: str, key: str) -> str:
    """The name of a record with whoever published it first: it may have come in a letter."""
    department, _, kind = feed.partition(".")
    return (
        f"{FIRST_TOLD.get(kind, '')}/{key.partition('/')[2]}" if department == DEPARTMENT else f"{feed}/{key}"
    )


def _show(console: Console, answer: dict[str, Any]) -> None:
    table = Table(title="告知 notices between two counties", title_justify="left")
    for name in ("告知方 told by", "事项 what", "数量 count"):
        table.add_column(name)
    for county, counts in answer["notices"].items():
        for what, count in counts.items():
            kind, state = what.split()
            table.add_row(county, f"{' '.join(NAMES[kind])}: {' '.join(STATES[state])}", f"{count:,}")
    console.print(table)
    on_the_way = Table(title="两县之间 between the two registers", title_justify="left")
    for name in ("县 county", "已迁出 left", "逾期 late", "待迁入 expected", "逾期 late"):
        on_the_way.add_column(name)
    for county, counts in answer["between"].items():
        numbers = (counts[name] for name in ("left", "left_late", "expected", "expected_late"))
        on_the_way.add_row(county, *(f"{number:,}" for number in numbers))
    console.print(on_the_way)
    console.print(
        f"{answer['rounds']} 轮往来 rounds; 涉及两县的 {answer['births_of_both']} 例出生中 "
        f"{answer['counted_once']} 例只计一次 births that concern both, counted once in the right county: "
        f"{answer['counted_once']} of {answer['births_of_both']}\n"
        f"邻县户籍而来过本县的 {answer['people_of_both']} 人中 {answer['people_counted_once']} 人只计一次 "
        f"people of the neighbour's register who are here at times, counted in one county: "
        f"{answer['people_counted_once']} of {answer['people_of_both']}\n"
        f"户口在两县间迁移的 {answer['people_moved']} 人中 {answer['people_placed']} 人计在应计之县或列为两县之间 "
        f"people who moved from one register to the other, counted where they live or shown as between: "
        f"{answer['people_placed']} of {answer['people_moved']}"
    )
