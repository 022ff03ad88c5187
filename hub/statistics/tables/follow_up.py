"""The table of discrepancies by town. They are about records; where they are few they could still point at people."""

from collections import Counter
from collections.abc import Iterable, Sequence

from hub.statistics.tables import Key, Table


def towns_table(counts: Iterable[tuple[str, str, int]], county: str, period: str) -> Table:
    """Table of what (raised, cleared, standing), town and how many; the county together as well."""
    added: Counter[tuple[str, str]] = Counter()
    for what, town, count in counts:
        added[what, town] += count
    lines = {pair: number for number, pair in enumerate(sorted(added))}
    found: dict[Key, Sequence[int]] = {
        Key(what.upper(), town, period): (number,) for (what, town), number in lines.items()
    }
    for what in sorted({what for what, _ in lines}):
        found[Key(what.upper(), county, period)] = [n for (w, _), n in lines.items() if w == what]
    return Table(
        "discrepancies", "不一致（按乡镇）", "discrepancies by town", found, [],
        people={number: added[pair] for pair, number in lines.items()},
    )  # fmt: skip
