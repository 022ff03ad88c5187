"""A simulated county with known truth: what the hub is tried and measured on.

Everybody here is made up, under division codes that were never assigned. One
seed gives the same bytes. Lives are lived first (`life`), departments write
down what they are told with the errors they make (`noise`), and what truly
disagrees is worked out afterwards from both (`truth`), never from the hub's rules.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from hub.domain.days import add_month, iso
from hub.simulate.ledger import Ledger
from hub.simulate.life import County
from hub.simulate.neighbour import write_neighbour
from hub.simulate.noise import Noise
from hub.simulate.people import START
from hub.simulate.truth import write_truth
from hub.simulate.writers import write_drop


class Summary(NamedTuple):
    """What was simulated."""

    people: int
    rows: int
    drops: int
    rows_by_feed: dict[str, int]
    errors: dict[str, int]


def simulate(
    directory: Path, persons: int, months: int, seed: int, noise: float = 1.0,
    progress: Callable[[int, int], None] = lambda done, total: None, neighbour: Path | None = None,
) -> Summary:  # fmt: skip
    """Write a county's drops and truth, and those of the county next door where a folder is named for it.

    `progress` is told drops written and drops in all.
    """
    random = Random(seed)
    ledger = Ledger(START, add_month(START, months) - 1)
    county = County(random, ledger, Noise(random, ledger, noise, Random(f"places {seed}")))
    county.populate(persons)
    for month in range(months):
        county.live(add_month(START, month))
    drops = ledger.drops()
    rows_by_feed: Counter[str] = Counter()
    for done, (feed, day) in enumerate(sorted(drops), start=1):
        rows = dict(sorted(drops[feed, day].items()))
        write_drop(directory, feed, iso(day), rows)
        rows_by_feed[feed] += len(rows)
        progress(done, len(drops))
    if neighbour is not None:
        write_neighbour(neighbour, Random(seed), ledger, county.people, county.births)
    last = max((day for _, day in drops), default=ledger.start)
    write_truth(directory / "truth", ledger, county.people, county.births, last)
    return Summary(
        len(county.people), rows_by_feed.total(), len(drops), dict(sorted(rows_by_feed.items())),
        dict(sorted(Counter(error.kind for error in ledger.errors).items())),
    )  # fmt: skip
