"""Two counties that tell each other: every birth is counted once, wherever it happened.

Two hubs, each with a log, a projection and keys of its own, exchange signed letters through a folder;
both are then held against the truth of the simulated lives.
"""

import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

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
from hub.domain.notices import DEPARTMENT, receiver
from hub.domain.population import cell_on, stays_of
from hub.domain.residence import ELSEWHERE, Spell
from hub.neighbours.outbox import states, told
from hub.projections import births, records, residents
from hub.projections.position import load_progress
from hub.settings import HubSettings, NeighbourSettings, ReaderSettings, Settings
from hub.simulate import simulate
from hub.simulate.neighbour import NEIGHBOUR
from hub.simulate.places import COUNTY

ROUNDS_MAX = 8
TOLD_OF = ("health.birth_certificate", "public_security.residence_registration", f"{DEPARTMENT}.answer")
"""The feeds of which neighbours tell each other."""


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
    """Those of its fields that the neighbour's contract has a place for."""
    feed = hub.feeds[name]
    as_told = {"birth_certificate": "birth_certificate", "residence": "residence_elsewhere"}
    there = hub.feeds[f"{DEPARTMENT}.{as_told.get(feed.kind, 'answer')}"]
    return tuple(field.name for field in feed.fields if any(field.name == f.name for f in there.fields))


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
    """Whom both hubs count, against the truth: each birth once in the right county, each person in one."""
    owners = {row["record_id"]: row["entity_id"] for source in sources for row in _records(source)}
    born: dict[str, list[str]] = defaultdict(list)
    living: Counter[str] = Counter()
    stand: dict[str, dict[str, int]] = {}
    for site in sites:
        with closing(Hub(site)) as hub, hub.projection() as db:
            names = _entities(db, owners)
            for entity in _counted(db, names):
                born[entity].append(site.hub.county)
            living.update(_living(db, names))
            (other,) = site.neighbours
            found = Counter(states(db, told(hub.log, other), other).items())
            stand[site.hub.county] = dict(
                sorted(Counter(f"{kind} {state}" for (kind, _), state in found).items())
            )
    births_of_both = _truth(sources[1], "births_of_both")
    people = {row["entity_id"] for row in _truth(sources[1], "people_of_both")}
    wrong = [row["entity_id"] for row in births_of_both if born[row["entity_id"]] != [row["counted_in"]]]
    return {
        "ok": not wrong and all(living[entity] == 1 for entity in people),
        "births_of_both": len(births_of_both), "counted_once": len(births_of_both) - len(wrong), "wrong": wrong,
        "people_of_both": len(people), "people_counted_once": sum(living[entity] == 1 for entity in people),
        "people_twice": sum(living[entity] > 1 for entity in people),
        "people_dropped": sum(living[entity] == 0 for entity in people), "notices": stand,
    }  # fmt: skip


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
    """The name of a record with whoever published it first: a certificate may have come in a letter."""
    department, _, kind = feed.partition(".")
    return f"health.{kind}/{key.partition('/')[2]}" if department == DEPARTMENT else f"{feed}/{key}"


def _show(console: Console, answer: dict[str, Any]) -> None:
    table = Table(title="告知 notices between two counties", title_justify="left")
    for name in ("told by", "what", "count"):
        table.add_column(name)
    for county, counts in answer["notices"].items():
        for what, count in counts.items():
            table.add_row(county, what, f"{count:,}")
    console.print(table)
    console.print(
        f"{answer['rounds']} rounds; of {answer['births_of_both']} births that concern both counties "
        f"{answer['counted_once']} are counted once, in the right one; of {answer['people_of_both']} people of the "
        f"neighbour's register who are here at times {answer['people_counted_once']} are counted in one county"
    )
