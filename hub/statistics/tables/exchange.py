"""The table of how well each department delivers: counts of rows and of records, and the shares they make.

A row tells of no person, but a share tells how few were set aside or late; so both sides of each are counts,
withheld where they are small.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.domain.days import Day, iso
from hub.statistics.agreement import ON_TIME_DAYS, exchange
from hub.statistics.lines import DeliveredLine, FeedLine
from hub.statistics.tables import Figure, Key, Parts, Table, percent

NOTE = (
    f"按时：所述日期后 {ON_TIME_DAYS} 天（或约定周期）内送达；首次交付前的历史记录不计",
    f"on time: delivered within {ON_TIME_DAYS} days (or the agreed rhythm) of what the record states; what a feed "
    "brought of the time before its first delivery is not asked",
)


class Score(NamedTuple):
    """What a share is called, and the counts behind it: all, those that did, those that did not."""

    share: str
    whole: str
    part: str
    rest: str


ACCEPTED = Score("SHARE_ACCEPTED", "ROWS", "ROWS_ACCEPTED", "ROWS_QUARANTINED")
ON_TIME = Score("SHARE_ON_TIME", "NEW_RECORDS", "RECORDS_ON_TIME", "RECORDS_LATE")


def exchange_table(
    feeds: Sequence[FeedLine], delivered: Sequence[DeliveredLine], county: str, as_of: Day
) -> Table:
    """Shares of rows accepted and of new records on time, by feed, since its first delivery."""
    counts: dict[Key, Sequence[int]] = {}
    figures: list[Figure] = []
    people: dict[int, int] = {}
    for feed, found in exchange(feeds, delivered).items():
        for score, share in ((ACCEPTED, found.accepted), (ON_TIME, found.on_time)):
            at = Key(score.share, county, iso(as_of), by=feed)
            lines = [list(_line(many, people)) for many in (share.hits, share.n - share.hits)]
            parts = _counted(score, at, lines, counts)
            figures.append(percent(at, share, parts))
    return Table(
        "exchange", "部门数据交付", "delivery by departments", counts, figures, [NOTE], people=people
    )


def _line(many: int, people: dict[int, int]) -> Iterator[int]:
    """One line that stands for so many; none for nobody."""
    if many:
        people[len(people)] = many
        yield len(people) - 1


def _counted(
    score: Score, at: Key, lines: Sequence[Sequence[int]], counts: dict[Key, Sequence[int]]
) -> Parts:
    whole, part, rest = (at._replace(indicator=name) for name in score[1:])
    counts |= {whole: [*lines[0], *lines[1]], part: lines[0], rest: lines[1]}
    return Parts((part,), (rest,), (whole,))
