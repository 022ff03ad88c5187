"""A simulated county with known truth: what the hub is tried and measured on.

Everybody here is made up, under division codes that were never assigned. One
seed gives the same bytes; the truth is written beside the drops, so that what
the hub concludes can be scored.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from hub.domain.days import add_month, iso
from hub.simulate.ledger import Ledger
from hub.simulate.life import County
from hub.simulate.noise import Noise
from hub.simulate.people import START, Numbers, population
from hub.simulate.writers import write_drop

PHONE_HEADINGS = ("联系电话", "phone")


class Summary(NamedTuple):
    """What was simulated."""

    people: int
    rows: int
    drops: int
    rows_by_feed: dict[str, int]
    errors: dict[str, int]


def simulate(
    directory: Path, persons: int, months: int, seed: int, noise: float = 1.0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:  # fmt: skip
    """Write a county's drops and truth; `progress` is told drops written and drops in all."""
    random = Random(seed)
    numbers = Numbers(random)
    ledger = Ledger(START, add_month(START, months) - 1)
    people = population(random, numbers, persons)
    county = County(random, people, numbers, ledger, Noise(random, ledger, numbers, noise))
    for person in list(people):
        person.registered = person.local or random.random() > 0.04 * noise
        county.settle_in(person)
    for delivery in range(-300, 0, max(1, 300 * 80 // max(persons, 1))):
        county.deliver(START + delivery)
    for month in range(months):
        county.live(add_month(START, month))
    drops = ledger.drops()
    rows_by_feed: Counter[str] = Counter()
    for done, (feed, day) in enumerate(sorted(drops), start=1):
        rows = dict(sorted(drops[feed, day].items()))
        write_drop(directory, feed, iso(day), rows)
        rows_by_feed[feed] += len(rows)
        progress(done, len(drops))
    _write_truth(directory / "truth", ledger, county)
    return Summary(
        len(people), rows_by_feed.total(), len(drops), dict(sorted(rows_by_feed.items())),
        dict(sorted(Counter(kind for kind, *_ in ledger.errors).items())),
    )  # fmt: skip


def _table(path: Path, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(headings)
        writer.writerows(rows)


def _write_truth(folder: Path, ledger: Ledger, county: County) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _table(folder / "records.csv", ("record_id", "entity_id"), sorted(ledger.entity_of.items()))
    _table(folder / "errors.csv", ("kind", "record_id", "entity_id", "day"),
           ((kind, record, entity, iso(day)) for kind, record, entity, day in ledger.errors))  # fmt: skip
    _table(
        folder / "discrepancies.csv", ("kind", "record_ids", "first_day", "last_day", "detectable"),
        ((d.kind, " ".join(d.records), iso(d.first_day), iso(d.last_day) if d.last_day else "",
          "yes" if d.detectable and _seen(ledger, d.kind, d.records) else "no")
         for d in ledger.discrepancies),
    )  # fmt: skip
    if county.births:
        _table(folder / "births.csv", tuple(county.births[0]), (tuple(b.values()) for b in county.births))


def _seen(ledger: Ledger, kind: str, records: Sequence[str]) -> bool:
    """Whether the evidence can be in what was published at all."""
    if any(record not in ledger.entity_of for record in records):
        return False
    others = [r for r in ledger.records_of(ledger.entity_of[records[-1]]) if r != records[-1]]
    if kind == "number-conflict":
        # Name and birth date alone may be two people's; a telephone ties the records together.
        phones = {ledger.base[r].get(h) for r in others for h in PHONE_HEADINGS} - {"", None}
        return any(ledger.base[records[-1]].get(h) in phones for h in PHONE_HEADINGS)
    return bool(others) or kind not in ("name-differs", "birth-date-differs")
